"""The chat scenario on each real store: what the in-memory one says is true of them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.ports import Storage
from bot.storage import open_storage
from tests.channels.telegram.house import STAFF_CHAT, open_house

THREE = "1. Не друкує принтер на складі\n2. Зникли залишки по рахунку 281\n3. Терміново! Каса не пробиває чеки, черга людей"


@pytest.fixture(params=["sqlite", "postgresql"])
async def storage(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Storage]:
    url = f"sqlite:///{tmp_path / 'desk.db'}" if request.param == "sqlite" else request.getfixturevalue("pg_url")
    opened = await open_storage(url)
    yield opened
    await opened.close()


async def test_from_a_message_to_a_closed_ticket(storage: Storage) -> None:
    async with open_house(storage) as house:
        house.say(THREE)
        receipt = await house.gets("кілька питань, тож кожне", timeout=20)
        question = await house.gets("Прийнято як термінове")
        house.press(question, "1. ")
        card = await house.gets("Каса не пробиває", chat=STAFF_CHAT)
        house.agent_presses(card, "Беру")
        await house.gets("ним займається Олена", timeout=10)
        house.agent_says("Перезапустіть драйвер каси", reply_to=card["message_id"])
        answer = await house.gets("Перезапустіть драйвер", timeout=10)
        house.say("Не допомогло", reply_to=answer["message_id"])
        await house.gets("Не допомогло", chat=STAFF_CHAT, timeout=10)
        house.press(receipt, "Це одне питання")
        await house.gets("це одне звернення: №1", timeout=10)
        house.say("/close")
        await house.gets("Закрито: вирішено", timeout=10)
        house.say("/my")
        await house.gets("Відкритих звернень немає", timeout=10)
        house.agent_says("/queue")
        await house.gets("Відкритих звернень немає", chat=STAFF_CHAT, timeout=10)
        await house.settled()
        counts = await house.accounting()
    assert (counts["ticketed"], counts["follow_ups"], counts["waiting"], counts["quarantined"]) == (1, 1, 0, 0)


async def test_words_that_are_taken_back_corrected_and_said_to_all(storage: Storage) -> None:
    hold = timedelta(seconds=120)
    async with open_house(storage, answer_delay=hold, with_topics=True) as house:
        house.telegram.world.chat(STAFF_CHAT).about["is_forum"] = True
        house.say("Не друкує принтер на складі")
        first = await house.gets("Не друкує принтер", chat=STAFF_CHAT, timeout=10)
        house.say("Не відкривається звіт за місяць")
        await house.gets("Не відкривається звіт", chat=STAFF_CHAT, timeout=10)
        thread = first["message_thread_id"]
        async with storage.read() as uow:
            before = await uow.clocks.of_ticket(1)
        house.agent_says("не той клієнт", topic=thread)
        house.agent_presses(await house.gets("піде о", chat=STAFF_CHAT, timeout=10), "Не надсилати")
        await house.gets("клієнт цього не побачить", chat=STAFF_CHAT, timeout=10)
        async with storage.read() as uow:
            assert await uow.clocks.of_ticket(1) == before
        house.agent_says("/cause 1: 2")
        await house.gets("звернень: 1", chat=STAFF_CHAT, timeout=10)
        await house.until(lambda: "Відповісти всім: 2" in str(house.telegram.world.chat(STAFF_CHAT).messages[first["message_id"]]), 10)
        house.agent_presses(house.telegram.world.chat(STAFF_CHAT).messages[first["message_id"]], "Відповісти всім")
        prompt = await house.gets("у кого та сама причина", chat=STAFF_CHAT, timeout=10)
        said = house.agent_says("Сервер уже працюе", reply_to=prompt["message_id"])
        await house.gets("Відповідь на 2 звернень", chat=STAFF_CHAT, timeout=10)
        house.telegram.world.edit(STAFF_CHAT, said, "Сервер уже працює")
        await house.until(lambda: house.telegram.world.chat(STAFF_CHAT).reactions.get(said) == [{"type": "emoji", "emoji": "✍"}], 10)
        house.world.clock.advance(hold)
        house.outbox.wake.set()
        await house.gets("Сервер уже працює", count=2, timeout=10)
        await house.settled()
        assert house.sent(contains="працюе") == house.sent(contains="не той клієнт") == []


async def test_canned_answers_and_numbers(storage: Storage) -> None:
    async with open_house(storage) as house:
        house.say("Не друкує принтер на складі")
        card = await house.gets("Не друкує принтер", chat=STAFF_CHAT, timeout=10)
        house.agent_presses(card, "Беру")
        await house.gets("ним займається Олена", timeout=10)
        house.agent_says("/answers add Вітання: Вітаємо, {contact}!", "taras")
        await house.gets("«Вітання» збережено", chat=STAFF_CHAT, timeout=10)
        house.agent_says("/stats")
        await house.gets("Зараз відкрито: 1", chat=STAFF_CHAT, timeout=10)
        house.agent_says("/who")
        await house.gets("Олена · звернень: 1", chat=STAFF_CHAT, timeout=10)
