"""Tickets, their words, history and links in memory."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from bot.errors import Conflict
from bot.model import (
    ClockState,
    Contact,
    Event,
    Link,
    Message,
    MessageKind,
    Priority,
    Revision,
    Team,
    Ticket,
    TicketClock,
    TimeEntry,
    Turn,
)
from bot.ports import QueueFilter, QueueRow, Standing
from bot.storage.memory.files import add_files_of
from bot.storage.memory.shelves import Session, queue_row
from bot.storage.rules import as_json, refuse_naive


class MemoryTickets:
    def __init__(self, session: Session) -> None:
        self._session = session

    async def allocate(self, count: int) -> list[int]:
        return [self._session.next_id("tickets") for _ in range(count)]

    async def allocate_messages(self, count: int) -> list[int]:
        return [self._session.next_id("messages") for _ in range(count)]

    def add(self, ticket: Ticket) -> None:
        if ticket.id in self._session.change().tickets:
            self._session.fail(Conflict())
        self._put(ticket)

    async def get(self, ticket_id: int) -> Ticket | None:
        return self._session.look().tickets.get(ticket_id)

    async def get_many(self, ticket_ids: Sequence[int]) -> list[Ticket]:
        tickets = self._session.look().tickets
        return [tickets[each] for each in dict.fromkeys(ticket_ids) if each in tickets]

    def save(self, ticket: Ticket) -> None:
        known = self._session.change().tickets.get(ticket.id)
        if known is None or known.version != ticket.version:
            self._session.fail(Conflict())
        self._put(replace(ticket, version=ticket.version + 1))

    def _put(self, ticket: Ticket) -> None:
        refuse_naive(ticket)
        shelves = self._session.shelves
        self._session.need(shelves.contacts, ticket.contact_id, "contact")
        self._session.need(shelves.clients, ticket.client_id, "client")
        self._session.need(shelves.agents, ticket.assignee_id, "agent")
        shelves.tickets[ticket.id] = ticket

    def add_message(self, message: Message) -> None:
        refuse_naive(message)
        shelves = self._session.change()
        self._session.need(shelves.tickets, message.ticket_id, "ticket")
        if message.id in shelves.messages:
            self._session.fail(Conflict())
        shelves.messages[message.id] = message
        add_files_of(self._session, message)

    async def revise(self, message_id: int, *, text: str, at: datetime) -> None:
        shelves = self._session.change()
        old = shelves.messages[message_id]
        shelves.revisions[self._session.next_id("revisions")] = Revision(message_id=message_id, text=old.text, at=at)
        shelves.messages[message_id] = replace(old, text=text)

    async def revisions(self, ticket_id: int) -> list[Revision]:
        shelves = self._session.look()
        found = [(each.message_id, number, each) for number, each in shelves.revisions.items()]
        return [
            each for message_id, _, each in sorted(found, key=lambda one: one[:2]) if shelves.messages[message_id].ticket_id == ticket_id
        ]

    async def make_note(self, message_id: int) -> None:
        messages = self._session.change().messages
        messages[message_id] = replace(messages[message_id], kind=MessageKind.NOTE)

    def add_event(self, event: Event) -> None:
        refuse_naive(event)
        event = replace(event, data=json.loads(as_json(event.data)))
        self._session.need(self._session.change().tickets, event.ticket_id, "ticket")
        self._session.shelves.events[self._session.next_id("events")] = event

    def add_time(self, entry: TimeEntry) -> None:
        refuse_naive(entry)
        shelves = self._session.change()
        self._session.need(shelves.tickets, entry.ticket_id, "ticket")
        self._session.need(shelves.agents, entry.agent_id, "agent")
        shelves.times[self._session.next_id("times")] = entry

    async def remove_time(self, ticket_id: int, *, agent_id: int, at: datetime) -> bool:
        times = self._session.change().times
        found = [number for number, each in times.items() if (each.ticket_id, each.agent_id, each.at) == (ticket_id, agent_id, at)]
        for number in found:
            del times[number]
        return bool(found)

    def add_link(self, link: Link) -> None:
        self._session.need(self._session.change().tickets, link.ticket_id, "ticket")
        self._session.shelves.links.setdefault((link.channel, link.conversation, link.external_id, link.ticket_id), link)

    async def find_links(self, channel: str, conversation: str, external_ids: Sequence[str]) -> list[Link]:
        links = sorted(self._session.look().links.items(), key=lambda item: item[0][3])
        found = [link for _, link in links if (link.channel, link.conversation) == (channel, conversation)]
        return [link for each in dict.fromkeys(external_ids) for link in found if link.external_id == each]

    async def messages(self, ticket_id: int) -> list[Message]:
        return [each for _, each in sorted(self._session.look().messages.items()) if each.ticket_id == ticket_id]

    async def events(self, ticket_id: int) -> list[Event]:
        return [each for each in self._session.look().events.values() if each.ticket_id == ticket_id]

    async def events_of(self, ticket_ids: Sequence[int], kinds: Sequence[str]) -> list[Event]:
        found = [(event.ticket_id, number, event) for number, event in self._session.look().events.items()]
        return [
            event for ticket_id, _, event in sorted(found, key=lambda each: each[:2]) if ticket_id in ticket_ids and event.kind in kinds
        ]

    async def time_entries(self, ticket_id: int) -> list[TimeEntry]:
        return [each for each in self._session.look().times.values() if each.ticket_id == ticket_id]

    def _where(self, accept: Callable[[Ticket], bool]) -> list[Ticket]:
        return [ticket for _, ticket in sorted(self._session.look().tickets.items()) if accept(ticket)]

    async def siblings(self, origin_id: int) -> list[Ticket]:
        return self._where(lambda ticket: ticket.origin_id == origin_id)

    async def of_origins(self, *, after: int, limit: int) -> list[Ticket]:
        above = self._where(lambda ticket: (ticket.origin_id or 0) > after)
        wanted = sorted({ticket.origin_id or 0 for ticket in above})[:limit]
        return sorted((ticket for ticket in above if ticket.origin_id in wanted), key=lambda ticket: (ticket.origin_id or 0, ticket.id))

    async def of_cause(self, cause_id: int) -> list[Ticket]:
        return self._where(lambda ticket: ticket.cause_id == cause_id)

    async def open_for_contact(self, contact_id: int, *, limit: int = 20) -> list[Ticket]:
        return self._where(lambda ticket: ticket.is_open and ticket.contact_id == contact_id)[::-1][:limit]

    async def visible_to(self, contact: Contact, *, include_closed: bool, limit: int, before_id: int | None = None) -> list[Ticket]:
        contacts = self._session.look().contacts

        def is_visible(ticket: Ticket) -> bool:
            is_shared = ticket.client_id is not None and ticket.client_id == contact.client_id and not ticket.is_private
            is_own = ticket.contact_id == contact.id
            return (
                (is_own or (is_shared and not contacts[ticket.contact_id].is_private))
                and (include_closed or ticket.is_open)
                and (before_id is None or ticket.id < before_id)
            )

        return self._where(is_visible)[::-1][:limit]

    async def queue(
        self,
        *,
        limit: int,
        assignee_id: int | None = None,
        team: str | None = None,
        only: QueueFilter | None = None,
        now: datetime | None = None,
    ) -> list[QueueRow]:
        rows = [
            self._queue_row(ticket)
            for ticket in self._where(lambda ticket: ticket.is_open)
            if assignee_id in (None, ticket.assignee_id) and team in (None, ticket.team)
        ]
        rows = [row for row in rows if only is None or _passes(row, only, now)]
        pressing = sorted((row for row in rows if row.clock), key=lambda row: _pressing(row.clock))
        return (pressing + [row for row in rows if not row.clock])[:limit]

    def _queue_row(self, ticket: Ticket) -> QueueRow:
        shelves = self._session.shelves
        running = [clock for clock in shelves.clocks.values() if clock.ticket_id == ticket.id and clock.state is ClockState.RUNNING]
        return queue_row(shelves, ticket, min(running, key=_pressing, default=None))

    async def open_count(self) -> int:
        return len(self._where(lambda ticket: ticket.is_open))

    async def standing(self, *, now: datetime, since: datetime) -> Standing:
        tickets = self._where(lambda ticket: True)
        still_open = [ticket for ticket in tickets if ticket.is_open]
        clocks = self._session.look().clocks.values()
        return Standing(
            open=len(still_open),
            nobodys=sum(ticket.assignee_id is None for ticket in still_open),
            urgent=sum(ticket.priority is Priority.URGENT for ticket in still_open),
            overdue=len({clock.ticket_id for clock in clocks if clock.state is ClockState.RUNNING and clock.due_at < now}),
            waiting=sum(ticket.turn is not Turn.STAFF for ticket in still_open),
            development=sum(ticket.team is Team.DEVELOPMENT for ticket in still_open),
            opened=sum(ticket.created_at >= since for ticket in tickets),
            closed=sum(ticket.closed_at is not None and ticket.closed_at >= since for ticket in tickets),
        )

    async def open_by_agent(self) -> Mapping[int | None, int]:
        return Counter(ticket.assignee_id for ticket in self._where(lambda ticket: ticket.is_open))

    async def awaiting_client(self, *, before: datetime, limit: int) -> list[Ticket]:
        waiting = self._where(lambda ticket: not _is_reminded(ticket) and _awaits_client(ticket, ticket.last_word_at, before))
        return sorted(waiting, key=lambda ticket: (ticket.last_word_at, ticket.id))[:limit]

    async def reminded_clients(self, *, before: datetime, limit: int) -> list[Ticket]:
        reminded = self._where(
            lambda ticket: ticket.route is not None and _is_reminded(ticket) and _awaits_client(ticket, ticket.client_reminded_at, before)
        )
        return sorted(reminded, key=lambda ticket: (ticket.client_reminded_at, ticket.id))[:limit]


def _passes(row: QueueRow, only: QueueFilter, now: datetime | None) -> bool:
    match only:
        case QueueFilter.NOBODYS:
            return row.ticket.assignee_id is None
        case QueueFilter.URGENT:
            return row.ticket.priority is Priority.URGENT
        case QueueFilter.OVERDUE:
            return row.clock is not None and now is not None and row.clock.due_at < now


def _awaits_client(ticket: Ticket, since: datetime | None, before: datetime) -> bool:
    is_theirs = ticket.is_open and ticket.turn is not Turn.STAFF and ticket.team is Team.DESK
    return is_theirs and since is not None and since < before


def _is_reminded(ticket: Ticket) -> bool:
    reminded_at, last_word_at = ticket.client_reminded_at, ticket.last_word_at
    return reminded_at is not None and last_word_at is not None and reminded_at >= last_word_at


def _pressing(clock: TicketClock | None) -> tuple[datetime, int]:
    assert clock is not None
    return clock.due_at, clock.id
