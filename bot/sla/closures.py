"""Emergency closing (`/closed until 14:00`): from what somebody wrote to an instant, and from closures to the policy that holds with them.

A closure is a dated exception of every calendar but `always`: the hours it covers are taken out of those days. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.errors import Rejected
from bot.model import Closure
from bot.sla.calendars import ALWAYS
from bot.sla.hours import Calendar
from bot.sla.intervals import DAY_S, Day, DayException, Interval
from bot.sla.policy import Policy

# What lasts longer is no emergency: it belongs into [[sla.exceptions]].
LONGEST = timedelta(days=14)
WRITTEN = re.compile(r"(?:(\d{1,2})\.(\d{1,2})(?:\.(\d{4}))?\s+)?(\d{1,2}):(\d{2})")


def read_until(text: str, *, now: datetime, zone: ZoneInfo) -> datetime:
    """ "14:00" (today), "25.11 9:00" or an ISO time on the desk's wall clock → UTC. Raises Rejected, which says what is expected."""
    found = WRITTEN.fullmatch(text.strip())
    today = now.astimezone(zone)
    try:
        if found:
            day, month, year, hour, minute = (int(each) if each else None for each in found.groups())
            on = date(year or today.year, month or today.month, day or today.day)
            if month and not year and on < today.date():
                on = on.replace(year=on.year + 1)
            return datetime.combine(on, time(hour or 0, minute or 0), tzinfo=zone).astimezone(UTC)
        parsed = datetime.fromisoformat(text.strip())
    except ValueError:
        raise Rejected("«{text}» не є часом. Напишіть, наприклад, 14:00 або 25.11 09:00.", text=text.strip()) from None
    return (parsed if parsed.tzinfo else parsed.replace(tzinfo=zone)).astimezone(UTC)


def checked_until(policy: Policy, until: datetime, *, now: datetime) -> datetime:
    """`until` if closing from `now` until then makes sense. Raises Rejected."""
    if until <= now:
        raise Rejected("Цей час уже минув. Напишіть, до якого часу службу зачинено.")
    if until > now + LONGEST:
        raise Rejected("Зачинити можна щонайбільше на 14 днів; довші перерви вносять до календаря, у [[sla.exceptions]].")
    if not policy.desk_calendar.open_time(now, until):
        raise Rejected("У цей час служба й так не працює.")
    return until


def closed_during(policy: Policy, closures: Sequence[Closure]) -> Policy:
    """The policy with the hours of the closures taken out of every calendar but `always`; the same value when that changes nothing."""
    if all(closure.is_void for closure in closures):
        return policy
    calendars = {name: each if name == ALWAYS else without(each, closures) for name, each in policy.calendars.items()}
    return replace(policy, calendars=calendars)


def without(calendar: Calendar, closures: Sequence[Closure]) -> Calendar:
    """The calendar without the hours of the closures; a day that they touch is labelled with their reasons."""
    changed: dict[date, DayException] = {}
    for closure in closures:
        for day, shut in _by_day(calendar, closure):
            known = changed.get(day) or calendar.exception_on(day)
            before = known.intervals if known else calendar.intervals_on(day)
            after = _subtracted(before, shut)
            if after != before:
                labels = dict.fromkeys(filter(None, (known.label if known else "", closure.because)))
                changed[day] = DayException(on=day, intervals=after, label=", ".join(labels))
    if not changed:
        return calendar
    kept = [each for each in calendar.exceptions if each.on not in changed]
    return replace(calendar, exceptions=tuple(sorted([*kept, *changed.values()], key=lambda each: each.on)))


def _by_day(calendar: Calendar, closure: Closure) -> Iterator[tuple[date, Interval]]:
    """The local days of a closure with its hours on each."""
    if closure.is_void:
        return
    start, end = calendar.local(closure.starts_at), calendar.local(closure.ends_at)
    for ordinal in range(start.toordinal(), end.toordinal() + 1):
        opens = _second(start) if ordinal == start.toordinal() else 0
        closes = _second(end) if ordinal == end.toordinal() else DAY_S
        if opens < closes:
            yield date.fromordinal(ordinal), Interval(opens, closes)


def _second(local: datetime) -> int:
    return local.hour * 3600 + local.minute * 60 + local.second


def _subtracted(day: Day, shut: Interval) -> Day:
    parts = (
        part for each in day for part in (Interval(each.start, min(each.end, shut.start)), Interval(max(each.start, shut.end), each.end))
    )
    return tuple(part for part in parts if part.start < part.end)
