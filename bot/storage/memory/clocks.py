"""Clocks in memory."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from bot.errors import Conflict
from bot.model import ClockState, TicketClock
from bot.ports import QueueRow
from bot.storage.memory.shelves import Session, queue_row
from bot.storage.rules import refuse_naive

UNFINISHED = (ClockState.RUNNING, ClockState.CLAIMED)


class MemoryClocks:
    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, clock: TicketClock) -> None:
        refuse_naive(clock)
        shelves = self._session.change("clocks")
        self._session.need(shelves.tickets, clock.ticket_id, "ticket")
        key = (clock.ticket_id, clock.kind, clock.ordinal)
        if any((other.ticket_id, other.kind, other.ordinal) == key for other in shelves.clocks.values()):
            self._session.fail(Conflict())
        clock = replace(clock, id=self._session.next_id("clocks"))
        shelves.clocks[clock.id] = clock

    async def of_ticket(self, ticket_id: int) -> list[TicketClock]:
        return [clock for _, clock in sorted(self._session.look().clocks.items()) if clock.ticket_id == ticket_id]

    def save(self, clock: TicketClock) -> None:
        refuse_naive(clock)
        clocks = self._session.change("clocks").clocks
        if clock.id not in clocks:
            raise LookupError(f"clock {clock.id} was never read from the store")
        clocks[clock.id] = clock

    async def claim_due(self, *, now: datetime, limit: int) -> list[TicketClock]:
        due = [
            (clock.next_nudge_at, clock.id, clock)
            for clock in self._session.look().clocks.values()
            if clock.next_nudge_at is not None and clock.next_nudge_at <= now and clock.state in UNFINISHED
        ]
        return [clock for _, _, clock in sorted(due, key=lambda each: each[:2])[:limit]]

    async def due_between(self, *, since: datetime, until: datetime) -> int:
        clocks = self._session.look().clocks.values()
        return len({each.ticket_id for each in clocks if each.state is ClockState.RUNNING and since <= each.due_at < until})

    async def started(self, *, since: datetime, after_id: int, until: datetime, limit: int) -> list[QueueRow]:
        found = sorted(
            (clock.started_at, clock.id, clock.ticket_id)
            for clock in self._session.look().clocks.values()
            if (since, after_id) < (clock.started_at, clock.id) and clock.started_at < until
        )
        shelves = self._session.shelves
        return [queue_row(shelves, shelves.tickets[ticket_id], shelves.clocks[clock_id]) for _, clock_id, ticket_id in found[:limit]]

    async def running(self, *, after_id: int, limit: int) -> list[TicketClock]:
        clocks = sorted(self._session.look().clocks.items())
        return [clock for clock_id, clock in clocks if clock_id > after_id and clock.state in UNFINISHED][:limit]
