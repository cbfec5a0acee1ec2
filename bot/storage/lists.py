"""The lists that people look at, each written so that it walks an index and stops at its limit, with a million tickets behind it."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    Row,
    Select,
    and_,
    bindparam,
    func,
    null,
    select,
    text,
    tuple_,
    union_all,
)

from bot.model import TicketClock
from bot.ports import QueueFilter, QueueRow
from bot.storage import tables
from bot.storage.mapping import to_clock, to_ticket
from bot.storage.tables import is_one_of
from bot.storage.types import UtcDateTime

_tickets, _clocks = tables.tickets, tables.clocks
_author = tables.contacts.alias("author")
_most: BindParameter[Any] = bindparam("most")
_is_open = _tickets.c.closed_at.is_(None)

siblings = select(_tickets).where(_tickets.c.origin_id == bindparam("of_origin")).order_by(_tickets.c.id)
of_cause = select(_tickets).where(_tickets.c.cause_id == bindparam("of_cause")).order_by(_tickets.c.id)
open_of_contact = (
    select(_tickets).where(_tickets.c.contact_id == bindparam("of_contact"), _is_open).order_by(_tickets.c.id.desc()).limit(_most)
)
open_count = select(func.count()).select_from(_tickets).where(_is_open)
_before = bindparam("before", type_=UtcDateTime())
awaiting_client = (
    select(_tickets)
    .where(text(tables.AWAITING_UNREMINDED), _tickets.c.last_word_at < _before)
    .order_by(_tickets.c.last_word_at, _tickets.c.id)
    .limit(_most)
)
reminded_clients = (
    select(_tickets)
    .where(text(tables.AWAITING_REMINDED), _tickets.c.client_reminded_at < _before)
    .order_by(_tickets.c.client_reminded_at, _tickets.c.id)
    .limit(_most)
)


@cache
def visible(*, is_closed_too: bool, is_paged: bool) -> Select[Any]:
    """What a contact may see (R4): the own tickets, and the company's that neither the ticket nor its author keeps private.

    Two index walks put together: one condition with OR would sort all tickets of a company for the first page.
    """
    conditions: list[ColumnElement[bool]] = [] if is_closed_too else [_is_open]
    if is_paged:
        conditions.append(_tickets.c.id < bindparam("before"))
    own = select(_tickets.c.id).where(_tickets.c.contact_id == bindparam("of_contact"), *conditions)
    shared = (
        select(_tickets.c.id)
        .join(_author, _author.c.id == _tickets.c.contact_id)
        .where(_tickets.c.client_id == bindparam("of_client"), _tickets.c.contact_id != bindparam("of_contact"), *conditions)
        .where(~_tickets.c.is_private, ~_author.c.is_private)
    )
    pages = [page.order_by(_tickets.c.id.desc()).limit(_most).subquery() for page in (own, shared)]
    ids = union_all(*(select(page.c.id) for page in pages)).subquery()
    return select(_tickets).where(_tickets.c.id.in_(select(ids.c.id))).order_by(_tickets.c.id.desc()).limit(_most)


_other_clock = _clocks.alias("other_clock")
_is_running = is_one_of(_clocks.c.state, ["running"])
_running_beside = and_(_other_clock.c.ticket_id == _tickets.c.id, is_one_of(_other_clock.c.state, ["running"]))
_is_most_pressing = ~(
    select(_other_clock.c.id)
    .where(_running_beside, tuple_(_other_clock.c.due_at, _other_clock.c.id) < tuple_(_clocks.c.due_at, _clocks.c.id))
    .exists()
)
_has_no_clock = ~select(_other_clock.c.id).where(_running_beside).exists()
_names = (
    tables.clients.c.name.label("client_name"),
    tables.contacts.c.name.label("contact_name"),
    tables.agents.c.name.label("assignee_name"),
)


def _with_names(source: Any) -> Any:
    return (
        source.outerjoin(tables.contacts, tables.contacts.c.id == _tickets.c.contact_id)
        .outerjoin(tables.clients, tables.clients.c.id == _tickets.c.client_id)
        .outerjoin(tables.agents, tables.agents.c.id == _tickets.c.assignee_id)
    )


# Written so that no index of tickets fits: the walk by deadline is the quick one, whatever the filter.
_FILTERS: dict[QueueFilter, ColumnElement[bool]] = {
    QueueFilter.NOBODYS: func.coalesce(_tickets.c.assignee_id, 0) == 0,
    QueueFilter.URGENT: func.coalesce(_tickets.c.priority, "") == "urgent",
    QueueFilter.OVERDUE: _clocks.c.due_at < bindparam("now", type_=UtcDateTime()),
}


@cache
def _queue_part(*, is_pressing: bool, has_assignee: bool, has_team: bool, only: QueueFilter | None) -> Select[Any]:
    """One of the two halves of the queue: tickets with a running clock by its deadline, and those without by their number."""
    prefixed = [column.label(f"clock_{column.name}") if is_pressing else null().label(f"clock_{column.name}") for column in _clocks.c]
    # Outer joins in name only, every clock has its ticket: they keep SQLite from sorting all open tickets instead of walking the
    # deadlines, and so does coalesce below. One agent's tickets are few: there a plain condition lets it sort just those.
    source = _clocks.outerjoin(_tickets, _tickets.c.id == _clocks.c.ticket_id) if is_pressing else _tickets
    part = select(_tickets, *prefixed, *_names).select_from(_with_names(source)).where(_is_open)
    if has_assignee:
        part = part.where(_tickets.c.assignee_id == bindparam("of_assignee"))
    if has_team:
        part = part.where(
            func.coalesce(_tickets.c.team, "") == bindparam("of_team") if is_pressing else _tickets.c.team == bindparam("of_team")
        )
    if only is not None:
        part = part.where(_FILTERS[only])
    if is_pressing:
        return part.where(_is_running, _is_most_pressing).order_by(_clocks.c.due_at, _clocks.c.id).limit(_most)
    return part.where(_has_no_clock).order_by(_tickets.c.id).limit(_most)


def _started() -> Select[Any]:
    prefixed = [column.label(f"clock_{column.name}") for column in _clocks.c]
    since = tuple_(bindparam("since", type_=UtcDateTime()), bindparam("after_id"))
    return (
        select(_tickets, *prefixed, *_names)
        .select_from(_with_names(_clocks.join(_tickets, _tickets.c.id == _clocks.c.ticket_id)))
        .where(tuple_(_clocks.c.started_at, _clocks.c.id) > since, _clocks.c.started_at < bindparam("until", type_=UtcDateTime()))
        .order_by(_clocks.c.started_at, _clocks.c.id)
        .limit(_most)
    )


_started_clocks = _started()


def started(connection: Connection, *, since: datetime, after_id: int, until: datetime, limit: int) -> list[QueueRow]:
    """Clocks with their tickets, in the order in which they started."""
    values = {"since": since, "after_id": after_id, "until": until, "most": limit}
    return [_to_queue_row(row) for row in connection.execute(_started_clocks, values)]


def queue(
    connection: Connection, *, limit: int, assignee_id: int | None, team: str | None, only: QueueFilter | None, now: datetime | None
) -> list[QueueRow]:
    """Open tickets by nearest deadline, those without a running clock last (and never overdue)."""
    values: dict[str, Any] = {"most": limit, "now": now} if only is QueueFilter.OVERDUE else {"most": limit}
    if assignee_id is not None:
        values["of_assignee"] = assignee_id
    if team is not None:
        values["of_team"] = team
    rows: list[QueueRow] = []
    for is_pressing in (True,) if only is QueueFilter.OVERDUE else (True, False):
        part = _queue_part(is_pressing=is_pressing, has_assignee=assignee_id is not None, has_team=team is not None, only=only)
        if len(rows) < limit:
            rows += [_to_queue_row(row) for row in connection.execute(part, values | {"most": limit - len(rows)})]
    return rows


def _to_queue_row(row: Row[Any]) -> QueueRow:
    return QueueRow(
        ticket=to_ticket(row),
        clock=_clock_of(row),
        client_name=row.client_name or "",
        contact_name=row.contact_name,
        assignee_name=row.assignee_name or "",
    )


def _clock_of(row: Row[Any]) -> TicketClock | None:
    return to_clock(row, prefix="clock_") if row.clock_id is not None else None
