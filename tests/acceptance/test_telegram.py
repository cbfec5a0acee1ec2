"""Real input (a): a client's burst over a Bot API server becomes tickets; claim, answer and the client's button go the whole way."""

from __future__ import annotations

import pytest

from bot.model import MessageKind, Priority, ReasonState, UrgencyReason
from tests.acceptance import books
from tests.acceptance.chats import STAFF_CHAT, Telegram, buttons
from tests.acceptance.conftest import Start
from tests.acceptance.process import Deskbot, eventually

IRYNA, OLENA = 501, 901
pytestmark = pytest.mark.timeout(180)


async def open_desk(desk: Start, telegram: Telegram, *, gap: str, database: str = "", extra: str = "") -> Deskbot:
    """A desk with a staff chat, one agent in it, and one client who has not written yet."""
    bot = desk(telegram=telegram.base_url, token=telegram.token, staff_chat=STAFF_CHAT, gap=gap, database=database, extra=extra)
    added = await bot.command("accounts", "add", "Олена", "--telegram", str(OLENA))
    assert added.code == 0, added.err
    await telegram.staff((OLENA, "Олена"))
    await telegram.do("add_user", user=IRYNA, first_name="Ірина")
    await bot.started()
    return bot


async def test_a_burst_becomes_tickets_and_the_answer_reaches_the_client(desk: Start, telegram: Telegram) -> None:
    bot = await open_desk(desk, telegram, gap="2s")
    for line in (
        "Добрий день!",
        "1. Не друкує чек на касі, люди стоять у черзі",
        "2. Додайте, будь ласка, доступ до бази новому бухгалтеру",
    ):
        await telegram.says(IRYNA, line)

    receipt = await telegram.gets(IRYNA, "кожне має своє звернення")
    assert "№1" in receipt["text"]
    assert "№2" in receipt["text"]
    assert {"👌 Усе правильно", "Це одне питання"} <= set(buttons(receipt))
    question = await telegram.gets(IRYNA, "Прийнято як термінове")
    card = await telegram.gets(STAFF_CHAT, "№1")
    await telegram.gets(STAFF_CHAT, "№2")

    await telegram.press(card, buttons(card)[0], user=OLENA)
    await telegram.gets(IRYNA, "ним займається Олена")
    await telegram.says(OLENA, "Перезапустіть, будь ласка, службу друку.", chat=STAFF_CHAT, reply_to=card["message_id"])
    answer = await telegram.gets(IRYNA, "Перезапустіть, будь ласка, службу друку.")
    assert "№1" in answer["text"]

    pressed = next(label for label in buttons(question) if label.startswith("2. "))
    callback = await telegram.press(question, pressed)
    assert await telegram.toast(callback) is not None
    read = await eventually(lambda: _with_reason(bot), what="the reason in the ticket")

    assert await bot.stop() < 10
    first, second = read.case(1), read.case(2)
    assert (first.ticket.priority, first.ticket.reason) == (Priority.URGENT, UrgencyReason.MOST_USERS)
    assert first.ticket.assignee_id == 1
    assert [m.text for m in first.messages if m.kind is MessageKind.ANSWER] == ["Перезапустіть, будь ласка, службу друку."]
    assert first.ticket.origin_id == second.ticket.origin_id
    assert second.ticket.priority is not Priority.URGENT
    assert len(read.cases) == 2
    assert read.balanced("telegram")["ticketed"] == 3


async def _with_reason(bot: Deskbot) -> books.Books | None:
    read = await books.read(bot.database_url)
    return read if read.case(1).ticket.reason_state is ReasonState.GIVEN else None


async def test_a_reply_to_our_message_lands_in_its_ticket(desk: Start, telegram: Telegram, pg_url: str) -> None:
    """On PostgreSQL; the other tests here run on SQLite."""
    bot = await open_desk(desk, telegram, gap="0s", database=pg_url)
    await telegram.says(IRYNA, "Не відкривається база після оновлення")
    card = await telegram.gets(STAFF_CHAT, "№1")
    await telegram.says(IRYNA, "Не друкує принтер на складі", at=card["date"] + 60)
    await telegram.gets(STAFF_CHAT, "№2")
    await telegram.says(OLENA, "Яка саме помилка?", chat=STAFF_CHAT, reply_to=card["message_id"])
    asked = await telegram.gets(IRYNA, "Яка саме помилка?")
    await telegram.says(IRYNA, "Пише «файл зайнято»", reply_to=asked["message_id"], at=card["date"] + 120)
    await telegram.gets(STAFF_CHAT, "Пише «файл зайнято»")
    await bot.stop()
    read = await books.read(bot.database_url)
    assert [m.text for m in read.case(1).messages][-1] == "Пише «файл зайнято»"
    assert len(read.case(2).messages) == 1
    assert read.balanced("telegram")["follow_ups"] == 1


async def test_an_answer_that_waits_outlives_a_kill_and_one_taken_back_is_never_said(desk: Start, telegram: Telegram) -> None:
    bot = await open_desk(desk, telegram, gap="0s", extra='answer_delay = "20s"')
    await telegram.says(IRYNA, "Не друкує принтер на складі")
    card = await telegram.gets(STAFF_CHAT, "№1")
    await telegram.says(OLENA, "Це слова іншому клієнтові", chat=STAFF_CHAT, reply_to=card["message_id"])
    held = await telegram.gets(STAFF_CHAT, "піде о")
    await telegram.press(held, "Не надсилати", user=OLENA)
    await telegram.gets(STAFF_CHAT, "клієнт цього не побачить")
    await telegram.says(OLENA, "Перезапустіть службу друку", chat=STAFF_CHAT, reply_to=card["message_id"])
    await telegram.gets(STAFF_CHAT, "піде о")
    assert await telegram.shown(IRYNA, "Перезапустіть") == []
    bot.kill()
    await bot.started()
    await telegram.gets(IRYNA, "Перезапустіть службу друку")
    await bot.stop()
    assert len(await telegram.shown(IRYNA, "Перезапустіть службу друку")) == 1
    assert await telegram.shown(IRYNA, "іншому клієнтові") == []
    kinds = [(m.kind, m.text) for m in (await books.read(bot.database_url)).case(1).messages[1:]]
    assert kinds == [(MessageKind.NOTE, "Це слова іншому клієнтові"), (MessageKind.ANSWER, "Перезапустіть службу друку")]
