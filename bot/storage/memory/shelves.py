"""The rows of the memory store, and the session that a unit of work has with them."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from typing import Any

from bot.model import (
    Absence,
    Agent,
    CannedAnswer,
    Client,
    Closure,
    Contact,
    Delivery,
    Event,
    Link,
    Message,
    Revision,
    Shift,
    Ticket,
    TicketClock,
    TimeEntry,
)
from bot.ports import InboxItem, QueueRow
from bot.storage.faults import BrokenRow, ReadOnly

WAITING, QUARANTINED = "waiting", "quarantined"


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxRow:
    """`ready_at` is None once the row is finished or quarantined; `state` is waiting, quarantined or a disposition."""

    item: InboxItem
    is_burst: bool
    ready_at: datetime | None
    state: str = WAITING
    leased_until: datetime | None = None
    because: str = ""
    error: str = ""
    ticket_ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxRow:
    """`was_unsure`: its outcome has been unknown once already. `may_be_out`: it is being said, and its outcome is not recorded."""

    delivery: Delivery
    leased_until: datetime | None = None
    was_unsure: bool = False
    may_be_out: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    owner: str
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    purpose: str
    subject: str
    expires_at: datetime
    data: str
    used_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRow:
    """`kept_as` is "" while the bytes are elsewhere; with no `next_try_at` either, they are lost."""

    kept_as: str
    next_try_at: datetime | None
    attempts: int = 0
    error: str = ""


@dataclass(slots=True)
class Shelves:
    """All rows, by primary key; the values are frozen, so copying the dictionaries copies the database."""

    inbox: dict[int, InboxRow] = field(default_factory=dict)
    inbox_keys: dict[tuple[str, str, str], int] = field(default_factory=dict)
    outbox: dict[int, OutboxRow] = field(default_factory=dict)
    outbox_keys: dict[str, int] = field(default_factory=dict)
    tickets: dict[int, Ticket] = field(default_factory=dict)
    messages: dict[int, Message] = field(default_factory=dict)
    revisions: dict[int, Revision] = field(default_factory=dict)
    events: dict[int, Event] = field(default_factory=dict)
    times: dict[int, TimeEntry] = field(default_factory=dict)
    links: dict[tuple[str, str, str, int], Link] = field(default_factory=dict)
    clocks: dict[int, TicketClock] = field(default_factory=dict)
    canned: dict[int, CannedAnswer] = field(default_factory=dict)
    closures: dict[int, Closure] = field(default_factory=dict)
    shifts: dict[int, tuple[Shift, ...]] = field(default_factory=dict)
    absences: dict[int, Absence] = field(default_factory=dict)
    files: dict[str, FileRow] = field(default_factory=dict)
    message_files: dict[tuple[int, int], str] = field(default_factory=dict)
    contacts: dict[int, Contact] = field(default_factory=dict)
    addresses: dict[tuple[str, str], int] = field(default_factory=dict)
    clients: dict[int, Client] = field(default_factory=dict)
    agents: dict[int, Agent] = field(default_factory=dict)
    facts: dict[str, str] = field(default_factory=dict)
    leases: dict[str, Lease] = field(default_factory=dict)
    tokens: dict[str, Token] = field(default_factory=dict)
    last_ids: dict[str, int] = field(default_factory=dict)

    def copy(self) -> Shelves:
        return replace(self, **{each.name: dict(getattr(self, each.name)) for each in fields(self)})


def queue_row(shelves: Shelves, ticket: Ticket, clock: TicketClock | None) -> QueueRow:
    """A ticket with a clock and the names that go with it."""
    client = shelves.clients.get(ticket.client_id) if ticket.client_id is not None else None
    assignee = shelves.agents.get(ticket.assignee_id) if ticket.assignee_id is not None else None
    return QueueRow(
        ticket=ticket,
        clock=clock,
        client_name=client.name if client else "",
        contact_name=shelves.contacts[ticket.contact_id].name,
        assignee_name=assignee.name if assignee else "",
    )


class Session:
    """What one unit of work sees and changes. `problem` is what a buffered call found wrong: it comes out at the next read or commit."""

    def __init__(self, shelves: Shelves, *, is_writing: bool) -> None:
        self.shelves = shelves
        self.touched: set[str] = set()
        self._is_writing = is_writing
        self._problem: Exception | None = None

    def change(self, *lists: str) -> Shelves:
        """The rows, for writing; `lists` are those whose workers want to know."""
        if not self._is_writing:
            raise ReadOnly("this unit of work was opened for reading")
        self.touched.update(lists)
        return self.shelves

    def look(self) -> Shelves:
        """The rows, for reading: what was buffered wrongly before shows now."""
        self.settle()
        return self.shelves

    def fail(self, problem: Exception) -> None:
        self._problem = self._problem or problem

    def settle(self) -> None:
        if self._problem is not None:
            raise self._problem

    def need(self, table: dict[Any, Any], key: int | None, what: str) -> None:
        """A foreign key: the row must be there."""
        if key is not None and key not in table:
            self.fail(BrokenRow(f"{what} {key} does not exist"))

    def next_id(self, table: str) -> int:
        last_ids = self.change().last_ids
        last_ids[table] = last_ids.get(table, 0) + 1
        return last_ids[table]
