"""From a message being there to its receipt being sent, start and memory: `python bench/telegram_latency.py [--updates N] [--rate N]`.

A real `deskbot run` on SQLite with the Site and Telegram on and no burst window, against the strict sandbox in its own process. Each
message comes from one of 60 clients, steadily at `--rate` a second (15); latency is measured from the message in the sandbox's queue to
the receipt in the client's chat. The server and this script share the machine with the desk, so the figures are on the safe side.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import signal
import socket
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from bot.channels.telegram.sandbox import DEFAULT_TOKEN, Remote

CLIENTS = range(1000, 1060)
STAFF_CHAT = -1001
CONFIG = """
[desk]
data_dir = "data"
[site]
port = {port}
[telegram]
token = "{token}"
api_base = "{base}"
staff_chat = "{chat}"
[intake]
gap = "0s"
"""


@asynccontextmanager
async def process(*arguments: str, folder: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    """`python -m …`, ended at the end of the block."""
    started = await asyncio.create_subprocess_exec(
        sys.executable, "-m", *arguments, cwd=folder, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        yield started
    finally:
        if started.returncode is None:
            started.send_signal(signal.SIGTERM)
        await started.communicate()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def resident(pid: int) -> int:
    """Resident memory in MB."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) // 1024


def cpu(pid: int) -> float:
    """Seconds of processor time so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


async def polled(remote: Remote, desk: asyncio.subprocess.Process) -> None:
    while not (await remote.do("counts")).get("getUpdates"):
        if desk.returncode is not None:
            sys.exit(f"the desk ended with {desk.returncode} before it polled")
        await asyncio.sleep(0.05)


async def write(remote: Remote, updates: int, rate: float) -> dict[int, float]:
    """Write at an even pace; when each message was there."""
    start, written = time.time(), {}
    for number in range(updates):
        await asyncio.sleep(max(0.0, start + number / rate - time.time()))
        client = CLIENTS[number % len(CLIENTS)]
        written[number] = time.time()
        await remote.do("write", chat=client, user=client, text=f"Не друкує принтер н{number} на складі")
    return written


async def receipts(remote: Remote) -> dict[int, float]:
    """When each message's receipt was in its chat."""
    found: dict[int, float] = {}
    for call in await remote.do("calls", method="sendMessage"):
        number = re.search(r"принтер н(\d+)", call["params"]["text"])
        if number and call["params"]["chat_id"] != STAFF_CHAT:
            found.setdefault(int(number[1]), call["at"])
    return found


def percentile(sorted_values: list[float], share: float) -> int:
    """In milliseconds."""
    return round(sorted_values[min(len(sorted_values) - 1, int(len(sorted_values) * share))] * 1000)


async def main(updates: int, rate: float) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        async with process("bot.channels.telegram.sandbox", folder=Path(__file__).parent.parent) as sandbox:
            assert sandbox.stdout
            base = (await sandbox.stdout.readline()).decode().split()[5]
            (folder / "config.toml").write_text(CONFIG.format(token=DEFAULT_TOKEN, base=base, chat=STAFF_CHAT, port=free_port()))
            async with Remote(base) as remote:
                for client in CLIENTS:
                    await remote.do("add_user", user=client, first_name=f"Клієнт {client}")
                await remote.do("add_group", chat=STAFF_CHAT, title="Підтримка", members=[CLIENTS[0]])
                started_at = time.time()
                async with process("bot", "run", "--config", str(folder / "config.toml"), folder=folder) as desk:
                    await polled(remote, desk)
                    print(f"start to the first poll: {time.time() - started_at:.1f} s ({cpu(desk.pid):.1f} s of processor time)")
                    await asyncio.sleep(2)
                    print(f"resident memory, idle: {resident(desk.pid)} MB")
                    used = cpu(desk.pid)
                    written = await write(remote, updates, rate)
                    await asyncio.sleep(2)
                    got = await receipts(remote)
                    spent = cpu(desk.pid) - used
                    print(f"resident memory after {updates} updates: {resident(desk.pid)} MB")
    waits = sorted(at - written[number] for number, at in got.items())
    figures = " ".join(f"p{round(share * 100)} {percentile(waits, share)} ms" for share in (0.5, 0.95, 0.99))
    print(f"receipts: {len(got)} of {updates} at {rate:g}/s, {figures}, longest {percentile(waits, 1)} ms")
    print(f"processor time per update: {spent / updates * 1000:.0f} ms")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--updates", type=int, default=300)
    parser.add_argument("--rate", type=float, default=15.0)
    given = parser.parse_args()
    asyncio.run(main(given.updates, given.rate))
