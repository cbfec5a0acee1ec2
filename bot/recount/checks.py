"""What must never be, asked of the database in plain SQL. Each finding is a code with numbers; the command says it in words."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bot.recount.count import Rows, Snapshot
from bot.recount.story import instant

# So long something may lie about while everything works: a slow channel, a tick that waits for the database.
PATIENCE = timedelta(minutes=15)
NAMED = 10
PORTION = 5_000


@dataclass(frozen=True)
class Finding:
    """`count` of them; `which` names the first few (tickets, rows or days, by the code)."""

    code: str
    count: int
    which: tuple[str, ...] = ()


# A code, and which ones: the first column of each row is named. `:now` and `:before` (now less the patience) may be asked for.
QUESTIONS = {
    "clock_without_ticket": "SELECT c.id FROM ticket_clocks c LEFT JOIN tickets t ON t.id = c.ticket_id WHERE t.id IS NULL",
    "running_on_closed": """
        SELECT DISTINCT t.id FROM ticket_clocks c JOIN tickets t ON t.id = c.ticket_id
        WHERE t.closed_at IS NOT NULL AND c.state IN ('running', 'claimed', 'paused')""",
    "never_nudged": """
        SELECT DISTINCT t.id FROM ticket_clocks c JOIN tickets t ON t.id = c.ticket_id
        WHERE t.closed_at IS NULL AND c.state IN ('running', 'claimed') AND c.next_nudge_at IS NULL""",
    "nudges_late": """
        SELECT DISTINCT ticket_id FROM ticket_clocks WHERE state IN ('running', 'claimed') AND next_nudge_at < :before""",
    "sending_for_ever": "SELECT id FROM outbox WHERE state = 'sending' AND leased_until < :before",
    "delivery_waits": """
        SELECT id FROM outbox WHERE state IN ('new', 'unsure') AND created_at < :before
        AND (not_before_at IS NULL OR not_before_at < :before)""",
    "delivery_dead": "SELECT id FROM outbox WHERE state = 'dead'",
    "message_waits": """
        SELECT id FROM inbox WHERE state = 'waiting' AND ready_at < :before AND (leased_until IS NULL OR leased_until < :before)""",
    "message_quarantined": "SELECT id FROM inbox WHERE state = 'quarantined'",
}
INBOX = """
SELECT id, channel, arrived_at, state, ticket_ids FROM inbox WHERE id > :after AND arrived_at >= :since ORDER BY id LIMIT :many
"""
NUDGED = """
SELECT id, ticket_id, kind, data FROM events WHERE id > :after AND id <= :last AND kind = 'nudged' ORDER BY id
"""


async def questions(snapshot: Snapshot, *, now: datetime) -> AsyncIterator[Finding | None]:
    """The answer to each of `QUESTIONS`, None where all is well."""
    for code, sql in QUESTIONS.items():
        values = {name: at for name, at in (("now", now), ("before", now - PATIENCE)) if f":{name}" in sql}
        async with snapshot() as rows:
            [[many]] = await rows(f"SELECT count(*) FROM ({sql}) AS found", **values)  # noqa: S608, our own sentences
            found = await rows(f"{sql} ORDER BY 1 LIMIT {NAMED}", **values) if many else []
        yield Finding(code, many, tuple(str(row[0]) for row in found)) if many else None


async def sums(snapshot: Snapshot, *, since: datetime) -> AsyncIterator[int | Finding]:
    """Promise 4 by channel and day: what was received became tickets that are there. How many rows were looked at, and what differs."""
    after, lost = 0, list[str]()
    while True:
        async with snapshot() as rows:
            page = await rows(INBOX, after=after, since=since, many=PORTION)
            wanted = {number: _numbers(ids) for number, _, _, state, ids in page if state in ("ticketed", "follow_up")}
            known = await _known(rows, {each for ids in wanted.values() for each in ids})
        for number, channel, arrived, _, _ in page:
            if number in wanted and (not wanted[number] or wanted[number] - known):
                day = instant(arrived)
                lost.append(f"{day:%Y-%m-%d} {channel} #{number}")
        if not page:
            break
        after = page[-1][0]
        yield len(page)
    if lost:
        yield Finding("message_lost", len(lost), tuple(lost[:NAMED]))


async def nudges(snapshot: Snapshot, *, since: datetime) -> AsyncIterator[int | Finding]:
    """Each nudge once: no two of one clock, generation and step, and none of a generation that the clock has not reached."""
    async with snapshot() as rows:
        [[first, last]] = await rows("SELECT min(id), max(id) FROM events WHERE at >= :since", since=since)
    reached: dict[int, tuple[int, int]] = {}
    seen: set[tuple[int, int, int]] = set()
    twice, ahead = list[int](), list[int]()
    after = (first or 1) - 1
    while after < (last or 0):
        async with snapshot() as rows:
            page = [(ticket, _json(data)) for _, ticket, _, data in await rows(NUDGED, after=after, last=after + PORTION)]
            if page:
                low, high = min(ticket for ticket, _ in page), max(ticket for ticket, _ in page)
                clocks = await rows(
                    "SELECT id, generation, step FROM ticket_clocks WHERE ticket_id BETWEEN :low AND :high", low=low, high=high
                )
                reached = {number: (generation, step) for number, generation, step in clocks}
        for ticket, data in page:
            key = (data["clock_id"], data["generation"], data["step"])
            generation, step = reached.get(data["clock_id"], (0, 0))
            if key in seen:
                twice.append(ticket)
            if data["generation"] > generation or data["step"] >= step:
                ahead.append(ticket)
            seen.add(key)
        after += PORTION
        yield len(page)
    for code, found in (("nudged_twice", twice), ("nudge_ahead", ahead)):
        if found:
            yield Finding(code, len(found), tuple(str(each) for each in sorted(set(found))[:NAMED]))


async def last_tick(snapshot: Snapshot, *, now: datetime) -> Finding | None:
    """The service ticks, as long as anything is owed."""
    at = await ticked_at(snapshot)
    async with snapshot() as rows:
        owed = await rows("SELECT count(*) FROM ticket_clocks WHERE state IN ('running', 'claimed')")
    return Finding("no_tick", owed[0][0]) if owed[0][0] and (at is None or now - at > PATIENCE) else None


async def ticked_at(snapshot: Snapshot) -> datetime | None:
    """When the service ticked last, None if it never did."""
    async with snapshot() as rows:
        stored = await rows("SELECT value FROM facts WHERE key = 'last_tick_at'")
    return instant(_json(stored[0][0])) if stored else None


async def _known(rows: Rows, numbers: set[int]) -> set[int]:
    if not numbers:
        return set()
    found = await rows("SELECT id FROM tickets WHERE id BETWEEN :low AND :high", low=min(numbers), high=max(numbers))
    return {number for [number] in found}


def _numbers(ids: Any) -> set[int]:
    return set(_json(ids) or ())


def _json(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value
