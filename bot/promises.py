"""Which of a ticket's clocks start, move and stop when something happens to it: the desk's side of the SLA (DESIGN 6).

The arithmetic is in `bot.sla.clocks`, row to row; here the rows are found and saved, inside the desk's unit of work.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from bot.model import ClockKind, ClockState, Ticket, TicketClock
from bot.ports import UnitOfWork
from bot.sla.clocks import cancel_clock, change_priority, claim_clock, meet_clock, snooze_clock, start_clock
from bot.sla.policy import Policy
from bot.sla.reminders import first_nudge_at

_ON_THE_STAFF = (ClockKind.REACTION, ClockKind.NEXT_ANSWER)
_ACTIVE = (ClockState.RUNNING, ClockState.CLAIMED)


class Promises:
    """See the module. `policy` may be replaced while the desk runs (a calendar was edited)."""

    def __init__(self, policy: Policy, *, now: Callable[[], datetime]) -> None:
        self.policy = policy
        self._now = now

    def opened(self, uow: UnitOfWork, ticket: Ticket, *, met_at: datetime | None = None) -> datetime | None:
        """Start what a new ticket promises, from its receipt; returns the reaction's deadline.

        `met_at`: a person took the call, the reaction is born met.
        """
        due_at = None
        for kind in (ClockKind.REACTION, ClockKind.SOLUTION):
            clock = self._start(kind, ticket, at=ticket.received_at)
            if clock is None:
                continue
            if kind is ClockKind.REACTION:
                due_at = clock.due_at
                clock = meet_clock(clock, at=met_at) if met_at else clock
            uow.clocks.add(clock)
        return due_at

    async def client_spoke(self, uow: UnitOfWork, ticket: Ticket, *, at: datetime) -> None:
        """The client answered a ticket that waited for them, or reopened it: the next answer is promised from that word on."""
        clocks = await uow.clocks.of_ticket(ticket.id)
        if any(clock.kind in _ON_THE_STAFF and clock.state is ClockState.RUNNING for clock in clocks):
            return
        earlier = sum(clock.kind is ClockKind.NEXT_ANSWER for clock in clocks)
        if clock := self._start(ClockKind.NEXT_ANSWER, ticket, at=at, ordinal=earlier + 1):
            uow.clocks.add(clock)

    async def staff_spoke(self, uow: UnitOfWork, ticket: Ticket, *, at: datetime) -> None:
        """A human word to the client: reaction and next answer are met (R10)."""
        await self._each(uow, ticket, lambda clock: meet_clock(clock, at=at) if clock.kind in _ON_THE_STAFF else clock)

    async def claimed(self, uow: UnitOfWork, ticket: Ticket, *, at: datetime) -> None:
        """Somebody took it and the client is told so: the ladder goes on to the claimer alone."""
        await self._each(uow, ticket, lambda clock: claim_clock(self.policy, clock, at=at))

    async def ended(self, uow: UnitOfWork, ticket: Ticket, *, at: datetime, is_met: bool) -> None:
        """Closed or handed over: met when staff told the client, cancelled when nothing is owed any more."""
        end = meet_clock if is_met else cancel_clock
        await self._each(uow, ticket, lambda clock: end(clock, at=at))

    async def repriced(self, uow: UnitOfWork, ticket: Ticket, *, now: datetime) -> None:
        """The priority changed: deadlines follow (raised: never born breached; lowered: receipt plus the new target)."""
        await self._each(uow, ticket, lambda clock: change_priority(self.policy, clock, ticket.priority, now=now))

    async def snoozed(self, uow: UnitOfWork, ticket: Ticket, *, until: datetime) -> None:
        """No nudges until then; no deadline moves."""
        await self._each(uow, ticket, lambda clock: snooze_clock(self.policy, clock, until=until))

    async def merged(self, uow: UnitOfWork, gone: Ticket, into: Ticket, *, at: datetime) -> None:
        """The oldest clock wins: what stays takes the earlier deadline of the two."""
        leaving = [clock for clock in await uow.clocks.of_ticket(gone.id) if clock.state in _ACTIVE]
        await self._each(uow, gone, lambda clock: cancel_clock(clock, at=at))
        for clock in await uow.clocks.of_ticket(into.id):
            earliest = min((c for c in leaving if c.kind is clock.kind), key=lambda c: c.due_at, default=None)
            if clock.state is ClockState.RUNNING and earliest is not None and earliest.due_at < clock.due_at:
                uow.clocks.save(self._takes_over(clock, earliest))

    def _takes_over(self, clock: TicketClock, earlier: TicketClock) -> TicketClock:
        moved = replace(
            clock,
            started_at=earlier.started_at,
            due_at=earlier.due_at,
            target=earlier.target,
            calendar=earlier.calendar,
            priority=earlier.priority,
            generation=clock.generation + 1,
        )
        return replace(moved, next_nudge_at=first_nudge_at(self.policy, moved, self._now()))

    async def due_at(self, uow: UnitOfWork, ticket_id: int) -> datetime | None:
        """The nearest deadline that still runs, None when nothing is owed."""
        running = [c.due_at for c in await uow.clocks.of_ticket(ticket_id) if c.state is ClockState.RUNNING]
        return min(running, default=None)

    def _start(self, kind: ClockKind, ticket: Ticket, *, at: datetime, ordinal: int = 1) -> TicketClock | None:
        return start_clock(
            self.policy, kind=kind, ticket_id=ticket.id, priority=ticket.priority, started_at=at, now=self._now(), ordinal=ordinal
        )

    async def _each(self, uow: UnitOfWork, ticket: Ticket, move: Callable[[TicketClock], TicketClock]) -> None:
        for clock in await uow.clocks.of_ticket(ticket.id):
            if (moved := move(clock)) != clock:
                uow.clocks.save(moved)
