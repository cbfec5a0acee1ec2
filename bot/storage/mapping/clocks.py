"""Clocks and closings, as rows and back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Row

from bot.model import ClockKind, ClockState, Closure, Priority, Terms, TicketClock
from bot.storage.mapping.rows import AnyRow, Values


def clock_values(clock: TicketClock) -> Values:
    return {
        "ticket_id": clock.ticket_id,
        "kind": clock.kind.value,
        "ordinal": clock.ordinal,
        "priority": clock.priority.value,
        "calendar": clock.calendar,
        "target": clock.target,
        "started_at": clock.started_at,
        "due_at": clock.due_at,
        "state": clock.state.value,
        "generation": clock.generation,
        "step": clock.step,
        "next_nudge_at": clock.next_nudge_at,
        "met_at": clock.met_at,
        "breached_at": clock.breached_at,
        "terms": _terms_json(clock.terms),
        "pauses": [[_iso(begins), _iso(ends)] for begins, ends in clock.pauses],
    }


def to_clock(row: AnyRow, *, prefix: str = "") -> TicketClock:
    """`prefix` is what the names of the columns begin with in a join."""
    columns = row._mapping

    def part(name: str) -> Any:
        return columns[prefix + name]

    return TicketClock(
        id=part("id"),
        ticket_id=part("ticket_id"),
        kind=ClockKind(part("kind")),
        ordinal=part("ordinal"),
        priority=Priority(part("priority")),
        calendar=part("calendar"),
        target=part("target"),
        started_at=part("started_at"),
        due_at=part("due_at"),
        state=ClockState(part("state")),
        generation=part("generation"),
        step=part("step"),
        next_nudge_at=part("next_nudge_at"),
        met_at=part("met_at"),
        breached_at=part("breached_at"),
        terms=_terms(part("terms")),
        pauses=tuple((datetime.fromisoformat(begins), _instant(ends)) for begins, ends in part("pauses")),
    )


def _terms_json(terms: Terms | None) -> Values | None:
    if terms is None:
        return None
    seconds = terms.time / timedelta(seconds=1)
    return {"time": seconds, "calendar": terms.calendar, "rule": terms.rule, "since_at": _iso(terms.since_at)}


def _terms(kept: Values | None) -> Terms | None:
    if kept is None:
        return None
    time = timedelta(seconds=kept["time"])
    return Terms(time=time, calendar=kept["calendar"], rule=kept["rule"], since_at=_instant(kept["since_at"]))


def _iso(at: datetime | None) -> str | None:
    return None if at is None else at.astimezone(UTC).isoformat()


def _instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def to_closure(row: Row[Any]) -> Closure:
    return Closure(id=row.id, starts_at=row.starts_at, ends_at=row.ends_at, because=row.because, by=row.by, announced_at=row.announced_at)
