"""Files and kills: however often the process dies while mails with files come in, every ticket has its file, whole, and no row lacks one.

Run by processes, killed at any line.
"""

from __future__ import annotations

import asyncio
import hashlib
import random
import signal
import subprocess
import sys
from email.message import EmailMessage
from pathlib import Path

from bot.files import Shelf
from bot.storage import open_storage
from tests.acceptance.process import command, environment

MAILS = 40
KILLS = 6


def content(number: int) -> bytes:
    """What the file of a mail holds: 200 kB that no other has."""
    return random.Random(number).randbytes(200_000)


def write_mails(folder: Path) -> None:
    folder.mkdir()
    for number in range(MAILS):
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = f"olena{number}@example.com", "support@example.com", "Скан"
        mail["Message-ID"] = f"<{number}@example.com>"
        mail["Received"] = "from mx.example.com by mail.example.com; Tue, 24 Nov 2026 09:00:00 +0200"
        mail.set_content(f"Не друкує чек на касі {number}, скан додаю.")
        mail.add_attachment(content(number), maintype="image", subtype="png", filename="скан.png")
        (folder / f"{number}.eml").write_bytes(mail.as_bytes())


async def test_every_ticket_has_its_file_after_kills_in_all_places(tmp_path: Path) -> None:
    write_mails(tmp_path / "mails")
    chance = random.Random(7)
    for _ in range(KILLS):
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot", "ingest", "mail", "mails"),
            cwd=tmp_path,
            env=environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        # A start takes a second or more; the mails are done in less than another.
        try:
            await asyncio.wait_for(process.wait(), chance.uniform(1.0, 3.0))
        except TimeoutError:
            process.send_signal(signal.SIGKILL)
            await process.wait()
    done = await command("ingest", "mail", "mails", folder=tmp_path)
    assert done.code == 0, done.err
    assert "Ще чекають" not in done.err, "nobody waits for what a dead process held"
    storage = await open_storage(f"sqlite:///{tmp_path}/data/deskbot.db")
    async with storage.read() as uow:
        rows = await uow.tickets.queue(limit=1_000)
        files = [await uow.files.of_ticket(row.ticket.id) for row in rows]
        known = await uow.files.shelved()
    await storage.close()
    shelf = Shelf(tmp_path / "data" / "files")
    kept = sorted(hashlib.sha256(shelf.read(file.kept_as) or b"").hexdigest() for [file] in files)
    assert kept == sorted(hashlib.sha256(content(number)).hexdigest() for number in range(MAILS))
    assert known == set(shelf.refs()), "what is on the shelf and nobody speaks of was kept by a killed process, and found again"
    told = await command("db", "files", folder=tmp_path)
    assert (told.code, f"Файлів: {MAILS}. Бракує: 0. Нічиїх: 0." in told.out) == (0, True), told.out + told.err
