"""Running clocks after a change of calendars or promises: a holiday was added, hours or targets were edited, a client got another plan, or
the zone's own rules changed with a new tzdata.

Whether anything changed is seen from a fingerprint in the store, so an ordinary start costs one read. Chunks are short transactions,
and a run that is cut off is simply done again: recomputing twice changes nothing.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import structlog

from bot.model import BOT, Client, Event, Ticket, TicketClock
from bot.ports import Storage, UnitOfWork
from bot.promises import subject_of
from bot.sla.clocks import recompute_clock
from bot.sla.policy import Policy
from bot.sla.rules import Subject

FINGERPRINT = "sla_calendars"
CHUNK = 100
# So many are computed before others get their turn on the event loop.
BREATH = 20
# The offsets of a zone are sampled by the week; three years hold every rule that a running clock can meet.
SAMPLED = timedelta(days=3 * 366)

log = structlog.get_logger(__name__)


def fingerprint(policy: Policy, *, year: int, clients: Sequence[Client] = ()) -> str:
    """Changes with the calendars, with the offsets that their zones have from this year on, with what is promised, and with the plans of
    the clients where a rule asks for them."""
    parts = [repr((name, calendar.zone, calendar.weekly, calendar.exceptions)) for name, calendar in sorted(policy.calendars.items())]
    start = datetime(year, 1, 1, tzinfo=UTC)
    for calendar in {each.zone: each for each in policy.calendars.values()}.values():
        parts += [str(calendar.local(start + timedelta(weeks=week)).utcoffset()) for week in range(SAMPLED // timedelta(weeks=1))]
    promises = (policy.reaction, policy.next_answer, policy.solution)
    parts += [repr(sorted(each.items())) if each is not None else "" for each in promises]
    parts += [repr((rule.name, sorted(rule.targets.items()), rule)) for rule in policy.rules]
    if policy.names_people:
        parts.append(names_of(clients))
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def names_of(clients: Sequence[Client]) -> str:
    """Changes with what rules may ask of clients."""
    return repr([(client.id, client.name, client.plan.name if client.plan else "") for client in sorted(clients, key=lambda each: each.id)])


async def recompute_if_changed(storage: Storage, policy: Policy, *, now: datetime) -> int:
    """Recompute all running clocks when calendars and promises are not those of last time; how many moved."""
    async with storage.read() as uow:
        clients = await uow.people.clients() if policy.names_people else []
        current = fingerprint(policy, year=now.year, clients=clients)
        if await uow.state.get(FINGERPRINT) == current:
            return 0
    moved = await recompute_all(storage, policy, now=now)
    async with storage.write() as uow:
        uow.state.set(FINGERPRINT, current)
        await uow.commit()
    log.info("clocks_recomputed", moved=moved)
    return moved


async def recompute_all(storage: Storage, policy: Policy, *, now: datetime) -> int:
    """Every running clock by the policy's calendars and promises, chunk by chunk, yielding between chunks; how many moved."""
    moved, after_id = 0, 0
    clients: dict[int, Client] = {}
    if policy.names_people:
        async with storage.read() as uow:
            clients = {client.id: client for client in await uow.people.clients()}
    again = _Again(policy=policy, clients=clients, now=now)
    while True:
        async with storage.read() as uow:
            clocks = await uow.clocks.running(after_id=after_id, limit=CHUNK)
            # Without rules a promise depends on the priority alone, which the clock knows.
            tickets = await _tickets_of(uow, clocks) if policy.rules else {}
        if not clocks:
            return moved
        # Nothing is locked for a look; most edits of a calendar concern few of the clocks.
        stale: dict[int, _Moved] = {}
        for number, clock in enumerate(clocks, start=1):
            if (after := again.clock(clock, tickets.get(clock.ticket_id))) != clock:
                stale[clock.id] = _Moved(before=clock, after=after)
            if number % BREATH == 0:
                await asyncio.sleep(0)
        if stale:
            moved += await _recompute_chunk(storage, again, stale)
        after_id = clocks[-1].id
        await asyncio.sleep(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Again:
    """One run of it: what it goes by."""

    policy: Policy
    clients: Mapping[int, Client]
    now: datetime

    def clock(self, clock: TicketClock, ticket: Ticket | None, *, snoozed_until_at: datetime | None = None) -> TicketClock:
        if ticket is None:
            subject = Subject(priority=clock.priority)
        else:
            subject = replace(subject_of(ticket, self.clients.get(ticket.client_id or 0)), priority=clock.priority)
        return recompute_clock(self.policy, clock, subject, now=self.now, snoozed_until_at=snoozed_until_at)


async def _tickets_of(uow: UnitOfWork, clocks: Sequence[TicketClock]) -> dict[int, Ticket]:
    return {ticket.id: ticket for ticket in await uow.tickets.get_many([clock.ticket_id for clock in clocks])}


@dataclass(frozen=True, slots=True)
class _Moved:
    """A row as it was looked at, and what becomes of it if it is still so."""

    before: TicketClock
    after: TicketClock


async def _recompute_chunk(storage: Storage, again: _Again, stale: Mapping[int, _Moved]) -> int:
    """Looks at the rows again under lock, for they may have been met meanwhile; those in other hands are waited for one by one."""
    async with storage.write() as uow:
        locked = [clock for clock in await uow.clocks.running(after_id=min(stale) - 1, limit=CHUNK) if clock.id in stale]
        tickets = await _tickets_of(uow, locked)
        moved = 0
        for clock in locked:
            ticket, seen = tickets.get(clock.ticket_id), stale[clock.id]
            if clock == seen.before and (ticket is None or ticket.snoozed_until_at is None):
                moved += _save(uow, clock, seen.after, again.now)
            else:
                moved += _save_if_moved(uow, again, clock, ticket)
        await uow.commit()
    left = set(stale) - {clock.id for clock in locked}
    for ticket_id in sorted({stale[clock_id].before.ticket_id for clock_id in left}):
        moved += await _recompute_ticket(storage, again, ticket_id)
    return moved


async def _recompute_ticket(storage: Storage, again: _Again, ticket_id: int) -> int:
    """Locks the ticket before its clocks, as the desk's verbs do."""
    async with storage.write() as uow:
        ticket = await uow.tickets.get(ticket_id)
        moved = sum(_save_if_moved(uow, again, clock, ticket) for clock in await uow.clocks.of_ticket(ticket_id))
        await uow.commit()
    return moved


def _save_if_moved(uow: UnitOfWork, again: _Again, clock: TicketClock, ticket: Ticket | None) -> bool:
    after = again.clock(clock, ticket, snoozed_until_at=ticket.snoozed_until_at if ticket else None)
    return after != clock and _save(uow, clock, after, again.now)


def _save(uow: UnitOfWork, clock: TicketClock, after: TicketClock, now: datetime) -> bool:
    """Always true: for counting. A deadline that moves is told in the ticket's history, and why."""
    uow.clocks.save(after)
    if after.due_at != clock.due_at:
        because = "calendar" if after.terms == clock.terms else "policy"
        data = {"clock_id": clock.id, "clock": clock.kind.value, "from": clock.due_at.isoformat(), "to": after.due_at.isoformat()}
        uow.tickets.add_event(Event(ticket_id=clock.ticket_id, kind="clock_moved", actor=BOT, at=now, because=because, data=data))
    return True
