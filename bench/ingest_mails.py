"""Mails taken in per second from a folder: `python bench/ingest_mails.py [--mails N] [--phases]`.

The folder is made by ../shared/tools/gen_mails.py (text and HTML, a third in windows-1251, replies and attachments among them). What is
measured is `deskbot ingest mail FOLDER` as a process on a fresh SQLite file with its durable settings (WAL, synchronous=FULL), from its
start to its last line: reading, storing in the inbox, parsing, splitting, and committed tickets. `--phases` takes the same folder in once
more inside this process and tells where the time goes. Limit: at least 200 mails a second on 2 cores.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).parent.parent
sys.path.insert(0, str(REPOSITORY))

MAKER = REPOSITORY.parent / "shared" / "tools" / "gen_mails.py"
AT_ONCE = 200


def as_a_process(folder: Path, mails: Path, count: int) -> None:
    (folder / "config.toml").write_text('[desk]\ndata_dir = "data"\n')
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    began, before = time.perf_counter(), _processor_time()
    command = [sys.executable, "-m", "bot", "ingest", "mail", str(mails), "--config", "config.toml"]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    took, spent = time.perf_counter() - began, _processor_time() - before
    print(done.stdout.strip())
    if done.returncode:
        sys.exit(done.stderr)
    print(f"{count} mails in {took:.1f} s: {count / took:.0f}/s, start included ({spent:.1f} s of processor time on all cores)", flush=True)


def _processor_time() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


class Stopwatch:
    """Wall time during which at least one call of a kind is under way."""

    def __init__(self) -> None:
        self.spent: Counter[str] = Counter()
        self._running: Counter[str] = Counter()
        self._since: dict[str, float] = {}

    def around(self, name: str, work: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def timed(*arguments: Any, **named: Any) -> Any:
            if not self._running[name]:
                self._since[name] = time.perf_counter()
            self._running[name] += 1
            try:
                return await work(*arguments, **named)
            finally:
                self._running[name] -= 1
                if not self._running[name]:
                    self.spent[name] += time.perf_counter() - self._since[name]

        return timed


async def by_phases(folder: Path, mails: Path, count: int) -> None:
    began = time.perf_counter()
    from bot.app import FILE_CHANNELS, open_house
    from bot.channels.mail.events import file_events
    from bot.config import load

    (folder / "config.toml").write_text('[desk]\ndata_dir = "data"\n')
    house = await open_house(load(folder / "config.toml", environ={}), only=FILE_CHANNELS)
    watch, channel = Stopwatch(), house.channels["mail"]
    watch.spent["start"] = time.perf_counter() - began
    channel.prepare = watch.around("parse and plan", channel.prepare)  # type: ignore[method-assign]
    channel.apply = watch.around("tickets", channel.apply)  # type: ignore[method-assign]

    async def store(events: Any) -> None:
        async with house.storage.write() as uow:
            await uow.inbox.put(events, now=house.clock.now())
            await uow.commit()

    store, drain = watch.around("store", store), watch.around("drain, all in all", house.inbox.drain)
    events = file_events(mails, now=house.clock.now())
    while True:
        mark = time.perf_counter()
        batch = [replace(event, is_quiet=True) for event in islice(events, AT_ONCE)]
        watch.spent["read"] += time.perf_counter() - mark
        if not batch:
            break
        await store(batch)
        await drain()
    await house.close()
    for name, spent in watch.spent.items():
        print(f"  {name:<18} {spent:6.2f} s  {spent / count * 1000:6.2f} ms a mail")


def main(count: int, with_phases: bool) -> None:
    if not MAKER.exists():
        sys.exit(f"The workload is made by {MAKER.name}, which is kept beside the repository in shared/tools; it is not there.")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        subprocess.run([sys.executable, str(MAKER), "--n", str(count), "--out", str(folder / "mails")], check=True, capture_output=True)
        for kind in ("process", "phases") if with_phases else ("process",):
            (folder / kind).mkdir()
            if kind == "process":
                as_a_process(folder / kind, folder / "mails" / "eml", count)
            else:
                asyncio.run(by_phases(folder / kind, folder / "mails" / "eml", count))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mails", type=int, default=1000)
    parser.add_argument("--phases", action="store_true")
    given = parser.parse_args()
    main(given.mails, given.phases)
