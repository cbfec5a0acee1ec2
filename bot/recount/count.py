"""The second count of a stretch of time: every promise that began in it, and the lines they add up to. Plain SQL, plain arithmetic."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import Any

from bot.recount.promises import About, Book, Promised
from bot.recount.story import Plans, Promise, Row, Story, heard, instant
from bot.recount.timeline import Timeline

CHUNK = 200
# Around the stretch, so that a long promise still finds its end. What began before it is not counted.
BEFORE = timedelta(days=2)
AFTER = timedelta(days=120)
# So long a service that works may take until a closing has moved the rows.
UNTIL_MOVED = timedelta(minutes=15)

Rows = Callable[..., Awaitable[list[tuple[Any, ...]]]]
Snapshot = Callable[[], AbstractAsyncContextManager[Rows]]
"""Opens one reading transaction, in which `rows(sql, **values)` gives tuples. Nothing is locked; each is over within a chunk."""

TICKETS = """
SELECT t.id, coalesce(c.name, ''), t.client_id, coalesce(p.name, ''), t.channel, coalesce(a.name, ''), t.category
FROM tickets t LEFT JOIN clients c ON c.id = t.client_id LEFT JOIN contacts p ON p.id = t.contact_id
 LEFT JOIN agents a ON a.id = t.assignee_id
WHERE t.id > :after AND (t.received_at >= :since OR t.last_word_at >= :since OR t.closed_at >= :since OR t.closed_at IS NULL)
ORDER BY t.id LIMIT :many
"""
EVENTS = """
SELECT ticket_id, kind, actor_kind, actor_name, at, because, data FROM events WHERE ticket_id BETWEEN :first AND :last
AND kind IN ('opened', 'claimed', 'answer', 'question', 'proposal', 'taken_back', 'client_spoke', 'reopened', 'closed', 'merged',
 'handed_over', 'absorbed', 'clock_moved', 'priority_set', 'reason_given', 'reason_denied', 'category_set', 'identified', 'assigned')
ORDER BY ticket_id, id
"""
CLOCKS = """
SELECT ticket_id, kind, ordinal, state, priority, started_at, due_at, met_at, breached_at, terms FROM ticket_clocks
WHERE ticket_id BETWEEN :first AND :last ORDER BY ticket_id, id
"""


@dataclass(frozen=True)
class Found:
    """One promise as the second count sees it. `is_taken_as_kept`: the deadline is the row's own word."""

    ticket: int
    kind: str
    priority: str
    client: str
    contact: str
    channel: str
    agent: str
    start: datetime
    due: datetime
    met: datetime | None
    verdict: str
    why: str
    reaction: timedelta | None
    claim: bool | None
    is_running: bool
    is_taken_as_kept: bool


async def count(
    snapshot: Snapshot, book: Book, lines: Mapping[str, Timeline], *, since: datetime, until: datetime, now: datetime
) -> AsyncIterator[list[Found]]:
    """The promises that began in `[since, until)`, chunk by chunk of tickets. `lines` are `book.timelines` over the stretch and around."""
    async with snapshot() as rows:
        plans = {number: (name, plan or "") for number, name, plan in await rows("SELECT id, name, plan_name FROM clients")}
    after = 0
    while True:
        async with snapshot() as rows:
            tickets = [Row(*each) for each in await rows(TICKETS, after=after, since=since, many=CHUNK)]
            if not tickets:
                return
            span = {"first": tickets[0].id, "last": tickets[-1].id}
            events, clocks = defaultdict(list), defaultdict(list)
            for number, *event in await rows(EVENTS, **span):
                events[number].append(tuple(event))
            for number, *clock in await rows(CLOCKS, **span):
                clocks[number].append(clock)
        found = []
        for ticket in tickets:
            story = _story(ticket, events[ticket.id], book, lines, plans)
            kept = {(kind, ordinal): clock for kind, ordinal, *clock in clocks[ticket.id]}
            found += _of(story, kept, book, lines[book.desk], now)
        yield [each for each in found if since <= each.start < until]
        after = tickets[-1].id


def _story(ticket: Row, events: list[tuple[Any, ...]], book: Book, lines: Mapping[str, Timeline], plans: Plans) -> Story:
    try:
        return heard(ticket, events, book, lines, plans)
    except LookupError:
        # A promise longer than the timeline: what its row says is all there is.
        story = Story(ticket, book, lines, plans, is_known=True)
        story.is_as_kept = True
        return story


def _of(story: Story, kept: Mapping[tuple[str, int], list[Any]], book: Book, desk: Timeline, now: datetime) -> list[Found]:
    if story.is_as_kept:
        return [_found(each, story, desk, now) for each in _as_kept(kept)]
    # A solution that has no row was not promised then; a row that nothing promises now was promised by other settings.
    promises = [each for each in story.promises if each.kind != "solution" or (each.kind, each.number) in kept]
    for each in promises:
        _heed(each, kept.get((each.kind, each.number)), book, now)
    told = {(each.kind, each.number) for each in promises}
    promises += _as_kept({key: clock for key, clock in kept.items() if key not in told})
    return [_found(each, story, desk, now) for each in promises]


