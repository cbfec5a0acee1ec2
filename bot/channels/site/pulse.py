"""Wakes pages that wait for news when a commit may have brought some."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from bot.ports import Storage

T = TypeVar("T")
# Another process's commits are not heard: look again after this long anyway. And many commits in a row wake a page once.
_LOOK_AGAIN_SECONDS = 2.0
_REST_SECONDS = 0.15


class Pulse:
    """Listens to commits of this process. `stop` lets every waiting page go."""

    def __init__(self, storage: Storage) -> None:
        self._news = asyncio.Event()
        self._storage = storage
        self.is_stopped = False
        storage.on_commit.append(self._heard)

    def _heard(self, lists: frozenset[str]) -> None:
        if lists & {"inbox", "outbox"}:
            self._wake()

    def _wake(self) -> None:
        self._news.set()
        self._news = asyncio.Event()

    def stop(self) -> None:
        self.is_stopped = True
        if self._heard in self._storage.on_commit:
            self._storage.on_commit.remove(self._heard)
        self._wake()

    async def until(self, look: Callable[[], Awaitable[T | None]], *, seconds: float) -> T | None:
        """What `look` finds, as soon as it finds something; None after `seconds` or at the stop."""
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        while True:
            news = self._news
            found = await look()
            left = end - loop.time()
            if found is not None or left <= 0 or self.is_stopped:
                return found
            try:
                await asyncio.wait_for(news.wait(), min(left, _LOOK_AGAIN_SECONDS))
            except TimeoutError:
                continue
            await asyncio.sleep(min(left, _REST_SECONDS))
