"""What the inner rings need from a store, as protocols. `bot.storage` implements them twice: SQLAlchemy and memory.

How a transaction works, whoever implements it:

* `async with storage.write() as uow:` opens ONE transaction; leaving without `await uow.commit()` rolls everything back.
* `add` and `save` are buffered (plain calls, no await): they reach the database at the next read of the same unit of work or at commit,
  many rows in one statement. What was added or saved is what `get` returns afterwards in the same unit of work.
* `get` of a ticket or clock inside `write()` locks the row until the end (PostgreSQL `FOR UPDATE`; SQLite has one writer anyway).
* `storage.read()` gives the same repositories for reading; `commit()` there is an error.
* All instants are aware UTC. Repositories never commit and never ask for the time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol

from bot.model import (
    Address,
    Agent,
    Client,
    Closure,
    Contact,
    Delivery,
    Event,
    Link,
    Message,
    Route,
    Ticket,
    TicketClock,
    TimeEntry,
)


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
    """A stored raw event. `id` grows with arrival."""

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

    async def release_leases(self) -> None:
        """Give back every lease: for the only process on a database, at its start."""
        ...

    async def get(self, item_id: int) -> InboxItem | None: ...

    async def accounting(self, *, since: date) -> list[ChannelDay]: ...

    async def next_ready_at(self) -> datetime | None:
        """When the earliest waiting row becomes ready; None if nothing waits."""
        ...


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
        comes back once as UNSURE (state says so), the second time it is DEAD. A row that waits (`not_before_at`) holds back what follows
        on its route only if that is not more urgent.
        """
        ...

    def sent(self, delivery_id: int, *, external_id: str | None, now: datetime) -> None: ...

    def postpone(self, delivery_id: int, *, until: datetime, error: str, counts: bool = True) -> None:
        """Not now: NEW again from `until` on. `counts=False` takes the attempt back (rate limits)."""
        ...

    def unsure(self, delivery_id: int, *, until: datetime, error: str) -> None:
        """The outcome is unknown: try once more from `until` on, as UNSURE."""
        ...

    def dead(self, delivery_id: int, *, error: str, now: datetime) -> None: ...

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
        """What was being sent has an unknown outcome now (UNSURE, the second time DEAD): for the only process, at its start."""
        ...

    async def dead_rows(self, *, limit: int = 50) -> list[Delivery]: ...

    async def next_due_at(self, channels: Sequence[str]) -> datetime | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueRow:
    """A line of the staff's list: an open ticket with its most pressing running clock, nearest deadline first."""

    ticket: Ticket
    clock: TicketClock | None
    client_name: str
    contact_name: str
    assignee_name: str


class Tickets(Protocol):
    """Tickets, their words, their history, and the message ids that lead to them."""

    async def allocate(self, count: int) -> list[int]:
        """Fresh ticket numbers, ascending."""
        ...

    async def allocate_messages(self, count: int) -> list[int]: ...

    def add(self, ticket: Ticket) -> None: ...

    async def get(self, ticket_id: int) -> Ticket | None: ...

    async def get_many(self, ticket_ids: Sequence[int]) -> list[Ticket]:
        """Those that exist, in the order asked for."""
        ...

    def save(self, ticket: Ticket) -> None:
        """Buffer the new state; `version` is raised by one here, as `get` then shows. A change by others since `get` raises Conflict."""
        ...

    def add_message(self, message: Message) -> None: ...

    def add_event(self, event: Event) -> None: ...

    def add_time(self, entry: TimeEntry) -> None: ...

    def add_link(self, link: Link) -> None:
        """Twice is the same as once."""
        ...

    async def find_links(self, channel: str, conversation: str, external_ids: Sequence[str]) -> list[Link]:
        """In the order of `external_ids`; several tickets of one message in ticket order."""
        ...

    async def messages(self, ticket_id: int) -> list[Message]: ...

    async def events(self, ticket_id: int) -> list[Event]: ...

    async def events_of(self, ticket_ids: Sequence[int], kinds: Sequence[str]) -> list[Event]:
        """Events of these kinds of these tickets, ticket by ticket, in the order in which they were written."""
        ...

    async def time_entries(self, ticket_id: int) -> list[TimeEntry]: ...

    async def siblings(self, origin_id: int) -> list[Ticket]:
        """All tickets made of one inbound message."""
        ...

    async def open_for_contact(self, contact_id: int, *, limit: int = 20) -> list[Ticket]:
        """Open tickets of this person, newest first: hints, `/call`, and "close" without a number."""
        ...

    async def visible_to(self, contact: Contact, *, include_closed: bool, limit: int, before_id: int | None = None) -> list[Ticket]:
        """The client's list (R4): the person's own and the company's that are not private, newest first."""
        ...

    async def queue(self, *, limit: int, assignee_id: int | None = None, team: str | None = None) -> list[QueueRow]:
        """Open tickets by nearest deadline; those without a running clock last, oldest first."""
        ...

    async def open_count(self) -> int: ...

    async def awaiting_client(self, *, before: datetime, limit: int) -> list[Ticket]:
        """Open tickets of the desk that wait for their client since before that instant and whose client was not reminded since, longest
        waiting first (R7)."""
        ...

    async def reminded_clients(self, *, before: datetime, limit: int) -> list[Ticket]:
        """The same, whose client can be written to, was reminded before that instant and has said nothing since; earliest reminded first
        (R7)."""
        ...


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

    async def started(self, *, since: datetime, after_id: int, until: datetime, limit: int) -> list[QueueRow]:
        """Clocks of any state started before `until` and at or after `since` (at `since` itself those above `after_id`), in the order of
        (started_at, id), with their tickets: reports page through a month with it."""
        ...


