"""Tickets, their words, history and links on a database. Lists that people look at are in `bot.storage.lists`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import BindParameter, Connection, Row, bindparam, delete, func, insert, select, update

from bot.model import Contact, Event, Link, Message, Revision, Ticket, TimeEntry
from bot.ports import QueueFilter, QueueRow, Standing
from bot.storage import lists, standing, tables
from bot.storage.files import add_files_of
from bot.storage.mapping import (
    event_values,
    link_values,
    message_values,
    time_values,
    to_event,
    to_link,
    to_message,
    to_ticket,
    to_time_entry,
)
from bot.storage.origins import of_origins
from bot.storage.session import Session
from bot.storage.statements import insert_ignoring
from bot.storage.types import UtcDateTime

T = TypeVar("T")

_tickets, _messages, _events, _times, _links = tables.tickets, tables.messages, tables.events, tables.time_entries, tables.links
_ticket_id: BindParameter[Any] = bindparam("of_ticket")
_next_numbers = {
    _tickets: (select(func.coalesce(func.max(_tickets.c.id), 0)), tables.ticket_numbers),
    _messages: (select(func.coalesce(func.max(_messages.c.id), 0)), tables.message_numbers),
}
_many = select(_tickets).where(_tickets.c.id.in_(bindparam("ids", expanding=True))).order_by(_tickets.c.id)
# Locked in the order of their numbers, so that two transactions that want the same tickets cannot wait for each other.
_many_locked = _many.with_for_update()
_add_message = insert(_messages)
_revisions = tables.message_revisions
_of_message = _messages.c.id == bindparam("row_id")
_at = bindparam("at_instant", type_=UtcDateTime())
_keep_old = insert(_revisions).from_select(["message_id", "text", "at"], select(_messages.c.id, _messages.c.text, _at).where(_of_message))
_say_now = update(_messages).where(_of_message).values(text=bindparam("new_text", type_=_messages.c.text.type))
_make_note = update(_messages).where(_of_message).values(kind="note")
_older = (
    select(_revisions.c.message_id, _revisions.c.text, _revisions.c.at)
    .join(_messages, _messages.c.id == _revisions.c.message_id)
    .where(_messages.c.ticket_id == _ticket_id)
    .order_by(_revisions.c.message_id, _revisions.c.id)
)
_add_event = insert(_events)
_add_time = insert(_times)
_add_link = {dialect: insert_ignoring(_links, dialect) for dialect in ("sqlite", "postgresql")}
_find_links = (
    select(_links)
    .where(
        _links.c.channel == bindparam("of_channel"),
        _links.c.conversation == bindparam("of_conversation"),
        _links.c.external_id.in_(bindparam("external_ids", expanding=True)),
    )
    .order_by(_links.c.ticket_id)
)
_words = select(_messages).where(_messages.c.ticket_id == _ticket_id).order_by(_messages.c.id)
_history = select(_events).where(_events.c.ticket_id == _ticket_id).order_by(_events.c.id)
_histories = (
    select(_events)
    .where(
        _events.c.ticket_id.in_(bindparam("ids", expanding=True)),
        _events.c.kind.in_(bindparam("kinds", expanding=True)),
    )
    .order_by(_events.c.ticket_id, _events.c.id)
)
_remove_time = (
    delete(_times)
    .where(_times.c.ticket_id == _ticket_id, _times.c.agent_id == bindparam("of_agent"), _times.c.at == _at)
    .returning(_times.c.id)
)
_spent = select(_times).where(_times.c.ticket_id == _ticket_id).order_by(_times.c.id)


class SqlTickets:
    def __init__(self, session: Session) -> None:
        self._session = session
        self._last_numbers: dict[Any, int] = {}

    async def allocate(self, count: int) -> list[int]:
        return await self._allocate(_tickets, count)

    async def allocate_messages(self, count: int) -> list[int]:
        return await self._allocate(_messages, count)

    async def _allocate(self, table: Any, count: int) -> list[int]:
        highest, sequence = _next_numbers[table]
        if self._session.dialect == "postgresql":
            numbers = select(sequence.next_value()).select_from(func.generate_series(1, count))
            return sorted(await self._session.write(lambda connection: connection.scalars(numbers).all()))
        # The write lock is ours until the end: nobody else takes numbers meanwhile, and a rollback leaves no gap.
        if table not in self._last_numbers:
            self._last_numbers[table] = await self._session.write(lambda connection: connection.execute(highest).scalar_one())
        first = self._last_numbers[table] + 1
        self._last_numbers[table] += count
        return list(range(first, first + count))

    def add(self, ticket: Ticket) -> None:
        self._session.change().add_ticket(ticket)

    async def get(self, ticket_id: int) -> Ticket | None:
        return next(iter(await self.get_many([ticket_id])), None)

    async def get_many(self, ticket_ids: Sequence[int]) -> list[Ticket]:
        known = self._session.buffer.tickets if self._session.is_writing else {}
        missing = [each for each in dict.fromkeys(ticket_ids) if each not in known]
        # Asked even when all are known: what was buffered wrongly shows at the next read.
        found = {ticket.id: ticket for ticket in await self._fetch(missing)}
        known.update(found)
        return [known.get(each) or found[each] for each in dict.fromkeys(ticket_ids) if each in known or each in found]

    async def _fetch(self, ticket_ids: Sequence[int]) -> list[Ticket]:
        if not ticket_ids:
            self._session.buffer.settle()
            return []
        statement = _many_locked if self._session.is_writing else _many
        return await self._session.run(lambda connection: _all(connection, statement, to_ticket, {"ids": ticket_ids}))

    def save(self, ticket: Ticket) -> None:
        self._session.change().save_ticket(ticket)

    def add_message(self, message: Message) -> None:
        self._session.change().put("messages", _add_message, message_values(message))
        add_files_of(self._session, message)

    async def revise(self, message_id: int, *, text: str, at: datetime) -> None:
        def work(connection: Connection) -> None:
            connection.execute(_keep_old, {"row_id": message_id, "at_instant": at})
            connection.execute(_say_now, {"row_id": message_id, "new_text": text})

        await self._session.write(work, needs=("messages",))

    async def revisions(self, ticket_id: int) -> list[Revision]:
        def work(connection: Connection) -> list[Revision]:
            return [Revision(**row._mapping) for row in connection.execute(_older, {"of_ticket": ticket_id})]

        return await self._session.run(work, needs=("messages",))

    async def make_note(self, message_id: int) -> None:
        await self._session.write(lambda connection: connection.execute(_make_note, {"row_id": message_id}), needs=("messages",))

    def add_event(self, event: Event) -> None:
        self._session.change().put("events", _add_event, event_values(event))

    def add_time(self, entry: TimeEntry) -> None:
        self._session.change().put("times", _add_time, time_values(entry))

    async def remove_time(self, ticket_id: int, *, agent_id: int, at: datetime) -> bool:
        values = {"of_ticket": ticket_id, "of_agent": agent_id, "at_instant": at}
        return bool(await self._session.write(lambda connection: connection.execute(_remove_time, values).all(), needs=("times",)))

    def add_link(self, link: Link) -> None:
        buffer = self._session.change()
        buffer.put("links", _add_link[self._session.dialect], link_values(link))
        buffer.mark("links", (link.channel, link.conversation, link.external_id))

    async def find_links(self, channel: str, conversation: str, external_ids: Sequence[str]) -> list[Link]:
        wanted = {external_id: place for place, external_id in enumerate(dict.fromkeys(external_ids))}
        if not wanted:
            return []
        values = {"of_channel": channel, "of_conversation": conversation, "external_ids": list(wanted)}
        is_pending = self._session.buffer.is_about("links", [(channel, conversation, external_id) for external_id in wanted])
        needs = ("links",) if is_pending else ()
        links = await self._session.run(lambda connection: _all(connection, _find_links, to_link, values), needs=needs)
        return sorted(links, key=lambda link: wanted[link.external_id])

    async def messages(self, ticket_id: int) -> list[Message]:
        return await self._of_ticket(_words, to_message, ticket_id, "messages")

    async def events(self, ticket_id: int) -> list[Event]:
        return await self._of_ticket(_history, to_event, ticket_id, "events")

    async def events_of(self, ticket_ids: Sequence[int], kinds: Sequence[str]) -> list[Event]:
        values = {"ids": list(ticket_ids), "kinds": list(kinds)}
        return await self._session.run(lambda connection: _all(connection, _histories, to_event, values), needs=("events",))

    async def time_entries(self, ticket_id: int) -> list[TimeEntry]:
        return await self._of_ticket(_spent, to_time_entry, ticket_id, "times")

    async def _of_ticket(self, statement: Any, build: Callable[[Row[Any]], T], ticket_id: int, table: str) -> list[T]:
        return await self._session.run(lambda connection: _all(connection, statement, build, {"of_ticket": ticket_id}), needs=(table,))

    async def _list(self, statement: Any, values: dict[str, Any], *, needs: tuple[str, ...] = ("tickets",)) -> list[Ticket]:
        return await self._session.run(lambda connection: _all(connection, statement, to_ticket, values), needs=needs)

    async def siblings(self, origin_id: int) -> list[Ticket]:
        return await self._list(lists.siblings, {"of_origin": origin_id})

    async def of_origins(self, *, after: int, limit: int) -> list[Ticket]:
        return await self._list(of_origins, {"after": after, "most": limit})

    async def of_cause(self, cause_id: int) -> list[Ticket]:
        return await self._list(lists.of_cause, {"of_cause": cause_id})

    async def open_for_contact(self, contact_id: int, *, limit: int = 20) -> list[Ticket]:
        needs = ("tickets",) if self._session.buffer.is_about("tickets", [contact_id]) else ()
        return await self._list(lists.open_of_contact, {"of_contact": contact_id, "most": limit}, needs=needs)

    async def visible_to(self, contact: Contact, *, include_closed: bool, limit: int, before_id: int | None = None) -> list[Ticket]:
        statement = lists.visible(is_closed_too=include_closed, is_paged=before_id is not None)
        values = {"of_contact": contact.id, "of_client": contact.client_id, "most": limit}
        return await self._list(statement, values | ({} if before_id is None else {"before": before_id}))

    async def queue(
        self,
        *,
        limit: int,
        assignee_id: int | None = None,
        team: str | None = None,
        only: QueueFilter | None = None,
        now: datetime | None = None,
    ) -> list[QueueRow]:
        def work(connection: Connection) -> list[QueueRow]:
            return lists.queue(connection, limit=limit, assignee_id=assignee_id, team=team, only=only, now=now)

        return await self._session.run(work, needs=("clocks",))

    async def open_count(self) -> int:
        return await self._session.run(lambda connection: connection.execute(lists.open_count).scalar_one(), needs=("tickets",))

    async def standing(self, *, now: datetime, since: datetime) -> Standing:
        return await self._session.run(lambda connection: standing.standing(connection, now=now, since=since), needs=("clocks",))

    async def open_by_agent(self) -> Mapping[int | None, int]:
        return await self._session.run(standing.open_by_agent, needs=("tickets",))

    async def awaiting_client(self, *, before: datetime, limit: int) -> list[Ticket]:
        return await self._list(lists.awaiting_client, {"before": before, "most": limit})

    async def reminded_clients(self, *, before: datetime, limit: int) -> list[Ticket]:
        return await self._list(lists.reminded_clients, {"before": before, "most": limit})


def _all(connection: Connection, statement: Any, build: Callable[[Row[Any]], T], values: dict[str, Any]) -> list[T]:
    return [build(row) for row in connection.execute(statement, values)]
