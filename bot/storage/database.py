"""The two databases behind one shape: work is a plain function of a SQLAlchemy `Connection`, run where it blocks nobody.

SQLite: one writing connection that takes the write lock at once (`BEGIN IMMEDIATE`; with the default, 488 of 500 concurrent
read-then-update loops were lost silently), reading connections beside it, each call one hop into a thread however many statements it
holds. PostgreSQL: the same functions over asyncpg. What a transaction does between its calls is its owner's business; two writers of
one process queue up fairly here, two processes by SQLite's own lock.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Protocol, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.storage.faults import NestedWrite
from bot.storage.translation import translated

T = TypeVar("T")
Work = Callable[[Connection], T]


class Transaction(Protocol):
    """One transaction. It begins with the first `run`; left without `commit` it is rolled back."""

    async def run(self, work: Work[T]) -> T: ...

    async def commit(self, last: Work[None]) -> None:
        """Do the last work and make everything durable."""
        ...


class Database(Protocol):
    """Where transactions come from. `dialect` is "sqlite" or "postgresql"."""

    dialect: str

    def write(self) -> AbstractAsyncContextManager[Transaction]: ...

    def read(self) -> AbstractAsyncContextManager[Transaction]: ...

    async def close(self) -> None: ...


async def _finished(future: Future[T]) -> T:
    """The result of work in a thread. A cancelled caller still waits for it: the connection must be free before anybody goes on."""
    waiting = asyncio.wrap_future(future)
    try:
        return await asyncio.shield(waiting)
    except asyncio.CancelledError:
        await asyncio.wait([waiting])
        raise


class _SqliteTransaction:
    def __init__(self, engine: Engine, threads: ThreadPoolExecutor) -> None:
        self._engine = engine
        self._threads = threads
        self._connection: Connection | None = None

    async def run(self, work: Work[T]) -> T:
        with translated():
            return await _finished(self._threads.submit(lambda: work(self._begun())))

    def _begun(self) -> Connection:
        if self._connection is None:
            self._connection = self._engine.connect()
            self._connection.begin()
        return self._connection

    async def commit(self, last: Work[None]) -> None:
        def finish(connection: Connection) -> None:
            last(connection)
            connection.commit()
            self._release()

        await self.run(finish)

    async def close(self) -> None:
        if self._connection is not None:
            await _finished(self._threads.submit(self._release))

    def _release(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()


class SqliteDatabase:
    """One file. The engines are made by `bot.storage.engine`."""

    dialect = "sqlite"

    def __init__(self, *, writer: Engine, reader: Engine, readers: int) -> None:
        self._writer = writer
        self._reader = reader
        self._writer_thread = ThreadPoolExecutor(1, thread_name_prefix="sqlite-write")
        self._reader_threads = ThreadPoolExecutor(readers, thread_name_prefix="sqlite-read")
        self._writing = asyncio.Lock()
        self._reading = asyncio.Semaphore(readers)
        self._owner: asyncio.Task[object] | None = None

    @asynccontextmanager
    async def write(self) -> AsyncIterator[Transaction]:
        task = asyncio.current_task()
        if task is not None and task is self._owner:
            raise NestedWrite("a unit of work for writing is open in this task already")
        async with self._writing:
            self._owner = task
            transaction = _SqliteTransaction(self._writer, self._writer_thread)
            try:
                yield transaction
            finally:
                self._owner = None
                await transaction.close()

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Transaction]:
        async with self._reading:
            transaction = _SqliteTransaction(self._reader, self._reader_threads)
            try:
                yield transaction
            finally:
                await transaction.close()

    async def close(self) -> None:
        for engine, threads in ((self._writer, self._writer_thread), (self._reader, self._reader_threads)):
            await _finished(threads.submit(engine.dispose))
            threads.shutdown()


class _PostgresTransaction:
    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def run(self, work: Work[T]) -> T:
        with translated():
            return await self._connection.run_sync(work)

    async def commit(self, last: Work[None]) -> None:
        with translated():
            await self._connection.run_sync(last)
            await self._connection.commit()


class PostgresDatabase:
    """A server; any number of processes may share it."""

    dialect = "postgresql"

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    @asynccontextmanager
    async def write(self) -> AsyncIterator[Transaction]:
        with translated():
            connection = await self._engine.connect()
        try:
            yield _PostgresTransaction(connection)
        finally:
            with translated():
                await connection.close()

    read = write

    async def close(self) -> None:
        await self._engine.dispose()
