"""One transaction on a database and the repositories in it; see `bot.ports` for the contract."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

from bot.storage.canned import SqlCannedAnswers
from bot.storage.clocks import SqlClocks
from bot.storage.closures import SqlClosures
from bot.storage.database import Database
from bot.storage.duty import SqlDuty
from bot.storage.files import SqlFiles
from bot.storage.inbox import SqlInbox
from bot.storage.outbox import SqlOutbox
from bot.storage.people import SqlPeople
from bot.storage.session import Session
from bot.storage.state import SqlState
from bot.storage.tickets import SqlTickets

T = TypeVar("T")


class SqlUnitOfWork:
    """The repositories of one transaction. After `commit` it is spent."""

    def __init__(self, session: Session, on_commit: Callable[[frozenset[str]], None]) -> None:
        self._session = session
        self._on_commit = on_commit
        self.tickets = SqlTickets(session)
        self.canned = SqlCannedAnswers(session)
        self.clocks = SqlClocks(session)
        self.closures = SqlClosures(session)
        self.duty = SqlDuty(session)
        self.files = SqlFiles(session)
        self.people = SqlPeople(session)
        self.inbox = SqlInbox(session)
        self.outbox = SqlOutbox(session)
        self.state = SqlState(session)

    async def commit(self) -> None:
        await self._session.commit()
        self._on_commit(frozenset(self._session.touched))


class SqlStorage:
    """Implements `bot.ports.Storage` on a `Database`."""

    def __init__(self, database: Database) -> None:
        self.on_commit: list[Callable[[frozenset[str]], None]] = []
        self._database = database

    @asynccontextmanager
    async def write(self) -> AsyncIterator[SqlUnitOfWork]:
        async with self._database.write() as transaction:
            yield SqlUnitOfWork(Session(transaction, self._database.dialect, is_writing=True), self._tell)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[SqlUnitOfWork]:
        async with self._database.read() as transaction:
            yield SqlUnitOfWork(Session(transaction, self._database.dialect, is_writing=False), self._tell)

    def _tell(self, touched: frozenset[str]) -> None:
        if touched:
            for callback in list(self.on_commit):
                callback(touched)

    async def close(self) -> None:
        await self._database.close()
