"""Files of chats: fetched over the Bot API into the ticket, and files of ours sent to the client."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.channels.fetching import FileWorker
from bot.channels.telegram.files import Downloads
from bot.errors import Permanent
from bot.files import MEGABYTE, FileLimits, Shelf
from bot.model import Attachment
from bot.ports import TicketFile
from bot.storage.memory import MemoryStorage
from tests.channels.telegram.house import IRYNA, STAFF_CHAT, House, open_house


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(MemoryStorage(), shelf=Shelf(tmp_path / "files")) as built:
        yield built


def worker(house: House, tmp_path: Path, limit: int = MEGABYTE) -> FileWorker:
    return FileWorker(
        storage=house.world.storage,
        shelf=Shelf(tmp_path / "files"),
        limits=FileLimits(size=limit),
        fetchers={"telegram:": house.channel.fetch},
        clock=house.world.clock,
    )


async def files(house: House, ticket_id: int = 1) -> list[TicketFile]:
    async with house.world.storage.read() as uow:
        return await uow.files.of_ticket(ticket_id)


async def test_a_clients_photo_is_fetched_into_the_ticket(house: House, tmp_path: Path) -> None:
    photo = base64.b64encode(b"\xff\xd8 a photo").decode()
    house.telegram.world.send_media(IRYNA, IRYNA, "photo", data_base64=photo, caption="Не друкує чек, ось екран")
    await house.gets("№1")
    await worker(house, tmp_path).drain()
    [file] = await files(house)
    assert Shelf(tmp_path / "files").read(file.kept_as) == b"\xff\xd8 a photo"


async def test_more_than_the_limit_is_given_up_in_words(house: House, tmp_path: Path) -> None:
    big = base64.b64encode(b"x" * 5_000).decode()
    house.telegram.world.send_media(IRYNA, IRYNA, "document", data_base64=big, caption="База не відкривається")
    await house.gets("№1")
    await worker(house, tmp_path, limit=4_999).drain()
    [file] = await files(house)
    assert (file.kept_as, file.error) == ("", "Файл завеликий: приймаємо до 0 МБ.")


async def test_an_agents_file_from_the_site_goes_up_to_the_client(house: House, tmp_path: Path) -> None:
    house.say("Не друкує чек")
    await house.gets("№1")
    manual = Shelf(tmp_path / "files").put(b"%PDF manual")
    async with house.world.storage.write() as uow:
        attachment = Attachment(name="Інструкція.pdf", content_type="application/pdf", size=11, ref=manual)
        lost = Attachment(name="зник.pdf", size=5, ref="sha256:" + "0" * 64)
        await house.world.desk.reply(uow, 1, house.world.olena, "Ось інструкція.", (attachment, lost))
        await uow.commit()
    await house.gets("зник.pdf")
    sent = [message["document"] for message in house.sent() if "document" in message]
    assert [document["file_name"] for document in sent] == ["Інструкція.pdf"]
    assert house.telegram.world.files[sent[0]["file_id"]].content == b"%PDF manual"


async def test_a_file_that_came_by_mail_is_shown_to_staff_in_their_chat(house: House, tmp_path: Path) -> None:
    house.say("Не друкує чек")
    await house.gets("№1")
    scan = Shelf(tmp_path / "files").put(b"scan")
    async with house.world.storage.write() as uow:
        from tests.builders import message

        attachment = Attachment(name="скан.png", content_type="image/png", size=4, kind="photo", ref=scan)
        said = message(house.world.iryna, "Ось скан", received_at=house.world.clock.now(), attachments=(attachment,))
        await house.world.desk.add_client_message(uow, 1, said, inbox_id=99, contact=house.world.iryna, verdict="answer")
        await uow.commit()
    await house.until(lambda: any("document" in message for message in house.sent(STAFF_CHAT)))


class LocalServer:
    """A Bot API server of one's own, which names files by their path on its disk."""

    def __init__(self, path: Path) -> None:
        self.path = path

    async def call(self, method: str, parameters: object) -> dict[str, str]:
        assert method == "getFile"
        return {"file_path": str(self.path)}


async def test_a_server_of_ones_own_gives_files_on_its_disk(tmp_path: Path) -> None:
    there = tmp_path / "photo.jpg"
    there.write_bytes(b"jpg")
    fetch = Downloads(LocalServer(there)).fetch  # type: ignore[arg-type]  # all of a connection that is needed here
    assert await fetch("telegram:x", FileLimits()) == there
    with pytest.raises(Permanent, match="завеликий"):
        await fetch("telegram:x", FileLimits(size=2))
    there.unlink()
    with pytest.raises(Permanent, match="диску сервера"):
        await fetch("telegram:x", FileLimits())
