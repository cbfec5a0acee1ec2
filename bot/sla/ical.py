"""Days off from a calendar file (iCalendar, RFC 5545): whole-day events become dated exceptions, the rest is told, not guessed. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta

from bot.errors import Misconfigured
from bot.sla.intervals import DayException

# Longer "holidays" are a mistake in the file, or something else than holidays.
LONGEST = timedelta(days=31)
LONGEST_LABEL = 80
_LINE = re.compile(r"([A-Za-z0-9-]+)((?:;[^:\"]*(?:\"[^\"]*\"[^:\"]*)*)?):(.*)", re.DOTALL)
_ESCAPED = re.compile(r"\\(.)")
# The parts of a rule that says: every year on the date of the event itself.
_RULE = re.compile(r"FREQ=YEARLY|INTERVAL=1|WKST=\w\w|UNTIL=\d{8}(T\d{6}Z?)?|(COUNT|BYMONTH|BYMONTHDAY)=\d{1,4}")
_DATE = re.compile(r"(\d{4})(\d{2})(\d{2})")


@dataclass(frozen=True, slots=True, kw_only=True)
class DaysOff:
    """What a file holds for some years: the days in order, each once, and why an event was left out."""

    days: tuple[DayException, ...]
    left_out: tuple[Misconfigured, ...]


@dataclass(slots=True)
class _Event:
    """The properties that matter here: name → (parameters, value)."""

    properties: dict[str, tuple[str, str]] = field(default_factory=dict)

    def value(self, name: str) -> str:
        return self.properties.get(name, ("", ""))[1]

    @property
    def summary(self) -> str:
        text = _ESCAPED.sub(lambda found: " " if found[1] in "nN" else found[1], self.value("SUMMARY"))
        return " ".join("".join(sign for sign in text if sign.isprintable()).split())[:LONGEST_LABEL]


def days_off(text: str, *, years: range) -> DaysOff:
    """The whole-day events of these years, yearly ones repeated. Raises Misconfigured for a text that is no calendar."""
    lines = list(_unfolded(text))
    if not any(line.strip().upper() == "BEGIN:VCALENDAR" for line in lines):
        raise Misconfigured("Це не календар: немає рядка BEGIN:VCALENDAR. Потрібен файл .ics.")
    found: dict[date, str] = {}
    left_out: list[Misconfigured] = []
    for event in _events(lines):
        if event.value("STATUS").upper() == "CANCELLED":
            continue
        try:
            for day in _days(event, years):
                found.setdefault(day, event.summary)
        except Misconfigured as mistake:
            left_out.append(Misconfigured("«{event}»: {mistake}", event=event.summary or "?", mistake=mistake))
    return DaysOff(days=tuple(DayException(on=day, label=label) for day, label in sorted(found.items())), left_out=tuple(left_out))


def _unfolded(text: str) -> Iterator[str]:
    """RFC 5545 3.1: a line that begins with a space goes on the one before it."""
    whole = ""
    for line in text.removeprefix("\ufeff").replace("\r\n", "\n").split("\n"):
        if line[:1] in (" ", "\t"):
            whole += line[1:]
        else:
            yield whole
            whole = line
    yield whole


def _events(lines: list[str]) -> Iterator[_Event]:
    event: _Event | None = None
    inside = 0
    for line in lines:
        found = _LINE.fullmatch(line)
        if not found:
            continue
        name, parameters, value = found[1].upper(), found[2].upper(), found[3].strip()
        if name == "BEGIN" and value.upper() == "VEVENT":
            event, inside = _Event(), 0
        elif name == "BEGIN":
            # An alarm inside an event has properties of its own.
            inside += 1
        elif name == "END" and value.upper() == "VEVENT" and event is not None:
            yield event
            event = None
        elif name == "END":
            inside -= 1
        elif event is not None and inside == 0:
            event.properties.setdefault(name, (parameters, value))


def _days(event: _Event, years: range) -> Iterator[date]:
    if "T" in event.value("DTSTART"):
        raise Misconfigured("подія не на цілий день; якщо це короткий день, впишіть його години самі")
    start = _date(event.value("DTSTART"))
    end = _date(event.value("DTEND")) if event.value("DTEND") else start + timedelta(days=1)
    if not timedelta(0) < end - start <= LONGEST:
        raise Misconfigured("подія триває менше за день або понад 31 день")
    for first in _repeated(event, start, years):
        for number in range((end - start).days):
            day = first + timedelta(days=number)
            if day.year in years:
                yield day


def _repeated(event: _Event, start: date, years: range) -> Iterator[date]:
    rule = event.value("RRULE").upper()
    if not rule:
        yield start
        return
    written = [part for part in rule.split(";") if part]
    parts = dict(part.partition("=")[::2] for part in written)
    is_understood = "FREQ" in parts and all(_RULE.fullmatch(part) for part in written)
    if not is_understood or int(parts.get("BYMONTH", start.month)) != start.month or int(parts.get("BYMONTHDAY", start.day)) != start.day:
        raise Misconfigured("повторення «{rule}» не підтримується; впишіть дати самі", rule=rule)
    last, count = parts.get("UNTIL", "99991231")[:8], int(parts.get("COUNT", 10_000))
    skipped = event.value("EXDATE")
    # One year before: a holiday over New Year begins in it.
    for year in range(max(start.year, years.start - 1), years.stop):
        if (start.month, start.day) == (2, 29) and not _is_leap(year):
            continue
        day = start.replace(year=year)
        digits = f"{day:%Y%m%d}"
        if digits <= last and year - start.year < count and digits not in skipped:
            yield day


def _is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def _date(text: str) -> date:
    found = _DATE.match(text)
    try:
        if found and found[1] < "9999":
            return date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError:
        pass
    raise Misconfigured("немає дати, або вона не читається")