class People(Protocol):
    """Clients, contacts and agents."""

    async def contact_at(self, address: Address) -> Contact | None: ...

    async def contact(self, contact_id: int) -> Contact | None: ...

    async def contacts_of(self, client_id: int) -> list[Contact]: ...

    async def add_contact(self, *, name: str, client_id: int | None, language: str, addresses: Sequence[Address]) -> Contact:
        """A new person; an address that is taken already returns its owner instead (two processes at once)."""
        ...

    async def save_contact(self, contact: Contact) -> None:
        """New state, addresses included."""
        ...

    async def client(self, client_id: int) -> Client | None: ...

    async def client_named(self, name: str) -> Client | None:
        """Case and surrounding space do not count, for Cyrillic too."""
        ...

    async def client_with_domain(self, domain: str) -> Client | None: ...

    async def clients(self) -> list[Client]: ...

    async def add_client(
        self, *, name: str, domains: Sequence[str] = (), plan_name: str = "", plan_time: timedelta | None = None
    ) -> Client: ...

    async def save_client(self, client: Client) -> None: ...

    async def agent(self, agent_id: int) -> Agent | None: ...

    async def agent_by_telegram(self, telegram_id: str) -> Agent | None: ...

    async def agent_by_mail(self, mail: str) -> Agent | None: ...

    async def agent_named(self, name: str) -> Agent | None: ...

    async def agents(self) -> list[Agent]: ...

    async def add_agent(self, *, name: str, role: str, telegram_id: str | None = None, mail: str | None = None) -> Agent: ...

    async def save_agent(self, agent: Agent) -> None: ...


class State(Protocol):
    """Small durable facts: cursors, leases, the last tick, one-time links and sessions."""

    async def get(self, key: str) -> Any | None:
        """The JSON value stored under the key."""
        ...

    def set(self, key: str, value: Any) -> None: ...

    async def take_lease(self, name: str, *, owner: str, now: datetime, until: datetime) -> bool:
        """True when `owner` holds the lease until then: it was free, its own, or run out."""
        ...

    async def give_lease(self, name: str, *, owner: str) -> None: ...

    async def put_token(
        self, *, digest: str, purpose: str, subject: str, expires_at: datetime, data: Mapping[str, Any] | None = None
    ) -> None:
        """Remember the digest of a secret handed out (login link, session); the secret itself is never stored."""
        ...

    async def find_token(self, *, digest: str, purpose: str, now: datetime) -> tuple[str, Mapping[str, Any]] | None:
        """(subject, data) of a token that is neither used nor expired."""
        ...

    async def use_token(self, *, digest: str, purpose: str, now: datetime) -> tuple[str, Mapping[str, Any]] | None:
        """The same, and it is used up: of two at once only one gets it."""
        ...

    async def drop_tokens(self, *, purpose: str, subject: str) -> None:
        """Log somebody out everywhere."""
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


class UnitOfWork(Protocol):
    """One transaction and the repositories in it."""

    @property
    def tickets(self) -> Tickets: ...
    @property
    def clocks(self) -> Clocks: ...
    @property
    def people(self) -> People: ...
    @property
    def inbox(self) -> Inbox: ...
    @property
    def outbox(self) -> Outbox: ...
    @property
    def closures(self) -> Closures: ...
    @property
    def state(self) -> State: ...

    async def commit(self) -> None:
        """Write what is buffered and make it durable. A full disk or a locked database raises Transient; nothing is half done."""
        ...


class Storage(Protocol):
    """A database. `on_commit` callbacks hear which lists a commit touched ("inbox", "outbox", "clocks"), to wake workers at once."""

    on_commit: list[Callable[[frozenset[str]], None]]

    def write(self) -> AbstractAsyncContextManager[UnitOfWork]: ...

    def read(self) -> AbstractAsyncContextManager[UnitOfWork]: ...

    async def close(self) -> None: ...
