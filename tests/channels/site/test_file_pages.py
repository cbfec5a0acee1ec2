"""Files on the Site: a form takes them within limits it tells, a ticket gives them to whom they belong, and nothing in them runs."""

from __future__ import annotations

import re
import secrets
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from bot.files import MEGABYTE
from bot.model import Address, Attachment
from bot.ports import RawEvent
from tests.builders import message
from tests.channels.site.house import Browser, House, build_house, hidden

PDF = ("Рахунок №7.pdf", b"%PDF-1.7 \xd0", "application/pdf")
EVIL = ("../../<script>.html", b"<script>alert(1)</script>", "text/html")


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    built = await build_house(shelf=tmp_path / "files")
    yield built
    await built.storage.close()


async def send(browser: Browser, page: str, fields: dict[str, Any], *files: tuple[str, bytes, str], to: str = "") -> httpx.Response:
    form = await browser.get(page)
    ours = {"form_key": hidden(form.text, "form_key"), "id": secrets.token_hex(16)}
    return await browser.http.post(to or page, data=ours | fields, files=[("files", file) for file in files])


def file_links(page: str) -> list[str]:
    return re.findall(r'href="([^"]*/files/[^"]*)"', page)


async def opened(house: House, name: str, *files: tuple[str, bytes, str]) -> tuple[Browser, int]:
    browser = await house.enter(name)
    answer = await send(browser, "/new", {"text": "Не друкує чек на касі, скан додаю."}, *files)
    assert answer.status_code == 303, answer.text
    await house.work()
    [ticket] = await house.tickets(name)
    return browser, ticket.id


async def test_the_form_tells_its_limits(house: House) -> None:
    browser = await house.enter("iryna")
    assert "До 5 файлів, кожен до 2 МБ, разом до 6 МБ." in (await browser.get("/new")).text


async def test_a_file_comes_with_a_request_and_goes_back_to_its_company_and_to_staff(house: House) -> None:
    browser, number = await opened(house, "iryna", PDF)
    page = (await browser.get(f"/tickets/{number}")).text
    [link] = file_links(page)
    assert "Рахунок №7.pdf" in page
    for reader in (browser, await house.enter("marko")):
        answer = await reader.get(link)
        assert (answer.status_code, answer.content) == (200, PDF[1])
        assert answer.headers["content-type"] == "application/pdf"
        assert answer.headers["content-disposition"].startswith("attachment; filename*=utf-8''%D0%A0")
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["content-security-policy"] == "sandbox; default-src 'none'"
    staff = await house.enter("olena")
    [link] = file_links((await staff.get(f"/staff/tickets/{number}")).text)
    assert (await staff.get(link)).content == PDF[1]


async def test_another_company_gets_nothing_by_any_address(house: House) -> None:
    browser, number = await opened(house, "iryna", PDF)
    [link] = file_links((await browser.get(f"/tickets/{number}")).text)
    petro = await house.enter("petro")
    _, own = await opened(house, "petro", EVIL)
    stranger = house.browser()
    message = link.split("/")[4]
    for path in (link, f"/tickets/{own}/files/{message}/0", f"/staff{link}"):
        assert (await petro.get(path)).status_code == 404
        assert (await stranger.get(path)).status_code in (303, 404)
    assert (await browser.get(link.replace("/0", "/7"))).status_code == 404
    assert (await browser.get(f"/tickets/{number}/files/{2**63}/0")).status_code == 404


async def test_what_a_stranger_sent_is_downloaded_and_never_runs(house: House) -> None:
    browser, number = await opened(house, "iryna", EVIL)
    page = (await browser.get(f"/tickets/{number}")).text
    assert "<script>.html" not in page
    answer = await browser.get(file_links(page)[0])
    assert answer.headers["content-disposition"].startswith("attachment")
    assert "sandbox" in answer.headers["content-security-policy"]


async def test_too_many_or_too_large_is_refused_in_words_and_what_was_typed_stays(house: House) -> None:
    browser = await house.enter("iryna")
    many = await send(browser, "/new", {"text": "Лишіть цей текст"}, *[(f"{n}.txt", b"x", "text/plain") for n in range(6)])
    assert (many.status_code, "щонайбільше 5" in many.text, "Лишіть цей текст" in many.text) == (422, True, True)
    large = await send(browser, "/new", {"text": "Лишіть цей текст"}, ("база.zip", b"x" * (2 * MEGABYTE + 1), "application/zip"))
    assert (large.status_code, "«база.zip» завеликий" in large.text, "Лишіть цей текст" in large.text) == (422, True, True)
    huge = await send(browser, "/new", {"text": "x"}, ("база.zip", b"x" * (8 * MEGABYTE), "application/zip"))
    assert huge.status_code == 413
    assert await house.tickets("iryna") == []


async def test_a_form_without_files_keeps_its_small_limit(house: House) -> None:
    browser = await house.enter("iryna")
    answer = await browser.http.post(
        "/new", content=b"text=" + b"x" * (2 * MEGABYTE), headers={"content-type": "application/x-www-form-urlencoded"}
    )
    assert answer.status_code == 413


async def test_a_file_without_a_word_is_a_request(house: House) -> None:
    browser = await house.enter("iryna")
    assert (await send(browser, "/new", {"text": ""}, PDF)).status_code == 303
    await house.work()
    assert len(await house.tickets("iryna")) == 1


