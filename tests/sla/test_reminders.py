"""The ladder of DESIGN 6 on the desk's hours: when each nudge is, to whom, and what a downtime leaves of it."""

from __future__ import annotations

import os
from bisect import bisect_left
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import islice, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.model import Priority, TicketClock
from bot.sla.calendars import preset_calendars
from bot.sla.clocks import claim_clock, meet_clock, snooze_clock
from bot.sla.hours import Calendar
from bot.sla.policy import REACTION, Policy
from bot.sla.reminders import Audience, Rung, current_rung, judge, upcoming
from tests.sla.builders import POLICY, clock
from tests.sla.calendars import KYIV, kyiv

MINUTE = timedelta(minutes=1)
LITERAL = Policy(reaction={priority: replace(target, calendar="always") for priority, target in REACTION.items()})


def ladder(of: TicketClock, number: int, *, policy: Policy = POLICY, after: datetime | None = None) -> list[tuple[str, str]]:
    rungs = islice(upcoming(policy, of, after=after or of.started_at), number)
    return [(rung.value, at.astimezone(KYIV).strftime("%a %d %H:%M")) for rung, at in rungs]


def test_an_urgent_one_over_lunch() -> None:
    assert ladder(clock("2026-11-24 12:00"), 7) == [
        ("before", "Tue 24 13:30"),
        ("before", "Tue 24 13:50"),
        ("due", "Tue 24 14:00"),
        ("after", "Tue 24 14:30"),
        ("after", "Tue 24 15:00"),
        ("after", "Tue 24 15:30"),
        ("after", "Tue 24 16:00"),
    ]


def test_an_urgent_one_that_ends_at_the_closing_is_said_a_minute_before_it() -> None:
    assert ladder(clock("2026-11-24 16:00"), 5) == [
        ("before", "Tue 24 16:30"),
        ("before", "Tue 24 16:50"),
        ("due", "Tue 24 16:59"),
        ("after", "Wed 25 08:30"),
        ("after", "Wed 25 09:00"),
    ]


def test_repeats_fall_into_no_lunch() -> None:
    assert ladder(clock("2026-11-24 10:30"), 7)[3:] == [
        ("after", "Tue 24 12:00"),
        ("after", "Tue 24 12:29"),
        ("after", "Tue 24 14:00"),
        ("after", "Tue 24 14:30"),
    ]


def test_others_are_told_four_hours_and_one_hour_before_then_each_morning() -> None:
    assert ladder(clock("2026-11-27 16:30", Priority.MEDIUM), 6) == [
        ("before", "Mon 30 11:30"),
        ("before", "Mon 30 15:30"),
        ("due", "Mon 30 16:30"),
        ("after", "Tue 01 08:00"),
        ("after", "Wed 02 08:00"),
        ("after", "Thu 03 08:00"),
    ]


def test_one_that_is_due_at_night_is_said_before_the_desk_goes_home() -> None:
    assert ladder(clock("2026-11-28 11:00", Priority.LOW), 4) == [
        ("before", "Mon 30 12:00"),
        ("before", "Mon 30 16:00"),
        ("due", "Mon 30 16:59"),
        ("after", "Tue 01 08:00"),
    ]


def test_the_literal_reading_runs_out_on_a_weekend_and_is_said_on_monday() -> None:
    urgent = clock("2026-11-28 11:00", policy=LITERAL)
    assert urgent.due_at == kyiv("2026-11-28 12:00")
    assert urgent.next_nudge_at == kyiv("2026-11-30 08:00")
    verdict = judge(LITERAL, urgent, now=kyiv("2026-11-30 08:00:05"), assignee_id=None)
    assert verdict.nudge is not None
    assert verdict.nudge.rung is Rung.DUE
    assert verdict.next_nudge_at == kyiv("2026-11-30 08:30")


