"""The list of a client's tickets, page by page; adding to a ticket; the first words and the own number; over HTTP against the sandbox."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.model import Address
from bot.storage.memory import MemoryStorage
from tests.channels.telegram.house import IRYNA, NEWCOMER, PETRO, STAFF_CHAT, House, open_house

PRINTER = "Не друкує принтер {} на складі"


@pytest.fixture
async def house() -> AsyncIterator[House]:
    async with open_house(MemoryStorage()) as house:
        yield house


async def filled(house: House, count: int) -> None:
    for number in range(1, count + 1):
        await house.world.accept(PRINTER.format(number), is_quiet=True)


async def test_the_list_turns_its_pages_in_place(house: House) -> None:
    await filled(house, 19)
    house.say("/my")
    listed = await house.gets("Ваші звернення")
    assert ("№19 " in listed["text"], "№12 " in listed["text"], "№11 " in listed["text"]) == (True, True, False)
    house.press(listed, "▶️")
    await house.until(lambda: "№11 " in house.sent(contains="Ваші звернення")[0]["text"])
    house.press(house.sent(contains="Ваші звернення")[0], "▶️")
    await house.until(lambda: "№1 " in house.sent(contains="Ваші звернення")[0]["text"])
    last = house.sent(contains="Ваші звернення")[0]
    assert not any("▶️" in button["text"] for row in last["reply_markup"]["inline_keyboard"] for button in row)
    house.press(last, "◀️")
    await house.until(lambda: "№11 " in house.sent(contains="Ваші звернення")[0]["text"])
    assert len(house.sent(contains="Ваші звернення")) == 1


async def test_closed_ones_are_a_press_away_and_one_is_opened(house: House) -> None:
    await filled(house, 2)
    house.say("/close 1")
    await house.gets("Закрито")
    house.say("/my")
    listed = await house.gets("Ваші звернення")
    assert "№1 " not in listed["text"]
    house.press(listed, "Показати й закриті")
    await house.until(lambda: "⚪ №1 " in house.sent(contains="Ваші звернення")[0]["text"])
    house.press(house.sent(contains="Ваші звернення")[0], "№2")
    await house.gets("дайте відповідь на це повідомлення")


@pytest.mark.parametrize("data", ["page:9999999:all", "page:0:closed", "page:0", "page:1:"])
async def test_a_forged_page_does_no_harm(house: House, data: str) -> None:
    await filled(house, 1)
    house.say("/my")
    listed = await house.gets("Ваші звернення")
    callback = house.telegram.world.press(IRYNA, IRYNA, listed["message_id"], data=data, forged=True)
    await house.until(lambda: house.telegram.journal.select(method="answerCallbackQuery"))
    assert (await house.toast(callback) == "") == data.endswith(":all")
    assert (await house.accounting())["quarantined"] == 0


async def test_an_answer_is_added_to_with_a_button(house: House) -> None:
    house.say(PRINTER.format(1))
    card = await house.gets("Не друкує", chat=STAFF_CHAT)
    house.agent_says("Перезапустіть службу друку.", reply_to=card["message_id"])
    answer = await house.gets("Перезапустіть службу", timeout=15)
    house.press(answer, "Дописати")
    prompt = await house.gets("допишемо до звернення")
    house.say("Модель HP 1102", reply_to=prompt["message_id"])
    await house.gets("Модель HP 1102", chat=STAFF_CHAT)
    assert any("Дописати" in button["text"] for row in answer["reply_markup"]["inline_keyboard"] for button in row)
    assert (await house.accounting())["follow_ups"] == 1


async def test_a_newcomer_is_told_hours_and_phones_and_sends_the_own_number(house: House) -> None:
    async with house.world.storage.write() as uow:
        await uow.people.add_contact(
            name="Бухгалтер", client_id=house.world.mill.id, language="uk", addresses=(Address(channel="phone", value="+380440000077"),)
        )
        await uow.commit()
    house.say("/start", chat=NEWCOMER, user=NEWCOMER)
    hello = await house.gets("Вітаємо", chat=NEWCOMER)
    assert "пн–пт 08:00-12:30, 13:30-17:00" in hello["text"]
    assert "+380 44 000 00 00" in hello["text"]
    chat = house.telegram.world.chat(NEWCOMER)
    assert chat.keyboard == [[{"text": "📱 Надіслати мій номер", "request_contact": True}]]
    house.telegram.world.send_contact(NEWCOMER, NEWCOMER, "380440000077", contact_user=PETRO)
    await house.gets("Контакт: Нова", chat=STAFF_CHAT)
    house.telegram.world.send_contact(NEWCOMER, NEWCOMER, "380440000077", contact_user=NEWCOMER)
    await house.gets("ви з компанії «Млин»", chat=NEWCOMER)
    assert chat.keyboard == []
    async with house.world.storage.read() as uow:
        contact = await uow.people.contact_at(Address(channel="telegram", value=str(NEWCOMER)))
    assert contact.client_id == house.world.mill.id
    house.say("/start", chat=NEWCOMER, user=NEWCOMER)
    await house.gets("Вітаємо", chat=NEWCOMER, count=2)
    assert chat.keyboard == []
