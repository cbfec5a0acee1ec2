"""What is done once after a commit and may fail without harm: toasts, reactions, buttons taken away.

None of it is a promise: what must be heard is in the outbox. A 429 silences all of it for as long as Telegram asks.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import structlog

from bot.channels.telegram.acts import Effect
from bot.channels.telegram.budget import Budget
from bot.channels.telegram.connection import Connection
from bot.errors import BotError, RateLimited

_AT_ONCE = 8
_MOST_WAITING = 200
"""More than this at once is a flood: the newest are left out."""

log = structlog.get_logger(__name__)


class Afterwards:
    """Effects wait by inbox row until a commit touches the inbox; a row that was rolled back and done again keeps only its last ones."""

    def __init__(self, connection: Connection, budget: Budget) -> None:
        self._connection = connection
        self._budget = budget
        self._waiting: dict[int, Sequence[Effect]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._room = asyncio.Semaphore(_AT_ONCE)
        self._silent_until = 0.0

    def expect(self, item_id: int, effects: Sequence[Effect]) -> None:
        """To be done when the row's transaction has committed."""
        if effects:
            self._waiting[item_id] = effects

    def committed(self, touched: frozenset[str]) -> None:
        """Told of every commit (`Storage.on_commit`)."""
        if "inbox" in touched and self._waiting:
            ready, self._waiting = self._waiting, {}
            for effects in ready.values():
                self.start(effects)

    def start(self, effects: Sequence[Effect]) -> None:
        """Do these now, in order, beside everything else."""
        if len(self._tasks) >= _MOST_WAITING:
            return
        task = asyncio.get_running_loop().create_task(self._run(effects), name="telegram-effects")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _run(self, effects: Sequence[Effect]) -> None:
        now = asyncio.get_running_loop().time
        async with self._room:
            for effect in effects:
                if now() < self._silent_until:
                    return
                if effect.method.startswith("edit"):
                    self._budget.count(effect.parameters["chat_id"], now())
                try:
                    await self._connection.call(effect.method, effect.parameters)
                except RateLimited as error:
                    self._silent_until = now() + (error.retry_after.total_seconds() if error.retry_after else 1.0)
                except BotError as error:
                    log.debug("telegram_effect_failed", method=effect.method, error=type(error).__name__)
