"""Working hours: which instants are open, and arithmetic in open time.

A calendar is a zone, weekly intervals (several a day, up to 24:00) and dated exceptions; it knows nothing of policies or nudges.
Instants come in aware, in any zone, and go out in UTC. Open time is elapsed time: in spring the missing hour counts nothing, in autumn
the repeated hour counts twice. Exact to the microsecond; cost grows with the weeks walked, never beyond ten years.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from bot.sla.intervals import WHOLE_DAY, Day, DayException, InvalidCalendar, mistakes_in
from bot.sla.opendays import DAY, OpenDays, Span, instant, micros, whole


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """Open hours. `weekly` has seven entries, Monday first; intervals of one day are in order and do not overlap.

    A calendar without any open time is allowed (its answers are None); whoever promises by it must look at `is_empty`.
    Raises InvalidCalendar, which names every mistake at once. `bot.sla.calendars.parse_calendar` builds one from text.
    """

    name: str
    zone: str
    weekly: tuple[Day, ...]
    exceptions: tuple[DayException, ...] = ()
    _zone: ZoneInfo = field(init=False, repr=False, compare=False)
    _days: OpenDays = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if mistakes := tuple(mistakes_in(self.zone, self.weekly, self.exceptions)):
            raise InvalidCalendar(self.name, mistakes)
        zone = ZoneInfo(self.zone)
        # The one way to fill a computed field of a frozen value.
        object.__setattr__(self, "_zone", zone)
        object.__setattr__(self, "_days", OpenDays(zone, self.weekly, {each.on: each.intervals for each in self.exceptions}))

    @property
    def is_empty(self) -> bool:
        """Whether there is no open time at all, in any week and on any date."""
        return self._days.is_empty

    def local(self, at: datetime) -> datetime:
        """`at` on the desk's wall clock."""
        return at.astimezone(self._zone)

    def exception_on(self, day: date) -> DayException | None:
        """The exception of a local date, if it has one."""
        return next((each for each in self.exceptions if each.on == day), None)

    def intervals_on(self, day: date) -> Day:
        """The intervals that hold on a local date."""
        exception = self.exception_on(day)
        return self.weekly[day.weekday()] if exception is None else exception.intervals

    def is_open(self, at: datetime) -> bool:
        """Whether the desk works at `at`: an opening edge is open, a closing edge is not."""
        moment = micros(at)
        upcoming = next(self._days.forward(moment, until=moment + 1), None)
        return upcoming is not None and upcoming[0] <= moment

    def next_opening(self, at: datetime) -> datetime | None:
        """The first open instant at or after `at`; None when ten years hold none."""
        moment = micros(at)
        upcoming = next(self._days.forward(moment), None)
        return None if upcoming is None else instant(max(upcoming[0], moment))

    def next_day_opening(self, after: datetime) -> datetime | None:
        """When the next working day starts, strictly after `after`. The end of lunch starts no day, nor does a midnight worked through.

        None when ten years hold none: an empty calendar, or one that never closes.
        """
        if self._never_closes():
            return None
        moment = micros(after)
        opened_on, last_end = None, None
        # From two days back: whether a span is the first of its local day is seen only from before that day.
        for opens, closes in self._days.forward(moment - 2 * DAY):
            if opens != last_end:
                today = self.local(instant(opens)).date()
                if opens > moment and today != opened_on:
                    return instant(opens)
                opened_on = today
            last_end = closes
        return None

    def last_open_instant(self, before: datetime, *, since: datetime) -> datetime | None:
        """`before` itself if the desk is open then, else the closing edge before it; None if it was never open since `since`.

        A closing edge is itself a closed instant: 17:00 for a desk that works until 17:00.
        """
        moment = micros(before)
        latest = next(self._days.backward(moment), None)
        if latest is None or latest[1] <= micros(since):
            return None
        return instant(min(moment, latest[1]))

    def deadline(self, start: datetime, allowed: timedelta) -> datetime | None:
        """The first instant by which `allowed` open time has passed since `start`; a full interval ends at its closing edge.

        None when ten years of calendar do not hold that much. Raises ValueError for a negative `allowed`.
        """
        at, left = micros(start), _length(allowed)
        if not left:
            return instant(at)
        for opens, closes in self._days.forward(at):
            begin = max(opens, at)
            if closes - begin >= left:
                return instant(begin + left)
            left -= closes - begin
        return None

    def before(self, due: datetime, span: timedelta) -> datetime | None:
        """The last instant with `span` open time left until `due` (business subtraction): an open one, for any span above zero.

        None when ten years of calendar do not hold that much. Raises ValueError for a negative `span`.
        """
        at, left = micros(due), _length(span)
        if not left:
            return instant(at)
        for opens, closes in self._days.backward(at):
            finish = min(closes, at)
            if finish - opens >= left:
                return instant(finish - left)
            left -= finish - opens
        return None

    def open_time(self, a: datetime, b: datetime) -> timedelta:
        """Open time in `[a, b)`: zero when b is not after a; of more than ten years the first ten are counted."""
        return timedelta(microseconds=sum(closes - opens for opens, closes in self._clipped(a, b)))

    def spans(self, a: datetime, b: datetime) -> tuple[tuple[datetime, datetime], ...]:
        """The open spans inside `[a, b)` in order, clipped to it; spans that touch, over midnight or within a day, are one."""
        joined: list[Span] = []
        for span in self._clipped(a, b):
            if joined and joined[-1][1] == span[0]:
                joined[-1] = (joined[-1][0], span[1])
            else:
                joined.append(span)
        return tuple((instant(opens), instant(closes)) for opens, closes in joined)

    def _clipped(self, a: datetime, b: datetime) -> list[Span]:
        start, end = micros(a), micros(b)
        if end <= start:
            return []
        return [(max(opens, start), min(closes, end)) for opens, closes in self._days.forward(start, until=end)]

    def _never_closes(self) -> bool:
        return all(day == WHOLE_DAY for day in self.weekly) and all(each.intervals == WHOLE_DAY for each in self.exceptions)


def _length(span: timedelta) -> int:
    length = whole(span)
    if length < 0:
        raise ValueError(f"a span of time cannot be negative: {span}")
    return length
