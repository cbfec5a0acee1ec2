"""The report in a real browser: nothing that the content policy refuses, nothing wider than a phone, words that can be read."""

from __future__ import annotations

import pytest

from bot.desk import Draft, Opening
from bot.model import Address, Priority, UrgencyReason
from tests.builders import message
from tests.channels.site.test_in_a_browser import FAINT, UNNAMED, Stage
from tests.channels.site.test_in_a_browser import stage as stage  # the fixture

FILLED = """() => Array.from(document.querySelectorAll('svg.chart .bar-late, svg.chart .bar-kept'))
  .map((bar) => getComputedStyle(bar).fill).filter((fill) => fill === 'none' || fill === '')"""


@pytest.mark.parametrize(("scheme", "width"), [("light", 1100), ("dark", 360)])
async def test_the_report_and_the_ledger(stage: Stage, scheme: str, width: int) -> None:
    house = stage.house
    async with house.storage.write() as uow:
        mill = await uow.people.add_client(name="Млин «Житній» з дуже довгою назвою товариства")
        contact = await uow.people.add_contact(
            name="Ганна Довгопола-Сорокопуд", client_id=mill.id, language="uk", addresses=(Address(channel="mail", value="h@example.com"),)
        )
        inbound = message(contact, "Не друкує", received_at=house.clock.now(), channel="mail")
        drafts = (Draft(title="Не-друкує-чек-" * 4, priority=Priority.URGENT, reason=UrgencyReason.MOST_USERS), Draft(title="Звіт"))
        for facts in await house.desk.open_tickets(uow, Opening(inbound=inbound, inbox_id=1, contact=contact, drafts=drafts)):
            await house.desk.reply(uow, facts.ticket.id, house.agent("olena"), "Готово")
        await uow.commit()
    page = await stage.enter("taras", width=width, scheme=scheme)
    await page.click("nav >> text=Звіт")
    await page.wait_for_url("**/staff/report")
    assert await page.locator("svg.chart").count() == 5
    assert await page.evaluate(FILLED) == []
    for path in ("/staff/report", f"/staff/report?client={mill.id}", "/staff/report?month=2020-01", "/staff/tickets/1"):
        await page.goto(stage.base + path)
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
        assert await page.evaluate(UNNAMED) == [], path
        assert await page.evaluate(FAINT) == [], path
    await page.goto(f"{stage.base}/staff/report")
    async with page.expect_download() as started:
        await page.click("text=Книга (XLSX)")
    assert (await started.value).suggested_filename.startswith("sla-")
