"""Clocks and closings, as rows and back."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row

from bot.model import ClockKind, ClockState, Closure, Priority, TicketClock
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
    )


def to_closure(row: Row[Any]) -> Closure:
    return Closure(id=row.id, starts_at=row.starts_at, ends_at=row.ends_at, because=row.because, by=row.by, announced_at=row.announced_at)
