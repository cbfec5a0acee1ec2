"""How long the event loop stands still while a 20 MB mail comes in and an answer with a 15 MB file goes out: `python bench/mail_stall.py`.

Dovecot, SQLite with its durable settings, the parsing process, the file store and an SMTP server in a process of its own are real. Then
every mail beside the repository is read once, and the slowest are named. Limits: 50 ms a stall, 1 s a mail.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from bot.channels.mail.parse import parse  # noqa: E402
from tests.channels.mail.big import stalls  # noqa: E402
from tests.integration.dovecot import Dovecot  # noqa: E402

MAILS = ROOT.parent / "shared" / "mails"
SHOWN = 3


def main() -> None:
    dovecot = Dovecot()
    dovecot.start()
    try:
        with tempfile.TemporaryDirectory() as folder:
            for stage, (longest, own) in asyncio.run(stalls(Path(folder), dovecot)).items():
                print(f"{stage:<28}{own * 1000:6.1f} ms of our own computing, {longest * 1000:.1f} ms in all")
    finally:
        dovecot.stop()
    if MAILS.is_dir():
        took = sorted(((_seconds(path), path.name) for path in MAILS.rglob("*") if path.is_file()), reverse=True)
        slowest = ", ".join(f"{name} {seconds:.2f} s" for seconds, name in took[:SHOWN])
        print(f"{len(took)} mails read, the slowest in processor time: {slowest}")


def _seconds(path: Path) -> float:
    raw = path.read_bytes()
    started = time.process_time()
    parse(raw)
    return time.process_time() - started


if __name__ == "__main__":
    main()
