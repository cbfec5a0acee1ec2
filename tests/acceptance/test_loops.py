"""Two desks that answer each other's machines: both sides are played until nothing moves, and ours says at most one receipt.

The other side is whatever may stand there: our own program, a help desk that says that it is a machine, one that says nothing, one that
forgets whom it answers, a person's holiday notice. Clients between them get what they are due.
"""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from email.message import EmailMessage

import pytest

from bot.channels.inbox import InboxWorker
from bot.channels.mail.channel import MailChannel
from bot.channels.mail.events import mail_event
from bot.channels.mail.options import Mailbox, MailOptions
from bot.channels.mail.smtp import RelayAccess
from bot.channels.outbox import OutboxWorker
from bot.intake.manners import ALL_LETTERS_PER_HOUR
from bot.storage.memory import MemoryStorage
from tests.builders import World, build_world
from tests.integration.smtp_sink import Received, SmtpSink

OURS, THEIRS = "support@desk.example", "support@partner.example"
ROUNDS = 12


@dataclass
class Side:
    """One of our desks: mails in by `get`, what it sent since the last look out by `said`."""

    world: World
    channel: MailChannel
    inbox: InboxWorker
    outbox: OutboxWorker
    sink: SmtpSink
    address: str
    seen: int = 0
    receipts: list[Received] = field(default_factory=list)

    async def get(self, raw: bytes) -> None:
        async with self.world.storage.write() as uow:
            await uow.inbox.put([mail_event(raw, received_at=self.world.clock.now())], now=self.world.clock.now())
            await uow.commit()
        await self.inbox.drain()
        await self.outbox.drain()

    def said(self) -> list[Received]:
        fresh, self.seen = self.sink.mails[self.seen :], len(self.sink.mails)
        self.receipts += [each for each in fresh if each.message["Auto-Submitted"]]
        return fresh

    async def tickets(self) -> int:
        async with self.world.storage.read() as uow:
            return await uow.tickets.open_count()


@asynccontextmanager
async def side(address: str) -> AsyncIterator[Side]:
    world = await build_world(MemoryStorage())
    async with SmtpSink() as sink:
        relay = RelayAccess(host="127.0.0.1", port=sink.port, security="plain", limit=8.0)
        options = MailOptions(mailboxes=(Mailbox(name="support", address=address, relay=relay),), secret=address.encode())
        channel = MailChannel(options=options, storage=world.storage, desk=world.desk, intake=world.intake, clock=world.clock)
        channels = {"mail": channel}
        inbox = InboxWorker(storage=world.storage, channels=channels, clock=world.clock)
        outbox = OutboxWorker(storage=world.storage, channels=channels, clock=world.clock)
        try:
            yield Side(world, channel, inbox, outbox, sink, address)
        finally:
            await channel.close()


_NUMBERS = itertools.count(5000)


def written(sender: str, subject: str, text: str, **headers: str) -> bytes:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = sender, OURS, subject
    mail["Message-ID"] = f"<{next(_NUMBERS)}@partner.example>"
    for name, value in headers.items():
        mail[name.replace("_", "-")] = value
    mail.set_content(text)
    return mail.as_bytes()


Robot = Callable[[Received], bytes]


def polite(got: Received) -> bytes:
    """Says what it is (RFC 3834) and keeps the thread."""
    ours = got.message
    text = "Вашу заявку зареєстровано, ми відповімо протягом доби."
    return written(
        THEIRS, f"Re: {ours['Subject']}", text, In_Reply_To=ours["Message-ID"], References=ours["Message-ID"], Auto_Submitted="auto-replied"
    )


def silent(got: Received) -> bytes:
    """Says nothing of itself, but keeps the thread, as people do."""
    ours = got.message
    text = f"Дякуємо за звернення! Вашій заявці надано номер {next(_NUMBERS)}. Не друкується накладна? Ми вже дивимося."
    return written(THEIRS, f"Re: {ours['Subject']}", text, In_Reply_To=ours["Message-ID"], References=ours["Message-ID"])


