"""The Site in a real browser: the conversation of a newcomer, an agent beside it, without a word from the console."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.async_api import Browser, ConsoleMessage, Page, async_playwright, expect

from bot.clock import SystemClock
from bot.files import MEGABYTE
from bot.model import Outcome, UrgencyReason
from tests.channels.site.house import House, build_house
from tests.conftest import missing

CHROMIUM = Path("/usr/bin/chromium")
IS_THERE = CHROMIUM.exists()
ARGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync"]


@dataclass
class Stage:
    """A served house and a browser; `complaints` are what consoles said, which must be nothing."""

    house: House
    browser: Browser
    base: str
    complaints: list[str] = field(default_factory=list)

    async def enter(self, name: str, *, width: int = 1100, scheme: str = "light") -> Page:
        """A window of its own in which this person has logged in."""
        context = await self.browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)  # type: ignore[arg-type]
        page = await context.new_page()
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.set_default_timeout(10_000)
        await page.goto(self.base + await self.house.link(name))
        await page.click("button.main")
        await page.wait_for_url(f"{self.base}/{'staff' if name in ('olena', 'taras') else ''}")
        return page

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    if not IS_THERE:
        missing("Chromium is not installed: apt-get install chromium")
    quick = {"quiet_gap": timedelta(seconds=0.4), "wait_for_reading": timedelta(seconds=5)}
    house = await build_house(clock=SystemClock(), shelf=tmp_path / "files", port=0, **quick)
    tasks = [asyncio.create_task(work) for work in (house.channel.receive(), house.inbox.run(), house.outbox.run())]
    await asyncio.wait_for(house.channel.ready.wait(), 10)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGS)
        stage = Stage(house=house, browser=browser, base=f"http://127.0.0.1:{house.channel.port}")
        yield stage
        await browser.close()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert stage.complaints == []


async def test_a_whole_conversation(stage: Stage) -> None:
    client, agent = await stage.enter("iryna"), await stage.enter("olena")
    await agent.goto(f"{stage.base}/staff/feed")
    await client.goto(f"{stage.base}/chat")
    await client.fill("#text", "Терміново! Каса не друкує чеки")
    await client.press("#text", "Enter")
    await client.fill("#text", "люди стоять у черзі")
    await client.press("#text", "Enter")
    await expect(client.locator("#text")).to_have_value("")
    await expect(client.locator(".bubble-mine p")).to_have_text(["Терміново! Каса не друкує чеки", "люди стоять у черзі"])
    await expect(client.locator(".bubble-bot .chip")).to_have_count(1)
    reasons = client.locator("form[action='/tickets/1/reason'] button")
    await expect(reasons).to_have_count(4)
    await reasons.first.click()

    await expect(agent.locator(".item-card")).to_have_count(1)
    await agent.click(".item-card button:has-text('Беру')")
    await expect(agent.locator(".item-card .lamp-yellow")).to_have_text("у роботі: Олена")
    await expect(client.locator(".log")).to_contain_text("ним займається Олена")
    assert (await stage.house.ticket(1)).reason is UrgencyReason.OPERATIONAL_WORK

    await agent.click(".item-card >> text=Відповісти")
    await agent.fill("#word textarea", "Увімкніть реєстратор")
    await agent.click("button[value=reply]")
    await expect(agent.locator(".said")).to_have_text("Надіслано клієнтові.")
    await expect(client.locator(".bubble-agent")).to_contain_text("Увімкніть реєстратор")
    await client.click(".bubble-agent button:has-text('Вирішено, закрити')")
    await expect(agent.locator("h1")).to_contain_text("№1")
    for _ in range(50):
        if not (await stage.house.ticket(1)).is_open:
            break
        await asyncio.sleep(0.05)
    assert (await stage.house.ticket(1)).outcome is Outcome.SOLVED
    await client.goto(f"{stage.base}/?closed=1")
    await expect(client.locator(".lamp-grey").first).to_have_text("закрито: вирішено")


async def test_the_form_asks_for_a_reason_only_when_it_is_urgent(stage: Stage) -> None:
    page = await stage.enter("iryna")
    await page.goto(f"{stage.base}/new")
    await expect(page.locator("fieldset")).to_be_hidden()
    await page.select_option("[name=priority]", "urgent")
    await expect(page.locator("fieldset")).to_be_visible()
    await page.check("[name=reason][value='2']")
    await page.fill("[name=text]", "Ніхто не може зайти в програму")
    await page.click("main button.main")
    await page.wait_for_url(f"{stage.base}/tickets/1?done=opened")
    await expect(page.locator(".said")).to_have_text("Дякуємо! Звернення зареєстровано.")
    assert (await stage.house.ticket(1)).reason is UrgencyReason.MOST_USERS


async def test_a_script_in_a_message_stays_text(stage: Stage) -> None:
    client, agent = await stage.enter("iryna"), await stage.enter("olena")
    evil = "<script>document.title='взято'</script><img src=x onerror=\"document.title='взято'\"> не друкує чек"
    await client.goto(f"{stage.base}/chat")
    await client.fill("#text", evil)
    await client.press("#text", "Enter")
    await expect(client.locator(".bubble-bot .chip")).to_have_count(1)
    for page, path in ((client, "/chat"), (client, "/tickets/1"), (agent, "/staff/feed"), (agent, "/staff/tickets/1"), (agent, "/staff")):
        await page.goto(stage.base + path)
        assert await page.title() != "взято"
        assert await page.locator("main script, main img").count() == 0
        assert "script>" in (await page.locator("main").inner_text()).lower()


async def test_without_the_network_what_was_typed_stays(stage: Stage) -> None:
    page = await stage.enter("iryna")
    await page.goto(f"{stage.base}/chat")
    await page.context.set_offline(True)
    await page.fill("#text", "Не друкує чек")
    await page.press("#text", "Enter")
    await expect(page.locator("[data-trouble]")).to_contain_text("Немає зв'язку")
    await expect(page.locator("#text")).to_have_value("Не друкує чек")
    await page.context.set_offline(False)
    await page.press("#text", "Enter")
    await expect(page.locator(".bubble-mine")).to_have_count(1)
    stage.complaints = [told for told in stage.complaints if "ERR_INTERNET_DISCONNECTED" not in told]


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_pages_fit_a_phone_and_can_be_read(stage: Stage, scheme: str) -> None:
    client, agent = await stage.enter("iryna", width=360, scheme=scheme), await stage.enter("olena", width=360, scheme=scheme)
    await client.goto(f"{stage.base}/new")
    await client.fill("[name=text]", "Не-друкує-чек-на-касі-" * 20)
    await client.click("main button.main")
    await client.wait_for_url("**/tickets/1**")
    for page, path in (
        (client, "/"),
        (client, "/chat"),
        (client, "/tickets/1"),
        (client, "/new"),
        (agent, "/staff"),
        (agent, "/staff/feed"),
        (agent, "/staff/tickets/1"),
        (agent, "/staff/status"),
    ):
        await page.goto(stage.base + path)
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
        assert await page.evaluate(UNNAMED) == [], path
        assert await page.evaluate(FAINT) == [], path


# Every field and button has a name for those who do not see it.
UNNAMED = """() => Array.from(document.querySelectorAll('input:not([type=hidden]), select, textarea, button, a'))
  .filter((one) => !(one.labels && one.labels.length && one.labels[0].textContent.trim())
    && !one.getAttribute('aria-label') && !one.textContent.trim()).map((one) => one.outerHTML)"""
# WCAG AA: 4.5 to 1 for text on the nearest background that is not transparent.
FAINT = """() => {
  const parse = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const part = (value) => { value /= 255; return value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4; };
  const light = ([r, g, b]) => 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
  const behind = (one) => {
    for (let at = one; at; at = at.parentElement) {
      const colour = parse(getComputedStyle(at).backgroundColor);
      if (colour.length < 4 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  const faint = [];
  for (const one of document.querySelectorAll('body *')) {
    const own = Array.from(one.childNodes).some((node) => node.nodeType === 3 && node.textContent.trim());
    if (!own || !one.checkVisibility()) continue;
    const [a, b] = [light(parse(getComputedStyle(one).color)), light(behind(one))].sort((x, y) => y - x);
    if ((a + 0.05) / (b + 0.05) < 4.5) faint.push(`${one.tagName}.${one.className}: ${((a + 0.05) / (b + 0.05)).toFixed(2)}`);
  }
  return faint;
}"""


async def test_files_over_the_limit_stay_here_and_others_come_back_with_one_click(stage: Stage) -> None:
    client = await stage.enter("iryna")
    await client.goto(f"{stage.base}/new")
    await client.fill("textarea", "Не друкує чек на касі, скан додаю.")
    field = client.locator("input[type=file]")
    await field.set_input_files([{"name": "база.zip", "mimeType": "application/zip", "buffer": b"x" * (2 * MEGABYTE + 1)}])
    assert await field.evaluate("field => field.validationMessage") == "До 5 файлів, кожен до 2 МБ, разом до 6 МБ."
    await field.set_input_files([{"name": "скан.pdf", "mimeType": "application/pdf", "buffer": b"%PDF scan"}])
    await client.click("button.main")
    await client.wait_for_url(f"{stage.base}/tickets/*")
    async with client.expect_download() as download:
        await client.click("text=скан.pdf")
    file = await download.value
    assert file.suggested_filename == "скан.pdf"
    assert (await file.path()).read_bytes() == b"%PDF scan"
