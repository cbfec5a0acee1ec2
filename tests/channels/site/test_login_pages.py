"""Coming in: the link is shown first and used by a POST, once; sessions end; languages are remembered."""

from __future__ import annotations

from datetime import timedelta

import httpx

from bot.channels.site.app import create_app
from tests.channels.site.house import KYIV, Browser, House, build_house


async def test_without_a_link_a_friendly_page_says_how_to_get_one(house: House) -> None:
    browser = house.browser()
    for path in ("/", "/chat", "/new", "/tickets/1", "/staff", "/staff/feed", "/staff/status", "/staff/tickets/1"):
        answer = await browser.get(path)
        assert (answer.status_code, answer.headers["location"]) == (303, "/login"), path
    page = await browser.get("/login")
    assert "/site" in page.text
    assert "deskbot accounts link" in page.text


async def test_opening_a_link_does_not_use_it_up(house: House) -> None:
    path = await house.link("iryna")
    for _ in range(3):
        assert (await house.browser().get(path)).status_code == 200
    browser = house.browser()
    answer = await browser.post_form(path, {})
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert "Ірина Коваль" in (await browser.get("/")).text


async def test_a_link_is_used_once(house: House) -> None:
    path = await house.link("iryna")
    await house.browser().post_form(path, {})
    second = house.browser()
    assert (await second.get(path)).status_code == 404
    assert "вже використано" in (await second.get(path)).text


async def test_two_browsers_with_one_link_and_one_gets_in(house: House) -> None:
    path = await house.link("iryna")
    one, two = house.browser(), house.browser()
    forms = [(await browser.get(path)).text for browser in (one, two)]
    keys = [form.split('name="form_key" value="')[1].split('"')[0] for form in forms]
    assert (await one.http.post(path, data={"form_key": keys[0]})).status_code == 303
    assert (await two.http.post(path, data={"form_key": keys[1]})).status_code == 404
    assert (await two.get("/")).status_code == 303


async def test_an_expired_link_is_explained(house: House) -> None:
    path = await house.link("iryna", timedelta(minutes=5))
    house.clock.advance(timedelta(minutes=5))
    answer = await house.browser().get(path)
    assert answer.status_code == 404
    assert "строк минув" in answer.text


async def test_another_page_cannot_log_a_browser_in(house: House) -> None:
    """Login CSRF: the attacker's own link and form key, posted by the victim's browser, which has no cookie of that form."""
    path = await house.link("petro")
    attacker, victim = house.browser(), house.browser()
    key = (await attacker.get(path)).text.split('name="form_key" value="')[1].split('"')[0]
    assert (await victim.http.post(path, data={"form_key": key})).status_code == 403
    await victim.get(path)
    assert (await victim.http.post(path, data={"form_key": key})).status_code == 403


async def test_an_office_behind_one_address_comes_in(house: House) -> None:
    for _ in range(30):
        browser = await house.enter("iryna")
        assert (await browser.get("/")).status_code == 200


async def test_guessing_links_is_slowed_down(house: House) -> None:
    browser = house.browser()
    codes = [(await browser.get(f"/login/guess{number}")).status_code for number in range(25)]
    assert codes[:20] == [404] * 20
    assert codes[20:] == [429] * 5
    house.clock.advance(timedelta(minutes=10))
    assert (await browser.get("/login/guess")).status_code == 404


async def test_logging_out_ends_the_session_for_every_copy_of_the_cookie(house: House) -> None:
    browser = await house.enter("iryna")
    copy = house.browser()
    copy.http.cookies = httpx.Cookies(browser.http.cookies)
    assert (await copy.get("/")).status_code == 200
    assert (await browser.post_form("/", {}, to="/logout")).headers["location"] == "/login"
    assert (await copy.get("/")).status_code == 303
    assert (await browser.get("/")).status_code == 303


async def test_a_session_ends_by_itself(house: House) -> None:
    browser = await house.enter("iryna")
    house.clock.advance(timedelta(days=30))
    assert (await browser.get("/")).status_code == 303


async def test_one_browser_may_hold_a_client_and_an_agent(house: House) -> None:
    browser = await house.enter("iryna")
    await browser.post_form(await house.link("olena"), {})
    assert "Ірина Коваль" in (await browser.get("/")).text
    assert "Олена" in (await browser.get("/staff")).text


async def test_an_agent_at_the_front_door_is_shown_to_the_queue(house: House) -> None:
    browser = await house.enter("olena")
    assert (await browser.get("/")).headers["location"] == "/staff"


async def test_cookies_are_out_of_reach_for_scripts_and_other_sites(house: House) -> None:
    answer = await house.browser().post_form(await house.link("iryna"), {})
    [session] = [cookie for cookie in answer.headers.get_list("set-cookie") if cookie.startswith("deskbot_contact=")]
    assert "HttpOnly" in session
    assert "SameSite=lax" in session
    assert "Secure" not in session


async def test_over_https_cookies_are_secure_and_bound_to_the_host() -> None:
    house = await build_house(base_url="https://desk.example.com")
    browser = Browser(httpx.AsyncClient(transport=httpx.ASGITransport(app=house.app), base_url="https://desk.example.com"), house)
    answer = await browser.post_form(await house.link("iryna"), {})
    [session] = [cookie for cookie in answer.headers.get_list("set-cookie") if cookie.startswith("__Host-deskbot_contact=")]
    assert "Secure" in session
    assert answer.headers["strict-transport-security"]
    assert (await browser.get("/")).status_code == 200


async def test_the_language_is_remembered_with_the_person(house: House) -> None:
    browser = await house.enter("iryna")
    answer = await browser.post_form("/new", {"language": "en", "back": "/new"}, to="/language")
    assert answer.headers["location"] == "/new"
    assert '<html lang="en">' in (await browser.get("/")).text
    async with house.storage.read() as uow:
        contact = await uow.people.contact(house.contact("iryna").id)
    assert contact is not None
    assert contact.language == "en"
    await browser.post_form("/", {"language": "xx", "back": "/"}, to="/language")
    assert '<html lang="en">' in (await browser.get("/")).text


async def test_a_language_switch_leads_nowhere_else(house: House) -> None:
    browser = await house.enter("iryna")
    for back in ("https://evil.example.com/", "//evil.example.com", "/\\evil.example.com", "javascript:alert(1)"):
        answer = await browser.post_form("/", {"language": "uk", "back": back}, to="/language")
        assert answer.headers["location"] == "/", back


async def test_sessions_survive_a_restart(house: House) -> None:
    browser = await house.enter("iryna")
    options = house.app.state.site.options
    again = create_app(
        storage=house.storage, desk=house.desk, clock=house.clock, options=options, health=[], secret=house.secret, zone=KYIV
    )
    house.app = again
    restarted = house.browser()
    restarted.http.cookies = httpx.Cookies(browser.http.cookies)
    assert (await restarted.open("Не друкує чек на касі")).status_code == 303
