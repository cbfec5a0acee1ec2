"""Time in which a promise stands still: a solution waits while the client must answer (DESIGN 6). Pure.

Pauses are kept as instants, not as lengths, so a calendar that is edited later, a holiday or a change of the clocks inside a pause change
nothing about what they leave out. Ends are exclusive; in order, none touching another.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from bot.model import Pause
from bot.sla.hours import Calendar

Pauses = tuple[Pause, ...]


def paused(pauses: Pauses, *, at: datetime) -> Pauses:
    """Standing still from `at` on; already standing still, the same. A pause that begins before the last one ended goes on with that."""
    if pauses and pauses[-1][1] is None:
        return pauses
    if pauses and pauses[-1][1] is not None and at <= pauses[-1][1]:
        return (*pauses[:-1], (pauses[-1][0], None))
    return (*pauses, (at, None))


def resumed(pauses: Pauses, *, at: datetime) -> Pauses:
    """Running again from `at` on. A pause that would end before it began (a message that came late to us) was none."""
    if not pauses or pauses[-1][1] is not None:
        return pauses
    began = pauses[-1][0]
    return (*pauses[:-1], (began, at)) if at > began else pauses[:-1]


def deadline_over(calendar: Calendar, start: datetime, allowed: timedelta, pauses: Pauses) -> datetime | None:
    """The first instant by which `allowed` open time has passed since `start` outside the pauses.

    None when ten years of calendar do not hold that much, or a pause that has not ended comes first.
    """
    at, left = start, allowed
    for begins, ends in pauses:
        if ends is not None and ends <= at:
            continue
        counted = calendar.open_time(at, begins)
        if counted >= left:
            break
        if ends is None:
            return None
        left, at = left - counted, ends
    return calendar.deadline(at, left)


def open_time_over(calendar: Calendar, start: datetime, end: datetime, pauses: Pauses) -> timedelta:
    """Open time in `[start, end)` outside the pauses."""
    return sum((calendar.open_time(a, b) for a, b in _running(start, end, pauses)), timedelta(0))


def _running(start: datetime, end: datetime, pauses: Pauses) -> Iterator[tuple[datetime, datetime]]:
    at = start
    for begins, ends in pauses:
        if begins >= end:
            break
        if at < begins:
            yield at, begins
        if ends is None:
            return
        at = max(at, ends)
    if at < end:
        yield at, end
