"""How late nudges are while messages come in: `python bench/sla_lateness.py [URL] [--seconds N] [--tick S]`.

One process does everything, as `deskbot run` does: it takes in, interprets, ticks and delivers, on a durable database. First the intake
rate is measured (as many messages as it interprets in ten seconds, written in the language of the corpus); then messages come in steadily
at half of that while clocks of forty agents fall due all the time. Late is a nudge's delivery to the chat after the instant it was planned
for. Aim: p99 at most the tick's interval and a second. The desk of this bench never closes, so that it runs at any hour. Without a URL: an
SQLite file in a temporary folder.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from bot.channels.base import Health, Sent, Turn
from bot.channels.inbox import InboxWorker
from bot.channels.outbox import OutboxWorker
from bot.clock import SystemClock
from bot.desk import Desk
from bot.intake.service import Intake, Planned
from bot.model import Address, Agent, Contact, Delivery, InboundMessage, Priority, Route, Ticket
from bot.notices import StaffRoutes
from bot.ports import InboxItem, InboxResult, RawEvent, Storage, UnitOfWork
from bot.promises import Promises
from bot.sla.calendars import preset_calendars
from bot.sla.policy import Policy
from bot.sla.scheduler import TickScheduler
from bot.sla.service import Ticker
from bot.storage import open_storage

AGENTS = 40
STAFF = StaffRoutes(desk=(Route(channel="telegram", recipient="staff"),), leads=(Route(channel="telegram", recipient="leads"),))
# So many clocks fall due each second: each agent's digest stays short enough to name every one of them.
DUE_EACH_SECOND = 12
TEXTS = (
    "Добрий день! Не друкує чек на касі у третьому магазині, люди стоять у черзі. Перезапускали двічі, не допомогло.",
    "Підкажіть, як провести повернення товару, якщо чек загублено? І ще: у звіті з продажів не збігаються залишки.",
    "Здравствуйте, не проводится накладная №45 от вчера, пишет ошибку блокировки. Посмотрите, пожалуйста.",
    "1. Додайте колонку «ПДВ» у друковану форму. 2. Дайте доступ новій бухгалтерці Олені. 3. Не вантажиться виписка банку.",
)
NUMBERS = count(1)
TODAY = SystemClock().now().date()


class BenchChannel:
    """Interprets text, delivers at once and remembers when each nudge was there."""

    # Nudges to an owner go to their own chat on this channel alone.
    name = "telegram"

    def __init__(self, intake: Intake, contacts: Sequence[Contact]) -> None:
        self.health = Health(name=self.name)
        self.delivered: dict[tuple[int, str], datetime] = {}
        self._intake = intake
        self._contacts = contacts
        self._clock = SystemClock()

    async def receive(self) -> None:
        """Nothing to listen to: the bench writes into the inbox itself."""

    async def prepare(self, items: Sequence[InboxItem]) -> list[tuple[InboxItem, Planned]]:
        return [(item, await self._intake.consider(self._read(item))) for item in items]

    async def apply(self, uow: UnitOfWork, prepared: list[tuple[InboxItem, Planned]]) -> list[InboxResult]:
        results: list[InboxResult] = []
        for item, planned in prepared:
            results += await self._intake.accept(uow, planned, [item.id])
        return results

    async def send(self, delivery: Delivery, _turn: Turn, /) -> Sent:
        if delivery.kind == "nudge":
            now = self._clock.now()
            # A digest that grows in several transactions is shown again each time: a nudge is there with the first of them.
            for each in delivery.body["tickets"]:
                self.delivered.setdefault((each["id"], each["nudge"]["planned_at"]), now)
        return Sent(external_id=str(next(NUMBERS)))

    def _read(self, item: InboxItem) -> InboundMessage:
        contact = self._contacts[item.id % len(self._contacts)]
        return InboundMessage(
            channel=self.name,
            conversation=item.conversation,
            external_ids=(str(item.id),),
            sender=contact.addresses[0],
            sender_name=contact.name,
            reply_route=Route(channel=self.name, recipient=contact.addresses[0].value),
            text=item.raw.decode(),
            received_at=item.received_at,
        )


async def write(storage: Storage, number: int) -> None:
    """A message into the inbox."""
    now = SystemClock().now()
    event = RawEvent(
        channel="telegram",
        source="bench",
        external_id=str(number),
        conversation=str(number % 200),
        raw=f"{TEXTS[number % len(TEXTS)]} ({number})".encode(),
        received_at=now,
    )
    async with storage.write() as uow:
        await uow.inbox.put([event], now=now)
        await uow.commit()


async def people(storage: Storage) -> tuple[list[Contact], list[Agent]]:
    async with storage.write() as uow:
        contacts = []
        for number in range(200):
            address = Address(channel="telegram", value=str(number))
            contacts.append(await uow.people.add_contact(name=f"Особа {number}", client_id=None, language="uk", addresses=[address]))
        agents = [await uow.people.add_agent(name=f"Агент {n}", role="agent", telegram_id=str(9_000 + n)) for n in range(AGENTS)]
        await uow.commit()
    return contacts, agents


async def fall_due(storage: Storage, promises: Promises, contacts: Sequence[Contact], agents: Sequence[Agent], *, seconds: int) -> None:
    """Urgent tickets of the agents whose first nudge, half an hour before the due, comes within the seconds."""
    start = SystemClock().now() - timedelta(minutes=30)
    async with storage.write() as uow:
        for place, number in enumerate(await uow.tickets.allocate(seconds * DUE_EACH_SECOND)):
            at = start + timedelta(seconds=place / DUE_EACH_SECOND)
            ticket = Ticket(
                id=number,
                title=f"Не друкує принтер {number}",
                contact_id=contacts[number % len(contacts)].id,
                received_at=at,
                created_at=at,
                last_word_at=at,
                channel="telegram",
                priority=Priority.URGENT,
                assignee_id=agents[number % len(agents)].id,
            )
            uow.tickets.add(ticket)
            await promises.opened(uow, ticket)
        await uow.commit()


async def run(url: str, *, seconds: int, tick_s: float) -> None:
    storage, clock = await open_storage(url), SystemClock()
    always = preset_calendars()["always"]
    promises = Promises(Policy(calendars=preset_calendars() | {"desk": always}), now=clock.now)
    desk = Desk(clock=clock, promises=promises, staff=STAFF)
    intake = Intake(desk=desk, promises=promises, clock=clock)
    contacts, agents = await people(storage)
    channel = BenchChannel(intake, contacts)
    channels = {channel.name: channel}
    inbox = InboxWorker(storage=storage, channels=channels, clock=clock)
    outbox = OutboxWorker(storage=storage, channels=channels, clock=clock)
    storage.on_commit += [inbox.wake, outbox.wake]
    ticker = Ticker(storage=storage, promises=promises, staff=STAFF, clock=clock)
    scheduler = TickScheduler(ticker.tick, every=timedelta(seconds=tick_s))
    gc.freeze()
    tasks = [asyncio.create_task(each) for each in (inbox.run(), outbox.run(), scheduler.run())]
    rate = await intake_rate(storage)
    print(f"intake: {rate:.1f} messages a second; now {rate / 2:.1f} a second for {seconds} s")
    channel.delivered.clear()
    await fall_due(storage, promises, contacts, agents, seconds=seconds)
    started = time.perf_counter()
    sent = 0
    while (gone := time.perf_counter() - started) < seconds + tick_s + 2:
        if sent < gone * rate / 2 and gone < seconds:
            sent += 1
            await write(storage, next(NUMBERS))
        else:
            await asyncio.sleep(0.005)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await storage.close()
    late = sorted((at - datetime.fromisoformat(planned)).total_seconds() for (_, planned), at in channel.delivered.items())
    at = [late[min(len(late) - 1, int(len(late) * share))] for share in (0.5, 0.99)]
    print(f"{len(late)} of {seconds * DUE_EACH_SECOND} nudges delivered beside {sent} messages, tick every {tick_s:g} s")
    print(f"late by: median {at[0]:.2f} s, p99 {at[1]:.2f} s, at most {late[-1]:.2f} s (aim: p99 within {tick_s + 1:g} s)")


async def intake_rate(storage: Storage) -> float:
    """Messages interpreted a second, with always some waiting, over ten seconds."""
    before = await _interpreted(storage)
    started = time.perf_counter()
    for _ in range(50):
        await write(storage, next(NUMBERS))
    while time.perf_counter() - started < 10:
        waiting = await _waiting(storage)
        for _ in range(max(0, 50 - waiting)):
            await write(storage, next(NUMBERS))
        await asyncio.sleep(0.02)
    done = await _interpreted(storage) - before
    took = time.perf_counter() - started
    for _ in range(600):
        if not await _waiting(storage):
            break
        await asyncio.sleep(0.1)
    return done / took


async def _interpreted(storage: Storage) -> int:
    async with storage.read() as uow:
        days = await uow.inbox.accounting(since=TODAY)
    return sum(day.ticketed + day.follow_ups + day.set_aside for day in days)


async def _waiting(storage: Storage) -> int:
    async with storage.read() as uow:
        return sum(day.waiting for day in await uow.inbox.accounting(since=TODAY))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url", nargs="?")
    parser.add_argument("--seconds", type=int, default=90)
    parser.add_argument("--tick", type=float, default=15.0)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(run(given.url or f"sqlite:///{folder}/desk.db", seconds=given.seconds, tick_s=given.tick))


if __name__ == "__main__":
    main()
