"""Every kind of content is kept or named: over HTTP against the sandbox, each payload one that aiogram's own types accept."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from bot.channels.telegram.content import contents
from bot.storage.memory import MemoryStorage
from tests.channels.telegram.house import IRYNA, STAFF_CHAT, House, open_house

PLACE = {"latitude": 50.45, "longitude": 30.52}
CHAT = {"id": -1009, "type": "channel", "title": "Новини бухгалтера", "username": "buh_news"}
SIZES = [{"file_id": f"p{n}", "file_unique_id": f"u{n}", "width": n, "height": n} for n in (90, 1280)]
POLL = {
    "id": "1",
    "question": "Який день для оновлення?",
    "options": [{"persistent_id": str(n), "text": text, "voter_count": 0} for n, text in enumerate(("субота", "неділя"))],
    "total_voter_count": 0,
    "is_closed": False,
    "is_anonymous": True,
    "type": "regular",
    "allows_multiple_answers": False,
    "allows_revoting": False,
    "members_only": False,
}
PAID = {"type": "preview", "width": 10, "height": 10, "duration": 3}
# (content, the kinds of its attachments, a part of the ticket's title)
THINGS: dict[str, tuple[dict[str, Any], list[str], str]] = {
    "location": ({"location": PLACE}, ["location"], "Місце на карті: 50.45, 30.52"),
    "venue": (
        {"venue": {"location": PLACE, "title": "Склад №2", "address": "вул. Прикладна, 1"}, "location": PLACE},
        ["location"],
        "Місце на карті: Склад №2 вул. Прикладна, 1",
    ),
    "poll": ({"poll": POLL}, ["poll"], "Опитування: Який день для оновлення? (субота / неділя)"),
    "story": ({"story": {"chat": CHAT, "id": 5}}, ["story"], "Історія: Новини бухгалтера @buh_news"),
    "paid, to be paid for": ({"paid_media": {"star_count": 5, "paid_media": [PAID]}}, ["paid_media"], "Платний вміст: ⭐ 5"),
    "paid, to be seen": (
        {"paid_media": {"star_count": 5, "paid_media": [{"type": "photo", "photo": SIZES}]}},
        ["photo"],
        "Знімок без тексту",
    ),
    "giveaway": (
        {"giveaway": {"chats": [CHAT], "winners_selection_date": 1_795_000_000, "winner_count": 3, "prize_description": "Ліцензія"}},
        ["giveaway"],
        "Розіграш: Ліцензія × 3",
    ),
    "checklist": (
        {"checklist": {"title": "До кінця дня", "tasks": [{"id": 1, "text": "закрити касу"}]}},
        ["checklist"],
        "Список справ: До кінця дня (закрити касу)",
    ),
    "game": ({"game": {"title": "Тетріс", "description": "кубики", "photo": SIZES}}, ["game"], "Гра: Тетріс кубики"),
    "invoice": (
        {"invoice": {"title": "Підписка", "description": "за місяць", "start_parameter": "x", "currency": "UAH", "total_amount": 1}},
        ["invoice"],
        "Рахунок: Підписка за місяць",
    ),
    "another's contact": (
        {"contact": {"phone_number": "+380440000000", "first_name": "Бухгалтер", "user_id": 77}},
        ["contact"],
        "Контакт: Бухгалтер +380440000000",
    ),
}
FUTURE: dict[str, tuple[dict[str, Any], list[str], str]] = {
    "a file of tomorrow": ({"hologram": {"file_id": "h1", "file_unique_id": "u", "mime_type": "model/x"}}, ["document"], "hologram"),
    "a thing of tomorrow": ({"telepathy": {"thought": "…"}}, ["unknown"], "Вміст без тексту: telepathy"),
    "a thing of tomorrow in a shape of tomorrow": ({"telepathy": [1, 2]}, ["unknown"], "Вміст без тексту: telepathy"),
}
FILES = {
    "photo": ("photo", "Знімок без тексту"),
    "voice": ("voice", "Голосове повідомлення 0:42"),
    "audio": ("audio", "Аудіозапис"),
    "video": ("video", "Відео без тексту 0:05"),
    "video_note": ("video_note", "Відео без тексту 0:05"),
    "animation": ("animation", "Відео без тексту 0:03"),
    "document": ("document", "Файл без тексту: звіт.xlsx"),
}


@pytest.fixture
async def house() -> AsyncIterator[House]:
    async with open_house(MemoryStorage()) as house:
        yield house


async def first(house: House):
    async with house.world.storage.read() as uow:
        return await uow.tickets.get(1), (await uow.tickets.messages(1))[0]


@pytest.mark.parametrize("name", [*THINGS, *FUTURE])
async def test_what_is_no_file_is_named_in_a_ticket(house: House, name: str) -> None:
    content, kinds, title = (THINGS | FUTURE)[name]
    house.telegram.world.send_content(IRYNA, IRYNA, content)
    await house.gets("Звернення зареєстровано")
    await house.gets("№1", chat=STAFF_CHAT)
    ticket, message = await first(house)
    assert title[:60] in ticket.title
    assert [file.kind for file in message.attachments] == kinds
    assert (await house.accounting())["ticketed"] == 1


@pytest.mark.parametrize("kind", FILES)
async def test_every_kind_of_file_is_kept(house: House, kind: str) -> None:
    about = {"file_name": "звіт.xlsx"} if kind == "document" else {}
    house.telegram.world.send_media(IRYNA, IRYNA, kind, **about)
    await house.gets("Звернення зареєстровано")
    ticket, message = await first(house)
    [file] = message.attachments
    assert (file.kind, ticket.title[: len(FILES[kind][1])]) == FILES[kind]
    assert file.ref


@pytest.mark.parametrize("content", [{"dice": {"emoji": "🎲", "value": 4}}, None], ids=["dice", "sticker"])
async def test_a_mood_gets_a_kind_answer_and_no_ticket(house: House, content: dict[str, Any] | None) -> None:
    if content is None:
        house.telegram.world.send_media(IRYNA, IRYNA, "sticker")
    else:
        house.telegram.world.send_content(IRYNA, IRYNA, content)
    await house.gets("Дякуємо за настрій")
    assert (await house.accounting())["set_aside"] == 1


@pytest.mark.parametrize("name", THINGS)
def test_the_payloads_here_are_telegrams(name: str) -> None:
    types = pytest.importorskip("aiogram.types")
    person = {"id": 1, "is_bot": False, "first_name": "Х"}
    message = {"message_id": 1, "date": 1, "chat": {"id": 1, "type": "private", "first_name": "Х"}, "from": person, **THINGS[name][0]}
    types.Update.model_validate({"update_id": 1, "message": message})


@pytest.mark.parametrize("wrong", [None, 7, "text", [], [7], {}, {"options": 7}, {"paid_media": [7, {"photo": [7]}]}, {"chat": 7}])
@pytest.mark.parametrize("key", ["photo", "voice", "location", "venue", "poll", "story", "paid_media", "giveaway", "checklist", "dice"])
def test_no_content_whatever_its_shape_raises(key: str, wrong: object) -> None:
    contents({"message_id": 1, "date": 1, key: wrong})
