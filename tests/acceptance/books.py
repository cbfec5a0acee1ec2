"""What a desk has in its books, read from outside: the sum of promise 4, tickets with their words, deliveries by state."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from bot.model import Event, Message, MessageKind, Ticket, TicketClock
from bot.ports import Quarantined, Storage
from bot.storage import open_storage

MOST = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A ticket and everything around it."""

    ticket: Ticket
    messages: tuple[Message, ...]
    events: tuple[Event, ...]
    clocks: tuple[TicketClock, ...]

    @property
    def first_words(self) -> str:
        return next(message.text for message in self.messages if message.kind is MessageKind.INBOUND)


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """One reading. `sums` has, per channel, received = ticketed + follow_ups + set_aside + waiting + quarantined."""

    cases: tuple[Case, ...]
    sums: dict[str, Counter[str]]
    reasons: dict[str, Counter[str]]
    outbox: dict[str, int]
    quarantined: tuple[Quarantined, ...]

    def case(self, number: int) -> Case:
        return next(case for case in self.cases if case.ticket.id == number)

    def balanced(self, channel: str) -> Counter[str]:
        """The sum of a channel, checked: every message is accounted for."""
        total = self.sums.get(channel, Counter())
        assert total["received"] == sum(total[name] for name in total if name != "received"), total
        return total


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Storage]:
    storage = await open_storage(url)
    try:
        yield storage
    finally:
        await storage.close()


async def read(url: str) -> Books:
    """Everything, whether or not a desk is running on it."""
    async with opened(url) as storage, storage.read() as uow:
        days = await uow.inbox.accounting(since=date(2000, 1, 1))
        tickets = await uow.tickets.get_many(await _numbers(storage))
        cases = [
            Case(
                ticket=ticket,
                messages=tuple(await uow.tickets.messages(ticket.id)),
                events=tuple(await uow.tickets.events(ticket.id)),
                clocks=tuple(await uow.clocks.of_ticket(ticket.id)),
            )
            for ticket in tickets
        ]
        outbox = dict(await uow.outbox.backlog())
        quarantined = tuple(await uow.inbox.quarantined(limit=MOST))
    sums: dict[str, Counter[str]] = {}
    reasons: dict[str, Counter[str]] = {}
    for day in days:
        total = sums.setdefault(day.channel, Counter())
        for name in ("received", "ticketed", "follow_ups", "set_aside", "waiting", "quarantined"):
            total[name] += getattr(day, name)
        reasons.setdefault(day.channel, Counter()).update(day.set_aside_reasons)
    return Books(cases=tuple(cases), sums=sums, reasons=reasons, outbox=outbox, quarantined=quarantined)


async def _numbers(storage: Storage) -> list[int]:
    """All numbers given out so far, open and closed tickets alike."""
    async with storage.write() as uow:
        [fresh] = await uow.tickets.allocate(1)  # left without commit
    return list(range(1, fresh))


@dataclass(frozen=True, slots=True, kw_only=True)
class UnderWay:
    """What a killed process had in its hands, read from the SQLite file itself."""

    stored: dict[str, int]
    interpreting: int
    sending: tuple[Sending, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """A delivery that is claimed and not recorded. A summary of new tickets is about all that it names."""

    channel: str
    recipient: str
    numbers: frozenset[int]
    kind: str
    may_be_out: bool

    @classmethod
    def read(cls, channel: str, recipient: str, numbers: str, kind: str, body: str, may_be_out: int) -> Sending:
        about = [ticket["id"] for ticket in json.loads(body)["tickets"]] if kind == "backlog" else json.loads(numbers)
        return cls(channel=channel, recipient=recipient, numbers=frozenset(about), kind=kind, may_be_out=bool(may_be_out))


def under_way(file: Path) -> UnderWay:
    """Straight from the file: opening it the usual way is what the next process does."""
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as database:
        stored = dict(database.execute("SELECT channel, count(*) FROM inbox GROUP BY channel"))
        interpreting = database.execute("SELECT count(*) FROM inbox WHERE leased_until IS NOT NULL AND finished_at IS NULL").fetchone()[0]
        wanted = "SELECT channel, recipient, ticket_ids, kind, body, may_be_out FROM outbox WHERE state = 'sending'"
        sending = tuple(Sending.read(*row) for row in database.execute(wanted))
    return UnderWay(stored=stored, interpreting=interpreting, sending=sending)


def waiting_for_clients(file: Path) -> int:
    """Deliveries to clients that are neither made nor given up."""
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as database:
        wanted = "state IN ('new', 'sending', 'unsure') AND (channel = 'mail' OR (channel = 'telegram' AND recipient NOT LIKE '-%'))"
        return int(database.execute(f"SELECT count(*) FROM outbox WHERE {wanted}").fetchone()[0])


def newest_update(file: Path) -> int:
    """The highest Telegram update in the inbox; 0 when there is none."""
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as database:
        rows = database.execute("SELECT raw FROM inbox WHERE channel = 'telegram'").fetchall()
    return max((int(json.loads(raw)["update_id"]) for (raw,) in rows), default=0)


class WriteLock:
    """Holds the SQLite file's write lock: whoever wants to commit waits. `with WriteLock(file):`"""

    def __init__(self, file: Path) -> None:
        self._database = sqlite3.connect(file, isolation_level=None, timeout=30)

    def __enter__(self) -> WriteLock:
        self._database.execute("BEGIN IMMEDIATE")
        return self

    def __exit__(self, *_: object) -> None:
        self._database.rollback()
        self._database.close()
