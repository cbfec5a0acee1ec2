"""The numbers of a month counted a second time: plain SQL over the history, plain arithmetic, nothing of `bot`.

It knows the regulation (R1, R10) and what the history says, not how the program keeps its clocks.
"""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

KYIV = ZoneInfo("Europe/Kyiv")
DESK = ((8 * 60, 12 * 60 + 30), (13 * 60 + 30, 17 * 60))
WEEKDAYS = ((0, 24 * 60),)
ZERO = timedelta(0)
WORDS = ("answer", "question", "proposal")
ORDER = ("low", "medium", "high", "urgent")


def spans(hours: tuple[tuple[int, int], ...], day: datetime) -> list[tuple[datetime, datetime]]:
    """The open stretches of the local date of `day`."""
    local = day.astimezone(KYIV).date()
    if local.weekday() > 4:
        return []
    midnight = datetime.combine(local, time(), tzinfo=KYIV).astimezone(UTC)
    return [(midnight + timedelta(minutes=start), midnight + timedelta(minutes=end)) for start, end in hours]


def worked(hours: tuple[tuple[int, int], ...], a: datetime, b: datetime) -> timedelta:
    total, day = ZERO, a - timedelta(days=1)
    while day < b + timedelta(days=1):
        for start, end in spans(hours, day):
            total += max(ZERO, min(end, b) - max(start, a))
        day += timedelta(days=1)
    return total


def due(priority: str, start: datetime) -> datetime:
    hours, left = (DESK, timedelta(hours=1)) if priority == "urgent" else (WEEKDAYS, timedelta(hours=24))
    day = start
    while True:
        for opens, closes in spans(hours, day):
            opens = max(opens, start)
            if closes - opens >= left:
                return opens + left
            left -= max(ZERO, closes - opens)
        day += timedelta(days=1)


@dataclass
class Promise:
    kind: str
    priority: str
    start: datetime
    due: datetime
    met: datetime | None = None
    by: str = ""
    is_over: bool = False
    is_cancelled: bool = False
    was_late: bool = False

    def reprice(self, to: str, at: datetime) -> None:
        if self.is_over:
            return
        rises, self.priority = ORDER.index(to) > ORDER.index(self.priority), to
        if self.met is None:
            self.was_late |= at > self.due
            self.due = min(self.due, due(to, at)) if rises else due(to, self.start)

    def end(self, at: datetime, by: str, *, kept: bool) -> None:
        if self.is_over:
            return
        self.is_over = True
        if self.met is None:
            self.was_late |= at > self.due
            self.is_cancelled = not kept
            if kept:
                self.met, self.by = at, by

    def verdict(self, now: datetime) -> str:
        if self.was_late or (not self.is_over and self.met is None and now > self.due) or (self.met is not None and self.met > self.due):
            return "late"
        if self.met is not None:
            return "in_time"
        return "dropped" if self.is_over else "running"


@dataclass
class Story:
    """One ticket, told by its events."""

    client: str
    channel: str
    assignee: str
    promises: list[Promise] = field(default_factory=list)
    priority: str = ""
    awaits_client: bool = False
    claim: bool | None = None
    taken_at: list[datetime] = field(default_factory=list)

    def hear(self, kind: str, actor: str, name: str, at: datetime, data: dict[str, Any]) -> None:
        by_agent = actor == "agent"
        if by_agent and kind in ("claimed", "assigned", "closed", "handed_over", *WORDS):
            self.taken_at.append(at)
        if kind == "opened":
            self.priority = data["priority"]
            self.claim = True if self.priority == "urgent" else None
            start = datetime.fromisoformat(data["received_at"])
            self.promises.append(Promise("reaction", self.priority, start, due(self.priority, start)))
        elif kind == "claimed":
            first = self.promises[0]
            if not first.is_over and first.met is None:
                first.was_late |= at > first.due
                first.met, first.by = at, name
        elif kind in WORDS:
            self.awaits_client = True
            self._end(at, name, kept=True)
        elif kind == "closed":
            self._end(at, name, kept=by_agent)
        elif kind == "client_spoke" and self.awaits_client:
            self.awaits_client = False
            self.promises.append(Promise("next_answer", self.priority, at, due(self.priority, at)))
        elif kind in ("priority_set", "reason_denied", "reason_given"):
            self._reprice(kind, by_agent, at, data)

    def _reprice(self, kind: str, by_agent: bool, at: datetime, data: dict[str, Any]) -> None:
        to = {"reason_denied": "high", "reason_given": "urgent"}.get(kind) or data["to"]
        if to == "urgent" and (not by_agent or self.claim is not None):
            self.claim = True
        elif to != "urgent" and self.priority == "urgent" and self.claim is not None:
            self.claim = False
        if to != self.priority:
            for promise in self.promises:
                promise.reprice(to, at)
        self.priority = to

    def _end(self, at: datetime, name: str, *, kept: bool) -> None:
        for promise in self.promises:
            promise.end(at, name, kept=kept)


