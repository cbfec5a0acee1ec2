"""A month read from the store, page by page, and counted (`bot.sla.numbers`)."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.errors import Rejected
from bot.model import ClockKind, Event
from bot.ports import QueueRow, Storage
from bot.sla.claims import urgency
from bot.sla.numbers import READ, Entry, Report, entry, lines
from bot.sla.policy import Policy

PAGE = 100
# Of an instant before it some zones and databases can no longer tell the time.
EARLIEST = 1970


def month_bounds(text: str, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """ "2026-11" → its first instant and the next month's, on the desk's wall clock. Raises Rejected."""
    found = re.fullmatch(r"(\d{4})-(\d{1,2})", text.strip())
    try:
        year, month = (int(each) for each in found.groups()) if found else (0, 0)
        if year < EARLIEST:
            raise ValueError
        start = datetime(year, month, 1, tzinfo=zone)
        return start, datetime(year + month // 12, month % 12 + 1, 1, tzinfo=zone)
    except ValueError:
        raise Rejected("«{text}» не є місяцем. Напишіть, наприклад, 2026-11.", text=text.strip()) from None


async def read_report(
    storage: Storage, policy: Policy, *, since: datetime, until: datetime, now: datetime, client: str | None = None
) -> Report:
    """The clocks that started in `[since, until)`, of all clients or the one of this name, counted at `now`."""
    entries: list[Entry] = []
    claims: list[tuple[QueueRow, Sequence[Event]]] = []
    at, after_id = since, 0
    while True:
        async with storage.read() as uow:
            page = await uow.clocks.started(since=at, after_id=after_id, until=until, limit=PAGE)
            wanted = [row for row in page if client is None or row.client_name == client]
            events = await uow.tickets.events_of(sorted({row.ticket.id for row in wanted}), READ) if wanted else []
        by_ticket: dict[int, list[Event]] = {}
        for event in events:
            by_ticket.setdefault(event.ticket_id, []).append(event)
        for row in wanted:
            story = by_ticket.get(row.ticket.id, [])
            entries.append(entry(row, story, policy, now=now))
            if row.clock is not None and row.clock.kind is ClockKind.REACTION:
                claims.append((row, story))
        if len(page) < PAGE:
            break
        last = page[-1].clock
        assert last is not None
        at, after_id = last.started_at, last.id
        await asyncio.sleep(0)
    # A busy month takes a while to count, and others are served meanwhile.
    return await asyncio.to_thread(_counted, entries, claims, since, until)


def _counted(entries: Sequence[Entry], claims: Sequence[tuple[QueueRow, Sequence[Event]]], since: datetime, until: datetime) -> Report:
    return Report(since=since, until=until, entries=tuple(entries), lines=lines(entries), urgency=urgency(claims))
