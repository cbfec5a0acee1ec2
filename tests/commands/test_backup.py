"""`backup` and `restore`: database and files together, taken while somebody writes; a restored desk has every file its rows speak of."""

from __future__ import annotations

import asyncio
import io
import os
import tarfile
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.files import Shelf
from bot.model import Actor, Attachment, Contact, Message, MessageKind
from bot.ports import Storage
from bot.storage import open_storage
from tests.commands.conftest import Deskbot
from tests.integration.postgres import Cluster
from tests.storage.making import NOW, open_tickets, person


async def _say(storage: Storage, shelf: Shelf, ticket_id: int, number: int) -> None:
    ref = shelf.put(b"scan %d" % number)
    async with storage.write() as uow:
        [message_id] = await uow.tickets.allocate_messages(1)
        author = Actor.contact(Contact(id=1, name="Ірина"))
        files = (Attachment(name="скан.png", size=9, ref=ref),)
        word = Message(id=message_id, ticket_id=ticket_id, kind=MessageKind.INBOUND, author=author, text="ось", at=NOW, attachments=files)
        uow.tickets.add_message(word)
        await uow.commit()


async def _write(url: str, shelf: Shelf, is_over: Callable[[], bool]) -> int:
    """Messages with files until it is over; how many."""
    storage = await open_storage(url)
    async with storage.write() as uow:
        iryna = await person(uow)
        await uow.commit()
    [ticket] = await open_tickets(storage, iryna)
    count = 0
    while count < 20 or not is_over():
        await _say(storage, shelf, ticket.id, count)
        count += 1
    await storage.close()
    return count


async def _shelved(url: str) -> set[str]:
    storage = await open_storage(url)
    async with storage.read() as uow:
        found = await uow.files.shelved()
    await storage.close()
    return found


def urls(request: pytest.FixtureRequest, desk: Path, kind: str) -> tuple[str, str]:
    """The desk's database and one to restore to."""
    if kind == "sqlite":
        return f"sqlite:///{desk}/data/deskbot.db", f"sqlite:///{desk}/other/deskbot.db"
    cluster: Cluster = request.getfixturevalue("pg_cluster")
    return cluster.empty_database(), cluster.empty_database()


def configure(desk: Path, name: str, folder: str, url: str) -> None:
    (desk / name).write_text(f'[desk]\ndata_dir = "{folder}"\n[storage]\nurl = "{url}"\n')


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_desk_is_saved_while_it_works_and_comes_back_with_its_files(
    deskbot: Deskbot, desk: Path, request: pytest.FixtureRequest, kind: str
) -> None:
    here, there = urls(request, desk, kind)
    configure(desk, "here.toml", "data", here)
    configure(desk, "there.toml", "other", there)
    shelf, over = Shelf(desk / "data" / "files"), threading.Event()
    started = threading.Event()

    def is_over() -> bool:
        started.set()
        return over.is_set()

    writer = threading.Thread(target=lambda: asyncio.run(_write(here, shelf, is_over)))
    writer.start()
    try:
        assert started.wait(30)
        told = deskbot("backup", "desk.tar", "--config", "here.toml")
    finally:
        over.set()
        writer.join()
    assert told.code == 0, told.err
    back = deskbot("restore", "desk.tar", "--config", "there.toml")
    assert back.code == 0, back.err
    spoken_of = asyncio.run(_shelved(there))
    assert len(spoken_of) >= 20
    restored = Shelf(desk / "other" / "files")
    assert spoken_of <= set(restored.refs())
    assert all((restored.read(ref) or b"").startswith(b"scan ") for ref in spoken_of)


def test_nothing_is_overwritten(deskbot: Deskbot, desk: Path) -> None:
    assert deskbot("db", "upgrade").code == 0
    assert deskbot("backup", "desk.tar").code == 0
    again = deskbot("backup", "desk.tar")
    assert (again.code, "уже є" in again.err) == (1, True)
    back = deskbot("restore", "desk.tar")
    assert (back.code, "База даних уже є" in back.err) == (1, True)


def test_a_spoilt_file_is_told_and_not_taken(deskbot: Deskbot, desk: Path) -> None:
    assert deskbot("db", "upgrade").code == 0
    ref = Shelf(desk / "data" / "files").put(b"cabbage soup")
    assert deskbot("backup", "desk.tar").code == 0
    archive = (desk / "desk.tar").read_bytes()
    (desk / "desk.tar").write_bytes(archive.replace(b"cabbage soup", b"cabbage soap"))
    (desk / "data").rename(desk / "before")
    told = deskbot("restore", "desk.tar")
    assert (told.code, "Пошкоджених файлів, які не відновлено: 1" in told.err) == (1, True)
    assert Shelf(desk / "data" / "files").path(ref) is None
    assert list(Shelf(desk / "data" / "files").refs()) == []


