"""Files that a message only names: their bytes are fetched from where they are and kept, in the background, one reference once.

A file is claimed before it is fetched, so a process that dies at it tries again later, and two processes rarely fetch the same (which
harms nobody: the same bytes are one file). What cannot be had is given up with a sentence that the ticket's page shows.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import structlog

from bot.channels.base import Health
from bot.channels.supervisor import backoff
from bot.channels.wake import Wake
from bot.clock import Clock
from bot.errors import BotError, Permanent, Transient
from bot.files import FileLimits, Shelf
from bot.ports import Storage, UnitOfWork, WantedFile
from bot.texts import explain

# The bytes of a reference, or where they lie on this machine. Permanent when they cannot be had, Transient to try later.
Fetch = Callable[[str, FileLimits], Awaitable[bytes | Path]]

AT_ONCE = 4
MAX_ATTEMPTS = 8
# Longer than any download may take.
CLAIM = timedelta(minutes=10)
_FIRST_WAIT = timedelta(seconds=10)
_LONGEST_WAIT = timedelta(hours=1)
_REST = timedelta(seconds=20)
_PIECE = 1024 * 1024

log = structlog.get_logger(__name__)


class FileWorker:
    """See the module. `fetchers` by what their references begin with ("telegram:")."""

    def __init__(self, *, storage: Storage, shelf: Shelf, limits: FileLimits, fetchers: Mapping[str, Fetch], clock: Clock) -> None:
        self._storage = storage
        self._shelf = shelf
        self._limits = limits
        self._fetchers = fetchers
        self._clock = clock
        self.wake = Wake("files")
        self.health = Health(name="files", state="running")

    async def run(self) -> None:
        """Work until cancelled."""
        while True:
            if not await self.drain():
                await self.wake.wait(_REST)

    async def drain(self) -> int:
        """Fetch what is due, once; how many files were looked at."""
        done = 0
        for prefix, fetch in self._fetchers.items():
            while wanted := await self._claim(prefix):
                await asyncio.gather(*(self._fetch(file, fetch) for file in wanted))
                done += len(wanted)
        self.health.up(self._clock.now())
        return done

    async def _claim(self, prefix: str) -> list[WantedFile]:
        now = self._clock.now()
        async with self._changed() as uow:
            wanted = await uow.files.wanted(prefix=prefix, now=now, limit=AT_ONCE)
            for file in wanted:
                uow.files.postpone(file.ref, at=now + CLAIM, error="")
        return wanted

    async def _fetch(self, file: WantedFile, fetch: Fetch) -> None:
        try:
            content = await fetch(file.ref, self._limits)
            kept_as = await asyncio.to_thread(self._shelf.put, _pieces(content) if isinstance(content, Path) else content)
        except (Transient, Permanent) as error:
            await self._failed(file, error)
            return
        async with self._changed() as uow:
            uow.files.keep(file.ref, kept_as=kept_as)

    async def _failed(self, file: WantedFile, error: BotError) -> None:
        log.info("file_not_fetched", error=type(error).__name__, attempts=file.attempts + 1)
        words = explain(error, "uk")
        async with self._changed() as uow:
            if isinstance(error, Permanent) or file.attempts + 1 >= MAX_ATTEMPTS:
                uow.files.give_up(file.ref, error=words)
                return
            wait = backoff(file.attempts + 1, shortest=_FIRST_WAIT, longest=_LONGEST_WAIT)
            asked = getattr(error, "retry_after", None) or timedelta(0)
            uow.files.postpone(file.ref, at=self._clock.now() + max(wait, asked), error=words)

    @asynccontextmanager
    async def _changed(self) -> AsyncIterator[UnitOfWork]:
        async with self._storage.write() as uow:
            yield uow
            await uow.commit()


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            yield piece
