"""Mails of agents: a client's mail that one passes on opens a ticket for that client; a word in a ticket goes to its client.

A From line can be forged, and a reply token is in the hands of everybody on the ticket. So an agent's word goes out only when our own
server vouches for the sender (Authentication-Results); otherwise it stays inside as a note. A forward needs no proof: it opens what the
client's own mail would have opened.
"""

from __future__ import annotations

from dataclasses import replace

from bot import notices
from bot.channels.mail.reading import CHANNEL
from bot.channels.mail.shortcuts import Done
from bot.channels.mail.values import ParsedMail
from bot.channels.mail.verdicts import PASSED
from bot.clock import Clock
from bot.desk import Desk
from bot.errors import BotError, Rejected
from bot.model import Actor, Address, Agent, Event, InboundMessage, Route, ThreadEvidence, Ticket
from bot.ports import InboxResult, UnitOfWork


def on_behalf(message: InboundMessage, mail: ParsedMail, *, ours: frozenset[str]) -> InboundMessage | None:
    """The client's message in an agent's forward; None when it is no forward, or of one of us. `ours`: addresses of desk and agents."""
    forwarded = mail.forwarded
    if forwarded is None or forwarded.sender is None or not forwarded.text.strip():
        return None
    address = forwarded.sender.address.lower()
    if address in ours:
        return None
    # Our server's doubts go along; its word for an agent is none for the client.
    doubts = {name: message.letter[name] for name in ("sender", "authentication") if message.letter.get("sender", PASSED) != PASSED}
    return replace(
        message,
        conversation=address,
        sender=Address(channel=CHANNEL, value=address),
        sender_name=forwarded.sender.name or address.partition("@")[0],
        reply_route=Route(channel=CHANNEL, recipient=address),
        text=forwarded.text,
        quoted="",
        subject=forwarded.subject,
        evidence=ThreadEvidence(),
        # Its own Message-ID is not known here, so the subject alone keeps the thread together.
        letter={"subject": forwarded.subject, "mailbox": message.letter.get("mailbox", ""), "is_forward": True} | doubts,
    )


class Colleagues:
    """See the module."""

    def __init__(self, *, desk: Desk, clock: Clock) -> None:
        self._desk = desk
        self._clock = clock

    async def speak(self, uow: UnitOfWork, message: InboundMessage, agent: Agent, *, inbox_id: int) -> Done | None:
        """A word in the ticket that the mail proves to be about; None when it proves none."""
        ticket = await self._ticket(uow, message)
        if ticket is None:
            return None
        if message.letter.get("sender") != PASSED:
            return await self._keep_inside(uow, ticket, message, agent, inbox_id)
        try:
            await self._desk.reply(uow, ticket.id, agent, message.text, message.attachments)
        except Rejected as error:
            news = BotError("Лист співробітника не надіслано клієнтові ({name}, №{id}): {why}", name=agent.name, id=ticket.id, why=error)
            self._tell(uow, news, inbox_id)
            return Done(because="staff_refused", ticket_ids=(ticket.id,))
        return Done(because="staff_word", ticket_ids=(ticket.id,))

    async def note_forward(
        self, uow: UnitOfWork, results: list[InboxResult], agent: Agent, comment: str, *, is_proved: bool, inbox_id: int
    ) -> None:
        """The ticket says who passed it on, and keeps what they wrote above it among staff; of an unproved sender the staff are warned."""
        numbers = list(dict.fromkeys(number for result in results for number in result.ticket_ids))
        forwarded = Event(ticket_id=0, kind="forwarded", actor=Actor.agent(agent), at=self._clock.now())
        if not is_proved:
            forwarded = replace(forwarded, because="відправника не підтверджено")
        for ticket_id in numbers:
            uow.tickets.add_event(replace(forwarded, ticket_id=ticket_id))
            if comment.strip():
                await self._desk.note(uow, ticket_id, agent, comment)
        if numbers and comment.strip() and not is_proved:
            news = BotError(
                "Нотатку до №{id} написано від імені співробітника ({name}), але сервер не підтвердив відправника (mail.authserv_id): "
                "перепитайте, перш ніж на неї зважати.",
                name=agent.name,
                id=numbers[0],
            )
            self._tell(uow, news, inbox_id)

    async def _ticket(self, uow: UnitOfWork, message: InboundMessage) -> Ticket | None:
        links = await uow.tickets.find_links(CHANNEL, "", message.evidence.references) if message.evidence.references else []
        numbers = [link.ticket_id for link in links]
        numbers += [message.evidence.token_ticket_id] if message.evidence.token_ticket_id else []
        found = await uow.tickets.get_many(list(dict.fromkeys(numbers)))
        return next((ticket for ticket in found if ticket.is_open), found[0] if found else None)

    async def _keep_inside(self, uow: UnitOfWork, ticket: Ticket, message: InboundMessage, agent: Agent, inbox_id: int) -> Done:
        text = message.text.strip() or message.quoted.strip() or "—"
        await self._desk.note(uow, ticket.id, agent, text, message.attachments)
        news = BotError(
            "Лист від імені співробітника ({name}) додано до №{id} як нотатку, клієнтові не надіслано: "
            "сервер не підтвердив відправника (mail.authserv_id).",
            name=agent.name,
            id=ticket.id,
        )
        self._tell(uow, news, inbox_id)
        return Done(because="note", ticket_ids=(ticket.id,))

    def _tell(self, uow: UnitOfWork, news: BotError, inbox_id: int) -> None:
        for row in notices.alert(self._desk.staff.desk, news, cause=f"inbox:{inbox_id}", now=self._clock.now()):
            uow.outbox.add(row)
