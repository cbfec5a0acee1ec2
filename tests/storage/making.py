"""Rows for the storage tests, and the stores they go to."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from bot.model import Address, ClockKind, Contact, Delivery, Priority, Route, Ticket, TicketClock
from bot.ports import RawEvent, Storage, UnitOfWork

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
CHAT = Route(channel="telegram", recipient="501")
MAIL = Route(channel="mail", recipient="iryna@shop.example")


def event(external_id: str, **fields: Any) -> RawEvent:
    given: dict[str, Any] = {
        "channel": "telegram",
        "source": "bot",
        "external_id": external_id,
        "conversation": "501",
        "raw": external_id.encode(errors="replace"),
        "received_at": NOW,
    }
    return RawEvent(**given | fields)


def line(external_id: str, **fields: Any) -> RawEvent:
    """One line of a burst."""
    return event(external_id, **{"quiet_gap": 20 * SECOND, "burst_limit": 2 * MINUTE, **fields})


def delivery(key: str, **fields: Any) -> Delivery:
    given: dict[str, Any] = {"key": key, "route": CHAT, "kind": "receipt", "body": {"text": key}, "created_at": NOW}
    return Delivery(**given | fields)


def ticket(number: int, contact: Contact, **fields: Any) -> Ticket:
    given: dict[str, Any] = {
        "id": number,
        "title": f"Ticket {number}",
        "contact_id": contact.id,
        "received_at": NOW,
        "created_at": NOW,
        "channel": "telegram",
    }
    return Ticket(**given | fields)


def clock(ticket_id: int, **fields: Any) -> TicketClock:
    given: dict[str, Any] = {
        "id": 0,
        "ticket_id": ticket_id,
        "kind": ClockKind.REACTION,
        "priority": Priority.MEDIUM,
        "calendar": "desk",
        "target": HOUR,
        "started_at": NOW,
        "due_at": NOW + HOUR,
    }
    return TicketClock(**given | fields)


async def person(uow: UnitOfWork, value: str = "501", **fields: Any) -> Contact:
    given: dict[str, Any] = {"name": f"Person {value}", "client_id": None, "language": "uk"}
    return await uow.people.add_contact(**given | fields, addresses=[Address(channel="telegram", value=value)])


async def put(store: Storage, *events: RawEvent, now: datetime = NOW) -> list[int | None]:
    async with store.write() as uow:
        ids = await uow.inbox.put(events, now=now)
        await uow.commit()
    return ids


async def claim(store: Storage, now: datetime = NOW, **fields: Any) -> list[list[str]]:
    """Claim from the inbox for good; the external ids by conversation."""
    async with store.write() as uow:
        batches = await uow.inbox.claim(**{"now": now, "limit": 50, "lease": MINUTE, **fields})
        await uow.commit()
    return [[item.external_id for item in batch] for batch in batches]


async def send_out(store: Storage, *deliveries: Delivery) -> None:
    async with store.write() as uow:
        for each in deliveries:
            uow.outbox.add(each)
        await uow.commit()


async def take(store: Storage, now: datetime = NOW, **fields: Any) -> list[Delivery]:
    """Claim from the outbox for good."""
    async with store.write() as uow:
        taken = await uow.outbox.claim(**{"now": now, "limit": 50, "lease": MINUTE, "channels": ["telegram", "mail"], **fields})
        await uow.commit()
    return taken


async def open_tickets(store: Storage, contact: Contact, count: int = 1, **fields: Any) -> list[Ticket]:
    async with store.write() as uow:
        tickets = [ticket(number, contact, **fields) for number in await uow.tickets.allocate(count)]
        for each in tickets:
            uow.tickets.add(each)
        await uow.commit()
    return tickets
