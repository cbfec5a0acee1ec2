"""The inbox on a database: events are stored once, claimed by conversation, and end exactly once."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    Row,
    ScalarSelect,
    Select,
    String,
    and_,
    bindparam,
    case,
    func,
    or_,
    select,
    type_coerce,
    update,
)

from bot.ports import ChannelDay, Disposition, InboxItem, InboxResult, Quarantined, RawEvent, SetAside
from bot.storage import locks, set_aside, tables
from bot.storage.mapping import raw_event_values, to_inbox_item
from bot.storage.rules import Line, Ready, batches, ready_times, storable
from bot.storage.session import Session
from bot.storage.statements import insert_ignoring
from bot.storage.tables import is_one_of
from bot.storage.types import UtcDateTime

_inbox = tables.inbox
_head = _inbox.alias("head")
_row = _inbox.alias("row")
_other = _inbox.alias("other")
_now = bindparam("now", type_=UtcDateTime())
_ids: BindParameter[Any] = bindparam("ids", expanding=True)
_channels: BindParameter[Any] = bindparam("channels", expanding=True)


_put = {
    dialect: insert_ignoring(_inbox, dialect).returning(_inbox.c.id, _inbox.c.channel, _inbox.c.source, _inbox.c.external_id)
    for dialect in ("sqlite", "postgresql")
}
_set_ready = (
    update(_inbox)
    .where(_inbox.c.id == bindparam("row_id"), _inbox.c.ready_at.is_not(None), _inbox.c.leased_until.is_(None))
    .values(ready_at=bindparam("at", type_=UtcDateTime()))
)


def _of_conversation(head: Any, value: ColumnElement[Any], *conditions: ColumnElement[bool]) -> ScalarSelect[Any]:
    """One value over the waiting rows of a conversation. A scalar subquery, because a planner without statistics turns EXISTS into
    a join over everything that waits."""
    same = and_(_other.c.channel == head.c.channel, _other.c.conversation == head.c.conversation, _other.c.ready_at.is_not(None))
    return select(value).where(same, *conditions).scalar_subquery()


_is_closed = or_(~_other.c.is_burst, _other.c.leased_until.is_not(None), _other.c.attempts > 0)
_before = bindparam("before", type_=_inbox.c.id.type)
# The lines at the end of a conversation that nobody has taken or tried yet.
_open_lines = (
    select(_row.c.id, _row.c.channel, _row.c.conversation, _row.c.arrived_at)
    .where(
        _row.c.ready_at.is_not(None),
        _row.c.channel.in_(_channels),
        _row.c.conversation.in_(bindparam("conversations", expanding=True)),
        _row.c.is_burst,
        _row.c.leased_until.is_(None),
        _row.c.attempts == 0,
        _row.c.id < _before,
        func.coalesce(_of_conversation(_row, func.max(_other.c.id), _other.c.id < _before, _is_closed), 0) < _row.c.id,
    )
    .order_by(_row.c.id)
)

# The first waiting row of a conversation answers for it: if it is not ready, or any row is leased, nothing of it is taken.
_leased_until = _of_conversation(_head, func.max(_other.c.leased_until))
_heads = (
    select(_head.c.id, _head.c.channel, _head.c.conversation)
    .where(
        _head.c.ready_at <= _now,
        _head.c.id == _of_conversation(_head, func.min(_other.c.id)),
        func.coalesce(_leased_until, _now) <= _now,
    )
    # In the order of the index of what waits: the walk stops at the limit, and never touches the history.
    .order_by(_head.c.ready_at, _head.c.id)
    .limit(bindparam("most"))
)
_heads_of_channels = _heads.where(_head.c.channel.in_(_channels))
_locked_heads = locks.locking(_heads, locks.INBOX, "channel", "conversation")
_locked_heads_of_channels = locks.locking(_heads_of_channels, locks.INBOX, "channel", "conversation")
# Asked again of every conversation, because on PostgreSQL another process may have committed since the heads were looked for.
_gates = (
    select(
        _head.c.id,
        _head.c.channel,
        _head.c.conversation,
        _head.c.ready_at,
        _leased_until.label("leased_until"),
        _of_conversation(_head, func.min(_other.c.id), _other.c.ready_at > _now).label("first_not_ready"),
    )
    .where(_head.c.id.in_(_ids))
    .cte("gates")
    .prefix_with("MATERIALIZED")
)
_members = (
    select(_row)
    .select_from(_gates.join(_row, and_(_row.c.channel == _gates.c.channel, _row.c.conversation == _gates.c.conversation)))
    .where(
        _row.c.ready_at <= _now,
        func.coalesce(_gates.c.leased_until, _now) <= _now,
        or_(_gates.c.first_not_ready.is_(None), _row.c.id < _gates.c.first_not_ready),
    )
    .order_by(_gates.c.ready_at, _gates.c.id, _row.c.id)
    .limit(bindparam("most"))
)
# A lease that ran out was an attempt too: otherwise a message that kills the process would do so for ever.
_lease = (
    update(_inbox)
    .where(_inbox.c.id.in_(_ids))
    .values(
        attempts=_inbox.c.attempts + case((_inbox.c.leased_until.is_(None), 0), else_=1),
        leased_until=bindparam("until", type_=UtcDateTime()),
    )
)
_release = (
    update(_inbox)
    .where(_inbox.c.ready_at.is_not(None), _inbox.c.leased_until.is_not(None))
    .values(attempts=_inbox.c.attempts + 1, leased_until=None)
)

_of_row = and_(_inbox.c.id == bindparam("row_id"), _inbox.c.ready_at.is_not(None))
_finish = (
    update(_inbox)
    .where(_inbox.c.id == bindparam("row_id"))
    .values(
        state=bindparam("to_state"),
        because=bindparam("reason", type_=_inbox.c.because.type),
        ticket_ids=bindparam("tickets", type_=_inbox.c.ticket_ids.type),
        finished_at=_now,
        ready_at=None,
        leased_until=None,
    )
)
_error = bindparam("cause", type_=_inbox.c.error.type)
_retry = (
    update(_inbox)
    .where(_of_row)
    .values(attempts=_inbox.c.attempts + 1, ready_at=bindparam("at", type_=UtcDateTime()), leased_until=None, error=_error)
)
_quarantine = (
    update(_inbox)
    .where(_of_row)
    .values(attempts=_inbox.c.attempts + 1, state="quarantined", ready_at=None, leased_until=None, error=_error, finished_at=_now)
)
_is_quarantined = is_one_of(_inbox.c.state, ["quarantined"])
_quarantined = select(_inbox).where(_is_quarantined).order_by(_inbox.c.id).limit(bindparam("most"))
_replay = update(_inbox).where(_is_quarantined).values(state="waiting", attempts=0, error="", ready_at=_now, finished_at=None)
_replay_some = _replay.where(_inbox.c.id.in_(_ids))
_get = select(_inbox).where(_inbox.c.id == bindparam("row_id"))
_next_ready = select(func.min(type_coerce(func.coalesce(_head.c.leased_until, _head.c.ready_at), UtcDateTime()))).where(
    _head.c.ready_at.is_not(None), _head.c.id == _of_conversation(_head, func.min(_other.c.id))
)


class SqlInbox:
    def __init__(self, session: Session) -> None:
        self._session = session

    async def put(self, events: Sequence[RawEvent], *, now: datetime) -> list[int | None]:
        dialect = self._session.dialect

        def work(connection: Connection) -> list[int | None]:
            if not events:
                return []
            fresh = {_key(event): event for event in reversed(events)}
            rows = [raw_event_values(event) | {"arrived_at": now, "ready_at": now} for event in reversed(fresh.values())]
            added = {(row.channel, row.source, row.external_id): row.id for row in connection.execute(_put[dialect], rows)}
            _settle_bursts(connection, [(added[key], fresh[key]) for key in added], now)
            return [added.pop(_key(event), None) for event in events]

        return await self._session.write(work, "inbox")

    async def claim(self, *, now: datetime, limit: int, lease: timedelta, channels: Sequence[str] | None = None) -> list[list[InboxItem]]:
        heads = _heads if channels is None else _heads_of_channels
        if self._session.dialect == "postgresql":
            heads = _locked_heads if channels is None else _locked_heads_of_channels

        def work(connection: Connection) -> list[list[InboxItem]]:
            ids = connection.scalars(heads, {"now": now, "most": limit} | ({} if channels is None else {"channels": channels})).all()
            if not ids:
                return []
            # One more than wanted, so that the cut is seen.
            rows = connection.execute(_members, {"now": now, "ids": ids, "most": limit + 1})
            taken = batches((Ready((row.channel, row.conversation), row.is_burst, row) for row in rows), limit=limit)
            connection.execute(_lease, {"ids": [row.id for batch in taken for row in batch], "until": now + lease})
            return [[_claimed(row) for row in batch] for batch in taken]

        return await self._session.write(work, needs=("inbox",))

    def finish(self, results: Sequence[InboxResult], *, now: datetime) -> None:
        buffer = self._session.change("inbox")
        for result in results:
            if result.disposition is Disposition.SET_ASIDE and not result.because:
                raise ValueError("a row is set aside for a reason")
            values = {"to_state": result.disposition.value, "reason": result.because, "tickets": result.ticket_ids, "now": now}
            buffer.finish(result.item_id, _finish, {"row_id": result.item_id, **values})

    def retry(self, item_ids: Sequence[int], *, at: datetime, error: str) -> None:
        for item_id in item_ids:
            self._session.change("inbox").put("inbox", _retry, {"row_id": item_id, "at": at, "cause": error})

    def quarantine(self, item_ids: Sequence[int], *, error: str, now: datetime) -> None:
        for item_id in item_ids:
            self._session.change("inbox").put("inbox", _quarantine, {"row_id": item_id, "now": now, "cause": error})

    async def quarantined(self, *, limit: int = 100) -> list[Quarantined]:
        def work(connection: Connection) -> list[Quarantined]:
            return [_to_quarantined(row) for row in connection.execute(_quarantined, {"most": limit})]

        return await self._session.run(work, needs=("inbox",))

    async def replay(self, item_ids: Sequence[int] | None, *, now: datetime) -> int:
        def work(connection: Connection) -> int:
            if item_ids is None:
                return connection.execute(_replay, {"now": now}).rowcount
            return connection.execute(_replay_some, {"now": now, "ids": item_ids}).rowcount

        return await self._session.write(work, "inbox", needs=("inbox",))

    async def set_aside(self, channel: str, *, limit: int = 100) -> list[SetAside]:
        return await self._session.run(lambda connection: set_aside.newest(connection, channel, limit), needs=("inbox",))

    async def let_in(self, channel: str, item_ids: Sequence[int], *, now: datetime) -> int:
        return await self._session.write(lambda connection: set_aside.let_in(connection, channel, item_ids, now), "inbox", needs=("inbox",))

    async def release_leases(self) -> None:
        def work(connection: Connection) -> None:
            connection.execute(_release)

        await self._session.write(work, "inbox", needs=("inbox",))

    async def get(self, item_id: int) -> InboxItem | None:
        def work(connection: Connection) -> InboxItem | None:
            row = connection.execute(_get, {"row_id": item_id}).one_or_none()
            return None if row is None else to_inbox_item(row)

        return await self._session.run(work, needs=("inbox",))

    async def accounting(self, *, since: date) -> list[ChannelDay]:
        statement = _accounting(self._session.dialect)

        def work(connection: Connection) -> list[ChannelDay]:
            first = datetime.fromisoformat(f"{since.isoformat()}T00:00:00+00:00")
            groups: dict[tuple[date, str], list[Row[Any]]] = defaultdict(list)
            for row in connection.execute(statement, {"since": first}):
                groups[date.fromisoformat(row.day), row.channel].append(row)
            return [_sum(day, channel, rows) for (day, channel), rows in sorted(groups.items())]

        return await self._session.run(work, needs=("inbox",))

    async def next_ready_at(self) -> datetime | None:
        return await self._session.run(lambda connection: connection.scalar(_next_ready), needs=("inbox",))


def _key(event: RawEvent) -> tuple[str, str, str]:
    return storable(event.channel), storable(event.source), storable(event.external_id)


def _settle_bursts(connection: Connection, added: Iterable[tuple[int, RawEvent]], now: datetime) -> None:
    """Say when the new rows, and the bursts that they join or end, are ready."""
    by_conversation: dict[tuple[str, str], list[tuple[int, RawEvent]]] = defaultdict(list)
    for row_id, event in sorted(added, key=lambda each: each[0]):
        by_conversation[event.channel, event.conversation].append((row_id, event))
    if not by_conversation:
        return
    tails: dict[tuple[str, str], list[Line]] = defaultdict(list)
    asked = {
        "channels": sorted({channel for channel, _ in by_conversation}),
        "conversations": sorted({conversation for _, conversation in by_conversation}),
        "before": min(row_id for events in by_conversation.values() for row_id, _ in events),
    }
    for row in connection.execute(_open_lines, asked):
        tails[row.channel, row.conversation].append(Line(id=row.id, is_open=True, arrived_at=row.arrived_at))
    times: dict[int, datetime] = {}
    for key, events in by_conversation.items():
        if not tails[key] and not any(event.quiet_gap for _, event in events):
            continue
        for row_id, event in events:
            times |= ready_times(tails[key], event, row_id, now=now)
            tails[key].append(Line(id=row_id, is_open=bool(event.quiet_gap), arrived_at=now))
    if times:
        connection.execute(_set_ready, [{"row_id": row_id, "at": at} for row_id, at in times.items()])


def _claimed(row: Row[Any]) -> InboxItem:
    item = to_inbox_item(row)
    return item if row.leased_until is None else replace(item, attempts=item.attempts + 1)


def _to_quarantined(row: Row[Any]) -> Quarantined:
    return Quarantined(
        id=row.id,
        channel=row.channel,
        source=row.source,
        external_id=row.external_id,
        received_at=row.received_at,
        attempts=row.attempts,
        error=row.error,
    )


def _accounting(dialect: str) -> Select[Any]:
    """Rows by UTC day of arrival, channel, state and reason."""
    if dialect == "postgresql":
        day = func.to_char(func.timezone("UTC", _inbox.c.arrived_at), "YYYY-MM-DD")
    else:
        day = func.date(_inbox.c.arrived_at)
    label = type_coerce(day, String()).label("day")
    return (
        select(label, _inbox.c.channel, _inbox.c.state, _inbox.c.because, func.count().label("rows"))
        .where(_inbox.c.arrived_at >= bindparam("since", type_=UtcDateTime()))
        .group_by(label, _inbox.c.channel, _inbox.c.state, _inbox.c.because)
    )


def _sum(day: date, channel: str, groups: Sequence[Row[Any]]) -> ChannelDay:
    states: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    for group in groups:
        states[group.state] += group.rows
        if group.state == Disposition.SET_ASIDE:
            reasons[group.because] += group.rows
    return ChannelDay(
        channel=channel,
        day=day,
        received=states.total(),
        ticketed=states[Disposition.TICKETED],
        follow_ups=states[Disposition.FOLLOW_UP],
        set_aside=states[Disposition.SET_ASIDE],
        waiting=states["waiting"],
        quarantined=states["quarantined"],
        set_aside_reasons=dict(reasons),
    )
