"""Resident memory of an idle desk and the time from its start to ready: `python bench/idle_memory.py [--repeat N]`.

Two desks, each a real `deskbot run` on a fresh SQLite file: one with the Site alone (Telegram and mail off), one with everything on,
against the Bot API sandbox, Dovecot and an SMTP server on loopback. Ready is when /healthz answers and every configured channel says
that it is up. Memory is VmRSS of the process after five quiet seconds; parser processes, if there are any, are counted beside it.
Limits: 150 MB and 3 s with the Site alone, 320 MB and 7 s with everything, on 2 cores.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import sys
import tempfile
import time
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

from tests.acceptance.chats import STAFF_CHAT, Telegram
from tests.acceptance.process import Deskbot
from tests.integration.dovecot import Dovecot
from tests.integration.smtp_sink import SmtpSink

QUIET = 5.0
MEGABYTE = 1024


def resident(pid: int) -> int:
    """In MB."""
    found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    return int(found[1]) // MEGABYTE if found else 0


def children(pid: int) -> list[int]:
    found = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in map(int, (task / "children").read_text().split()):
            found += [child, *children(child)]
    return found


def processor_time(pid: int) -> float:
    """Seconds so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


async def measured(name: str, folder: Path, limits: str, **about: Any) -> None:
    desk = Deskbot(folder=folder, **about)
    try:
        began = time.monotonic()
        await desk.started()
        ready = time.monotonic() - began
        spent = processor_time(desk.pid)
        await asyncio.sleep(QUIET)
        beside = [resident(child) for child in children(desk.pid)]
        more = f" + {sum(beside)} MB in {len(beside)} parser processes" if beside else ""
        print(
            f"{name}: {resident(desk.pid)} MB{more}; ready in {ready:.1f} s ({spent:.1f} s of processor time); limit {limits}", flush=True
        )
        await desk.stop()
    finally:
        desk.clean_up()


async def main(repeat: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for number in range(repeat):
            await measured("the Site alone", folder / f"site{number}", "150 MB, 3 s")
        async with AsyncExitStack() as stack:
            telegram = await stack.enter_async_context(Telegram(folder))
            smtp = await stack.enter_async_context(SmtpSink())
            dovecot = Dovecot()
            stack.callback(dovecot.cleanup)
            dovecot.start()
            await telegram.staff((901, "Олена"))
            for number in range(repeat):
                await measured(
                    "everything on",
                    folder / f"all{number}",
                    "320 MB, 7 s",
                    telegram=telegram.base_url,
                    token=telegram.token,
                    staff_chat=STAFF_CHAT,
                    imap=dovecot.port,
                    smtp=smtp.port,
                )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeat", type=int, default=2)
    asyncio.run(main(parser.parse_args().repeat))
