"""A second opinion on every nudge: told what happens to tickets, it says which clocks must speak at which minute, and to whom.

It follows the rules as docs/sla.md and DESIGN 6 write them, with open time from `bot.recount.timeline`, which walks minutes; it shares
no code with `bot.sla` and never looks at the desk's rows.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from zoneinfo import ZoneInfo

from bot.recount.timeline import Span, Timeline

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
RANKS = ("low", "medium", "high", "urgent")
# Time, the calendar it counts by, before the due, the rhythm after it, the rhythm to a claimer (None: each opening).
CALM = (24 * HOUR, "weekdays", (4 * HOUR, 1 * HOUR), None, None)
URGENT = (1 * HOUR, "desk", (30 * MINUTE, 10 * MINUTE), 30 * MINUTE, 60 * MINUTE)

Key = tuple[int, str, int]
"""Ticket, kind, which one of its kind."""


def promise(priority: str) -> tuple[timedelta, str, tuple[timedelta, ...], timedelta | None, timedelta | None]:
    return URGENT if priority == "urgent" else CALM


@dataclass
class Clock:
    """A promise that runs. `claimed_at`: taken, its claimer is reminded until the first word."""

    key: Key
    priority: str
    start: datetime
    due: datetime
    calendar: str
    allowed: timedelta
    claimed_at: datetime | None = None
    next: datetime | None = None


@dataclass
class Ticket:
    """What the oracle knows of a ticket."""

    number: int
    priority: str
    is_open: bool = True
    is_ours: bool = True
    owner: str = ""
    snoozed: datetime | None = None
    answers: int = 0
    clocks: list[Clock] = field(default_factory=list)


@dataclass(frozen=True, order=True)
class Spoken:
    """A clock must speak: to whom ("staff", "owner", "lead"), and how it stands on its ladder."""

    ticket: int
    kind: str
    ordinal: int
    rung: str
    hears: tuple[str, ...]


class Oracle:
    """Told of deeds in the order in which they happen; `tick` says what must be heard at that minute."""

    def __init__(self, lines: Mapping[str, Timeline], zone: str) -> None:
        self._lines = dict(lines)
        self._zone = ZoneInfo(zone)
        self.tickets: dict[int, Ticket] = {}
        self._heap: list[tuple[datetime, int, Clock]] = []
        self._counter = count()

    @property
    def desk(self) -> Timeline:
        return self._lines["desk"]

    # --- what happens ---------------------------------------------------------------------------------------------------------------

    def opened(self, number: int, priority: str, *, received_at: datetime, now: datetime) -> None:
        self.tickets[number] = Ticket(number, priority)
        self._start((number, "reaction", 1), received_at, now)

    def claimed(self, number: int, owner: str, now: datetime) -> None:
        ticket = self.tickets[number]
        ticket.owner, ticket.snoozed = owner, None
        for clock in ticket.clocks:
            if clock.key[1] == "reaction" and clock.claimed_at is None:
                clock.claimed_at = now
                self._plan(clock, self._next_rung(clock, now))

    def word(self, number: int, owner: str) -> None:
        """A word to the client."""
        ticket = self.tickets[number]
        ticket.owner, ticket.snoozed, ticket.is_ours = ticket.owner or owner, None, False
        ticket.clocks.clear()

    def client_spoke(self, number: int, now: datetime) -> None:
        """An answer, or a word that reopens."""
        ticket = self.tickets[number]
        is_new = not ticket.is_ours or not ticket.is_open
        ticket.is_open = ticket.is_ours = True
        if is_new and not any(clock.claimed_at is None for clock in ticket.clocks):
            ticket.answers += 1
            self._start((number, "next_answer", ticket.answers), now, now)

    def repriced(self, number: int, priority: str, now: datetime) -> None:
        """Raised: the old due, or now plus the new time, whichever is sooner. Lowered: receipt plus the new time."""
        ticket = self.tickets[number]
        before, ticket.priority = ticket.priority, priority
        time, calendar, *_ = promise(priority)
        for clock in ticket.clocks:
            clock.priority = priority
            if clock.claimed_at is not None:
                self._plan(clock, self._next_rung(clock, now))
            elif promise(before) != promise(priority):
                if RANKS.index(priority) > RANKS.index(before):
                    sooner = self._lines[calendar].due(now, time)
                    if sooner < clock.due:
                        clock.due, clock.calendar = sooner, calendar
                        clock.allowed = self._lines[calendar].open_between(clock.start, sooner)
                else:
                    clock.due, clock.calendar, clock.allowed = self._lines[calendar].due(clock.start, time), calendar, time
                self._plan(clock, self._first(clock, now))

    def snoozed(self, number: int, until: datetime) -> None:
        ticket = self.tickets[number]
        ticket.snoozed = until
        for clock in ticket.clocks:
            self._plan(clock, self._sendable(until))

    def given(self, number: int, owner: str) -> None:
        self.tickets[number].owner = owner

    def ended(self, number: int, *, is_closed: bool) -> None:
        """Closed, or handed over to Development."""
        ticket = self.tickets[number]
        ticket.clocks.clear()
        ticket.is_open = not is_closed
        if not is_closed:
            ticket.owner = ""

    def calendars_changed(self, lines: Mapping[str, Timeline], now: datetime) -> None:
        """The desk closed in an emergency, or opened again: what runs is counted anew, what was said is not said again."""
        self._lines = dict(lines)
        self.looked_again(now)

    def looked_again(self, now: datetime) -> None:
        for ticket in self.tickets.values():
            for clock in ticket.clocks:
                self._recount(clock, ticket, now)

    def tick(self, now: datetime) -> list[Spoken]:
        """Who speaks at this minute."""
        found = []
        # Each clock has its turn once a minute: a snooze that ends with the day may be put off to an instant that has passed.
        due = []
        while self._heap and self._heap[0][0] <= now:
            due.append(heapq.heappop(self._heap))
        for planned, _, clock in due:
            ticket = self.tickets[clock.key[0]]
            # Planned anew since, or over.
            if clock.next != planned or not any(each is clock for each in ticket.clocks):
                continue
            if ticket.snoozed is not None and ticket.snoozed > now:
                self._plan(clock, self._sendable(ticket.snoozed))
            elif not self.desk.is_open(now):
                self._plan(clock, self.desk.next_opening(now))
            else:
                rung = self._rung(clock, now) or "snoozed"
                first = "owner" if ticket.owner else "staff"
                hears = (first, "lead") if rung in ("due", "after") else (first,)
                found.append(Spoken(*clock.key, rung, hears))
                self._plan(clock, self._next_rung(clock, now))
        return sorted(found)

    # --- the ladder -----------------------------------------------------------------------------------------------------------------

    def _start(self, key: Key, start: datetime, now: datetime) -> None:
        ticket = self.tickets[key[0]]
        time, calendar, *_ = promise(ticket.priority)
        clock = Clock(key, ticket.priority, start, self._lines[calendar].due(start, time), calendar, time)
        ticket.clocks.append(clock)
        self._plan(clock, self._first(clock, now))

    def _plan(self, clock: Clock, at: datetime) -> None:
        clock.next = at
        heapq.heappush(self._heap, (at, next(self._counter), clock))

    def _first(self, clock: Clock, now: datetime) -> datetime:
        """At once when a rung is past already."""
        return self._next_rung(clock, now) if self._rung(clock, now) is None else self._sendable(now)

    def _next_rung(self, clock: Clock, after: datetime) -> datetime:
        return next(at for _, at in self._ladder(clock, after) if at > after)

    def _rung(self, clock: Clock, now: datetime) -> str | None:
        """The latest one that has come."""
        found = None
        for name, at in self._ladder(clock, None):
            if at > now:
                return found
            found = name
            if name in ("after", "claimed"):
                return found
        return found

    def _ladder(self, clock: Clock, after: datetime | None) -> Iterator[tuple[str, datetime]]:
        """All rungs in order; `after` lets the endless part begin near it."""
        _, _, before, every, claimed_every = promise(clock.priority)
        if clock.claimed_at is not None:
            yield from (("claimed", at) for at in self._repeats(clock.claimed_at, claimed_every, after))
            return
        due = self.desk.last_open(clock.due, clock.start) or clock.due
        at_due = self._sendable(due)
        yield from (("before", self.desk.back(due, span)) for span in before)
        yield "due", at_due
        yield from (("after", at) for at in self._repeats(max(due, at_due), every, after))

    def _repeats(self, anchor: datetime, every: timedelta | None, after: datetime | None) -> Iterator[datetime]:
        """Strictly after the anchor: each working day's opening, or in a rhythm of desk time."""
        begin = max(anchor, after) if after else anchor
        if every is None:
            yield from self.desk.openings(begin, self._zone)
            return
        passed = self.desk.open_between(anchor, begin) // every
        for number in count(max(1, passed)):
            at = self._sendable(self.desk.due(anchor, number * every))
            if at > begin:
                yield at

    def _sendable(self, at: datetime) -> datetime:
        """A minute before the edge when the desk closes just then."""
        if self.desk.is_open(at):
            return at
        return at - MINUTE if self.desk.is_open(at - MINUTE) else self.desk.next_opening(at)

    def _recount(self, clock: Clock, ticket: Ticket, now: datetime) -> None:
        assert clock.next is not None
        before = self._rung(clock, now)
        due = clock.due
        if clock.claimed_at is None:
            clock.due = self._lines[clock.calendar].due(clock.start, clock.allowed)
        waits = clock.next <= now
        if ticket.snoozed is not None and ticket.snoozed > now:
            self._plan(clock, self._sendable(ticket.snoozed))
        elif clock.due == due and not waits:
            self._plan(clock, self._next_rung(clock, now))
        else:
            reached = self._rung(clock, now)
            if reached is not None and reached != (None if waits else before):
                self._plan(clock, clock.next if waits else self._sendable(now))
            else:
                self._plan(clock, self._next_rung(clock, now))


def cut(lines: Mapping[str, Timeline], closings: list[Span]) -> dict[str, Timeline]:
    """The timelines with closings taken out."""
    return {name: line.without(closings) for name, line in lines.items()}
