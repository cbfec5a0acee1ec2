"""Mails a second from an IMAP server to tickets: `python bench/mail_intake.py [--mails N]`.

A Dovecot holds N unread mails made by ../shared/tools/gen_mails.py (text and HTML, a third in windows-1251, replies and attachments among
them). A `deskbot run` of its own on a fresh SQLite file with its durable settings connects, fetches, stores, parses, splits and commits
tickets, and sends receipts to an SMTP server in this process meanwhile. What is measured is the time from its login to the last mail that
ended as a ticket or otherwise; the process's start is told apart. Limit: at least 150 mails a second on 2 cores.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

REPOSITORY = Path(__file__).parent.parent
sys.path.insert(0, str(REPOSITORY))

from tests.integration.dovecot import PASSWORD, USER, Dovecot, free_port  # noqa: E402
from tests.integration.smtp_sink import SmtpSink  # noqa: E402

MAKER = REPOSITORY.parent / "shared" / "tools" / "gen_mails.py"
PATIENCE = 120.0


def configuration(dovecot: Dovecot, sink: SmtpSink) -> str:
    return (
        f'[desk]\ndata_dir = "data"\n[site]\nport = {free_port()}\n[log]\nformat = "json"\n'
        '[[mail.mailboxes]]\nname = "support"\naddress = "support@desk.example"\n'
        f'[mail.mailboxes.imap]\nhost = "127.0.0.1"\nport = {dovecot.port}\nsecurity = "plain"\nuser = "{USER}"\n'
        f'[mail.mailboxes.smtp]\nhost = "127.0.0.1"\nport = {sink.port}\nsecurity = "plain"\nauth = false\n'
    )


def ended(database: Path) -> dict[str, int]:
    """Mails by what became of them."""
    if not database.exists():
        return {}
    try:
        with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
            return dict(connection.execute("SELECT state, count(*) FROM inbox GROUP BY state"))
    except sqlite3.OperationalError:
        return {}  # its tables are being made


async def measure(folder: Path, count: int) -> None:
    dovecot = Dovecot()
    dovecot.start()
    try:
        for file in sorted((folder / "mails" / "eml").glob("*.eml")):
            dovecot.deliver(file.read_bytes())
        async with SmtpSink() as sink:
            (folder / "config.toml").write_text(configuration(dovecot, sink))
            await _run(folder, sink, count)
    finally:
        dovecot.cleanup()


async def _run(folder: Path, sink: SmtpSink, count: int) -> None:
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY), "DESKBOT_MAIL__MAILBOXES__0__IMAP__PASSWORD": PASSWORD}
    log, database = folder / "log", folder / "data" / "deskbot.db"
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bot", "run", "--config", "config.toml", cwd=folder, env=environment, stdout=output, stderr=output
        )
    try:
        began = time.perf_counter()
        await _until(lambda: "mailbox_open" in text(log), process, log)
        opened, before = time.perf_counter(), processor_time(process.pid)
        await _until(lambda: is_done(database, count), process, log)
        took, found, used = time.perf_counter() - opened, ended(database), processor_time(process.pid) - before
        print(f"{count} mails from IMAP to their end in {took:.1f} s: {count / took:.0f}/s; start of the process {opened - began:.1f} s")
        print(
            f"  {used:.1f} s of processor time, its mail readers included: {2 * count / used:.0f}/s is what two free cores could do at most"
        )
        print(f"  {', '.join(f'{state} {number}' for state, number in sorted(found.items()))}; receipts sent meanwhile {len(sink.mails)}")
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
            await asyncio.wait_for(process.wait(), 20)


def is_done(database: Path, count: int) -> bool:
    found = ended(database)
    return sum(found.values()) >= count and not found.get("waiting")


def processor_time(pid: int) -> float:
    """Of a process and its children, in seconds."""
    total = 0.0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it ended meanwhile
        if int(stat.parent.name) == pid or int(fields[1]) == pid:
            total += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return total


def text(log: Path) -> str:
    return log.read_text(errors="replace")


async def _until(is_true: Callable[[], bool], process: asyncio.subprocess.Process, log: Path) -> None:
    deadline = time.perf_counter() + PATIENCE
    while not is_true():
        if process.returncode is not None or time.perf_counter() > deadline:
            sys.exit(text(log)[-3_000:])
        await asyncio.sleep(0.2)


def main(count: int) -> None:
    if not MAKER.exists():
        sys.exit(f"The workload is made by {MAKER.name}, which is kept beside the repository in shared/tools; it is not there.")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        subprocess.run([sys.executable, str(MAKER), "--n", str(count), "--out", str(folder / "mails")], check=True, capture_output=True)
        asyncio.run(measure(folder, count))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mails", type=int, default=1000)
    main(parser.parse_args().mails)
