"""Who is heard: blocked senders and spam are set aside and can be let in; agents answer and forward by mail; bounces mark addresses."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest

from bot.channels.inbox import InboxWorker
from bot.channels.mail.bounces import marked
from bot.channels.mail.channel import MailChannel
from bot.channels.mail.events import mail_event
from bot.channels.mail.options import Mailbox, MailOptions
from bot.channels.mail.senders import BLOCKED, FRESH_FOR
from bot.channels.mail.smtp import RelayAccess
from bot.channels.mail.tokens import Tokens
from bot.channels.outbox import OutboxWorker
from bot.config.tree import SPAM_HEADERS
from bot.model import Ticket
from bot.storage.memory import MemoryStorage
from tests.builders import World, build_world
from tests.channels.mail.test_channel import ADDRESS, answer, mail
from tests.integration.smtp_sink import SmtpSink

SECRET = b"0123456789abcdef"
OLENA = "Олена <olena@desk.example>"
PASS = "mx.desk.example; dmarc=pass header.from=desk.example"
FAIL = "mx.desk.example; spf=fail; dkim=fail; dmarc=fail header.from=desk.example"


class Desk:
    """A desk whose mails come straight into the inbox."""

    def __init__(self, world: World, sink: SmtpSink) -> None:
        self.world, self.sink = world, sink
        relay = RelayAccess(host="127.0.0.1", port=sink.port, security="plain", limit=8.0)
        options = MailOptions(
            mailboxes=(Mailbox(name="support", address=ADDRESS, relay=relay),),
            secret=SECRET,
            authserv_id="mx.desk.example",
            blocked=("@noise.example",),
            spam_headers=SPAM_HEADERS,
        )
        self.channel = MailChannel(options=options, storage=world.storage, desk=world.desk, intake=world.intake, clock=world.clock)
        channels = {"mail": self.channel}
        self.inbox = InboxWorker(storage=world.storage, channels=channels, clock=world.clock)
        self.outbox = OutboxWorker(storage=world.storage, channels=channels, clock=world.clock)

    async def get(self, *raws: bytes) -> list[int | None]:
        self.world.clock.advance(FRESH_FOR)
        async with self.world.storage.write() as uow:
            ids = await uow.inbox.put([mail_event(raw, received_at=self.world.clock.now()) for raw in raws], now=self.world.clock.now())
            await uow.commit()
        await self.settle()
        return ids

    async def settle(self) -> None:
        await self.inbox.drain()
        await self.outbox.drain()

    async def tickets(self) -> list[Ticket]:
        async with self.world.storage.read() as uow:
            return [row.ticket for row in await uow.tickets.queue(limit=100)]

    async def aside(self) -> list[str]:
        async with self.world.storage.read() as uow:
            return [row.because for row in await uow.inbox.set_aside("mail")]

    async def words(self, ticket_id: int) -> list[tuple[str, str]]:
        async with self.world.storage.read() as uow:
            return [(message.kind.value, message.text) for message in await uow.tickets.messages(ticket_id)]

    async def events(self, ticket_id: int) -> list[str]:
        async with self.world.storage.read() as uow:
            return [event.kind for event in await uow.tickets.events(ticket_id)]

    async def alerts(self) -> list[str]:
        return [str(row.body["text"]) for row in await self.world.told("alert")]

    def to(self, address: str) -> list[str]:
        return [each.text() for each in self.sink.mails if each.recipients == (address,)]


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    world = await build_world(MemoryStorage())
    async with world.storage.write() as uow:
        await uow.people.add_agent(name="Олена Поштова", role="agent", mail="Olena@desk.example")
        await uow.commit()
    async with SmtpSink() as sink:
        made = Desk(world, sink)
        yield made
        await made.channel.close()


# --- spam and blocks ---------------------------------------------------------------------------------------------------------


async def test_spam_by_the_servers_word_is_set_aside_and_can_be_let_in(desk: Desk) -> None:
    [item_id] = await desk.get(mail("Не друкується накладна.", X_Spam_Flag="YES"))
    assert item_id
    assert await desk.tickets() == []
    assert desk.sink.mails == []
    assert await desk.aside() == ["spam"]
    async with desk.world.storage.write() as uow:
        assert await uow.inbox.let_in("mail", [item_id], now=desk.world.clock.now()) == 1
        await uow.commit()
    await desk.settle()
    [ticket] = await desk.tickets()
    assert ticket.title == "Не друкується накладна"
    assert len(desk.to("iryna@shop.example")) == 1


async def test_a_valid_token_outweighs_the_spam_filter(desk: Desk) -> None:
    await desk.get(mail("Не друкується накладна."))
    [ticket] = await desk.tickets()
    reply = answer(desk.sink.mails[0], "Досі не друкує.").replace(b"Subject:", b"X-Spam-Flag: YES\nSubject:", 1)
    await desk.get(reply)
    assert [kind for kind, _ in await desk.words(ticket.id)] == ["inbound", "inbound"]


async def test_a_blocked_sender_is_not_heard_until_let_in(desk: Desk) -> None:
    await desk.get(mail("Купіть наші двері!", sender="Двері <info@mail.noise.example>"))
    assert await desk.aside() == ["blocked"]
    await desk.get(mail("Не друкується накладна.", message_id="<m2@shop.example>"))
    assert len(await desk.tickets()) == 1
    async with desk.world.storage.write() as uow:
        uow.state.set(BLOCKED, ["iryna@shop.example"])
        await uow.commit()
    await desk.get(mail("І чек не друкується.", message_id="<m3@shop.example>"))
    assert await desk.aside() == ["blocked", "blocked"]
    assert len(await desk.tickets()) == 1


async def test_a_machines_mail_can_be_let_in_too_and_is_still_not_answered(desk: Desk) -> None:
    [item_id] = await desk.get(mail("Заявка з сайту: не друкується накладна.", Precedence="bulk"))
    assert item_id
    assert await desk.aside() == ["bulk"]
    async with desk.world.storage.write() as uow:
        await uow.inbox.let_in("mail", [item_id], now=desk.world.clock.now())
        await uow.commit()
    await desk.settle()
    [ticket] = await desk.tickets()
    assert "receipt_withheld" in await desk.events(ticket.id)
    assert desk.sink.mails == []


async def test_a_quarantined_mail_does_not_hold_up_its_senders_others(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    read = desk.channel._read

    async def poisoned(item: object) -> object:
        if b"POISON" in item.raw:  # type: ignore[attr-defined]
            raise ValueError("a bug")
        return await read(item)  # type: ignore[arg-type]

    monkeypatch.setattr(desk.channel, "_read", poisoned)
    await desk.get(mail("POISON", message_id="<p@shop.example>"), mail("Не друкується накладна.", message_id="<q@shop.example>"))
    for _ in range(3):
        desk.world.clock.advance(timedelta(minutes=1))
        await desk.settle()
    assert len(await desk.tickets()) == 1
    await desk.get(mail("І не відкривається база.", message_id="<r@shop.example>"))
    assert len(await desk.tickets()) == 2
    async with desk.world.storage.read() as uow:
        assert len(await uow.inbox.quarantined()) == 1


# --- agents ------------------------------------------------------------------------------------------------------------------


def forward(comment: str = "Глянь, будь ласка.", **headers: str) -> bytes:
    text = (
        f"{comment}\n\n---------- Forwarded message ---------\n"
        "Від: Петро Мірошник <petro@mill.example>\nДата: вт, 24 лист. 2026 р. о 09:10\nТема: База млина\n"
        "Кому: Олена <olena@desk.example>\n\nНе відкривається база, пише про блокування таблиць.\n"
    )
    return mail(text, sender=OLENA, subject="Fwd: База млина", message_id="<f1@desk.example>", **headers)


async def test_a_forward_by_an_agent_opens_a_ticket_for_the_client(desk: Desk) -> None:
    await desk.get(forward())
    [ticket] = await desk.tickets()
    async with desk.world.storage.read() as uow:
        contact = await uow.people.contact(ticket.contact_id)
    assert contact
    assert (contact.name, contact.client_id) == ("Петро Мірошник", desk.world.mill.id)
    assert ticket.route
    assert ticket.route.recipient == "petro@mill.example"
    words = await desk.words(ticket.id)
    assert [kind for kind, _ in words] == ["inbound", "note"]
    assert "блокування" in words[0][1]
    assert words[1][1].strip() == "Глянь, будь ласка."
    assert "forwarded" in await desk.events(ticket.id)
    [receipt] = [each for each in desk.sink.mails if each.recipients == ("petro@mill.example",)]
    assert str(receipt.message["Subject"]).startswith("Re: База млина [#")
    assert desk.to("olena@desk.example") == []


@pytest.mark.parametrize(("said", "is_doubted"), [(FAIL, True), (PASS, False)])
async def test_a_forged_forward_bears_the_servers_doubts(desk: Desk, said: str, is_doubted: bool) -> None:
    await desk.get(f"Authentication-Results: {said}\r\n".encode() + forward())
    [card] = await desk.world.told("card")
    assert (card.body["ticket"]["sender"] == "failed") is is_doubted
    assert any("перепитайте" in text for text in await desk.alerts()) is is_doubted


async def test_a_mail_forwarded_as_an_attachment_is_the_clients_too(desk: Desk) -> None:
    inner = mail("Не відкривається база, пише про блокування таблиць.", sender="Петро <petro@mill.example>", subject="База млина")
    outer = EmailMessage()
    outer["From"], outer["To"], outer["Subject"], outer["Message-ID"] = OLENA, ADDRESS, "Fwd: База млина", "<f2@desk.example>"
    outer.set_content("")
    outer.add_attachment(message_from_bytes(inner, policy=policy.default))
    await desk.get(outer.as_bytes())
    [ticket] = await desk.tickets()
    assert ticket.route
    assert ticket.route.recipient == "petro@mill.example"
    assert [kind for kind, _ in await desk.words(ticket.id)] == ["inbound"]


async def test_a_stranger_who_forwards_writes_for_himself(desk: Desk) -> None:
    await desk.get(forward().replace(b"olena@desk.example", b"mallory@evil.example"))
    [ticket] = await desk.tickets()
    assert ticket.route
    assert ticket.route.recipient == "mallory@evil.example"


async def test_an_agents_answer_by_mail_reaches_the_client_when_the_server_vouches(desk: Desk) -> None:
    await desk.get(mail("Не друкується накладна."))
    [ticket] = await desk.tickets()
    reply = answer(desk.sink.mails[0], "Оновіть конфігурацію до 2.1.", sender=OLENA, message_id="<o1@desk.example>")
    await desk.get(f"Authentication-Results: {PASS}\r\n".encode() + reply)
    assert ("answer", "Оновіть конфігурацію до 2.1.") in await desk.words(ticket.id)
    assert any("Оновіть конфігурацію" in text for text in desk.to("iryna@shop.example"))
    assert desk.to("olena@desk.example") == []


@pytest.mark.parametrize("said", [FAIL, "mx.desk.example; spf=pass; dkim=none", "mx.evil.example; dmarc=pass", ""])
async def test_a_forged_agent_says_nothing_to_the_client(desk: Desk, said: str) -> None:
    await desk.get(mail("Не друкується накладна."))
    [ticket] = await desk.tickets()
    before = len(desk.sink.mails)
    reply = answer(desk.sink.mails[0], "Надішліть пароль на evil@example.org.", sender=OLENA, message_id="<o1@evil.example>")
    await desk.get((f"Authentication-Results: {said}\r\n".encode() if said else b"") + reply)
    assert ("note", "Надішліть пароль на evil@example.org.") in await desk.words(ticket.id)
    assert len(desk.sink.mails) == before
    assert any("не підтвердив відправника" in text for text in await desk.alerts())


async def test_an_agents_answer_to_a_closed_ticket_is_told_not_lost(desk: Desk) -> None:
    await desk.get(mail("Не друкується накладна."))
    [ticket] = await desk.tickets()
    async with desk.world.storage.write() as uow:
        from bot.model import Actor, Outcome

        await desk.world.desk.close(uow, ticket.id, Actor.agent(desk.world.olena), outcome=Outcome.SOLVED)
        await uow.commit()
    reply = answer(desk.sink.mails[0], "Ще одне.", sender=OLENA, message_id="<o2@desk.example>")
    await desk.get(f"Authentication-Results: {PASS}\r\n".encode() + reply)
    assert any("не надіслано клієнтові" in text for text in await desk.alerts())


async def test_staff_see_that_a_sender_is_not_proved(desk: Desk) -> None:
    await desk.get(f"Authentication-Results: {FAIL}\r\n".encode() + mail("Не друкується накладна."))
    [ticket] = await desk.tickets()
    [card] = await desk.world.told("card")
    assert card.body["ticket"]["sender"] == "failed"
    async with desk.world.storage.read() as uow:
        [message] = await uow.tickets.messages(ticket.id)
    assert message.letter["authentication"] == {"spf": "fail", "dkim": "fail", "dmarc": "fail"}


async def test_a_forged_from_of_another_client_opens_nothing_of_theirs(desk: Desk) -> None:
    """The number in the subject, the words "reply", the client's own address: none of it is proof."""
    await desk.get(mail("Не друкується накладна."))
    [ticket] = await desk.tickets()
    forged = mail("Закрийте, будь ласка, все вирішено.", subject=f"Re: №{ticket.id} Не друкується накладна", message_id="<x@evil.example>")
    await desk.get(forged)
    assert [kind for kind, _ in await desk.words(ticket.id)] == ["inbound"]
    [found] = [each for each in await desk.tickets() if each.id == ticket.id]
    assert found.is_open