async def test_a_foreign_form_with_a_file_is_refused(house: House) -> None:
    """Of a visitor whom nobody knows not even the body is read."""
    stranger = await house.browser().http.post("/login/abc", data={"text": "x"}, files=[("files", PDF)])
    assert stranger.status_code == 403
    browser = await house.enter("iryna")
    answer = await browser.http.post("/new", data={"form_key": "x", "text": "x", "id": "12345678"}, files=[("files", PDF)])
    assert answer.status_code == 403


async def test_an_agents_file_is_a_link_in_the_clients_chat_and_on_the_page(house: House) -> None:
    browser, number = await opened(house, "iryna")
    staff = await house.enter("olena")
    fields = {"text": "Ось інструкція.", "as": "reply"}
    answer = await send(staff, f"/staff/tickets/{number}", fields, PDF, to=f"/staff/tickets/{number}/word")
    assert answer.status_code == 303
    await house.work()
    for page in (f"/tickets/{number}", "/chat"):
        [link] = file_links((await browser.get(page)).text)
        assert (await browser.get(link)).content == PDF[1]


async def test_a_note_and_its_file_are_the_staffs_alone(house: House) -> None:
    browser, number = await opened(house, "iryna")
    staff = await house.enter("olena")
    await send(staff, f"/staff/tickets/{number}", {"text": "", "as": "note"}, PDF, to=f"/staff/tickets/{number}/word")
    [link] = file_links((await staff.get(f"/staff/tickets/{number}")).text)
    assert (await staff.get(link)).status_code == 200
    assert file_links((await browser.get(f"/tickets/{number}")).text) == []
    assert (await browser.get(link.removeprefix("/staff"))).status_code == 404


async def test_a_file_that_is_still_elsewhere_says_so(house: House) -> None:
    browser, number = await opened(house, "iryna")
    files = (Attachment(name="фото.jpg", size=900, ref="telegram:abc"), Attachment(name="відео.mp4", size=10**8))
    async with house.storage.write() as uow:
        contact = await uow.people.contact(house.contact("iryna").id)
        assert contact is not None
        said = message(contact, "ось", received_at=house.clock.now(), channel="site", attachments=files)
        await house.desk.add_client_message(uow, number, said, inbox_id=1, contact=contact, verdict="answer")
        await uow.commit()
    page = (await browser.get(f"/tickets/{number}")).text
    assert "ще завантажується" in page
    assert "не прийнято" in page
    assert file_links(page) == []


RAW = "From: iryna@shop.example\r\nSubject: Каса\r\n\r\nНе друкує.\r\n\r\n> <b>стара</b> цитата\r\n".encode()


async def by_mail(house: House, name: str) -> tuple[int, int]:
    """A ticket that a mail opened, and the message in it."""
    async with house.storage.write() as uow:
        sender = Address(channel="mail", value=f"{name}@shop.example")
        known = await uow.people.contact(house.contact(name).id)
        assert known is not None
        await uow.people.save_contact(replace(known, addresses=(*known.addresses, sender)))
        event = RawEvent(channel="mail", source="mail", external_id=name, conversation="c", raw=RAW, received_at=house.clock.now())
        [item_id] = await uow.inbox.put([event], now=house.clock.now())
        contact = await uow.people.contact(known.id)
        assert contact is not None
        assert item_id is not None
        said = message(contact, "Не друкує.", received_at=house.clock.now(), channel="mail", quoted="> <b>стара</b> цитата")
        [result] = await house.intake.accept(uow, house.intake.plan(said), [item_id])
        uow.inbox.finish([result], now=house.clock.now())
        [first] = await uow.tickets.messages(result.ticket_ids[0])
        await uow.commit()
    return result.ticket_ids[0], first.id


async def test_the_mail_as_it_came_and_its_full_text_are_one_click_away(house: House) -> None:
    number, first = await by_mail(house, "iryna")
    for reader, base in ((await house.enter("iryna"), ""), (await house.enter("olena"), "/staff")):
        page = (await reader.get(f"{base}/tickets/{number}")).text
        links = re.findall(r'href="([^"]*/messages/[^"]*)"', page)
        assert links == [f"{base}/tickets/{number}/messages/{first}/{form}" for form in ("text", "original.eml")]
        text, original = [await reader.get(link) for link in links]
        assert (text.headers["content-type"], text.text) == ("text/plain; charset=utf-8", RAW.decode().partition("\r\n\r\n")[2])
        assert (original.headers["content-type"], original.content) == ("message/rfc822", RAW)
        assert original.headers["content-disposition"].startswith("attachment")
        assert "sandbox" in text.headers["content-security-policy"]


async def test_anothers_mail_is_not_there(house: House) -> None:
    number, first = await by_mail(house, "iryna")
    petro = await house.enter("petro")
    for form in ("text", "original.eml", "nonsense"):
        assert (await petro.get(f"/tickets/{number}/messages/{first}/{form}")).status_code == 404
        assert (await petro.get(f"/staff/tickets/{number}/messages/{first}/{form}")).status_code == 404
    browser, own = await opened(house, "petro")
    assert "original.eml" not in (await browser.get(f"/tickets/{own}")).text
