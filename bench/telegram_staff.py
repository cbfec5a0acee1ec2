"""What a flood costs the staff chat: `python bench/telegram_staff.py [--tickets N] [--nudges N]`.

On SQLite, the desk's own outbox worker and Telegram channel against the strict sandbox with Telegram's limits enforced; the clocks of both
are moved on minute by minute, so that what takes hours in a group is counted in seconds here. Told: messages for N new tickets (one for
each twenty), how many minutes the group needs at 20 a minute; digests for N nudges due at once, and what was refused.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import sys
import tempfile
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from bot import notices
from bot.channels.telegram.budget import Budget
from bot.channels.telegram.sandbox.limits import RateLimits
from bot.sla.service import Ticker
from bot.storage import open_storage
from tests.channels.telegram.house import STAFF_CHAT, House, open_house

MINUTE = timedelta(seconds=61)
AT_ONCE = 500


def minute(house: House) -> None:
    """A minute passes for everybody: the sandbox and the desk by the desk's clock, the budget by starting anew."""
    house.world.clock.advance(MINUTE)
    Budget.__init__(house.channel._sender._budget)


def told(house: House) -> list[str]:
    return [message["text"] for message in house.sent(STAFF_CHAT)]


async def flood(house: House, tickets: int) -> None:
    """Cards of new tickets, written as a downtime of a day leaves them."""
    [number] = await house.world.accept("Не працює каса у магазині.")
    await house.outbox.drain()
    async with house.world.storage.read() as uow:
        ticket = await uow.tickets.get(number)
        assert ticket is not None
        facts = await house.world.desk.facts(uow, ticket)
    for start in range(0, tickets, AT_ONCE):
        async with house.world.storage.write() as uow:
            for each in range(start, min(start + AT_ONCE, tickets)):
                one = replace(facts, ticket=replace(facts.ticket, id=10_000 + each, title=f"Звернення {each}", version=1))
                for row in notices.card(one, house.world.desk.staff, now=house.world.clock.now()):
                    uow.outbox.add(replace(row, ticket_ids=()))
            await uow.commit()
    before, minutes, started, busy = len(told(house)), 0, time.perf_counter(), time.process_time()
    while True:
        await house.outbox.drain()
        async with house.world.storage.read() as uow:
            if not (await uow.outbox.backlog())["new"]:
                break
        minutes += 1
        minute(house)
    said = told(house)[before:]
    named = {number for text in said for number in re.findall(r"№(\d+)", text)}
    wall, cpu = time.perf_counter() - started, time.process_time() - busy
    print(f"{tickets} new tickets: {len(said)} messages, {len(named)} tickets named, {minutes + 1} minutes at 20 a minute")
    print(f"  {wall:.1f} s of work, {cpu:.1f} s of processor time, sandbox and database included")


async def nudges(house: House, count: int) -> None:
    """Clocks of `count` tickets that are due at the same opening."""
    for number in range(count):
        await house.world.accept(f"Не друкує принтер номер {number} на складі.")
    while True:
        await house.outbox.drain()
        async with house.world.storage.read() as uow:
            if not (await uow.outbox.backlog())["new"]:
                break
        minute(house)
    before = len(told(house))
    house.world.clock.set_to(house.world.clock.now().replace(hour=8, minute=1) + timedelta(days=1))
    Budget.__init__(house.channel._sender._budget)
    ticker = Ticker(storage=house.world.storage, promises=house.world.promises, staff=house.world.desk.staff, clock=house.world.clock)
    started = time.perf_counter()
    ticked = await ticker.tick()
    await house.outbox.drain()
    digests = told(house)[before:]
    named = {number for text in digests for number in re.findall(r"№(\d+)", text)}
    print(f"{ticked.nudged} nudges at once: {len(digests)} messages, {len(named)} tickets named, {time.perf_counter() - started:.2f} s")


async def main() -> None:
    given = argparse.ArgumentParser(description=__doc__)
    given.add_argument("--tickets", type=int, default=10_000)
    given.add_argument("--nudges", type=int, default=200)
    wanted = given.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        storage = await open_storage(f"sqlite:///{folder}/desk.sqlite")
        async with open_house(storage, is_running=False) as house:
            house.telegram.limits = RateLimits()
            await flood(house, wanted.tickets)
            await nudges(house, wanted.nudges)
            refused = [
                call for call in house.telegram.journal.calls if call.outcome == "refused" and call.params.get("chat_id") == STAFF_CHAT
            ]
            print(f"refused by the sandbox in the staff chat: {len(refused)}")
        await storage.close()


if __name__ == "__main__":
    asyncio.run(main())
