"""What a client sees and does: the form, the list with lamps, a ticket, closing and reopening."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from bot.model import Actor, Category, Outcome, Priority, ReasonState, Turn, UrgencyReason
from tests.channels.site.house import Browser, House, build_house


async def opened(house: House, text: str = "Не друкує чек на касі", name: str = "iryna", **fields: str) -> tuple[Browser, int]:
    browser = await house.enter(name)
    await browser.open(text, **fields)
    await house.work()
    return browser, (await house.tickets(name))[0].id


async def test_a_form_becomes_a_ticket_with_the_fields_that_were_set(house: House) -> None:
    _browser, number = await opened(house, priority="urgent", category="change_request", reason="2")
    ticket = await house.ticket(number)
    assert (ticket.priority, ticket.is_priority_guessed) == (Priority.URGENT, False)
    assert (ticket.category, ticket.is_category_guessed) == (Category.CHANGE_REQUEST, False)
    assert (ticket.reason, ticket.reason_state) == (UrgencyReason.MOST_USERS, ReasonState.GIVEN)


async def test_a_reason_without_urgency_is_not_taken(house: House) -> None:
    _browser, number = await opened(house, priority="low", reason="2")
    ticket = await house.ticket(number)
    assert (ticket.priority, ticket.reason) == (Priority.LOW, None)


async def test_the_form_goes_on_to_the_ticket_it_became() -> None:
    house = await build_house(wait_for_reading=timedelta(seconds=5))
    browser = await house.enter("iryna")
    worker = asyncio.create_task(house.inbox.run())
    try:
        answer = await browser.open("Не друкує чек на касі")
        several = await browser.open("1. Не друкує чек на касі.\n2. Як змінити пароль користувача?\n3. Не проводиться накладна №45.")
    finally:
        worker.cancel()
    assert answer.headers["location"] == "/tickets/1?done=opened"
    assert several.headers["location"] == "/?done=several"


async def test_a_form_sent_twice_is_one_ticket(house: House) -> None:
    browser = await house.enter("iryna")
    form = {"text": "Не друкує чек на касі", "id": "a" * 32}
    first = await browser.post_form("/new", form)
    second = await browser.post_form("/new", form)
    await house.work()
    assert (first.headers["location"], second.headers["location"]) == ("/?done=received", "/?done=again")
    assert "повторно його не зареєстровано" in (await browser.get("/?done=again")).text
    assert len(await house.tickets("iryna")) == 1


async def test_an_empty_form_keeps_what_was_chosen(house: House) -> None:
    browser = await house.enter("iryna")
    answer = await browser.open("  \x00 ", priority="urgent", reason="3")
    assert answer.status_code == 422
    assert "напишіть, будь ласка, що сталося" in answer.text
    assert '<option value="urgent" selected>' in answer.text
    assert 'value="3" checked' in answer.text


async def test_a_hundred_thousand_characters_are_taken_and_one_more_is_explained(house: House) -> None:
    browser = await house.enter("iryna")
    assert (await browser.open("ж" * 100_000)).status_code == 303
    answer = await browser.open("ж" * 100_001)
    assert answer.status_code == 422
    assert "щонайбільше 100000" in answer.text
    assert "ж" * 100_001 in answer.text
    await house.work()
    assert len(await house.tickets("iryna")) == 1


async def test_a_choice_that_is_not_offered_is_explained(house: House) -> None:
    browser = await house.enter("iryna")
    answer = await browser.open("Не друкує чек", priority="<b>extreme</b>")
    assert answer.status_code == 422
    assert "Такого варіанта немає: «&lt;b&gt;extreme&lt;/b&gt;»" in answer.text


async def test_the_list_says_beside_each_lamp_what_it_means(house: House) -> None:
    iryna, number = await opened(house)
    marko = await house.enter("marko")
    assert "lamp-green" in (await iryna.get("/")).text
    async with house.storage.write() as uow:
        await house.desk.ask(uow, number, house.agent("olena"), "Яка це каса?")
        await uow.commit()
    mine, theirs = (await iryna.get("/")).text, (await marko.get("/")).text
    assert '<span class="lamp lamp-red"><i aria-hidden="true"></i>чекає на уточнення</span>' in mine
    assert '<span class="lamp lamp-yellow"><i aria-hidden="true"></i>чекає на уточнення від колеги</span>' in theirs
    assert "Ірина Коваль" in theirs


async def test_closed_tickets_are_one_click_away(house: House) -> None:
    browser, number = await opened(house)
    page = f"/tickets/{number}"
    answer = await browser.post_form(page, {"outcome": "not_relevant"}, to=f"{page}/close")
    assert answer.headers["location"] == f"{page}?done=closed"
    assert (await house.ticket(number)).outcome is Outcome.NOT_RELEVANT
    assert f'href="{page}"' not in (await browser.get("/")).text
    shown = (await browser.get("/?closed=1")).text
    assert f'href="{page}"' in shown
    assert "закрито: вже не актуально" in shown


async def test_the_list_tells_the_result_of_what_is_closed(house: House) -> None:
    browser, number = await opened(house)
    async with house.storage.write() as uow:
        who = Actor.agent(house.agent("olena"))
        await house.desk.close(uow, number, who, outcome=Outcome.SOLVED, result="Оновлено драйвер")
        await uow.commit()
    assert "Оновлено драйвер" in (await browser.get("/?closed=1")).text


async def test_a_client_cannot_close_with_an_outcome_of_the_staff(house: House) -> None:
    browser, number = await opened(house)
    await browser.post_form(f"/tickets/{number}", {"outcome": "declined"}, to=f"/tickets/{number}/close")
    assert (await house.ticket(number)).outcome is Outcome.NOT_RELEVANT


async def test_long_lists_come_in_pages(house: House) -> None:
    browser = await house.enter("iryna")
    for number in range(30):
        house.clock.advance(timedelta(seconds=30))
        await browser.open(f"Не друкує чек на касі номер {number}")
    await house.work()
    first = (await browser.get("/")).text
    assert first.count('class="ticket ') == 25
    older = first.split('href="/?closed=0&amp;before=')[1].split('"')[0]
    assert (await browser.get(f"/?before={older}")).text.count('class="ticket ') == 5


async def test_an_answer_is_a_word_in_the_ticket(house: House) -> None:
    browser, number = await opened(house)
    async with house.storage.write() as uow:
        await house.desk.ask(uow, number, house.agent("olena"), "Яка це каса?")
        await uow.commit()
    await browser.post_form(f"/tickets/{number}", {"text": "Каса номер два"}, to=f"/tickets/{number}/words")
    await house.work()
    assert (await house.ticket(number)).turn is Turn.STAFF
    page = (await browser.get(f"/tickets/{number}")).text
    assert "Яка це каса?" in page
    assert "Каса номер два" in page


async def test_notes_and_strangers_words_are_not_for_clients(house: House) -> None:
    browser, number = await opened(house)
    async with house.storage.write() as uow:
        await house.desk.note(uow, number, house.agent("olena"), "Клієнт завжди панікує")
        await uow.commit()
    assert "панікує" not in (await browser.get(f"/tickets/{number}")).text


async def test_a_closed_ticket_can_be_opened_again_for_two_weeks(house: House) -> None:
    browser, number = await opened(house)
    page = f"/tickets/{number}"
    await browser.post_form(page, {"outcome": "solved"}, to=f"{page}/close")
    assert "Відкрити знову" in (await browser.get(page)).text
    await browser.post_form(page, {}, to=f"{page}/reopen")
    assert (await house.ticket(number)).is_open
    await browser.post_form(page, {"outcome": "solved"}, to=f"{page}/close")
    house.clock.advance(timedelta(days=14, seconds=1))
    browser = await house.enter("iryna")
    assert "Відкрити знову" not in (await browser.get(page)).text
    refused = await browser.post_form(page, {}, to=f"{page}/reopen")
    assert refused.status_code in (303, 409, 422)
    assert not (await house.ticket(number)).is_open


async def test_the_urgency_reason_can_be_named_on_the_page(house: House) -> None:
    browser, number = await opened(house, priority="urgent")
    page = f"/tickets/{number}"
    assert "Чому звернення термінове?" in (await browser.get(page)).text
    await browser.post_form(page, {"reason": "1"}, to=f"{page}/reason")
    assert (await house.ticket(number)).reason is UrgencyReason.OPERATIONAL_WORK
    assert "Чому звернення термінове?" not in (await browser.get(page)).text


async def test_none_of_the_reasons_makes_it_high(house: House) -> None:
    browser, number = await opened(house, priority="urgent")
    await browser.post_form(f"/tickets/{number}", {"reason": "0"}, to=f"/tickets/{number}/reason")
    ticket = await house.ticket(number)
    assert (ticket.priority, ticket.reason_state) == (Priority.HIGH, ReasonState.NONE_OF_THESE)
    for odd in ("4", "", "x", "-1"):
        answer = await browser.post_form(f"/tickets/{number}", {"reason": odd}, to=f"/tickets/{number}/reason")
        assert answer.status_code == 422, odd


async def test_a_client_may_set_criticality_and_category(house: House) -> None:
    browser, number = await opened(house)
    fields = {"priority": "high", "category": "change_request"}
    await browser.post_form(f"/tickets/{number}", fields, to=f"/tickets/{number}/fields")
    ticket = await house.ticket(number)
    assert (ticket.priority, ticket.category) == (Priority.HIGH, Category.CHANGE_REQUEST)


async def test_a_refusal_is_told_on_the_page_with_what_was_typed(house: House) -> None:
    browser, number = await opened(house)
    page = f"/tickets/{number}"
    answer = await browser.post_form(page, {"text": "Слова, які шкода втратити", "id": "!"}, to=f"{page}/words")
    assert answer.status_code == 422
    assert "Слова, які шкода втратити" in answer.text
    assert "оновіть її" in answer.text


async def test_an_undone_split_is_one_ticket(house: House) -> None:
    text = "1. Не друкує чек на касі.\n2. Як змінити пароль користувача?\n3. Не проводиться накладна №45."
    browser, number = await opened(house, text)
    parts = await house.tickets("iryna")
    assert len(parts) == 3
    origin = parts[0].origin_id
    await browser.post_form(f"/tickets/{number}", {}, to=f"/origins/{origin}/one")
    assert sum(ticket.is_open for ticket in await house.tickets("iryna")) == 1
    told = [row.body["text"] for row in await house.told("iryna") if row.kind == "say"]
    await browser.post_form(f"/tickets/{number}", {}, to=f"/origins/{origin}/one")
    assert [row.body["text"] for row in await house.told("iryna") if row.kind == "say"] == told
    merged = next(ticket for ticket in parts if ticket.id != min(part.id for part in parts))
    assert "Продовження" in (await browser.get(f"/tickets/{merged.id}")).text


async def test_a_greeting_by_the_form_is_answered_on_the_page() -> None:
    """It makes no ticket, so none may be promised."""
    house = await build_house(wait_for_reading=timedelta(seconds=5))
    browser = await house.enter("iryna")
    working = asyncio.create_task(house.inbox.run())
    answer = await browser.open("Добрий день!")
    working.cancel()
    assert answer.status_code == 200
    assert "Вітаємо! Напишіть, будь ласка, що сталося" in answer.text
    assert await house.tickets("iryna") == []


async def test_a_word_that_staff_may_still_take_back_is_not_on_the_page(house: House) -> None:
    browser, number = await opened(house)
    hold = timedelta(seconds=30)
    async with house.storage.write() as uow:
        agent = (await uow.people.agents())[0]
        await house.desk.reply(uow, number, agent, "Оновіть драйвер", hold=hold)
        await uow.commit()
    assert "Оновіть драйвер" not in (await browser.get(f"/tickets/{number}")).text
    house.clock.advance(hold)
    assert "Оновіть драйвер" in (await browser.get(f"/tickets/{number}")).text
