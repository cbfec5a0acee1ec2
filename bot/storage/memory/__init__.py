"""The store in memory: for tests and throw-away runs. It keeps the whole contract of `bot.ports`; one set of tests runs on all stores.

One writer at a time, as in SQLite: a unit of work changes its own copy, and `commit` puts the copy in the place of the original.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from bot.storage.faults import NestedWrite, ReadOnly
from bot.storage.memory.canned import MemoryCannedAnswers
from bot.storage.memory.clocks import MemoryClocks
from bot.storage.memory.closures import MemoryClosures
from bot.storage.memory.duty import MemoryDuty
from bot.storage.memory.files import MemoryFiles
from bot.storage.memory.inbox import MemoryInbox
from bot.storage.memory.outbox import MemoryOutbox
from bot.storage.memory.people import MemoryPeople
from bot.storage.memory.shelves import Session, Shelves
from bot.storage.memory.state import MemoryState
from bot.storage.memory.tickets import MemoryTickets

__all__ = ["MemoryStorage", "MemoryUnitOfWork"]


class MemoryUnitOfWork:
    """One transaction on a copy of the rows."""

    def __init__(self, session: Session, on_commit: Callable[[Session], None] | None) -> None:
        self._session = session
        self._on_commit = on_commit
        self.tickets = MemoryTickets(session)
        self.canned = MemoryCannedAnswers(session)
        self.clocks = MemoryClocks(session)
        self.closures = MemoryClosures(session)
        self.duty = MemoryDuty(session)
        self.files = MemoryFiles(session)
        self.people = MemoryPeople(session)
        self.inbox = MemoryInbox(session)
        self.outbox = MemoryOutbox(session)
        self.state = MemoryState(session)

    async def commit(self) -> None:
        if self._on_commit is None:
            raise ReadOnly("nothing to commit: opened for reading, or committed already")
        self._session.settle()
        on_commit, self._on_commit = self._on_commit, None
        on_commit(self._session)


class MemoryStorage:
    """Implements `bot.ports.Storage`."""

    def __init__(self) -> None:
        self.on_commit: list[Callable[[frozenset[str]], None]] = []
        self._shelves = Shelves()
        self._writing = asyncio.Lock()
        self._writer: asyncio.Task[object] | None = None

    @asynccontextmanager
    async def write(self) -> AsyncIterator[MemoryUnitOfWork]:
        task = asyncio.current_task()
        if self._writer is not None and self._writer is task:
            raise NestedWrite
        async with self._writing:
            self._writer = task
            try:
                yield MemoryUnitOfWork(Session(self._shelves.copy(), is_writing=True), self._keep)
            finally:
                self._writer = None

    @asynccontextmanager
    async def read(self) -> AsyncIterator[MemoryUnitOfWork]:
        yield MemoryUnitOfWork(Session(self._shelves, is_writing=False), None)

    def _keep(self, session: Session) -> None:
        self._shelves = session.shelves
        if session.touched:
            for callback in list(self.on_commit):
                callback(frozenset(session.touched))

    async def close(self) -> None:
        """Nothing to close."""
