"""The page, in a real browser: a client's chat and the staff group side by side, played by hand."""

from __future__ import annotations

from typing import Any

from playwright.async_api import async_playwright, expect

from bot.channels.telegram.sandbox import Sandbox
from tests.channels.site.test_in_a_browser import ARGS, CHROMIUM, IS_THERE
from tests.channels.telegram.conftest import OLENA, STAFF_CHAT
from tests.conftest import missing

BUTTONS = {"inline_keyboard": [[{"text": "Беру", "callback_data": "claim:1"}, {"text": "Сайт", "url": "https://desk.example.com"}]]}
ASKS = {"keyboard": [[{"text": "Надіслати номер", "request_contact": True}]], "resize_keyboard": True}
HOSTILE = "<img src=x onerror=alert(1)>"


async def test_both_sides_are_played_by_hand(telegram: Sandbox, ask: Any) -> None:
    if not IS_THERE:
        missing("Chromium is not installed: apt-get install chromium")
    complaints: list[str] = []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGS)
        page = await browser.new_page(viewport={"width": 1300, "height": 800})
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("dialog", lambda dialog: dialog.accept("+380440000000"))
        page.set_default_timeout(10_000)
        await page.goto(f"{telegram.base_url}/?left={OLENA}&right={STAFF_CHAT}")
        left, right = page.locator(".pane").nth(0), page.locator(".pane").nth(1)

        await left.locator("textarea").fill(f"Не друкує принтер {HOSTILE}")
        await left.locator("textarea").press("Enter")
        await expect(left.locator(".message.mine")).to_contain_text(HOSTILE)
        [update] = (await ask("getUpdates"))["result"]
        assert update["message"]["text"] == f"Не друкує принтер {HOSTILE}"

        await ask("sendMessage", chat_id=STAFF_CHAT, text="<b>№1</b> картка", parse_mode="HTML", reply_markup=BUTTONS)
        await expect(right.locator(".message b")).to_have_text("№1")
        await right.get_by_role("button", name="Беру").click()
        [press] = (await ask("getUpdates", offset=update["update_id"] + 1, timeout=5))["result"]
        assert press["callback_query"]["data"] == "claim:1"
        await ask("answerCallbackQuery", callback_query_id=press["callback_query"]["id"], text="№1 ваше.")
        await expect(right.locator(".toast")).to_have_text("№1 ваше.")

        await right.get_by_title("Reply").first.click()
        await right.locator("textarea").fill("Перезапустіть службу")
        await right.get_by_role("button", name="Send").click()
        [answer] = (await ask("getUpdates", offset=press["update_id"] + 1, timeout=5))["result"]
        assert answer["message"]["reply_to_message"]["text"] == "№1 картка"

        await ask("sendMessage", chat_id=OLENA, text="Хто ви?", reply_markup=ASKS)
        await left.get_by_role("button", name="Надіслати номер").click()
        [card] = (await ask("getUpdates", offset=answer["update_id"] + 1, timeout=5))["result"]
        assert card["message"]["contact"] == {"phone_number": "+380440000000", "first_name": "Олена", "user_id": OLENA}
        await browser.close()
    assert complaints == []
