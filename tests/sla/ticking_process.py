"""One of several processes that tick on one PostgreSQL at the same moment: `python -m tests.sla.ticking_process URL NOW PRIORITY…`.

Waits for a line on its input, ticks until nothing is due, and prints JSON: nudges said, ticks, errors that were not "busy, later".
"""

from __future__ import annotations

import asyncio
import json
import sys
from datetime import datetime

from bot.errors import Transient
from bot.model import Route
from bot.notices import StaffRoutes
from bot.promises import Promises
from bot.sla.policy import Policy
from bot.sla.service import Ticker
from bot.storage import open_storage
from tests.fakes import FakeClock

STAFF = StaffRoutes(desk=(Route(channel="telegram", recipient="-1001"),), leads=(Route(channel="telegram", recipient="-1002"),))


async def race(url: str, now: datetime) -> dict[str, object]:
    storage, clock = await open_storage(url), FakeClock(now)
    ticker = Ticker(storage=storage, promises=Promises(Policy(), now=clock.now), staff=STAFF, clock=clock)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
    nudged, ticks, errors, idle = 0, 0, [], 0
    while idle < 3:
        try:
            done = await ticker.tick()
        except Transient:
            continue
        except Exception as error:
            errors.append(repr(error))
            break
        ticks += 1
        nudged += done.nudged
        idle = 0 if done.claimed else idle + 1
        await asyncio.sleep(0.01)
    await storage.close()
    return {"nudged": nudged, "ticks": ticks, "errors": errors}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asyncio.run(race(sys.argv[1], datetime.fromisoformat(sys.argv[2])))) + "\n")
