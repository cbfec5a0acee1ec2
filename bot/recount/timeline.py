"""Open time by walking minute after minute and asking the wall clock, then plain sums over the open spans that were found.

Every edge of written hours and every change of an offset falls on a whole minute, so nothing changes within one. Closings, which may fall
on any second, are cut out afterwards.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import accumulate
from zoneinfo import ZoneInfo

MINUTE = timedelta(minutes=1)
ZERO = timedelta(0)

Hours = Sequence[tuple[int, int]]
"""Open minutes of a local day, [start, end)."""

Span = tuple[datetime, datetime]
Pauses = Sequence[tuple[datetime, datetime | None]]


@dataclass(frozen=True)
class Week:
    """A calendar as bare data: seven days from Monday on, and dates that differ. `heeds_closings` False: it counts round the clock."""

    zone: str
    days: Sequence[Hours]
    exceptions: Mapping[date, Hours] = field(default_factory=dict)
    heeds_closings: bool = True

    @property
    def is_never_open(self) -> bool:
        return not any(self.days) and not any(self.exceptions.values())

    def hours_on(self, day: date) -> Hours:
        return self.exceptions[day] if day in self.exceptions else self.days[day.weekday()]


def walked(week: Week, since: datetime, until: datetime) -> list[Span]:
    """The open spans of `[since, until)`, whole minutes, in order; those that touch are one."""
    spans: list[Span] = []
    for at, local in _minutes(ZoneInfo(week.zone), since, until):
        minute = local.hour * 60 + local.minute
        if any(start <= minute < stop for start, stop in week.hours_on(local.date())):
            if spans and spans[-1][1] == at:
                spans[-1] = (spans[-1][0], at + MINUTE)
            else:
                spans.append((at, at + MINUTE))
    return spans


def _minutes(zone: ZoneInfo, since: datetime, until: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Each minute in UTC and on the wall clock. Within an hour whose ends lie an hour apart on the wall, the wall clock just goes on."""
    at = since.astimezone(UTC).replace(second=0, microsecond=0)
    end = until.astimezone(UTC)
    while at < end:
        local = at.astimezone(zone)
        last = (at + 59 * MINUTE).astimezone(zone)
        is_even = last.replace(tzinfo=None) - local.replace(tzinfo=None) == 59 * MINUTE
        wall = local.replace(tzinfo=None)
        for number in range(60):
            if at >= end:
                return
            yield at, (wall + number * MINUTE if is_even else at.astimezone(zone))
            at += MINUTE


class Timeline:
    """Open spans of a stretch of time, with what people ask of them. Asked beyond its end it raises LookupError: no answer is a guess."""

    def __init__(self, spans: Iterable[Span], *, until: datetime) -> None:
        self._spans = list(spans)
        self._until = until
        self._starts = [start for start, _ in self._spans]
        self._ends = [end for _, end in self._spans]
        self._sums = [0.0, *accumulate((end - start) / MINUTE * 60_000_000 for start, end in self._spans)]

    @classmethod
    def of(cls, week: Week, since: datetime, until: datetime, closings: Iterable[Span] = ()) -> Timeline:
        spans = walked(week, since, until)
        return cls(_without(spans, closings) if week.heeds_closings else spans, until=until)

    def without(self, closings: Iterable[Span]) -> Timeline:
        """The same with these stretches taken out."""
        return Timeline(_without(self._spans, closings), until=self._until)

    def is_open(self, at: datetime) -> bool:
        place = bisect_right(self._starts, at) - 1
        return place >= 0 and at < self._ends[place]

    def open_between(self, a: datetime, b: datetime) -> timedelta:
        return max(ZERO, self._before(b) - self._before(a))

    def due(self, start: datetime, allowed: timedelta, pauses: Pauses = ()) -> datetime:
        """The first instant by which so much open time has passed, the pauses left out."""
        if pauses:
            return Timeline(_without(self._spans, [(a, b or self._until) for a, b in pauses]), until=self._until).due(start, allowed)
        wanted = round((self._before(start) + allowed) / timedelta(microseconds=1))
        if not allowed:
            return start
        place = bisect_left(self._sums, wanted) - 1
        if place >= len(self._spans):
            raise LookupError(f"the timeline ends before {allowed} have passed since {start}")
        return self._starts[place] + timedelta(microseconds=wanted - round(self._sums[place]))

    def back(self, due: datetime, span: timedelta) -> datetime:
        """The last instant with so much open time left until `due`."""
        wanted = round((self._before(due) - span) / timedelta(microseconds=1))
        place = bisect_right(self._sums, wanted) - 1
        if wanted < 0 or place < 0 or place >= len(self._spans):
            raise LookupError(f"the timeline begins after {span} before {due}")
        return self._starts[place] + timedelta(microseconds=wanted - round(self._sums[place]))

    def next_opening(self, at: datetime) -> datetime:
        """`at` itself when it is open."""
        if self.is_open(at):
            return at
        return self._starts[bisect_left(self._starts, at)]

    def last_open(self, before: datetime, since: datetime) -> datetime | None:
        """`before` when it is open, else the closing edge before it; None when nothing was open since."""
        if self.is_open(before):
            return before
        place = bisect_right(self._ends, before) - 1
        return self._ends[place] if place >= 0 and self._ends[place] > since else None

    def openings(self, after: datetime, zone: ZoneInfo) -> Iterable[datetime]:
        """When each working day begins, strictly after `after`: a first span of its local date."""
        place = max(0, bisect_left(self._starts, after) - 8)
        seen: set[date] = set()
        for number in range(place, len(self._starts)):
            start = self._starts[number]
            if number and self._ends[number - 1] == start:
                continue
            day = start.astimezone(zone).date()
            if day not in seen and start > after:
                yield start
            seen.add(day)

    def used(self, a: datetime, b: datetime, pauses: Pauses) -> timedelta:
        return self.open_between(a, b) - sum(
            (self.open_between(max(a, begins), min(b, ends or b)) for begins, ends in pauses if begins < b), ZERO
        )

    def _before(self, at: datetime) -> timedelta:
        """Open time from the beginning of the line until `at`."""
        if at > self._until:
            raise LookupError(f"the timeline ends at {self._until}, {at} is after it")
        place = bisect_right(self._starts, at)
        whole = self._sums[place - 1] if place else 0.0
        inside = max(ZERO, min(at, self._ends[place - 1]) - self._starts[place - 1]) if place else ZERO
        return timedelta(microseconds=round(whole)) + inside


def _without(spans: Iterable[Span], closings: Iterable[Span]) -> list[Span]:
    shut = sorted((start, end) for start, end in closings if start < end)
    left: list[Span] = []
    for start, end in spans:
        for a, b in shut:
            if b <= start or a >= end:
                continue
            if start < a:
                left.append((start, a))
            start = max(start, min(b, end))
            if start >= end:
                break
        if start < end:
            left.append((start, end))
    return left
