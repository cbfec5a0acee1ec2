"""How the desk itself is: the sum of promise 4, health, the last tick, quarantine, and the figures for machines."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest

from bot.channels.base import Health
from bot.channels.site.words import fact_words
from bot.errors import Transient
from bot.model import Delivery
from bot.ports import RawEvent
from tests.channels.site.house import BASE, FEED, House, build_house


async def poison(house: House) -> None:
    event = RawEvent(
        channel="site", source="form", external_id="1:broken", conversation="site:1", raw=b"not ours", received_at=house.clock.now()
    )
    async with house.storage.write() as uow:
        await uow.inbox.put([event], now=house.clock.now())
        await uow.commit()
    await house.work()


async def test_the_sum_adds_up(house: House) -> None:
    client = await house.enter("iryna")
    await client.open("Не друкує чек на касі")
    await client.open("Дякую!")
    await poison(house)
    await client.say("ще рядок, що чекає")
    page = (await (await house.enter("olena")).get("/staff/status")).text
    row = page.split("<tbody>")[1].split("</tr>")[0]
    numbers = [cell.split("<")[0].strip() for cell in row.split("<td>")[2:8]]
    assert numbers == ["4", "1", "0", "1", "1", "1"]
    assert "подяка: 1" in row
    assert "lamp-green" in row


async def test_trouble_says_what_to_do(house: House) -> None:
    house.health[0].trouble("Порт 8080 зайнятий. Змініть [site] port.")
    page = (await (await house.enter("olena")).get("/staff/status")).text
    assert "не працює" in page
    assert "Порт 8080 зайнятий" in page
    assert "Пошту не налаштовано" in page


async def test_a_missing_tick_is_noticed(house: House) -> None:
    agent = await house.enter("olena")
    assert "перевірте, чи працює deskbot run" in (await agent.get("/staff/status")).text
    await house.ticker.tick()
    assert "перевірте, чи працює deskbot run" not in (await agent.get("/staff/status")).text
    house.clock.advance(timedelta(minutes=4))
    assert "перевірте, чи працює deskbot run" in (await agent.get("/staff/status")).text


async def test_what_was_not_delivered_is_shown_with_its_ticket(house: House) -> None:
    async with house.storage.write() as uow:
        uow.outbox.add(Delivery(key="k", route=FEED, kind="say", body={}, created_at=house.clock.now(), ticket_ids=(7,)))
        await uow.commit()
    async with house.storage.write() as uow:
        [row] = await uow.outbox.claim(now=house.clock.now(), limit=1, lease=timedelta(minutes=1), channels=["site"])
        uow.outbox.dead(row.id, error="скриньки немає")
        await uow.commit()
    page = (await (await house.enter("olena")).get("/staff/status")).text
    assert "не доставлено: 1" in page
    assert "скриньки немає" in page
    assert 'href="/staff/tickets/7"' in page


async def test_parts_and_mailboxes_have_names_for_people_and_the_time_of_their_last_success(house: House) -> None:
    house.health += [house.inbox.health, house.outbox.health, Health(name="mail:support"), Health(name="tick"), Health(name="chatlog")]
    await house.work()
    page = (await (await house.enter("olena")).get("/staff/status")).text
    names = re.findall(r'<b>([^<]*)</b> <span class="lamp', page)
    assert names == ["сайт", "пошта", "читання повідомлень", "надсилання", "пошта: support", "обхід строків", "експорт чату"]
    assert page.count("востаннє") == 2


def test_facts_are_told_in_words_and_not_as_python() -> None:
    synced = {"state": "running", "last_sync_at": "2026-11-24T10:00:00+00:00", "waits_by": "idle", "backlog": 0, "relay": "ok"}
    [told] = fact_words({"support": synced, "internal": 1}, language="uk", zone=ZoneInfo("Europe/Kyiv"))
    assert told == (
        "support: працює, скриньку прочитано: вт 24.11 12:00, про нові листи: сервер каже сам, листів ще читати: 0, надсилання: працює"
    )


async def test_a_worker_that_works_again_says_so(house: House) -> None:
    house.inbox.health.trouble("Немає зв'язку з базою.")
    await house.work()
    assert (house.inbox.health.state, house.inbox.health.detail) == ("running", "")


async def test_a_lead_can_have_quarantined_messages_tried_again(house: House) -> None:
    await poison(house)
    agent, lead = await house.enter("olena"), await house.enter("taras")
    assert "Повторити" not in (await agent.get("/staff/status")).text
    refused = await agent.post_form("/staff", {"item": "1"}, to="/staff/status/replay")
    assert refused.status_code == 403
    async with house.storage.read() as uow:
        [row] = await uow.inbox.quarantined()
    assert "Повторити всі" in (await lead.get("/staff/status")).text
    answer = await lead.post_form("/staff/status", {"item": str(row.id)}, to="/staff/status/replay")
    assert answer.headers["location"] == "/staff/status?done=replayed"
    async with house.storage.read() as uow:
        assert await uow.inbox.quarantined() == []
    assert (await lead.post_form("/staff/status", {}, to="/staff/status/replay")).headers["location"].endswith("nothing")


async def test_healthz_needs_no_login_and_tells_of_a_lost_store(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = house.browser()
    assert (await browser.get("/healthz")).json() == {"status": "ok"}

    async def lost(*_args: Any) -> None:
        raise Transient("Немає зв'язку з базою.")

    monkeypatch.setattr("bot.storage.memory.state.MemoryState.get", lost)
    assert (await browser.get("/healthz")).status_code == 503


async def test_metrics_tell_the_same_as_the_status_page(house: House) -> None:
    client = await house.enter("iryna")
    await client.open("Не друкує чек на касі")
    await house.work()
    await house.ticker.tick()
    text = (await house.browser().get("/metrics")).text
    assert "deskbot_open_tickets 1.0" in text
    assert 'deskbot_messages_today{channel="site",end="ticketed"} 1.0' in text
    assert "deskbot_last_tick_age_seconds 0.0" in text
    assert 'deskbot_channel_up{channel="mail"} 0.0' in text


async def test_metrics_are_for_this_machine_or_for_the_token() -> None:
    house = await build_house(metrics_token="s3cret")
    far = httpx.AsyncClient(transport=httpx.ASGITransport(app=house.app, client=("203.0.113.9", 1)), base_url=BASE)
    assert (await far.get("/metrics")).status_code == 404
    assert (await far.get("/metrics", headers={"authorization": "Bearer wrong"})).status_code == 404
    assert (await far.get("/metrics", headers={"authorization": "Bearer s3cret"})).status_code == 200
    near = house.browser()
    assert (await near.get("/metrics")).status_code == 200
    assert (await near.get("/metrics", headers={"x-forwarded-for": "203.0.113.9"})).status_code == 404


async def test_metrics_without_a_token_are_closed_to_an_empty_one(house: House) -> None:
    far = httpx.AsyncClient(transport=httpx.ASGITransport(app=house.app, client=("203.0.113.9", 1)), base_url=BASE)
    assert (await far.get("/metrics", headers={"authorization": "Bearer "})).status_code == 404
