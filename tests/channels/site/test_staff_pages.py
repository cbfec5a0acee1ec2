"""The staff's queue, ticket and feed: what is seen, and every button."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import pytest

from bot.channels.site.pages.staff_buttons import ACTIONS
from bot.model import Category, Outcome, Priority, ReasonState, Team, Turn, UrgencyReason, WorkKind
from tests.channels.site.house import Browser, House

THREE = "1. Не друкує чек на касі.\n2. Як змінити пароль користувача?\n3. Не проводиться накладна №45."


async def with_ticket(house: House, text: str = "Не друкує чек на касі", **fields: str) -> tuple[Browser, int]:
    """An agent's browser and the ticket that Ірина has opened."""
    client = await house.enter("iryna")
    await client.open(text, **fields)
    await house.work()
    return await house.enter("olena"), min(ticket.id for ticket in await house.tickets("iryna"))


async def act(browser: Browser, number: int, name: str, **fields: Any) -> httpx.Response:
    page = f"/staff/tickets/{number}"
    return await browser.post_form(page, fields, to=f"{page}/{name}")


async def test_the_queue_is_by_nearest_deadline_with_lamps_and_words(house: House) -> None:
    agent, _number = await with_ticket(house)
    petro = await house.enter("petro")
    await petro.open("Каса стоїть, терміново", priority="urgent")
    await house.work()
    page = (await agent.get("/staff")).text
    assert page.index("№2") < page.index("№1")
    assert "клієнт чекає, нічиє" in page
    assert "ще 1 год" in page
    assert "причину не вказано" in page
    house.clock.advance(timedelta(hours=1, minutes=20))
    assert "прострочено на 20 хв" in (await agent.get("/staff")).text


async def test_the_filters(house: House) -> None:
    agent, number = await with_ticket(house)
    petro = await house.enter("petro")
    await petro.open("Не проводиться накладна")
    await petro.open("Додайте колонку у звіт")
    await house.work()
    await act(agent, number, "claim")
    await act(agent, 3, "hand_over")

    async def shown(show: str) -> set[int]:
        page = (await agent.get(f"/staff?show={show}")).text
        return {n for n in (1, 2, 3) if f'href="/staff/tickets/{n}"' in page}

    assert await shown("all") == {1, 2, 3}
    assert await shown("mine") == {1}
    assert await shown("unassigned") == {2}
    assert await shown("development") == {3}
    assert await shown("nonsense") == {1, 2, 3}


async def test_a_claim_is_shown_to_everybody(house: House) -> None:
    agent, number = await with_ticket(house)
    answer = await act(agent, number, "claim")
    assert answer.headers["location"] == f"/staff/tickets/{number}?done=claimed"
    colleague = await house.enter("taras")
    assert "клієнт чекає, веде Олена" in (await colleague.get("/staff")).text
    assert "клієнт чекає на вас" in (await agent.get("/staff")).text
    refused = await act(colleague, number, "claim")
    assert refused.status_code == 409
    assert "вже веде Олена" in refused.text


@pytest.mark.parametrize(
    ("way", "turn"),
    [("reply", Turn.CLIENT_APPROVAL), ("propose", Turn.CLIENT_APPROVAL), ("ask", Turn.CLIENT_CLARIFICATION), ("note", Turn.STAFF)],
)
async def test_one_box_four_ways(house: House, way: str, turn: Turn) -> None:
    agent, number = await with_ticket(house)
    assert (await act(agent, number, "word", **{"as": way, "text": "Слово"})).status_code == 303
    assert (await house.ticket(number)).turn is turn
    reached = any(row.body.get("text") == "Слово" for row in await house.told("iryna"))
    assert reached is (way != "note")


async def test_an_empty_answer_is_explained_and_what_was_typed_stays(house: House) -> None:
    agent, number = await with_ticket(house)
    empty = await act(agent, number, "word", **{"as": "reply", "text": " "})
    assert empty.status_code == 422
    assert "Порожню відповідь не надіслано" in empty.text
    await act(agent, number, "close", outcome="solved")
    late = await act(agent, number, "word", **{"as": "reply", "text": "Слова, які шкода втратити"})
    assert late.status_code == 409
    assert "Слова, які шкода втратити</textarea>" in late.text


async def test_closing_needs_an_outcome_and_tells_the_client(house: House) -> None:
    agent, number = await with_ticket(house)
    assert (await act(agent, number, "close")).status_code == 422
    await act(agent, number, "close", outcome="declined", result="Це робить банк")
    ticket = await house.ticket(number)
    assert (ticket.outcome, ticket.result) == (Outcome.DECLINED, "Це робить банк")
    assert "Це робить банк" in (await (await house.enter("iryna")).get("/chat")).text
    await act(agent, number, "reopen")
    assert (await house.ticket(number)).is_open


async def test_lowering_the_criticality_needs_a_reason(house: House) -> None:
    agent, number = await with_ticket(house, priority="urgent")
    refused = await act(agent, number, "priority", priority="medium")
    assert refused.status_code == 422
    assert "напишіть причину" in refused.text
    await act(agent, number, "priority", priority="medium", because="друга каса працює")
    assert (await house.ticket(number)).priority is Priority.MEDIUM
    assert "друга каса працює" in (await (await house.enter("iryna")).get("/chat")).text