# --- bounces -----------------------------------------------------------------------------------------------------------------


def bounce(message_id: str, recipient: str = "iryna@shop.example") -> bytes:
    return (
        f"Return-Path: <>\r\nFrom: MAILER-DAEMON@mx.example.org\r\nTo: {ADDRESS}\r\nSubject: Undelivered Mail Returned to Sender\r\n"
        "MIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n"
        "--b\r\nContent-Type: text/plain\r\n\r\nI could not deliver it.\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example.org\r\n\r\n"
        f"Final-Recipient: rfc822; {recipient}\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n"
        f"--b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: {message_id}\r\nSubject: x\r\n\r\n--b--\r\n"
    ).encode()


async def test_a_bounce_is_an_event_marks_the_contact_and_is_told_until_they_write_again(desk: Desk) -> None:
    await desk.get(mail("Не друкується накладна."))
    [ticket] = await desk.tickets()
    await desk.get(bounce(str(desk.sink.mails[0].message["Message-ID"])))
    async with desk.world.storage.read() as uow:
        [event] = [each for each in await uow.tickets.events(ticket.id) if each.kind == "bounced"]
        marks = await marked(uow)
    assert event.data == {"recipient": "iryna@shop.example", "status": "5.1.1"}
    assert marks["iryna@shop.example"]["tickets"] == [ticket.id]
    [told] = await desk.alerts()
    assert "Ірина" in told
    assert "iryna@shop.example 5.1.1" in told
    await desk.get(mail("Я знову тут: чек не друкується.", message_id="<m9@shop.example>"))
    async with desk.world.storage.read() as uow:
        assert await marked(uow) == {}


