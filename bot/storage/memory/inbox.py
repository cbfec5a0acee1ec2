"""The inbox in memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from bot.errors import Conflict
from bot.ports import ChannelDay, Disposition, InboxItem, InboxResult, Quarantined, RawEvent, SetAside
from bot.storage.memory.shelves import QUARANTINED, WAITING, InboxRow, Session
from bot.storage.rules import LET_IN, Line, Ready, batches, ready_times, refuse_naive, storable


class MemoryInbox:
    def __init__(self, session: Session) -> None:
        self._session = session

    async def put(self, events: Sequence[RawEvent], *, now: datetime) -> list[int | None]:
        return [self._put(event, now) for event in events]

    def _put(self, event: RawEvent, now: datetime) -> int | None:
        refuse_naive(event)
        key = (storable(event.channel), storable(event.source), storable(event.external_id))
        if key in self._session.look().inbox_keys:
            return None
        shelves = self._session.change("inbox")
        tail = [
            Line(id=row.item.id, is_open=row.is_burst and not row.leased_until and not row.item.attempts, arrived_at=row.item.arrived_at)
            for row in self._waiting((event.channel, event.conversation))
        ]
        item = InboxItem(
            id=self._session.next_id("inbox"),
            channel=event.channel,
            source=event.source,
            external_id=event.external_id,
            conversation=event.conversation,
            raw=event.raw,
            received_at=event.received_at,
            is_quiet=event.is_quiet,
            arrived_at=now,
        )
        shelves.inbox_keys[key] = item.id
        shelves.inbox[item.id] = InboxRow(item=item, is_burst=bool(event.quiet_gap), ready_at=now)
        for item_id, at in ready_times(tail, event, item.id, now=now).items():
            shelves.inbox[item_id] = replace(shelves.inbox[item_id], ready_at=at)
        return item.id

    def _waiting(self, conversation: tuple[str, str] | None = None) -> Iterator[InboxRow]:
        for _, row in sorted(self._session.look().inbox.items()):
            if row.ready_at is not None and conversation in (None, _conversation(row)):
                yield row

    async def claim(self, *, now: datetime, limit: int, lease: timedelta, channels: Sequence[str] | None = None) -> list[list[InboxItem]]:
        conversations: dict[tuple[str, str], list[InboxRow]] = {}
        for row in self._waiting():
            if channels is None or row.item.channel in channels:
                conversations.setdefault(_conversation(row), []).append(row)
        oldest_first = sorted(conversations.items(), key=lambda item: (item[1][0].ready_at, item[1][0].item.id))
        ready = [
            Ready(key, row.is_burst, row)
            for key, rows in oldest_first
            if not any(row.leased_until and row.leased_until > now for row in rows)
            for row in _ready_prefix(rows, now)
        ]
        return [[self._lease(row, now + lease) for row in batch] for batch in batches(ready, limit=limit)]

    def _lease(self, row: InboxRow, until: datetime) -> InboxItem:
        # A lease that ran out was an attempt too: otherwise a message that kills the process would do so for ever.
        item = replace(row.item, attempts=row.item.attempts + 1) if row.leased_until else row.item
        self._session.change().inbox[item.id] = replace(row, item=item, leased_until=until)
        return item

    def finish(self, results: Sequence[InboxResult], *, now: datetime) -> None:
        for result in results:
            row = self._session.change("inbox").inbox[result.item_id]
            if row.ready_at is None:
                self._session.fail(Conflict("Це повідомлення вже опрацьоване."))
            if result.disposition is Disposition.SET_ASIDE and not result.because:
                raise ValueError("a row is set aside for a reason")
            self._session.shelves.inbox[result.item_id] = replace(
                row,
                item=replace(row.item, is_let_in=False),
                state=result.disposition.value,
                because=result.because,
                ticket_ids=result.ticket_ids,
                ready_at=None,
                leased_until=None,
            )

    def retry(self, item_ids: Sequence[int], *, at: datetime, error: str) -> None:
        inbox = self._session.change("inbox").inbox
        for item_id in item_ids:
            row = inbox[item_id]
            if row.ready_at is not None:
                item = replace(row.item, attempts=row.item.attempts + 1)
                inbox[item_id] = replace(row, item=item, ready_at=at, leased_until=None, error=error)

    def quarantine(self, item_ids: Sequence[int], *, error: str, now: datetime) -> None:
        inbox = self._session.change("inbox").inbox
        for item_id in item_ids:
            row = inbox[item_id]
            if row.ready_at is not None:
                item = replace(row.item, attempts=row.item.attempts + 1)
                inbox[item_id] = replace(row, item=item, state=QUARANTINED, ready_at=None, leased_until=None, error=error)

    async def quarantined(self, *, limit: int = 100) -> list[Quarantined]:
        rows = [row for _, row in sorted(self._session.look().inbox.items()) if row.state == QUARANTINED]
        return [_quarantined(row) for row in rows[:limit]]

    async def replay(self, item_ids: Sequence[int] | None, *, now: datetime) -> int:
        inbox = self._session.change("inbox").inbox
        chosen = [row for row in inbox.values() if row.state == QUARANTINED and (item_ids is None or row.item.id in item_ids)]
        for row in chosen:
            inbox[row.item.id] = replace(row, item=replace(row.item, attempts=0), state=WAITING, ready_at=now, error="")
        return len(chosen)

    async def set_aside(self, channel: str, *, limit: int = 100) -> list[SetAside]:
        rows = [row for row in self._session.look().inbox.values() if row.state == Disposition.SET_ASIDE and row.item.channel == channel]
        newest = sorted(rows, key=lambda row: row.item.id, reverse=True)[:limit]
        return [
            SetAside(
                id=row.item.id,
                channel=channel,
                conversation=row.item.conversation,
                received_at=row.item.received_at,
                because=row.because,
            )
            for row in newest
        ]

    async def let_in(self, channel: str, item_ids: Sequence[int], *, now: datetime) -> int:
        inbox = self._session.change("inbox").inbox
        wanted = [row for row in inbox.values() if row.item.id in item_ids and row.item.channel == channel]
        chosen = [row for row in wanted if row.state == Disposition.SET_ASIDE]
        for row in chosen:
            item = replace(row.item, attempts=0, is_let_in=True)
            inbox[item.id] = replace(row, item=item, state=WAITING, ready_at=now, because=LET_IN)
        return len(chosen)

    async def release_leases(self) -> None:
        inbox = self._session.change("inbox").inbox
        for row in list(self._waiting()):
            if row.leased_until is not None:
                item = replace(row.item, attempts=row.item.attempts + 1)
                inbox[item.id] = replace(row, item=item, leased_until=None)

    async def get(self, item_id: int) -> InboxItem | None:
        row = self._session.look().inbox.get(item_id)
        return row.item if row else None

    async def accounting(self, *, since: date) -> list[ChannelDay]:
        days: dict[tuple[date, str], list[InboxRow]] = {}
        for row in self._session.look().inbox.values():
            day = row.item.arrived_at.astimezone(UTC).date()
            if day >= since:
                days.setdefault((day, row.item.channel), []).append(row)
        return [_sum(day, channel, rows) for (day, channel), rows in sorted(days.items())]

    async def next_ready_at(self) -> datetime | None:
        heads: dict[tuple[str, str], datetime] = {}
        for row in self._waiting():
            if row.ready_at is not None:
                heads.setdefault(_conversation(row), row.leased_until or row.ready_at)
        return min(heads.values(), default=None)


def _conversation(row: InboxRow) -> tuple[str, str]:
    return row.item.channel, row.item.conversation


def _ready_prefix(rows: Sequence[InboxRow], now: datetime) -> Iterator[InboxRow]:
    for row in rows:
        if row.ready_at is None or row.ready_at > now:
            return
        yield row


def _quarantined(row: InboxRow) -> Quarantined:
    item = row.item
    return Quarantined(
        id=item.id,
        channel=item.channel,
        source=item.source,
        external_id=item.external_id,
        received_at=item.received_at,
        attempts=item.attempts,
        error=row.error,
    )


def _sum(day: date, channel: str, rows: Sequence[InboxRow]) -> ChannelDay:
    states = Counter(row.state for row in rows)
    return ChannelDay(
        channel=channel,
        day=day,
        received=len(rows),
        ticketed=states[Disposition.TICKETED],
        follow_ups=states[Disposition.FOLLOW_UP],
        set_aside=states[Disposition.SET_ASIDE],
        waiting=states[WAITING],
        quarantined=states[QUARANTINED],
        set_aside_reasons=dict(Counter(row.because for row in rows if row.state == Disposition.SET_ASIDE)),
    )