async def test_reason_category_and_hand_over(house: House) -> None:
    agent, number = await with_ticket(house, priority="urgent")
    await act(agent, number, "reason", reason="3")
    assert (await house.ticket(number)).reason is UrgencyReason.TOP_MANAGEMENT
    await act(agent, number, "reason", reason="0")
    assert (await house.ticket(number)).reason_state is ReasonState.NONE_OF_THESE
    assert (await act(agent, number, "reason")).status_code == 422
    await act(agent, number, "category", category="change_request")
    assert (await house.ticket(number)).category is Category.CHANGE_REQUEST
    await act(agent, number, "hand_over", because="нова функція")
    assert (await house.ticket(number)).team is Team.DEVELOPMENT


async def test_snooze_has_a_limit(house: House) -> None:
    agent, number = await with_ticket(house)
    await act(agent, number, "snooze", minutes="60")
    assert (await house.ticket(number)).snoozed_until_at == house.clock.now() + timedelta(hours=1)
    for minutes in ("0", "4321", "99999999999", "x", ""):
        assert (await act(agent, number, "snooze", minutes=minutes)).status_code == 422, minutes


async def test_assigning_and_giving_back(house: House) -> None:
    agent, number = await with_ticket(house)
    await act(agent, number, "assign", agent=str(house.agent("taras").id))
    assert (await house.ticket(number)).assignee_id == house.agent("taras").id
    await act(agent, number, "assign", agent="")
    assert (await house.ticket(number)).assignee_id is None
    assert (await act(agent, number, "assign", agent="999")).status_code == 422


async def test_time_is_logged_and_too_many_small_changes_are_noticed(house: House) -> None:
    agent, number = await with_ticket(house)
    assert (await act(agent, number, "time", minutes="20", kind="small_change")).headers["location"].endswith("time_logged")
    assert (await act(agent, number, "time", minutes="20", kind="small_change")).headers["location"].endswith("small_change_over")
    assert (await act(agent, number, "time", minutes="0", kind="training")).status_code == 422
    async with house.storage.read() as uow:
        entries = await uow.tickets.time_entries(number)
    assert [(entry.kind, entry.spent) for entry in entries] == [(WorkKind.SMALL_CHANGE, timedelta(minutes=20))] * 2


async def test_merging_points_to_what_stays(house: House) -> None:
    agent, _number = await with_ticket(house, THREE)
    assert (await act(agent, 2, "merge", into="№1")).status_code == 303
    assert (await house.ticket(2)).merged_into_id == 1
    for odd in ("2", "", "x", "99"):
        assert (await act(agent, 2, "merge", into=odd)).status_code in (404, 422), odd


async def test_splitting_deals_out_the_text_itself(house: House) -> None:
    agent, number = await with_ticket(house, "Не друкує чек на касі номер два. Пароль у Бондаря не підходить.")
    page = (await agent.get(f"/staff/tickets/{number}")).text
    names = [part.split('"')[0] for part in page.split('<select name="piece-')[1:]]
    assert len(names) == 2
    nothing = await act(agent, number, "split")
    assert nothing.status_code == 422
    await act(agent, number, "split", **{f"piece-{names[1]}": "2"})
    first, second = await house.ticket(number), await house.ticket(number + 1)
    assert first.title == "Не друкує чек на касі номер два"
    assert second.title == "Пароль у Бондаря не підходить"
    assert second.received_at == first.received_at


async def test_a_company_is_remembered_with_the_person(house: House) -> None:
    client = await house.enter("stranger")
    await client.open("Не друкує чек на касі")
    await house.work()
    agent = await house.enter("olena")
    assert "Яка це компанія?" in (await agent.get("/staff/tickets/1")).text
    await act(agent, 1, "identify", client="1")
    assert (await house.ticket(1)).client_id == 1
    assert "Яка це компанія?" not in (await agent.get("/staff/tickets/1")).text


async def test_a_stale_page_moves_nobody_and_a_lead_may_say_so(house: House) -> None:
    agent, number = await with_ticket(house)
    stale = await act(agent, number, "identify", client="2")
    assert stale.status_code == 409
    assert "уже належить до компанії «Крамниця «Сонях»»" in stale.text
    forged = await act(agent, number, "identify", client="2", move="yes")
    assert forged.status_code == 403
    assert (await house.ticket(number)).client_id == 1
    assert "Змінити компанію" not in (await agent.get(f"/staff/tickets/{number}")).text
    lead = await house.enter("taras")
    assert "Змінити компанію" in (await lead.get(f"/staff/tickets/{number}")).text
    assert (await act(lead, number, "identify", client="2")).status_code == 409
    assert (await act(lead, number, "identify", client="2", move="yes")).status_code == 303
    assert (await house.ticket(number)).client_id == 2


