"""Running clocks and emergency closings."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from bot.model import Closure, TicketClock
from bot.ports.tickets import QueueRow


class Clocks(Protocol):
    """One row per promise."""

    def add(self, clock: TicketClock) -> None:
        """`id` 0: the store gives one."""
        ...

    async def of_ticket(self, ticket_id: int) -> list[TicketClock]:
        """All clocks of a ticket, oldest first, saved and added ones included."""
        ...

    def save(self, clock: TicketClock) -> None: ...

    async def claim_due(self, *, now: datetime, limit: int) -> list[TicketClock]:
        """Lock up to `limit` clocks whose `next_nudge_at` has come, earliest first, skipping those another process holds."""
        ...

    async def running(self, *, after_id: int, limit: int) -> list[TicketClock]:
        """Running and claimed clocks in id order, for recomputation in chunks. Inside `write()` they are locked along with their tickets,
        skipping those another process holds."""
        ...

    async def due_between(self, *, since: datetime, until: datetime) -> int:
        """How many tickets have a running clock whose deadline is in `[since, until)`."""
        ...

    async def started(self, *, since: datetime, after_id: int, until: datetime, limit: int) -> list[QueueRow]:
        """Clocks of any state started before `until` and at or after `since` (at `since` itself those above `after_id`), in the order of
        (started_at, id), with their tickets: reports page through a month with it."""
        ...


class Closures(Protocol):
    """When the desk was, is or will be closed against its calendar. Few rows, kept for ever: old deadlines are explained by them."""

    async def add(self, *, starts_at: datetime, ends_at: datetime, because: str, by: str) -> Closure: ...

    async def all(self) -> list[Closure]:
        """All of them in the order of their ids, void ones too."""
        ...

    async def end(self, closure_id: int, *, at: datetime) -> None:
        """It ends at `at` instead: never later than planned, and not before it starts, where it is void."""
        ...

    async def announced(self, closure_id: int, *, at: datetime) -> None:
        """Waiting clients were told."""
        ...
