"""Clients who owe an answer (R7): a reminder after some working days, and, where the desk wants it, closing with a notice after some more.

Nothing is scheduled: who has waited long enough is asked of the store, in working hours only. The desk's verbs look at each ticket again
under its lock, so two processes, a restart or a clock set back remind and close once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import structlog

from bot.desk import Desk
from bot.errors import Rejected, Transient
from bot.model import Ticket
from bot.ports import Storage, UnitOfWork
from bot.promises import Promises
from bot.sla.calendars import round_the_clock
from bot.sla.hours import Calendar

# Days are waited for, so a minute is soon enough; a backlog goes out in portions that a chat or a mail server takes well.
SWEEP_EVERY = timedelta(minutes=1)
PORTION = 25
# A ticket that cannot be reminded or closed is a bug; it is tried again this much later.
SET_ASIDE_FOR = timedelta(hours=1)

log = structlog.get_logger(__name__)


class WaitingClients:
    """See the module. `remind_after` and `close_after` are working days of 24 hours from our last word; zero is never."""

    def __init__(self, *, storage: Storage, desk: Desk, promises: Promises, remind_after: timedelta, close_after: timedelta) -> None:
        self._storage = storage
        self._desk = desk
        self._promises = promises
        self._remind_after = remind_after
        self._close_after = close_after
        self._swept_at: datetime | None = None
        self._days: tuple[Calendar, Calendar] | None = None
        # Tickets that failed and until when they are left out: asked for again each time, a portion of them would starve all others.
        self._set_aside: dict[int, datetime] = {}

    async def sweep(self, now: datetime) -> int:
        """Remind and close whose time has come, a portion of each; how many tickets changed. Raises Transient when the store is busy."""
        desk = self._promises.policy.desk_calendar
        is_early = self._swept_at is not None and self._swept_at <= now < self._swept_at + SWEEP_EVERY
        if is_early or not self._remind_after or not desk.is_open(now):
            return 0
        days = self._working_days(desk)
        self._set_aside = {ticket_id: until for ticket_id, until in self._set_aside.items() if now < until <= now + SET_ASIDE_FOR}
        done = 0
        if self._close_after:
            # Counted from the reminder: nobody is closed upon who was not warned so long before.
            before = days.before(now, self._close_after - self._remind_after)
            done += await self._each(await self._reminded(before), self._close, now)
        before = days.before(now, self._remind_after)
        done += await self._each(await self._unreminded(before), lambda uow, number: self._remind(uow, number, days, now), now)
        self._swept_at = now
        return done

    async def _unreminded(self, before: datetime | None) -> list[int]:
        async with self._storage.read() as uow:
            found = await uow.tickets.awaiting_client(before=before, limit=PORTION + len(self._set_aside)) if before else []
        return self._portion(found)

    async def _reminded(self, before: datetime | None) -> list[int]:
        async with self._storage.read() as uow:
            found = await uow.tickets.reminded_clients(before=before, limit=PORTION + len(self._set_aside)) if before else []
        return self._portion(found)

    def _portion(self, found: list[Ticket]) -> list[int]:
        return [ticket.id for ticket in found if ticket.id not in self._set_aside][:PORTION]

    async def _each(self, ticket_ids: list[int], change: Callable[[UnitOfWork, int], Awaitable[object]], now: datetime) -> int:
        """A transaction each. Somebody was faster: fine. A bug in one ticket must not keep the others waiting."""
        done = 0
        for ticket_id in ticket_ids:
            try:
                async with self._storage.write() as uow:
                    await change(uow, ticket_id)
                    await uow.commit()
                done += 1
            except Rejected:
                log.info("waiting_client_changed", ticket_id=ticket_id)
            except Transient:
                raise
            except Exception:
                # The tick, whose part this is, would come to the same ticket first each time: those behind it would wait for ever.
                self._set_aside[ticket_id] = now + SET_ASIDE_FOR
                log.exception("waiting_client_failed", ticket_id=ticket_id)
            await asyncio.sleep(0)
        return done

    async def _remind(self, uow: UnitOfWork, ticket_id: int, days: Calendar, now: datetime) -> None:
        closes_at = days.deadline(now, self._close_after - self._remind_after) if self._close_after else None
        await self._desk.remind_client(uow, ticket_id, closes_at=closes_at)

    async def _close(self, uow: UnitOfWork, ticket_id: int) -> None:
        await self._desk.close_unanswered(uow, ticket_id, waited=self._close_after)

    def _working_days(self, desk: Calendar) -> Calendar:
        """The desk's working days round the clock; made once for each calendar, which remembers the days it worked out."""
        if self._days is None or self._days[0] is not desk:
            self._days = (desk, round_the_clock(desk))
        return self._days[1]