async def test_a_bounce_finds_its_ticket_by_our_signature_alone(desk: Desk) -> None:
    """Killed between "sent" and "recorded" the id is not remembered."""
    await desk.get(mail("Не друкується накладна."))
    [ticket] = await desk.tickets()
    await desk.get(bounce(Tokens(SECRET).message_id("never recorded", "desk.example", ticket.id)))
    assert "bounced" in await desk.events(ticket.id)


async def test_a_forged_bounce_marks_nobody(desk: Desk) -> None:
    await desk.get(mail("Не друкується накладна."))
    [ticket] = await desk.tickets()
    await desk.get(bounce(f"<t{ticket.id}.aaaaaaaaaaaaaaaa.aaaaaaaaaaaaaaaa@desk.example>"))
    assert "bounced" not in await desk.events(ticket.id)
    async with desk.world.storage.read() as uow:
        assert await marked(uow) == {}
    assert await desk.alerts() == []


async def test_a_forged_bounce_of_ones_own_ticket_marks_nobody_of_another_company(desk: Desk) -> None:
    await desk.get(mail("Не друкується накладна."))
    await desk.get(mail("Не відкривається база.", sender="Петро <petro@mill.example>", message_id="<p@mill.example>"))
    await desk.get(bounce(str(desk.sink.mails[0].message["Message-ID"]), "petro@mill.example"))
    async with desk.world.storage.read() as uow:
        assert await marked(uow) == {}
    assert not any("(Петро)" in text for text in await desk.alerts())


async def test_header_injection_in_names_and_subjects_adds_no_header(desk: Desk) -> None:
    evil = (
        b"From: =?utf-8?B?" + __import__("base64").b64encode("Зло\r\nBcc: all@shop.example".encode()) + b"?= <iryna@shop.example>\r\n"
        b"To: " + ADDRESS.encode() + b"\r\nMessage-ID: <i@shop.example>\r\n"
        b"Subject: =?utf-8?B?"
        + __import__("base64").b64encode("Чек\r\nBcc: all@shop.example\r\n\r\nТіло".encode())
        + b"?=\r\n\r\n"
        + "Не друкується накладна.".encode()
    )
    await desk.get(evil)
    [receipt] = desk.sink.mails
    assert receipt.recipients == ("iryna@shop.example",)
    assert receipt.message["Bcc"] is None
    assert "\n" not in str(receipt.message["Subject"])
