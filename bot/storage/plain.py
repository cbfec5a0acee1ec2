"""The database as it is, for looking: nothing is migrated, made or locked, and plain SQL may be asked of it (`deskbot check --deep`).

Each snapshot is one short reading transaction, so a running service goes on beside it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, exc, text

from bot.errors import Misconfigured, NotFound
from bot.ports import Storage
from bot.storage.database import Database, PostgresDatabase, SqliteDatabase, Transaction
from bot.storage.engine import parse_url, postgres_engine, sqlite_engine
from bot.storage.migrations import HEAD
from bot.storage.opening import current_revision
from bot.storage.unit_of_work import SqlStorage


@dataclass(frozen=True, slots=True)
class _Rows:
    """Asks one transaction. Rows are plain tuples, as the driver gives them; instants go in aware."""

    transaction: Transaction
    dialect: str

    async def __call__(self, sql: str, **values: Any) -> list[tuple[Any, ...]]:
        given = {name: self._bound(value) for name, value in values.items()}

        def work(connection: Connection) -> list[tuple[Any, ...]]:
            return [tuple(row) for row in connection.execute(text(sql), given)]

        try:
            return await self.transaction.run(work)
        except exc.DBAPIError as error:
            raise Misconfigured("У базі даних немає потрібних таблиць або вони пошкоджені: відновіть її з резервної копії.") from error

    def _bound(self, value: Any) -> Any:
        if isinstance(value, datetime) and self.dialect == "sqlite":
            return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
        return value


class PlainReader:
    """Opens snapshots on a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[_Rows]:
        """One reading transaction that sees one moment."""
        async with self._database.read() as transaction:
            rows = _Rows(transaction, self._database.dialect)
            if self._database.dialect == "postgresql":
                await transaction.run(lambda connection: connection.exec_driver_sql(_ONE_MOMENT).close())
            yield rows


_ONE_MOMENT = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"


@asynccontextmanager
async def open_as_it_is(url: str) -> AsyncIterator[tuple[Storage, PlainReader]]:
    """The storage, for reading alone, and plain SQL beside it. NotFound when there is no database yet, Misconfigured when its tables are
    not those of this program: neither is changed."""
    parsed = parse_url(url)
    database: Database
    if parsed.get_backend_name() == "sqlite":
        if not await asyncio.to_thread(Path(parsed.database or "").exists):
            raise NotFound("Бази даних ще немає: перевіряти нема чого.")
        engines = {"writer": sqlite_engine(parsed, begin="BEGIN"), "reader": sqlite_engine(parsed, begin="BEGIN", pool_size=2)}
        database = SqliteDatabase(**engines, readers=2)
    else:
        database = PostgresDatabase(postgres_engine(parsed, pool_size=2))
    try:
        async with database.read() as transaction:
            if await transaction.run(current_revision) != HEAD:
                raise Misconfigured("Таблиці бази даних не тієї версії, що програма. Виконайте deskbot db upgrade і перевірте ще раз.")
        yield SqlStorage(database), PlainReader(database)
    finally:
        await database.close()
