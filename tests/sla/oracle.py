"""A slow second opinion on open time: it walks minute by minute and asks the wall clock. Imports nothing of the program.

Every edge and every zone offset of the years it is used for falls on a whole minute, so within one UTC minute nothing changes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

MINUTE = timedelta(minutes=1)
PATIENCE = timedelta(days=80)

Hours = list[tuple[int, int]]
"""Open intervals of a day in minutes after midnight, [start, end)."""


@dataclass(frozen=True)
class Plain:
    """A calendar as bare data: a list of seven days, and dates that differ."""

    zone: str
    weekly: list[Hours]
    exceptions: Mapping[date, Hours]

    def is_open(self, at: datetime) -> bool:
        local = at.astimezone(ZoneInfo(self.zone))
        minute = local.hour * 60 + local.minute
        day = local.date()
        hours = self.exceptions[day] if day in self.exceptions else self.weekly[day.weekday()]
        return any(start <= minute < end for start, end in hours)

    def deadline(self, start: datetime, allowed: timedelta) -> datetime | None:
        left = allowed
        for begin, end in self._forward(start):
            if not left:
                return begin
            if self.is_open(begin):
                if end - begin >= left:
                    return begin + left
                left -= end - begin
        return None

    def before(self, due: datetime, span: timedelta) -> datetime | None:
        left = span
        for begin, end in self._backward(due):
            if not left:
                return end
            if self.is_open(begin):
                if end - begin >= left:
                    return end - left
                left -= end - begin
        return None

    def open_time(self, a: datetime, b: datetime) -> timedelta:
        total = timedelta(0)
        for begin, end in self._forward(a):
            if begin >= b:
                return total
            if self.is_open(begin):
                total += min(end, b) - begin
        raise AssertionError(f"{a} and {b} are too far apart for the oracle")

    def next_opening(self, at: datetime) -> datetime | None:
        return next((begin for begin, _ in self._forward(at) if self.is_open(begin)), None)

    def next_day_opening(self, after: datetime) -> datetime | None:
        """A minute that opens after a closed one, with no other such minute before it on the same local date."""
        for begin, _ in self._forward(after):
            if begin > after and self._opens(begin) and not self._opened_earlier_that_day(begin):
                return begin
        return None

    def _opens(self, at: datetime) -> bool:
        return self.is_open(at) and not self.is_open(at - MINUTE)

    def _opened_earlier_that_day(self, at: datetime) -> bool:
        zone = ZoneInfo(self.zone)
        day = at.astimezone(zone).date()
        return any(self._opens(begin) for begin, _ in self._while_(at, lambda instant: instant.astimezone(zone).date() == day))

    def _while_(self, at: datetime, holds: Callable[[datetime], bool]) -> Iterator[tuple[datetime, datetime]]:
        for begin, end in self._backward(at):
            if not holds(begin):
                return
            yield begin, end

    def last_open(self, before: datetime, since: datetime) -> datetime | None:
        """`before` if open, else the end of the last open minute before it and after `since`."""
        if self.is_open(before):
            return before
        for begin, end in self._backward(before):
            if end <= since:
                return None
            if self.is_open(begin):
                return end
        return None

    def _forward(self, start: datetime) -> Iterator[tuple[datetime, datetime]]:
        begin = start.astimezone(UTC)
        stop = begin + PATIENCE
        while begin < stop:
            end = begin.replace(second=0, microsecond=0) + MINUTE
            yield begin, end
            begin = end

    def _backward(self, due: datetime) -> Iterator[tuple[datetime, datetime]]:
        end = due.astimezone(UTC)
        stop = end - PATIENCE
        while end > stop:
            begin = end.replace(second=0, microsecond=0)
            begin = begin if begin < end else end - MINUTE
            yield begin, end
            end = begin
