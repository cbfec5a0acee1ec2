"""A calendar invite (text/calendar, RFC 5545) → one line that people read: what, when in the desk's zone, where. Pure, never raises."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from bot.channels.mail.charset import clean, decode

MAX_BYTES = 256 * 1024
_FOLDED = re.compile(r"\r?\n[ \t]")
_LINE = re.compile(r"^([A-Za-z-]{1,40})((?:;[^:\n]{0,500})?):(.{0,2000})$", re.M)
_ESCAPED = re.compile(r"\\([\\;,nN])")
_ZONE = re.compile(r';TZID="?([^";:]{1,80})', re.I)
_DURATION = re.compile(r"P(?:(\d{1,4})W)?(?:(\d{1,4})D)?(?:T(?:(\d{1,4})H)?(?:(\d{1,4})M)?(?:(\d{1,6})S)?)?$")
_FORMAT = "%Y%m%dT%H%M%S"
# How Windows names the zones that invites here come from; others fall back to the desk's own.
_WINDOWS = {
    "FLE Standard Time": "Europe/Kyiv",
    "GTB Standard Time": "Europe/Bucharest",
    "E. Europe Standard Time": "Europe/Chisinau",
    "W. Europe Standard Time": "Europe/Berlin",
    "Central European Standard Time": "Europe/Warsaw",
    "Central Europe Standard Time": "Europe/Budapest",
    "Romance Standard Time": "Europe/Paris",
    "GMT Standard Time": "Europe/London",
    "Russian Standard Time": "Europe/Moscow",
    "Turkey Standard Time": "Europe/Istanbul",
    "Eastern Standard Time": "America/New_York",
    "Pacific Standard Time": "America/Los_Angeles",
    "UTC": "UTC",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Invite:
    """`start` and `end` are aware instants, or dates for whole days (`end` is the last day then)."""

    summary: str
    start: datetime | date | None
    end: datetime | date | None = None
    place: str = ""
    is_cancelled: bool = False

    def line(self, zone: ZoneInfo) -> str:
        """ "Запрошення в календар «Нарада» 25.11.2026 10:00-11:00, Zoom". One sentence: a dash or a colon would look like two questions."""
        head = "Скасовано запрошення" if self.is_cancelled else "Запрошення в календар"
        words = [head, f"«{self.summary}»" if self.summary else "", _when(self.start, self.end, zone)]
        return " ".join(word for word in words if word) + (f", {self.place}" if self.place else "")


def read(data: bytes, charset: str | None, zone: ZoneInfo) -> Invite | None:
    """The first event in it, None when there is none. Times without a zone are taken for the desk's."""
    text = _FOLDED.sub("", decode(data[:MAX_BYTES], charset or "utf-8")[0]).replace("\r\n", "\n")
    _, found, event = text.partition("BEGIN:VEVENT\n")
    if not found:
        return None
    outside, event = text[: text.find("BEGIN:VEVENT")], event.partition("\nEND:VEVENT")[0]
    # An alarm inside an event has a summary and a duration of its own.
    event = re.sub(r"BEGIN:VALARM.*?(?:END:VALARM|$)", "", event, flags=re.S)
    fields = {name.upper(): (parameters, value) for name, parameters, value in reversed(_LINE.findall(event))}
    method = {name.upper(): value for name, _, value in _LINE.findall(outside)}.get("METHOD", "")
    start = _instant(*fields.get("DTSTART", ("", "")), zone)
    end = _instant(*fields.get("DTEND", ("", "")), zone) or _after(start, fields.get("DURATION", ("", ""))[1])
    if end is not None and not isinstance(end, datetime):
        end -= timedelta(days=1)  # RFC 5545, 3.6.1: the end of whole days is the day after
    status = fields.get("STATUS", ("", ""))[1]
    return Invite(
        summary=_words(fields.get("SUMMARY", ("", ""))[1])[:200],
        start=start,
        end=end,
        place=_words(fields.get("LOCATION", ("", ""))[1])[:200],
        is_cancelled=method.strip().upper() == "CANCEL" or status.strip().upper() == "CANCELLED",
    )


def _words(value: str) -> str:
    text = _ESCAPED.sub(lambda found: " " if found[1] in "nN" else found[1], value)
    return " ".join(clean(text).split())


def _instant(parameters: str, value: str, zone: ZoneInfo) -> datetime | date | None:
    value = value.strip()
    try:
        if len(value) == 8:
            return datetime.strptime(value, "%Y%m%d").replace(tzinfo=UTC).date()
        if value.endswith("Z"):
            return datetime.strptime(value[:-1], _FORMAT).replace(tzinfo=UTC)
        named = _ZONE.search(parameters)
        return datetime.strptime(value, _FORMAT).replace(tzinfo=_zone(named[1]) if named else zone) if value else None
    except ValueError:
        return None


def _zone(name: str) -> ZoneInfo:
    """ValueError for a zone that nobody knows: better no time than a wrong one."""
    try:
        return ZoneInfo(_WINDOWS.get(name, name))
    except (KeyError, OSError) as error:
        raise ValueError(name) from error


def _after(start: datetime | date | None, duration: str) -> datetime | date | None:
    found = _DURATION.match(duration.strip())
    if start is None or not found:
        return None
    weeks, days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return start + timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)


def _when(start: datetime | date | None, end: datetime | date | None, zone: ZoneInfo) -> str:
    if start is None:
        return ""
    if not isinstance(start, datetime):
        is_longer = end is not None and not isinstance(end, datetime) and end > start
        return f"{start:%d.%m.%Y}" + (f"-{end:%d.%m.%Y}" if is_longer else "")
    first = start.astimezone(zone)
    if not isinstance(end, datetime) or end <= start:
        return f"{first:%d.%m.%Y %H:%M}"
    last = end.astimezone(zone)
    return f"{first:%d.%m.%Y %H:%M}-" + (f"{last:%H:%M}" if last.date() == first.date() else f"{last:%d.%m.%Y %H:%M}")
