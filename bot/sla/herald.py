"""Says the morning digest to the staff chat and the week's summary to the leads, each once a day (`bot.sla.summaries` says when and what).

Once means a row of the outbox whose key is the day: two processes, a restart or a clock set back change nothing.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, time, timedelta

import structlog

from bot import notices
from bot.model import Route
from bot.notices import StaffRoutes
from bot.ports import Storage
from bot.promises import Promises
from bot.sla.ledger import read_report
from bot.sla.summaries import NAMED, day_of, is_time, monday_of, morning, morning_slot, week, week_slot

log = structlog.get_logger(__name__)

Body = dict[str, object]


class Herald:
    """See the module. `morning_at` and `week_at` are times of the desk's wall clock; None: never."""

    def __init__(self, *, storage: Storage, promises: Promises, staff: StaffRoutes, morning_at: time | None, week_at: time | None) -> None:
        self._storage = storage
        self._promises = promises
        self._staff = staff
        self._morning_at = morning_at
        self._week_at = week_at
        self._said: dict[str, str] = {}

    async def sweep(self, now: datetime) -> int:
        """Say what is due and was not said today; how many messages. Raises Transient when the store is busy."""
        desk = self._promises.policy.desk_calendar
        told = 0
        if self._morning_at is not None:
            told += await self._say("morning", morning_slot(desk, self._morning_at, now), self._staff.desk, self._morning, now)
        if self._week_at is not None:
            told += await self._say("week", week_slot(desk, self._week_at, now), self._staff.leads, self._week, now)
        return told

    async def _say(
        self, what: str, slot: datetime | None, routes: Sequence[Route], tell: Callable[[datetime], Awaitable[Body]], now: datetime
    ) -> int:
        today = day_of(self._promises.policy.desk_calendar, now).isoformat()
        key = f"summary:{what}"
        if self._said.get(what) == today:
            return 0
        if self._said.get(what) is None:
            async with self._storage.read() as uow:
                known = await uow.state.get(key)
            if known is None:
                # A desk that is new today has nothing to look back on: its first summary is the next one.
                known = today if slot is not None and slot <= now else ""
                await self._keep(what, key, known, [], now, {})
            self._said[what] = known
        if self._said[what] == today or not is_time(self._promises.policy.desk_calendar, slot, now):
            return 0
        return await self._keep(what, key, today, routes, now, await tell(now))

    async def _keep(self, what: str, key: str, day: str, routes: Sequence[Route], now: datetime, body: Body) -> int:
        rows = notices.summary(routes, body, cause=f"{key}:{day}", now=now)
        async with self._storage.write() as uow:
            for row in rows:
                uow.outbox.add(row)
            uow.state.set(key, day)
            await uow.commit()
        self._said[what] = day
        if rows:
            log.info("summary_said", what=what, day=day, messages=len(rows))
        return len(rows)

    async def _morning(self, now: datetime) -> Body:
        desk = self._promises.policy.desk_calendar
        midnight = desk.local(now).replace(hour=0, minute=0, second=0, microsecond=0)
        until = midnight + timedelta(days=1)
        async with self._storage.read() as uow:
            standing = await uow.tickets.standing(now=now, since=midnight)
            queue = await uow.tickets.queue(limit=NAMED)
            due_today = await uow.clocks.due_between(since=now, until=until)
        return morning(standing, queue, due_today=due_today, now=now, until=until)

    async def _week(self, now: datetime) -> Body:
        policy = self._promises.policy
        monday = monday_of(policy.desk_calendar, now)
        async with self._storage.read() as uow:
            standing = await uow.tickets.standing(now=now, since=monday)
        return week(await read_report(self._storage, policy, since=monday, until=now, now=now), standing)
