"""Keeps the policy in force in step with the closures in the store, in every process, and tells the clients who wait.

A closing is written by the command line, the staff chat or another process; each process finds it here, within a tick.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import structlog

from bot import notices
from bot.model import Closure, Contact, Route, Turn
from bot.ports import Storage, UnitOfWork
from bot.promises import Promises
from bot.sla.closures import closed_during
from bot.texts import moment, translator

CHUNK = 100
PORTION = 50
# A message names so many tickets.
NAMED = 8

log = structlog.get_logger(__name__)


class PolicyKeeper:
    """See the module. `promises` holds the configured policy when this is made."""

    def __init__(self, *, storage: Storage, promises: Promises) -> None:
        self._storage = storage
        self._promises = promises
        self._configured = promises.policy
        self._seen: tuple[tuple[datetime, datetime, str], ...] = ()

    async def refresh(self) -> list[Closure]:
        """Put the closures into the policy, if they changed; all of them."""
        async with self._storage.read() as uow:
            closures = await uow.closures.all()
        seen = tuple((each.starts_at, each.ends_at, each.because) for each in closures if not each.is_void)
        if seen != self._seen:
            self._promises.policy = closed_during(self._configured, closures)
            self._seen = seen
            log.info("closures_changed", count=len(seen))
        return closures

    async def announce(self, closures: list[Closure], now: datetime) -> int:
        """Tell everybody who waits of a closing that was not told yet, each person once; how many were told."""
        told = 0
        for closure in closures:
            if closure.announced_at is None and closure.starts_at <= now < closure.ends_at:
                told += await self._announce(closure, now)
        return told

    async def keep(self, *, every: timedelta) -> None:
        """Refresh for ever: for a process that does not tick."""
        while True:
            await self.refresh()
            await asyncio.sleep(every.total_seconds())

    async def _announce(self, closure: Closure, now: datetime) -> int:
        waiting = list((await self._waiting()).values())
        for at in range(0, len(waiting), PORTION):
            async with self._storage.write() as uow:
                for each in waiting[at : at + PORTION]:
                    await self._tell(uow, closure, each, now)
                await uow.commit()
            await asyncio.sleep(0)
        # Last: cut off before, the next tick does it again, and the keys of the rows keep anybody from hearing it twice.
        async with self._storage.write() as uow:
            await uow.closures.announced(closure.id, at=now)
            await uow.commit()
        log.info("closure_announced", closure_id=closure.id, told=len(waiting))
        return len(waiting)

    async def _waiting(self) -> dict[int, _Waiting]:
        """Who waits for a word of ours, by contact; the place is that of the newest ticket."""
        found: dict[int, _Waiting] = {}
        after_id = 0
        while True:
            async with self._storage.read() as uow:
                clocks = await uow.clocks.running(after_id=after_id, limit=CHUNK)
                tickets = await uow.tickets.get_many(sorted({clock.ticket_id for clock in clocks}))
            if not clocks:
                return found
            for ticket in tickets:
                if ticket.is_open and ticket.turn is Turn.STAFF and ticket.route is not None:
                    known = found.get(ticket.contact_id)
                    numbers = {*(known.numbers if known else ()), ticket.id}
                    found[ticket.contact_id] = _Waiting(contact_id=ticket.contact_id, route=ticket.route, numbers=tuple(sorted(numbers)))
            after_id = clocks[-1].id
            await asyncio.sleep(0)

    async def _tell(self, uow: UnitOfWork, closure: Closure, waiting: _Waiting, now: datetime) -> None:
        contact = await uow.people.contact(waiting.contact_id) or Contact(id=waiting.contact_id, name="")
        say, zone = translator(contact.language), ZoneInfo(self._promises.policy.desk_calendar.zone)
        numbers = ", ".join(f"№{number}" for number in waiting.numbers[:NAMED]) + (" …" if len(waiting.numbers) > NAMED else "")
        text = say("Ми тимчасово не працюємо до {at}: {because}. Звернення {numbers} у черзі: відповімо, щойно відновимо роботу.").format(
            at=moment(closure.ends_at, zone=zone, language=contact.language, now=now), because=closure.because, numbers=numbers
        )
        row = notices.say(waiting.route, text, cause=f"closure:{closure.id}", language=contact.language, now=now)
        key = f"closure:{closure.id}:contact:{contact.id}"
        uow.outbox.add(replace(row, key=key, ticket_ids=waiting.numbers if len(waiting.numbers) == 1 else ()))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Waiting:
    """A person, where they are reached, and their tickets that wait for us."""

    contact_id: int
    route: Route
    numbers: tuple[int, ...]