def forgetful(_got: Received) -> bytes:
    """Neither says what it is nor keeps subject or references: a new request, by all that can be seen."""
    number = next(_NUMBERS)
    text = f"Вітаємо! Вашу заявку №{number} прийнято. Не працює каса або база? Подзвоніть на гарячу лінію."
    return written(THEIRS, f"[Ticket#{number}] Нова заявка", text)


def on_holiday(got: Received) -> bytes:
    """A person's mail program, which answers everything and marks nothing."""
    subject = got.message["Subject"]
    text = "Вітаю! Я у відпустці до понеділка, база та каса без мене не працюють, терміново дзвоніть Олені."
    return written("Іван <ivan@partner.example>", f"Re: {subject}", text)


@pytest.mark.parametrize("robot", [polite, silent, forgetful, on_holiday])
async def test_another_desks_robot_gets_at_most_one_receipt(robot: Robot) -> None:
    async with side(OURS) as desk:
        sender = "Іван <ivan@partner.example>" if robot is on_holiday else THEIRS
        await desk.get(written(sender, "Не друкується накладна", "Не друкується накладна в базі клієнта, допоможіть."))
        for _ in range(ROUNDS):
            answers = [robot(each) for each in desk.said()]
            desk.world.clock.advance(timedelta(seconds=20))
            for raw in answers:
                await desk.get(raw)
        assert desk.said() == []
        assert len(desk.receipts) == 1


async def test_two_desks_of_ours_stop_at_one_receipt_each() -> None:
    async with side(OURS) as one, side(THEIRS) as other:
        await one.get(written(THEIRS, "Не друкується накладна", "Не друкується накладна в базі клієнта, допоможіть."))
        for _ in range(ROUNDS):
            for each in one.said():
                assert each.recipients == (THEIRS,)
                await other.get(each.raw)
            for each in other.said():
                await one.get(each.raw)
        assert len(one.receipts) == 1
        assert other.receipts == []
        assert await other.tickets() == 0


async def test_a_robot_that_changes_its_words_and_takes_its_time_is_stopped_by_the_limits() -> None:
    """The worst there is: every hour something new, from an address like a person's."""
    async with side(OURS) as desk:
        things = itertools.cycle(("накладна", "каса", "база", "звітність", "довідник", "пошта", "принтер"))
        for number in range(60):
            await desk.get(
                written("ivan@partner.example", f"Питання {number}", f"Не працює {next(things)} {'дуже ' * (number % 9)}вже день.")
            )
            desk.said()
            desk.world.clock.advance(timedelta(minutes=10))
        assert len(desk.receipts) <= 10
        assert await desk.tickets() == 60


async def test_a_storm_of_many_senders_trips_the_breaker_and_staff_hear_of_it_once() -> None:
    async with side(OURS) as desk:
        for number in range(ALL_LETTERS_PER_HOUR + 20):
            await desk.get(written(f"p{number}@firm{number}.example", "Питання", "Не друкується накладна в базі."))
        desk.said()
        assert len(desk.receipts) == ALL_LETTERS_PER_HOUR
        assert await desk.tickets() == ALL_LETTERS_PER_HOUR + 20
        told = [row for row in await desk.world.told("alert") if "автоматичних листів" in str(row.body["text"])]
        assert len(told) == 1


async def test_a_person_who_writes_twice_in_a_minute_gets_both_receipts() -> None:
    async with side(OURS) as desk:
        await desk.get(written("Олена <olena@shop.example>", "Каса", "Не друкується чек на другій касі."))
        desk.world.clock.advance(timedelta(seconds=40))
        await desk.get(written("Олена <olena@shop.example>", "Звіт", "Як зробити звіт по залишках за листопад?"))
        desk.said()
        assert len(desk.receipts) == 2
