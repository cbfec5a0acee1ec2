"""Figures of issue 5 that a test can hold, over HTTP against a sandbox that enforces Telegram's limits."""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta

import aiohttp

from bot.channels.telegram.budget import Budget
from bot.channels.telegram.sandbox import Sandbox
from bot.channels.telegram.sandbox.journal import Call
from bot.channels.telegram.sandbox.limits import RateLimits
from bot.model import Actor, Priority
from bot.sla.service import Ticker
from bot.storage.memory import MemoryStorage
from tests.channels.telegram.house import STAFF_CHAT, House, open_house

MINUTE = timedelta(seconds=61)


def forget_budget(house: House) -> None:
    """A minute passes: the sandbox goes by the desk's clock, the budget by the wall."""
    house.world.clock.advance(MINUTE)
    house.channel._sender._budget.__init__()  # type: ignore[misc]
    assert isinstance(house.channel._sender._budget, Budget)


def refused(house: House, *, since: int = 0) -> list[Call]:
    """Calls to the staff chat that the sandbox answered with 429 or any other refusal."""
    return [call for call in house.telegram.journal.calls[since:] if call.outcome == "refused" and call.params.get("chat_id") == STAFF_CHAT]


def told(house: House) -> list[str]:
    return [message["text"] for message in house.sent(STAFF_CHAT)]


async def test_two_hundred_nudges_due_at_once_are_one_digest_within_the_limit_urgent_first_none_lost() -> None:
    async with open_house(MemoryStorage(), is_running=False) as house:
        house.telegram.limits = RateLimits()
        for number in range(200):
            await house.world.accept(f"Не працює каса номер {number} у магазині.")
        async with house.world.storage.write() as uow:
            for number in (57, 133):
                await house.world.desk.set_priority(uow, number, Priority.URGENT, Actor.agent(house.world.olena))
            await uow.commit()
        for _ in range(40):
            await house.outbox.drain()
            forget_budget(house)
        before = len(told(house))
        calls = len(house.telegram.journal.calls)
        house.world.clock.set_to(house.world.clock.now().replace(day=25, hour=8, minute=1))
        ticker = Ticker(storage=house.world.storage, promises=house.world.promises, staff=house.world.desk.staff, clock=house.world.clock)
        ticked = await ticker.tick()
        await house.outbox.drain()
        digests = told(house)[before:]
        assert ticked.nudged == 200
        assert 1 <= len(digests) <= 20
        named = [int(number) for text in digests for number in re.findall(r"№(\d+)", text)]
        assert set(named) == set(range(1, 201))
        assert set(named[:2]) == {57, 133}
        assert not refused(house, since=calls)


async def test_three_hundred_tickets_after_a_downtime_are_fifteen_summaries_and_no_429() -> None:
    async with open_house(MemoryStorage(), is_running=False) as house:
        house.telegram.limits = RateLimits()
        for number in range(300):
            await house.world.accept(f"Не працює каса номер {number} у магазині.")
        for _ in range(3):
            await house.outbox.drain()
            forget_budget(house)
        said = told(house)
        summaries = [text for text in said if "Нових звернень надійшло багато" in text]
        assert len(summaries) == 15
        named = [int(number) for text in summaries for number in re.findall(r"№(\d+)", text)]
        assert sorted(named) == list(range(1, 301))
        assert not refused(house)


async def test_a_sandbox_with_limits_refuses_the_twenty_first_word_of_a_minute() -> None:
    """The limit that the figures above are held against is real."""
    async with Sandbox(limits=True) as telegram:
        telegram.world.add_group(STAFF_CHAT, "Підтримка", members=[])
        async with aiohttp.ClientSession() as session:
            statuses = []
            for number in range(21):
                answer = await session.post(
                    f"{telegram.base_url}/bot{telegram.token}/sendMessage", json={"chat_id": STAFF_CHAT, "text": f"{number}"}
                )
                statuses.append(answer.status)
                await asyncio.sleep(0)
        assert statuses.count(429) == 1
        assert statuses[-1] == 429
