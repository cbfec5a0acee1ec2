"""What a Telegram channel does while it receives: introduce the bot, and keep the one source of updates going, by lease."""

from __future__ import annotations

import asyncio
from typing import Protocol

from bot.channels.base import Health
from bot.channels.telegram.connection import Connection
from bot.channels.telegram.lease import Lease
from bot.channels.telegram.selfcheck import introduce
from bot.errors import BotError

_STANDBY_PAUSE = 5.0


class Source(Protocol):
    """Where updates come from: `poller.Poller` or `hook.Hook`."""

    async def start(self) -> None:
        """Called when this process has taken the lease."""
        ...

    async def round(self) -> None:
        """A while of work, no longer than `lease.ROUND`."""
        ...


class Receiver:
    """See the module."""

    def __init__(self, *, source: Source, connection: Connection, lease: Lease, health: Health) -> None:
        self._source = source
        self._connection = connection
        self._lease = lease
        self._health = health
        self._troubles: tuple[BotError, ...] = ()

    async def run(self) -> None:
        """Work until cancelled. Raises what the source and the connection raise."""
        if self._health.state == "off":
            self._health.state = "starting"
        self._health.facts["username"], self._troubles = await introduce(self._connection)
        is_ours = False
        try:
            while True:
                was_ours, is_ours = is_ours, await self._lease.holds()
                if not is_ours:
                    self._health.trouble("Повідомлення Telegram читає інший процес цієї служби.", state="running")
                    await asyncio.sleep(_STANDBY_PAUSE)
                    continue
                if not was_ours:
                    await self._source.start()
                await self._source.round()
                self._show_troubles()
        finally:
            await self._lease.give_back()

    def _show_troubles(self) -> None:
        """Connected; and if a staff chat cannot be served as it should, what to do about it."""
        if self._troubles and self._health.state == "running":
            self._health.trouble(*self._troubles, state="degraded")
