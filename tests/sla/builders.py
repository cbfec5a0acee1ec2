"""Clocks in the making, for the tests of this part."""

from __future__ import annotations

from datetime import datetime

from bot.model import ClockKind, Priority, TicketClock
from bot.sla.clocks import recompute_clock, reprice_clock, start_clock
from bot.sla.policy import Policy, Target
from bot.sla.rules import Subject
from tests.sla.calendars import kyiv

POLICY = Policy()


def clock(
    received: str | datetime,
    priority: Priority = Priority.URGENT,
    *,
    now: str | None = None,
    policy: Policy = POLICY,
    kind: ClockKind = ClockKind.REACTION,
) -> TicketClock:
    """A running clock of a message received then (Kyiv wall clock), made at `now`."""
    at = kyiv(received) if isinstance(received, str) else received
    started = start_clock(policy, kind=kind, ticket_id=7, subject=Subject(priority=priority), started_at=at, now=kyiv(now) if now else at)
    assert started is not None
    return started


def repriced(policy: Policy, of: TicketClock, priority: Priority, *, now: datetime) -> TicketClock:
    """The clock after its ticket got this priority."""
    return reprice_clock(policy, of, Subject(priority=priority), now=now)


def recomputed(policy: Policy, of: TicketClock, *, now: datetime, snoozed_until_at: datetime | None = None) -> TicketClock:
    """The clock after the policy became this one; nothing is known of its ticket but the priority."""
    return recompute_clock(policy, of, Subject(priority=of.priority), now=now, snoozed_until_at=snoozed_until_at)


def target_of(policy: Policy, kind: ClockKind, subject: Subject | Priority) -> Target | None:
    """What is promised, None when nothing is."""
    chosen = policy.chosen(kind, subject if isinstance(subject, Subject) else Subject(priority=subject))
    return chosen.target if chosen else None
