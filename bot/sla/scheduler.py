"""The only file that knows APScheduler. It holds no truth: it says "tick" at an interval, and the tick finds its work in the clock rows.

One job, never two at once, missed ones folded into one and never dropped for lateness. Stopping waits for the tick under way itself:
`shutdown(wait=True)` of the asyncio scheduler would cancel it.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from datetime import UTC, timedelta

import structlog
from apscheduler.events import EVENT_JOB_ERROR, JobExecutionEvent
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger

FINISH_WITHIN = timedelta(seconds=5)

log = structlog.get_logger(__name__)


class TickScheduler:
    """Calls `tick` every so often, in wall time, from `run` on until `run` is cancelled."""

    def __init__(self, tick: Callable[[], Awaitable[object]], *, every: timedelta) -> None:
        self._tick = tick
        self._every = every
        self._idle = asyncio.Event()
        self._idle.set()

    async def run(self) -> None:
        """Tick at once, then at the interval. Cancelled, it lets a tick under way finish (at most five seconds) and then stops.

        An error of the first tick escapes, to the supervisor; one of a later tick is logged and the next tick finds the same work.
        """
        await self._once()
        scheduler = AsyncIOScheduler(timezone=UTC)
        scheduler.add_listener(_log_error, EVENT_JOB_ERROR)
        scheduler.add_job(
            self._once,
            IntervalTrigger(seconds=self._every.total_seconds(), timezone=UTC),
            id="tick",
            coalesce=True,
            max_instances=1,
            misfire_grace_time=None,
        )
        scheduler.start()
        try:
            await asyncio.Event().wait()
        finally:
            scheduler.pause()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._idle.wait(), FINISH_WITHIN.total_seconds())
            scheduler.shutdown(wait=False)

    async def _once(self) -> None:
        self._idle.clear()
        try:
            await self._tick()
        finally:
            self._idle.set()


def _log_error(event: JobExecutionEvent) -> None:
    log.error("tick_failed", error=type(event.exception).__name__, exc_info=event.exception)
