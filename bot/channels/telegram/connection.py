"""The line to the bot: opened when first needed, shared by everything that calls, aware of groups that moved.

aiogram is imported here, in a thread, because it takes seconds: the rest of the desk works meanwhile.
"""

from __future__ import annotations

import asyncio
import gc
import importlib
from collections.abc import Mapping
from types import ModuleType
from typing import TYPE_CHECKING, Any

from bot.channels.base import Health
from bot.channels.telegram import group_book
from bot.channels.telegram.acts import CHANNEL, route
from bot.channels.telegram.failures import TokenRefused
from bot.channels.telegram.options import TelegramOptions
from bot.errors import Misconfigured
from bot.ports import Storage, UnitOfWork

if TYPE_CHECKING:
    from bot.channels.telegram.wire import Wire

_MOVES = f"{CHANNEL}:moved_chats"
_LONGEST_CHAIN = 8


class Connection:
    """See the module. Raises what `Wire.call` raises; a refused token is shown as health besides."""

    def __init__(self, *, options: TelegramOptions, storage: Storage, health: Health) -> None:
        self._options = options
        self._storage = storage
        self._health = health
        self._opening = asyncio.Lock()
        self._wire: Wire | None = None
        self._moves: dict[int, int] = {}

    async def call(self, method: str, parameters: Mapping[str, Any], *, wait: float | None = None) -> Any:
        """The `result` of a method, as JSON."""
        try:
            wire = await self._open()
            return await wire.call(method, parameters, wait=wait)
        except TokenRefused as error:
            self._health.trouble(error)
            raise

    async def download(self, path: str, *, limit: int) -> bytes:
        """A file of the server, by the path that `getFile` names; `limit` in bytes."""
        return await (await self._open()).download(path, limit=limit)

    async def close(self) -> None:
        if self._wire is not None:
            wire, self._wire = self._wire, None
            await wire.close()

    def chat(self, number: int) -> int:
        """Where a chat is now."""
        for _ in range(_LONGEST_CHAIN):
            if number not in self._moves:
                break
            number = self._moves[number]
        return number

    @property
    def with_topics(self) -> bool:
        return self._options.with_topics

    @property
    def staff_chats(self) -> frozenset[int]:
        return frozenset(self.chat(number) for number in self._options.staff_chats)

    async def moved(self, uow: UnitOfWork, old: int, new: int) -> None:
        """Remember a move, and let what is still to be sent follow: in the caller's commit."""
        if old == new or self.chat(new) == old:
            return
        self._moves[old] = new
        stored = await uow.state.get(_MOVES) or {}
        uow.state.set(_MOVES, {**stored, str(old): new})
        await uow.outbox.rewrite_route(route(old), route(new))
        await group_book.moved(uow, old, new)

    async def _open(self) -> Wire:
        async with self._opening:
            if self._wire is None:
                await self._remember_moves()
                self._wire = await self._connect()
            return self._wire

    async def _connect(self) -> Wire:
        module = await asyncio.to_thread(_import_wire)
        try:
            wire: Wire = module.Wire(token=self._options.token, api_base=self._options.api_base)
        except Misconfigured as error:
            self._health.trouble(error)
            raise TokenRefused(error.sentence) from error
        return wire

    async def _remember_moves(self) -> None:
        async with self._storage.read() as uow:
            stored = await uow.state.get(_MOVES) or {}
        self._moves = {int(old): int(new) for old, new in stored.items()}


def _import_wire() -> ModuleType:
    """aiogram leaves 190,000 objects that live for ever: a full garbage collection would walk them for 100 ms and more, each time
    with everything standing still. Frozen, they are left alone."""
    module = importlib.import_module("bot.channels.telegram.wire")
    gc.freeze()
    return module
