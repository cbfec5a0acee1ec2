"""Which of a ticket's clocks start, move and stop when something happens to it: the desk's side of the SLA (DESIGN 6).

The arithmetic is in `bot.sla.clocks`, row to row; here the rows are found and saved, inside the desk's unit of work.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from bot.model import BOT, Client, ClockKind, ClockState, Event, Ticket, TicketClock
from bot.ports import UnitOfWork
from bot.sla.clocks import (
    ACTIVE,
    cancel_clock,
    claim_clock,
    meet_clock,
    pause_clock,
    reprice_clock,
    resume_clock,
    snooze_clock,
    start_clock,
)
from bot.sla.policy import Policy
from bot.sla.reminders import first_nudge_at, next_rung_at
from bot.sla.rules import Subject

_ON_THE_STAFF = (ClockKind.REACTION, ClockKind.NEXT_ANSWER)


class Promises:
    """See the module. `policy` may be replaced while the desk runs (a calendar was edited)."""

    def __init__(self, policy: Policy, *, now: Callable[[], datetime]) -> None:
        self.policy = policy
        self._now = now

    async def opened(self, uow: UnitOfWork, ticket: Ticket, *, met_at: datetime | None = None) -> datetime | None:
        """Start what a new ticket promises, from its receipt; returns the reaction's deadline.

        `met_at`: a person took the call, the reaction is born met.
        """
        due_at = None
        subject = await self.subject(uow, ticket)
        for kind in (ClockKind.REACTION, ClockKind.SOLUTION):
            clock = self._start(kind, ticket, subject, at=ticket.received_at)
            if clock is None:
                continue
            if kind is ClockKind.REACTION:
                due_at = clock.due_at
                clock = meet_clock(clock, at=met_at) if met_at else clock
            uow.clocks.add(clock)
        return due_at

    async def subject(self, uow: UnitOfWork, ticket: Ticket) -> Subject:
        """What the promises to a ticket depend on. The client is asked for only where some rule names one."""
        client = await uow.people.client(ticket.client_id) if self.policy.names_people and ticket.client_id else None
        return subject_of(ticket, client)

    async def client_spoke(self, uow: UnitOfWork, ticket: Ticket, *, at: datetime) -> None:
        """The client answered a ticket that waited for them, or reopened it: the next answer is promised from that word on, and a solution
        that paused goes on."""
        clocks = await uow.clocks.of_ticket(ticket.id)
        subject = await self.subject(uow, ticket)
        for clock in clocks:
            if clock.state is ClockState.PAUSED:
                resumed = resume_clock(self.policy, clock, subject, at=at, now=self._now())
                uow.clocks.save(resumed)
                _tell(uow, resumed, "clock_resumed", at=self._now(), since=at.isoformat(), due_at=resumed.due_at.isoformat())
        if any(clock.kind in _ON_THE_STAFF and clock.state is ClockState.RUNNING for clock in clocks):
            return
        earlier = sum(clock.kind is ClockKind.NEXT_ANSWER for clock in clocks)
        if started := self._start(ClockKind.NEXT_ANSWER, ticket, subject, at=at, ordinal=earlier + 1):
            uow.clocks.add(started)

    async def staff_spoke(self, uow: UnitOfWork, ticket: Ticket, *, at: datetime) -> None:
        """A human word to the client: reaction and next answer are met (R10), a solution waits for the client's word."""

        def move(clock: TicketClock) -> TicketClock:
            return meet_clock(clock, at=at) if clock.kind in _ON_THE_STAFF else pause_clock(clock, at=at)

        for clock in await self._each(uow, ticket, move):
            if clock.state is ClockState.PAUSED:
                _tell(uow, clock, "clock_paused", at=at)

    async def claimed(self, uow: UnitOfWork, ticket: Ticket, *, at: datetime) -> None:
        """Somebody took it and the client is told so: the ladder goes on to the claimer alone."""
        await self._each(uow, ticket, lambda clock: claim_clock(self.policy, clock, at=at))

    async def standing(self, uow: UnitOfWork, ticket_id: int) -> dict[str, Any]:
        """The clocks that a word of staff may move, as JSON by their ids; for `taken_back`."""
        return {
            str(clock.id): {"state": clock.state.value, "met_at": clock.met_at.isoformat() if clock.met_at else None}
            for clock in await uow.clocks.of_ticket(ticket_id)
            if clock.state in ACTIVE
        }

    async def taken_back(self, uow: UnitOfWork, ticket: Ticket, standing: Mapping[str, Any]) -> None:
        """A word of staff was never said: what it met goes on running, what it paused goes on as if it never had."""
        now, subject = self._now(), await self.subject(uow, ticket)
        for clock in await uow.clocks.of_ticket(ticket.id):
            was = standing.get(str(clock.id))
            if was is None or clock.state.value == was["state"]:
                continue
            if clock.state is ClockState.PAUSED:
                uow.clocks.save(resume_clock(self.policy, clock, subject, at=clock.pauses[-1][0], now=now))
                continue
            met_at = datetime.fromisoformat(was["met_at"]) if was["met_at"] else None
            running = replace(clock, state=ClockState(was["state"]), met_at=met_at)
            uow.clocks.save(replace(running, next_nudge_at=first_nudge_at(self.policy, running, now)))

    async def ended(self, uow: UnitOfWork, ticket: Ticket, *, at: datetime, is_met: bool, is_solved: bool) -> None:
        """Closed or handed over: met when staff told the client, cancelled when nothing is owed any more. A solution is met by being one,
        whoever says so."""

        def move(clock: TicketClock) -> TicketClock:
            is_kept = is_solved if clock.kind is ClockKind.SOLUTION else is_met
            return meet_clock(clock, at=at) if is_kept else cancel_clock(clock, at=at)

        await self._each(uow, ticket, move)

    async def repriced(self, uow: UnitOfWork, ticket: Ticket, *, now: datetime, because: str = "priority") -> None:
        """The priority, the category or the client (`because`) changed: deadlines follow (stricter: never born breached; else receipt plus
        the new time)."""
        subject = await self.subject(uow, ticket)
        before = {clock.id: clock for clock in await uow.clocks.of_ticket(ticket.id)}
        for moved in await self._each(uow, ticket, lambda clock: reprice_clock(self.policy, clock, subject, now=now)):
            _tell_moved(uow, before[moved.id], moved, at=now, because=because)

    async def snoozed(self, uow: UnitOfWork, ticket: Ticket, *, until: datetime) -> None:
        """No nudges until then; no deadline moves."""
        await self._each(uow, ticket, lambda clock: snooze_clock(self.policy, clock, until=until))

    async def woken(self, uow: UnitOfWork, ticket: Ticket) -> None:
        """A snooze ended before its time: the next rung of each ladder is as if there had been none."""
        now = self._now()

        def move(clock: TicketClock) -> TicketClock:
            return replace(clock, next_nudge_at=next_rung_at(self.policy, clock, after=now)) if clock.state in ACTIVE else clock

        await self._each(uow, ticket, move)

    async def merged(self, uow: UnitOfWork, gone: Ticket, into: Ticket, *, at: datetime) -> None:
        """The oldest clock wins: what stays takes the earlier deadline of the two."""
        leaving = [clock for clock in await uow.clocks.of_ticket(gone.id) if clock.state in ACTIVE]
        await self._each(uow, gone, lambda clock: cancel_clock(clock, at=at))
        for clock in await uow.clocks.of_ticket(into.id):
            earliest = min((c for c in leaving if c.kind is clock.kind), key=lambda c: c.due_at, default=None)
            if clock.state is ClockState.RUNNING and earliest is not None and earliest.due_at < clock.due_at:
                moved = self._takes_over(clock, earliest)
                uow.clocks.save(moved)
                _tell_moved(uow, clock, moved, at=at, because="merged")

    def _takes_over(self, clock: TicketClock, earlier: TicketClock) -> TicketClock:
        moved = replace(
            clock,
            started_at=earlier.started_at,
            due_at=earlier.due_at,
            target=earlier.target,
            calendar=earlier.calendar,
            priority=earlier.priority,
            terms=earlier.terms,
            pauses=earlier.pauses,
            generation=clock.generation + 1,
        )
        return replace(moved, next_nudge_at=first_nudge_at(self.policy, moved, self._now()))

    async def due_at(self, uow: UnitOfWork, ticket_id: int) -> datetime | None:
        """The nearest deadline that still runs, None when nothing is owed."""
        running = [c.due_at for c in await uow.clocks.of_ticket(ticket_id) if c.state is ClockState.RUNNING]
        return min(running, default=None)

    def _start(self, kind: ClockKind, ticket: Ticket, subject: Subject, *, at: datetime, ordinal: int = 1) -> TicketClock | None:
        return start_clock(self.policy, kind=kind, ticket_id=ticket.id, subject=subject, started_at=at, now=self._now(), ordinal=ordinal)

    async def _each(self, uow: UnitOfWork, ticket: Ticket, move: Callable[[TicketClock], TicketClock]) -> list[TicketClock]:
        """Those that moved, as they are now."""
        found = []
        for clock in await uow.clocks.of_ticket(ticket.id):
            if (moved := move(clock)) != clock:
                uow.clocks.save(moved)
                found.append(moved)
        return found


def subject_of(ticket: Ticket, client: Client | None) -> Subject:
    """`client` None: nobody knows them, or no rule asks."""
    return Subject(
        priority=ticket.priority,
        category=ticket.category,
        channel=ticket.channel,
        client=client.name if client else "",
        plan=client.plan.name if client and client.plan else "",
    )


def _tell_moved(uow: UnitOfWork, before: TicketClock, after: TicketClock, *, at: datetime, because: str) -> None:
    if after.due_at != before.due_at:
        instants = {"from": before.due_at.isoformat(), "to": after.due_at.isoformat()}
        _tell(uow, after, "clock_moved", at=at, because=because, **instants)


def _tell(uow: UnitOfWork, clock: TicketClock, kind: str, *, at: datetime, because: str = "", **data: str) -> None:
    """A line in the ticket's history."""
    facts = {"clock_id": clock.id, "clock": clock.kind.value, **data}
    uow.tickets.add_event(Event(ticket_id=clock.ticket_id, kind=kind, actor=BOT, at=at, because=because, data=facts))
