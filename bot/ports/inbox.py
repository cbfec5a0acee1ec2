"""The durable inbox: what was accepted is never lost (promise 1), and every message is accounted for (promise 4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Protocol


class Disposition(StrEnum):
    """What became of one inbox row (promise 4): received = ticketed + follow-ups + set aside (+ what still waits or is quarantined)."""

    TICKETED = "ticketed"
    FOLLOW_UP = "follow_up"
    SET_ASIDE = "set_aside"


@dataclass(frozen=True, slots=True, kw_only=True)
class RawEvent:
    """One event as a channel got it, before anything is interpreted. Unique by (channel, source, external_id).

    `source` is the bot, the mailbox or the file it came from; `conversation` keeps the order (a chat, a sender): rows of one
    conversation are handled one after another. `received_at` is the moment of receipt (R10). `quiet_gap` > 0 makes it a line of a
    burst: it and its unprocessed burst neighbours become ready together, `quiet_gap` after the last and at most `burst_limit`
    after the first; an event without a gap ends the burst before it. `is_quiet`: of an archive, nobody is to be told of it.
    """

    channel: str
    source: str
    external_id: str
    conversation: str
    raw: bytes
    received_at: datetime
    quiet_gap: timedelta = timedelta(0)
    burst_limit: timedelta = timedelta(minutes=2)
    is_quiet: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxItem:
    """A stored raw event. `id` grows with arrival. `is_let_in`: it was set aside, and a person said that it should not have been."""

    id: int
    channel: str
    source: str
    external_id: str
    conversation: str
    raw: bytes
    received_at: datetime
    arrived_at: datetime
    attempts: int = 0
    is_quiet: bool = False
    is_let_in: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxResult:
    """How one row ended. `because` is required for SET_ASIDE (command, button, staff, auto_reply, greeting, …)."""

    item_id: int
    disposition: Disposition
    because: str = ""
    ticket_ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Quarantined:
    """A row that failed for good, kept for `deskbot replay`."""

    id: int
    channel: str
    source: str
    external_id: str
    received_at: datetime
    attempts: int
    error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SetAside:
    """A row that no person was bothered with, and why; `conversation` is who sent it."""

    id: int
    channel: str
    conversation: str
    received_at: datetime
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelDay:
    """One line of the sum of promise 4, for one channel and one day (UTC date of arrival)."""

    channel: str
    day: date
    received: int
    ticketed: int
    follow_ups: int
    set_aside: int
    waiting: int
    quarantined: int
    set_aside_reasons: Mapping[str, int]


class Inbox(Protocol):
    """The durable list of events to interpret."""

    async def put(self, events: Sequence[RawEvent], *, now: datetime) -> list[int | None]:
        """Store the events; the id of each, or None for one that was there already. Order is kept."""
        ...

    async def claim(self, *, now: datetime, limit: int, lease: timedelta, channels: Sequence[str] | None = None) -> list[list[InboxItem]]:
        """Take up to `limit` ready rows under a lease: one list per conversation, longest ready first, none that is already leased.

        A list never ends inside a burst. `attempts` counts retries and leases that ran out or were released (a crash is an attempt too).
        """
        ...

    def finish(self, results: Sequence[InboxResult], *, now: datetime) -> None:
        """Record how rows ended. One that ended already (two workers, a lease that ran out) raises Conflict at commit: it is done."""
        ...

    def retry(self, item_ids: Sequence[int], *, at: datetime, error: str) -> None:
        """Give rows back, one attempt more, ready again at `at`; what follows in their conversation waits with them."""
        ...

    def quarantine(self, item_ids: Sequence[int], *, error: str, now: datetime) -> None:
        """Keep rows aside; the conversation goes on without them."""
        ...

    async def quarantined(self, *, limit: int = 100) -> list[Quarantined]: ...

    async def replay(self, item_ids: Sequence[int] | None, *, now: datetime) -> int:
        """Make quarantined rows (all of them for None) ready again with no attempts; how many."""
        ...

    async def set_aside(self, channel: str, *, limit: int = 100) -> list[SetAside]:
        """The newest rows of a channel that were set aside, newest first."""
        ...

    async def let_in(self, channel: str, item_ids: Sequence[int], *, now: datetime) -> int:
        """Make rows that were set aside ready again, marked as let in; how many there were."""
        ...

    async def release_leases(self) -> None:
        """Give back every lease: for the only process on a database, at its start."""
        ...

    async def get(self, item_id: int) -> InboxItem | None: ...

    async def accounting(self, *, since: date) -> list[ChannelDay]: ...

    async def next_ready_at(self) -> datetime | None:
        """When the earliest waiting row becomes ready; None if nothing waits."""
        ...
