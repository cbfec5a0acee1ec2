"""What happens when the database cannot: a clear sentence, nothing half done, and on again afterwards."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import pytest

from bot.errors import Misconfigured, Transient
from bot.model import Contact
from bot.ports import Storage
from bot.storage import open_storage, upgrade
from tests.storage.making import NOW, delivery, event, open_tickets, person, put, ticket


async def take_in(storage: Storage, contact: Contact, number: int) -> None:
    """An event of 20 kB that becomes a ticket with a receipt."""
    async with storage.write() as uow:
        [given] = await uow.inbox.put([event(f"big-{number}", raw=b"x" * 20_000, conversation=str(number))], now=NOW)
        [ticket_id] = await uow.tickets.allocate(1)
        uow.tickets.add(ticket(ticket_id, contact, title=f"big-{number}"))
        uow.outbox.add(delivery(f"big-{number}"))
        await uow.commit()
    assert given


async def fill(storage: Storage, contact: Contact, *, first: int = 0) -> int:
    """Take in until the disk is full; how many events were acknowledged."""
    accepted = 0
    full: Transient | None = None
    while full is None and accepted < 500:
        try:
            await take_in(storage, contact, first + accepted)
            accepted += 1
        except Transient as error:
            full = error
    assert full is not None
    assert "немає місця" in full.sentence
    return accepted


async def test_a_full_disk_stops_the_intake_and_loses_nothing(sqlite_url: str) -> None:
    pages = sqlite3.connect(sqlite_url.removeprefix("sqlite:///")).execute("PRAGMA page_count").fetchone()[0]
    storage = await open_storage(f"{sqlite_url}?max_page_count={pages + 60}")
    heard: list[frozenset[str]] = []
    async with storage.write() as uow:
        contact = await person(uow)
        await uow.commit()
    storage.on_commit.append(heard.append)
    accepted = await fill(storage, contact)
    assert 2 <= accepted == len(heard)
    assert await fill(storage, contact, first=accepted) == 0, "the second try stops at once too"
    async with storage.read() as uow:
        assert sum(day.received for day in await uow.inbox.accounting(since=NOW.date())) == accepted
        assert await uow.tickets.open_count() == accepted
    await storage.close()

    storage = await open_storage(sqlite_url)
    again = [given is None for number in range(accepted + 1) for given in await put(storage, event(f"big-{number}"))]
    assert again == [True] * accepted + [False], "what was not acknowledged comes again, what was is known"
    await storage.close()


async def test_a_database_that_another_process_holds_is_waited_for(sqlite_url: str) -> None:
    storage = await open_storage(sqlite_url)
    other = sqlite3.connect(sqlite_url.removeprefix("sqlite:///"), isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    task = asyncio.create_task(put(storage, event("a")))
    done, _ = await asyncio.wait([task], timeout=0.2)
    assert not done
    other.execute("COMMIT")
    other.close()
    assert len(await task) == 1
    await storage.close()


async def test_a_database_that_stays_held_is_a_transient_trouble(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.storage.engine._BUSY_MS", 50)
    storage = await open_storage(sqlite_url)
    other = sqlite3.connect(sqlite_url.removeprefix("sqlite:///"), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(Transient, match="зайнята"):
        await put(storage, event("a"))
    other.execute("ROLLBACK")
    other.close()
    assert len(await put(storage, event("a"))) == 1
    await storage.close()


async def test_the_folder_is_made(tmp_path: Path) -> None:
    storage = await open_storage(f"sqlite:///{tmp_path}/new/folder/desk.db")
    assert len(await put(storage, event("a"))) == 1
    await storage.close()


async def test_the_settings_that_keep_what_was_accepted(sqlite_url: str) -> None:
    from bot.storage.engine import parse_url, sqlite_engine

    engine = sqlite_engine(parse_url(sqlite_url), begin="BEGIN IMMEDIATE")
    with engine.connect() as connection:
        found = {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in ("journal_mode", "synchronous", "foreign_keys")}
    engine.dispose()
    assert found == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


@pytest.mark.parametrize("url", ["", "desk.db", "mysql://root@localhost/desk", "sqlite://", "sqlite:///:memory:", "postgresql://localhost"])
async def test_a_url_that_names_no_database_is_a_mistake_in_the_settings(url: str) -> None:
    with pytest.raises(Misconfigured, match="sqlite:///"):
        await open_storage(url)


async def test_a_password_does_not_show_in_the_sentence() -> None:
    with pytest.raises(Misconfigured) as caught:
        await open_storage("mysql://root:very-secret@localhost/desk")
    assert "very-secret" not in str(caught.value)


async def test_a_file_that_is_no_database_is_said_so(tmp_path: Path) -> None:
    file = tmp_path / "desk.db"
    file.write_bytes(b"This is a letter, not a database. " * 100)
    with pytest.raises(Misconfigured, match="SQLite"):
        await open_storage(f"sqlite:///{file}")


async def test_a_file_in_the_way_of_the_folder_is_a_mistake_in_the_settings(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(Misconfigured, match="file"):
        await open_storage(f"sqlite:///{tmp_path}/file/desk.db")


async def test_a_server_that_is_not_there_is_a_transient_trouble(tmp_path: Path) -> None:
    with pytest.raises(Transient, match="недоступна"):
        await open_storage(f"postgresql://postgres@/desk?host={tmp_path}")


async def test_a_database_that_is_not_there_is_a_mistake_in_the_settings(pg_url: str) -> None:
    with pytest.raises(Misconfigured, match="немає"):
        await upgrade(pg_url.replace("/deskbot_", "/nothing_"))


async def test_a_server_that_drops_us_is_a_transient_trouble_and_comes_back(pg_url: str) -> None:
    import asyncpg

    storage = await open_storage(pg_url)
    host = pg_url.split("host=")[1]
    killer = await asyncpg.connect(user="postgres", database=pg_url.split("@/")[1].split("?")[0], host=host)

    async def dropped() -> None:
        async with storage.write() as uow:
            await person(uow)
            await killer.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            await uow.inbox.put([event("a")], now=NOW)
            await uow.commit()

    with pytest.raises(Transient):
        await dropped()
    await killer.close()
    async with storage.write() as uow:
        contact = await person(uow, "502")
        await uow.commit()
    assert len(await open_tickets(storage, contact)) == 1
    assert len(await put(storage, event("a"))) == 1
    await storage.close()
