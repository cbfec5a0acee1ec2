"""How long the event loop stood still: a task that wants to run every few milliseconds and notes how late it came.

On a machine that does much else everybody comes late. So of each delay the part is counted apart that this process spent computing: what
others took from it is not its fault.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator

EVERY = 0.002


class Stalls:
    """`longest` and `own` are in seconds, since `forget`: the longest delay, and the longest part of one that was our own computing."""

    def __init__(self) -> None:
        self.longest = 0.0
        self.own = 0.0

    def forget(self) -> tuple[float, float]:
        """Both until now; counting begins anew."""
        found = self.longest, self.own
        self.longest = self.own = 0.0
        return found

    async def _watch(self) -> None:
        while True:
            before, spent = time.perf_counter(), time.process_time()
            await asyncio.sleep(EVERY)
            late = time.perf_counter() - before - EVERY
            self.longest = max(self.longest, late)
            self.own = max(self.own, min(late, time.process_time() - spent))


@contextlib.asynccontextmanager
async def watched() -> AsyncIterator[Stalls]:
    """Stalls of the running loop from here to the end of the block."""
    stalls = Stalls()
    task = asyncio.create_task(stalls._watch())
    try:
        yield stalls
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
