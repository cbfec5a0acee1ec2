"""A mail of ours came back: an event on its ticket, a mark on the address, and a word to staff, for the client does not know.

The ticket is found by the Message-ID that came back, as we remember it or as its own signature says. The mark goes when the person writes
from that address again.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from bot import notices
from bot.channels.mail.reading import CHANNEL
from bot.channels.mail.tokens import Tokens
from bot.channels.mail.values import Bounced
from bot.clock import Clock
from bot.desk import Desk
from bot.desk_base import may_see
from bot.errors import BotError
from bot.model import BOT, Address, Event
from bot.ports import InboxItem, UnitOfWork

BOUNCED = "mail:bounced"
# The newest marks are kept: a list for people, not a ledger.
_MOST = 500


class Bounces:
    """See the module."""

    def __init__(self, *, desk: Desk, clock: Clock, tokens: Tokens) -> None:
        self._desk = desk
        self._clock = clock
        self._tokens = tokens

    async def note(self, uow: UnitOfWork, bounced: Bounced, item: InboxItem) -> tuple[int, ...]:
        """Write it down; the tickets that it is about, none for a report of somebody else's mail."""
        ticket_ids = await self._tickets(uow, bounced)
        if not ticket_ids:
            return ()
        now, whom = self._clock.now(), " ".join(part for part in (bounced.recipient, bounced.status) if part)
        data = {"recipient": bounced.recipient, "status": bounced.status}
        for ticket_id in ticket_ids:
            uow.tickets.add_event(Event(ticket_id=ticket_id, kind="bounced", actor=BOT, at=now, because=whom, data=data))
        who = await self._mark(uow, bounced, ticket_ids, now)
        numbers = ", ".join(f"№{ticket_id}" for ticket_id in ticket_ids)
        news = BotError(
            "Лист не дійшов до клієнта ({who}). Звернення: {numbers}. Адреса і код: {whom}. Зателефонуйте або уточніть адресу.",
            who=who or "?",
            numbers=numbers,
            whom=whom or "?",
        )
        for row in notices.alert(self._desk.staff.desk, news, cause=f"inbox:{item.id}", now=now):
            uow.outbox.add(row)
        return ticket_ids

    async def forget(self, uow: UnitOfWork, address: str) -> None:
        """The person writes from there: the address lives."""
        marks = await marked(uow)
        if marks.pop(address, None) is not None:
            uow.state.set(BOUNCED, marks)

    async def _tickets(self, uow: UnitOfWork, bounced: Bounced) -> tuple[int, ...]:
        if not bounced.message_id:
            return ()
        links = await uow.tickets.find_links(CHANNEL, "", [bounced.message_id])
        # Killed between "sent" and "recorded" we may not know the id, but it proves itself.
        signed = self._tokens.ticket_of(recipients=(), message_ids=(bounced.message_id,), subject="")
        numbers = sorted({link.ticket_id for link in links} or ({signed} if signed else set()))
        return tuple(ticket.id for ticket in await uow.tickets.get_many(numbers))

    async def _mark(self, uow: UnitOfWork, bounced: Bounced, ticket_ids: tuple[int, ...], now: datetime) -> str:
        """Mark the address; its person's name. A report names whom it likes: only somebody of these tickets' own is marked."""
        address = bounced.recipient.lower()
        contact = await uow.people.contact_at(Address(channel=CHANNEL, value=address)) if address else None
        tickets = await uow.tickets.get_many(list(ticket_ids))
        if contact is None or not any(may_see(ticket, contact) for ticket in tickets):
            return ""
        marks = await marked(uow)
        marks.pop(address, None)
        marks[address] = {"at": now.isoformat(), "status": bounced.status, "tickets": list(ticket_ids)}
        uow.state.set(BOUNCED, dict(list(marks.items())[-_MOST:]))
        return contact.name


async def marked(uow: UnitOfWork) -> dict[str, Any]:
    """Addresses that mail does not reach: {"at", "status", "tickets"} of each, oldest first."""
    return dict(await uow.state.get(BOUNCED) or {})
