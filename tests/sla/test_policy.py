"""What is promised by default, and what a policy refuses."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from bot.model import ClockKind, Priority
from bot.sla.calendars import preset_calendars
from bot.sla.clocks import start_clock
from bot.sla.hours import Calendar
from bot.sla.intervals import DayException
from bot.sla.policy import REACTION, InvalidPolicy, Ladder, Policy, Target
from bot.sla.rules import Subject
from tests.sla.builders import target_of
from tests.sla.calendars import kyiv

HOUR = timedelta(hours=1)
EMPTY = Calendar(name="empty", zone="Europe/Kyiv", weekly=((),) * 7)


def due(policy: Policy, priority: Priority, received: str) -> object:
    at = kyiv(received)
    clock = start_clock(policy, kind=ClockKind.REACTION, ticket_id=1, subject=Subject(priority=priority), started_at=at, now=at)
    return clock and clock.due_at


# Both targets at the moments that people ask about; the two literal readings beside them.
@pytest.mark.parametrize(
    ("received", "urgent", "other"),
    [
        ("2026-11-23 10:00", "2026-11-23 11:00", "2026-11-24 10:00"),
        ("2026-11-23 12:45", "2026-11-23 14:30", "2026-11-24 12:45"),
        ("2026-11-26 21:00", "2026-11-27 09:00", "2026-11-27 21:00"),
        ("2026-11-27 16:30", "2026-11-30 08:30", "2026-11-30 16:30"),
        ("2026-11-28 11:00", "2026-11-30 09:00", "2026-12-01 00:00"),
    ],
)
def test_the_regulation_as_we_read_it(received: str, urgent: str, other: str) -> None:
    assert due(Policy(), Priority.URGENT, received) == kyiv(urgent)
    for priority in (Priority.LOW, Priority.MEDIUM, Priority.HIGH):
        assert due(Policy(), priority, received) == kyiv(other)


def test_the_literal_reading_is_one_word_away() -> None:
    literal = Policy(reaction={priority: replace(target, calendar="always") for priority, target in REACTION.items()})
    assert due(literal, Priority.URGENT, "2026-11-28 11:00") == kyiv("2026-11-28 12:00")
    assert due(literal, Priority.LOW, "2026-11-28 11:00") == kyiv("2026-11-29 11:00")


def test_e07_a_calendar_without_hours_promises_nothing_and_warns() -> None:
    policy = Policy(calendars={**preset_calendars(), "empty": EMPTY}, reaction={Priority.LOW: Target(time=HOUR, calendar="empty")})
    assert due(policy, Priority.LOW, "2026-11-24 10:00") is None
    assert [str(each) for each in policy.warnings() if "reaction.low" in str(each)] != []
    assert list(Policy().warnings()) == []


def test_e14_no_target_and_a_target_of_zero_start_no_clock() -> None:
    policy = Policy(reaction={Priority.LOW: Target(time=timedelta(0), calendar="desk")})
    assert due(policy, Priority.LOW, "2026-11-24 10:00") is None
    assert due(policy, Priority.URGENT, "2026-11-24 10:00") is None
    assert target_of(policy, ClockKind.SOLUTION, Priority.LOW) is None


def test_the_next_answer_is_promised_as_the_reaction_is_unless_said() -> None:
    assert target_of(Policy(), ClockKind.NEXT_ANSWER, Priority.URGENT) == REACTION[Priority.URGENT]
    said = Policy(next_answer={Priority.URGENT: Target(time=2 * HOUR, calendar="desk")})
    assert target_of(said, ClockKind.NEXT_ANSWER, Priority.URGENT) == Target(time=2 * HOUR, calendar="desk")
    assert target_of(said, ClockKind.NEXT_ANSWER, Priority.LOW) is None


@pytest.mark.parametrize(
    ("due_at", "effective"),
    [
        ("2026-11-24 10:00", "2026-11-24 10:00"),
        ("2026-11-24 12:45", "2026-11-24 12:30"),
        ("2026-11-24 17:00", "2026-11-24 17:00"),
        ("2026-11-24 21:00", "2026-11-24 17:00"),
        ("2026-12-01 00:00", "2026-11-30 17:00"),
    ],
)
def test_the_effective_due_is_the_last_open_instant(due_at: str, effective: str) -> None:
    assert Policy().effective_due(kyiv(due_at), since=kyiv("2026-11-20 10:00")) == kyiv(effective)


def test_a_promise_that_ends_before_the_desk_opens_keeps_its_due() -> None:
    assert Policy().effective_due(kyiv("2026-11-28 12:00"), since=kyiv("2026-11-28 11:00")) == kyiv("2026-11-28 12:00")


def test_every_mistake_of_a_policy_is_told_at_once() -> None:
    with pytest.raises(InvalidPolicy) as caught:
        Policy(
            calendars={**preset_calendars(), "desk": EMPTY},
            reaction={
                Priority.LOW: Target(time=HOUR, calendar="dsk"),
                Priority.HIGH: Target(time=-HOUR, calendar="desk"),
                Priority.URGENT: Target(time=HOUR, calendar="desk", ladder=Ladder(before=(timedelta(0),), every=timedelta(seconds=1))),
            },
        )
    assert len(caught.value.mistakes) == 5
    for word in ("«dsk»", "немає робочого часу", "reaction.low", "reaction.high", "reaction.urgent", "раз на хвилину"):
        assert word in str(caught.value)


def test_a_policy_without_its_desk_is_refused() -> None:
    with pytest.raises(InvalidPolicy, match="«desk»"):
        Policy(calendars={}, reaction={})


def test_a_holiday_moves_both_targets() -> None:
    rested = Policy(calendars=preset_calendars(exceptions=(DayException(on=date(2026, 11, 24), label="свято"),)))
    assert due(rested, Priority.URGENT, "2026-11-23 16:30") == kyiv("2026-11-25 08:30")
    assert due(rested, Priority.LOW, "2026-11-23 16:30") == kyiv("2026-11-25 16:30")