def stories(file: Path) -> list[tuple[int, Story]]:
    database = sqlite3.connect(file)
    told: dict[int, Story] = {}
    for number, client, channel, assignee in database.execute(
        "SELECT t.id, coalesce(c.name, ''), t.channel, coalesce(a.name, '') FROM tickets t"
        " LEFT JOIN clients c ON c.id = t.client_id LEFT JOIN agents a ON a.id = t.assignee_id ORDER BY t.id"
    ):
        told[number] = Story(client, channel, assignee)
    for number, kind, actor, name, at, data in database.execute(
        "SELECT ticket_id, kind, actor_kind, actor_name, at, data FROM events ORDER BY id"
    ):
        told[number].hear(kind, actor, name, datetime.fromisoformat(at).replace(tzinfo=UTC), json.loads(data))
    database.close()
    return list(told.items())


def lines(file: Path, *, since: datetime, until: datetime, now: datetime) -> dict[tuple[str, str, str], tuple[Any, ...]]:
    """(kind, view, name) → in time, late, running, dropped, median, ninth decile."""
    groups: dict[tuple[str, str, str], list[tuple[str, timedelta | None]]] = defaultdict(list)
    for _, story in stories(file):
        for promise in story.promises:
            if since <= promise.start < until:
                agent = promise.by or story.assignee
                views = {"all": "", "client": story.client, "agent": agent, "channel": story.channel, "priority": promise.priority}
                took = worked(DESK, promise.start, promise.met) if promise.met else None
                for view, name in views.items():
                    groups[promise.kind, view, name].append((promise.verdict(now), took))
    return {key: _counted(found) for key, found in groups.items()}


def _counted(found: list[tuple[str, timedelta | None]]) -> tuple[Any, ...]:
    verdicts = [verdict for verdict, _ in found]
    seconds = sorted(took.total_seconds() for _, took in found if took is not None)
    ninth = next((each for number, each in enumerate(seconds, 1) if 10 * number >= 9 * len(seconds)), None)
    counts = tuple(verdicts.count(each) for each in ("in_time", "late", "running", "dropped"))
    return (*counts, median(seconds) if seconds else None, ninth)


def breaches(file: Path, *, since: datetime, until: datetime, now: datetime) -> set[tuple[int, str, str, str]]:
    """(ticket, kind, agent, why)."""
    found = set()
    for number, story in stories(file):
        for promise in story.promises:
            if since <= promise.start < until and promise.verdict(now) == "late":
                was_taken = any(at <= promise.due for at in story.taken_at)
                why = "taken_silent" if was_taken else "not_taken"
                found.add((number, promise.kind, promise.by or story.assignee, why))
    return found


def urgency(file: Path, *, since: datetime, until: datetime) -> dict[str, tuple[int, int]]:
    """Claims and claims that stood, by client."""
    found: dict[str, list[bool]] = defaultdict(list)
    for _, story in stories(file):
        if story.claim is not None and since <= story.promises[0].start < until:
            found[story.client].append(story.claim)
    return {client: (len(claims), sum(claims)) for client, claims in found.items()}
