"""Sending when much goes wrong or much is to be said, over HTTP: crashes inside long words, unreachable people, floods of new tickets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot import notices
from bot.channels.base import Health, Sent, Turn
from bot.channels.fallback import unreachable_key
from bot.channels.outbox import LEASE
from bot.channels.telegram.sandbox import Fault
from bot.model import Actor, Delivery, DeliveryState, Priority, Route
from bot.storage import open_storage
from bot.storage.memory import MemoryStorage
from tests.channels.telegram.house import IRYNA, PETRO, STAFF_CHAT, House, make_house, open_house
from tests.channels.telegram.test_sender import deliver, later, say, state_of, texts

LONG = "\n\n".join(f"Абзац {number} " + "слово " * 60 for number in range(28))
STAFF = Route(channel="telegram", recipient=str(STAFF_CHAT))
CLIENT = Route(channel="telegram", recipient=str(IRYNA))


@dataclass
class Letters:
    """A mail channel that keeps what it is given."""

    name: str = "mail"
    health: Health = field(default_factory=lambda: Health(name="mail"))
    rows: list[Delivery] = field(default_factory=list)

    async def send(self, delivery: Delivery, _turn: Turn, /) -> Sent:
        self.rows.append(delivery)
        return Sent(external_id=f"<{delivery.id}@desk.example>")


@pytest.fixture
async def house() -> AsyncIterator[House]:
    """Nobody polls; the workers are driven by hand. Both clients have started the bot."""
    async with open_house(MemoryStorage(), is_running=False) as house:
        for person in (IRYNA, PETRO):
            house.say("/start", chat=person, user=person)
        yield house


def with_mail(house: House) -> Letters:
    letters = Letters()
    house.outbox._channels = {**house.outbox._channels, "mail": letters}
    return letters


async def test_a_crash_in_the_middle_of_a_long_word_does_not_repeat_what_went_out(tmp_path: Path) -> None:
    storage = await open_storage(f"sqlite:///{tmp_path / 'desk.sqlite'}")
    async with open_house(storage, is_running=False) as house:
        house.say("/start")
        house.telegram.faults.add(Fault(kind="hold_before", method="sendMessage", chat=IRYNA, after=2))
        async with storage.write() as uow:
            uow.outbox.add(say(house, LONG))
            await uow.commit()
        await house.outbox.step()
        await house.until(lambda: house.telegram.journal.counts["sendMessage"] == 3)
        assert len(texts(house)) == 2
        # The process dies here: two of three parts are out, the third never arrived. A new one starts.
        dying = list(house.outbox._under_way)
        for task in dying:
            task.cancel()
        await asyncio.gather(*dying, return_exceptions=True)
        await asyncio.sleep(0.05)
        house.telegram.faults.release()
        again = make_house(house.telegram, house.world, house.options)
        house.world.clock.advance(LEASE + timedelta(seconds=1))
        await again.outbox.drain()
        await later(again)
        assert len(texts(house)) == len(set(texts(house))) == 3
        assert "".join("".join(texts(house)).split()) == "".join(LONG.split())
        await again.channel.close()
    await storage.close()


async def opened(house: House, text: str = "Не друкує принтер на складі.") -> int:
    [number] = await house.world.accept(text)
    return number


async def test_who_blocked_the_bot_gets_the_answer_by_mail_and_staff_are_told_once(house: House) -> None:
    letters = with_mail(house)
    number = await opened(house)
    await house.outbox.drain()
    house.telegram.world.set_bot_status(IRYNA, "kicked")
    for text in ("Перезавантажте принтер", "І службу друку"):
        async with house.world.storage.write() as uow:
            await house.world.desk.reply(uow, number, house.world.olena, text)
            await uow.commit()
    await house.outbox.drain()
    await later(house)
    assert [(row.kind, row.route.recipient, row.body["text"]) for row in letters.rows] == [
        ("answer", "iryna@shop.example", "Перезавантажте принтер"),
        ("answer", "iryna@shop.example", "І службу друку"),
    ]
    told = [text for text in texts(house, STAFF_CHAT) if "відповідаємо листом" in text]
    assert len(told) == 1
    assert "iryna@shop.example" in told[0]
    assert "не доставлено" not in "".join(texts(house, STAFF_CHAT))
    async with house.world.storage.read() as uow:
        assert await uow.state.get(unreachable_key(CLIENT))
        assert (await uow.outbox.backlog())["dead"] == 0
    house.telegram.world.set_bot_status(IRYNA, "member")
    async with house.world.storage.write() as uow:
        await house.world.desk.reply(uow, number, house.world.olena, "Знову тут")
        await uow.commit()
    await house.outbox.drain()
    # The budget of a private chat goes by the wall: one word a second after a burst of three.
    await asyncio.sleep(1.1)
    await later(house)
    assert "Знову тут" in texts(house)[-1]
    assert len(letters.rows) == 2


async def test_who_has_no_mail_is_given_up_and_staff_are_told_to_call(house: House) -> None:
    letters = with_mail(house)
    async with house.world.storage.write() as uow:
        iryna = house.world.iryna
        await uow.people.save_contact(replace(iryna, addresses=tuple(each for each in iryna.addresses if each.channel != "mail")))
        await uow.commit()
    number = await opened(house)
    await house.outbox.drain()
    house.telegram.world.set_bot_status(IRYNA, "kicked")
    async with house.world.storage.write() as uow:
        await house.world.desk.reply(uow, number, house.world.olena, "Перезавантажте принтер")
        await uow.commit()
    await house.outbox.drain()
    assert letters.rows == []
    assert (await state_of(house))[-1] is DeliveryState.DEAD
    assert any("не доставлено" in text for text in texts(house, STAFF_CHAT))


async def test_menus_of_the_chat_are_not_sent_by_mail(house: House) -> None:
    letters = with_mail(house)
    house.telegram.world.set_bot_status(IRYNA, "kicked")
    await deliver(house, say(house, "Ваші звернення: …"))
    assert letters.rows == []


async def cards(house: House, count: int, *, priority: Priority = Priority.MEDIUM, first: int = 1000) -> list[Delivery]:
    async with house.world.storage.read() as uow:
        facts = await house.world.desk.facts(uow, await uow.tickets.get(1))
    rows = []
    for number in range(first, first + count):
        ticket = replace(facts.ticket, id=number, version=1, title=f"Звернення {number}", priority=priority)
        rows += notices.card(replace(facts, ticket=ticket), house.world.desk.staff, now=house.world.clock.now())
    return rows


async def test_new_tickets_that_come_all_at_once_are_summed_up_by_twenties(house: House) -> None:
    await opened(house)
    await house.outbox.drain()
    async with house.world.storage.write() as uow:
        for row in [*await cards(house, 45), *await cards(house, 2, priority=Priority.URGENT, first=2000)]:
            uow.outbox.add(replace(row, ticket_ids=()))
        await uow.commit()
    await house.outbox.drain()
    said = texts(house, STAFF_CHAT)[1:]
    urgent, summaries = [text for text in said if "Звернення 200" in text], [text for text in said if "ось 20" in text]
    assert len(urgent) == 2
    assert len(summaries) == 2
    assert len(said) == 2 + 2 + 5
    assert said.index(urgent[-1]) < said.index(summaries[0])
    numbers = [number for number in range(1000, 1045) if any(f"№{number}" in text for text in said)]
    assert len(numbers) == 45
    assert sum(text.count("Звернення 1") for text in said) >= 45
    summary = next(message for message in house.sent(STAFF_CHAT) if "ось 20" in message["text"])
    assert sum(len(row) for row in summary["reply_markup"]["inline_keyboard"]) == 20


async def test_a_ticket_of_a_summary_gets_its_card_when_something_happens_to_it(house: House) -> None:
    numbers = [await opened(house, f"Не друкує принтер номер {number} на складі.") for number in range(25)]
    await house.outbox.drain()
    summary = next(message for message in house.sent(STAFF_CHAT) if "ось 20" in message["text"])
    folded = next(number for number in numbers if f"№{number}<" in summary["text"] or f"№{number} " in summary["text"])
    async with house.world.storage.write() as uow:
        await house.world.desk.claim(uow, folded, house.world.olena)
        await uow.commit()
    await house.outbox.drain()
    shown = [text for text in texts(house, STAFF_CHAT) if text.startswith(f"🟡 №{folded} ")]
    assert len(shown) == 1


async def test_unsent_changes_of_one_card_are_one_edit(house: House) -> None:
    number = await opened(house)
    await house.outbox.drain()
    async with house.world.storage.write() as uow:
        for priority in (Priority.HIGH, Priority.URGENT, Priority.HIGH, Priority.URGENT):
            await house.world.desk.set_priority(uow, number, priority, Actor.agent(house.world.olena), because="так треба")
        await uow.commit()
    await house.outbox.drain()
    edits = house.telegram.journal.select(method="editMessageText", chat=STAFF_CHAT)
    assert len(edits) == 1