def _heed(promise: Promise, clock: list[Any] | None, book: Book, now: datetime) -> None:
    """Promised when the settings were others, or moved in a way that only the row knows: its deadline is taken from it."""
    if clock is None:
        return
    _state, _priority, _started, due, _met, breached, terms = clock
    said = _terms(terms)
    _heed_closings(promise, instant(due) or promise.due, instant(breached), book, now)
    if promise.is_taken_as_kept or (said is not None and said != promise.promised):
        promise.due, promise.is_taken_as_kept = instant(due) or promise.due, True


def _heed_closings(promise: Promise, due: datetime, breached: datetime | None, book: Book, now: datetime) -> None:
    """What came of a promise before a closing was announced, cut short or in the rows stays as it was. Neither the table of closings, which
    has only their last form, nor the history tells which deadline held then: the row does. It is asked only where that matters."""
    week = book.weeks.get(promise.counts_by)
    if week is None or not week.heeds_closings:
        return
    has_ended = promise.is_over or promise.met is not None or promise.is_paused
    counted, verdict = (promise.due, promise.was_late), promise.verdict(now)
    for start, end in book.closings:
        if start >= end or start >= max(counted[0], due) or promise.start >= end + UNTIL_MOVED:
            continue
        if has_ended and promise.judged_at and promise.judged_at[-1] < end + UNTIL_MOVED:
            promise.due = due
        is_unsettled = any(start <= at < end + UNTIL_MOVED for at in promise.judged_at)
        if is_unsettled or (breached is not None and start <= breached < start + UNTIL_MOVED):
            promise.was_late = breached is not None
    if verdict != "late" and promise.verdict(now) == verdict:
        promise.due, promise.was_late = counted
    promise.is_taken_as_kept |= (promise.due, promise.was_late) != counted


def _as_kept(kept: Mapping[tuple[str, int], list[Any]]) -> list[Promise]:
    """What the rows of a ticket say by themselves, as promises."""
    found = []
    for (kind, number), (state, priority, started, due, met, breached, terms) in kept.items():
        start, due_at = instant(started), instant(due)
        assert start is not None
        assert due_at is not None
        promised = _terms(terms) or Promised(timedelta(0), "")
        promise = Promise(kind, number, About(priority=priority), promised, start, due_at, promised.calendar, promised.time)
        promise.met, promise.was_late, promise.is_taken_as_kept = instant(met), breached is not None, True
        promise.pauses = [(start, None)] if state == "paused" else []
        promise.is_over, promise.is_cancelled = state in ("met", "cancelled"), state == "cancelled"
        found.append(promise)
    return found


def _terms(text: Any) -> Promised | None:
    data = json.loads(text) if isinstance(text, str) else text
    return Promised(timedelta(seconds=data["time"]), data["calendar"], data.get("rule", "")) if data else None


def _found(promise: Promise, story: Story, desk: Timeline, now: datetime) -> Found:
    verdict = promise.verdict(now)
    why = ""
    if verdict == "late":
        why = "taken_silent" if any(at <= promise.due for at in story.taken_at) else "not_taken"
    return Found(
        ticket=story.row.id,
        kind=promise.kind,
        priority=promise.about.priority,
        client=story.row.client,
        contact=story.row.contact,
        channel=story.row.channel,
        agent=promise.by or story.row.assignee,
        start=promise.start,
        due=promise.due,
        met=promise.met,
        verdict=verdict,
        why=why,
        reaction=desk.open_between(promise.start, promise.met) if promise.met else None,
        claim=story.claim if promise.kind == "reaction" else None,
        is_running=not promise.is_over and promise.met is None and not promise.is_paused,
        is_taken_as_kept=promise.is_taken_as_kept,
    )


def lines_of(found: list[Found]) -> dict[tuple[str, str, str], tuple[Any, ...]]:
    """(kind, view, name) → in time, late, running, dropped, median and ninth decile in seconds."""
    groups: dict[tuple[str, str, str], list[Found]] = defaultdict(list)
    for each in found:
        views = {"all": "", "client": each.client, "agent": each.agent, "channel": each.channel, "priority": each.priority}
        for view, name in views.items():
            groups[each.kind, view, name].append(each)
    return {key: _counted(group) for key, group in groups.items()}


def claims_of(found: list[Found]) -> dict[tuple[str, str], tuple[int, int]]:
    """(client, person) → claims of urgency, and how many stood."""
    claims: dict[tuple[str, str], list[bool]] = defaultdict(list)
    for each in found:
        if each.claim is not None:
            claims[each.client, each.contact].append(each.claim)
    return {who: (len(each), sum(each)) for who, each in claims.items()}


def _counted(group: list[Found]) -> tuple[Any, ...]:
    seconds = sorted(each.reaction.total_seconds() for each in group if each.reaction is not None)
    ninth = next((each for number, each in enumerate(seconds, 1) if 10 * number >= 9 * len(seconds)), None)
    counts = tuple(sum(each.verdict == verdict for each in group) for verdict in ("in_time", "late", "running", "dropped"))
    return (*counts, median(seconds) if seconds else None, ninth)
