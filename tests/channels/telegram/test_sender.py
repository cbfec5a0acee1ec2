"""Deliveries under everything that Telegram does to a sender, over HTTP: each fault once, and what people saw in the end."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from bot import notices
from bot.channels.outbox import UNSURE_WAIT
from bot.channels.telegram.sandbox import Fault
from bot.model import Delivery, DeliveryState, Route
from bot.storage.memory import MemoryStorage
from tests.channels.telegram.house import IRYNA, PETRO, STAFF_CHAT, House, open_house


@pytest.fixture
async def house() -> AsyncIterator[House]:
    """Nobody polls; the workers are driven by hand. Both clients have started the bot."""
    async with open_house(MemoryStorage(), is_running=False) as house:
        for person in (IRYNA, PETRO):
            house.say("/start", chat=person, user=person)
        yield house


async def deliver(house: House, *rows: Delivery) -> None:
    async with house.world.storage.write() as uow:
        for row in rows:
            uow.outbox.add(row)
        await uow.commit()
    await house.outbox.drain()


async def later(house: House, span: timedelta = timedelta(seconds=70)) -> None:
    house.world.clock.advance(span)
    await house.outbox.drain()


def say(house: House, text: str, chat: int = IRYNA, cause: str = "") -> Delivery:
    route = Route(channel="telegram", recipient=str(chat))
    return notices.say(route, text, cause=cause or text, language="uk", now=house.world.clock.now())


def texts(house: House, chat: int = IRYNA) -> list[str]:
    return [message["text"] for message in house.sent(chat)]


async def state_of(house: House, chat: int = IRYNA) -> list[DeliveryState]:
    async with house.world.storage.read() as uow:
        route = Route(channel="telegram", recipient=str(chat))
        dead = [row for row in await uow.outbox.dead_rows() if row.route == route]
        return [row.state for row in (*await uow.outbox.sent_to(route, limit=50), *dead)]


async def test_a_429_delays_only_that_chat_and_is_no_attempt(house: House) -> None:
    house.telegram.faults.add(Fault(kind="429", method="sendMessage", chat=IRYNA, retry_after=1))
    await deliver(house, say(house, "перше"), say(house, "інше", PETRO))
    assert (texts(house), texts(house, PETRO)) == ([], ["інше"])
    async with house.world.storage.read() as uow:
        [row] = await uow.outbox.sent_to(Route(channel="telegram", recipient=str(IRYNA)), limit=5)
    assert row.attempts == 0
    house.channel._sender._budget._closed_until.clear()
    await later(house)
    assert texts(house) == ["перше"]


async def test_a_blocked_bot_is_given_up_and_staff_are_told(house: House) -> None:
    house.telegram.world.set_bot_status(IRYNA, "kicked")
    await deliver(house, say(house, "не дійде"))
    await house.outbox.drain()
    assert await state_of(house) == [DeliveryState.DEAD]
    assert "не доставлено" in texts(house, STAFF_CHAT)[0]


async def test_a_refused_connection_is_tried_again_until_it_works(house: House) -> None:
    url = house.telegram.base_url
    await house.telegram.stop()
    await deliver(house, say(house, "дійде пізніше"))
    assert await state_of(house) == [DeliveryState.NEW]
    await house.telegram.start()
    assert house.telegram.base_url == url
    await later(house)
    assert texts(house) == ["дійде пізніше"]


@pytest.mark.parametrize("kind", ["500", "502"])
async def test_a_gateway_that_did_nothing_is_tried_again(house: House, kind: str) -> None:
    house.telegram.faults.add(Fault(kind=kind, method="sendMessage"))
    await deliver(house, say(house, "дійде"))
    assert texts(house) == []
    await later(house)
    assert texts(house) == ["дійде"]


async def test_a_lost_answer_is_repeated_once_and_never_again(house: House) -> None:
    house.telegram.faults.add(Fault(kind="drop", method="sendMessage", times=5))
    await deliver(house, say(house, "луна"))
    assert await state_of(house) == [DeliveryState.UNSURE]
    for _ in range(5):
        await later(house, UNSURE_WAIT * 2)
    assert texts(house) == ["луна", "луна"]
    assert await state_of(house) == [DeliveryState.DEAD]


async def test_a_wrong_token_harms_no_delivery_and_shows_on_the_status_page(house: House) -> None:
    house.telegram.token = "1:another"
    await deliver(house, say(house, "дочекається"))
    assert "не визнає токен" in house.channel.health.detail
    await later(house)
    house.telegram.token = "4200000000:SANDBOX-token-of-nobody-000000000000"
    await later(house)
    assert texts(house) == ["дочекається"]


async def test_a_group_that_moved_is_followed_with_everything_that_waits(house: House) -> None:
    house.telegram.world.migrate(STAFF_CHAT, -2002)
    await deliver(house, say(house, "перше", STAFF_CHAT), say(house, "друге", STAFF_CHAT))
    await house.outbox.drain()
    assert texts(house, -2002) == ["перше", "друге"]
    assert house.channel._connection.staff_chats == {-2002}
    async with house.world.storage.read() as uow:
        assert await uow.state.get("telegram:moved_chats") == {str(STAFF_CHAT): -2002}


async def test_words_that_telegram_cannot_parse_go_out_plain(house: House) -> None:
    house.telegram.faults.add(Fault(kind="400", method="sendMessage", description="can't parse entities: Unsupported start tag"))
    await deliver(house, say(house, "1 < 2 & 3"))
    assert texts(house) == ["1 < 2 & 3"]


async def test_a_refusal_for_good_is_not_repeated(house: House) -> None:
    house.telegram.faults.add(Fault(kind="400", method="sendMessage", description="message thread not found"))
    await deliver(house, say(house, "ні"))
    assert await state_of(house) == [DeliveryState.DEAD]
    assert texts(house) == []


async def test_a_word_in_several_messages_sends_each_once_when_one_fails(house: House) -> None:
    long = "\n\n".join(f"Абзац {number} " + "слово " * 60 for number in range(20))
    house.telegram.faults.add(Fault(kind="429", method="sendMessage", chat=IRYNA, after=1))
    await deliver(house, say(house, long))
    assert len(texts(house)) == 1
    house.channel._sender._budget._closed_until.clear()
    await later(house)
    assert len(texts(house)) == len(set(texts(house))) == 2
    assert "".join("".join(texts(house)).split()) == "".join(long.split())


async def test_an_edit_says_nothing_new_or_finds_nothing_to_edit(house: House) -> None:
    [number] = await house.world.accept("Не друкує принтер на складі")
    await house.outbox.drain()
    [card] = house.sent(STAFF_CHAT)
    async with house.world.storage.write() as uow:
        [row] = await uow.outbox.sent_to(Route(channel="telegram", recipient=str(STAFF_CHAT)), limit=5)
        same = notices.card(await house.world.desk.facts(uow, await uow.tickets.get(number)), house.world.desk.staff, now=row.created_at)
    assert row.external_id == str(card["message_id"])
    again = [Delivery(**{**_fields(each), "key": "again"}) for each in same]
    await deliver(house, *again)
    assert len(house.sent(STAFF_CHAT)) == 1
    assert house.telegram.journal.counts["editMessageText"] == 1
    del house.telegram.world.chat(STAFF_CHAT).messages[card["message_id"]]
    await deliver(house, *(Delivery(**{**_fields(each), "key": "once more"}) for each in same))
    assert len(house.sent(STAFF_CHAT)) == 1
    assert set(await state_of(house, STAFF_CHAT)) <= {DeliveryState.SENT, DeliveryState.SUPERSEDED}


async def test_an_edit_whose_answer_was_lost_is_simply_made_again(house: House) -> None:
    [number] = await house.world.accept("Не друкує принтер на складі")
    await house.outbox.drain()
    house.telegram.faults.add(Fault(kind="drop", method="editMessageText"))
    async with house.world.storage.write() as uow:
        await house.world.desk.claim(uow, number, house.world.olena)
        await uow.commit()
    await house.outbox.drain()
    await later(house)
    assert house.sent(STAFF_CHAT)[0]["text"].startswith("🟡")
    assert set(await state_of(house, STAFF_CHAT)) == {DeliveryState.SENT}


async def test_two_hundred_words_to_a_group_keep_to_the_limit_that_telegram_enforces() -> None:
    async with open_house(MemoryStorage(), is_running=False) as house:
        await deliver(house, *(say(house, f"слово {number}", STAFF_CHAT) for number in range(30)))
        assert len(texts(house, STAFF_CHAT)) == 20
        assert house.telegram.journal.counts["sendMessage"] == 20


def _fields(row: Delivery) -> dict[str, object]:
    return {name: getattr(row, name) for name in row.__dataclass_fields__}
