"""A 20 MB mail all the way: fetched by IMAP, stored, read, its file kept, and an answer with a large file sent.
Measured by `bench/mail_stall.py` and a soak test."""

from __future__ import annotations

import asyncio
import gc
import os
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from email.message import EmailMessage
from pathlib import Path

from bot.channels.inbox import InboxWorker
from bot.channels.mail.access import MailboxAccess
from bot.channels.mail.channel import MailChannel
from bot.channels.mail.isolation import Parser
from bot.channels.mail.options import Mailbox, MailOptions
from bot.channels.mail.parse import NOBODY, Keeping
from bot.channels.mail.smtp import RelayAccess
from bot.channels.outbox import OutboxWorker
from bot.files import MEGABYTE, FileLimits, Shelf
from bot.model import Attachment
from bot.ports import Storage
from bot.storage import open_storage
from tests.builders import build_world
from tests.integration.dovecot import PASSWORD, USER, Dovecot, free_port
from tests.stall import watched

SUPPORT = "support@desk.example"


def big_mail(megabytes: int) -> bytes:
    """So much over the wire: base64 makes four bytes of three."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"], mail["Message-ID"] = "iryna@shop.example", SUPPORT, "База", "<big@shop.example>"
    mail.set_content("Не відкривається база, копію додаю.")
    mail.add_attachment(os.urandom(megabytes * MEGABYTE * 54 // 74), maintype="application", subtype="zip", filename="база.zip")
    return mail.as_bytes()


async def stalls(folder: Path, dovecot: Dovecot, *, megabytes: int = 20, answer: int = 15) -> dict[str, tuple[float, float]]:
    """The longest stall of each stage in seconds: in all, and by our own computing."""
    found: dict[str, tuple[float, float]] = {}
    async with AsyncExitStack() as stack:
        storage = await open_storage(f"sqlite:///{folder}/desk.db")
        stack.push_async_callback(storage.close)
        port = await stack.enter_async_context(_sink())
        world = await build_world(storage)
        shelf = Shelf(folder / "files")
        channel = MailChannel(
            options=MailOptions(mailboxes=(_mailbox(dovecot, port),), secret=b"0123456789abcdef"),
            storage=storage,
            desk=world.desk,
            intake=world.intake,
            clock=world.clock,
            parser=Parser(NOBODY, Keeping(shelf=shelf, limits=FileLimits(size=20 * MEGABYTE))),
            shelf=shelf,
        )
        stack.push_async_callback(channel.close)
        workers = {"mail": channel}
        inbox = InboxWorker(storage=storage, channels=workers, clock=world.clock)
        outbox = OutboxWorker(storage=storage, channels=workers, clock=world.clock)
        raw = big_mail(megabytes)
        await asyncio.to_thread(dovecot.deliver, raw)
        manual = await asyncio.to_thread(shelf.put, os.urandom(answer * MEGABYTE))
        gc.collect()
        gc.freeze()  # as the service does when it is built
        meter = await stack.enter_async_context(watched())
        receiving = asyncio.create_task(channel.receive())
        stack.callback(receiving.cancel)
        while not await _stored(storage):  # noqa: ASYNC110 - the database cannot set an event
            await asyncio.sleep(0.05)
        found["fetched and stored"] = meter.forget()
        await inbox.drain()
        found["read and taken in"] = meter.forget()
        await outbox.drain()
        meter.forget()
        async with storage.write() as uow:
            [row] = await uow.tickets.queue(limit=1)
            file = Attachment(name="інструкція.zip", content_type="application/zip", size=answer * MEGABYTE, ref=manual)
            await world.desk.reply(uow, row.ticket.id, world.olena, "Ось виправлена база.", (file,))
            await uow.commit()
        await outbox.drain()
        found["answer with a file sent"] = meter.forget()
        async with storage.read() as uow:
            assert not await uow.outbox.dead_rows()
            assert len(await uow.files.of_ticket(row.ticket.id)) == 2
    return found


async def _stored(storage: Storage) -> bool:
    async with storage.read() as uow:
        return await uow.inbox.next_ready_at() is not None


def _mailbox(dovecot: Dovecot, smtp: int) -> Mailbox:
    access = MailboxAccess(host="127.0.0.1", port=dovecot.port, user=USER, password=PASSWORD, is_plain=True)
    return Mailbox(name="support", address=SUPPORT, access=access, relay=RelayAccess(host="127.0.0.1", port=smtp, security="plain"))


@asynccontextmanager
async def _sink() -> AsyncIterator[int]:
    """An SMTP server in a process of its own: in this one it would hold up the loop that is measured."""
    port = free_port()
    command = [sys.executable, "-m", "aiosmtpd", "-n", "-l", f"127.0.0.1:{port}", "-c", "aiosmtpd.handlers.Sink"]
    process = await asyncio.create_subprocess_exec(*command)
    try:
        for _ in range(100):
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.close()
                break
            except OSError:
                await asyncio.sleep(0.1)
        yield port
    finally:
        process.terminate()
        await process.wait()
