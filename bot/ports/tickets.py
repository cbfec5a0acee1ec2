"""Tickets and what belongs to them: messages, events, work, links, and the lists people look at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from bot.model import Contact, Event, Link, Message, Revision, Ticket, TicketClock, TimeEntry


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueRow:
    """A line of the staff's list: an open ticket with its most pressing running clock, nearest deadline first."""

    ticket: Ticket
    clock: TicketClock | None
    client_name: str
    contact_name: str
    assignee_name: str


class QueueFilter(StrEnum):
    """Which part of the queue: what nobody has, what is urgent, what is past its deadline."""

    NOBODYS = "nobodys"
    URGENT = "urgent"
    OVERDUE = "overdue"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How the desk stands: open tickets (those that nobody has, urgent, past a deadline, waiting for their client, with Development), and
    how many were opened and closed since an instant."""

    open: int = 0
    nobodys: int = 0
    urgent: int = 0
    overdue: int = 0
    waiting: int = 0
    development: int = 0
    opened: int = 0
    closed: int = 0


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

    async def revise(self, message_id: int, *, text: str, at: datetime) -> None:
        """A message says this now; what it said before is kept as a revision."""
        ...

    async def revisions(self, ticket_id: int) -> list[Revision]:
        """What messages of the ticket said before, message by message, in the order in which it was replaced."""
        ...

    async def make_note(self, message_id: int) -> None:
        """A word that never went out stays as a note, for staff alone."""
        ...

    def add_event(self, event: Event) -> None: ...

    def add_time(self, entry: TimeEntry) -> None: ...

    async def remove_time(self, ticket_id: int, *, agent_id: int, at: datetime) -> bool:
        """Take an entry back; False when it is gone already."""
        ...

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

    async def of_origins(self, *, after: int, limit: int) -> list[Ticket]:
        """All tickets of the next `limit` inbound messages above that origin, by origin and number: for walking through everything."""
        ...

    async def of_cause(self, cause_id: int) -> list[Ticket]:
        """The tickets that are linked to this one as their cause, by number, closed ones too."""
        ...

    async def open_for_contact(self, contact_id: int, *, limit: int = 20) -> list[Ticket]:
        """Open tickets of this person, newest first: hints, `/call`, and "close" without a number."""
        ...

    async def visible_to(self, contact: Contact, *, include_closed: bool, limit: int, before_id: int | None = None) -> list[Ticket]:
        """The client's list (R4): the person's own and the company's that are not private, newest first."""
        ...

    async def queue(
        self,
        *,
        limit: int,
        assignee_id: int | None = None,
        team: str | None = None,
        only: QueueFilter | None = None,
        now: datetime | None = None,
    ) -> list[QueueRow]:
        """Open tickets by nearest deadline; those without a running clock last, oldest first. `now` is asked for by OVERDUE alone."""
        ...

    async def standing(self, *, now: datetime, since: datetime) -> Standing: ...

    async def open_by_agent(self) -> Mapping[int | None, int]:
        """How many open tickets each agent has; under None those that nobody has."""
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
