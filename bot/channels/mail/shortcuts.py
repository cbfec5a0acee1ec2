"""Short answers carried out: the urgency reason by a digit, "one question", "split". Each acts only on tickets that the mail proves to be
answering and that its sender may see; whatever does not fit is left for the intake, as a word like any other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot import notices
from bot.channels.mail.reading import CHANNEL
from bot.channels.mail.replies import ReasonAnswer, ShortReply
from bot.clock import Clock
from bot.desk import Desk
from bot.desk_base import may_see
from bot.errors import Rejected
from bot.intake import division
from bot.model import Actor, Contact, InboundMessage, ReasonState, Ticket
from bot.notices import Facts
from bot.ports import UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What was carried out, on which tickets."""

    because: str
    ticket_ids: tuple[int, ...]


class Shortcuts:
    """See the module."""

    def __init__(self, *, desk: Desk, clock: Clock) -> None:
        self._desk = desk
        self._clock = clock

    async def act(self, uow: UnitOfWork, message: InboundMessage, reply: ShortReply) -> Done | None:
        """Carry it out; None when there is nothing that it fits."""
        contact = await uow.people.contact_at(message.sender)
        if contact is None:
            return None
        tickets = await self._answered(uow, message, contact)
        if reply.reasons:
            return await self._give_reasons(uow, tickets, reply.reasons, contact)
        if reply.one_question:
            return await self._join(uow, tickets, contact)
        if reply.cut:
            return await self._cut(uow, tickets, reply.cut, contact)
        return await self._split(uow, tickets, contact)

    async def _answered(self, uow: UnitOfWork, message: InboundMessage, contact: Contact) -> list[Ticket]:
        """The open tickets behind the newest of our mails that it refers to; else the one its token names."""
        for reference in message.evidence.references:
            links = await uow.tickets.find_links(CHANNEL, "", [reference])
            if links:
                found = await uow.tickets.get_many(list(dict.fromkeys(link.ticket_id for link in links)))
                return [ticket for ticket in found if ticket.is_open and may_see(ticket, contact)]
        token = message.evidence.token_ticket_id
        named = await uow.tickets.get_many([token] if token else [])
        return [ticket for ticket in named if ticket.is_open and may_see(ticket, contact)]

    async def _give_reasons(
        self, uow: UnitOfWork, tickets: Sequence[Ticket], answers: Sequence[ReasonAnswer], contact: Contact
    ) -> Done | None:
        asked = {ticket.id for ticket in tickets if ticket.reason_state is not ReasonState.NOT_NEEDED}
        given: dict[int, ReasonAnswer] = {}
        for answer in answers:
            meant = [answer.ticket_id] if answer.ticket_id is not None else sorted(asked)
            given |= {ticket_id: answer for ticket_id in meant if ticket_id in asked}
        if not given:
            return None
        for ticket_id, answer in given.items():
            await self._desk.set_reason(uow, ticket_id, answer.reason, Actor.contact(contact))
        return Done(because="urgency_reason", ticket_ids=tuple(given))

    async def _join(self, uow: UnitOfWork, tickets: Sequence[Ticket], contact: Contact) -> Done | None:
        origin = next((ticket.origin_id for ticket in tickets if ticket.origin_id is not None), None)
        if origin is None:
            return None
        parts = [ticket.id for ticket in await uow.tickets.siblings(origin) if ticket.is_open]
        if len(parts) < 2:
            return Done(because="one_question", ticket_ids=tuple(parts)) if parts else None
        joined = await self._desk.undo_split(uow, origin, Actor.contact(contact))
        facts = await self._desk.facts(uow, joined)
        for row in notices.told_client(facts, "merged", now=self._clock.now()):
            uow.outbox.add(row)
        return Done(because="one_question", ticket_ids=(joined.id,))

    async def _split(self, uow: UnitOfWork, tickets: Sequence[Ticket], contact: Contact) -> Done | None:
        if len(tickets) != 1:
            return None
        [ticket] = tickets
        try:
            made = await division.split_as_offered(uow, self._desk, ticket.id, contact)
        except Rejected:
            return None
        return self._told_split(uow, made)

    async def _cut(self, uow: UnitOfWork, tickets: Sequence[Ticket], cut: str, contact: Contact) -> Done | None:
        """ "1 / 2-3": the numbers are those of the parts that our receipt showed, be they one ticket or several."""
        origins = {ticket.origin_id for ticket in tickets}
        [origin] = origins if len(origins) == 1 else [None]
        if origin is None:
            return None
        parts = [ticket.spans for ticket in tickets if ticket.spans]
        if len(tickets) == 1:
            first = await division.first_words(uow, tickets[0].id)
            parts = [draft.spans for draft in division.offered(tickets[0], first.text)]
        groups = division.read_cut(cut, len(parts))
        if groups is None:
            return None
        dealt = [[span for number in group for span in parts[number]] for group in groups]
        made = await division.divide(uow, self._desk, origin, dealt, contact, now=self._clock.now())
        return self._told_split(uow, made)

    def _told_split(self, uow: UnitOfWork, made: Sequence[Facts]) -> Done:
        body = {"made": [facts.for_client() for facts in made]}
        for row in notices.told_client(made[0], "split", now=self._clock.now(), **body):
            uow.outbox.add(row)
        return Done(because="split", ticket_ids=tuple(facts.ticket.id for facts in made))
