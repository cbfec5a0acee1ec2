"""Clocks in the making, for the tests of this part."""

from __future__ import annotations

from datetime import datetime

from bot.model import ClockKind, Priority, TicketClock
from bot.sla.clocks import start_clock
from bot.sla.policy import Policy
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
    started = start_clock(policy, kind=kind, ticket_id=7, priority=priority, started_at=at, now=kyiv(now) if now else at)
    assert started is not None
    return started
