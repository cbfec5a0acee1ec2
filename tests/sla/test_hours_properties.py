"""What must hold for every calendar, zone and instant. A first draft of such arithmetic can pass every hand-made case and fail these."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from bot.sla.hours import Calendar
from bot.sla.intervals import DayException, Interval
from tests.sla.calendars import ODD_ZONES, instants, of_plain, situations
from tests.sla.oracle import Plain

examples = settings(
    max_examples=2_000 if os.environ.get("DESKBOT_SOAK") == "1" else 40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
)
spans = st.integers(0, 40 * 3600).map(lambda seconds: timedelta(seconds=seconds))
Situation = tuple[Plain, Calendar, datetime]

MIDNIGHTS = Plain(zone="America/Sao_Paulo", weekly=[[(0, 65), (1380, 1440)]] * 7, exceptions={})
SPRING_FORWARD_AT_MIDNIGHT = (MIDNIGHTS, of_plain(MIDNIGHTS), datetime(2018, 11, 3, 22, 30, tzinfo=UTC))
APIA = Plain(zone="Pacific/Apia", weekly=[[(480, 1020)]] * 7, exceptions={})
DATE_THAT_NEVER_WAS = (APIA, of_plain(APIA), datetime(2011, 12, 30, 1, 0, tzinfo=UTC))


@examples
@given(situations(), spans)
@example(SPRING_FORWARD_AT_MIDNIGHT, timedelta(hours=5))
@example(DATE_THAT_NEVER_WAS, timedelta(hours=12))
def test_the_deadline_is_the_oracles(situation: Situation, allowed: timedelta) -> None:
    plain, calendar, at = situation
    expected = plain.deadline(at, allowed)
    assume(expected is not None)
    assert calendar.deadline(at, allowed) == expected


@examples
@given(situations(), spans)
@example(SPRING_FORWARD_AT_MIDNIGHT, timedelta(hours=5))
@example(DATE_THAT_NEVER_WAS, timedelta(hours=12))
def test_going_back_is_the_oracles(situation: Situation, span: timedelta) -> None:
    plain, calendar, at = situation
    expected = plain.before(at, span)
    assume(expected is not None)
    assert calendar.before(at, span) == expected


@examples
@given(situations(), st.integers(0, 20 * 86_400).map(lambda seconds: timedelta(seconds=seconds)))
@example(SPRING_FORWARD_AT_MIDNIGHT, timedelta(days=2))
@example(DATE_THAT_NEVER_WAS, timedelta(days=2))
def test_open_time_is_the_oracles(situation: Situation, apart: timedelta) -> None:
    plain, calendar, at = situation
    assert calendar.open_time(at, at + apart) == plain.open_time(at, at + apart)
    assert sum((b - a for a, b in calendar.spans(at, at + apart)), timedelta(0)) == plain.open_time(at, at + apart)


@examples
@given(situations())
def test_what_is_open_is_the_oracles(situation: Situation) -> None:
    plain, calendar, at = situation
    assert calendar.is_open(at) == plain.is_open(at)
    opening = plain.next_opening(at)
    assume(opening is not None)
    assert calendar.next_opening(at) == opening


@examples
@given(situations(), st.integers(0, 4 * 86_400))
def test_the_last_open_instant_is_the_oracles(situation: Situation, ago: int) -> None:
    plain, calendar, at = situation
    since = at - timedelta(seconds=ago)
    assert calendar.last_open_instant(at, since=since) == plain.last_open(at, since)


@examples
@given(situations())
@example(SPRING_FORWARD_AT_MIDNIGHT)
@example(DATE_THAT_NEVER_WAS)
def test_the_next_working_day_is_the_oracles(situation: Situation) -> None:
    plain, calendar, at = situation
    expected = plain.next_day_opening(at)
    assume(expected is not None)
    assert calendar.next_day_opening(at) == expected


@examples
@given(situations(), spans, spans)
def test_two_waits_are_one_long_wait(situation: Situation, first: timedelta, second: timedelta) -> None:
    _, calendar, at = situation
    assume(first and second)
    halfway = calendar.deadline(at, first)
    assume(halfway is not None)
    assert calendar.deadline(halfway or at, second) == calendar.deadline(at, first + second)


@examples
@given(situations(), spans)
def test_the_time_to_the_deadline_is_what_was_allowed(situation: Situation, allowed: timedelta) -> None:
    _, calendar, at = situation
    due = calendar.deadline(at, allowed)
    assume(due is not None)
    assert due is not None
    assert calendar.open_time(at, due) == allowed
    assert due >= at + allowed


@examples
@given(situations(), spans, spans, st.integers(0, 7 * 86_400))
def test_later_and_longer_never_ends_earlier(situation: Situation, allowed: timedelta, more: timedelta, later: int) -> None:
    _, calendar, at = situation
    due, longer = calendar.deadline(at, allowed), calendar.deadline(at, allowed + more)
    afterwards = calendar.deadline(at + timedelta(seconds=later), allowed)
    assume(due is not None and longer is not None and afterwards is not None)
    assert due is not None
    assert longer is not None
    assert afterwards is not None
    assert longer >= due
    assert afterwards >= due


@examples
@given(situations(), spans)
def test_a_deadline_lies_in_open_time_or_at_its_end(situation: Situation, allowed: timedelta) -> None:
    _, calendar, at = situation
    assume(allowed)
    due = calendar.deadline(at, allowed)
    assume(due is not None)
    assert due is not None
    assert calendar.is_open(due - timedelta(microseconds=1))


@examples
@given(situations(), spans)
def test_back_from_the_deadline_is_the_start_of_an_open_instant(situation: Situation, allowed: timedelta) -> None:
    _, calendar, at = situation
    start = calendar.next_opening(at)
    assume(start is not None)
    assert start is not None
    due = calendar.deadline(start, allowed)
    assume(due is not None)
    assert due is not None
    assert calendar.before(due, allowed) == start


@examples
@given(situations(), spans, st.integers(0, 9))
def test_a_day_off_never_brings_a_deadline_forward(situation: Situation, allowed: timedelta, days: int) -> None:
    _, calendar, at = situation
    day = calendar.local(at + timedelta(days=days)).date()
    kept = tuple(each for each in calendar.exceptions if each.on != day)
    rested = replace(calendar, exceptions=(*kept, DayException(on=day, label="свято")))
    due, moved = calendar.deadline(at, allowed), rested.deadline(at, allowed)
    assume(due is not None and moved is not None)
    assert due is not None
    assert moved is not None
    assert moved >= due


@examples
@given(situations(), spans, st.integers(1, 86_399))
def test_cutting_an_interval_in_two_changes_nothing(situation: Situation, allowed: timedelta, cut: int) -> None:
    _, calendar, at = situation
    assume(any(each.start < cut < each.end for day in calendar.weekly for each in day))
    pieces = replace(calendar, weekly=tuple(tuple(piece for each in day for piece in _cut(each, cut)) for day in calendar.weekly))
    assert pieces.deadline(at, allowed) == calendar.deadline(at, allowed)
    assert pieces.spans(at, at + timedelta(days=9)) == calendar.spans(at, at + timedelta(days=9))


@examples
@given(situations(), spans, st.sampled_from(ODD_ZONES))
def test_the_zone_an_instant_is_written_in_changes_nothing(situation: Situation, allowed: timedelta, zone: str) -> None:
    _, calendar, at = situation
    elsewhere = at.astimezone(ZoneInfo(zone))
    assert calendar.deadline(elsewhere, allowed) == calendar.deadline(at, allowed)
    assert calendar.before(elsewhere, allowed) == calendar.before(at, allowed)
    assert calendar.is_open(elsewhere) == calendar.is_open(at)


@examples
@given(situations(), st.data())
def test_what_a_calendar_remembers_changes_no_answer(situation: Situation, data: st.DataObject) -> None:
    plain, calendar, at = situation
    other = data.draw(instants(plain.zone))
    calendar.deadline(other, timedelta(hours=5))
    calendar.before(other, timedelta(hours=5))
    assert calendar.deadline(at, timedelta(hours=9)) == of_plain(plain).deadline(at, timedelta(hours=9))


def _cut(interval: Interval, at: int) -> list[Interval]:
    if not interval.start < at < interval.end:
        return [interval]
    return [Interval(interval.start, at), Interval(at, interval.end)]
