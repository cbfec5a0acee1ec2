"""Clocks on a database."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, func, insert, select, update

from bot.model import TicketClock
from bot.ports import QueueRow
from bot.storage import lists, tables
from bot.storage.mapping import clock_values, to_clock
from bot.storage.session import Session
from bot.storage.tables import UNFINISHED, is_one_of
from bot.storage.types import UtcDateTime

_clocks, _tickets = tables.clocks, tables.tickets
_add = insert(_clocks)
_save = update(_clocks).where(_clocks.c.id == bindparam("row_id"))
_of_ticket = select(_clocks).where(_clocks.c.ticket_id == bindparam("of_ticket")).order_by(_clocks.c.id)
_of_ticket_locked = _of_ticket.with_for_update()
# The ticket is locked along with its clock: a verb locks the ticket first, so a tick that waited for it while holding the clock
# could meet a verb that waits the other way round. What is not free at once is left for the next tick.
_due = (
    select(_clocks)
    .join(_tickets, _tickets.c.id == _clocks.c.ticket_id)
    .where(_clocks.c.next_nudge_at <= bindparam("now", type_=UtcDateTime()), is_one_of(_clocks.c.state, UNFINISHED))
    .order_by(_clocks.c.next_nudge_at, _clocks.c.id)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True, of=(_clocks, _tickets))
)
_due_between = select(func.count(func.distinct(_clocks.c.ticket_id))).where(
    is_one_of(_clocks.c.state, ["running"]),
    _clocks.c.due_at >= bindparam("since", type_=UtcDateTime()),
    _clocks.c.due_at < bindparam("until", type_=UtcDateTime()),
)
_running = (
    select(_clocks)
    .where(_clocks.c.id > bindparam("after_id"), is_one_of(_clocks.c.state, UNFINISHED))
    .order_by(_clocks.c.id)
    .limit(bindparam("most"))
)
_running_locked = (
    select(_clocks)
    .join(_tickets, _tickets.c.id == _clocks.c.ticket_id)
    .where(_clocks.c.id > bindparam("after_id"), is_one_of(_clocks.c.state, UNFINISHED))
    .order_by(_clocks.c.id)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True, of=(_clocks, _tickets))
)


class SqlClocks:
    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, clock: TicketClock) -> None:
        self._session.change("clocks").put("clocks", _add, clock_values(clock))

    async def of_ticket(self, ticket_id: int) -> list[TicketClock]:
        return await self._list(_of_ticket_locked if self._session.is_writing else _of_ticket, {"of_ticket": ticket_id})

    def save(self, clock: TicketClock) -> None:
        if not clock.id:
            raise LookupError("a clock without an id was never read from the store")
        self._session.change("clocks").put("clock_changes", _save, {"row_id": clock.id, **clock_values(clock)})

    async def claim_due(self, *, now: datetime, limit: int) -> list[TicketClock]:
        self._session.change()
        return await self._list(_due, {"now": now, "most": limit})

    async def running(self, *, after_id: int, limit: int) -> list[TicketClock]:
        statement = _running_locked if self._session.is_writing else _running
        return await self._list(statement, {"after_id": after_id, "most": limit})

    async def due_between(self, *, since: datetime, until: datetime) -> int:
        def work(connection: Connection) -> int:
            return connection.scalar(_due_between, {"since": since, "until": until}) or 0

        return await self._session.run(work, needs=("clocks",))

    async def started(self, *, since: datetime, after_id: int, until: datetime, limit: int) -> list[QueueRow]:
        def work(connection: Connection) -> list[QueueRow]:
            return lists.started(connection, since=since, after_id=after_id, until=until, limit=limit)

        return await self._session.run(work, needs=("clocks",))

    async def _list(self, statement: Any, values: dict[str, Any]) -> list[TicketClock]:
        def work(connection: Connection) -> list[TicketClock]:
            return [to_clock(row) for row in connection.execute(statement, values)]

        return await self._session.run(work, needs=("clocks",))
