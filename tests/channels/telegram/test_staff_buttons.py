"""Buttons under a card, over HTTP against the sandbox: cut, merge, time, Development, the way back from each, and presses that are none."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.model import Outcome, Route, Team, WorkKind
from bot.notices import StaffRoutes
from bot.storage.memory import MemoryStorage
from tests.channels.telegram.house import IRYNA, STAFF_CHAT, House, open_house
from tests.channels.telegram.test_staff_talk import PRINTER, card_of, cards, ticket

DEVELOPMENT = -1003


@pytest.fixture
async def house() -> AsyncIterator[House]:
    async with open_house(MemoryStorage()) as house:
        yield house


async def menu(house: House, label: str, shows: str, at: int = 0) -> None:
    """Press a button of a card and wait for the choices behind it."""
    house.agent_presses(cards(house)[at], label)
    await house.until(lambda: shows in str(cards(house)[at].get("reply_markup")))


async def test_a_claim_is_given_back_by_its_owner_or_a_lead_alone(house: House) -> None:
    card = await card_of(house)
    house.agent_presses(card, "Беру", "taras")
    await house.until(lambda: cards(house)[0]["text"].startswith("🟡"))
    await menu(house, "⋯", "Повернути в чергу")
    assert "веде Тарас: повернути" in await house.toast(house.agent_presses(cards(house)[0], "Повернути в чергу", "olena"))
    house.agent_presses(cards(house)[0], "Повернути в чергу", "taras")
    await house.until(lambda: cards(house)[0]["text"].startswith("🔴") and "Беру" in str(cards(house)[0]["reply_markup"]))
    assert (await ticket(house)).assignee_id is None


async def test_a_ticket_is_cut_where_the_buttons_say_and_is_one_again(house: House) -> None:
    await card_of(house, "Принтер не друкує накладні на складі, каса показує помилку п'ять.")
    await menu(house, "⋯", "Розділити")
    house.agent_presses(cards(house)[0], "Розділити")
    cut = await house.gets("натисніть номер", chat=STAFF_CHAT)
    assert "<b>" not in cut["text"]
    house.agent_presses(cut, "2")
    await house.until(lambda: "— ✂️ —" in house.sent(STAFF_CHAT, "натисніть номер")[0]["text"])
    cut = house.sent(STAFF_CHAT, "натисніть номер")[0]
    house.agent_presses(cut, "✂️ 2")
    await house.until(lambda: "— ✂️ —" not in house.sent(STAFF_CHAT, "натисніть номер")[0]["text"])
    house.agent_presses(house.sent(STAFF_CHAT, "натисніть номер")[0], "2")
    await house.until(lambda: "Розділити на 2" in str(house.sent(STAFF_CHAT, "натисніть номер")[0]["reply_markup"]))
    house.agent_presses(house.sent(STAFF_CHAT, "натисніть номер")[0], "Розділити на 2")
    done = await house.gets("№1 розділено: №1, №2", chat=STAFF_CHAT)
    first, second = await ticket(house, 1), await ticket(house, 2)
    assert "каса" in second.title.lower()
    assert first.spans
    assert first.spans != second.spans
    house.agent_presses(done, "Знову одне")
    await house.gets("№1 знову одне звернення", chat=STAFF_CHAT)
    assert (await ticket(house, 2)).merged_into_id == 1


async def test_one_thought_cannot_be_cut(house: House) -> None:
    await card_of(house, "Не друкує")
    await menu(house, "⋯", "Розділити")
    assert "немає де розрізати" in await house.toast(house.agent_presses(cards(house)[0], "Розділити"))


async def test_tickets_of_one_client_are_merged_after_a_second_press(house: House) -> None:
    await card_of(house)
    await card_of(house, "Не відкривається звіт за місяць.")
    await menu(house, "⋯", "Об'єднати", at=1)
    await menu(house, "Об'єднати", "№1 ", at=1)
    await menu(house, "№1 ", "Так: №2 стане частиною №1", at=1)
    assert (await ticket(house, 2)).is_open
    assert await house.toast(house.agent_presses(cards(house)[1], "Так")) == "№2 тепер у №1."
    assert (await ticket(house, 2)).outcome is Outcome.DUPLICATE


async def test_time_is_logged_in_two_presses_and_taken_back_in_one(house: House) -> None:
    await card_of(house)
    await menu(house, "Час", "консультація")
    await menu(house, "консультація", "15 хв")
    assert await house.toast(house.agent_presses(cards(house)[0], "15 хв")) == "Записано: 15 хв, консультація."
    await house.until(lambda: "Скасувати 15 хв" in str(cards(house)[0]["reply_markup"]))
    async with house.world.storage.read() as uow:
        [entry] = await uow.tickets.time_entries(1)
    assert (entry.kind, entry.spent) == (WorkKind.CONSULTATION, timedelta(minutes=15))
    undo = cards(house)[0]
    assert await house.toast(house.agent_presses(undo, "Скасувати 15 хв", "taras")) == "Цього запису часу вже немає."
    assert await house.toast(house.agent_presses(undo, "Скасувати 15 хв")) == "Запис часу скасовано."
    async with house.world.storage.read() as uow:
        assert await uow.tickets.time_entries(1) == []


async def test_small_changes_over_half_an_hour_offer_a_change_request(house: House) -> None:
    await card_of(house)
    await menu(house, "Час", "дрібна зміна")
    await menu(house, "дрібна зміна", "45 хв")
    assert "це запит на зміну" in await house.toast(house.agent_presses(cards(house)[0], "45 хв"))
    await house.until(lambda: "Передати в розробку" in str(cards(house)[0]["reply_markup"]))


async def test_a_hand_over_asks_what_is_to_be_done_and_goes_to_developments_chat() -> None:
    async with open_house(MemoryStorage(), staff_chats=(STAFF_CHAT, DEVELOPMENT)) as house:
        house.telegram.world.add_group(DEVELOPMENT, "Розробка", members=[int(house.world.olena.telegram_id)])
        staff = house.world.desk.staff
        house.world.desk.staff = StaffRoutes(
            desk=staff.desk, leads=staff.leads, development=(Route(channel="telegram", recipient=str(DEVELOPMENT)),)
        )
        await card_of(house)
        await menu(house, "⋯", "Передати в розробку")
        house.agent_presses(cards(house)[0], "Передати в розробку")
        prompt = await house.gets("що має зробити розробка", chat=STAFF_CHAT)
        assert (await ticket(house)).team is Team.DESK
        house.agent_says("Друкувати накладні двома мовами", reply_to=prompt["message_id"])
        await house.gets("Передано у відділ розробки")
        card = await house.gets("№1", chat=DEVELOPMENT)
        await house.until(lambda: "у розробці" in cards(house)[0]["text"])
        house.say("І ще польською", reply_to=house.sent(IRYNA)[0]["message_id"])
        word = await house.gets("польською", chat=DEVELOPMENT)
        assert house.sent(STAFF_CHAT, "польською") == []
        house.say("Оцінка: 5 годин", chat=DEVELOPMENT, user=int(house.world.olena.telegram_id), reply_to=word["message_id"])
        await house.gets("Оцінка: 5 годин")
        assert card


async def test_the_queue_turns_its_pages_and_has_parts(house: House) -> None:
    house.say("/start")
    await house.gets("Вітаємо")
    for number in range(11):
        await house.world.accept(f"Не працює каса номер {number} у магазині.")
    async with house.world.storage.write() as uow:
        await house.world.desk.claim(uow, 1, house.world.olena)
        await uow.commit()
    house.agent_says("/queue")
    listing = await house.gets("усього 11", chat=STAFF_CHAT)
    assert "№1 " not in listing["text"]
    house.agent_presses(listing, "▶")
    await house.until(lambda: "№1 " in house.sent(STAFF_CHAT, "Черга")[0]["text"])
    house.agent_presses(house.sent(STAFF_CHAT, "Черга")[0], "◀")
    await house.until(lambda: house.sent(STAFF_CHAT, "Черга")[0]["text"] == listing["text"])
    house.agent_says("/queue нічиї")
    part = await house.gets("ще ніхто не взяв", chat=STAFF_CHAT)
    assert "№1 " not in part["text"].replace("№10", "")
    house.agent_says("/queue прострочені")
    await house.gets("Черга: прострочені", chat=STAFF_CHAT)
    house.agent_says("/queue якісь")
    await house.gets("Такого списку немає. Є: /queue", chat=STAFF_CHAT)
    assert "Такого списку немає" in await house.toast(
        house.telegram.world.press(
            STAFF_CHAT, int(house.world.olena.telegram_id), listing["message_id"], data="queue:0:mine.x", forged=True
        )
    )


async def test_who_and_stats_tell_how_the_desk_stands(house: House) -> None:
    await card_of(house)
    urgent = await card_of(house, "Терміново! Каса не пробиває чеки, черга людей стоїть.")
    house.agent_presses(urgent, "Беру")
    await house.until(lambda: any(card["text"].startswith("🟡") for card in cards(house)))
    house.agent_says("/who")
    there = (await house.gets("Співробітники", chat=STAFF_CHAT))["text"]
    assert "Олена · звернень: 1" in there
    assert "Ще ніхто не взяв: 1" in there
    house.world.clock.advance(timedelta(hours=2))
    house.agent_says("/stats")
    stats = (await house.gets("Зараз відкрито: 2", chat=STAFF_CHAT))["text"]
    assert "нічиї 1 · термінові 1" in stats
    assert "Сьогодні: нових 2, закрито 0" in stats


async def test_who_knows_who_is_away(house: House) -> None:
    now = house.world.clock.now()
    async with house.world.storage.write() as uow:
        await uow.duty.add_absence(
            agent_id=house.world.olena.id, starts_at=now, ends_at=now + timedelta(days=3), substitute_id=None, because="відпустка"
        )
        await uow.commit()
    house.agent_says("/who", "taras")
    there = (await house.gets("Співробітники", chat=STAFF_CHAT))["text"]
    assert there.index("Тарас") < there.index("Немає") < there.index("Олена")


FORGED = (
    *("cut:1:zz!", "cut:1:vvvvvvvvvvvv", "docut:1:0", "uncut:1:999.5", "merge:1:1", "domerge:1:x", "cause:1:1", "cause:1:77"),
    *("time:1:gold", "time:1:other.7", "untime:1:yesterday", "untime:1:2026-11-24T08:00:00", "unsend:99999", "unword:1:5"),
    *("unword:1:²", "canned:1:9", "canned:1:p9999999999999999", "release:1", "release:9999", "priority:1:mega", "snooze:1:5"),
    *("close:1:x", "wake:77", "uncause:77", "replyall:77", "handover:77", "queue:99999:all", "nonsense:1", "claim", ":::", "claim:-1"),
)


@pytest.mark.parametrize("data", FORGED)
async def test_data_that_no_button_holds_is_refused_and_changes_nothing(house: House, data: str) -> None:
    card = await card_of(house, PRINTER)
    before = await ticket(house)
    callback = house.telegram.world.press(STAFF_CHAT, int(house.world.olena.telegram_id), card["message_id"], data=data, forged=True)
    words = await house.toast(callback)
    assert words or data.startswith("queue")
    await house.settled()
    assert await ticket(house) == before
    assert (await house.accounting())["quarantined"] == 0


async def test_buttons_of_a_closed_ticket_say_so(house: House) -> None:
    stale = await card_of(house)
    house.say("/close 1")
    await house.until(lambda: cards(house)[0]["text"].startswith("⚪"))
    for data in ("claim:1", "reply:1", "cut:1", "merge:1:2", "cause:1:2", "snooze:1:30", "priority:1:urgent", "handover:1", "replyall:1"):
        callback = house.telegram.world.press(STAFF_CHAT, int(house.world.olena.telegram_id), stale["message_id"], data=data, forged=True)
        assert await house.toast(callback)
    assert not (await ticket(house)).is_open
    await house.settled()
    assert house.sent(STAFF_CHAT, "Напишіть") == []


async def test_conversation_state_outlives_a_restart(house: House) -> None:
    """What a prompt asked for is in the link to it: a new process knows what the reply means."""
    from tests.channels.telegram.house import make_house, running

    card = await card_of(house)
    house.agent_presses(card, "Закрити")
    await house.until(lambda: "відхилено" in str(cards(house)[0]["reply_markup"]))
    house.agent_presses(cards(house)[0], "відхилено")
    prompt = await house.gets("Напишіть результат", chat=STAFF_CHAT)
    await house.settled()
    for task in house.tasks:
        task.cancel()
    again = make_house(house.telegram, house.world, replace(house.options))
    async with running(again):
        again.agent_says("Поза договором", reply_to=prompt["message_id"])
        await again.gets("Результат: Поза договором")
    await again.channel.close()
    assert (await ticket(house)).outcome is Outcome.DECLINED
