"""What a client's buttons do beyond one verb of the desk: the split that was offered, its undoing, and the word about it.

Each runs inside the caller's transaction; what the client hears of it is in the same commit.
"""

from __future__ import annotations

from datetime import datetime

from bot import notices
from bot.desk import Desk
from bot.desk_base import may_see
from bot.errors import NotFound
from bot.intake import division
from bot.model import Actor, Contact, Ticket
from bot.ports import UnitOfWork
from bot.texts import translator


async def split_as_offered(uow: UnitOfWork, desk: Desk, ticket_id: int, contact: Contact, *, now: datetime) -> None:
    """ "Yes, several": the ticket becomes what the receipt offered, and the client sees what was made (R5)."""
    made = await division.split_as_offered(uow, desk, ticket_id, contact)
    division.tell_made(uow, made, cause=f"ticket:{ticket_id}:split:{now.isoformat()}", now=now)


async def make_one(uow: UnitOfWork, desk: Desk, origin_id: int, contact: Contact, *, now: datetime) -> None:
    """ "It is one question": what was split becomes one ticket again, and the client is told which. Pressing twice changes nothing."""
    parts = [ticket for ticket in await uow.tickets.siblings(origin_id) if ticket.is_open]
    kept = await desk.undo_split(uow, origin_id, Actor.contact(contact))
    if len(parts) > 1:
        _tell(uow, kept, contact, "Добре, це одне питання — звернення №{id}.", cause=f"origin:{origin_id}:one", now=now)


async def keep_as_one(uow: UnitOfWork, ticket_id: int, contact: Contact, *, now: datetime) -> None:
    """ "No, it is one question" to an offer: nothing changes, and the client hears so once."""
    ticket = await _seen(uow, ticket_id, contact)
    _tell(uow, ticket, contact, "Добре, залишаємо одне звернення №{id}.", cause=f"ticket:{ticket_id}:kept", now=now)


async def join_again(uow: UnitOfWork, desk: Desk, ticket_id: int, others: list[int], contact: Contact, *, now: datetime) -> None:
    """ "It is the same question" to a new ticket made of an answer (R6)."""
    kept = await desk.merge(uow, ticket_id, others, Actor.contact(contact), because="клієнт: те саме питання")
    _tell(uow, kept, contact, "Добре, усе залишається у зверненні №{id}.", cause=f"ticket:{ticket_id}:joined:{others}", now=now)


def _tell(uow: UnitOfWork, ticket: Ticket, contact: Contact, sentence: str, *, cause: str, now: datetime) -> None:
    if ticket.route is not None:
        text = translator(contact.language)(sentence).format(id=ticket.id)
        uow.outbox.add(notices.say(ticket.route, text, cause=cause, language=contact.language, now=now))


async def _seen(uow: UnitOfWork, ticket_id: int, contact: Contact) -> Ticket:
    ticket = await uow.tickets.get(ticket_id)
    if ticket is None or not may_see(ticket, contact):
        raise NotFound("Звернення №{id} не знайдено.", id=ticket_id)
    return ticket
