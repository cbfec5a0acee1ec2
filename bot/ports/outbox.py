"""The outbox: nobody is told the same thing twice (promise 2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from bot.model import Delivery, Route


class Outbox(Protocol):
    """The durable list of deliveries to make."""

    def add(self, delivery: Delivery) -> None:
        """Buffer a delivery; a row whose `key` is there stays as it is. An unsent row of the same route and `edit_key` is superseded."""
        ...

    async def claim(
        self, *, now: datetime, limit: int, lease: timedelta, channels: Sequence[str], include_unsure: bool = True
    ) -> list[Delivery]:
        """Take due rows, most urgent first, oldest first, at most one per route, none whose route has one in flight.

        They are SENDING, `attempts` already counts this one, `previous_external_id` is filled. A row whose lease ran out while SENDING
        comes back as it was, unless it may be out (`going_out`): then once as UNSURE (state says so), the second time it is DEAD. A row
        that waits (`not_before_at`) holds back what follows on its route only if that is not more urgent.
        """
        ...

    def going_out(self, delivery_id: int, *, until: datetime) -> None:
        """A row in hand is about to be said: from now on, and until its outcome is recorded, it may be out. Its lease lasts `until`."""
        ...

    async def withdraw(self, route: Route, edit_key: str) -> bool:
        """Take back what is still to be said under this key: True if it was there and nothing of it can have gone out. One conditional
        update: of a sender and a withdrawal at once only one gets the row."""
        ...

    async def unshown(self, route: Route, *, kind: str, limit: int) -> list[Delivery]:
        """Waiting rows of a kind whose message was never shown on this route (nothing sent has their `edit_key`), most urgent first."""
        ...

    def supersede(self, delivery_ids: Sequence[int]) -> None:
        """Something else says it: what waits, or is in the caller's hands, is not to be sent any more."""
        ...

    def part_sent(self, delivery_id: int, *, progress: Sequence[str]) -> None:
        """Of a word in several parts these have gone out, the ids of them in order; whoever sends it again goes on behind them, and
        until the next part is `going_out` nothing of it is unknown."""
        ...

    def sent(self, delivery_id: int, *, external_id: str | None, now: datetime) -> None: ...

    def postpone(self, delivery_id: int, *, until: datetime, error: str, counts: bool = True) -> None:
        """Not now: NEW again from `until` on. `counts=False` takes the attempt back (rate limits)."""
        ...

    def unsure(self, delivery_id: int, *, until: datetime, error: str) -> None:
        """The outcome is unknown: try once more from `until` on, as UNSURE."""
        ...

    def dead(self, delivery_id: int, *, error: str) -> None:
        """Given up: DEAD, with the sentence that says why."""
        ...

    async def rewrite_route(self, old: Route, new: Route) -> None:
        """A chat moved: pending rows and ticket routes follow."""
        ...

    async def sent_to(self, route: Route, *, limit: int, after_id: int = 0, kinds: Sequence[str] | None = None) -> list[Delivery]:
        """What a route was told or is about to be told, oldest first (newest `limit` rows after `after_id`): the Site's pages read it."""
        ...

    async def count_automatic(self, *, since: datetime, route: Route | None = None) -> int:
        """How many automatic letters were written since then, to one route or to all mail routes: the loop breaker asks."""
        ...

    async def backlog(self) -> Mapping[str, int]:
        """Rows by state that are not SENT or SUPERSEDED: new, sending, unsure, dead."""
        ...

    async def release_leases(self) -> None:
        """What may be out has an unknown outcome now (UNSURE, the second time DEAD), what was only in hand is as it was before: for the
        only process, at its start."""
        ...

    async def dead_rows(self, *, limit: int = 50) -> list[Delivery]: ...

    async def next_due_at(self, channels: Sequence[str]) -> datetime | None: ...
