"""The morning digest and the week's summary: on which day they are due, from when on, and what they say. Pure facts, no sentences.

Never on a day off, never while the desk is closed: a closing in the morning puts the digest off until the desk opens, and a desk that was
down for the whole morning does not say good morning in the afternoon. A Friday off moves the summary to the last working day before it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from bot.model import ClockKind
from bot.ports import QueueRow, Standing
from bot.sla.hours import Calendar
from bot.sla.numbers import Line, Report

FRIDAY = 4
# What was not said by then is old news.
LATEST = timedelta(hours=4)
# A summary of a day that ends early comes this long before its end.
BEFORE_CLOSING = timedelta(minutes=30)
# As many tickets as a glance takes in.
NAMED = 10
BREACHES_NAMED = 5


def morning_slot(desk: Calendar, at: time, now: datetime) -> datetime | None:
    """When today's digest is to be said: at the wall-clock time `at` or when the desk opens after it. None on a day off."""
    return _open_on_the_day(desk, _on_the_clock(desk, now, at))


def week_slot(desk: Calendar, at: time, now: datetime) -> datetime | None:
    """When the week's summary is to be said, if this is its day: Friday, or the last working day before a Friday off."""
    today = desk.local(now).date()
    friday = today + timedelta(days=FRIDAY - today.weekday())
    week = [friday - timedelta(days=back) for back in range(FRIDAY + 1)]
    last = next((day for day in week if desk.intervals_on(day)), None)
    if today != last:
        return None
    closing = max(each.end for each in desk.intervals_on(today))
    ends_at = _on_the_clock(desk, now, time()) + timedelta(seconds=closing) - BEFORE_CLOSING
    return _open_on_the_day(desk, min(_on_the_clock(desk, now, at), ends_at))


def is_time(desk: Calendar, slot: datetime | None, now: datetime) -> bool:
    return slot is not None and slot <= now < slot + LATEST and desk.is_open(now)


def morning(standing: Standing, queue: Sequence[QueueRow], *, due_today: int, now: datetime, until: datetime) -> dict[str, Any]:
    """What the day begins with. `queue` is the beginning of the desk's queue, `until` the end of the day."""
    pressing = [row for row in queue if row.clock is not None and row.clock.due_at < until]
    return {
        "what": "morning",
        "open": standing.open,
        "nobodys": standing.nobodys,
        "urgent": standing.urgent,
        "overdue": standing.overdue,
        "due_today": due_today,
        "waiting": standing.waiting,
        "pressing": [_ticket(row, now) for row in pressing[:NAMED]],
        "more": max(0, standing.overdue + due_today - min(len(pressing), NAMED)),
    }


def week(report: Report, standing: Standing) -> dict[str, Any]:
    """What the week was: `report` from Monday until now, `standing` with what came and went since Monday."""
    return {
        "what": "week",
        "opened": standing.opened,
        "closed": standing.closed,
        "open": standing.open,
        "waiting": standing.waiting,
        "promises": [_promise(line) for line in report.lines if line.by == "all"],
        "breaches": [
            {"id": each.ticket_id, "title": each.title, "client": each.client, "agent": each.agent, "due_at": each.due_at.isoformat()}
            for each in report.breaches[:BREACHES_NAMED]
        ],
        "more": max(0, len(report.breaches) - BREACHES_NAMED),
        "claimed_urgent": sum(each.claimed for each in report.urgency),
        "upheld_urgent": sum(each.upheld for each in report.urgency),
    }


def monday_of(desk: Calendar, now: datetime) -> datetime:
    """The first instant of the week of `now`, on the desk's wall clock."""
    local = _on_the_clock(desk, now, time())
    return local - timedelta(days=local.weekday())


def day_of(desk: Calendar, now: datetime) -> date:
    return desk.local(now).date()


def _open_on_the_day(desk: Calendar, planned: datetime) -> datetime | None:
    slot = desk.next_opening(planned)
    return slot if slot is not None and desk.local(slot).date() == planned.date() else None


def _on_the_clock(desk: Calendar, now: datetime, at: time) -> datetime:
    return desk.local(now).replace(hour=at.hour, minute=at.minute, second=0, microsecond=0, fold=0)


def _ticket(row: QueueRow, now: datetime) -> dict[str, Any]:
    assert row.clock is not None
    return {
        "id": row.ticket.id,
        "title": row.ticket.title,
        "client": row.client_name or row.contact_name,
        "assignee": row.assignee_name,
        "due_at": row.clock.due_at.isoformat(),
        "is_overdue": row.clock.due_at < now,
    }


def _promise(line: Line) -> dict[str, Any]:
    return {
        "kind": ClockKind(line.kind).value,
        "in_time": line.in_time,
        "late": line.late,
        "running": line.running,
        "share": line.share,
        "median": line.median.total_seconds() if line.median is not None else None,
    }
