"""How the desk stands, in numbers counted by the database."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, bindparam, case, func, select

from bot.ports import Standing
from bot.storage import tables
from bot.storage.tables import is_one_of
from bot.storage.types import UtcDateTime

_tickets, _clocks = tables.tickets, tables.clocks
_now, _since = bindparam("now", type_=UtcDateTime()), bindparam("since", type_=UtcDateTime())
_is_open = _tickets.c.closed_at.is_(None)


def _count(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)


_open = select(
    func.count().label("open"),
    _count(_tickets.c.assignee_id.is_(None)).label("nobodys"),
    _count(_tickets.c.priority == "urgent").label("urgent"),
    _count(_tickets.c.turn != "staff").label("waiting"),
    _count(_tickets.c.team == "development").label("development"),
).where(_is_open)
_overdue = select(func.count(func.distinct(_clocks.c.ticket_id))).where(is_one_of(_clocks.c.state, ["running"]), _clocks.c.due_at < _now)
_opened = select(func.count()).select_from(_tickets).where(_tickets.c.created_at >= _since)
_closed = select(func.count()).select_from(_tickets).where(_tickets.c.closed_at.is_not(None), _tickets.c.closed_at >= _since)
_by_agent = select(_tickets.c.assignee_id, func.count().label("tickets")).where(_is_open).group_by(_tickets.c.assignee_id)


def standing(connection: Connection, *, now: datetime, since: datetime) -> Standing:
    """Open tickets now, and what came and went since then."""
    return Standing(
        **connection.execute(_open).one()._mapping,
        overdue=connection.scalar(_overdue, {"now": now}) or 0,
        opened=connection.scalar(_opened, {"since": since}) or 0,
        closed=connection.scalar(_closed, {"since": since}) or 0,
    )


def open_by_agent(connection: Connection) -> Mapping[int | None, int]:
    """Open tickets by who has them; None: nobody."""
    return {row.assignee_id: row.tickets for row in connection.execute(_by_agent)}
