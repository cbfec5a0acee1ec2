"""One ticket told by its events: which promises began, moved and ended, when, and by whom."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.recount.promises import ORDER, About, Book, Promised
from bot.recount.timeline import Timeline

WORDS = ("answer", "question", "proposal")
TAKING = ("claimed", "assigned", "closed", "handed_over", *WORDS)
ON_STAFF = ("reaction", "next_answer")

# Names of clients and their plans by the client's id.
Plans = Mapping[int, tuple[str, str]]


def instant(value: Any) -> datetime | None:
    """What a database gives for an instant: SQLite a text in UTC, PostgreSQL a value; in JSON it is ISO 8601."""
    if value is None:
        return None
    at = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


@dataclass(frozen=True)
class Row:
    """A ticket as it is now, and who its people are."""

    id: int
    client: str
    client_id: int | None
    contact: str
    channel: str
    assignee: str
    category: str


@dataclass
class Promise:
    """One promise. `met` without `is_over`: claimed, the first word is still to come. `is_taken_as_kept`: its due is the row's word.

    `judged_at` are the instants at which something came of its due: it was met, paused, moved to other terms or given up.
    """

    kind: str
    number: int
    about: About
    promised: Promised
    start: datetime
    due: datetime
    counts_by: str
    allowed: timedelta
    met: datetime | None = None
    by: str = ""
    is_over: bool = False
    is_cancelled: bool = False
    was_late: bool = False
    met_while_paused: bool = False
    pauses: list[tuple[datetime, datetime | None]] = field(default_factory=list)
    is_taken_as_kept: bool = False
    judged_at: list[datetime] = field(default_factory=list)

    @property
    def is_paused(self) -> bool:
        return bool(self.pauses) and self.pauses[-1][1] is None

    def note_lateness(self, at: datetime) -> None:
        if self.met is None and not self.is_over:
            self.judged_at.append(at)
            if not self.is_paused and at > self.due:
                self.was_late = True

    def end(self, at: datetime, by: str, *, kept: bool) -> None:
        if self.is_over:
            return
        self.note_lateness(at)
        self.is_over = True
        if self.met is None:
            self.met_while_paused = kept and self.is_paused
            self.is_cancelled = not kept
            if kept:
                self.met, self.by = at, by
        if self.is_paused:
            self.pauses[-1] = (self.pauses[-1][0], at)

    def verdict(self, now: datetime) -> str:
        if self.was_late:
            return "late"
        if self.met is not None:
            return "late" if self.met > self.due and not self.met_while_paused else "in_time"
        if self.is_over:
            return "dropped"
        return "late" if now > self.due and not self.is_paused else "running"


class Story:
    """Hears the events of a ticket in order."""

    def __init__(self, row: Row, book: Book, lines: Mapping[str, Timeline], plans: Plans, *, is_known: bool) -> None:
        self.row = row
        self.promises: list[Promise] = []
        self.claim: bool | None = None
        self.taken_at: list[datetime] = []
        # Its rows are taken at their word: two tickets became one, and the clock that went on is the other's.
        self.is_as_kept = False
        self._book, self._lines, self._plans = book, lines, plans
        client, plan = plans.get(row.client_id or 0, ("", "")) if is_known else ("", "")
        self._about = About(priority="", channel=row.channel, client=client, plan=plan)
        self._awaits_client = False
        self._before: dict[int, Any] = {}
        self._last_word: int | None = None
        self._taken_back: set[int] = set()

    def hear(self, kind: str, actor: str, name: str, at: datetime, because: str, data: dict[str, Any]) -> None:
        by_agent = actor == "agent"
        if by_agent and kind in TAKING:
            self.taken_at.append(at)
        match kind:
            case "opened":
                self._opened(data)
            case "claimed":
                self._claimed(at, name)
            case "answer" | "question" | "proposal":
                self._word(at, name if by_agent else "", data)
            case "taken_back":
                self._take_back(int(data["message_id"]))
            case "client_spoke":
                spoken = instant(data.get("at")) or at
                if self._awaits_client:
                    self._client_spoke(spoken)
            case "reopened":
                self._client_spoke(instant(data.get("at")) or at)
            case "closed":
                self._end(at, name if by_agent else "", kept=by_agent, is_solved=data.get("outcome") == "solved")
            case "merged":
                self._end(at, "", kept=False, is_solved=False)
            case "handed_over":
                self._end(at, name if by_agent else "", kept=True, is_solved=False)
            case "absorbed":
                self.is_as_kept = True
            case "clock_moved" if because == "policy":
                self._moved_by_policy(data)
            case "priority_set" | "reason_given" | "reason_denied":
                self._claim_heard(kind, by_agent, data)
                self._now_about(at, priority={"reason_denied": "high", "reason_given": "urgent"}.get(kind) or data["to"])
            case "category_set":
                self._now_about(at, category=data["to"])
            case "identified":
                client, plan = self._plans.get(int(data["client"]), ("", ""))
                self._now_about(at, client=client, plan=plan)

    def _opened(self, data: dict[str, Any]) -> None:
        self._about = replace(self._about, priority=data["priority"], category=data["category"])
        self.claim = True if data["priority"] == "urgent" else None
        start, met = instant(data["received_at"]), instant(data.get("met_at"))
        assert start is not None
        self._begin("reaction", start)
        if met and self.promises:
            self.promises[-1].end(met, "", kept=True)
        self._begin("solution", start)

    def _begin(self, kind: str, start: datetime) -> None:
        promised = self._book.promised(kind, self._about)
        if promised is not None:
            due = self._lines[promised.calendar].due(start, promised.time)
            number = sum(each.kind == kind for each in self.promises) + 1
            self.promises.append(Promise(kind, number, self._about, promised, start, due, promised.calendar, promised.time))

    def _claimed(self, at: datetime, name: str) -> None:
        for each in self.promises:
            if each.kind == "reaction" and not each.is_over and each.met is None and self._book.claim_reacts:
                each.note_lateness(at)
                each.met, each.by = at, name

    def _word(self, at: datetime, name: str, data: dict[str, Any]) -> None:
        number = int(data.get("message_id") or 0)
        if "before" in data:
            self._before[number] = (copy.deepcopy(self.promises), self._awaits_client, self._last_word)
        self._awaits_client, self._last_word = True, number
        for each in self.promises:
            if each.kind in ON_STAFF:
                each.end(at, name, kept=True)
            elif not each.is_over and not each.is_paused:
                each.note_lateness(at)
                last = each.pauses[-1][1] if each.pauses else None
                # A pause that begins before the last one ended goes on with that.
                if last is not None and at <= last:
                    each.pauses[-1] = (each.pauses[-1][0], None)
                else:
                    each.pauses.append((at, None))

    def _take_back(self, number: int) -> None:
        self._taken_back.add(number)
        while self._last_word in self._taken_back and self._last_word in self._before:
            self.promises, self._awaits_client, self._last_word = self._before[self._last_word]

    def _client_spoke(self, at: datetime) -> None:
        self._awaits_client, self._last_word = False, None
        for each in self.promises:
            if not each.is_over and each.is_paused:
                began = each.pauses.pop()[0]
                if at > began:
                    each.pauses.append((began, at))
                each.due = self._lines[each.counts_by].due(each.start, each.allowed, each.pauses)
        if not any(each.kind in ON_STAFF and not each.is_over and each.met is None for each in self.promises):
            self._begin("next_answer", at)

    def _end(self, at: datetime, name: str, *, kept: bool, is_solved: bool) -> None:
        for each in self.promises:
            each.end(at, name, kept=kept if each.kind in ON_STAFF else is_solved)

    def _claim_heard(self, kind: str, by_agent: bool, data: dict[str, Any]) -> None:
        """Who called it urgent, and whether that stands (R11). Staff's own raising is no claim."""
        to = {"reason_denied": "high", "reason_given": "urgent"}.get(kind) or data["to"]
        if to == "urgent" and (not by_agent or self.claim is not None):
            self.claim = True
        elif to != "urgent" and self._about.priority == "urgent" and self.claim is not None:
            self.claim = False

    def _now_about(self, at: datetime, **changed: str) -> None:
        before = self._about
        self._about = replace(self._about, **changed)
        if self._about != before:
            for each in self.promises:
                self._reprice(each, before, at)

    def _reprice(self, each: Promise, before: About, at: datetime) -> None:
        """Stricter: the old due or the new time from now, whichever is sooner. Else: the new time from the receipt."""
        if each.is_over:
            return
        promised = self._book.promised(each.kind, self._about)
        rises = ORDER.index(self._about.priority) - ORDER.index(before.priority)
        each.about = self._about
        if each.met is not None:
            each.promised = promised or each.promised
            return
        if promised is None:
            each.note_lateness(at)
            each.is_over = each.is_cancelled = True
        elif promised != each.promised:
            each.note_lateness(at)
            each.promised = promised
            line = self._lines[promised.calendar]
            used = line.used(each.start, at, each.pauses)
            if each.is_paused:
                # It has no due until it runs again; then the time it used by now and the new one are its allowance.
                is_stricter = rises > 0 or (rises == 0 and used > promised.time)
                if not (is_stricter and each.counts_by == promised.calendar and used + promised.time > each.allowed):
                    each.allowed = used + promised.time if is_stricter else promised.time
                each.counts_by = promised.calendar
                return
            from_receipt = line.due(each.start, promised.time, each.pauses)
            if rises > 0 or (rises == 0 and from_receipt < each.due):
                sooner = line.due(at, promised.time)
                if sooner < each.due:
                    each.due, each.counts_by = sooner, promised.calendar
                    each.allowed = line.used(each.start, sooner, each.pauses)
            else:
                each.due, each.counts_by, each.allowed = from_receipt, promised.calendar, promised.time

    def _moved_by_policy(self, data: dict[str, Any]) -> None:
        """The desk promised something else from then on: what it promised before is not written anywhere but here."""
        for each in self.promises:
            due = instant(data.get("to"))
            if each.kind == data.get("clock") and not each.is_over and each.met is None and due is not None:
                each.due, each.is_taken_as_kept = due, True


def heard(row: Row, events: Sequence[tuple[Any, ...]], book: Book, lines: Mapping[str, Timeline], plans: Plans) -> Story:
    """The story of a ticket from its events (kind, actor kind, actor's name, at, because, data) in order.

    Who was identified later was nobody's before.
    """
    story = Story(row, book, lines, plans, is_known=all(kind != "identified" for kind, *_ in events))
    for kind, actor, name, at, because, data in events:
        when = instant(at)
        assert when is not None
        story.hear(kind, actor, name, when, because, json.loads(data) if isinstance(data, str) else data)
    return story