def test_a_spoilt_database_is_told(deskbot: Deskbot, desk: Path) -> None:
    assert deskbot("db", "upgrade").code == 0
    assert deskbot("backup", "desk.tar").code == 0
    archive = (desk / "desk.tar").read_bytes()
    (desk / "desk.tar").write_bytes(archive.replace(b"CREATE TABLE", b"CREATE TABLR"))
    (desk / "data").rename(desk / "before")
    told = deskbot("restore", "desk.tar")
    assert (told.code, "Копія бази даних пошкоджена" in told.err) == (1, True)
    assert not (desk / "data" / "deskbot.db").exists()


def test_a_strange_archive_is_refused_and_writes_nowhere(deskbot: Deskbot, desk: Path) -> None:
    (desk / "text.tar").write_text("no archive")
    with tarfile.open(desk / "evil.tar", "w") as tar:
        info = tarfile.TarInfo("../evil")
        info.size = 1
        tar.addfile(info, io.BytesIO(b"x"))
    for name in ("text.tar", "evil.tar", "missing.tar"):
        told = deskbot("restore", name)
        assert (told.code, "Це не архів deskbot" in told.err) == (1, True)
    assert not (desk.parent / "evil").exists()


def test_what_is_cut_off_or_holds_no_database_is_refused(deskbot: Deskbot, desk: Path) -> None:
    assert deskbot("db", "upgrade").code == 0
    assert deskbot("backup", "desk.tar").code == 0
    whole = (desk / "desk.tar").read_bytes()
    (desk / "half.tar").write_bytes(whole[: len(whole) // 2])
    about = b'{"format": 1, "kind": "sqlite"}'
    for name, kind, content in (("folder.tar", tarfile.DIRTYPE, about), ("link.tar", tarfile.SYMTYPE, about), ("list.tar", b"", b"[1]")):
        with tarfile.open(desk / name, "w") as tar:
            info = tarfile.TarInfo("deskbot-backup.json")
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
            database = tarfile.TarInfo("database")
            database.type, database.linkname = kind or tarfile.REGTYPE, "/etc/passwd"
            tar.addfile(database)
    (desk / "data").rename(desk / "before")
    for name in ("half.tar", "folder.tar", "link.tar", "list.tar"):
        told = deskbot("restore", name)
        assert (told.code, "Це не архів deskbot" in told.err) == (1, True), (name, told.err)
    assert not (desk / "data" / "deskbot.db").exists()


def test_only_its_owner_reads_an_archive_and_a_missing_folder_is_told(deskbot: Deskbot, desk: Path) -> None:
    assert deskbot("db", "upgrade").code == 0
    assert deskbot("backup", "desk.tar").code == 0
    assert (desk / "desk.tar").stat().st_mode & 0o077 == 0
    told = deskbot("backup", "nowhere/desk.tar")
    assert (told.code, "Не вдалося записати" in told.err) == (1, True)


def test_without_a_database_there_is_nothing_to_save(deskbot: Deskbot, desk: Path) -> None:
    told = deskbot("backup", "desk.tar")
    assert (told.code, "Бази даних ще немає" in told.err) == (1, True)
    assert list(desk.iterdir()) == []


def test_files_are_counted_and_orphans_taken_away_on_request(deskbot: Deskbot, desk: Path) -> None:
    assert deskbot("db", "upgrade").code == 0
    shelf = Shelf(desk / "data" / "files")
    orphan, young = shelf.put(b"orphan"), shelf.put(b"young")
    path = shelf.path(orphan)
    assert path is not None
    os.utime(path, (0, 0))
    asyncio.run(_write(f"sqlite:///{desk}/data/deskbot.db", shelf, lambda: True))
    lost = shelf.path(shelf.put(b"scan 3"))
    assert lost is not None
    lost.unlink()
    told = deskbot("db", "files")
    assert (told.code, "Файлів: 21" in told.out, "Бракує: 1" in told.out, "Нічиїх: 2" in told.out) == (1, True, True, True)
    assert "Забрано нічиїх: 1." in deskbot("db", "files", "--sweep").out
    assert shelf.path(orphan) is None
    assert shelf.path(young) is not None
