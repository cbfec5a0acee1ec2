"""What a desk does with the updates that came while it was down: `python bench/telegram_backlog.py [--updates N]`.

N messages (10,000) of 500 people wait in the strict sandbox, then a real `deskbot run` on SQLite (synchronous=FULL) starts. Measured from
its first poll: until all are committed (Telegram has been told of the last one), and until all are tickets. The sandbox shares the machine.
"""

from __future__ import annotations

import argparse
import asyncio
import sqlite3
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))
sys.path.insert(0, str(Path(__file__).parent))

from telegram_latency import CONFIG, STAFF_CHAT, cpu, free_port, process, resident

from bot.channels.telegram.sandbox import DEFAULT_TOKEN, Sandbox

PEOPLE = range(1000, 1500)


def queue(sandbox: Sandbox, updates: int) -> None:
    """An hour's worth of questions, each a thought of its own."""
    for person in PEOPLE:
        sandbox.world.add_user(person, f"Клієнт {person}")
    sandbox.world.add_group(STAFF_CHAT, "Підтримка", members=[PEOPLE[0]])
    began = int(time.time()) - 3600
    for number in range(updates):
        person = PEOPLE[number % len(PEOPLE)]
        text = f"Не друкує принтер н{number} на складі"
        sandbox.world.write(person, person, text, at=began + number * 3600 // updates)


def tickets(file: Path) -> int:
    try:
        with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as database:
            return int(database.execute("SELECT count(*) FROM inbox WHERE finished_at IS NOT NULL").fetchone()[0])
    except sqlite3.OperationalError:
        return 0


async def main(updates: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        async with Sandbox() as sandbox:
            queue(sandbox, updates)
            settings = CONFIG.format(token=DEFAULT_TOKEN, base=sandbox.base_url, chat=STAFF_CHAT, port=free_port())
            (folder / "config.toml").write_text(settings)
            async with process("bot", "run", "--config", str(folder / "config.toml"), folder=folder) as desk:
                await sandbox.journal.until(lambda: sandbox.journal.counts["getUpdates"] > 0, 120)
                first_poll, used = time.monotonic(), cpu(desk.pid)

                def took() -> str:
                    return f"{time.monotonic() - first_poll:.1f} s after the first poll ({cpu(desk.pid) - used:.1f} s of processor time)"

                await sandbox.journal.until(lambda: not sandbox.world.updates.pending, 600)
                print(f"{updates} updates committed {took()}")
                while tickets(folder / "data" / "deskbot.db") < updates:  # noqa: ASYNC110 - another process has the news
                    await asyncio.sleep(0.5)
                print(f"all of them are tickets {took()}; resident memory {resident(desk.pid)} MB")
                cards = [call for call in sandbox.journal.calls if call.method == "sendMessage" and call.params["chat_id"] == STAFF_CHAT]
                receipts = [call for call in sandbox.journal.calls if call.method == "sendMessage" and call.params["chat_id"] > 0]
                print(f"meanwhile sent: {len(receipts)} receipts, {len(cards)} messages to the staff group")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--updates", type=int, default=10_000)
    asyncio.run(main(parser.parse_args().updates))
