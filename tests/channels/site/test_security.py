"""Who may see and do what, and that nothing a person types is ever more than text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from starlette.routing import Mount, Route

from bot.channels.site import choices
from bot.channels.site.shield import POLICY
from bot.errors import NotFound
from bot.model import Address
from tests.channels.site.house import Browser, House, build_house

SCRIPT = "<script>alert('x')</script>\"'><img src=x onerror=alert(1)>{{ 7*7 }}"


def posts(house: House) -> Iterator[str]:
    """Every address that takes a POST, with numbers in its blanks."""
    for route in _routes(house.app.routes):
        if "POST" in (route.methods or ()):
            yield re.sub(r"\{\w+(:int)?\}", "1", route.path)


def _routes(routes: Any) -> Iterator[Route]:
    for route in routes:
        if isinstance(route, Route):
            yield route
        elif not isinstance(route, Mount):
            yield from _routes(getattr(route, "routes", None) or route.original_router.routes)


async def ticket_of(house: House, name: str, text: str = "Не друкує чек на касі") -> int:
    browser = await house.enter(name)
    await browser.open(text)
    await house.work()
    return (await house.tickets(name))[0].id


async def test_no_form_but_ours_is_taken(house: House) -> None:
    await ticket_of(house, "iryna")
    client, agent = await house.enter("iryna"), await house.enter("taras")
    other = (await (await house.enter("marko")).get("/new")).text.split('name="form_key" value="')[1].split('"')[0]
    paths = sorted(set(posts(house)))
    assert len(paths) == 21, paths
    for path in paths:
        browser = agent if path.startswith("/staff") else client
        for forged in ({}, {"form_key": "x"}, {"form_key": other}):
            answer = await browser.http.post(path, data=forged)
            assert answer.status_code == 403, (path, forged, answer.status_code)
    assert (await house.ticket(1)).version == 1


async def test_a_form_from_another_site_is_refused_even_with_its_key(house: House) -> None:
    browser = await house.enter("iryna")
    answer = await browser.post_form("/new", {"text": "Не друкує"}, headers={"sec-fetch-site": "cross-site"})
    assert answer.status_code == 403
    await house.work()
    assert await house.tickets("iryna") == []


async def test_without_a_session_nothing_is_taken(house: House) -> None:
    for path in set(posts(house)):
        answer = await house.browser().http.post(path, data={"form_key": "x"})
        # A one-time link and a signed one stand for a session: what they refuse, they refuse themselves.
        expected = 403 if path in ("/login/1", "/urgency/1") else 303
        assert answer.status_code == expected, path


async def test_another_clients_ticket_does_not_exist(house: House) -> None:
    number = await ticket_of(house, "iryna")
    petro = await house.enter("petro")
    missing = await petro.get("/tickets/999")
    there = await petro.get(f"/tickets/{number}")
    assert (there.status_code, missing.status_code) == (404, 404)
    assert there.text.replace(f"№{number} ", "№# ") == missing.text.replace("№999 ", "№# ")
    assert "Не друкує" not in (await petro.get("/?closed=1")).text
    assert "Не друкує" not in (await petro.get("/chat")).text
    assert (await petro.get(f"/chat?ticket={number}")).status_code == 404


async def test_another_clients_ticket_cannot_be_touched(house: House) -> None:
    number = await ticket_of(house, "iryna")
    origin = (await house.ticket(number)).origin_id
    petro = await house.enter("petro")
    deeds: dict[str, dict[str, str]] = {
        f"/tickets/{number}/words": {"text": "Закрийте"},
        f"/tickets/{number}/unsolved": {},
        f"/tickets/{number}/close": {"outcome": "solved"},
        f"/tickets/{number}/reopen": {},
        f"/tickets/{number}/reason": {"reason": "1"},
        f"/tickets/{number}/fields": {"priority": "urgent"},
        f"/tickets/{number}/split": {},
        f"/tickets/{number}/keep": {},
        f"/tickets/{number}/merge": {"other": "1"},
        f"/origins/{origin}/one": {},
        "/chat": {"text": "Закрийте", "ticket": str(number)},
    }
    for path, fields in deeds.items():
        for accept in ("text/html", "application/json"):
            answer = await petro.post_form("/new", fields, to=path, headers={"accept": accept})
            assert answer.status_code == 404, path
    await house.work()
    assert (await house.ticket(number)).version == 1
    assert await house.tickets("petro") == []


async def test_own_and_foreign_tickets_cannot_be_merged(house: House) -> None:
    theirs, mine = await ticket_of(house, "iryna"), await ticket_of(house, "petro")
    petro = await house.enter("petro")
    answer = await petro.post_form("/new", {"other": str(theirs)}, to=f"/tickets/{mine}/merge")
    assert answer.status_code == 404
    assert (await house.ticket(theirs)).is_open


async def test_a_private_contacts_tickets_are_their_own() -> None:
    house = await build_house()
    async with house.storage.write() as uow:
        contact = house.contact("iryna")
        await uow.people.save_contact(type(contact)(id=contact.id, name=contact.name, client_id=contact.client_id, is_private=True))
        await uow.commit()
    number = await ticket_of(house, "iryna")
    marko = await house.enter("marko")
    assert (await marko.get(f"/tickets/{number}")).status_code == 404
    assert "Не друкує" not in (await marko.get("/")).text


async def test_for_clients_the_staffs_pages_do_not_exist(house: House) -> None:
    number = await ticket_of(house, "iryna")
    client = await house.enter("iryna")
    for path in ("/staff", "/staff/feed", "/staff/feed/updates", "/staff/status", f"/staff/tickets/{number}"):
        assert (await client.get(path)).status_code == 404, path
    for path in (f"/staff/tickets/{number}/claim", "/staff/status/replay"):
        assert (await client.post_form("/new", {}, to=path)).status_code == 404, path


async def test_an_agent_who_left_is_out_at_once(house: House) -> None:
    browser = await house.enter("olena")
    async with house.storage.write() as uow:
        olena = house.agent("olena")
        await uow.people.save_agent(type(olena)(id=olena.id, name=olena.name, is_active=False))
        await uow.commit()
    assert (await browser.get("/staff")).headers["location"] == "/login"
    assert (await house.browser().post_form(await house.link("olena"), {})).status_code == 303


async def test_a_contacts_cookie_opens_no_staff_page(house: House) -> None:
    client = await house.enter("iryna")
    thief = house.browser()
    thief.http.cookies = httpx.Cookies({"deskbot_agent": client.http.cookies["deskbot_contact"]})
    assert (await thief.get("/staff")).status_code == 303


async def test_script_tags_in_every_field_are_text(house: House) -> None:
    async with house.storage.write() as uow:
        client = await uow.people.add_client(name=f"Фірма {SCRIPT}")
        house.people["evil"] = await uow.people.add_contact(
            name=f"Зла {SCRIPT}", client_id=client.id, language="uk", addresses=(Address(channel="mail", value=f"{SCRIPT}@example.org"),)
        )
        house.people["odd"] = await uow.people.add_agent(name=f"Агент {SCRIPT}", role="admin")
        await uow.commit()
    evil, agent = await house.enter("evil"), await house.enter("odd")
    await evil.open(f"Не друкує чек {SCRIPT}")
    await evil.say(f"Не проводиться накладна {SCRIPT}")
    await house.work(house.app.state.site.options.quiet_gap * 2)
    number = min(ticket.id for ticket in await house.tickets("evil"))
    page = f"/staff/tickets/{number}"
    for name, fields in {
        "reply": {"text": SCRIPT},
        "note": {"text": SCRIPT},
        "ask": {"text": SCRIPT},
        "time": {"minutes": "5", "comment": SCRIPT},
        "priority": {"priority": "low", "because": SCRIPT},
        "close": {"outcome": "solved", "result": SCRIPT},
        "reopen": {"because": SCRIPT},
    }.items():
        assert (await agent.post_form(page, fields, to=f"{page}/{name}")).status_code == 303, name
    await house.work()
    house.health[0].trouble(SCRIPT)
    async with house.storage.write() as uow:
        uow.inbox.quarantine([1], error=SCRIPT, now=house.clock.now())
        await uow.commit()
    seen = {
        path: (await browser.get(path)).text
        for browser, paths in (
            (evil, ("/", "/?closed=1", "/chat", "/new", f"/tickets/{number}", f"/tickets/{number}?done={SCRIPT}")),
            (agent, ("/staff", "/staff/feed", "/staff/status", page, f"{page}?open={SCRIPT}&done={SCRIPT}", f"/staff?show={SCRIPT}")),
        )
        for path in paths
    }
    seen["json"] = (await evil.get("/chat/updates?after=0")).json()["items"][0]["html"]
    seen["refused"] = (await evil.open(SCRIPT, priority=SCRIPT)).text
    for path, text in seen.items():
        assert "<script>alert" not in text, path
        assert "<img src=x" not in text, path
        assert "{{ 7*7 }}" in text or "7*7" not in text, path
    assert "&lt;script&gt;" in seen[f"/tickets/{number}"]
    assert "&lt;script&gt;" in seen["json"]


async def test_every_answer_carries_the_headers(house: House) -> None:
    client = await house.enter("iryna")
    for path in ("/", "/login", "/chat", "/tickets/99", "/nothing/here", "/healthz", "/static/site.css", "/chat/updates"):
        headers = (await client.get(path)).headers
        assert headers["content-security-policy"] == POLICY, path
        assert headers["x-content-type-options"] == "nosniff", path
        assert headers["x-frame-options"] == "DENY", path
        assert headers["referrer-policy"] == "same-origin", path
        assert ("no-store" in headers["cache-control"]) is not path.startswith("/static/"), path
    assert "unsafe" not in POLICY


async def test_pages_hold_nothing_inline(house: House) -> None:
    number = await ticket_of(house, "iryna")
    client, agent = await house.enter("iryna"), await house.enter("olena")
    pages = [(client, path) for path in ("/", "/new", "/chat", f"/tickets/{number}")]
    pages += [(agent, path) for path in ("/staff", "/staff/feed", "/staff/status", f"/staff/tickets/{number}")]
    for browser, path in pages:
        text = (await browser.get(path)).text
        assert not re.search(r"\sstyle=|\son\w+=|javascript:", text), path
        assert re.findall(r"<script[^>]*>", text) == [f'<script src="{_script(text)}" defer>'], path
        assert "<style" not in text


def _script(text: str) -> str:
    return text.split('<script src="')[1].split('"')[0]


async def test_a_fault_of_ours_is_a_polite_page_with_the_headers(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = house.browser(raise_app_exceptions=False)
    entered = await house.enter("iryna")
    browser.http.cookies = entered.http.cookies

    async def broken(*_args: Any, **_options: Any) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr("bot.storage.memory.tickets.MemoryTickets.visible_to", broken)
    answer = await browser.get("/")
    assert answer.status_code == 500
    assert "помилка на нашому боці" in answer.text
    assert "secret detail" not in answer.text
    assert answer.headers["content-security-policy"] == POLICY


async def test_bodies_have_a_limit(house: House) -> None:
    browser = await house.enter("iryna")
    big = "ж" * 700_000
    declared = await browser.http.post("/new", data={"text": big})
    assert declared.status_code == 413
    assert "завелике" in declared.text

    async def chunks() -> Any:
        for _ in range(20):
            yield b"text=" + b"x" * 100_000

    headers = {"content-type": "application/x-www-form-urlencoded"}
    undeclared = await browser.http.post("/new", content=chunks(), headers=headers)
    assert undeclared.status_code == 413


async def test_odd_requests_are_answered_politely(house: House) -> None:
    client = await house.enter("iryna")
    for path in (
        "/tickets/abc",
        "/tickets/-1",
        "/tickets/99999999999999999999",
        "/?before=x",
        "/chat?ticket=x",
        "/tickets/0",
        "/%00",
        "/..%2f",
    ):
        answer = await client.get(path)
        assert answer.status_code == 404, path
        assert "Traceback" not in answer.text
    assert (await client.get("/?before=99999999999999999999999")).status_code == 200
    assert (await client.get("/chat/updates?after=-5&wait=-1")).status_code == 200
    assert (await client.http.delete("/new")).status_code == 405
    broken = await client.http.post("/new", content=b"\xff\xfe\x00", headers={"content-type": "multipart/form-data; boundary=x"})
    assert broken.status_code in (400, 403)
    files = {"form_key": ("x.txt", b"x")}
    assert (await client.http.post("/new", files=files)).status_code in (400, 403)


async def test_static_files_are_only_ours(house: House) -> None:
    browser: Browser = house.browser()
    assert (await browser.get("/static/site.js")).status_code == 200
    for path in ("/static/../app.py", "/static/%2e%2e/app.py", "/static//etc/passwd", "/static/..%2fapp.py"):
        assert (await browser.get(path)).status_code == 404, path


async def test_a_clients_choice_is_only_about_what_they_may_see(house: House) -> None:
    number = await ticket_of(house, "iryna")
    stranger, now = house.contact("petro"), house.clock.now()
    async with house.storage.write() as uow:
        with pytest.raises(NotFound):
            await choices.keep_as_one(uow, number, stranger, now=now)
        with pytest.raises(NotFound):
            await choices.split_as_offered(uow, house.desk, number, stranger, now=now)
