"""Calendars and instants for the tests of this part, drawn at random or written by hand."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from bot.sla.calendars import preset_calendars
from bot.sla.hours import Calendar
from bot.sla.intervals import DayException, Interval
from tests.sla.oracle import Hours, Plain

KYIV = ZoneInfo("Europe/Kyiv")

# Midnight changes (Sao Paulo, Tehran, Havana, Beirut), half an hour (Lord Howe), two hours (Troll), dates that never were (Apia,
# Kwajalein), quarters (Kathmandu), winter time as the exception (Dublin), Ramadan (Casablanca), an hour before midnight (Azores).
ODD_ZONES = (
    "Europe/Kyiv",
    "America/Sao_Paulo",
    "Asia/Tehran",
    "America/Havana",
    "Asia/Beirut",
    "Australia/Lord_Howe",
    "Antarctica/Troll",
    "Pacific/Apia",
    "Pacific/Kwajalein",
    "Asia/Kathmandu",
    "Europe/Dublin",
    "Africa/Casablanca",
    "Atlantic/Azores",
    "America/St_Johns",
    "UTC",
)
FIRST = datetime(1990, 1, 1, tzinfo=UTC)
LAST = datetime(2035, 1, 1, tzinfo=UTC)


def kyiv(text: str) -> datetime:
    """ "2026-11-27 16:30" on the desk's wall clock, in UTC; a trailing "*" means the second time that the clock shows it."""
    return datetime.fromisoformat(text.rstrip("*")).replace(tzinfo=KYIV, fold=int(text.endswith("*"))).astimezone(UTC)


def kyiv_desk(*exceptions: DayException) -> Calendar:
    return preset_calendars(exceptions=exceptions)["desk"]


@lru_cache
def jumps(zone: str) -> tuple[datetime, ...]:
    """The instants at which a zone changed its offset, to the minute."""
    info, found = ZoneInfo(zone), []
    step = timedelta(days=1)
    at = FIRST
    while at < LAST:
        if at.astimezone(info).utcoffset() != (at + step).astimezone(info).utcoffset():
            low, high = at, at + step
            while high - low > timedelta(minutes=1):
                middle = (low + (high - low) / 2).replace(second=0, microsecond=0)
                same = middle.astimezone(info).utcoffset() == at.astimezone(info).utcoffset()
                low, high = (middle, high) if same else (low, middle)
            found.append(high)
        at += step
    return tuple(found)


def instants(zone: str) -> st.SearchStrategy[datetime]:
    """Any second of 45 years; every other one within two days of a change of the zone's offset."""
    naive = st.datetimes(FIRST.replace(tzinfo=None), LAST.replace(tzinfo=None))
    anywhere = naive.map(lambda at: at.replace(microsecond=0, tzinfo=UTC))
    if not jumps(zone):
        return anywhere
    near = st.builds(lambda at, off: at + timedelta(seconds=off), st.sampled_from(jumps(zone)), st.integers(-172_800, 172_800))
    return near | anywhere


@st.composite
def hours(draw: st.DrawFn) -> Hours:
    """Up to three intervals of a day, on five minutes, now and then up to 24:00."""
    edges = draw(st.lists(st.integers(0, 288), max_size=6, unique=True).map(sorted))
    return [(a * 5, b * 5) for a, b in zip(edges[::2], edges[1::2], strict=False)]


def whole_days() -> st.SearchStrategy[Hours]:
    return st.just([(0, 1440)])


@st.composite
def situations(draw: st.DrawFn) -> tuple[Plain, Calendar, datetime]:
    """A calendar in both forms, with exceptions around the instant that comes with it, so that they matter."""
    zone = draw(st.sampled_from(ODD_ZONES))
    at = draw(instants(zone))
    weekly = draw(st.lists(hours() | whole_days(), min_size=7, max_size=7).filter(any))
    near = st.integers(-4, 9).map(lambda days: (at + timedelta(days=days)).date())
    exceptions: dict[date, Hours] = draw(st.dictionaries(near, hours() | whole_days() | st.just([]), max_size=4))
    plain = Plain(zone=zone, weekly=weekly, exceptions=exceptions)
    return plain, of_plain(plain), at


def of_plain(plain: Plain) -> Calendar:
    return Calendar(
        name="drawn",
        zone=plain.zone,
        weekly=tuple(_intervals(day) for day in plain.weekly),
        exceptions=tuple(DayException(on=on, intervals=_intervals(day)) for on, day in sorted(plain.exceptions.items())),
    )


def _intervals(day: Hours) -> tuple[Interval, ...]:
    return tuple(Interval(start * 60, end * 60) for start, end in day)
