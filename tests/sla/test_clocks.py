"""What happens to one clock row: start, claim, answer, priority, calendar, snooze."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.model import ClockKind, ClockState, Priority, TicketClock
from bot.sla.calendars import preset_calendars
from bot.sla.clocks import cancel_clock, claim_clock, mark_breach, meet_clock, snooze_clock
from bot.sla.intervals import DayException, Interval
from bot.sla.policy import REACTION, Policy, Target
from bot.sla.reminders import first_nudge_at
from tests.sla.builders import POLICY, clock, recomputed, repriced
from tests.sla.calendars import kyiv

HOUR = timedelta(hours=1)


def explains_itself(policy: Policy, of: TicketClock) -> bool:
    return policy.calendars[of.calendar].deadline(of.started_at, of.target) == of.due_at


def test_a_clock_starts_from_the_receipt_and_knows_its_first_nudge() -> None:
    started = clock("2026-11-24 10:00", now="2026-11-24 10:02")
    assert (started.id, started.state, started.generation, started.step) == (0, ClockState.RUNNING, 1, 0)
    assert (started.due_at, started.next_nudge_at) == (kyiv("2026-11-24 11:00"), kyiv("2026-11-24 10:30"))
    assert explains_itself(POLICY, started)


def test_e18_a_message_that_came_late_to_us_is_promised_from_its_receipt() -> None:
    late = clock("2026-11-24 10:00", now="2026-11-24 10:45")
    assert late.due_at == kyiv("2026-11-24 11:00")
    assert late.next_nudge_at == kyiv("2026-11-24 10:45")


def test_a_claim_meets_the_reaction_and_goes_on_with_the_claimer() -> None:
    claimed = claim_clock(POLICY, clock("2026-11-24 10:00"), at=kyiv("2026-11-24 10:20"))
    assert (claimed.state, claimed.met_at, claimed.breached_at) == (ClockState.CLAIMED, kyiv("2026-11-24 10:20"), None)
    assert claimed.next_nudge_at == kyiv("2026-11-24 11:20")
    answered = meet_clock(claimed, at=kyiv("2026-11-24 15:00"))
    assert (answered.state, answered.met_at, answered.next_nudge_at) == (ClockState.MET, kyiv("2026-11-24 10:20"), None)
    assert answered.breached_at is None


def test_where_only_a_word_counts_a_claim_leaves_the_clock_running() -> None:
    strict = Policy(claim_is_reaction=False)
    running = clock("2026-11-24 10:00")
    assert claim_clock(strict, running, at=kyiv("2026-11-24 10:20")) == running


def test_a_claim_is_no_answer_to_a_client_who_wrote_again() -> None:
    running = clock("2026-11-24 10:00", kind=ClockKind.NEXT_ANSWER)
    assert claim_clock(POLICY, running, at=kyiv("2026-11-24 10:20")) == running


@pytest.mark.parametrize(("at", "breached"), [("2026-11-24 11:00", None), ("2026-11-24 11:00:01", "2026-11-24 11:00")])
def test_met_at_the_due_is_in_time_and_a_second_later_is_not(at: str, breached: str | None) -> None:
    met = meet_clock(clock("2026-11-24 10:00"), at=kyiv(at))
    assert met.state is ClockState.MET
    assert met.breached_at == (kyiv(breached) if breached else None)
    assert met.next_nudge_at is None


def test_e16_what_is_over_stays_as_it_is() -> None:
    met = meet_clock(clock("2026-11-24 10:00"), at=kyiv("2026-11-24 10:20"))
    later = kyiv("2026-11-25 10:20")
    assert meet_clock(met, at=later) == met
    assert cancel_clock(met, at=later) == met
    assert claim_clock(POLICY, met, at=later) == met
    assert repriced(POLICY, met, Priority.LOW, now=later) == met
    assert recomputed(POLICY, met, now=later) == met
    assert snooze_clock(POLICY, met, until=later) == met
    assert mark_breach(met, at=later) == met


def test_cancelled_after_the_due_was_still_breached() -> None:
    cancelled = cancel_clock(clock("2026-11-24 10:00"), at=kyiv("2026-11-24 12:00"))
    assert (cancelled.state, cancelled.next_nudge_at, cancelled.met_at) == (ClockState.CANCELLED, None, None)
    assert cancelled.breached_at == kyiv("2026-11-24 11:00")


# --- priority ---


def test_raised_it_is_due_an_hour_from_now_and_not_born_breached() -> None:
    raised = repriced(POLICY, clock("2026-11-24 09:00", Priority.MEDIUM), Priority.URGENT, now=kyiv("2026-11-24 16:20"))
    assert raised.due_at == kyiv("2026-11-25 08:20")
    assert (raised.generation, raised.breached_at) == (2, None)
    assert raised.next_nudge_at == kyiv("2026-11-24 16:50")
    assert explains_itself(POLICY, raised)


def test_raised_shortly_before_its_due_it_keeps_the_due_and_speaks_at_once() -> None:
    medium = clock("2026-11-23 10:40", Priority.MEDIUM)
    raised = repriced(POLICY, medium, Priority.URGENT, now=kyiv("2026-11-24 10:20"))
    assert raised.due_at == medium.due_at == kyiv("2026-11-24 10:40")
    assert (raised.generation, raised.priority) == (1, Priority.URGENT)
    assert raised.next_nudge_at == kyiv("2026-11-24 10:20")
    assert explains_itself(POLICY, raised)


def test_lowered_it_counts_from_the_receipt_again() -> None:
    lowered = repriced(POLICY, clock("2026-11-24 10:00"), Priority.HIGH, now=kyiv("2026-11-24 10:30"))
    assert lowered.due_at == kyiv("2026-11-25 10:00")
    assert (lowered.generation, lowered.calendar, lowered.target) == (2, "weekdays", 24 * HOUR)
    assert lowered.next_nudge_at == kyiv("2026-11-24 15:00")


def test_lowered_after_the_breach_it_stays_breached() -> None:
    lowered = repriced(POLICY, clock("2026-11-24 10:00"), Priority.HIGH, now=kyiv("2026-11-24 11:30"))
    assert lowered.breached_at == kyiv("2026-11-24 11:00")
    assert lowered.due_at == kyiv("2026-11-25 10:00")


def test_a_priority_with_the_same_promise_moves_nothing() -> None:
    low = clock("2026-11-24 10:00", Priority.LOW)
    high = repriced(POLICY, low, Priority.HIGH, now=kyiv("2026-11-24 16:00"))
    assert high == replace(low, priority=Priority.HIGH)


def test_a_claimed_one_only_changes_its_rhythm() -> None:
    claimed = claim_clock(POLICY, clock("2026-11-24 10:00", Priority.LOW), at=kyiv("2026-11-24 10:20"))
    raised = repriced(POLICY, claimed, Priority.URGENT, now=kyiv("2026-11-24 14:30"))
    assert (raised.due_at, raised.generation, raised.state) == (claimed.due_at, 1, ClockState.CLAIMED)
    assert raised.next_nudge_at == kyiv("2026-11-24 15:20")


def test_a_priority_that_promises_nothing_ends_the_clock() -> None:
    policy = Policy(reaction={Priority.URGENT: REACTION[Priority.URGENT]})
    lowered = repriced(policy, clock("2026-11-24 10:00", policy=policy), Priority.LOW, now=kyiv("2026-11-24 10:05"))
    assert lowered.state is ClockState.CANCELLED


# --- calendars ---


def with_exceptions(*exceptions: DayException) -> Policy:
    return Policy(calendars=preset_calendars(exceptions=exceptions))


def test_a_holiday_declared_today_moves_what_runs() -> None:
    running = clock("2026-11-24 16:30")
    moved = recomputed(with_exceptions(DayException(on=date(2026, 11, 25))), running, now=kyiv("2026-11-24 16:40"))
    assert moved.due_at == kyiv("2026-11-26 08:30")
    assert moved.generation == 2
    assert moved.next_nudge_at == kyiv("2026-11-26 08:00")
    assert recomputed(POLICY, running, now=kyiv("2026-11-24 16:40")) == running


def test_e24_an_edit_that_puts_the_due_into_the_past_is_said_at_once() -> None:
    rested = with_exceptions(DayException(on=date(2026, 11, 24)))
    running = clock("2026-11-23 16:30", policy=rested)
    assert running.due_at == kyiv("2026-11-25 08:30")
    moved = recomputed(POLICY, running, now=kyiv("2026-11-24 10:00"))
    assert moved.due_at == kyiv("2026-11-24 08:30")
    assert moved.breached_at is None
    assert moved.next_nudge_at == kyiv("2026-11-24 10:00")
    assert mark_breach(moved, at=kyiv("2026-11-24 10:00")).breached_at == kyiv("2026-11-24 08:30")


def test_a_rung_that_was_said_is_not_said_again_after_an_edit() -> None:
    said = replace(clock("2026-11-24 15:40"), step=1, next_nudge_at=kyiv("2026-11-24 16:30"))
    longer = with_exceptions(DayException(on=date(2026, 11, 24), intervals=(Interval.parse("08:00-12:30"), Interval.parse("13:30-16:35"))))
    moved = recomputed(longer, said, now=kyiv("2026-11-24 16:12"))
    assert moved.due_at == kyiv("2026-11-25 08:05")
    assert moved.next_nudge_at == kyiv("2026-11-24 16:30")


def test_breached_stays_breached_after_any_edit() -> None:
    late = mark_breach(clock("2026-11-24 10:00"), at=kyiv("2026-11-24 11:10"))
    moved = recomputed(with_exceptions(DayException(on=date(2026, 11, 24))), late, now=kyiv("2026-11-24 11:10"))
    assert moved.due_at == kyiv("2026-11-25 09:00")
    assert moved.breached_at == kyiv("2026-11-24 11:00")


def test_an_edit_that_comes_after_the_due_does_not_undo_the_breach() -> None:
    late = clock("2026-11-24 10:00")
    moved = recomputed(with_exceptions(DayException(on=date(2026, 11, 24))), late, now=kyiv("2026-11-24 11:10"))
    assert moved.breached_at == kyiv("2026-11-24 11:00")


def test_a_clock_of_a_calendar_that_is_gone_keeps_its_due() -> None:
    orphan = replace(clock("2026-11-24 10:00"), calendar="night shift")
    assert recomputed(POLICY, orphan, now=kyiv("2026-11-24 10:10")) == orphan


moments = st.integers(0, 90 * 86_400).map(lambda seconds: datetime(2026, 9, 1, tzinfo=UTC) + timedelta(seconds=seconds))
steps = st.lists(st.tuples(st.sampled_from(list(Priority)), st.integers(1, 2 * 86_400)), max_size=5)


@settings(max_examples=2_000 if os.environ.get("DESKBOT_SOAK") == "1" else 60, deadline=None)
@given(moments, st.sampled_from(list(Priority)), steps)
def test_whatever_happens_to_its_priority_a_clock_explains_itself(
    received: datetime, first: Priority, changes: list[tuple[Priority, int]]
) -> None:
    of, now = clock(received, first), received
    for priority, later in changes:
        now += timedelta(seconds=later)
        before = of
        of = repriced(POLICY, of, priority, now=now)
        assert explains_itself(POLICY, of)
        assert recomputed(POLICY, of, now=now).due_at == of.due_at
        assert of.generation == before.generation + (of.due_at != before.due_at)
        assert of.breached_at == before.breached_at or before.breached_at is None
        if priority.rank > before.priority.rank:
            assert of.due_at <= before.due_at
            assert of.due_at >= min(before.due_at, now + HOUR)


def test_a_due_in_the_year_9999_breaks_nothing() -> None:
    distant = replace(clock("2026-11-24 10:00"), due_at=datetime(9999, 12, 31, 23, tzinfo=UTC))
    assert first_nudge_at(POLICY, distant, kyiv("2026-11-24 10:00")) is not None
    assert repriced(POLICY, distant, Priority.LOW, now=kyiv("2026-11-24 10:00")).due_at == kyiv("2026-11-25 10:00")


def test_the_solution_is_promised_only_where_a_policy_says_so() -> None:
    policy = Policy(solution={Priority.URGENT: Target(time=8 * HOUR, calendar="desk")})
    assert clock("2026-11-24 10:00", policy=policy, kind=ClockKind.SOLUTION).due_at == kyiv("2026-11-25 10:00")
