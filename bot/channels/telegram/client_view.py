"""A ticket for its client's eyes, and its end by the client's hand: what commands and buttons share."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from bot import notices
from bot.desk import Desk
from bot.desk_base import ticket_text
from bot.desk_words import for_client
from bot.lamps import client_lamp
from bot.model import Actor, Contact, MessageKind, Outcome, Ticket
from bot.ports import UnitOfWork

PAGE = 8
_MOST_PAGES = 50
"""Whoever looks further back is better served by the Site."""
_HIDDEN = (MessageKind.NOTE, MessageKind.THIRD_PERSON)


async def seen_by(desk: Desk, uow: UnitOfWork, ticket: Ticket, contact: Contact) -> dict[str, Any]:
    """The facts of a ticket with the lamp as this contact sees it (R8), who may be a colleague of the one who asked."""
    facts = await desk.facts(uow, ticket)
    return facts.for_client() | {"lamp": client_lamp(ticket, viewer_contact_id=contact.id).value}


async def my_page(desk: Desk, uow: UnitOfWork, contact: Contact, *, number: int, with_closed: bool) -> dict[str, Any]:
    """R4: one page of what the contact may see, newest first; pages count from 0."""
    number = min(number, _MOST_PAGES - 1)
    seen = await uow.tickets.visible_to(contact, include_closed=with_closed, limit=(number + 1) * PAGE + 1)
    while number and len(seen) <= number * PAGE:
        number -= 1
    shown = seen[number * PAGE : (number + 1) * PAGE]
    return {
        "tickets": [await seen_by(desk, uow, ticket, contact) for ticket in shown],
        "page": number,
        "has_more": len(seen) > (number + 1) * PAGE and number + 1 < _MOST_PAGES,
        "with_closed": with_closed,
    }


async def words_for_client(uow: UnitOfWork, ticket: Ticket, *, now: datetime) -> list[dict[str, Any]]:
    """What both sides said, oldest first; notes and third persons' words are staff's alone."""
    return [
        {
            "author": message.author.name,
            "at": message.at.isoformat(),
            "text": ticket_text(ticket, message.text) if message.inbox_id and message.inbox_id == ticket.origin_id else message.text,
        }
        for message in await for_client(uow, ticket.id, now=now)
        if message.kind not in _HIDDEN
    ]


async def end_for_client(desk: Desk, uow: UnitOfWork, ticket_id: int, contact: Contact, *, now: datetime, outcome: Outcome) -> None:
    """Close for the client and confirm it with a way back; the desk itself tells staff only (R7)."""
    ticket = await desk.close(uow, ticket_id, Actor.contact(contact), outcome=outcome)
    facts = await desk.facts(uow, ticket)
    for row in notices.told_client(facts, "closed", now=now, outcome=outcome.value, result="", agent=""):
        uow.outbox.add(row)
