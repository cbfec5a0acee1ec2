"""The walk under a calendar: which microseconds of one UTC day are open.

UTC days are cut where the zone's offset changes; inside one piece local time is UTC plus a constant, so an interval maps back without any
guess about folds and gaps. Mapping each local edge to UTC by fold rules looks simpler and is wrong around midnight changes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from bot.sla.intervals import DAY_S, Day

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
EPOCH_ORDINAL = EPOCH.toordinal()
SECOND = 1_000_000
DAY = DAY_S * SECOND

# How far any search walks. A target that needs more than ten years of calendar is a mistake in the calendar, not a promise.
HORIZON_DAYS = 3_660
# Two days short of what datetime can hold, so that no zone's offset pushes a local time over the edge.
FIRST_DAY = date.min.toordinal() + 2 - EPOCH_ORDINAL
LAST_DAY = date.max.toordinal() - 2 - EPOCH_ORDINAL
REMEMBERED_DAYS = 8_192

Span = tuple[int, int]


class OpenDays:
    """Open spans by UTC day. Counts everything in whole numbers since the epoch: days, and microseconds inside spans.

    Remembers the days it worked out: the same few weeks are asked for again and again, and working one out is what costs.
    """

    __slots__ = ("_by_date", "_seen", "_weekly", "_zone", "is_empty")

    def __init__(self, zone: ZoneInfo, weekly: Sequence[Day], by_date: Mapping[date, Day]) -> None:
        self._zone = zone
        self._weekly = weekly
        self._by_date = {on.toordinal(): intervals for on, intervals in by_date.items()}
        self._seen: dict[int, tuple[Span, ...]] = {}
        self.is_empty = not any(weekly) and not any(by_date.values())

    def forward(self, moment: int, *, until: int | None = None) -> Iterator[Span]:
        """Open spans that end after `moment`, in order, not clipped; at most ten years, and none that begins at or after `until`."""
        first = moment // DAY
        last = min(first + HORIZON_DAYS, LAST_DAY, LAST_DAY if until is None else until // DAY)
        if self.is_empty:
            return
        for day in range(max(first, FIRST_DAY), last + 1):
            for span in self._day(day):
                if until is not None and span[0] >= until:
                    return
                if span[1] > moment:
                    yield span

    def backward(self, moment: int) -> Iterator[Span]:
        """Open spans that start at or before `moment`, latest first, not clipped; at most ten years."""
        first = moment // DAY
        if self.is_empty:
            return
        for day in range(min(first, LAST_DAY), max(first - HORIZON_DAYS, FIRST_DAY) - 1, -1):
            for span in reversed(self._day(day)):
                if span[0] <= moment:
                    yield span

    def _day(self, day: int) -> tuple[Span, ...]:
        known = self._seen.get(day)
        if known is None:
            if len(self._seen) >= REMEMBERED_DAYS:
                self._seen.clear()
            known = self._seen[day] = tuple(self._work_out(day))
        return known

    def _work_out(self, day: int) -> Iterator[Span]:
        for start, end, offset in self._pieces(day * DAY_S, (day + 1) * DAY_S):
            for local_day in range((start + offset) // DAY_S, (end + offset - 1) // DAY_S + 1):
                shift = local_day * DAY_S - offset
                for opens, closes in self._intervals(local_day):
                    a, b = max(opens + shift, start), min(closes + shift, end)
                    if a < b:
                        yield a * SECOND, b * SECOND

    def _pieces(self, start: int, end: int) -> Iterator[tuple[int, int, int]]:
        """`[start, end)` in seconds, cut into pieces of one offset. No zone ever changed and changed back in two days: the ends tell."""
        offset, last = self._offset(start), self._offset(end)
        while offset != last:
            low, high = start, end
            while high - low > 1:
                middle = (low + high) // 2
                low, high = (middle, high) if self._offset(middle) == offset else (low, middle)
            yield start, high, offset
            start, offset = high, self._offset(high)
        if start < end:
            yield start, end, offset

    def _offset(self, second: int) -> int:
        offset = (EPOCH + timedelta(seconds=second)).astimezone(self._zone).utcoffset()
        return 0 if offset is None else offset.days * DAY_S + offset.seconds

    def _intervals(self, local_day: int) -> Day:
        ordinal = local_day + EPOCH_ORDINAL
        changed = self._by_date.get(ordinal)
        return self._weekly[(ordinal + 6) % 7] if changed is None else changed


def micros(at: datetime) -> int:
    """Microseconds since the epoch. Raises ValueError for an instant without a zone."""
    if at.tzinfo is None:
        raise ValueError(f"an instant without a zone: {at.isoformat()}")
    return whole(at - EPOCH)


def whole(span: timedelta) -> int:
    """A span of time in microseconds."""
    return (span.days * DAY_S + span.seconds) * SECOND + span.microseconds


def instant(moment: int) -> datetime:
    """The inverse of `micros`, in UTC."""
    return EPOCH + timedelta(microseconds=moment)
