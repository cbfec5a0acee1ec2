"""The chat scenario on each real store: what the in-memory one says is true of them."""

from __future__ import annotations

from collections.abc import AsyncIterator
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
