"""Once a day what has run out is swept away: leases, tokens of links and sessions, keys of forms. None of it means anything any more.

In short transactions, so that nobody waits; several processes may sweep at once.
"""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import structlog

from bot.ports import Storage

SWEPT = "swept_at"
EVERY = timedelta(days=1)
PORTION = 500

log = structlog.get_logger(__name__)


class Housekeeper:
    """See the module."""

    def __init__(self, *, storage: Storage) -> None:
        self._storage = storage
        self._swept_at: datetime | None = None

    async def sweep(self, now: datetime) -> int:
        """How many rows went, 0 when it was done today. Raises Transient when the store is busy; the next tick goes on."""
        if self._swept_at is not None and self._swept_at <= now < self._swept_at + EVERY:
            return 0
        async with self._storage.read() as uow:
            known = await uow.state.get(SWEPT)
        swept_at = datetime.fromisoformat(known) if known else None
        if swept_at is not None and swept_at <= now < swept_at + EVERY:
            self._swept_at = swept_at
            return 0
        gone = await self._sweep_all(now)
        self._swept_at = now
        log.info("swept", rows=gone)
        return gone

    async def _sweep_all(self, now: datetime) -> int:
        gone = 0
        while True:
            async with self._storage.write() as uow:
                found = await uow.state.sweep(now=now, limit=PORTION)
                if not found:
                    uow.state.set(SWEPT, now.isoformat())
                await uow.commit()
            gone += found
            if not found:
                return gone
            await asyncio.sleep(0)