def test_a_claimed_urgent_one_reminds_its_claimer_every_desk_hour() -> None:
    claimed = claim_clock(POLICY, clock("2026-11-24 10:00"), at=kyiv("2026-11-24 11:40"))
    assert ladder(claimed, 4, after=kyiv("2026-11-24 11:40")) == [
        ("claimed", "Tue 24 13:40"),
        ("claimed", "Tue 24 14:40"),
        ("claimed", "Tue 24 15:40"),
        ("claimed", "Tue 24 16:40"),
    ]
    said = judge(POLICY, claimed, now=kyiv("2026-11-24 13:40"), assignee_id=3).nudge
    assert said is not None
    assert said.audiences == (Audience.OWNER,)


def test_a_claimed_other_one_reminds_its_claimer_each_morning() -> None:
    claimed = claim_clock(POLICY, clock("2026-11-24 10:00", Priority.HIGH), at=kyiv("2026-11-24 10:05"))
    assert ladder(claimed, 2, after=kyiv("2026-11-24 10:05")) == [("claimed", "Wed 25 08:00"), ("claimed", "Thu 26 08:00")]


@pytest.mark.parametrize(
    ("at", "rung", "audiences"),
    [
        ("2026-11-24 10:30", Rung.BEFORE, (Audience.STAFF,)),
        ("2026-11-24 11:00", Rung.DUE, (Audience.STAFF, Audience.LEAD)),
        ("2026-11-24 11:30", Rung.AFTER, (Audience.STAFF, Audience.LEAD)),
    ],
)
def test_nobodys_ticket_concerns_everybody_and_the_lead_from_the_due_on(at: str, rung: Rung, audiences: tuple[Audience, ...]) -> None:
    said = judge(POLICY, replace(clock("2026-11-24 10:00"), next_nudge_at=kyiv(at)), now=kyiv(at), assignee_id=None).nudge
    assert said is not None
    assert (said.rung, said.audiences) == (rung, audiences)
    owned = judge(POLICY, replace(clock("2026-11-24 10:00"), next_nudge_at=kyiv(at)), now=kyiv(at), assignee_id=3).nudge
    assert owned is not None
    assert owned.audiences == (Audience.OWNER, *audiences[1:])


def test_a_step_that_was_missed_is_said_once_by_the_latest() -> None:
    missed = clock("2026-11-24 10:00")
    verdict = judge(POLICY, missed, now=kyiv("2026-11-24 15:10"), assignee_id=None)
    assert verdict.nudge is not None
    assert verdict.nudge.rung is Rung.AFTER
    assert verdict.nudge.planned_at == kyiv("2026-11-24 10:30")
    assert verdict.next_nudge_at == kyiv("2026-11-24 15:30")


@pytest.mark.parametrize(
    ("now", "again"),
    [("2026-11-24 12:45", "2026-11-24 13:30"), ("2026-11-24 19:00", "2026-11-25 08:00"), ("2026-11-28 10:00", "2026-11-30 08:00")],
)
def test_a_late_tick_in_closed_hours_waits_for_the_opening(now: str, again: str) -> None:
    verdict = judge(POLICY, clock("2026-11-24 10:00"), now=kyiv(now), assignee_id=None)
    assert verdict.nudge is None
    assert verdict.next_nudge_at == kyiv(again)


def test_e21_a_clock_set_back_says_nothing_twice() -> None:
    said = replace(clock("2026-11-24 10:00"), next_nudge_at=kyiv("2026-11-24 10:50"), step=1)
    verdict = judge(POLICY, said, now=kyiv("2026-11-24 09:50"), assignee_id=None)
    assert verdict.nudge is None
    assert verdict.next_nudge_at == kyiv("2026-11-24 10:50")


def test_what_is_over_is_never_said() -> None:
    over = meet_clock(clock("2026-11-24 10:00"), at=kyiv("2026-11-24 10:10"))
    verdict = judge(POLICY, replace(over, next_nudge_at=kyiv("2026-11-24 10:30")), now=kyiv("2026-11-24 10:30"), assignee_id=None)
    assert (verdict.nudge, verdict.next_nudge_at) == (None, None)


