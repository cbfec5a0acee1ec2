"""Walking through everything by the inbound messages that tickets were made of."""

from __future__ import annotations

from sqlalchemy import bindparam, select

from bot.storage import tables

_tickets = tables.tickets
_next = (
    select(_tickets.c.origin_id)
    .where(_tickets.c.origin_id.is_not(None), _tickets.c.origin_id > bindparam("after"))
    .distinct()
    .order_by(_tickets.c.origin_id)
    .limit(bindparam("most"))
)
of_origins = select(_tickets).where(_tickets.c.origin_id.in_(_next.scalar_subquery())).order_by(_tickets.c.origin_id, _tickets.c.id)
