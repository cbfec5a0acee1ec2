"""Running clocks after a change of calendars: a holiday was added, hours were edited, or the zone's own rules changed with a new tzdata.

Whether anything changed is seen from a fingerprint in the store, so an ordinary start costs one read. Chunks are short transactions,
and a run that is cut off is simply done again: recomputing twice changes nothing.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog

from bot.model import BOT, Event, Ticket, TicketClock
from bot.ports import Storage, UnitOfWork
from bot.sla.clocks import recompute_clock
from bot.sla.policy import Policy

FINGERPRINT = "sla_calendars"
CHUNK = 100
# So many are computed before others get their turn on the event loop.
BREATH = 20
# The offsets of a zone are sampled by the week; three years hold every rule that a running clock can meet.
SAMPLED = timedelta(days=3 * 366)

log = structlog.get_logger(__name__)


def fingerprint(policy: Policy, *, year: int) -> str:
    """Changes with the calendars, and with the offsets that their zones have from this year on."""
    parts = [repr((name, calendar.zone, calendar.weekly, calendar.exceptions)) for name, calendar in sorted(policy.calendars.items())]
    start = datetime(year, 1, 1, tzinfo=UTC)
    for calendar in {each.zone: each for each in policy.calendars.values()}.values():
        parts += [str(calendar.local(start + timedelta(weeks=week)).utcoffset()) for week in range(SAMPLED // timedelta(weeks=1))]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


async def recompute_if_changed(storage: Storage, policy: Policy, *, now: datetime) -> int:
    """Recompute all running clocks when the calendars are not those of last time; how many moved."""
    current = fingerprint(policy, year=now.year)
    async with storage.read() as uow:
        if await uow.state.get(FINGERPRINT) == current:
            return 0
    moved = await recompute_all(storage, policy, now=now)
    async with storage.write() as uow:
        uow.state.set(FINGERPRINT, current)
        await uow.commit()
    log.info("clocks_recomputed", moved=moved)
    return moved


async def recompute_all(storage: Storage, policy: Policy, *, now: datetime) -> int:
    """Every running clock by the policy's calendars, chunk by chunk, yielding between chunks; how many moved."""
    moved, after_id = 0, 0
    while True:
        async with storage.read() as uow:
            clocks = await uow.clocks.running(after_id=after_id, limit=CHUNK)
        if not clocks:
            return moved
        # Nothing is locked for a look; most edits of a calendar concern few of the clocks.
        stale: dict[int, _Moved] = {}
        for number, clock in enumerate(clocks, start=1):
            if (again := recompute_clock(policy, clock, now=now)) != clock:
                stale[clock.id] = _Moved(before=clock, after=again)
            if number % BREATH == 0:
                await asyncio.sleep(0)
        if stale:
            moved += await _recompute_chunk(storage, policy, stale, now=now)
        after_id = clocks[-1].id
        await asyncio.sleep(0)


@dataclass(frozen=True, slots=True)
class _Moved:
    """A row as it was looked at, and what becomes of it if it is still so."""

    before: TicketClock
    after: TicketClock


async def _recompute_chunk(storage: Storage, policy: Policy, stale: Mapping[int, _Moved], *, now: datetime) -> int:
    """Looks at the rows again under lock, for they may have been met meanwhile; those in other hands are waited for one by one."""
    async with storage.write() as uow:
        locked = [clock for clock in await uow.clocks.running(after_id=min(stale) - 1, limit=CHUNK) if clock.id in stale]
        tickets = {ticket.id: ticket for ticket in await uow.tickets.get_many([clock.ticket_id for clock in locked])}
        moved = 0
        for clock in locked:
            ticket, seen = tickets.get(clock.ticket_id), stale[clock.id]
            if clock == seen.before and (ticket is None or ticket.snoozed_until_at is None):
                moved += _save(uow, clock, seen.after, now)
            else:
                moved += _save_if_moved(uow, policy, clock, ticket, now)
        await uow.commit()
    left = set(stale) - {clock.id for clock in locked}
    for ticket_id in sorted({stale[clock_id].before.ticket_id for clock_id in left}):
        moved += await _recompute_ticket(storage, policy, ticket_id, now=now)
    return moved


async def _recompute_ticket(storage: Storage, policy: Policy, ticket_id: int, *, now: datetime) -> int:
    """Locks the ticket before its clocks, as the desk's verbs do."""
    async with storage.write() as uow:
        ticket = await uow.tickets.get(ticket_id)
        moved = sum(_save_if_moved(uow, policy, clock, ticket, now) for clock in await uow.clocks.of_ticket(ticket_id))
        await uow.commit()
    return moved


def _save_if_moved(uow: UnitOfWork, policy: Policy, clock: TicketClock, ticket: Ticket | None, now: datetime) -> bool:
    again = recompute_clock(policy, clock, now=now, snoozed_until_at=ticket.snoozed_until_at if ticket else None)
    return again != clock and _save(uow, clock, again, now)


def _save(uow: UnitOfWork, clock: TicketClock, again: TicketClock, now: datetime) -> bool:
    """Always true: for counting. A deadline that moves is told in the ticket's history."""
    uow.clocks.save(again)
    if again.due_at != clock.due_at:
        data = {"clock_id": clock.id, "clock": clock.kind.value, "from": clock.due_at.isoformat(), "to": again.due_at.isoformat()}
        uow.tickets.add_event(Event(ticket_id=clock.ticket_id, kind="clock_moved", actor=BOT, at=now, because="calendar", data=data))
    return True
