"""Four processes that tick on one PostgreSQL: every due row speaks once, and none of them fails (E22 with real processes)."""

from __future__ import annotations

import asyncio
import json
import sys
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.model import Priority
from bot.storage import open_storage
from tests.builders import TUESDAY
from tests.sla.desk import TickingDesk

ROOT = Path(__file__).resolve().parents[2]
PROCESSES = 4
NOW = TUESDAY + timedelta(minutes=31)


async def start(url: str) -> asyncio.subprocess.Process:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.sla.ticking_process",
        url,
        NOW.isoformat(),
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    while (line := await process.stdout.readline()).strip() != b"ready":
        assert line, (await process.communicate())[1].decode()
    return process


async def result(process: asyncio.subprocess.Process) -> dict[str, Any]:
    out, err = await process.communicate(b"go\n")
    assert process.returncode == 0, err.decode()
    found: dict[str, Any] = json.loads(out.splitlines()[-1])
    return found


@pytest.mark.parametrize(
    "due",
    [
        pytest.param(400, id="400"),
        pytest.param(10_000, id="10000", marks=[pytest.mark.soak, pytest.mark.timeout(600)]),
    ],
)
async def test_four_processes_say_every_due_row_once(pg_url: str, due: int) -> None:
    storage = await open_storage(pg_url)
    try:
        desk = await TickingDesk.on(storage)
        await desk.tick()
        for _ in range(0, due, 400):
            await desk.arrive(Priority.URGENT, count=min(400, due))
        processes = [await start(pg_url) for _ in range(PROCESSES)]
        results = await asyncio.gather(*(result(each) for each in processes))
        assert [each["errors"] for each in results] == [[]] * PROCESSES
        assert sum(each["nudged"] for each in results) == due
        spoken: Counter[int] = Counter()
        after_id = 0
        async with storage.read() as uow:
            while clocks := await uow.clocks.running(after_id=after_id, limit=1_000):
                after_id = clocks[-1].id
                assert {clock.step for clock in clocks} == {1}
                for event in await uow.tickets.events_of([clock.ticket_id for clock in clocks], ["nudged"]):
                    spoken[event.ticket_id] += 1
        assert (len(spoken), set(spoken.values())) == (due, {1})
        # More than one of them had work, or it was no race.
        assert sum(each["nudged"] > 0 for each in results) > 1
    finally:
        await storage.close()
