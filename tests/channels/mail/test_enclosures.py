"""Files that go out with an answer: really in the mail, byte for byte, and a large one holds nobody up."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.channels.mail import enclosures
from bot.channels.mail.channel import MailChannel
from bot.channels.mail.enclosures import Enclosure, enclose
from bot.channels.mail.options import Mailbox, MailOptions
from bot.channels.mail.smtp import RelayAccess
from bot.channels.outbox import OutboxWorker
from bot.files import Shelf
from bot.model import Address, Attachment
from bot.storage.memory import MemoryStorage
from tests.builders import World, build_world, message
from tests.channels.mail.test_smtp import FROM, TO, letter, relay
from tests.integration.smtp_sink import Received, SmtpSink


class Sending:
    """A desk with a ticket of a client who writes by mail, and an agent who answers with files."""

    def __init__(self, world: World, sink: SmtpSink, shelf: Shelf) -> None:
        self.world, self.sink, self.shelf = world, sink, shelf
        options = MailOptions(
            mailboxes=(
                Mailbox(name="support", address=FROM, relay=RelayAccess(host="127.0.0.1", port=sink.port, security="plain", limit=20.0)),
            ),
            secret=b"0123456789abcdef",
        )
        self.channel = MailChannel(
            options=options, storage=world.storage, desk=world.desk, intake=world.intake, clock=world.clock, shelf=shelf
        )
        self.outbox = OutboxWorker(storage=world.storage, channels={"mail": self.channel}, clock=world.clock)

    async def answer(self, *files: Attachment) -> Received | None:
        """The mail that the answer became."""
        world = self.world
        async with world.storage.write() as uow:
            iryna = await uow.people.add_contact(name="Ірина", client_id=None, language="uk", addresses=(MAIL,))
            planned = world.intake.plan(message(iryna, "Не друкує чек на касі.", received_at=world.clock.now(), channel="mail"))
            [result] = await world.intake.accept(uow, planned, [1])
            await world.desk.reply(uow, result.ticket_ids[0], world.olena, "Ось інструкція.", files)
            await uow.commit()
        await self.drain()
        return next((mail for mail in self.sink.mails if "Ось інструкція" in mail.text()), None)

    async def drain(self) -> None:
        for _ in range(3):
            self.world.clock.advance(timedelta(seconds=20))
            await self.outbox.drain()


MAIL = Address(channel="mail", value=TO)


@pytest.fixture
async def sending(tmp_path: Path) -> AsyncIterator[Sending]:
    async with SmtpSink() as sink:
        made = Sending(await build_world(MemoryStorage()), sink, Shelf(tmp_path))
        yield made
        await made.channel.close()


def kept(shelf: Shelf, name: str, content: bytes, content_type: str = "application/pdf") -> Attachment:
    return Attachment(name=name, content_type=content_type, size=len(content), ref=shelf.put(content))


async def test_an_answers_files_are_in_the_mail(sending: Sending) -> None:
    binary = bytes(range(256)) * 50
    mail = await sending.answer(
        kept(sending.shelf, "Інструкція №1.pdf", binary), kept(sending.shelf, "лист.eml", b"From: x\n\n.\n", "message/rfc822")
    )
    assert mail is not None
    files = [(part.get_filename(), part.get_content_type(), part.get_content()) for part in mail.message.iter_attachments()]
    assert files == [
        ("Інструкція №1.pdf", "application/pdf", binary),
        ("лист.eml", "application/octet-stream", b"From: x\n\n.\n"),
    ]


async def test_what_does_not_fit_or_is_lost_is_named(sending: Sending, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(enclosures, "LIMIT", 100)
    lost = Attachment(name="зник.pdf", ref="sha256:" + "0" * 64)
    mail = await sending.answer(kept(sending.shelf, "мале.pdf", b"x" * 60), kept(sending.shelf, "велике.pdf", b"y" * 60), lost)
    assert mail is not None
    assert [part.get_filename() for part in mail.message.iter_attachments()] == ["мале.pdf"]
    assert "Ці файли не вмістилися в лист, вони чекають на сторінці звернення на Сайті: велике.pdf, зник.pdf" in mail.text()


async def test_an_answer_waits_for_a_file_that_is_being_fetched(sending: Sending) -> None:
    photo = Attachment(name="фото.jpg", content_type="image/jpeg", size=3, kind="photo", ref="telegram:abc")
    assert await sending.answer(photo) is None
    async with sending.world.storage.write() as uow:
        uow.files.keep("telegram:abc", kept_as=sending.shelf.put(b"jpg"))
        await uow.commit()
    await sending.drain()
    mail = sending.sink.mails[-1]
    assert [part.get_content() for part in mail.message.iter_attachments()] == [b"jpg"]


async def test_a_long_text_arrives_as_it_was_piece_by_piece() -> None:
    text = "".join(f".{'.' * (number % 3)}рядок {number}\n" for number in range(40_000))
    async with SmtpSink() as sink, relay(sink, limit=20.0) as sending:
        mail = letter()
        mail.set_content(text, cte="8bit")
        await sending.send(mail, sender=FROM, recipient=TO)
        mail = letter()
        content = os.urandom(3_000_001)
        files = (
            Enclosure(name="x.zip", content_type="application/zip", content=content),
            Enclosure(name="пусто.txt", content_type="", content=b""),
        )
        await sending.send(mail, sender=FROM, recipient=TO, cargo=enclose(mail, files))
        await sending.send(letter("коротко"), sender=FROM, recipient=TO)
        assert sink.mails[0].text().replace("\r\n", "\n") == text
        assert [part.get_content() for part in sink.mails[1].message.iter_attachments()] == [content, b""]
        assert max(map(len, sink.mails[1].raw.split(b"\r\n"))) <= 78
        assert sink.mails[2].text().strip() == "коротко"
        assert sink.connections == 1
