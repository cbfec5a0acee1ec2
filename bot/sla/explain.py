"""Why this minute: what a deadline counted and what it skipped, and the whole story of one receipt. Facts, not sentences.

A nudge carries the account of its clock; `deskbot deadline` and the Site show `example` for a receipt that somebody asks about.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from itertools import islice

from bot.model import ClockKind
from bot.sla.clocks import start_clock
from bot.sla.hours import Calendar
from bot.sla.policy import Chosen, Policy
from bot.sla.reminders import Rung, upcoming
from bot.sla.rules import Subject

# A ticket that waits for years is explained by its beginning.
LONGEST_ACCOUNT = timedelta(days=60)


class Closed(StrEnum):
    """What a stretch of closed time was."""

    BREAK = "break"
    NIGHT = "night"
    DAYS_OFF = "days_off"


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """A closed stretch that was not counted: lunch, night, or one that holds whole days off. `labels` name the holidays in it."""

    start: datetime
    end: datetime
    kind: Closed
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """From `start` to `end` this much was counted, in these open spans, and this was skipped; all in order, instants in UTC."""

    start: datetime
    end: datetime
    counted: timedelta
    spans: tuple[tuple[datetime, datetime], ...]
    skipped: tuple[Skipped, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """What a receipt leads to and by which rule: `nudges` are the first few of the ladder, as if nobody reacted."""

    received_at: datetime
    subject: Subject
    chosen: Chosen
    calendar: str
    target: timedelta
    due_at: datetime
    effective_due_at: datetime
    nudges: tuple[tuple[Rung, datetime], ...]
    account: Account


def account(calendar: Calendar, start: datetime, end: datetime) -> Account:
    """Counted and skipped time between two instants; of a very long stretch only the first two months."""
    end = min(end, start + LONGEST_ACCOUNT)
    spans = calendar.spans(start, end)
    edges = [start, *(edge for span in spans for edge in span), end]
    gaps = zip(edges[::2], edges[1::2], strict=True)
    return Account(
        start=start,
        end=end,
        counted=sum((closes - opens for opens, closes in spans), timedelta(0)),
        spans=spans,
        skipped=tuple(_skipped(calendar, opens, closes) for opens, closes in gaps if opens < closes),
    )


def example(
    policy: Policy, *, subject: Subject, received_at: datetime, kind: ClockKind = ClockKind.REACTION, nudges: int = 6
) -> Example | None:
    """The deadline of a message received then, its nudges and why; None when the policy promises nothing."""
    clock = start_clock(policy, kind=kind, ticket_id=0, subject=subject, started_at=received_at, now=received_at)
    chosen = policy.chosen(kind, subject)
    if clock is None or chosen is None:
        return None
    return Example(
        received_at=received_at,
        subject=subject,
        chosen=chosen,
        calendar=clock.calendar,
        target=clock.target,
        due_at=clock.due_at,
        effective_due_at=policy.effective_due(clock.due_at, since=received_at),
        nudges=tuple(islice(upcoming(policy, clock, after=received_at), nudges)),
        account=account(policy.calendars[clock.calendar], received_at, clock.due_at),
    )


def _skipped(calendar: Calendar, start: datetime, end: datetime) -> Skipped:
    first, last = calendar.local(start).date(), calendar.local(end - timedelta(microseconds=1)).date()
    days = _days(first, last)
    days_off = [day for day in days if not calendar.intervals_on(day)]
    exceptions = [each for day in days if (each := calendar.exception_on(day)) and each.label]
    labels = [each.label for each in exceptions if not each.intervals or _takes_usual_hours(calendar, each.on, start, end)]
    if days_off:
        kind = Closed.DAYS_OFF
    elif first == last and _is_between_intervals(calendar, start, end):
        kind = Closed.BREAK
    else:
        kind = Closed.NIGHT
    return Skipped(start=start, end=end, kind=kind, labels=tuple(dict.fromkeys(labels)))


def _is_between_intervals(calendar: Calendar, start: datetime, end: datetime) -> bool:
    """Whether the desk had opened before this stretch of one local date and opens again after it on the same date."""
    midnight = calendar.local(start).replace(hour=0, minute=0, second=0, microsecond=0)
    return calendar.open_time(midnight, start) > timedelta(0) and calendar.local(end).date() == midnight.date() and calendar.is_open(end)


def _takes_usual_hours(calendar: Calendar, day: date, start: datetime, end: datetime) -> bool:
    """Whether the week would have had open hours of this date in the stretch: a short day or an emergency closing, not the lunch of it."""
    midnight = calendar.local(start).replace(year=day.year, month=day.month, day=day.day, hour=0, minute=0, second=0, microsecond=0)
    hours = ((midnight + timedelta(seconds=each.start), midnight + timedelta(seconds=each.end)) for each in calendar.weekly[day.weekday()])
    return any(opens < calendar.local(end) and calendar.local(start) < closes for opens, closes in hours)


def _days(first: date, last: date) -> list[date]:
    return [date.fromordinal(day) for day in range(first.toordinal(), last.toordinal() + 1)]
