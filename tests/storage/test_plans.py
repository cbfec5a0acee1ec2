"""Nothing that workers, ticks and lists ask walks a whole table: a million tickets must not slow them (DESIGN 7).

Every statement that the store really sends is explained by SQLite, which plans by the shape of a statement alone when it has no statistics.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import Engine, event

from bot.model import Address, Contact, Link
from bot.ports import Disposition, InboxResult, Storage, UnitOfWork
from bot.storage import open_storage
from tests.storage.making import CHAT, DAY, MAIL, MINUTE, NOW, SECOND, clock, delivery, line, person, ticket

# These stay small: a desk has hundreds of clients, a dozen agents.
SMALL = {"clients", "client_domains", "agents", "shifts", "facts", "leases"}
# Ordered on purpose by an index that holds only what is open, waiting or to be sent.
PARTIAL = re.compile(r"USING (COVERING )?INDEX ix_\w+_(open|running|unfinished|due|nudge|backlog|quarantined|ready|awaiting|sending|dead)")


async def inbox_work(uow: UnitOfWork) -> None:
    [item_id] = await uow.inbox.put([line("a")], now=NOW)
    assert item_id
    await uow.inbox.claim(now=NOW + MINUTE, limit=5, lease=MINUTE)
    await uow.inbox.claim(now=NOW + MINUTE, limit=5, lease=MINUTE, channels=["mail"])
    uow.inbox.retry([item_id], at=NOW, error="x")
    await uow.inbox.next_ready_at()
    uow.inbox.finish([InboxResult(item_id=item_id, disposition=Disposition.TICKETED)], now=NOW)
    await uow.inbox.get(item_id)
    await uow.inbox.quarantined()
    await uow.inbox.replay(None, now=NOW)
    await uow.inbox.release_leases()
    await uow.inbox.accounting(since=NOW.date())


async def outbox_work(uow: UnitOfWork) -> None:
    uow.outbox.add(delivery("a", edit_key="card:1"))
    [taken] = await uow.outbox.claim(now=NOW, limit=5, lease=MINUTE, channels=["telegram", "mail"])
    await uow.outbox.claim(now=NOW, limit=5, lease=MINUTE, channels=["telegram"], include_unsure=False)
    uow.outbox.going_out(taken.id, until=NOW)
    uow.outbox.postpone(taken.id, until=NOW, error="x")
    await uow.outbox.next_due_at(["telegram", "mail"])
    uow.outbox.sent(taken.id, external_id="1", now=NOW)
    await uow.outbox.sent_to(CHAT, limit=5, kinds=["receipt"])
    await uow.outbox.count_automatic(since=NOW - DAY)
    await uow.outbox.count_automatic(since=NOW - DAY, route=MAIL)
    await uow.outbox.backlog()
    await uow.outbox.dead_rows()
    await uow.outbox.release_leases()
    await uow.outbox.rewrite_route(CHAT, MAIL)


async def ticket_work(uow: UnitOfWork) -> None:
    contact = await person(uow)
    numbers = await uow.tickets.allocate(2)
    await uow.tickets.allocate_messages(1)
    for number in numbers:
        uow.tickets.add(ticket(number, contact, origin_id=1))
        uow.clocks.add(clock(number, next_nudge_at=NOW))
    uow.tickets.add_link(Link(channel="mail", conversation="", external_id="<a>", ticket_id=numbers[0], kind="inbound"))
    await uow.tickets.find_links("mail", "", ["<a>", "<b>"])
    for look in (
        uow.tickets.get,
        uow.tickets.messages,
        uow.tickets.events,
        uow.tickets.time_entries,
        uow.clocks.of_ticket,
        uow.tickets.siblings,
    ):
        await look(numbers[0])
    await uow.clocks.claim_due(now=NOW, limit=5)
    await uow.clocks.running(after_id=0, limit=5)


async def list_work(uow: UnitOfWork) -> None:
    contact = Contact(id=1, name="x", client_id=1)
    await uow.tickets.open_for_contact(1)
    await uow.tickets.open_count()
    await uow.tickets.events_of([1, 2], ["claimed", "answer"])
    await uow.tickets.of_origins(after=0, limit=5)
    await uow.clocks.started(since=NOW, after_id=0, until=NOW + DAY, limit=5)
    await uow.clocks.due_between(since=NOW, until=NOW + DAY)
    await uow.tickets.awaiting_client(before=NOW + SECOND, limit=5)
    await uow.tickets.reminded_clients(before=NOW + SECOND, limit=5)
    for include_closed in (True, False):
        await uow.tickets.visible_to(contact, include_closed=include_closed, limit=5)
        await uow.tickets.visible_to(contact, include_closed=include_closed, limit=5, before_id=9)
    await uow.tickets.queue(limit=5)
    await uow.tickets.queue(limit=5, assignee_id=1)
    await uow.tickets.queue(limit=5, team="desk")


async def people_work(uow: UnitOfWork) -> None:
    contact = await person(uow)
    await uow.people.contact_at(Address(channel="telegram", value="501"))
    await uow.people.contacts_of(1)
    await uow.people.save_contact(contact)
    await uow.duty.shifts()
    await uow.duty.absences(since=NOW)
    await uow.state.put_token(digest="d", purpose="p", subject="s", expires_at=NOW + DAY)
    await uow.state.use_token(digest="d", purpose="p", now=NOW)
    await uow.state.drop_tokens(purpose="p", subject="s")


@pytest.fixture
def sent() -> Iterator[list[tuple[str, Any]]]:
    """Every statement that SQLAlchemy sends during the test, with one set of its parameters."""
    statements: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, is_many: bool) -> None:
        statements.append((statement, parameters[0] if is_many else parameters))

    event.listen(Engine, "before_cursor_execute", note)
    yield statements
    event.remove(Engine, "before_cursor_execute", note)


@pytest.mark.parametrize("work", [inbox_work, outbox_work, ticket_work, list_work, people_work])
async def test_no_statement_walks_a_whole_table(
    sqlite_url: str, sent: list[tuple[str, Any]], work: Callable[[UnitOfWork], Awaitable[None]]
) -> None:
    storage: Storage = await open_storage(sqlite_url)
    sent.clear()
    async with storage.write() as uow:
        await work(uow)
        await uow.commit()
    await storage.close()
    asked = dict(sent)
    assert len(asked) > 5
    connection = sqlite3.connect(sqlite_url.removeprefix("sqlite:///"))
    walks = [
        f"{step}: {statement}" for statement, values in asked.items() for step in steps(connection, statement, values) if is_walk(step)
    ]
    connection.close()
    assert walks == []


def steps(connection: sqlite3.Connection, statement: str, values: Any) -> list[str]:
    if not statement.lstrip().startswith(("SELECT", "UPDATE", "DELETE", "WITH")):
        return []
    return [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}", values)]


def is_walk(step: str) -> bool:
    """A scan of a table that grows. "SCAN head" is one by its alias; "SCAN gates" reads a handful of rows just made."""
    found = re.match(r"SCAN (\w+)", step)
    return found is not None and found[1] not in SMALL | {"gates", "CONSTANT", "anon_1", "anon_2", "anon_3"} and not PARTIAL.search(step)


def test_the_check_itself_sees_a_walk() -> None:
    assert is_walk("SCAN tickets")
    assert is_walk("SCAN head USING INDEX ix_inbox_arrived")
    assert not is_walk("SCAN row USING INDEX ix_outbox_due")
