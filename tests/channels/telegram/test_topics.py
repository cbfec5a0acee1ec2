"""A topic for every ticket, over HTTP against the sandbox: what its name and icon say, what is written in it, and what can go wrong."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from bot.channels.telegram.sandbox.methods import TOPIC_ICONS
from bot.model import MessageKind, Turn
from bot.storage.memory import MemoryStorage
from tests.channels.telegram.house import IRYNA, STAFF_CHAT, House, open_house
from tests.channels.telegram.test_staff_talk import PRINTER, ticket


@pytest.fixture
async def house() -> AsyncIterator[House]:
    async with open_house(MemoryStorage(), with_topics=True) as house:
        house.telegram.world.chat(STAFF_CHAT).about["is_forum"] = True
        yield house


def topics(house: House) -> list[dict[str, Any]]:
    return list(house.telegram.world.chat(STAFF_CHAT).topics.values())


def in_topic(house: House, thread: int, contains: str = "") -> list[dict[str, Any]]:
    return [message for message in house.sent(STAFF_CHAT, contains) if message.get("message_thread_id") == thread and "text" in message]


async def opened(house: House, text: str = PRINTER) -> int:
    """The topic of a new ticket."""
    before = len(topics(house))
    house.say(text)
    await house.until(lambda: len(topics(house)) > before and in_topic(house, topics(house)[-1]["message_thread_id"]))
    return int(topics(house)[-1]["message_thread_id"])


async def test_a_ticket_has_a_topic_with_its_card_and_its_state_in_name_and_icon(house: House) -> None:
    thread = await opened(house)
    [topic] = topics(house)
    assert topic["name"].startswith("🔴 №1 Не друкує принтер на складі")
    assert topic["icon_custom_emoji_id"] == TOPIC_ICONS["❗️"]
    [card] = in_topic(house, thread)
    house.agent_presses(card, "Беру")
    await house.until(lambda: topics(house)[0]["name"].startswith("🟡 №1"))
    assert topics(house)[0]["icon_custom_emoji_id"] == TOPIC_ICONS["👀"]


async def test_what_is_written_in_a_topic_goes_to_its_client_and_notes_stay(house: House) -> None:
    thread = await opened(house)
    house.agent_says("Перезавантажте службу друку", topic=thread)
    answer = await house.gets("Перезавантажте службу друку")
    assert (await ticket(house)).turn is Turn.CLIENT_APPROVAL
    house.agent_says("// борг за листопад", topic=thread)
    await house.settled()
    async with house.world.storage.read() as uow:
        assert (await uow.tickets.messages(1))[-1].kind is MessageKind.NOTE
    assert house.sent(IRYNA, "борг") == []
    house.say("Не допомогло", reply_to=answer["message_id"])
    await house.until(lambda: in_topic(house, thread, "Не допомогло"))
    colleague = house.agent_says("// подивлюся", topic=thread)
    house.agent_says("дякую, колего", "taras", topic=thread, reply_to=colleague)
    house.agent_says("/queue", topic=thread)
    await house.gets("Черга", chat=STAFF_CHAT)
    await house.settled()
    assert house.sent(IRYNA, "колего") == []
    assert "message_thread_id" not in (await house.gets("Черга", chat=STAFF_CHAT))


async def test_buttons_ask_for_words_in_the_topic(house: House) -> None:
    thread = await opened(house)
    house.agent_presses(in_topic(house, thread)[0], "Уточнити")
    await house.until(lambda: in_topic(house, thread, "Напишіть запитання"))
    prompt = in_topic(house, thread, "Напишіть запитання")[0]
    house.agent_says("Яка модель?", reply_to=prompt["message_id"], topic=thread)
    await house.gets("Яка модель?")
    assert (await ticket(house)).turn is Turn.CLIENT_CLARIFICATION


async def test_a_topic_is_closed_and_opened_with_its_ticket(house: House) -> None:
    thread = await opened(house)
    house.say("/close 1")
    await house.until(lambda: topics(house)[0]["is_closed"])
    assert topics(house)[0]["name"].startswith("⚪")
    house.say("Знову не друкує", reply_to=house.sent(IRYNA)[0]["message_id"])
    await house.until(lambda: in_topic(house, thread, "Знову не друкує"))
    await house.until(lambda: not topics(house)[0]["is_closed"] and topics(house)[0]["name"].startswith("🔴"))


async def test_a_topic_that_somebody_closed_is_opened_for_the_next_word(house: House) -> None:
    thread = await opened(house)
    topics(house)[0]["is_closed"] = True
    house.say("Ще питання: і сканер мовчить", reply_to=house.sent(IRYNA)[0]["message_id"])
    await house.until(lambda: in_topic(house, thread, "сканер мовчить"))
    assert not topics(house)[0]["is_closed"]


async def test_a_deleted_topic_is_made_again_with_the_card_in_it(house: House) -> None:
    thread = await opened(house)
    house.telegram.world.delete_topic(STAFF_CHAT, thread)
    async with house.world.storage.write() as uow:
        await house.world.desk.claim(uow, 1, house.world.olena)
        await uow.commit()
    await house.until(lambda: topics(house) and in_topic(house, topics(house)[0]["message_thread_id"]))
    again = topics(house)[0]["message_thread_id"]
    assert again != thread
    assert len(in_topic(house, again)) == 1
    house.agent_says("Уже дивимось", topic=again)
    await house.gets("Уже дивимось")


async def test_without_the_right_cards_come_back_and_it_is_said_once(house: House) -> None:
    house.telegram.world.take_right(STAFF_CHAT, "manage_topics")
    house.say(PRINTER)
    card = await house.gets("Не друкує принтер", chat=STAFF_CHAT)
    assert "message_thread_id" not in card
    house.say("Не відкривається звіт за місяць.")
    await house.gets("Не відкривається звіт", chat=STAFF_CHAT)
    await house.gets("знову йдуть картками", chat=STAFF_CHAT)
    await house.settled()
    assert len(house.sent(STAFF_CHAT, "знову йдуть картками")) == 1
    house.agent_says("Перезавантажте", reply_to=card["message_id"])
    await house.gets("Перезавантажте")
    assert house.telegram.journal.counts["createForumTopic"] == 1


async def test_a_group_without_topics_gets_cards_and_the_status_page_says_what_to_do(house: House) -> None:
    house.telegram.world.chat(STAFF_CHAT).about.pop("is_forum")
    house.say(PRINTER)
    await house.gets("Не друкує принтер", chat=STAFF_CHAT)
    await house.gets("знову йдуть картками", chat=STAFF_CHAT)
    assert topics(house) == []


async def test_the_self_check_tells_of_a_missing_right() -> None:
    async with open_house(MemoryStorage(), with_topics=True, is_running=False) as house:
        house.telegram.world.take_right(STAFF_CHAT, "manage_topics")
        from bot.channels.telegram.selfcheck import introduce

        _, [trouble] = await introduce(house.channel._connection)
        assert "не може керувати темами" in str(trouble)
