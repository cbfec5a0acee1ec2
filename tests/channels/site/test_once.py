"""A staff form that is sent twice does its deed once (promise 2), on every store, also when both arrive at the same moment."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.model import MessageKind
from bot.storage import open_storage
from bot.storage.memory import MemoryStorage
from tests.channels.site.house import Browser, House, build_house, hidden

SPOKEN = (MessageKind.ANSWER, MessageKind.QUESTION, MessageKind.PROPOSAL, MessageKind.NOTE)


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
async def everywhere(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[House]:
    if request.param == "memory":
        storage = MemoryStorage()
    else:
        storage = await open_storage(
            request.getfixturevalue("pg_url") if request.param == "postgresql" else f"sqlite:///{tmp_path / 'd.db'}"
        )
    house = await build_house(storage)
    yield house
    await storage.close()


async def agents_page(house: House) -> Browser:
    client = await house.enter("iryna")
    await client.open("Не друкує чек на касі")
    await house.work()
    return await house.enter("olena")


async def hidden_of(browser: Browser, page: str = "/staff/tickets/1") -> dict[str, str]:
    text = (await browser.get(page)).text
    return {name: hidden(text, name) for name in ("form_key", "id")}


async def spoken(house: House) -> list[str]:
    async with house.storage.read() as uow:
        return [message.text for message in await uow.tickets.messages(1) if message.kind in SPOKEN]


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("word", {"as": "reply", "text": "Перезапустіть касу"}),
        ("word", {"as": "ask", "text": "Яка помилка?"}),
        ("word", {"as": "propose", "text": "Оновили, перевірте"}),
        ("word", {"as": "note", "text": "Подзвонити о 15"}),
        ("phoned", {}),
        ("time", {"minutes": "15", "kind": "consultation"}),
    ],
)
async def test_of_two_posts_at_once_one_acts_and_both_see_the_same_page(everywhere: House, name: str, fields: dict[str, str]) -> None:
    house = everywhere
    agent = await agents_page(house)
    form = await hidden_of(agent) | fields
    answers = await asyncio.gather(*(agent.http.post(f"/staff/tickets/1/{name}", data=form) for _ in range(2)))
    assert [answer.status_code for answer in answers] == [303, 303]
    assert answers[0].headers["location"] == answers[1].headers["location"]
    if name == "time":
        async with house.storage.read() as uow:
            assert len(await uow.tickets.time_entries(1)) == 1
    else:
        assert len(await spoken(house)) == 1


async def test_another_text_in_an_old_page_is_not_lost(house: House) -> None:
    agent = await agents_page(house)
    form = await hidden_of(agent)
    for text in ("Перезапустіть касу", "І принтер"):
        await agent.http.post("/staff/tickets/1/word", data=form | {"as": "reply", "text": text})
    assert await spoken(house) == ["Перезапустіть касу", "І принтер"]


async def test_what_was_refused_may_be_sent_again(house: House) -> None:
    agent = await agents_page(house)
    form = await hidden_of(agent) | {"outcome": "solved", "result": "Працює"}
    await agent.http.post("/staff/tickets/1/close", data=form)
    word = await hidden_of(agent) | {"as": "reply", "text": "Ще слово"}
    assert (await agent.http.post("/staff/tickets/1/word", data=word)).status_code == 409
    await agent.http.post("/staff/tickets/1/reopen", data=await hidden_of(agent))
    assert (await agent.http.post("/staff/tickets/1/word", data=word)).status_code == 303
    assert await spoken(house) == ["Ще слово"]


async def test_a_form_without_an_id_is_refused_with_what_was_typed(house: House) -> None:
    agent = await agents_page(house)
    form = await hidden_of(agent) | {"id": "", "as": "reply", "text": "Перезапустіть касу"}
    answer = await agent.http.post("/staff/tickets/1/word", data=form)
    assert answer.status_code == 422
    assert "Сторінка застаріла" in answer.text
    assert "Перезапустіть касу" in answer.text


async def test_a_button_of_the_feed_pressed_twice_answers_once(house: House) -> None:
    agent = await agents_page(house)
    form = await hidden_of(agent, "/staff/feed")
    assert form["id"]
    for _ in range(2):
        assert (await agent.http.post("/staff/tickets/1/phoned", data=form)).status_code == 303
    assert len(await spoken(house)) == 1
