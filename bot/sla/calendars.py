"""Calendars from text, and the three that come with the program (R1).

"Working hours or round the clock" is no switch: it is which calendar a target counts by.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from bot.errors import Misconfigured
from bot.sla.hours import Calendar
from bot.sla.intervals import WEEKDAYS, WHOLE_DAY, Day, DayException, Interval, InvalidCalendar, mistakes_in

DESK = "desk"
WORKDAYS = "weekdays"
ALWAYS = "always"
ZONE = "Europe/Kyiv"

WORKING_DAY = (Interval.parse("08:00-12:30"), Interval.parse("13:30-17:00"))
DAY_OFF: Day = ()


def preset_calendars(*, zone: str = ZONE, exceptions: Sequence[DayException] = ()) -> dict[str, Calendar]:
    """R1 and its two wider readings, by name: `desk`, `weekdays` (its working days round the clock), `always`.

    A day that the desk works at all, a working Saturday too, is a whole day for `weekdays`; `always` knows no exceptions.
    """
    desk = Calendar(name=DESK, zone=zone, weekly=(WORKING_DAY,) * 5 + (DAY_OFF,) * 2, exceptions=tuple(exceptions))
    return {DESK: desk, WORKDAYS: round_the_clock(desk), ALWAYS: Calendar(name=ALWAYS, zone=zone, weekly=(WHOLE_DAY,) * 7)}


def round_the_clock(desk: Calendar, *, name: str = WORKDAYS) -> Calendar:
    """The working days of `desk`, 00:00 to 24:00 each."""
    return Calendar(
        name=name,
        zone=desk.zone,
        weekly=tuple(WHOLE_DAY if day else DAY_OFF for day in desk.weekly),
        exceptions=tuple(
            DayException(on=each.on, intervals=WHOLE_DAY if each.intervals else DAY_OFF, label=each.label) for each in desk.exceptions
        ),
    )


def parse_calendar(
    name: str,
    *,
    zone: str = ZONE,
    weekly: Mapping[str, Sequence[str]],
    exceptions: Mapping[str, tuple[Sequence[str], str]] | None = None,
) -> Calendar:
    """A calendar as a configuration writes it; raises InvalidCalendar with every mistake at once.

    `weekly` is {"mon": ["08:00-12:30", "13:30-17:00"], …}, a weekday that is not named is a day off; `exceptions` maps an ISO date to
    its intervals and a label: {"2026-12-31": (["08:00-12:00"], "короткий день")}.
    """
    mistakes: list[Misconfigured] = []
    for day in weekly:
        if day not in WEEKDAYS:
            mistakes.append(Misconfigured("«{day}» не є днем тижня; очікується один із {days}", day=day, days=", ".join(WEEKDAYS)))
    week = tuple(_parse_day(day, weekly.get(day, ()), mistakes) for day in WEEKDAYS)
    dated = [_parse_exception(text, *each, mistakes) for text, each in (exceptions or {}).items()]
    days = tuple(sorted((each for each in dated if each), key=lambda each: each.on))
    mistakes.extend(mistakes_in(zone, week, days))
    if mistakes:
        raise InvalidCalendar(name, tuple(mistakes))
    return Calendar(name=name, zone=zone, weekly=week, exceptions=days)


def _parse_day(day: str, texts: Sequence[str], mistakes: list[Misconfigured]) -> Day:
    found = []
    for text in texts:
        try:
            found.append(Interval.parse(text))
        except Misconfigured as mistake:
            mistakes.append(Misconfigured("{day}: {mistake}", day=day, mistake=mistake))
    return tuple(sorted(found))


def _parse_exception(text: str, intervals: Sequence[str], label: str, mistakes: list[Misconfigured]) -> DayException | None:
    parsed = _parse_day(text, intervals, mistakes)
    try:
        return DayException(on=date.fromisoformat(text), intervals=parsed, label=label)
    except ValueError:
        mistakes.append(Misconfigured("«{text}» не є датою; очікується на зразок 2026-12-31", text=text))
        return None
