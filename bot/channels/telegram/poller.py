"""Reading from Telegram by long polls: raw updates into the inbox, and only then the offset moves.

The offset lives in the database, in the commit that holds the updates; asking with it is what confirms them. After days of silence
Telegram may start its numbers anew, so an old offset is forgotten rather than used to throw new messages away.
"""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from bot.channels.base import Health
from bot.channels.telegram import parse
from bot.channels.telegram.acts import CHANNEL
from bot.channels.telegram.arrivals import ALLOWED_UPDATES, Arrivals
from bot.channels.telegram.connection import Connection
from bot.channels.telegram.lease import ROUND
from bot.channels.telegram.options import TelegramOptions
from bot.clock import Clock
from bot.ports import Storage, UnitOfWork

_POLL = int(ROUND.total_seconds())
_BATCH = 100
_INSTANT = 0.1
_PAUSE_AFTER_INSTANT = 0.2
_OFFSET_GOOD_FOR = timedelta(days=5)
"""Telegram says: after a week without updates the next number may be any."""


class Poller:
    """See the module. A source for `receiver.Receiver`."""

    def __init__(
        self, *, connection: Connection, options: TelegramOptions, storage: Storage, clock: Clock, health: Health, arrivals: Arrivals
    ) -> None:
        self._connection = connection
        self._storage = storage
        self._clock = clock
        self._health = health
        self._arrivals = arrivals
        self._offset_key = f"{CHANNEL}:offset:{options.bot_id}"
        self._has_answered = False
        # (offset, when it was set) as the database has it; None while another process may have moved it.
        self._cursor: tuple[int, datetime] | None = None

    async def start(self) -> None:
        """A webhook of earlier days is taken away (nothing that waits is dropped): with one, polling is refused."""
        self._has_answered, self._cursor = False, None
        await self._connection.call("deleteWebhook", {})

    async def round(self) -> None:
        """One long poll. Raises what the connection raises: an unreachable server, a refused token, another poller."""
        offset = await self._offset()
        # The first answer comes at once: nobody should have to wait for the end of a long poll to learn that we are connected.
        wait = _POLL if self._has_answered else 0
        parameters: dict[str, Any] = {"timeout": wait, "limit": _BATCH, "allowed_updates": list(ALLOWED_UPDATES)}
        asked_at = asyncio.get_running_loop().time()
        updates = await self._connection.call("getUpdates", parameters | ({"offset": offset} if offset else {}), wait=wait)
        self._has_answered = True
        self._health.up(self._clock.now())
        self._arrivals.is_behind(len(updates) == _BATCH)
        if updates:
            await self._take_in(list(updates), offset)
        elif wait and asyncio.get_running_loop().time() - asked_at < _INSTANT:
            # A server that does not wait, as it should, must not be asked thousands of times a second.
            await asyncio.sleep(_PAUSE_AFTER_INSTANT)

    async def _take_in(self, updates: list[object], offset: int) -> None:
        numbers = [number for update in updates if (number := parse.number_of(update)) is not None]
        following = max(numbers) + 1 if numbers else offset
        await self._arrivals.store(updates, also=partial(self._move, following))
        self._cursor = (following, self._clock.now())
        if not numbers:
            # Nothing in it says how to confirm it: it comes again, and is known.
            await asyncio.sleep(_PAUSE_AFTER_INSTANT)

    def _move(self, offset: int, uow: UnitOfWork, now: datetime) -> None:
        uow.state.set(self._offset_key, {"offset": offset, "at": now.isoformat()})

    async def _offset(self) -> int:
        if self._cursor is None:
            async with self._storage.read() as uow:
                stored = await uow.state.get(self._offset_key)
            if not stored:
                return 0
            self._cursor = (int(stored["offset"]), datetime.fromisoformat(stored["at"]))
        offset, at = self._cursor
        return offset if self._clock.now() - at <= _OFFSET_GOOD_FOR else 0
