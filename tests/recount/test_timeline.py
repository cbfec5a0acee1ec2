"""The walked timeline against the calendar's arithmetic: two ways that share no code must give the same instants."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.recount.timeline import Timeline, Week
from bot.sla.calendars import DAY_OFF, preset_calendars
from bot.sla.hours import Calendar
from bot.sla.intervals import DayException, Interval
from tests.sla.calendars import kyiv

SINCE, UNTIL = datetime(2026, 9, 20, tzinfo=UTC), datetime(2026, 12, 20, tzinfo=UTC)
SHORT = DayException(on=date(2026, 11, 27), intervals=(Interval(8 * 3600, 12 * 3600),))
HOLIDAY = DayException(on=date(2026, 11, 25), intervals=DAY_OFF)
CALENDARS = preset_calendars(exceptions=(HOLIDAY, SHORT))


def as_week(calendar: Calendar) -> Week:
    return Week(
        zone=calendar.zone,
        days=[[(start // 60, end // 60) for start, end in day] for day in calendar.weekly],
        exceptions={each.on: [(start // 60, end // 60) for start, end in each.intervals] for each in calendar.exceptions},
    )


LINES = {name: Timeline.of(as_week(calendar), SINCE, UNTIL) for name, calendar in CALENDARS.items()}
names = st.sampled_from(sorted(CALENDARS))
# Around the autumn change of the clocks, a holiday and a short day; seconds and all.
instants = st.integers(0, 40 * 24 * 3600).map(lambda second: datetime(2026, 10, 15, tzinfo=UTC) + timedelta(seconds=second))
lengths = st.integers(1, 40 * 3600).map(lambda second: timedelta(seconds=second))


@settings(max_examples=300)
@given(names, instants, lengths)
def test_both_find_the_same_deadline_and_count_back_from_it(name: str, start: datetime, allowed: timedelta) -> None:
    calendar, line = CALENDARS[name], LINES[name]
    due = line.due(start, allowed)
    assert due == calendar.deadline(start, allowed)
    assert line.open_between(start, due) == allowed == calendar.open_time(start, due)
    assert line.back(due, allowed) == calendar.before(due, allowed)


@settings(max_examples=300)
@given(names, instants)
def test_both_agree_on_what_is_open(name: str, at: datetime) -> None:
    calendar, line = CALENDARS[name], LINES[name]
    assert line.is_open(at) == calendar.is_open(at)
    assert line.next_opening(at) == calendar.next_opening(at)
    assert line.last_open(at, at - timedelta(days=9)) == calendar.last_open_instant(at, since=at - timedelta(days=9))


@given(instants, lengths, st.lists(st.tuples(instants, lengths), max_size=3))
def test_closings_are_cut_out_to_the_second(start: datetime, allowed: timedelta, closings: list[tuple[datetime, timedelta]]) -> None:
    line = LINES["weekdays"].without([(at, at + length) for at, length in closings])
    due = line.due(start, allowed)
    assert line.open_between(start, due) == allowed
    assert not any(line.is_open(at) for at, _ in closings)


def test_a_full_interval_ends_at_its_closing_edge() -> None:
    assert LINES["desk"].due(kyiv("2026-11-24 08:00"), timedelta(hours=4.5)) == kyiv("2026-11-24 12:30")
    assert LINES["desk"].due(kyiv("2026-11-24 12:30"), timedelta(0)) == kyiv("2026-11-24 12:30")


def test_beyond_its_end_it_does_not_guess() -> None:
    with pytest.raises(LookupError):
        LINES["desk"].due(kyiv("2026-12-18 10:00"), timedelta(hours=40))
    with pytest.raises(LookupError):
        LINES["desk"].open_between(kyiv("2026-12-18 10:00"), kyiv("2027-01-18 10:00"))


def test_it_imports_nothing_of_the_program() -> None:
    import ast
    from pathlib import Path

    for file in (Path(__file__).parents[2] / "bot" / "recount").glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("bot"):
                assert (node.module or "").startswith("bot.recount"), file
