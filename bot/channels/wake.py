"""Waking workers at once when a commit gave them something to do, with a poll behind it: a missed wake costs a second, never a message."""

from __future__ import annotations

import asyncio
from datetime import timedelta

POLL = timedelta(seconds=1)


class Wake:
    """Told of every commit (`Storage.on_commit`); `wait` returns at the first one that touched `name`, or after the poll."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._event = asyncio.Event()

    def __call__(self, touched: frozenset[str]) -> None:
        if self._name in touched:
            self._event.set()

    def set(self) -> None:
        self._event.set()

    async def wait(self, at_most: timedelta = POLL) -> None:
        # Not `wait_for`: before Python 3.12 it swallows a cancellation that comes together with the event, and the worker never stops.
        try:
            async with asyncio.timeout(at_most.total_seconds()):
                await self._event.wait()
        except TimeoutError:
            return
        finally:
            self._event.clear()
