"""What a calendar is made of: hours inside a local day, dates that differ, and everything that can be wrong with them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bot.errors import Misconfigured

DAY_S = 86_400
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
WRITTEN = re.compile(r"\s*(\d{1,2}):(\d{2})\s*[-–—]\s*(\d{1,2}):(\d{2})\s*")


class InvalidCalendar(Misconfigured):
    """A calendar cannot be used; `mistakes` says everything that is wrong with it."""

    def __init__(self, name: str, mistakes: tuple[Misconfigured, ...]) -> None:
        self.mistakes = mistakes
        super().__init__("Календар «{name}»: {mistakes}", name=name, mistakes="; ".join(map(str, mistakes)))


class Interval(NamedTuple):
    """Open hours inside one local day: seconds after local midnight, `[start, end)`, at most `[0, 86400)`."""

    start: int
    end: int

    @classmethod
    def parse(cls, text: str) -> Interval:
        """ "08:00-12:30"; the end may be "24:00". Raises Misconfigured for anything else."""
        found = WRITTEN.fullmatch(text)
        if not found:
            raise Misconfigured("«{text}» не схоже на проміжок; очікується на зразок 08:00-12:30", text=text)
        hour, minute, end_hour, end_minute = map(int, found.groups())
        if minute > 59 or end_minute > 59:
            raise Misconfigured("«{text}»: хвилин буває від 00 до 59", text=text)
        return cls(hour * 3600 + minute * 60, end_hour * 3600 + end_minute * 60)

    def __str__(self) -> str:
        return f"{_clock_face(self.start)}-{_clock_face(self.end)}"


WHOLE_DAY = (Interval(0, DAY_S),)
Day = tuple[Interval, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DayException:
    """One local date that does not follow the week: a holiday has no intervals, a short day or a working Saturday has some."""

    on: date
    intervals: Day = ()
    label: str = ""


def is_zone(name: str) -> bool:
    """Whether there is a zone of this name."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def has_zone_data() -> bool:
    """Whether this machine knows any zone at all: it brings the data itself, or the package tzdata does."""
    return is_zone("UTC")


def mistakes_in(zone: str, weekly: Sequence[Day], exceptions: Sequence[DayException]) -> Iterator[Misconfigured]:
    """Everything that is wrong with a calendar, each mistake in one sentence without its calendar's name."""
    if not has_zone_data():
        yield Misconfigured("на цьому комп'ютері немає даних про часові пояси; встановіть пакет tzdata")
    elif not is_zone(zone):
        yield Misconfigured("невідомий часовий пояс «{zone}»; очікується назва на зразок Europe/Kyiv", zone=zone)
    if len(weekly) != len(WEEKDAYS):
        yield Misconfigured("тиждень має сім днів, а описано {count}", count=len(weekly))
    for name, day in zip(WEEKDAYS, weekly, strict=False):
        yield from _mistakes_of_day(name, day)
    seen: set[date] = set()
    for each in exceptions:
        if each.on in seen:
            yield Misconfigured("дату {day} описано двічі", day=each.on.isoformat())
        seen.add(each.on)
        yield from _mistakes_of_day(each.on.isoformat(), each.intervals)


def _mistakes_of_day(day: str, intervals: Day) -> Iterator[Misconfigured]:
    for each in intervals:
        if each.start < 0 or each.end > DAY_S or each.start >= DAY_S:
            yield Misconfigured("{day}: {interval} виходить за межі доби 00:00-24:00", day=day, interval=each)
        elif each.end < each.start:
            yield Misconfigured(
                "{day}: {interval} переходить за північ; запишіть два проміжки: до 24:00 і від 00:00 наступного дня", day=day, interval=each
            )
        elif each.end == each.start:
            yield Misconfigured("{day}: {interval} порожній; вихідний день записується без проміжків", day=day, interval=each)
    for one, two in pairwise(sorted(intervals)):
        if two.start < one.end:
            yield Misconfigured("{day}: {one} і {two} перекриваються", day=day, one=one, two=two)
    if list(intervals) != sorted(intervals):
        yield Misconfigured("{day}: проміжки мають іти за порядком", day=day)


def _clock_face(second: int) -> str:
    hours, rest = divmod(second, 3600)
    minutes, seconds = divmod(rest, 60)
    return f"{hours:02}:{minutes:02}" + (f":{seconds:02}" if seconds else "")
