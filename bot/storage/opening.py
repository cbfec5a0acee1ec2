"""Opens a database: finds out which one a URL means, makes the folder, brings the tables up to date, hands out the storage."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import URL, Connection, create_engine, inspect, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from bot.errors import Misconfigured
from bot.storage.database import PostgresDatabase, SqliteDatabase
from bot.storage.engine import parse_url, postgres_engine, sqlite_engine
from bot.storage.faults import BrokenRow
from bot.storage.migrations import HEAD
from bot.storage.translation import translated
from bot.storage.unit_of_work import SqlStorage

_READERS = 4
# Any number will do, as long as every deskbot takes the same one.
_MIGRATION_LOCK = 7_205_759_403


async def open_database(url: str) -> SqlStorage:
    """See `bot.storage.open_storage`."""
    parsed = parse_url(url)
    await upgrade_database(url)
    if parsed.get_backend_name() == "sqlite":
        writer = sqlite_engine(parsed, begin="BEGIN IMMEDIATE")
        reader = sqlite_engine(parsed, begin="BEGIN", pool_size=_READERS)
        return SqlStorage(SqliteDatabase(writer=writer, reader=reader, readers=_READERS))
    return SqlStorage(PostgresDatabase(postgres_engine(parsed)))


async def upgrade_database(url: str) -> str:
    """See `bot.storage.upgrade`."""
    parsed = parse_url(url)
    with translated():
        if parsed.get_backend_name() == "sqlite":
            await asyncio.to_thread(_upgrade_sqlite, parsed)
        else:
            await _upgrade_postgres(parsed)
    return HEAD


async def probe_database(url: str) -> None:
    """See `bot.storage.probe`."""
    parsed = parse_url(url)
    with translated():
        if parsed.get_backend_name() == "sqlite":
            await asyncio.to_thread(_probe_sqlite, Path(parsed.database or ""))
            return
        engine = create_async_engine(parsed, poolclass=NullPool)
        try:
            async with engine.connect() as connection:
                await connection.execute(text("SELECT 1"))
        finally:
            await engine.dispose()


def _probe_sqlite(file: Path) -> None:
    """Nothing is opened that is not there: SQLite would make the file. What is there must be readable as a database of ours."""
    nearest = next(each for each in (file, *file.absolute().parents) if each.exists())
    if not os.access(nearest, os.R_OK | os.W_OK):
        raise Misconfigured("Немає прав на запис: {path}.", path=nearest)
    if nearest == file:
        engine = create_engine(f"sqlite+pysqlite:///file:{quote(str(file.absolute()))}?mode=ro&uri=true", poolclass=NullPool)
        with engine.connect() as connection:
            current_revision(connection)


def _upgrade_sqlite(url: URL) -> None:
    # Rebuilding a table means dropping it for a moment, which foreign keys would forbid; they are checked before the commit instead.
    engine = sqlite_engine(url, begin="BEGIN IMMEDIATE", has_foreign_keys=False)
    try:
        with engine.begin() as connection:
            if _migrate(connection) and connection.exec_driver_sql("PRAGMA foreign_key_check").first() is not None:
                raise BrokenRow("the migration left rows that point at nothing; the database stays as it was")
    finally:
        engine.dispose()


async def _upgrade_postgres(url: URL) -> None:
    engine = create_async_engine(url, poolclass=NullPool)
    try:
        async with engine.begin() as connection:
            await connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _MIGRATION_LOCK})
            await connection.run_sync(_migrate)
    finally:
        await engine.dispose()


def _migrate(connection: Connection) -> bool:
    """Run what is missing; whether anything was."""
    if current_revision(connection) == HEAD:
        return False
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        raise Misconfigured("Базу даних оновила новіша версія програми: встановіть її знову.") from error
    return True


def current_revision(connection: Connection) -> str | None:
    """Which revision the tables are at; None when there are none."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    version: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return version
