"""Fetching in the background: kept once, tried again, given up with a sentence; a process that dies loses nothing."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from bot.channels.fetching import CLAIM, MAX_ATTEMPTS, FileWorker
from bot.errors import Permanent, RateLimited, Transient
from bot.files import FileLimits, Shelf
from bot.model import Attachment
from bot.ports import TicketFile
from bot.storage.memory import MemoryStorage
from tests.builders import World, build_world, message

REF = "telegram:abc"


class Elsewhere:
    """Where the bytes are: `answers` in their order, an error is raised."""

    def __init__(self, *answers: bytes | Path | Exception) -> None:
        self.answers = list(answers)
        self.asked = 0

    async def fetch(self, ref: str, limits: FileLimits) -> bytes | Path:
        assert (ref, limits.size) == (REF, FileLimits().size)
        self.asked += 1
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


class Desk:
    def __init__(self, world: World, shelf: Shelf, elsewhere: Elsewhere) -> None:
        self.world, self.shelf, self.elsewhere = world, shelf, elsewhere
        self.worker = FileWorker(
            storage=world.storage, shelf=shelf, limits=FileLimits(), fetchers={"telegram:": elsewhere.fetch}, clock=world.clock
        )

    async def file(self) -> TicketFile:
        async with self.world.storage.read() as uow:
            return (await uow.files.of_ticket(1))[0]


async def desk(tmp_path: Path, *answers: bytes | Path | Exception) -> Desk:
    """A photo came with a message, and again in the answer to it."""
    world = await build_world(MemoryStorage())
    photo = Attachment(name="фото", kind="photo", size=3, ref=REF)
    async with world.storage.write() as uow:
        for number in (1, 2):
            said = message(world.iryna, f"Не друкує чек {number}", received_at=world.clock.now(), attachments=(photo,))
            await world.intake.accept(uow, world.intake.plan(said), [number])
        await uow.commit()
    return Desk(world, Shelf(tmp_path), Elsewhere(*answers))


async def test_a_file_is_fetched_once_and_kept(tmp_path: Path) -> None:
    made = await desk(tmp_path, b"jpg")
    assert await made.worker.drain() == 1
    assert await made.worker.drain() == 0
    file = await made.file()
    assert (made.shelf.read(file.kept_as), made.elsewhere.asked) == (b"jpg", 1)


async def test_a_file_on_this_machine_is_copied(tmp_path: Path) -> None:
    """Piece by piece: a Bot API server of one's own has files of two gigabytes."""
    (tmp_path / "there").write_bytes(b"jpg")
    made = await desk(tmp_path / "files", tmp_path / "there")
    await made.worker.drain()
    assert made.shelf.read((await made.file()).kept_as) == b"jpg"
    assert (tmp_path / "there").exists()


async def test_a_passing_obstacle_is_waited_out_as_long_as_the_server_asks(tmp_path: Path) -> None:
    made = await desk(tmp_path, RateLimited(retry_after=timedelta(minutes=3)), Transient(), b"jpg")
    await made.worker.drain()
    made.world.clock.advance(timedelta(minutes=2))
    assert await made.worker.drain() == 0
    made.world.clock.advance(timedelta(minutes=2))
    await made.worker.drain()
    made.world.clock.advance(timedelta(minutes=2))
    await made.worker.drain()
    assert made.shelf.read((await made.file()).kept_as) == b"jpg"


async def test_what_cannot_be_had_is_given_up_in_words(tmp_path: Path) -> None:
    made = await desk(tmp_path, Permanent("Telegram не віддає файл: завеликий."))
    await made.worker.drain()
    made.world.clock.advance(timedelta(days=1))
    await made.worker.drain()
    file = await made.file()
    assert (file.kept_as, file.error, made.elsewhere.asked) == ("", "Telegram не віддає файл: завеликий.", 1)


async def test_it_is_not_tried_for_ever(tmp_path: Path) -> None:
    made = await desk(tmp_path, *[Transient("Немає мережі.")] * 50)
    for _ in range(50):
        await made.worker.drain()
        made.world.clock.advance(timedelta(hours=2))
    assert 0 < made.elsewhere.asked <= MAX_ATTEMPTS
    assert (await made.file()).error == "Немає мережі."


async def test_a_process_that_dies_at_a_file_tries_it_later_and_others_meanwhile(tmp_path: Path) -> None:
    made = await desk(tmp_path, ZeroDivisionError("a bug"), b"jpg")
    with pytest.raises(ZeroDivisionError):
        await made.worker.drain()
    assert await made.worker.drain() == 0
    made.world.clock.advance(CLAIM)
    await made.worker.drain()
    assert made.shelf.read((await made.file()).kept_as) == b"jpg"
