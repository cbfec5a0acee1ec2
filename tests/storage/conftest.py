"""The stores that the contract is tested on: memory, an SQLite file, PostgreSQL."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from bot.model import Contact
from bot.ports import Storage
from bot.storage import open_storage, upgrade
from bot.storage.memory import MemoryStorage
from tests.storage.making import person


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with all tables, empty: copied for every test."""
    file = tmp_path_factory.mktemp("sqlite") / "template.db"
    with ThreadPoolExecutor(1) as thread:
        thread.submit(lambda: asyncio.run(upgrade(f"sqlite:///{file}"))).result()
    return file


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    file = tmp_path / "desk.db"
    shutil.copy(sqlite_template, file)
    return f"sqlite:///{file}"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """Each real database in turn."""
    name = {"sqlite": "sqlite_url", "postgresql": "pg_url"}[request.param]
    url: str = request.getfixturevalue(name)
    return url


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Storage]:
    """A store on each real database in turn."""
    storage = await open_storage(database_url)
    yield storage
    await storage.close()


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
async def store(request: pytest.FixtureRequest) -> AsyncIterator[Storage]:
    """Each store in turn: whatever a test says of one is true of all."""
    if request.param == "memory":
        yield MemoryStorage()
        return
    storage = await open_storage(request.getfixturevalue({"sqlite": "sqlite_url", "postgresql": "pg_url"}[request.param]))
    yield storage
    await storage.close()


@pytest.fixture
async def iryna(store: Storage) -> Contact:
    """Somebody to have tickets."""
    async with store.write() as uow:
        contact = await person(uow)
        await uow.commit()
    return contact
