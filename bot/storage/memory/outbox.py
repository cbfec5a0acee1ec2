"""The outbox in memory."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from bot.model import Delivery, DeliveryState, Route
from bot.storage.memory.shelves import OutboxRow, Session
from bot.storage.rules import as_json, refuse_naive

PENDING = (DeliveryState.NEW, DeliveryState.UNSURE)
LEASE_LOST = "the lease ran out while sending"


class MemoryOutbox:
    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, delivery: Delivery) -> None:
        shelves = self._session.change("outbox")
        refuse_naive(delivery)
        body = json.loads(as_json(delivery.body))
        if delivery.key in shelves.outbox_keys:
            return
        row = OutboxRow(delivery=replace(delivery, id=self._session.next_id("outbox"), body=body))
        shelves.outbox[row.delivery.id] = row
        shelves.outbox_keys[delivery.key] = row.delivery.id
        if delivery.edit_key is not None:
            for older in self._rows(*PENDING, route=delivery.route):
                if older.delivery.edit_key == delivery.edit_key and older.delivery.id < row.delivery.id:
                    self._change(older.delivery.id, state=DeliveryState.SUPERSEDED)

    def _rows(self, *states: DeliveryState, route: Route | None = None) -> Iterator[OutboxRow]:
        for _, row in sorted(self._session.look().outbox.items()):
            if row.delivery.state in states and route in (None, row.delivery.route):
                yield row

    def _change(self, delivery_id: int, *, leased_until: datetime | None = None, was_unsure: bool = False, **values: object) -> Delivery:
        outbox = self._session.change().outbox
        row = outbox[delivery_id]
        delivery: Delivery = replace(row.delivery, **values)  # type: ignore[arg-type]  # names of Delivery's own fields
        # Whatever is recorded of a row, its outcome is known then.
        outbox[delivery_id] = OutboxRow(delivery=delivery, leased_until=leased_until, was_unsure=row.was_unsure or was_unsure)
        return delivery

    async def claim(
        self, *, now: datetime, limit: int, lease: timedelta, channels: Sequence[str], include_unsure: bool = True
    ) -> list[Delivery]:
        for row in list(self._rows(DeliveryState.SENDING)):
            if row.leased_until is not None and row.leased_until <= now and row.delivery.route.channel in channels:
                self._left_behind(row)
        busy = {row.delivery.route for row in self._rows(DeliveryState.SENDING)}
        chosen: list[OutboxRow] = []
        for row in sorted(self._rows(*PENDING), key=lambda row: (row.delivery.urgency, row.delivery.id)):
            delivery = row.delivery
            if delivery.route.channel not in channels or delivery.route in busy or self._is_held(delivery, now):
                continue
            if delivery.state is DeliveryState.UNSURE and not include_unsure:
                continue
            busy.add(delivery.route)
            chosen.append(row)
        return [self._lease(row, now + lease) for row in chosen[:limit]]

    def _is_held(self, delivery: Delivery, now: datetime) -> bool:
        return any(_is_before(row.delivery, delivery) and _waits(row.delivery, now) for row in self._rows(*PENDING, route=delivery.route))

    def _lease(self, row: OutboxRow, until: datetime) -> Delivery:
        delivery = row.delivery
        claimed = self._change(
            delivery.id,
            leased_until=until,
            state=DeliveryState.SENDING,
            attempts=delivery.attempts + 1,
            previous_external_id=self._previous(delivery) or delivery.previous_external_id,
        )
        return replace(claimed, state=DeliveryState.UNSURE) if row.was_unsure else claimed

    def _previous(self, delivery: Delivery) -> str | None:
        if delivery.edit_key is None:
            return None
        earlier = [
            row.delivery.external_id
            for row in self._rows(DeliveryState.SENT, route=delivery.route)
            if row.delivery.edit_key == delivery.edit_key
        ]
        return next((external_id for external_id in reversed(earlier) if external_id is not None), None)

    async def withdraw(self, route: Route, edit_key: str) -> bool:
        self._session.change()
        found = [
            row.delivery
            for row in self._rows(DeliveryState.NEW, route=route)
            if row.delivery.edit_key == edit_key and not row.delivery.progress
        ]
        for delivery in found:
            self._change(delivery.id, state=DeliveryState.SUPERSEDED)
        return bool(found)

    async def unshown(self, route: Route, *, kind: str, limit: int) -> list[Delivery]:
        shown = {row.delivery.edit_key for row in self._rows(DeliveryState.SENT, route=route)}
        found = [row.delivery for row in self._rows(*PENDING, route=route) if row.delivery.kind == kind]
        return sorted((each for each in found if each.edit_key not in shown), key=lambda each: (each.urgency, each.id))[:limit]

    def supersede(self, delivery_ids: Sequence[int]) -> None:
        self._session.change("outbox")
        for row in list(self._rows(*PENDING, DeliveryState.SENDING)):
            if row.delivery.id in delivery_ids:
                self._change(row.delivery.id, state=DeliveryState.SUPERSEDED)

    def going_out(self, delivery_id: int, *, until: datetime) -> None:
        outbox = self._session.change("outbox").outbox
        if (row := outbox[delivery_id]).delivery.state is DeliveryState.SENDING:
            outbox[delivery_id] = replace(row, leased_until=until, may_be_out=True)

    def part_sent(self, delivery_id: int, *, progress: Sequence[str]) -> None:
        row = self._session.change("outbox").outbox[delivery_id]
        self._change(delivery_id, leased_until=row.leased_until, progress=tuple(progress))

    def sent(self, delivery_id: int, *, external_id: str | None, now: datetime) -> None:
        self._session.change("outbox")
        self._change(delivery_id, state=DeliveryState.SENT, external_id=external_id, sent_at=now, error="")

    def postpone(self, delivery_id: int, *, until: datetime, error: str, counts: bool = True) -> None:
        row = self._session.change("outbox").outbox[delivery_id]
        delivery = row.delivery
        if delivery.state not in (*PENDING, DeliveryState.SENDING):
            return
        attempts = delivery.attempts if counts else max(delivery.attempts - 1, 0)
        state = DeliveryState.UNSURE if row.was_unsure else DeliveryState.NEW
        self._change(delivery_id, state=state, attempts=attempts, not_before_at=until, error=error)

    def unsure(self, delivery_id: int, *, until: datetime, error: str) -> None:
        row = self._session.change("outbox").outbox[delivery_id]
        if row.delivery.state is DeliveryState.SENDING:
            self._unknown(row, until=until, error=error)

    def _unknown(self, row: OutboxRow, *, until: datetime | None, error: str) -> None:
        state = DeliveryState.DEAD if row.was_unsure else DeliveryState.UNSURE
        self._change(row.delivery.id, was_unsure=True, state=state, not_before_at=until, error=error)

    def dead(self, delivery_id: int, *, error: str) -> None:
        row = self._session.change("outbox").outbox[delivery_id]
        if row.delivery.state in (*PENDING, DeliveryState.SENDING):
            self._change(delivery_id, state=DeliveryState.DEAD, error=error)

    async def release_leases(self) -> None:
        self._session.change("outbox")
        for row in list(self._rows(DeliveryState.SENDING)):
            self._left_behind(row)

    def _left_behind(self, row: OutboxRow) -> None:
        """Its holder died: what may be out has an unknown outcome, what was only in hand waits as before."""
        if row.may_be_out:
            self._unknown(row, until=None, error=LEASE_LOST)
        else:
            self._change(row.delivery.id, state=DeliveryState.UNSURE if row.was_unsure else DeliveryState.NEW, not_before_at=None)

    async def rewrite_route(self, old: Route, new: Route) -> None:
        shelves = self._session.change("outbox")
        for row in list(self._rows(*PENDING, DeliveryState.SENDING, route=old)):
            shelves.outbox[row.delivery.id] = replace(row, delivery=replace(row.delivery, route=new))
        for ticket in list(shelves.tickets.values()):
            if ticket.route == old:
                shelves.tickets[ticket.id] = replace(ticket, route=new)

    async def sent_to(self, route: Route, *, limit: int, after_id: int = 0, kinds: Sequence[str] | None = None) -> list[Delivery]:
        told = self._rows(*PENDING, DeliveryState.SENDING, DeliveryState.SENT, route=route)
        found = [row.delivery for row in told if row.delivery.id > after_id and (kinds is None or row.delivery.kind in kinds)]
        return found[-limit:]

    async def count_automatic(self, *, since: datetime, route: Route | None = None) -> int:
        return sum(
            row.delivery.is_automatic
            and row.delivery.created_at >= since
            and row.delivery.state is not DeliveryState.SUPERSEDED
            and (row.delivery.route == route if route else row.delivery.route.channel == "mail")
            for row in self._session.look().outbox.values()
        )

    async def backlog(self) -> Mapping[str, int]:
        states = Counter(row.delivery.state.value for row in self._rows(*PENDING, DeliveryState.SENDING, DeliveryState.DEAD))
        return {state: states[state] for state in ("new", "sending", "unsure", "dead")}

    async def dead_rows(self, *, limit: int = 50) -> list[Delivery]:
        return [row.delivery for row in self._rows(DeliveryState.DEAD)][::-1][:limit]

    async def next_due_at(self, channels: Sequence[str]) -> datetime | None:
        sending = [row for row in self._rows(DeliveryState.SENDING) if row.delivery.route.channel in channels]
        busy = {row.delivery.route for row in sending}
        times = [row.leased_until for row in sending if row.leased_until is not None]
        pending = [row.delivery for row in self._rows(*PENDING)]
        free = [each for each in pending if each.route.channel in channels and each.route not in busy]
        # A row waits as long as the slowest of those that hold it back: that one's own time stands for both.
        times += [_due_at(each) for each in free if not any(_is_before(other, each) and _waits(other, _due_at(each)) for other in free)]
        return min(times, default=None)


def _is_before(other: Delivery, delivery: Delivery) -> bool:
    """The other one may hold this one back: older (or itself), on the same route, as urgent."""
    return other.route == delivery.route and other.id <= delivery.id and other.urgency <= delivery.urgency


def _due_at(delivery: Delivery) -> datetime:
    return delivery.not_before_at or delivery.created_at


def _waits(delivery: Delivery, now: datetime) -> bool:
    return delivery.not_before_at is not None and delivery.not_before_at > now
