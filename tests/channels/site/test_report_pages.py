"""The Site's report of a month: for leads alone, the same numbers as the command, charts that can be read without eyes or colours."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import timedelta
from xml.etree import ElementTree

import openpyxl
import pytest

from bot.desk import Draft, Opening
from bot.model import Actor, Address, Contact, Priority, UrgencyReason
from tests.builders import message
from tests.channels.site.house import House
from tests.sla.calendars import kyiv

MINUTE = timedelta(minutes=1)
HOSTILE = "<b>=1+1</b>"


async def a_month(house: House) -> None:
    """Tuesday 10:00: an urgent ticket late, two in time, one that waits; a claim of urgency that was denied; and one of October."""
    async with house.storage.write() as uow:
        mill = await uow.people.add_client(name=HOSTILE)
        contact = await uow.people.add_contact(
            name="Ганна", client_id=mill.id, language="uk", addresses=(Address(channel="mail", value="hanna@example.com"),)
        )
        await opened(house, uow, contact, Priority.LOW, kyiv("2026-10-30 10:00"))
        late = await opened(house, uow, contact, Priority.URGENT, kyiv("2026-11-24 10:00"), UrgencyReason.MOST_USERS)
        kept = await opened(house, uow, contact, Priority.LOW, kyiv("2026-11-24 10:00"))
        denied = await opened(house, uow, contact, Priority.URGENT, kyiv("2026-11-24 10:00"))
        await opened(house, uow, contact, Priority.MEDIUM, kyiv("2026-11-24 10:00"))
        await house.desk.set_reason(uow, denied, None, Actor.contact(contact))
        house.clock.set_to(kyiv("2026-11-24 11:30"))
        for number in (late, kept, denied):
            await house.desk.reply(uow, number, house.agent("olena"), "Готово")
        await uow.commit()


async def opened(house: House, uow, contact: Contact, priority: Priority, at, reason: UrgencyReason | None = None) -> int:  # type: ignore[no-untyped-def]
    house.clock.set_to(at)
    inbound = message(contact, "Не друкує", received_at=at, channel="mail")
    draft = Draft(title="Не друкує <script>", priority=priority, reason=reason)
    [facts] = await house.desk.open_tickets(uow, Opening(inbound=inbound, inbox_id=1, contact=contact, drafts=(draft,)))
    number: int = facts.ticket.id
    return number


async def test_a_lead_sees_the_month_with_its_breaches(house: House) -> None:
    await a_month(house)
    page = (await (await house.enter("taras")).get("/staff/report")).text
    assert "<b>66.6 %</b>" in page
    assert "2 із 3" in page
    breaches = page[page.index('id="breaches"') :]
    assert '<a href="/staff/tickets/2#ledger">№2</a>' in breaches
    assert "30 хв" in breaches
    assert "до строку ніхто не взяв" in breaches
    assert "1 (1)" in page  # most users: one claim, it stood
    assert "&lt;b&gt;=1+1&lt;/b&gt;" in page
    assert "<script>" not in page.replace("<script src=", "")
    assert 'href="/staff/report" aria-current="page"' in page


async def test_agents_and_clients_do_not_see_it(house: House) -> None:
    await a_month(house)
    agent, client = await house.enter("olena"), await house.enter("iryna")
    for path in ("/staff/report", "/staff/report/xlsx", "/staff/report/csv", "/staff/report/json"):
        answer = await agent.get(path)
        assert answer.status_code == 403
        assert "1+1" not in answer.text
        assert (await client.get(path)).status_code == 404
        assert (await house.browser().get(path)).status_code == 303
    assert "/staff/report" not in (await agent.get("/staff")).text


async def test_another_month_and_one_client(house: House) -> None:
    await a_month(house)
    lead = await house.enter("taras")
    october = (await lead.get("/staff/report?month=2026-10")).text
    assert "за 2026-10" in october.lower()
    assert 'href="/staff/report?month=2026-11"' in october
    async with house.storage.read() as uow:
        shop = house.contact("iryna").client_id
        [other] = [each.id for each in await uow.people.clients() if each.name == HOSTILE]
    assert "немає жодного строку" in (await lead.get(f"/staff/report?client={shop}")).text
    assert "66.6 %" in (await lead.get(f"/staff/report?client={other}")).text


@pytest.mark.parametrize(
    ("query", "status", "said"),
    [
        ("month=листопад", 422, "не є місяцем"),
        ("month=2026-13", 422, "не є місяцем"),
        ("month=9999-12", 422, "не є місяцем"),
        ("client=999", 404, "Такого клієнта немає"),
        ("client=" + "9" * 40, 404, "Такого клієнта немає"),
        ("client=²", 404, "Такого клієнта немає"),
    ],
)
async def test_a_mistake_is_a_sentence(house: House, query: str, status: int, said: str) -> None:
    answer = await (await house.enter("taras")).get(f"/staff/report?{query}")
    assert (answer.status_code, said in answer.text) == (status, True), answer.text


async def test_the_sheets_hold_the_same_and_run_nothing(house: House) -> None:
    await a_month(house)
    lead = await house.enter("taras")
    data = json.loads((await lead.get("/staff/report/json?month=2026-11")).text)
    [total] = [line for line in data["lines"] if line["by"] == "all"]
    assert (total["in_time"], total["late"], total["running"]) == (2, 1, 1)
    [claims] = data["urgency"]
    assert (claims["contact"], claims["claimed"], claims["upheld"], claims["upheld_by_reason"]["2"]) == ("Ганна", 2, 1, 1)
    answer = await lead.get("/staff/report/xlsx?month=2026-11")
    assert answer.headers["content-disposition"] == 'attachment; filename="sla-2026-11.xlsx"'
    book = openpyxl.load_workbook(io.BytesIO(answer.content))
    assert next(book["Підсумки"].iter_rows(min_row=2, max_row=2, values_only=True))[3:6] == (2, 1, 1)
    assert not [cell for sheet in book for row in sheet for cell in row if cell.data_type == "f"]
    rows = list(csv.reader(io.StringIO((await lead.get("/staff/report/csv?month=2026-11")).content.decode("utf-8-sig"))))
    assert rows[1][3:6] == ["2", "1", "1"]


async def test_charts_tell_what_they_show_and_carry_no_style(house: House) -> None:
    await a_month(house)
    page = (await (await house.enter("taras")).get("/staff/report")).text
    charts = [ElementTree.fromstring(found) for found in re.findall(r'<svg class="chart".*?</svg>', page, flags=re.S)]
    assert len(charts) == 5
    for chart in charts:
        named = {each.get("id"): (each.text or "").strip() for each in chart.iter() if each.get("id")}
        assert chart.get("role") == "img"
        assert all(named[each] for each in (chart.get("aria-labelledby") or "").split())
        # What is late is told by its pattern, not by colour alone.
        assert all((each.get("fill") or "").startswith("url(#") for each in chart.iter() if each.get("class") == "bar-late")
    assert " style=" not in page
    assert any(each.get("class") == "bar-late" for chart in charts for each in chart.iter())
    assert "обіцянка: 1 год" in page
    assert "обіцянка: 8 год" in page


async def test_a_tickets_page_has_its_ledger(house: House) -> None:
    await a_month(house)
    page = (await (await house.enter("olena")).get("/staff/tickets/2")).text
    ledger = page[page.index('id="ledger"') :]
    assert "1 год за календарем «desk», звичайна обіцянка служби" in ledger
    assert ledger.index("звернення отримано") < ledger.index("строк порушено") < ledger.index("виконано: відповідь (Олена)")
    assert "понад строк 30 хв робочого часу" in ledger