def test_a_snooze_that_ends_with_the_day_is_not_looked_at_in_every_tick() -> None:
    until, now = kyiv("2026-11-24 17:00") + timedelta(seconds=30), kyiv("2026-11-24 17:00")
    snoozed = replace(clock("2026-11-24 16:00"), next_nudge_at=now - MINUTE)
    quiet = judge(POLICY, snoozed, now=now, assignee_id=3, snoozed_until_at=until)
    assert (quiet.nudge, quiet.next_nudge_at) == (None, until)
    after = judge(POLICY, replace(snoozed, next_nudge_at=until), now=until, assignee_id=3, snoozed_until_at=until)
    assert (after.nudge, after.next_nudge_at) == (None, kyiv("2026-11-25 08:00"))


def test_a_snooze_is_kept_and_spoken_of_when_it_ends() -> None:
    until = kyiv("2026-11-24 10:20")
    snoozed = snooze_clock(POLICY, clock("2026-11-24 10:00"), until=until)
    assert snoozed.due_at == kyiv("2026-11-24 11:00")
    quiet = judge(
        POLICY,
        replace(snoozed, next_nudge_at=kyiv("2026-11-24 10:10")),
        now=kyiv("2026-11-24 10:10"),
        assignee_id=3,
        snoozed_until_at=until,
    )
    assert (quiet.nudge, quiet.next_nudge_at) == (None, until)
    spoken = judge(POLICY, snoozed, now=until, assignee_id=3, snoozed_until_at=until)
    assert spoken.nudge is not None
    assert spoken.nudge.rung is Rung.SNOOZED
    assert spoken.next_nudge_at == kyiv("2026-11-24 10:30")


def test_e20_a_clock_made_after_a_downtime_speaks_at_once() -> None:
    late = clock("2026-11-24 10:00", now="2026-11-24 11:40")
    assert late.next_nudge_at == kyiv("2026-11-24 11:40")
    assert judge(POLICY, late, now=kyiv("2026-11-24 11:40"), assignee_id=None).next_nudge_at == kyiv("2026-11-24 12:00")


def test_a_desk_that_never_closes_is_reminded_every_24_hours() -> None:
    calendars = preset_calendars()
    night_and_day = Policy(calendars={**calendars, "desk": replace(calendars["always"], name="desk")})
    assert ladder(clock("2026-11-24 10:00", Priority.LOW, policy=night_and_day), 5, policy=night_and_day)[2:] == [
        ("due", "Wed 25 10:00"),
        ("after", "Thu 26 10:00"),
        ("after", "Fri 27 10:00"),
    ]


def test_a_ladder_years_long_is_found_without_walking_it() -> None:
    old = clock("2019-11-25 10:00")
    verdict = judge(POLICY, old, now=kyiv("2026-11-24 10:07"), assignee_id=None)
    assert verdict.next_nudge_at == kyiv("2026-11-24 10:30")


# --- the same ladder, told by brute force ---

examples = settings(max_examples=2_000 if os.environ.get("DESKBOT_SOAK") == "1" else 40, deadline=None)
moments = st.integers(0, 60 * 24 * 3600).map(lambda seconds: datetime(2026, 10, 1, tzinfo=UTC) + timedelta(seconds=seconds))


@examples
@given(moments, st.sampled_from(list(Priority)), st.sampled_from([POLICY, LITERAL]))
def test_every_nudge_of_a_fortnight_is_where_a_stopwatch_puts_it(received: datetime, priority: Priority, policy: Policy) -> None:
    of = clock(received, priority, policy=policy)
    told = [at for _, at in islice(upcoming(policy, of, after=received), 12)]
    assert told == stopwatch(policy, of, 12)
    assert all(policy.desk_calendar.is_open(at) for at in told)


