"""The outbox on a database: one word to a route at a time, the newest edit instead of all of them, an unknown outcome repeated once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    Row,
    Select,
    and_,
    bindparam,
    case,
    false,
    func,
    literal_column,
    or_,
    select,
    true,
    update,
)

from bot.model import Delivery, DeliveryState, Route
from bot.storage import locks, tables
from bot.storage.mapping import delivery_values, to_delivery
from bot.storage.session import Session
from bot.storage.statements import insert_ignoring
from bot.storage.tables import PENDING, is_one_of
from bot.storage.types import UtcDateTime

_outbox = tables.outbox
_row = _outbox.alias("row")
_other = _outbox.alias("other")
_rival = _outbox.alias("rival")
_holder = _outbox.alias("holder")
_now = bindparam("now", type_=UtcDateTime())
_until = bindparam("until", type_=UtcDateTime())
_since = bindparam("since", type_=UtcDateTime())
_channels: BindParameter[Any] = bindparam("channels", expanding=True)
_ids: BindParameter[Any] = bindparam("ids", expanding=True)
_channel: BindParameter[Any] = bindparam("of_channel")
_recipient: BindParameter[Any] = bindparam("of_recipient")
_cause = bindparam("cause", type_=_outbox.c.error.type)
_LEASE_LOST = "the lease ran out while sending"


def _is_pending(row: Any) -> ColumnElement[bool]:
    return is_one_of(row.c.state, PENDING)


def _is_sending(row: Any) -> ColumnElement[bool]:
    return is_one_of(row.c.state, ["sending"])


def _is_beside(other: Any, row: Any) -> ColumnElement[bool]:
    return and_(other.c.channel == row.c.channel, other.c.recipient == row.c.recipient)


def _is_route(row: Any) -> ColumnElement[bool]:
    return and_(row.c.channel == _channel, row.c.recipient == _recipient)


def _nothing(query: Select[Any]) -> ColumnElement[bool]:
    """No row. A scalar subquery, because a planner without statistics turns EXISTS into a join over everything that is pending."""
    return query.limit(1).scalar_subquery().is_(None)


def _is_free(row: Any) -> ColumnElement[bool]:
    """The route has no delivery in flight."""
    return _nothing(select(_other.c.id).where(_is_beside(_other, row), _is_sending(_other)))


def _holders(row: Any, *conditions: ColumnElement[bool]) -> Select[Any]:
    """The rows that may hold `row` back: those before it on its route that were told to wait and are as urgent (or it itself)."""
    before = and_(_holder.c.id <= row.c.id, _holder.c.urgency <= row.c.urgency, _holder.c.not_before_at.is_not(None))
    return select(_holder.c.id).where(_is_beside(_holder, row), _is_pending(_holder), before, *conditions)


def _is_held_by_nobody(row: Any) -> ColumnElement[bool]:
    return _nothing(_holders(row, _holder.c.not_before_at > _now))


_add = {dialect: insert_ignoring(_outbox, dialect) for dialect in ("sqlite", "postgresql")}
_newest_edit = (
    select(func.max(_other.c.id))
    .where(_other.c.edit_key == _outbox.c.edit_key, _is_beside(_other, _outbox))
    .correlate(_outbox)
    .scalar_subquery()
)
# Whoever is not the newest goes. An `add` whose key was there already has made nothing newer, so it changes nothing.
_supersede = (
    update(_outbox)
    .where(_outbox.c.edit_key == bindparam("of_edit_key"), _is_route(_outbox), _is_pending(_outbox), _outbox.c.id < _newest_edit)
    .values(state="superseded")
)

_unknown_outcome = {
    "state": case((_outbox.c.was_unsure, "dead"), else_="unsure"),
    "was_unsure": true(),
    "leased_until": None,
}
# Of a row whose holder died: what may be out has an unknown outcome, what was only in hand waits as before.
_left_behind = {
    "state": case(
        (and_(_outbox.c.may_be_out, _outbox.c.was_unsure), "dead"), (or_(_outbox.c.may_be_out, _outbox.c.was_unsure), "unsure"), else_="new"
    ),
    "was_unsure": or_(_outbox.c.was_unsure, _outbox.c.may_be_out),
    "error": case((_outbox.c.may_be_out, _LEASE_LOST), else_=_outbox.c.error),
    "leased_until": None,
    "not_before_at": None,
}
_release = update(_outbox).where(_is_sending(_outbox)).values(**_left_behind)
_lapse = _release.where(_outbox.c.leased_until <= _now, _outbox.c.channel.in_(_channels))


def _candidates(*, include_unsure: bool) -> Any:
    """The best due row of every free route: the walk goes by urgency and age, and stops at the limit."""
    states = PENDING if include_unsure else ("new",)
    best = (
        select(_rival.c.id)
        .where(_is_beside(_rival, _row), _is_pending(_rival), is_one_of(_rival.c.state, states), _is_held_by_nobody(_rival))
        .order_by(_rival.c.urgency, _rival.c.id)
        .limit(1)
        .scalar_subquery()
    )
    return (
        select(_row.c.id, _row.c.channel, _row.c.recipient)
        # An expression instead of the bare column keeps SQLite on the index by urgency: it need not sort everything of a channel.
        # A best row is held by nobody; asked of the row first, it spares looking for the best of a route that waits.
        .where(
            _is_pending(_row), func.coalesce(_row.c.channel, "").in_(_channels), _is_free(_row), _is_held_by_nobody(_row), _row.c.id == best
        )
        .order_by(_row.c.urgency, _row.c.id)
        .limit(bindparam("most"))
    )


_free = {is_included: _candidates(include_unsure=is_included) for is_included in (True, False)}
_locked = {is_included: locks.locking(found, locks.OUTBOX, "channel", "recipient") for is_included, found in _free.items()}
_previous = (
    select(_other.c.external_id)
    .where(
        _other.c.edit_key == _outbox.c.edit_key,
        _is_beside(_other, _outbox),
        is_one_of(_other.c.state, ["sent"]),
        _other.c.external_id.is_not(None),
    )
    .order_by(_other.c.id.desc())
    .limit(1)
    .correlate(_outbox)
    .scalar_subquery()
)
# Asked again, because on PostgreSQL another process may have committed since the candidates were looked for.
_claim = (
    update(_outbox)
    .where(_outbox.c.id.in_(_ids), _is_pending(_outbox), ~select(_row.c.id).where(_is_beside(_row, _outbox), _is_sending(_row)).exists())
    .values(
        state="sending",
        attempts=_outbox.c.attempts + 1,
        leased_until=_until,
        may_be_out=false(),
        previous_external_id=func.coalesce(_previous, _outbox.c.previous_external_id),
    )
    .returning(_outbox)
)

# Only a row of which nothing can have gone out: never taken in hand with an unknown outcome, no part of it sent.
_withdraw = (
    update(_outbox)
    .where(_outbox.c.edit_key == bindparam("of_edit_key"), _is_route(_outbox), is_one_of(_outbox.c.state, ["new"]))
    .where(literal_column("progress") == literal_column("'[]'"))
    .values(state="superseded")
    .returning(_outbox.c.id)
)
_was_shown = select(_other.c.id).where(
    _other.c.edit_key == _outbox.c.edit_key, _is_beside(_other, _outbox), is_one_of(_other.c.state, ["sent"])
)
_unshown = (
    select(_outbox)
    .where(_is_route(_outbox), _is_pending(_outbox), _outbox.c.kind == bindparam("of_kind"), ~_was_shown.exists())
    .order_by(_outbox.c.urgency, _outbox.c.id)
    .limit(bindparam("most"))
)

_of_row = _outbox.c.id == bindparam("row_id")
_is_unsent = is_one_of(_outbox.c.state, (*PENDING, "sending"))
_supersede_row = update(_outbox).where(_of_row, _is_unsent).values(state="superseded", leased_until=None)
_going_out = update(_outbox).where(_of_row, _is_sending(_outbox)).values(may_be_out=true(), leased_until=_until)
_part_sent = update(_outbox).where(_of_row).values(progress=bindparam("new_progress", type_=_outbox.c.progress.type), may_be_out=false())
_sent = update(_outbox).where(_of_row).values(state="sent", external_id=bindparam("sent_as"), sent_at=_now, error="", leased_until=None)
_postpone = (
    update(_outbox)
    .where(_of_row, _is_unsent)
    .values(
        state=case((_outbox.c.was_unsure, "unsure"), else_="new"),
        attempts=case((_outbox.c.attempts > bindparam("taken_back"), _outbox.c.attempts - bindparam("taken_back")), else_=0),
        not_before_at=_until,
        error=_cause,
        leased_until=None,
    )
)
_unsure = update(_outbox).where(_of_row, _is_sending(_outbox)).values(**_unknown_outcome, not_before_at=_until, error=_cause)
_dead = update(_outbox).where(_of_row, _is_unsent).values(state="dead", error=_cause, leased_until=None)

_move = update(_outbox).where(_is_route(_outbox), _is_unsent).values(channel=bindparam("new_channel"), recipient=bindparam("new_recipient"))
_move_tickets = (
    update(tables.tickets)
    .where(tables.tickets.c.route_channel == _channel, tables.tickets.c.route_recipient == _recipient)
    .values(route_channel=bindparam("new_channel"), route_recipient=bindparam("new_recipient"))
)

_told = (
    select(_outbox)
    .where(_is_route(_outbox), _outbox.c.id > bindparam("after_id"), is_one_of(_outbox.c.state, (*PENDING, "sending", "sent")))
    .order_by(_outbox.c.id.desc())
    .limit(bindparam("most"))
)
_told_kinds = _told.where(_outbox.c.kind.in_(bindparam("kinds", expanding=True)))
_automatic = select(func.count()).where(_outbox.c.is_automatic, _outbox.c.created_at >= _since, ~is_one_of(_outbox.c.state, ["superseded"]))
_automatic_mails = _automatic.where(_outbox.c.channel == literal_column("'mail'"))
_automatic_of_route = _automatic.where(_is_route(_outbox))
_backlog = (
    select(_outbox.c.state, func.count().label("rows"))
    .where(is_one_of(_outbox.c.state, ("new", "sending", "unsure", "dead")))
    .group_by(_outbox.c.state)
)
_dead_rows = select(_outbox).where(is_one_of(_outbox.c.state, ["dead"])).order_by(_outbox.c.id.desc()).limit(bindparam("most"))


_next_lapse = select(func.min(_row.c.leased_until)).where(_is_sending(_row), _row.c.channel.in_(_channels))


def _due_at(row: Any) -> ColumnElement[datetime]:
    return func.coalesce(row.c.not_before_at, row.c.created_at, type_=UtcDateTime())


# A row waits as long as the slowest of those that hold it back: that one's own time stands for both.
_next_due = select(func.min(_due_at(_row), type_=UtcDateTime())).where(
    _is_pending(_row), _row.c.channel.in_(_channels), _is_free(_row), _nothing(_holders(_row, _holder.c.not_before_at > _due_at(_row)))
)


class SqlOutbox:
    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, delivery: Delivery) -> None:
        buffer = self._session.change("outbox")
        buffer.put("outbox", _add[self._session.dialect], delivery_values(delivery))
        buffer.mark("outbox", delivery.route, delivery.route.channel)
        if delivery.edit_key is not None:
            buffer.put("edits", _supersede, {"of_edit_key": delivery.edit_key, **_route_values(delivery.route)})

    async def claim(
        self, *, now: datetime, limit: int, lease: timedelta, channels: Sequence[str], include_unsure: bool = True
    ) -> list[Delivery]:
        candidates = (_locked if self._session.dialect == "postgresql" else _free)[include_unsure]

        def work(connection: Connection) -> list[Delivery]:
            connection.execute(_lapse, {"now": now, "channels": channels})
            ids = connection.scalars(candidates, {"now": now, "channels": channels, "most": limit}).all()
            if not ids:
                return []
            claimed = [_claimed(row) for row in connection.execute(_claim, {"ids": ids, "until": now + lease})]
            return sorted(claimed, key=lambda delivery: (delivery.urgency, delivery.id))

        return await self._session.write(work, needs=("outbox",))

    async def withdraw(self, route: Route, edit_key: str) -> bool:
        values = {"of_edit_key": edit_key, **_route_values(route)}
        found = await self._session.write(lambda connection: connection.execute(_withdraw, values).all(), needs=("outbox",))
        return bool(found)

    async def unshown(self, route: Route, *, kind: str, limit: int) -> list[Delivery]:
        values = {**_route_values(route), "of_kind": kind, "most": limit}

        def work(connection: Connection) -> list[Delivery]:
            return [to_delivery(row) for row in connection.execute(_unshown, values)]

        return await self._session.run(work, needs=("outbox",))

    def supersede(self, delivery_ids: Sequence[int]) -> None:
        for delivery_id in delivery_ids:
            self._change(_supersede_row, delivery_id)

    def going_out(self, delivery_id: int, *, until: datetime) -> None:
        self._change(_going_out, delivery_id, until=until)

    def part_sent(self, delivery_id: int, *, progress: Sequence[str]) -> None:
        self._change(_part_sent, delivery_id, new_progress=list(progress))

    def sent(self, delivery_id: int, *, external_id: str | None, now: datetime) -> None:
        self._change(_sent, delivery_id, now=now, sent_as=external_id)

    def postpone(self, delivery_id: int, *, until: datetime, error: str, counts: bool = True) -> None:
        self._change(_postpone, delivery_id, until=until, cause=error, taken_back=0 if counts else 1)

    def unsure(self, delivery_id: int, *, until: datetime, error: str) -> None:
        self._change(_unsure, delivery_id, until=until, cause=error)

    def dead(self, delivery_id: int, *, error: str) -> None:
        self._change(_dead, delivery_id, cause=error)

    def _change(self, statement: Any, delivery_id: int, **values: object) -> None:
        self._session.change("outbox").put("outbox_changes", statement, {"row_id": delivery_id, **values})

    async def release_leases(self) -> None:
        def work(connection: Connection) -> None:
            connection.execute(_release)

        await self._session.write(work, "outbox", needs=("outbox",))

    async def rewrite_route(self, old: Route, new: Route) -> None:
        values = {**_route_values(old), "new_channel": new.channel, "new_recipient": new.recipient}

        def work(connection: Connection) -> None:
            connection.execute(_move, values)
            connection.execute(_move_tickets, values)

        await self._session.write(work, "outbox", needs=("outbox", "tickets"))
        self._session.buffer.forget_tickets()

    async def sent_to(self, route: Route, *, limit: int, after_id: int = 0, kinds: Sequence[str] | None = None) -> list[Delivery]:
        statement = _told if kinds is None else _told_kinds
        values = {**_route_values(route), "after_id": after_id, "most": limit} | ({} if kinds is None else {"kinds": kinds})

        def work(connection: Connection) -> list[Delivery]:
            return [to_delivery(row) for row in connection.execute(statement, values)][::-1]

        return await self._session.run(work, needs=("outbox",))

    async def count_automatic(self, *, since: datetime, route: Route | None = None) -> int:
        statement = _automatic_mails if route is None else _automatic_of_route
        values: dict[str, Any] = {"since": since} | ({} if route is None else _route_values(route))
        is_pending = self._session.buffer.is_about("outbox", ["mail" if route is None else route])
        needs = ("outbox",) if is_pending else ()
        return await self._session.run(lambda connection: connection.execute(statement, values).scalar_one(), needs=needs)

    async def backlog(self) -> Mapping[str, int]:
        def work(connection: Connection) -> Mapping[str, int]:
            found = {row.state: row.rows for row in connection.execute(_backlog)}
            return {state: found.get(state, 0) for state in ("new", "sending", "unsure", "dead")}

        return await self._session.run(work, needs=("outbox",))

    async def dead_rows(self, *, limit: int = 50) -> list[Delivery]:
        def work(connection: Connection) -> list[Delivery]:
            return [to_delivery(row) for row in connection.execute(_dead_rows, {"most": limit})]

        return await self._session.run(work, needs=("outbox",))

    async def next_due_at(self, channels: Sequence[str]) -> datetime | None:
        def work(connection: Connection) -> datetime | None:
            times = [connection.scalar(statement, {"channels": channels}) for statement in (_next_lapse, _next_due)]
            return min((at for at in times if at is not None), default=None)

        return await self._session.run(work, needs=("outbox",))


def _route_values(route: Route) -> dict[str, str]:
    return {"of_channel": route.channel, "of_recipient": route.recipient}


def _claimed(row: Row[Any]) -> Delivery:
    delivery = to_delivery(row)
    return replace(delivery, state=DeliveryState.UNSURE) if row.was_unsure else delivery
