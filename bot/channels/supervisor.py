"""Keeps a loop alive: whatever escapes from it is written down, shown as health, waited out, and the loop starts again.

Cancellation passes. The wait grows with each failure in a row and has jitter, so that many desks do not knock on one server in step.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from datetime import timedelta

import structlog

from bot.channels.base import Health
from bot.clock import Clock
from bot.errors import BotError, Transient

SHORTEST = timedelta(seconds=1)
LONGEST = timedelta(minutes=5)
# A loop that ran this long before it failed was healthy: its next wait is short again.
HEALTHY_RUN = timedelta(minutes=2)

log = structlog.get_logger(__name__)


def backoff(failures: int, *, shortest: timedelta = SHORTEST, longest: timedelta = LONGEST) -> timedelta:
    """How long to wait after the n-th failure in a row (1, 2, …): doubling, capped, ± 25 % jitter."""
    span = min(longest, shortest * 2.0 ** min(failures - 1, 20))
    return span * random.uniform(0.75, 1.25)


async def keep_alive(run: Callable[[], Awaitable[None]], *, health: Health, clock: Clock) -> None:
    """Run for ever; returns only when `run` does (a loop that has nothing to do here), raises only CancelledError."""
    failures = 0
    while True:
        started_at = clock.now()
        try:
            await run()
            return
        except Exception as error:
            failures = 1 if clock.now() - started_at > HEALTHY_RUN else failures + 1
            wait = backoff(failures)
            if isinstance(error, BotError):
                wait = max(wait, getattr(error, "retry_after", None) or timedelta(0))
                health.trouble(error)
                log.warning("loop_failed", loop=health.name, error=type(error).__name__, detail=health.detail, wait=wait.total_seconds())
            else:
                kind = type(error).__name__
                health.trouble(Transient("Неочікувана помилка ({kind}). Подробиці в журналі; спроба повториться сама.", kind=kind))
                log.exception("loop_failed", loop=health.name, wait=wait.total_seconds())
            await asyncio.sleep(wait.total_seconds())