async def test_an_odd_piece_of_a_split_is_no_fault_of_ours(house: House) -> None:
    agent, number = await with_ticket(house, THREE)
    answer = await act(agent, number, "split", **{"piece-0-30": "1" * 5000, "piece-" + "9" * 5000: "2"})
    assert answer.status_code == 422


async def test_the_whole_story_is_on_the_page(house: House) -> None:
    agent, number = await with_ticket(house, "Добрий день! Не друкує чек на касі. З повагою, Ірина")
    await act(agent, number, "claim")
    await act(agent, number, "word", **{"as": "note", "text": "Подзвонити о 15"})
    page = (await agent.get(f"/staff/tickets/{number}")).text
    for piece in ("звернення створено", "взято в роботу", "додано нотатку", "Подзвонити о 15", "З повагою, Ірина", "реакція"):
        assert piece in page, piece


async def test_every_action_says_something_afterwards(house: House) -> None:
    from bot.channels.site.words import DONE_WORDS

    agent, number = await with_ticket(house)
    for name in ACTIONS:
        answer = await act(agent, number, name, text="Слово", outcome="solved", minutes="30")
        if answer.status_code == 303:
            assert answer.headers["location"].rpartition("done=")[2] in DONE_WORDS, name
    assert (await act(agent, number, "explode")).status_code == 404


async def test_a_card_is_shown_once_in_its_newest_state(house: House) -> None:
    agent, number = await with_ticket(house)
    await act(agent, number, "claim")
    page = (await agent.get("/staff/feed")).text
    assert page.count('class="item item-card') == 1
    assert "у роботі: Олена" in page


async def test_the_feed_claims_without_leaving(house: House) -> None:
    agent, number = await with_ticket(house)
    answer = await agent.post_form("/staff/feed", {"back": "/staff/feed"}, to=f"/staff/tickets/{number}/claim")
    assert answer.headers["location"] == "/staff/feed?done=claimed"
    again = {"id": "version-again"}
    quiet = await agent.post_form("/staff/feed", again, to=f"/staff/tickets/{number}/claim", headers={"accept": "application/json"})
    assert quiet.json() == {"ok": True}
    other = await house.enter("taras")
    late = await other.post_form("/staff/feed", again, to=f"/staff/tickets/{number}/claim", headers={"accept": "application/json"})
    assert (late.status_code, late.json()["error"]) == (409, "Звернення №1 вже веде Олена.")


async def test_a_nudge_says_why_and_has_buttons(house: House) -> None:
    agent, number = await with_ticket(house, priority="urgent")
    house.clock.advance(timedelta(minutes=30))
    await house.ticker.tick()
    page = (await agent.get("/staff/feed")).text
    assert "Нагадування" in page
    assert "Лишилося 30 хв, до сьогодні 11:00." in page
    assert "Рахуємо з сьогодні 10:00, усього 1 год." in page
    assert page.count(f'action="/staff/tickets/{number}/snooze"') == 3
    assert f'href="/staff/tickets/{number}?open=priority#priority"' in page
    await act(await house.enter("taras"), number, "claim")
    taken = (await agent.get("/staff/feed")).text
    assert f'action="/staff/tickets/{number}/claim"' not in taken
    assert taken.count("у роботі: Тарас") == 2
    assert "tone-loud" in taken
    await act(agent, number, "phoned")
    calm = (await agent.get("/staff/feed")).text
    assert "tone-loud" not in calm
    assert "Лишилося" not in calm
    assert (await house.ticket(number)).turn is Turn.CLIENT_APPROVAL
    assert "Відповіли вам телефоном." in (await (await house.enter("iryna")).get("/chat")).text


async def test_the_clients_words_and_news_reach_the_feed(house: House) -> None:
    agent, number = await with_ticket(house)
    last = (await agent.get("/staff/feed/updates?after=0")).json()["last"]
    client = await house.enter("iryna")
    await client.post_form(f"/tickets/{number}", {"text": "Каса номер два"}, to=f"/tickets/{number}/words")
    await house.work()
    news = (await agent.get(f"/staff/feed/updates?after={last}&wait=5")).json()
    assert news["is_new"]
    assert any("Каса номер два" in item["html"] for item in news["items"])


async def test_a_correction_is_shown_with_what_was_said_before_to_staff_alone(house: House) -> None:
    agent, number = await with_ticket(house)
    await act(agent, number, "word", text="Рахунок 5", **{"as": "reply"})
    async with house.storage.write() as uow:
        word = (await uow.tickets.messages(number))[-1]
        author = await uow.people.agent(word.author.id or 0)
        assert author is not None
        assert await house.desk.correct(uow, number, word.id, author, "Рахунок 6")
        await uow.commit()
    page = (await agent.get(f"/staff/tickets/{number}")).text
    assert "виправлено" in page
    assert page.index("Рахунок 6") < page.index("Було до виправлення") < page.index("Рахунок 5")
    assert "співробітник виправив свої слова" in page
    seen = (await (await house.enter("iryna")).get(f"/tickets/{number}")).text
    assert "виправлено" in seen
    assert "Рахунок 6" in seen
    assert "Рахунок 5" not in seen
