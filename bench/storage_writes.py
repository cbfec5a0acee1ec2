"""How fast the storage takes in what a mail makes: `python bench/storage_writes.py [URL] [--mails N] [--commit N]`.

Each mail is one inbox row (4 kB raw, put in batches of 50), one contact, two tickets with their messages, events, clocks and links,
and three deliveries; `--commit` mails (50) share one claim and one commit. Without a URL: an SQLite file in a temporary folder.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from bot.model import (
    BOT,
    Actor,
    Address,
    ClockKind,
    Contact,
    Delivery,
    Event,
    Link,
    Message,
    MessageKind,
    Priority,
    Route,
    Ticket,
    TicketClock,
)
from bot.ports import Disposition, InboxItem, InboxResult, RawEvent, Storage, UnitOfWork
from bot.storage import open_storage

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
BODY = "Добрий день! Не друкує чек на касі, і не сходяться залишки. " * 10
ROWS: Counter[str] = Counter()


async def intake(uow: UnitOfWork, item: InboxItem) -> InboxResult:
    """The calls that one mail from an unknown sender causes."""
    sender = Address(channel="mail", value=item.conversation)
    contact = await uow.people.contact_at(sender)
    if contact is None:
        contact = await uow.people.add_contact(name=sender.value, client_id=None, language="uk", addresses=[sender])
        ROWS["contacts"] += 2
    route = Route(channel="mail", recipient=sender.value)
    await uow.tickets.find_links("mail", "", [f"<reply-{item.id}@example.com>"])
    await uow.outbox.count_automatic(since=NOW - timedelta(days=1), route=route)
    numbers = await uow.tickets.allocate(2)
    words = await uow.tickets.allocate_messages(2)
    for number, word in zip(numbers, words, strict=True):
        add_ticket(uow, item, contact, route, number, word)
    staff = Route(channel="telegram", recipient="-1001")
    told = [("receipt", route), *((f"card:{number}", staff) for number in numbers)]
    for kind, to in told:
        key = f"{kind}:{item.id}"
        body = {"text": BODY[:200], "tickets": numbers}
        uow.outbox.add(
            Delivery(
                key=key, route=to, kind="card", body=body, created_at=NOW, edit_key=kind if to is staff else None, ticket_ids=tuple(numbers)
            )
        )
    ROWS.update({"tickets": 2, "messages": 2, "events": 2, "clocks": 2, "links": 2, "outbox": 3, "inbox": 1})
    return InboxResult(item_id=item.id, disposition=Disposition.TICKETED, ticket_ids=tuple(numbers))


def add_ticket(uow: UnitOfWork, item: InboxItem, contact: Contact, route: Route, number: int, word: int) -> None:
    author = Actor.contact(contact)
    uow.tickets.add(
        Ticket(
            id=number,
            title=BODY[:40],
            contact_id=contact.id,
            received_at=NOW,
            created_at=NOW,
            channel="mail",
            route=route,
            spans=((0, 40),),
        )
    )
    uow.tickets.add_message(
        Message(id=word, ticket_id=number, kind=MessageKind.INBOUND, author=author, text=BODY, at=NOW, inbox_id=item.id)
    )
    uow.tickets.add_event(Event(ticket_id=number, kind="opened", actor=BOT, at=NOW, because="two questions", data={"spans": [[0, 40]]}))
    uow.tickets.add_link(Link(channel="mail", conversation="", external_id=item.external_id, ticket_id=number, kind="inbound"))
    clock = TicketClock(
        id=0,
        ticket_id=number,
        kind=ClockKind.REACTION,
        priority=Priority.MEDIUM,
        calendar="weekdays",
        target=timedelta(hours=24),
        started_at=NOW,
        due_at=NOW + timedelta(hours=24),
        next_nudge_at=NOW + timedelta(hours=20),
    )
    uow.clocks.add(clock)


async def put_all(storage: Storage, mails: int) -> None:
    events = [
        RawEvent(
            channel="mail",
            source="support@example.com",
            external_id=f"<{number}@example.com>",
            conversation=f"person{number}@example.com",
            raw=BODY.encode() * 4,
            received_at=NOW,
        )
        for number in range(mails)
    ]
    for start in range(0, mails, 50):
        async with storage.write() as uow:
            await uow.inbox.put(events[start : start + 50], now=NOW)
            await uow.commit()


async def work_all(storage: Storage, batch: int) -> None:
    while True:
        async with storage.write() as uow:
            claimed = [item for items in await uow.inbox.claim(now=NOW, limit=batch, lease=timedelta(minutes=5)) for item in items]
            await uow.commit()
        if not claimed:
            return
        async with storage.write() as uow:
            uow.inbox.finish([await intake(uow, item) for item in claimed], now=NOW)
            await uow.commit()


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url", nargs="?")
    parser.add_argument("--mails", type=int, default=1000)
    parser.add_argument("--commit", type=int, default=50)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        storage = await open_storage(given.url or f"sqlite:///{folder}/bench.db")
        started = time.perf_counter()
        await put_all(storage, given.mails)
        put = time.perf_counter()
        cpu = time.process_time()
        await work_all(storage, given.commit)
        done = time.perf_counter()
        rows = ROWS.total()
        print(f"put:  {given.mails / (put - started):8.0f} events/s, 50 a commit")
        print(f"work: {given.mails / (done - put):8.0f} mails/s, {rows / (done - put):.0f} rows/s, {given.commit} a commit")
        print(f"      {1000 * (time.process_time() - cpu) / given.mails:8.2f} ms of CPU a mail, {rows / given.mails:.0f} rows a mail")
        print(f"both: {given.mails / (done - started):8.0f} mails/s")
        await storage.close()


asyncio.run(main())
