"""What ticks and recomputing cost with many open tickets: `python bench/sla_ticks.py [URL] [--open N] [--due N]`.

The figures: an empty tick with N tickets open, one tick that finds `--due` nudges at once, all running clocks recomputed after a day
became a holiday or a target changed, and all of them looked at when nothing moved, without rules and with one that names clients. Beside
the times stands the longest that the event loop was held up, as a watcher sees it that wakes every millisecond. Aims: 2 ms empty (SQLite)
or 4 ms (PostgreSQL), 5 s for 10,000 nudges, 30 s for 100,000 clocks, 50 ms held up. Without a URL: an SQLite file in
a temporary folder.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import sys
import tempfile
import time
from collections.abc import Awaitable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).parent.parent))

from bot.model import Address, ClockKind, Priority, Route, Ticket
from bot.notices import StaffRoutes
from bot.ports import Storage
from bot.promises import Promises
from bot.sla.calendars import preset_calendars
from bot.sla.intervals import DayException
from bot.sla.policy import Policy, Target
from bot.sla.recompute import recompute_all
from bot.sla.rules import Rule
from bot.sla.service import Ticker
from bot.storage import open_storage

# A Tuesday, 10:00 in Kyiv.
NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
STAFF = StaffRoutes(desk=(Route(channel="telegram", recipient="-1001"),), leads=(Route(channel="telegram", recipient="-1002"),))
PORTION = 2_000


class Hand:
    """A clock that stands still until it is told the time."""

    def __init__(self) -> None:
        self.at = NOW

    def now(self) -> datetime:
        return self.at


async def fill(storage: Storage, promises: Promises, count: int, priority: Priority, *, received_at: datetime) -> None:
    """Open tickets of two hundred people, each with its running reaction clock."""
    async with storage.write() as uow:
        people = [
            await uow.people.add_contact(
                name=f"Особа {n}", client_id=None, language="uk", addresses=[Address(channel="telegram", value=str(n))]
            )
            for n in range(200)
        ]
        await uow.commit()
    for start in range(0, count, PORTION):
        async with storage.write() as uow:
            for number in await uow.tickets.allocate(min(PORTION, count - start)):
                at = received_at + timedelta(seconds=number % 3_600)
                ticket = Ticket(
                    id=number,
                    title=f"Не друкує принтер {number}",
                    contact_id=people[number % len(people)].id,
                    received_at=at,
                    created_at=at,
                    last_word_at=at,
                    channel="telegram",
                    priority=priority,
                )
                uow.tickets.add(ticket)
                await promises.opened(uow, ticket)
            await uow.commit()


async def measured(name: str, work: Awaitable[object]) -> None:
    """Run it and tell how long it took and how long the loop was held up at worst."""
    worst = 0.0
    is_done = False

    async def watch() -> None:
        nonlocal worst
        while not is_done:
            before = time.perf_counter()
            await asyncio.sleep(0.001)
            worst = max(worst, time.perf_counter() - before - 0.001)

    watcher = asyncio.create_task(watch())
    await asyncio.sleep(0)
    start = time.perf_counter()
    result = await work
    took = time.perf_counter() - start
    is_done = True
    await watcher
    print(f"{name:<46} {took:8.3f} s   loop held up {worst * 1000:6.1f} ms at most   {result}")


async def run(url: str, *, open_count: int, due_count: int) -> None:
    storage = await open_storage(url)
    hand = Hand()
    promises = Promises(Policy(), now=hand.now)
    await fill(storage, promises, open_count, Priority.LOW, received_at=NOW)
    ticker = Ticker(storage=storage, promises=promises, staff=STAFF, clock=hand)
    hand.at = NOW + timedelta(hours=1)
    await ticker.tick()
    # As `deskbot run` does.
    gc.freeze()
    times = []
    for _ in range(200):
        start = time.perf_counter()
        await ticker.tick()
        times.append(time.perf_counter() - start)
    await measured("nothing at all: what the machine itself does", asyncio.sleep(5))
    middle, slow = median(times) * 1000, sorted(times)[-3] * 1000
    print(f"an empty tick, {open_count:,} tickets open: {middle:.2f} ms, {slow:.2f} ms at the 99th percentile")
    await measured("all clocks looked at, none moves", recompute_all(storage, promises.policy, now=hand.at))
    rested = replace(promises.policy, calendars=preset_calendars(exceptions=(DayException(on=date(2026, 11, 25), label="свято"),)))
    await measured("all clocks recomputed, all move", recompute_all(storage, rested, now=hand.at))
    rule = Rule(name="договір", clients=("Ніхто",), targets={ClockKind.REACTION: Target(time=timedelta(hours=1), calendar="desk")})
    await measured("all clocks looked at, a rule names clients", recompute_all(storage, replace(rested, rules=(rule,)), now=hand.at))
    longer = replace(rested, reaction={each: Target(time=timedelta(hours=30), calendar="weekdays") for each in Priority})
    await measured("all clocks recomputed after a target changed", recompute_all(storage, longer, now=hand.at))
    await fill(storage, promises, due_count, Priority.URGENT, received_at=NOW)
    hand.at = NOW + timedelta(hours=2)
    await measured(f"a tick with {due_count:,} nudges due at once", ticker.tick())
    await storage.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url", nargs="?")
    parser.add_argument("--open", type=int, default=100_000, dest="open_count")
    parser.add_argument("--due", type=int, default=10_000, dest="due_count")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        url = given.url or f"sqlite:///{folder}/desk.db"
        asyncio.run(run(url, open_count=given.open_count, due_count=given.due_count))


if __name__ == "__main__":
    main()
