"""Engines with the settings that keep what was accepted: see DESIGN.md 7 and the measurements behind it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import QueuePool

from bot.errors import Misconfigured

_BUSY_MS = 5_000
# The catalogue tool finds sentences by this name; they are looked up when they are shown.
_ = str
_BAD_URL = _("Адреса бази даних має бути «sqlite:///шлях/до/файлу» або «postgresql://користувач@сервер/база», а не «{url}».")


def parse_url(url: str) -> URL:
    """The URL with the driver we use. Raises `Misconfigured` for anything but an SQLite file or a PostgreSQL server."""
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        # The error itself may hold the password, as the address does.
        raise Misconfigured(_BAD_URL, url=f"{url.partition(':')[0]}://…") from None
    backend = parsed.get_backend_name()
    if backend == "sqlite" and parsed.database and parsed.database != ":memory:":
        return parsed.set(drivername="sqlite+pysqlite")
    if backend in ("postgresql", "postgres") and parsed.database:
        return parsed.set(drivername="postgresql+asyncpg")
    raise Misconfigured(_BAD_URL, url=parsed.render_as_string(hide_password=True))


def _make_folder(folder: Path) -> None:
    try:
        # Every letter of every client will lie in it.
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        in_way = next((each for each in (folder, *folder.parents) if each.exists() and not each.is_dir()), None)
        if in_way is not None:
            raise Misconfigured(
                "Теку даних {folder} не створити: {path} — це файл. Змініть desk.data_dir.", folder=folder, path=in_way
            ) from error
        why = error.strerror or type(error).__name__
        raise Misconfigured(
            "Теку даних {folder} не вдалося створити ({why}). Змініть desk.data_dir або права.", folder=folder, why=why
        ) from error


def sqlite_engine(url: URL, *, begin: str, pool_size: int = 1, has_foreign_keys: bool = True) -> Engine:
    """An engine on one file whose transactions begin with the statement `begin`.

    The URL may carry `?max_page_count=N`: a limit on the size of the file, in pages of 4 KiB.
    """
    assert url.database
    _make_folder(Path(url.database).absolute().parent)
    max_pages = url.query.get("max_page_count")
    engine = create_engine(
        url.set(query={}),
        poolclass=QueuePool,
        pool_size=pool_size,
        max_overflow=0,
        # The driver would begin transactions by its own rules (none before a SELECT): it is told not to, and we begin ourselves.
        connect_args={"isolation_level": None, "check_same_thread": False, "timeout": _BUSY_MS / 1000},
    )

    @event.listens_for(engine, "connect")
    def _set_up(connection: Any, _record: object) -> None:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute(f"PRAGMA foreign_keys = {'ON' if has_foreign_keys else 'OFF'}")
        if max_pages:
            connection.execute(f"PRAGMA max_page_count = {int(str(max_pages))}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine


def postgres_engine(url: URL, *, pool_size: int = 10) -> AsyncEngine:
    """An engine on a server. A connection that died while idle is noticed before it is used."""
    return create_async_engine(url, pool_size=pool_size, max_overflow=5, pool_pre_ping=True, pool_timeout=10)
