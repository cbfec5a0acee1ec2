"""The urgency question behind the link of a letter: asks before it acts, acts once, and shows a stranger nothing."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.channels.answers import LIFETIME, reason_link, ticket_of
from bot.model import Priority, ReasonState, Ticket, UrgencyReason
from tests.builders import TUESDAY
from tests.channels.site.house import BASE, House

KEY = b"k" * 32


def test_a_link_is_for_one_ticket_and_some_days() -> None:
    link = reason_link(KEY, "https://desk.example.com/", 12, written_at=TUESDAY)
    assert link == reason_link(KEY, "https://desk.example.com", 12, written_at=TUESDAY)
    token = link.removeprefix("https://desk.example.com/urgency/")
    assert ticket_of(KEY, token, now=TUESDAY) == 12
    assert ticket_of(KEY, token, now=TUESDAY + LIFETIME) is None
    assert ticket_of(b"another key of 32 bytes, at least", token, now=TUESDAY) is None
    assert ticket_of(KEY, token.replace("12.", "13.", 1), now=TUESDAY) is None


@pytest.mark.parametrize("garbage", ["", ".", "..", "12", "12.ff", "12.zz.00", "№.№.№", "1" * 5_000, "\x00"])
def test_garbage_is_no_link(garbage: str) -> None:
    assert ticket_of(KEY, garbage, now=TUESDAY) is None


async def asked(house: House) -> tuple[Ticket, str]:
    """An urgent ticket without a reason, and the path of its link."""
    browser = await house.enter("iryna")
    await browser.open("Терміново! Не працює каса, черга стоїть.", priority="urgent")
    await house.work()
    [ticket] = await house.tickets("iryna")
    assert ticket.reason_state is ReasonState.ASKED
    return ticket, reason_link(house.secret, BASE, ticket.id, written_at=house.clock.now()).removeprefix(BASE)


async def test_the_page_asks_and_the_press_answers_without_a_login(house: House) -> None:
    ticket, path = await asked(house)
    for _ in range(3):
        page = await house.browser().get(path)
        assert page.status_code == 200
        assert f"№{ticket.id}" in page.text
        assert "каса" not in page.text
    assert (await house.ticket(ticket.id)).reason_state is ReasonState.ASKED
    browser = house.browser()
    answer = await browser.post_form(path, {"reason": "1"})
    assert "Дякуємо" in answer.text
    found = await house.ticket(ticket.id)
    assert (found.reason_state, found.reason) == (ReasonState.GIVEN, UrgencyReason.OPERATIONAL_WORK)


async def test_an_answer_is_not_changed_by_the_link(house: House) -> None:
    ticket, path = await asked(house)
    first, second = house.browser(), house.browser()
    form = (await second.get(path)).text
    await first.post_form(path, {"reason": "2"})
    key = form.split('name="form_key" value="')[1].split('"')[0]
    answer = await second.http.post(path, data={"form_key": key, "reason": "0"})
    assert "Відповідь уже є" in answer.text
    assert (await house.ticket(ticket.id)).reason is UrgencyReason.MOST_USERS
    assert "Відповідь уже є" in (await first.get(path)).text


async def test_none_of_these_lowers_politely(house: House) -> None:
    ticket, path = await asked(house)
    await house.browser().post_form(path, {"reason": "0"})
    found = await house.ticket(ticket.id)
    assert (found.priority, found.reason_state) == (Priority.HIGH, ReasonState.NONE_OF_THESE)


async def test_neither_a_foreign_form_nor_a_choice_that_is_none_acts(house: House) -> None:
    ticket, path = await asked(house)
    assert (await house.browser().http.post(path, data={"reason": "1"})).status_code == 403
    await house.browser().post_form(path, {"reason": "7"})
    assert (await house.ticket(ticket.id)).reason_state is ReasonState.ASKED


async def test_a_forged_or_old_link_opens_nothing(house: House) -> None:
    ticket, path = await asked(house)
    forged = path.replace(f"/{ticket.id}.", f"/{ticket.id + 1}.")
    for wrong in (forged, "/urgency/1.ff.00", "/urgency/x"):
        page = await house.browser().get(wrong)
        assert page.status_code == 404
        assert "не діє" in page.text
    house.clock.advance(LIFETIME + timedelta(seconds=1))
    assert (await house.browser().get(path)).status_code == 404
