"""The mail channel whole: a mail in by IMAP, tickets, a receipt out by SMTP, answers both ways. Dovecot and aiosmtpd are real."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from email.header import Header
from email.message import EmailMessage
from pathlib import Path

import pytest

from bot import notices
from bot.channels.inbox import InboxWorker
from bot.channels.mail.access import MailboxAccess
from bot.channels.mail.channel import MailChannel
from bot.channels.mail.events import file_events
from bot.channels.mail.isolation import Parser
from bot.channels.mail.options import Mailbox, MailOptions
from bot.channels.mail.reading import Reading
from bot.channels.mail.smtp import RelayAccess
from bot.channels.outbox import OutboxWorker
from bot.errors import Permanent, Transient
from bot.model import Link, ReasonState, Route, Ticket
from bot.storage.memory import MemoryStorage
from bot.storage.memory.inbox import MemoryInbox
from tests.builders import STAFF_CHAT, World, build_world
from tests.fakes import AnyTime
from tests.integration.dovecot import PASSWORD, USER, Dovecot
from tests.integration.proxy import Proxy
from tests.integration.smtp_sink import Received, SmtpSink

ADDRESS = "support@desk.example"
IRYNA = "Ірина <iryna@shop.example>"


@dataclass
class Desk:
    """A desk that reads a mailbox and sends through a sink; `settle` runs it until nothing moves."""

    world: World
    channel: MailChannel
    inbox: InboxWorker
    outbox: OutboxWorker
    sink: SmtpSink

    async def settle(self) -> None:
        await self.inbox.drain()
        await self.outbox.drain()

    async def received(self, count: int, *, within: float = 15) -> None:
        """Until so many mails are in the inbox, then handle them."""
        async with asyncio.timeout(within):
            while await self.stored() < count:  # noqa: ASYNC110 - the database cannot set an event
                await asyncio.sleep(0.02)
        await self.settle()

    async def stored(self) -> int:
        async with self.world.storage.read() as uow:
            return sum(day.received for day in await uow.inbox.accounting(since=self.world.clock.now().date() - timedelta(days=2)))

    async def quarantined(self) -> int:
        async with self.world.storage.read() as uow:
            return len(await uow.inbox.quarantined())

    async def tickets(self) -> list[Ticket]:
        async with self.world.storage.read() as uow:
            return [row.ticket for row in await uow.tickets.queue(limit=100)]

    async def links(self, *ids: str) -> list[Link]:
        async with self.world.storage.read() as uow:
            return await uow.tickets.find_links("mail", "", ids)


@asynccontextmanager
async def desk(dovecot: Dovecot, sink: SmtpSink, *, port: int | None = None) -> AsyncIterator[Desk]:
    world = await build_world(MemoryStorage())
    access = MailboxAccess(host="127.0.0.1", port=port or dovecot.port, user=USER, password=PASSWORD, is_plain=True, command_limit=3.0)
    relay = RelayAccess(host="127.0.0.1", port=sink.port, security="plain", limit=8.0)
    options = MailOptions(mailboxes=(Mailbox(name="support", address=ADDRESS, access=access, relay=relay),), secret=b"0123456789abcdef")
    channel = MailChannel(options=options, storage=world.storage, desk=world.desk, intake=world.intake, clock=world.clock)
    workers = {"mail": channel}
    made = Desk(
        world=world,
        channel=channel,
        inbox=InboxWorker(storage=world.storage, channels=workers, clock=world.clock, alert_routes=(STAFF_CHAT,)),
        outbox=OutboxWorker(storage=world.storage, channels=workers, clock=world.clock),
        sink=sink,
    )
    receiving = asyncio.create_task(channel.receive())
    try:
        yield made
    finally:
        receiving.cancel()
        await asyncio.gather(receiving, return_exceptions=True)
        await channel.close()


def three_questions() -> bytes:
    """A mail in windows-1251 with three questions, a quoted tail and a signature, the way an old Outlook Express writes it."""
    text = (
        "Добрий день!\r\n\r\n"
        "1. Не друкується накладна в базі «Торгівля».\r\n"
        "2. Як додати нового користувача в BAS Бухгалтерія?\r\n"
        "3. Потрібен звіт по залишках на складі за листопад.\r\n\r\n"
        "З повагою,\r\nІрина Бондар\r\nтел. +380 44 000 00 00\r\n\r\n"
        "20.11.2026 15:02, Служба підтримки пише:\r\n> Доброго дня! Чим можемо допомогти?\r\n"
    )
    head = (
        f"From: {Header('Ірина Бондар', 'windows-1251').encode()} <iryna@shop.example>\r\nTo: {ADDRESS}\r\n"
        f"Subject: {Header('Питання по базах', 'windows-1251').encode()}\r\nMessage-ID: <first@shop.example>\r\n"
        "References: <older@shop.example>\r\nDate: Tue, 24 Nov 2026 09:58:00 +0200\r\nMIME-Version: 1.0\r\n"
        "Content-Type: text/plain; charset=windows-1251\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
    )
    return head.encode("ascii") + text.encode("cp1251")


def mail(text: str, *, sender: str = IRYNA, subject: str = "Питання", message_id: str = "<m1@shop.example>", **headers: str) -> bytes:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"], message["Message-ID"] = sender, ADDRESS, subject, message_id
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content(text)
    return message.as_bytes()


def answer(received: Received, text: str, *, sender: str = IRYNA, message_id: str = "<answer@shop.example>") -> bytes:
    """What a mail program makes of "reply": references, a prefixed subject, our text quoted below."""
    ours = received.message
    quoted = "\n".join(f"> {line}" for line in received.text().splitlines())
    body = f"{text}\n\nвт, 24 лист. 2026 р. о 10:15 Служба підтримки <{ADDRESS}> пише:\n\n{quoted}\n"
    references = f"{ours.get('References', '')} {ours['Message-ID']}".strip()
    subject = ours["Subject"] if str(ours["Subject"]).startswith("Re:") else f"Re: {ours['Subject']}"
    return mail(body, sender=sender, subject=subject, message_id=message_id, In_Reply_To=ours["Message-ID"], References=references)


async def test_a_mail_with_three_questions_becomes_tickets_and_the_conversation_threads(dovecot: Dovecot) -> None:
    async with SmtpSink() as sink, desk(dovecot, sink) as it:
        dovecot.deliver(three_questions())
        await it.received(1)
        tickets = await it.tickets()
        assert len(tickets) == 3
        [receipt] = sink.mails
        ours = receipt.message
        assert receipt.recipients == ("iryna@shop.example",)
        assert ours["In-Reply-To"] == "<first@shop.example>"
        assert ours["References"] == "<older@shop.example> <first@shop.example>"
        assert ours["Subject"] == "Re: Питання по базах"
        assert ours["Auto-Submitted"] == "auto-replied"
        for ticket in tickets:
            assert f"№{ticket.id} " in receipt.text()
            assert f"№{ticket.id}</b>" in receipt.text("html")
        assert dovecot.seen() == 1

        second = tickets[1]
        async with it.world.storage.write() as uow:
            await it.world.desk.reply(uow, second.id, it.world.olena, "Адміністрування → Користувачі → Створити.")
            await uow.commit()
        await it.settle()
        [spoken] = [each for each in sink.mails if "Адміністрування" in each.text()]
        assert "Auto-Submitted" not in spoken.message
        assert spoken.message["In-Reply-To"] == "<first@shop.example>"
        assert f"[#{second.id}-" in spoken.message["Subject"]

        dovecot.deliver(answer(spoken, "Не бачу такого пункту, у мене роль менеджера."))
        await it.received(2)
        async with it.world.storage.read() as uow:
            words = [message.text for message in await uow.tickets.messages(second.id)]
        assert words[-1] == "Не бачу такого пункту, у мене роль менеджера."
        assert len(await it.tickets()) == 3


async def test_the_urgency_question_is_answered_by_a_digit(dovecot: Dovecot) -> None:
    async with SmtpSink() as sink, desk(dovecot, sink) as it:
        dovecot.deliver(mail("Терміново! Не працює каса, черга стоїть, не можемо пробити чек."))
        await it.received(1)
        [ticket] = await it.tickets()
        assert ticket.reason_state is ReasonState.ASKED
        [receipt] = sink.mails
        assert "1 — " in receipt.text()
        assert "0 — " in receipt.text()
        dovecot.deliver(answer(receipt, "1"))
        await it.received(2)
        [ticket] = await it.tickets()
        assert ticket.reason_state is ReasonState.GIVEN
        assert ticket.reason == 1


async def test_none_of_these_lowers_and_says_so_and_the_rest_is_a_word(dovecot: Dovecot) -> None:
    async with SmtpSink() as sink, desk(dovecot, sink) as it:
        dovecot.deliver(mail("Терміново! Горить, не проводиться накладна."))
        await it.received(1)
        dovecot.deliver(answer(sink.mails[0], "0\nАле до вечора треба."))
        await it.received(2)
        [ticket] = await it.tickets()
        assert ticket.reason_state is ReasonState.NONE_OF_THESE
        assert any("критичністю «висока»" in each.text() for each in sink.mails)
        async with it.world.storage.read() as uow:
            assert (await uow.tickets.messages(ticket.id))[-1].text == "Але до вечора треба."


async def test_a_stranger_with_our_message_id_is_a_third_person_and_learns_nothing(dovecot: Dovecot) -> None:
    async with SmtpSink() as sink, desk(dovecot, sink) as it:
        dovecot.deliver(mail("Не відкривається база, помилка доступу."))
        await it.received(1)
        [ticket] = await it.tickets()
        before = len(sink.mails)
        dovecot.deliver(answer(sink.mails[0], "А мені?", sender="Чужий <stranger@example.org>", message_id="<s@example.org>"))
        await it.received(2)
        async with it.world.storage.read() as uow:
            kinds = [message.kind.value for message in await uow.tickets.messages(ticket.id)]
        assert kinds == ["inbound", "third_person"]
        assert len(sink.mails) == before


async def test_a_forged_token_proves_nothing(dovecot: Dovecot) -> None:
    async with SmtpSink() as sink, desk(dovecot, sink) as it:
        dovecot.deliver(mail("Не відкривається база, помилка доступу."))
        await it.received(1)
        [ticket] = await it.tickets()
        forged = f"<t{ticket.id}.aaaaaaaaaaaaaaaa.aaaaaaaaaaaaaaaa@desk.example>"
        dovecot.deliver(
            mail(
                "Не друкує принтер чеків.",
                sender="X <x@example.org>",
                message_id="<x@example.org>",
                subject=f"Re: [#{ticket.id}-aaaaaaaa]",
                In_Reply_To=forged,
            )
        )
        await it.received(2)
        assert len(await it.tickets()) == 2


@pytest.mark.parametrize(
    "headers",
    [
        {"Auto_Submitted": "auto-replied"},
        {"Precedence": "bulk"},
        {"List_Id": "<news.example.org>"},
        {"X_Autoreply": "yes"},
        {"X_Loop": ADDRESS},
    ],
)
async def test_machines_open_no_ticket_and_get_no_answer(dovecot: Dovecot, headers: dict[str, str]) -> None:
    async with SmtpSink() as sink, desk(dovecot, sink) as it:
        dovecot.deliver(mail("Мене немає в офісі, каса не працює, терміново телефонуйте!", **headers))
        await it.received(1)
        assert await it.tickets() == []
        assert sink.mails == []


async def test_whose_server_forbids_automatic_answers_gets_a_ticket_and_no_receipt(dovecot: Dovecot) -> None:
    async with SmtpSink() as sink, desk(dovecot, sink) as it:
        dovecot.deliver(mail("Не працює звіт по ПДВ.", X_Auto_Response_Suppress="All"))
        await it.received(1)
        [ticket] = await it.tickets()
        assert sink.mails == []
        async with it.world.storage.write() as uow:
            await it.world.desk.reply(uow, ticket.id, it.world.olena, "Оновіть конфігурацію.")
            await uow.commit()
        await it.settle()
        assert [each.recipients for each in sink.mails if "Оновіть" in each.text()] == [("iryna@shop.example",)]


async def test_a_bounce_of_our_answer_is_an_event_on_the_ticket(dovecot: Dovecot) -> None:
    async with SmtpSink() as sink, desk(dovecot, sink) as it:
        dovecot.deliver(mail("Не відкривається база."))
        await it.received(1)
        [ticket] = await it.tickets()
        ours = sink.mails[0].message["Message-ID"]
        report = (
            f"Return-Path: <>\r\nFrom: MAILER-DAEMON@mx.example.org\r\nTo: {ADDRESS}\r\nSubject: Undelivered Mail Returned to Sender\r\n"
            "MIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n"
            "--b\r\nContent-Type: text/plain\r\n\r\nI could not deliver it.\r\n"
            "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example.org\r\n\r\n"
            "Final-Recipient: rfc822; iryna@shop.example\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n"
            f"--b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: {ours}\r\nSubject: x\r\n\r\n--b--\r\n"
        )
        dovecot.deliver(report.encode())
        await it.received(2)
        async with it.world.storage.read() as uow:
            events = await uow.tickets.events(ticket.id)
        assert [event.because for event in events if event.kind == "bounced"] == ["iryna@shop.example 5.1.1"]
        assert len(await it.tickets()) == 1


async def test_a_renumbered_mailbox_is_read_again_without_a_second_ticket(dovecot: Dovecot) -> None:
    async with SmtpSink() as sink, desk(dovecot, sink) as it:
        for number in range(1, 6):
            dovecot.deliver(mail(f"Не працює звіт номер {number}.", message_id=f"<m{number}@shop.example>"))
        await it.received(5)
        await asyncio.to_thread(dovecot.lose_index)
        dovecot.deliver(mail("Не працює каса номер 6.", message_id="<m6@shop.example>"))
        await it.received(6)
        await asyncio.sleep(0.3)
        await it.settle()
        assert len(await it.tickets()) == 6
        assert await it.stored() == 6


async def test_a_mail_read_by_a_person_is_taken_in_all_the_same(dovecot: Dovecot) -> None:
    """Flags are never the source of truth, once the mailbox has a cursor."""
    async with SmtpSink() as sink, desk(dovecot, sink) as it:
        dovecot.deliver(mail("Перший лист: не відкривається база."))
        await it.received(1)
        read = dovecot.mail / "cur" / "1999999999.M1P1.test:2,S"
        read.write_bytes(mail("Другий лист: не друкується чек.", message_id="<m2@shop.example>"))
        read.chmod(0o644)
        await it.received(2)
        assert len(await it.tickets()) == 2


async def test_an_unreachable_mailbox_says_so_and_comes_back(dovecot: Dovecot) -> None:
    dovecot.stop()
    async with SmtpSink() as sink, desk(dovecot, sink) as it:
        async with asyncio.timeout(5):
            while it.channel.health.state != "down":  # noqa: ASYNC110 - a plain value cannot set an event
                await asyncio.sleep(0.02)
        assert "недосяжний" in it.channel.health.detail
        dovecot.start()
        dovecot.deliver(mail("Не відкривається база."))
        await it.received(1)
        assert len(await it.tickets()) == 1


async def test_a_relay_that_refuses_for_now_gets_the_receipt_later(dovecot: Dovecot) -> None:
    async with SmtpSink(on_rcpt=["451 4.7.1 greylisted"]) as sink, desk(dovecot, sink) as it:
        dovecot.deliver(mail("Не відкривається база."))
        await it.received(1)
        assert sink.mails == []
        it.world.clock.advance(timedelta(minutes=6))
        await it.settle()
        assert len(sink.mails) == 1


async def test_a_broken_line_in_the_text_repeats_the_same_message_id(dovecot: Dovecot) -> None:
    async with SmtpSink(on_data=["take+drop"]) as sink, desk(dovecot, sink) as it:
        dovecot.deliver(mail("Не відкривається база."))
        await it.received(1)
        it.world.clock.advance(timedelta(minutes=5))
        await it.settle()
        assert len(sink.mails) == 2
        assert sink.mails[0].message["Message-ID"] == sink.mails[1].message["Message-ID"]


async def test_a_dumb_answering_machine_does_not_make_a_storm(dovecot: Dovecot) -> None:
    """The other side answers each of our letters with a new one, marks nothing and threads nothing: the limits end it."""
    async with SmtpSink() as sink, desk(dovecot, sink) as it:
        for number in range(1, 13):
            letter = mail(f"Ваш лист {number} отримано, наша каса тимчасово не працює.", message_id=f"<auto{number}@shop.example>")
            dovecot.deliver(letter)
            await it.received(number)
            if len(sink.mails) < number:
                break
        assert len(sink.mails) <= 3


async def test_an_answering_machine_that_threads_gets_one_receipt(dovecot: Dovecot) -> None:
    async with SmtpSink() as sink, desk(dovecot, sink) as it:
        dovecot.deliver(mail("Не відкривається база."))
        await it.received(1)
        for number in range(2, 8):
            dovecot.deliver(answer(sink.mails[-1], "Ваш лист отримано, дякуємо.", message_id=f"<auto{number}@shop.example>"))
            await it.received(number)
        assert len(sink.mails) == 1


async def test_nothing_is_lost_or_doubled_while_the_server_dies_and_goes_silent(dovecot: Dovecot) -> None:
    """Two power cuts, a dead line, a lost index, mails arriving all the while."""
    async with SmtpSink() as sink, Proxy(dovecot.port) as proxy, desk(dovecot, sink, port=proxy.port) as it:
        total = 0

        async def arrive(count: int) -> None:
            nonlocal total
            for _ in range(count):
                total += 1
                dovecot.deliver(mail(f"Не працює каса номер {total}.", message_id=f"<m{total}@shop.example>"))
                await asyncio.sleep(0.01)

        await arrive(15)
        dovecot.kill()
        await arrive(10)
        await asyncio.to_thread(dovecot.start)
        await arrive(10)
        proxy.is_swallowing = True
        await arrive(10)
        await asyncio.sleep(1)
        proxy.is_swallowing = False
        proxy.break_lines()
        await asyncio.to_thread(dovecot.lose_index)
        await arrive(10)
        dovecot.kill()
        await asyncio.to_thread(dovecot.start)
        await arrive(5)
        await it.received(total, within=45)
        await asyncio.sleep(0.5)
        await it.settle()
        assert await it.stored() == total == 60
        assert len(await it.tickets()) == 60


async def test_the_promise_counts_from_the_receipt_by_the_server_not_later_than_now(dovecot: Dovecot) -> None:
    async with SmtpSink() as sink, desk(dovecot, sink) as it:
        now = it.world.clock.now()
        early = now - timedelta(hours=5)
        dovecot.deliver(mail("Не відкривається база.", message_id="<a@shop.example>"), at=early.timestamp())
        dovecot.deliver(mail("Не друкується чек.", message_id="<b@shop.example>"), at=(now + timedelta(days=1)).timestamp())
        await it.received(2)
        assert sorted(ticket.received_at for ticket in await it.tickets()) == [early, now]


async def test_a_full_disk_stops_acknowledging_and_loses_nothing(dovecot: Dovecot, monkeypatch: pytest.MonkeyPatch) -> None:
    async with SmtpSink() as sink, desk(dovecot, sink) as it:
        dovecot.deliver(mail("Перший лист: не відкривається база."))
        await it.received(1)
        put, refused = MemoryInbox.put, 0

        async def full(_inbox: MemoryInbox, _events: object, *, now: object) -> list[int | None]:
            nonlocal refused
            refused += 1
            raise Transient("Диск заповнений.")

        monkeypatch.setattr(MemoryInbox, "put", full)
        dovecot.deliver(mail("Другий лист: не друкується чек.", message_id="<m2@shop.example>"))
        async with asyncio.timeout(10):
            while refused < 2:  # noqa: ASYNC110 - counted in a method that is replaced
                await asyncio.sleep(0.02)
        assert dovecot.seen() == 1
        assert "Диск заповнений" in it.channel.mailbox_health["support"].detail
        monkeypatch.setattr(MemoryInbox, "put", put)
        await it.received(2)
        assert len(await it.tickets()) == 2


async def test_a_refused_login_is_shown_and_not_repeated_for_minutes(dovecot: Dovecot) -> None:
    users = dovecot.home / "users"
    users.write_text(users.read_text().replace(PASSWORD, "another"))
    dovecot.stop()
    dovecot.start()
    async with SmtpSink() as sink, desk(dovecot, sink) as it:
        async with asyncio.timeout(10):
            while it.channel.health.state != "down":  # noqa: ASYNC110 - a plain value cannot set an event
                await asyncio.sleep(0.02)
        assert "не прийняв ім'я чи пароль" in it.channel.health.detail
        await asyncio.sleep(3)  # the ordinary wait after a first failure is a second
        assert (dovecot.home / "log").read_text().count("auth failed, 1 attempts") == 1


async def test_a_mail_that_breaks_the_reader_is_kept_aside_and_the_rest_goes_on(dovecot: Dovecot, monkeypatch: pytest.MonkeyPatch) -> None:
    async with SmtpSink() as sink, desk(dovecot, sink) as it:
        read = Parser.read

        async def choosy(self: Parser, raw: bytes) -> Reading:
            if b"Subject: poison" in raw:
                raise Permanent("Лист не вдалося прочитати.")
            return await read(self, raw)

        monkeypatch.setattr(Parser, "read", choosy)
        dovecot.deliver(mail("Каса не працює.", subject="poison", message_id="<p@shop.example>"))
        dovecot.deliver(mail("Не друкується чек.", sender="petro@mill.example", message_id="<b@mill.example>"))
        await it.received(2)
        assert len(await it.tickets()) == 1
        for _ in range(2):
            assert await it.quarantined() == 0  # it may have been the machine: it is tried again
            it.world.clock.advance(timedelta(minutes=5))
            await it.settle()
        assert await it.quarantined() == 1
        [alert] = await it.world.told("alert")
        assert "iryna@shop.example: poison" in alert.body["text"]
        assert "deskbot replay" in alert.body["text"]
        async with it.world.storage.write() as uow:
            await uow.inbox.replay(None, now=it.world.clock.now())
            await uow.commit()
        monkeypatch.setattr(Parser, "read", read)
        await it.settle()
        assert len(await it.tickets()) == 2


async def test_without_a_mailbox_a_letter_is_refused_in_words() -> None:
    world = await build_world(MemoryStorage())
    options = MailOptions(mailboxes=(), secret=b"0123456789abcdef")
    channel = MailChannel(options=options, storage=world.storage, desk=world.desk, intake=world.intake, clock=world.clock)
    route = Route(channel="mail", recipient="iryna@shop.example")
    row = notices.say(route, "Вітаємо!", cause="x", language="uk", now=world.clock.now())
    with pytest.raises(Permanent, match="налаштовано"):
        await channel.send(row, AnyTime())


async def test_a_mail_that_came_by_a_file_before_is_not_taken_in_again_from_the_mailbox(dovecot: Dovecot, tmp_path: Path) -> None:
    """An archive is ingested, then the mailbox it came from is switched on; the same mail sent to two of our addresses is one as well."""
    letter = mail("Не відкривається база.")
    (tmp_path / "archive.eml").write_bytes(b"Received: by mx.desk.example; Tue, 24 Nov 2026 07:00:00 +0000\r\n" + letter)
    async with SmtpSink() as sink, desk(dovecot, sink) as it:
        now = it.world.clock.now()
        async with it.world.storage.write() as uow:
            await uow.inbox.put(list(file_events(tmp_path, now=now)), now=now)
            await uow.commit()
        dovecot.deliver(b"Delivered-To: support@desk.example\r\n" + letter)
        dovecot.deliver(mail("Не друкується чек.", message_id="<b@shop.example>"))
        await it.received(2)
        assert len(await it.tickets()) == 2
        assert await it.stored() == 2


def test_answers_come_from_the_mailbox_that_was_written_to() -> None:
    relay = RelayAccess(host="127.0.0.1", security="plain")
    boxes = (
        Mailbox(name="support", address="support@desk.example", relay=relay),
        Mailbox(name="retail", address="retail@desk.example", aliases=("kasa@desk.example",), relay=relay),
    )
    options = MailOptions(mailboxes=boxes, secret=b"0123456789abcdef")
    assert options.addressed(["iryna@shop.example", "Kasa@desk.example"]) == "retail"
    assert options.addressed(["iryna@shop.example"]) == ""
    assert options.mailbox("").name == "support"


async def test_one_question_and_split_are_answers_too(dovecot: Dovecot) -> None:
    async with SmtpSink() as sink, desk(dovecot, sink) as it:
        dovecot.deliver(three_questions())
        await it.received(1)
        assert len(await it.tickets()) == 3
        dovecot.deliver(answer(sink.mails[0], "Це одне питання", message_id="<a1@shop.example>"))
        await it.received(2)
        [kept] = await it.tickets()
        assert any("це одне звернення" in each.text() for each in sink.mails)
        dovecot.deliver(answer(sink.mails[-1], "Розділити", message_id="<a2@shop.example>"))
        await it.received(3)
        tickets = await it.tickets()
        assert len(tickets) == 3
        assert kept.id in {ticket.id for ticket in tickets}
        [told] = [each for each in sink.mails if "Розділено" in each.text()]
        assert all(f"№{ticket.id} " in told.text() for ticket in tickets)


async def test_a_cut_by_numbers_divides_otherwise(dovecot: Dovecot) -> None:
    async with SmtpSink() as sink, desk(dovecot, sink) as it:
        dovecot.deliver(three_questions())
        await it.received(1)
        assert len(await it.tickets()) == 3
        assert "1 / 2-3" in sink.mails[0].text()
        dovecot.deliver(answer(sink.mails[0], "1 / 2-3", message_id="<a1@shop.example>"))
        await it.received(2)
        first, second = sorted(await it.tickets(), key=lambda ticket: ticket.id)
        assert (len(first.spans), len(second.spans)) == (1, 2)
        [told] = [each for each in sink.mails if "Розділено" in each.text()]
        assert f"№{second.id} " in told.text()


async def test_an_act_of_a_stranger_is_no_act(dovecot: Dovecot) -> None:
    async with SmtpSink() as sink, desk(dovecot, sink) as it:
        dovecot.deliver(mail("Терміново! Не працює каса, черга стоїть, не можемо пробити чек."))
        await it.received(1)
        dovecot.deliver(answer(sink.mails[0], "0", sender="Чужий <stranger@example.org>", message_id="<s@example.org>"))
        await it.received(2)
        [ticket] = [each for each in await it.tickets() if each.priority == "urgent"]
        assert ticket.reason_state is ReasonState.ASKED


async def test_a_mail_that_waits_too_long_for_the_reader_is_tried_later(dovecot: Dovecot, monkeypatch: pytest.MonkeyPatch) -> None:
    async with SmtpSink() as sink, desk(dovecot, sink) as it:
        read = Parser.read

        async def slow(self: Parser, raw: bytes) -> Reading:
            await asyncio.sleep(60)
            return await read(self, raw)

        monkeypatch.setattr(Parser, "read", slow)
        monkeypatch.setattr("bot.channels.mail.channel.READ_LIMIT", 0.1)
        dovecot.deliver(mail("Не друкується чек."))
        await it.received(1)
        assert await it.tickets() == []
        monkeypatch.setattr(Parser, "read", read)
        monkeypatch.setattr("bot.channels.mail.channel.READ_LIMIT", 10)
        it.world.clock.advance(timedelta(minutes=1))
        await it.settle()
        assert len(await it.tickets()) == 1
