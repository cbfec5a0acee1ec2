"""Writes down what became of deliveries.

Outcomes that wait for the database together go into one commit: while intake keeps the only writer busy, a commit each would leave dozens
of deliveries sent but not yet recorded, and a process killed then would say them again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

import structlog

from bot.channels.supervisor import backoff
from bot.errors import Transient
from bot.ports import Storage, UnitOfWork

Write = Callable[[UnitOfWork], None]
LONGEST_WAIT = timedelta(seconds=10)

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Outcome:
    write: Write
    written: asyncio.Future[None]


class Outcomes:
    """See the module."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._waiting: list[_Outcome] = []
        self._writer: asyncio.Task[None] | None = None

    async def write_down(self, write: Write) -> None:
        """Returns once the outcome is durable, however long the database refuses: what was sent must not be sent again.

        Raises what `write` itself raises, which is a bug.
        """
        written = asyncio.get_running_loop().create_future()
        self._waiting.append(_Outcome(write, written))
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write_all(), name="outcomes")
        # The writer goes on for the others when one of them is cancelled.
        await asyncio.shield(written)

    async def _write_all(self) -> None:
        while self._waiting:
            together, self._waiting = self._waiting, []
            try:
                await self._commit(together)
            except Exception as error:
                # Nothing is swallowed: it is raised in whoever waits for the outcome, and a bug there is what its own worker tells.
                if len(together) == 1:
                    _end(together[0], error)
                    continue
                for outcome in together:
                    await self._alone(outcome)
            else:
                for outcome in together:
                    _end(outcome, None)

    async def _alone(self, outcome: _Outcome) -> None:
        """One of several could not be written: each for itself, so that the others are."""
        try:
            await self._commit([outcome])
        except Exception as error:
            # As above: raised in the one who waits.
            _end(outcome, error)
        else:
            _end(outcome, None)

    async def _commit(self, outcomes: Sequence[_Outcome]) -> None:
        failures = 0
        while True:
            try:
                async with self._storage.write() as uow:
                    for outcome in outcomes:
                        outcome.write(uow)
                    await uow.commit()
                return
            except Transient as error:
                failures += 1
                log.warning("outcomes_refused", count=len(outcomes), error=type(error).__name__)
                await asyncio.sleep(backoff(failures, longest=LONGEST_WAIT).total_seconds())


def _end(outcome: _Outcome, error: Exception | None) -> None:
    if outcome.written.done():
        return
    if error is None:
        outcome.written.set_result(None)
    else:
        outcome.written.set_exception(error)
