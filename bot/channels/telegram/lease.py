"""One process of many reads from Telegram, by lease; the others stand by and take over."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import datetime, timedelta

from bot.clock import Clock
from bot.errors import BotError
from bot.ports import Storage

# After a crash another process waits this long at most.
_LASTS = timedelta(seconds=45)
ROUND = timedelta(seconds=25)
"""How long a round of work under the lease may take."""
_RENEW_BEFORE = ROUND + timedelta(seconds=11)


class Lease:
    """See the module. `owner` is this process's name in it."""

    def __init__(self, *, name: str, owner: str, storage: Storage, clock: Clock) -> None:
        self._name = name
        self._owner = owner
        self._storage = storage
        self._clock = clock
        self._ends_at: datetime | None = None

    async def holds(self) -> bool:
        """Whether this process may work now; renews in time, so that a round never outlasts the lease."""
        now = self._clock.now()
        if self._ends_at is not None and self._ends_at - now > _RENEW_BEFORE:
            return True
        until = now + _LASTS
        async with self._storage.write() as uow:
            held = await uow.state.take_lease(self._name, owner=self._owner, now=now, until=until)
            await uow.commit()
        self._ends_at = until if held else None
        return held

    async def give_back(self) -> None:
        """Let another process go on at once; a second is enough for that at a stop."""
        if self._ends_at is None:
            return
        self._ends_at = None
        with contextlib.suppress(TimeoutError, BotError):
            async with asyncio.timeout(1), self._storage.write() as uow:
                await uow.state.give_lease(self._name, owner=self._owner)
                await uow.commit()
