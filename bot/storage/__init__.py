"""Where everything is kept: SQLite in one file or PostgreSQL (`open_storage`), and the same contract in memory (`bot.storage.memory`).

The only package that imports SQLAlchemy, and it does so only when a database is opened.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from bot.ports import Storage
    from bot.storage.plain import PlainReader


async def open_storage(url: str) -> Storage:
    """Open the database at `url` ("sqlite:///path/to/file" or "postgresql://user@host/name") and bring its tables up to date.

    The folder of an SQLite file is made. Raises `Misconfigured` for a URL that names no database we speak, `Transient` while
    the database cannot be reached.
    """
    from bot.storage.opening import open_database

    return await open_database(url)


async def probe(url: str) -> None:
    """Whether the database at `url` can be reached, without changing anything in it. Raises like `open_storage`.

    An SQLite file that is not there yet is fine if it could be made there.
    """
    from bot.storage.opening import probe_database

    await probe_database(url)


def open_as_it_is(url: str) -> AbstractAsyncContextManager[tuple[Storage, PlainReader]]:
    """The database at `url` for reading alone, and plain SQL beside it: see `bot.storage.plain`."""
    from bot.storage.plain import open_as_it_is as opened

    return opened(url)


async def upgrade(url: str) -> str:
    """Bring the tables at `url` up to date and say which revision they are at. Two processes at once are fine."""
    from bot.storage.opening import upgrade_database

    return await upgrade_database(url)