@examples
@given(moments, st.sampled_from(list(Priority)), st.integers(15, 40 * 3600))
def test_ticking_through_tells_each_rung_once(received: datetime, priority: Priority, period: int) -> None:
    """Whatever the rhythm of the ticks: every rung is followed by exactly one nudge before the next but one, none in closed hours."""
    of = clock(received, priority)
    now, said = received, []
    while now < received + timedelta(days=6):
        if of.next_nudge_at and of.next_nudge_at <= now:
            verdict = judge(POLICY, of, now=now, assignee_id=None)
            if verdict.nudge:
                said.append(now)
                assert verdict.nudge.rung is current_rung(POLICY, of, now)
            assert verdict.next_nudge_at is not None
            assert verdict.next_nudge_at > now
            of = replace(of, next_nudge_at=verdict.next_nudge_at, step=of.step + bool(verdict.nudge))
        now += timedelta(seconds=period)
    assert all(POLICY.desk_calendar.is_open(at) for at in said)
    for earlier, later in pairwise(said):
        assert any(earlier < at <= later for _, at in islice(upcoming(POLICY, of, after=earlier), 1))


def stopwatch(policy: Policy, of: TicketClock, number: int) -> list[datetime]:
    """DESIGN 6 once more, with a list of open minutes instead of arithmetic: slow, and shares nothing but `is_open`."""
    desk = policy.desk_calendar
    urgent = of.priority is Priority.URGENT
    minutes = open_minutes(desk, of.started_at - timedelta(days=8), of.due_at + timedelta(days=25))
    before_due = [at for at in minutes if at < of.due_at]
    ever_open = any(of.started_at < end_of(at) for at in before_due)
    effective = of.due_at
    if ever_open and not desk.is_open(of.due_at):
        effective = end_of(before_due[-1])
    left = [at for at in minutes if at < effective]
    rungs = [shifted(left, effective, span) for span in ((30, 10) if urgent else (240, 60))]
    at_due = effective if desk.is_open(effective) else (effective - MINUTE if ever_open else next(at for at in minutes if at > effective))
    rungs.append(at_due)
    anchor = max(effective, at_due)
    if urgent:
        rest = [at for at in minutes if end_of(at) > anchor]
        rungs += [counted(desk, rest, anchor, 30 * times) for times in range(1, number + 1)]
    else:
        mornings = [at for at in minutes if not at.minute and at.astimezone(KYIV).hour == 8]
        rungs += [at for at in mornings if at > anchor]
    return [at for at in rungs if at > of.started_at][:number]


def open_minutes(desk: Calendar, start: datetime, end: datetime) -> list[datetime]:
    known = minutes_of_autumn(desk)
    return known[bisect_left(known, start) : bisect_left(known, end)]


@lru_cache
def minutes_of_autumn(desk: Calendar) -> list[datetime]:
    """Every open minute that a clock of these tests can meet."""
    first = datetime(2026, 9, 15, tzinfo=UTC)
    return [at for at in (first + number * MINUTE for number in range(120 * 1440)) if desk.is_open(at)]


def end_of(minute: datetime) -> datetime:
    return minute + MINUTE


def shifted(minutes: list[datetime], end: datetime, span: int) -> datetime:
    """`span` open minutes before `end`."""
    seconds = timedelta(seconds=end.second)
    whole = minutes[:-1] if seconds else minutes
    return whole[-span] + seconds


def counted(desk: Calendar, minutes: list[datetime], anchor: datetime, span: int) -> datetime:
    """`span` open minutes after `anchor`; a minute earlier where the desk just closes."""
    offset = timedelta(seconds=anchor.second) if desk.is_open(anchor) else timedelta(0)
    at = end_of(minutes[span - 1]) if not offset else minutes[span] + offset
    return at if desk.is_open(at) else at - MINUTE
