"""Whoever chose English reads no Ukrainian: a story at the Site, and everything it told anybody, as each channel would show it.

What people typed and what they are called stays as it is; here they type and are called in Latin letters.
"""

from __future__ import annotations

import json
import re
from dataclasses import asdict, replace
from datetime import timedelta
from typing import Any

import pytest

from bot.channels.mail.render import KINDS as MAIL_KINDS
from bot.channels.mail.render import letter
from bot.channels.telegram import render
from bot.channels.telegram.page import Reader
from bot.errors import Transient
from bot.model import Contact, Delivery, Outcome, Priority
from bot.texts import explain
from tests.channels.site.house import KYIV, Browser, House, build_house
from tests.channels.site.test_staff_pages import act

UKRAINIAN = re.compile(r"[А-Яа-яІіЇїЄєҐґЁё][^<>\"\n]*")
# The switch of languages names each in itself, a company is called what it is called, and why a message was divided is kept with the
# ticket in the words of the intake.
OF_ITS_OWN = re.compile('Українська|Крамниця «Сонях»|Млин|(?:питань|одне питання|прохання немає)[^<>"·]*')
REQUEST = "1. The till does not print receipts.\n2. How do I change a user's password?"
STAFF = "-1001"


@pytest.fixture
async def house() -> House:
    """A desk of people with Latin names."""
    built = await build_house(desk_name="Sunflower desk")
    async with built.storage.write() as uow:
        for name, person in built.people.items():
            renamed = replace(person, name=name.capitalize())
            if isinstance(renamed, Contact):
                await uow.people.save_contact(renamed)
            else:
                await uow.people.save_agent(renamed)
            built.people[name] = renamed
        await uow.commit()
    return built


def ukrainian_in(text: str) -> list[str]:
    return UKRAINIAN.findall(OF_ITS_OWN.sub("", text))


async def a_story(house: House) -> tuple[Browser, Browser]:
    """Two questions in one message, urgent; claimed, asked, answered, nudged, closed, reopened. The client's and the agent's browsers."""
    client, agent = await house.enter("iryna"), await house.enter("taras")
    await client.post_form("/chat", {"language": "en"}, to="/language")
    await agent.post_form("/staff", {"language": "en"}, to="/staff/language")
    await client.say(REQUEST)
    await house.work(timedelta(seconds=6))
    await client.open("The shop is closed because nothing prints", priority="urgent")
    await house.work()
    numbers = sorted(ticket.id for ticket in await house.tickets("iryna"))
    house.clock.advance(timedelta(minutes=35))
    await house.ticker.tick()
    await house.work()
    first = numbers[0]
    await act(agent, first, "claim")
    await act(agent, first, "ask", text="Which till is it?")
    await house.work()
    await client.post_form(f"/tickets/{first}", {"text": "The second one"}, to=f"/tickets/{first}/words")
    await house.work(timedelta(seconds=6))
    await act(agent, first, "propose", text="Press the button at the back.")
    await act(agent, first, "priority", priority=Priority.LOW.value, because="it can wait")
    await act(agent, first, "snooze", minutes="60")
    await act(agent, numbers[-1], "close", outcome=Outcome.SOLVED.value, result="Replaced the cable")
    await house.work()
    house.health[1].detail = "Пошту вимкнено: додайте скриньку, [[mail.mailboxes]]."
    house.health[0].trouble(Transient("Telegram недоступний: {what}", what="timeout"))
    return client, agent


async def test_the_clients_pages(house: House) -> None:
    client, _agent = await a_story(house)
    first = min(ticket.id for ticket in await house.tickets("iryna"))
    for path in ("/", "/chat", "/new", f"/tickets/{first}", "/tickets/9999", "/nowhere"):
        page = await client.get(path)
        assert ukrainian_in(page.text) == [], path


async def test_the_staffs_pages(house: House) -> None:
    _client, agent = await a_story(house)
    numbers = [ticket.id for ticket in await house.tickets("iryna")]
    for path in ("/staff", "/staff?show=mine", "/staff/feed", "/staff/status", *(f"/staff/tickets/{number}" for number in numbers)):
        page = await agent.get(path)
        assert page.status_code == 200
        assert ukrainian_in(page.text) == [], path


async def test_everything_that_was_told_as_telegram_and_mail_would_show_it(house: House) -> None:
    await a_story(house)
    rows = [*(await house.told("iryna")), *(await house.told("staff"))]
    assert len({row.kind for row in rows}) >= 7
    reader = Reader(language="en", zone=KYIV, now=house.clock.now())
    for row in rows:
        is_staff = row.route.recipient == "staff"
        assert ukrainian_in(in_telegram(row, reader, is_staff=is_staff)) == [], row.kind
        if row.kind in MAIL_KINDS and not is_staff:
            assert ukrainian_in(json.dumps(asdict(letter(row, zone=KYIV, now=house.clock.now())), ensure_ascii=False)) == [], row.kind


def in_telegram(row: Delivery, reader: Reader, *, is_staff: bool) -> str:
    route = replace(row.route, channel="telegram", recipient=STAFF if is_staff else "501")
    calls = render.calls(replace(row, route=route), reader, is_staff=is_staff)
    return json.dumps([call.parameters for call in calls], ensure_ascii=False, default=str)


async def test_whoever_has_not_chosen_reads_the_desks_language() -> None:
    house = await build_house(desk_name="Sunflower desk", language="en")
    page = await house.browser().get("/login")
    assert "Log in" in page.text
    assert ukrainian_in(page.text) == []


async def test_refusals(house: House) -> None:
    client, agent = await a_story(house)
    first = min(ticket.id for ticket in await house.tickets("iryna"))
    answers: list[Any] = [
        await client.open(""),
        await client.open("x" * 200_000),
        await act(agent, first, "reply", text=""),
        await act(agent, first, "merge", into="9999"),
        await act(agent, 9999, "claim"),
    ]
    for answer in answers:
        assert answer.status_code >= 400
        assert ukrainian_in(answer.text) == []


def test_an_error_with_an_error_inside() -> None:
    inner = Transient("Поштовий сервер {host} недосяжний.", host="mail.example.com")
    assert ukrainian_in(explain(Transient("{address}: {error}", address="a@example.com", error=inner), "en")) == []
