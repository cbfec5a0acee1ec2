"""What agents say, over HTTP against the sandbox: taken back, corrected, written before, or said to many at once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.channels.fallback import unreachable_key
from bot.model import Actor, ClockState, DeliveryState, MessageKind, Route, Turn
from bot.storage.memory import MemoryStorage
from tests.channels.telegram.house import IRYNA, PETRO, STAFF_CHAT, House, make_house, open_house, running
from tests.channels.telegram.test_staff_talk import PRINTER, card_of, cards, ticket

HOLD = timedelta(seconds=60)


@pytest.fixture
async def house() -> AsyncIterator[House]:
    async with open_house(MemoryStorage(), answer_delay=HOLD) as house:
        yield house


@pytest.fixture
async def quick() -> AsyncIterator[House]:
    async with open_house(MemoryStorage()) as house:
        yield house


async def clocks(house: House, number: int = 1):
    async with house.world.storage.read() as uow:
        return [(clock.state, clock.met_at) for clock in await uow.clocks.of_ticket(number)]


async def words(house: House, number: int = 1):
    async with house.world.storage.read() as uow:
        return [(word.kind, word.text) for word in await uow.tickets.messages(number)]


async def test_an_answer_waits_and_taken_back_it_was_never_said(house: House) -> None:
    card = await card_of(house)
    before = await clocks(house)
    house.agent_says("Це не той клієнт", reply_to=card["message_id"])
    held = await house.gets("піде о", chat=STAFF_CHAT)
    assert "Відповідь для «Ірина»" in held["text"]
    assert (await ticket(house)).turn is Turn.CLIENT_APPROVAL
    house.agent_presses(held, "Не надсилати")
    await house.gets("клієнт цього не побачить", chat=STAFF_CHAT)
    now = await ticket(house)
    assert (now.turn, now.assignee_id, now.last_word_at) == (Turn.STAFF, None, now.received_at)
    assert await clocks(house) == before
    assert (await words(house))[-1] == (MessageKind.NOTE, "Це не той клієнт")
    house.world.clock.advance(2 * HOLD)
    await house.settled()
    assert house.sent(IRYNA, "не той клієнт") == []


async def test_an_answer_goes_out_after_its_moment_and_then_it_is_too_late(house: House) -> None:
    card = await card_of(house)
    house.agent_says("Перезавантажте службу друку", reply_to=card["message_id"])
    held = await house.gets("піде о", chat=STAFF_CHAT)
    await house.outbox.drain()
    assert house.sent(IRYNA, "Перезавантажте") == []
    house.world.clock.advance(HOLD)
    house.outbox.wake.set()
    await house.gets("Перезавантажте службу друку")
    await house.settled()
    assert "запізно" in await house.toast(house.agent_presses(held, "Не надсилати"))
    assert (await ticket(house)).turn is Turn.CLIENT_APPROVAL


async def test_a_kill_while_an_answer_waits_loses_nothing_and_says_it_once(house: House) -> None:
    card = await card_of(house)
    house.agent_says("Майстер уже їде", reply_to=card["message_id"])
    await house.gets("піде о", chat=STAFF_CHAT)
    for task in house.tasks:
        task.cancel()
    house.world.clock.advance(HOLD)
    again = make_house(house.telegram, house.world, house.options)
    async with running(again):
        await again.gets("Майстер уже їде")
        await again.settled()
    assert len(again.sent(IRYNA, "Майстер уже їде")) == 1
    await again.channel.close()


async def test_only_the_author_or_a_lead_takes_an_answer_back(house: House) -> None:
    card = await card_of(house)
    house.agent_says("відповідь керівника", "taras", reply_to=card["message_id"])
    held = await house.gets("піде о", chat=STAFF_CHAT)
    assert "лише той, хто написав" in await house.toast(house.agent_presses(held, "Не надсилати", "olena"))
    house.agent_says("відповідь фахівця", "olena", reply_to=card["message_id"])
    second = await house.gets("піде о", chat=STAFF_CHAT, count=2)
    house.agent_presses(second, "Не надсилати", "taras")
    await house.gets("клієнт цього не побачить", chat=STAFF_CHAT)


async def test_two_words_taken_back_one_after_the_other_leave_the_ticket_as_it_was(house: House) -> None:
    card = await card_of(house)
    before = await clocks(house)
    house.agent_says("перше", reply_to=card["message_id"])
    first = await house.gets("піде о", chat=STAFF_CHAT)
    house.agent_says("друге", reply_to=card["message_id"])
    second = await house.gets("піде о", chat=STAFF_CHAT, count=2)
    house.agent_presses(first, "Не надсилати")
    await house.gets("клієнт цього не побачить", chat=STAFF_CHAT)
    assert (await ticket(house)).turn is Turn.CLIENT_APPROVAL
    house.agent_presses(second, "Не надсилати")
    await house.gets("клієнт цього не побачить", chat=STAFF_CHAT, count=2)
    assert (await ticket(house)).turn is Turn.STAFF
    assert await clocks(house) == before


async def test_an_edited_answer_is_edited_at_the_clients(quick: House) -> None:
    card = await card_of(quick)
    said = quick.agent_says("Перезавантажте <сервер>", reply_to=card["message_id"])
    answer = await quick.gets("Перезавантажте <сервер>")
    quick.telegram.world.edit(STAFF_CHAT, said, "Перезавантажте принтер")
    await quick.until(lambda: "Перезавантажте принтер" in quick.telegram.world.chat(IRYNA).messages[answer["message_id"]]["text"])
    assert len(quick.sent(IRYNA, "Перезавантажте")) == 1
    assert "Ще не вирішено" in str(quick.telegram.world.chat(IRYNA).messages[answer["message_id"]]["reply_markup"])
    quick.agent_says("/ticket 1")
    page = await quick.gets("(було: Перезавантажте <сервер>)", chat=STAFF_CHAT)
    assert "Перезавантажте принтер" in page["text"]


async def test_an_answer_edited_while_it_waits_goes_out_corrected(house: House) -> None:
    card = await card_of(house)
    said = house.agent_says("Сума 100", reply_to=card["message_id"])
    await house.gets("піде о", chat=STAFF_CHAT)
    house.telegram.world.edit(STAFF_CHAT, said, "Сума 1000")
    await house.settled()
    assert house.sent(IRYNA, "Сума") == []
    house.world.clock.advance(HOLD)
    house.outbox.wake.set()
    await house.gets("Сума 1000")
    await house.settled()
    assert [message["text"].count("Сума") for message in house.sent(IRYNA, "Сума")] == [1]


async def test_an_answer_by_mail_stays_as_it_was_sent_and_the_ticket_shows_the_correction(quick: House) -> None:
    card = await card_of(quick)
    async with quick.world.storage.write() as uow:
        uow.tickets.save(replace(await uow.tickets.get(1), route=Route(channel="mail", recipient="iryna@shop.example")))
        await uow.commit()
    said = quick.agent_says("Рахунок 5", reply_to=card["message_id"])
    await quick.until(lambda: quick.telegram.world.chat(STAFF_CHAT).reactions.get(said))
    async with quick.world.storage.write() as uow:
        [letter] = await uow.outbox.claim(now=quick.world.clock.now(), limit=9, lease=HOLD, channels=["mail"])
        uow.outbox.sent(letter.id, external_id="<1@desk.example>", now=quick.world.clock.now())
        await uow.commit()
    quick.telegram.world.edit(STAFF_CHAT, said, "Рахунок 6")
    await quick.until(lambda: quick.telegram.world.chat(STAFF_CHAT).reactions.get(said) == [{"type": "emoji", "emoji": "✍"}])
    async with quick.world.storage.read() as uow:
        assert [row.state for row in await uow.outbox.sent_to(letter.route, limit=9)] == [DeliveryState.SENT]
    assert (await words(quick))[-1] == (MessageKind.ANSWER, "Рахунок 6")


async def test_somebody_elses_words_cannot_be_corrected(quick: House) -> None:
    card = await card_of(quick)
    said = quick.agent_says("моє", reply_to=card["message_id"])
    await quick.gets("моє")
    place = quick.telegram.world.chat(STAFF_CHAT)
    place.messages[said] = {**place.messages[said], "from": quick.telegram.world.users[int(quick.world.taras.telegram_id)]}
    quick.telegram.world.edit(STAFF_CHAT, said, "чуже")
    await quick.gets("лише той, хто їх написав", chat=STAFF_CHAT)
    assert quick.sent(IRYNA, "чуже") == []


async def test_a_note_may_be_corrected_and_stays_a_note(quick: House) -> None:
    card = await card_of(quick)
    said = quick.agent_says("// борг", reply_to=card["message_id"])
    await quick.until(lambda: quick.telegram.world.chat(STAFF_CHAT).reactions.get(said))
    quick.telegram.world.edit(STAFF_CHAT, said, "// борг 500")
    await quick.settled()
    await quick.until(lambda: True)
    assert (await words(quick))[-1] == (MessageKind.NOTE, "борг 500")


async def test_an_answer_edited_into_a_note_while_it_waits_never_goes_out(house: House) -> None:
    card = await card_of(house)
    said = house.agent_says("Зараз подивимось", reply_to=card["message_id"])
    await house.gets("піде о", chat=STAFF_CHAT)
    house.telegram.world.edit(STAFF_CHAT, said, "// боржник, не поспішай")
    await house.settled()
    house.world.clock.advance(HOLD)
    house.outbox.wake.set()
    await house.settled()
    assert [message["text"] for message in house.sent(IRYNA, "боржник")] == []
    assert (await words(house))[-1] == (MessageKind.NOTE, "боржник, не поспішай")


async def test_an_answer_edited_into_a_note_too_late_tells_the_client_nothing(quick: House) -> None:
    card = await card_of(quick)
    said = quick.agent_says("Зараз подивимось", reply_to=card["message_id"])
    await quick.gets("Зараз подивимось")
    quick.telegram.world.edit(STAFF_CHAT, said, "// боржник, не поспішай")
    await quick.gets("запізно", chat=STAFF_CHAT)
    assert [message["text"] for message in quick.sent(IRYNA, "боржник")] == []
    assert (await words(quick))[-1] == (MessageKind.ANSWER, "Зараз подивимось")


async def test_canned_answers_are_kept_by_leads_and_given_with_one_tap(house: House) -> None:
    house.agent_says("/answers")
    await house.gets("Шаблонів ще немає", chat=STAFF_CHAT)
    house.agent_says("/answers add Оплата: Вітаємо, {contact}! Звернення №{number}: рахунок до {due}.", "olena")
    await house.gets("Шаблони змінюють керівники", chat=STAFF_CHAT)
    house.agent_says("/answers add Оплата: Вітаємо, {contact}! Борг {сума}", "taras")
    await house.gets("невідомі підстановки {сума}. Відомі: {contact}", chat=STAFF_CHAT)
    house.agent_says("/answers add Оплата: Вітаємо, {contact}! Звернення №{number}: відповімо до {due}.", "taras")
    await house.gets("Шаблон «Оплата» збережено", chat=STAFF_CHAT)
    card = await card_of(house)
    house.agent_presses(card, "Шаблон")
    await house.until(lambda: "📋 Оплата" in str(cards(house)[0]["reply_markup"]))
    house.agent_presses(cards(house)[0], "Оплата")
    held = await house.gets("піде о", chat=STAFF_CHAT)
    assert "Вітаємо, Ірина! Звернення №1: відповімо до" in held["text"]
    house.world.clock.advance(HOLD)
    house.outbox.wake.set()
    answer = await house.gets("Вітаємо, Ірина!")
    assert "{" not in answer["text"]
    house.agent_presses(cards(house)[0], "Шаблон")
    await house.until(lambda: "📋 Оплата" in str(cards(house)[0]["reply_markup"]))
    assert "нема чим заповнити {due}" in await house.toast(house.agent_presses(cards(house)[0], "Оплата"))
    house.agent_says("/answers delete оплата", "taras")
    await house.gets("видалено", chat=STAFF_CHAT)
    assert "Такого шаблону вже немає" in await house.toast(house.agent_presses(cards(house)[0], "Оплата"))


async def test_a_canned_answer_given_by_mistake_is_taken_back(house: House) -> None:
    house.agent_says("/answers add Вітання\nВітаємо!\nЧим допомогти?", "taras")
    await house.gets("«Вітання» збережено", chat=STAFF_CHAT)
    card = await card_of(house)
    house.agent_presses(card, "Шаблон")
    await house.until(lambda: "📋 Вітання" in str(cards(house)[0]["reply_markup"]))
    house.agent_presses(cards(house)[0], "Вітання")
    house.agent_presses(await house.gets("піде о", chat=STAFF_CHAT), "Не надсилати")
    await house.gets("клієнт цього не побачить", chat=STAFF_CHAT)
    house.world.clock.advance(2 * HOLD)
    await house.settled()
    assert house.sent(IRYNA, "Чим допомогти") == []


async def test_tickets_of_one_cause_are_answered_at_once_and_all_can_be_taken_back(house: House) -> None:
    card = await card_of(house)
    house.say("У нас теж не друкує принтер", chat=PETRO, user=PETRO)
    await house.gets("теж не друкує", chat=STAFF_CHAT)
    third = await card_of(house, "Не відкривається звіт за місяць.")
    house.agent_says("/cause 1: 2-3")
    await house.gets("звернень: 2", chat=STAFF_CHAT)
    await house.until(lambda: "спільна причина, ще звернень: 2" in cards(house)[0]["text"])
    house.agent_presses(cards(house)[2], "⋯")
    await house.until(lambda: "не №1" in str(cards(house)[2]["reply_markup"]))
    house.agent_presses(cards(house)[2], "не №1")
    await house.until(lambda: "Відповісти всім: 2" in str(cards(house)[0]["reply_markup"]))
    assert third
    house.agent_presses(cards(house)[0], "Відповісти всім")
    prompt = await house.gets("у кого та сама причина", chat=STAFF_CHAT)
    house.agent_says("Полагодили сервер друку", reply_to=prompt["message_id"])
    held = await house.gets("Відповідь на 2 звернень", chat=STAFF_CHAT)
    house.agent_presses(held, "Не надсилати")
    await house.gets("Не надіслано: 2 з 2", chat=STAFF_CHAT)
    house.agent_says("Принтер уже друкує", reply_to=prompt["message_id"])
    await house.gets("Відповідь на 2 звернень", chat=STAFF_CHAT)
    house.world.clock.advance(HOLD)
    house.outbox.wake.set()
    await house.gets("Принтер уже друкує", chat=IRYNA)
    await house.gets("Принтер уже друкує", chat=PETRO)
    await house.settled()
    assert card
    assert len(house.sent(IRYNA, "Принтер уже друкує")) == 1
    assert house.sent(IRYNA, "Полагодили") == house.sent(PETRO, "Полагодили") == []


async def test_the_button_of_a_common_cause_offers_other_tickets(quick: House) -> None:
    await card_of(quick)
    await card_of(quick, "Не відкривається звіт за місяць.")
    quick.agent_presses(cards(quick)[1], "⋯")
    await quick.until(lambda: "Та сама причина" in str(cards(quick)[1]["reply_markup"]))
    quick.agent_presses(cards(quick)[1], "Та сама причина")
    await quick.until(lambda: "№1 " in str(cards(quick)[1]["reply_markup"]))
    assert await quick.toast(quick.agent_presses(cards(quick)[1], "№1 ")) == "№2: та сама причина, що в №1."
    assert (await ticket(quick, 2)).cause_id == 1
    await quick.until(lambda: "та сама причина, що в №1" in cards(quick)[1]["text"])


async def test_a_clock_that_was_claimed_is_claimed_again_after_the_word_is_taken_back(house: House) -> None:
    card = await card_of(house, PRINTER)
    house.agent_presses(card, "Беру")
    await house.gets("займається Олена")
    before = await clocks(house)
    assert before[0][0] is ClockState.CLAIMED
    house.agent_says("хибна", reply_to=card["message_id"])
    house.agent_presses(await house.gets("піде о", chat=STAFF_CHAT), "Не надсилати")
    await house.gets("клієнт цього не побачить", chat=STAFF_CHAT)
    assert await clocks(house) == before
    assert (await ticket(house)).assignee_id == house.world.olena.id


async def test_a_dismissed_agents_tickets_go_back_and_the_buttons_stop(quick: House) -> None:
    card = await card_of(quick)
    quick.agent_presses(card, "Беру")
    await quick.gets("займається Олена")
    async with quick.world.storage.write() as uow:
        await quick.world.desk.dismiss(uow, quick.world.olena, Actor.agent(quick.world.taras))
        await uow.commit()
    await quick.until(lambda: cards(quick)[0]["text"].startswith("🔴") and "Беру" in str(cards(quick)[0]["reply_markup"]))
    assert "вимкнено" in await quick.toast(quick.agent_presses(cards(quick)[0], "Беру"))
    assert (await ticket(quick)).assignee_id is None


async def test_who_blocked_the_bot_is_told_to_the_agent_before_the_answer_goes(quick: House) -> None:
    card = await card_of(quick)
    async with quick.world.storage.write() as uow:
        uow.state.set(unreachable_key(Route(channel="telegram", recipient=str(IRYNA))), {"since": "2026-11-24T08:00:00+00:00"})
        await uow.commit()
    quick.agent_says("Перезавантажте", reply_to=card["message_id"])
    await quick.gets("клієнт заблокував бота", chat=STAFF_CHAT)
    quick.telegram.world.set_bot_status(IRYNA, "member")
    await quick.settled()
    async with quick.world.storage.read() as uow:
        assert await uow.state.get(unreachable_key(Route(channel="telegram", recipient=str(IRYNA)))) is None
