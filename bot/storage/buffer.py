"""What a unit of work has not written yet. Rows wait by table and go out in the order of the foreign keys, many in one statement:
what a transaction costs is its number of statements."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, Executable, bindparam, insert, select, update

from bot.errors import Conflict
from bot.model import Ticket
from bot.storage import tables
from bot.storage.mapping import Values, ticket_values

ORDER = (
    "tickets",
    "messages",
    "files",
    "message_files",
    "file_changes",
    "events",
    "times",
    "links",
    "clocks",
    "clock_changes",
    "outbox",
    "edits",
    "outbox_changes",
    "inbox",
    "facts",
)
NEEDS = {
    "tickets": ("tickets",),
    "messages": ("tickets", "messages"),
    "files": ("tickets", "messages", "files", "message_files", "file_changes"),
    "events": ("tickets", "events"),
    "times": ("tickets", "times"),
    "links": ("tickets", "links"),
    "clocks": ("tickets", "clocks", "clock_changes"),
    "outbox": ("outbox", "edits", "outbox_changes"),
    "inbox": ("inbox",),
    "facts": ("facts",),
}

_tickets = tables.tickets
_inbox = tables.inbox
_add_tickets = insert(_tickets)
_save_tickets = update(_tickets).where(_tickets.c.id == bindparam("row_id"))
_ticket_versions = select(_tickets.c.id, _tickets.c.version).where(_tickets.c.id.in_(bindparam("ids", expanding=True))).with_for_update()
_unfinished_rows = (
    select(_inbox.c.id)
    .where(_inbox.c.id.in_(bindparam("ids", expanding=True)), _inbox.c.ready_at.is_not(None))
    .order_by(_inbox.c.id)
    .with_for_update()
)


class Buffer:
    """The unwritten rows of one unit of work, and the tickets it knows (locked or its own, so nobody else can change them)."""

    def __init__(self) -> None:
        self.tickets: dict[int, Ticket] = {}
        self._new_tickets: list[int] = []
        self._changed_tickets: dict[int, None] = {}
        self._unverified: dict[int, int] = {}
        self._finished: list[int] = []
        self._lanes: dict[str, dict[Executable, list[Values]]] = {}
        self._problem: Exception | None = None
        # What unwritten rows are about: a query about something else need not wait for them to be written.
        self._topics: dict[str, set[Hashable]] = {}

    def put(self, lane: str, statement: Executable, values: Values) -> None:
        """Keep one row for `statement`; rows of one statement go out together."""
        self._lanes.setdefault(lane, {}).setdefault(statement, []).append(values)

    def mark(self, lane: str, *topics: Hashable) -> None:
        """Say what the row just put is about."""
        self._topics.setdefault(lane, set()).update(topics)

    def is_about(self, lane: str, topics: Iterable[Hashable]) -> bool:
        """Whether an unwritten row of the lane is about one of these."""
        return not self._topics.get(lane, set()).isdisjoint(topics)

    def add_ticket(self, ticket: Ticket) -> None:
        if ticket.id in self.tickets:
            self._problem = self._problem or Conflict()
            return
        self.tickets[ticket.id] = ticket
        self._new_tickets.append(ticket.id)
        self.mark("tickets", ticket.contact_id)

    def save_ticket(self, ticket: Ticket) -> None:
        known = self.tickets.get(ticket.id)
        if known is None:
            self._unverified[ticket.id] = ticket.version
        else:
            self.mark("tickets", known.contact_id)
            if known.version != ticket.version:
                self._problem = self._problem or Conflict()
        self.tickets[ticket.id] = replace(ticket, version=ticket.version + 1)
        self.mark("tickets", ticket.contact_id)
        self._changed_tickets[ticket.id] = None

    def finish(self, item_id: int, statement: Executable, values: Values) -> None:
        """An inbox row ends here, and only if it has not ended elsewhere meanwhile."""
        self._finished.append(item_id)
        self.put("inbox", statement, values)

    def flush(self, connection: Connection, needs: Iterable[str]) -> None:
        """Write what these tables hold back, and what they refer to."""
        self.settle()
        wanted = {lane for need in needs for lane in NEEDS[need]}
        for lane in ORDER:
            if lane not in wanted:
                continue
            if lane == "tickets":
                self._flush_tickets(connection)
            if lane == "inbox" and self._finished:
                self._check_finished(connection)
            self._topics.pop(lane, None)
            for statement, rows in self._lanes.pop(lane, {}).items():
                connection.execute(statement, rows)

    def settle(self) -> None:
        """What was buffered wrongly comes out at the next read or commit."""
        if self._problem is not None:
            raise self._problem

    def forget_tickets(self) -> None:
        """Written tickets were changed by a statement of their own: what is known of them is out of date."""
        self.tickets.clear()

    def flush_all(self, connection: Connection) -> None:
        self.flush(connection, NEEDS)

    def _flush_tickets(self, connection: Connection) -> None:
        if self._new_tickets:
            connection.execute(_add_tickets, [ticket_values(self.tickets[each]) for each in self._new_tickets])
        if self._unverified:
            self._verify(connection)
        changed = [self.tickets[each] for each in self._changed_tickets if each not in self._new_tickets]
        if changed:
            connection.execute(_save_tickets, [_with_row_id(ticket_values(ticket)) for ticket in changed])
        self._new_tickets.clear()
        self._changed_tickets.clear()

    def _verify(self, connection: Connection) -> None:
        rows = connection.execute(_ticket_versions, {"ids": sorted(self._unverified)})
        if {row.id: row.version for row in rows} != self._unverified:
            raise Conflict
        self._unverified.clear()

    def _check_finished(self, connection: Connection) -> None:
        # Two workers can hold one row when a lease runs out: whoever is second rolls back, or its tickets would be there twice.
        found = connection.scalars(_unfinished_rows, {"ids": self._finished}).all()
        if len(found) != len(self._finished):
            raise Conflict("Це повідомлення вже опрацьоване.")
        self._finished.clear()


def _with_row_id(values: dict[str, Any]) -> Values:
    return {"row_id": values.pop("id"), **values}
