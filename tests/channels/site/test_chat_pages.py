"""The web chat: lines, what the bot says, buttons, and news that come without asking twice."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from bot.errors import Transient
from bot.model import Outcome, Priority, ReasonState, Turn, UrgencyReason
from tests.channels.site.house import Browser, House, build_house

JSON = {"accept": "application/json"}
GAP = timedelta(seconds=6)


async def chatting(house: House, *lines: str) -> Browser:
    browser = await house.enter("iryna")
    for line in lines:
        assert (await browser.say(line)).json() == {"ok": True}
    await house.work(GAP)
    return browser


async def press(browser: Browser, action: str, **fields: Any) -> Any:
    return await browser.post_form("/chat", {"back": "/chat", **fields}, to=action, headers=JSON)


async def test_a_line_gets_a_receipt_in_the_chat(house: House) -> None:
    browser = await chatting(house, "Не друкує чек на касі")
    page = (await browser.get("/chat")).text
    assert "Не друкує чек на касі" in page
    assert "Дякуємо! Звернення зареєстровано:" in page
    assert "відреагуємо до: завтра 10:00" in page


async def test_a_greeting_makes_no_ticket_and_gets_a_kind_answer(house: House) -> None:
    browser = await chatting(house, "Добрий день!")
    assert await house.tickets("iryna") == []
    assert "Напишіть, будь ласка, що сталося" in (await browser.get("/chat")).text


async def test_an_urgent_line_is_asked_for_its_reason_with_buttons(house: House) -> None:
    browser = await chatting(house, "Терміново! Каса не друкує чеки, люди стоять у черзі")
    [ticket] = await house.tickets("iryna")
    page = (await browser.get("/chat")).text
    assert page.count(f'action="/tickets/{ticket.id}/reason"') == 4
    assert "+380 44 000 00 00" in page
    assert (await press(browser, f"/tickets/{ticket.id}/reason", reason="1")).json() == {"ok": True}
    assert (await house.ticket(ticket.id)).reason is UrgencyReason.OPERATIONAL_WORK
    afterwards = (await browser.get("/chat")).text
    assert f'action="/tickets/{ticket.id}/reason"' not in afterwards
    assert "Ваша відповідь: Стоїть термінова робота." in afterwards


async def test_none_of_these_is_answered_politely(house: House) -> None:
    browser = await chatting(house, "Терміново! Каса не друкує чеки, люди стоять у черзі")
    [ticket] = await house.tickets("iryna")
    await press(browser, f"/tickets/{ticket.id}/reason", reason="0")
    changed = await house.ticket(ticket.id)
    assert (changed.priority, changed.reason_state) == (Priority.HIGH, ReasonState.NONE_OF_THESE)
    assert "Дякуємо за відповідь" in (await browser.get("/chat")).text


async def test_answers_come_back_with_solved_and_not_solved(house: House) -> None:
    browser = await chatting(house, "Не друкує чек на касі")
    [ticket] = await house.tickets("iryna")
    async with house.storage.write() as uow:
        await house.desk.reply(uow, ticket.id, house.agent("olena"), "Увімкніть\nреєстратор")
        await uow.commit()
    page = (await browser.get("/chat")).text
    assert "<p>Увімкніть</p>" in page
    assert "Олена" in page
    await press(browser, f"/tickets/{ticket.id}/unsolved")
    await press(browser, f"/tickets/{ticket.id}/unsolved")
    await house.work(GAP)
    assert (await house.ticket(ticket.id)).turn is Turn.STAFF
    assert [row.body["text"] for row in await house.told("iryna") if row.kind == "own_line"][1:] == ["Ще не вирішено."]
    assert f'action="/tickets/{ticket.id}/close"' not in (await browser.get("/chat")).text
    await press(browser, f"/tickets/{ticket.id}/close", outcome="solved")
    assert (await house.ticket(ticket.id)).outcome is Outcome.SOLVED
    assert "закрито: вирішено" in (await browser.get("/chat")).text


async def test_writing_to_a_ticket_joins_it(house: House) -> None:
    browser = await chatting(house, "Не друкує чек на касі")
    [ticket] = await house.tickets("iryna")
    assert f"До звернення №{ticket.id}" in (await browser.get(f"/chat?ticket={ticket.id}")).text
    await browser.say("Каса номер два", ticket=str(ticket.id))
    await house.work(GAP)
    assert len(await house.tickets("iryna")) == 1
    async with house.storage.read() as uow:
        assert [m.text for m in await uow.tickets.messages(ticket.id)] == ["Не друкує чек на касі", "Каса номер два"]


async def test_a_split_can_be_undone_by_its_button(house: House) -> None:
    browser = await chatting(house, "1. Не друкує чек на касі.\n2. Як змінити пароль користувача?\n3. Не проводиться накладна №45.")
    origin = (await house.tickets("iryna"))[0].origin_id
    assert f'action="/origins/{origin}/one"' in (await browser.get("/chat")).text
    assert (await press(browser, f"/origins/{origin}/one")).json() == {"ok": True}
    assert sum(ticket.is_open for ticket in await house.tickets("iryna")) == 1
    assert f'action="/origins/{origin}/one"' not in (await browser.get("/chat")).text


async def test_an_offered_split_is_made_once(house: House) -> None:
    browser = await chatting(house, "Не друкує чек. А ще хотіли спитати про звіт")
    [ticket] = await house.tickets("iryna")
    page = (await browser.get("/chat")).text
    assert "Розділити їх на окремі звернення?" in page
    assert "2. Хотіли спитати про звіт" in page
    assert (await press(browser, f"/tickets/{ticket.id}/split")).json() == {"ok": True}
    parts = await house.tickets("iryna")
    assert len(parts) == 2
    assert {part.received_at for part in parts} == {ticket.received_at}
    again = await press(browser, f"/tickets/{ticket.id}/split")
    assert (again.status_code, again.json()["error"]) == (409, "Це повідомлення вже розділено.")
    assert [row.kind for row in await house.told("iryna")] == ["own_line", "receipt", "receipt"]


async def test_an_offered_split_can_be_declined(house: House) -> None:
    browser = await chatting(house, "Не друкує чек. А ще хотіли спитати про звіт")
    [ticket] = await house.tickets("iryna")
    for _ in range(2):
        assert (await press(browser, f"/tickets/{ticket.id}/keep")).json() == {"ok": True}
    assert len(await house.tickets("iryna")) == 1
    assert [row.body["text"] for row in await house.told("iryna") if row.kind == "say"] == ["Добре, залишаємо одне звернення №1."]


async def test_news_come_to_whoever_waits(house: House) -> None:
    browser = await chatting(house, "Не друкує чек на касі")
    [ticket] = await house.tickets("iryna")
    last = (await browser.get("/chat/updates?after=0")).json()["last"]

    async def answer() -> None:
        await asyncio.sleep(0.05)
        async with house.storage.write() as uow:
            await house.desk.reply(uow, ticket.id, house.agent("olena"), "Готово")
            await uow.commit()

    loop = asyncio.get_running_loop()
    started = loop.time()
    news, _none = await asyncio.gather(browser.get(f"/chat/updates?after={last}&wait=20"), answer())
    assert loop.time() - started < 2
    assert news.json()["is_new"]
    assert "Готово" in news.json()["items"][-1]["html"]


async def test_whoever_waits_is_let_go_at_the_stop(house: House) -> None:
    browser = await house.enter("iryna")
    loop = asyncio.get_running_loop()
    started = loop.time()
    loop.call_later(0.05, house.app.state.site.pulse.stop)
    news = await browser.get("/chat/updates?after=0&wait=20")
    assert loop.time() - started < 2
    assert news.json()["items"] == []


async def test_the_bot_seems_to_read_only_while_it_does(house: House) -> None:
    browser = await house.enter("iryna")
    await browser.say("Не друкує чек")
    assert (await browser.get("/chat/updates?after=0")).json()["reading_for"] == 9.0
    house.clock.advance(timedelta(seconds=9))
    assert (await browser.get("/chat/updates?after=0")).json()["reading_for"] == 0.0


async def test_mistakes_in_the_chat_are_sentences(house: House) -> None:
    browser = await house.enter("iryna")
    empty = await browser.say(" \x00 ")
    assert (empty.status_code, "порожнє" in empty.json()["error"]) == (422, True)
    odd = await browser.say("Так", ticket="сім")
    assert (odd.status_code, "число" in odd.json()["error"]) == (422, True)
    missing = await browser.say("Так", ticket="99")
    assert missing.status_code == 404
    surrogates = await browser.say("до\ud800бре".encode("utf-8", "surrogatepass"))  # type: ignore[arg-type]
    assert surrogates.json() == {"ok": True}


async def test_too_many_lines_in_a_minute_are_slowed_down() -> None:
    house = await build_house(messages_per_minute=3)
    browser = await house.enter("iryna")
    codes = [(await browser.say(f"рядок {number}")).status_code for number in range(5)]
    assert codes == [200, 200, 200, 429, 429]
    assert "Забагато повідомлень" in (await browser.say("ще")).json()["error"]
    house.clock.advance(timedelta(minutes=1))
    assert (await browser.say("ще")).status_code == 200


async def test_what_could_not_be_stored_is_not_acknowledged(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = await house.enter("iryna")

    async def full(_uow: object) -> None:
        raise Transient("Диск переповнений.")

    with monkeypatch.context() as patch:
        patch.setattr("bot.storage.memory.MemoryUnitOfWork.commit", full)
        line = await browser.say("Не друкує чек на касі", id="a" * 32)
        assert (line.status_code, line.json()["error"]) == (
            503,
            "Зараз ми не можемо зберегти повідомлення. Спробуйте, будь ласка, за кілька хвилин або зателефонуйте.",
        )
        form = await browser.open("Не друкує чек на касі")
        assert form.status_code == 503
        assert "Не друкує чек на касі</textarea>" in form.text
    assert await house.told("iryna") == []
    assert (await browser.say("Не друкує чек на касі", id="a" * 32)).status_code == 200
    await house.work(GAP)
    assert len(await house.tickets("iryna")) == 1


async def test_without_the_script_the_chat_is_a_form(house: House) -> None:
    browser = await house.enter("iryna")
    answer = await browser.post_form("/chat", {"text": "Не друкує чек на касі"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/chat")
    assert "Не друкує чек на касі" in (await browser.get("/chat")).text
    refused = await browser.post_form("/chat", {"text": ""})
    assert refused.status_code == 422
    assert "порожнє" in refused.text
