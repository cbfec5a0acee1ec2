"""Grouping: one ticket into several, several into one, many under one cause. Every automatic split can be undone here (R5)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from bot.desk_base import DeskBase, Draft, Opening
from bot.errors import Conflict, Forbidden, NotFound, Rejected
from bot.model import Actor, ActorKind, Address, Event, InboundMessage, Message, MessageKind, Outcome, Role, Ticket
from bot.notices import Facts
from bot.ports import UnitOfWork


class Grouping(DeskBase):
    """See the module."""

    async def split(self, uow: UnitOfWork, ticket_id: int, parts: Sequence[Draft], actor: Actor, *, because: str = "") -> list[Facts]:
        """Cut a ticket: it keeps the first part, each further part becomes a ticket with clocks from the same receipt (R5, R10)."""
        if len(parts) < 2:
            raise Rejected("Щоб розділити звернення, потрібно щонайменше дві частини.")
        ticket = await self._open(uow, ticket_id, actor)
        contact = await uow.people.contact(ticket.contact_id)
        first = await self._first_message(uow, ticket)
        if contact is None or first is None:
            raise NotFound("Звернення №{id} не має тексту, який можна розділити.", id=ticket_id)
        data = {"into": len(parts), "parts": [[list(span) for span in part.spans] for part in parts]}
        kept = await self._change(uow, ticket, actor, "split", because=because, data=data, spans=parts[0].spans, title=parts[0].title)
        numbers = await uow.tickets.allocate(len(parts) - 1)
        words = await uow.tickets.allocate_messages(len(parts) - 1)
        opening = Opening(inbound=_as_inbound(ticket, first), inbox_id=ticket.origin_id or 0, contact=contact, drafts=(), because=because)
        now = self._clock.now()
        made = [
            await self._open_one(uow, opening, draft, number, word, now)
            for draft, number, word in zip(parts[1:], numbers, words, strict=True)
        ]
        await self._tell_staff_only(uow, kept)
        return [await self.facts(uow, kept), *made]

    async def merge(self, uow: UnitOfWork, into_id: int, other_ids: Sequence[int], actor: Actor, *, because: str = "") -> Ticket:
        """Several become one: the others close as duplicates that point to it, replies to them find it, the oldest clock wins.

        Merging twice is the same as once. Parts of one message give their text back.
        """
        into = await self._open(uow, into_id, actor)
        for other_id in other_ids:
            if other_id != into_id:
                into = await self._merge_one(uow, into, await self._ticket(uow, other_id, actor=actor), actor, because)
        await self._tell_staff_only(uow, into)
        return into

    async def _merge_one(self, uow: UnitOfWork, into: Ticket, other: Ticket, actor: Actor, because: str) -> Ticket:
        if other.merged_into_id == into.id:
            return into
        if other.client_id != into.client_id or (into.client_id is None and other.contact_id != into.contact_id):
            raise Rejected("Звернення різних клієнтів не можна об'єднати: пов'яжіть їх спільною причиною.")
        now = self._clock.now()
        await self._promises.merged(uow, other, into, at=now)
        gone = await self._change(
            uow,
            other,
            actor,
            "merged",
            because=because,
            data={"into": into.id},
            closed_at=other.closed_at or now,
            outcome=Outcome.DUPLICATE,
            merged_into_id=into.id,
        )
        await self._tell_staff_only(uow, gone)
        fields: dict[str, Any] = {}
        if other.origin_id is not None and other.origin_id == into.origin_id:
            fields["spans"] = tuple(sorted({*into.spans, *other.spans}))
        if other.priority.rank > into.priority.rank:
            fields |= {"priority": other.priority, "reason": other.reason, "reason_state": other.reason_state}
        return await self._change(uow, into, actor, "absorbed", because=because, data={"from": other.id}, **fields)

    async def undo_split(self, uow: UnitOfWork, origin_id: int, actor: Actor) -> Ticket:
        """ "It is one question": everything made of one message becomes its first ticket again. If it is one already, that is confirmed."""
        parts = [ticket for ticket in await uow.tickets.siblings(origin_id) if ticket.is_open]
        if not parts:
            raise NotFound("Ці звернення вже закриті.")
        first = parts[0]
        if len(parts) == 1:
            uow.tickets.add_event(Event(ticket_id=first.id, kind="split_confirmed", actor=actor, at=self._clock.now()))
        return await self.merge(uow, first.id, [ticket.id for ticket in parts[1:]], actor, because="one_question")

    async def link_to_cause(self, uow: UnitOfWork, ticket_ids: Sequence[int], cause_id: int, actor: Actor) -> list[Ticket]:
        """Tickets that share one cause, of any clients (the tax server is down): linked to the ticket that stands for it, or to the one
        that stands for that. Those that were linked now; none twice."""
        cause = await self._open(uow, cause_id, actor)
        if cause.cause_id is not None:
            cause = await self._open(uow, cause.cause_id, actor)
        linked = []
        for ticket_id in dict.fromkeys(ticket_ids):
            ticket = await self._open(uow, ticket_id, actor)
            if ticket.cause_id == cause.id or ticket.id == cause.id:
                continue
            for each in (ticket, *await uow.tickets.of_cause(ticket_id)):
                linked.append(await self._change(uow, each, actor, "cause_linked", data={"cause": cause.id}, cause_id=cause.id))
        if linked:
            cause = await self._change(uow, cause, actor, "cause_of", data={"tickets": [ticket.id for ticket in linked]})
            for ticket in (cause, *linked):
                await self._tell_staff_only(uow, ticket)
        return linked

    async def unlink_cause(self, uow: UnitOfWork, ticket_id: int, actor: Actor) -> Ticket:
        """It is something else after all."""
        ticket = await self._ticket(uow, ticket_id, actor=actor)
        if ticket.cause_id is None:
            return ticket
        cause = await self._ticket(uow, ticket.cause_id, actor=actor)
        ticket = await self._change(uow, ticket, actor, "cause_unlinked", data={"cause": cause.id}, cause_id=None)
        cause = await self._change(uow, cause, actor, "cause_of", data={"without": [ticket_id]})
        await self._tell_staff_only(uow, cause)
        return await self._tell_staff_only(uow, ticket)

    async def identify(self, uow: UnitOfWork, contact_id: int, client_id: int, actor: Actor, *, is_move: bool = False) -> None:
        """Say once which company a person belongs to: remembered, and the person's open tickets follow (DESIGN 2, day-one facts).

        Whoever belongs to another company already stays there (a stale page, two agents at once): Conflict, unless a lead or an admin says
        `is_move`; Forbidden when somebody else says it.
        """
        contact = await uow.people.contact(contact_id)
        client = await uow.people.client(client_id)
        if contact is None or client is None:
            raise NotFound("Такої людини або компанії немає.")
        if contact.client_id not in (None, client.id):
            if not is_move:
                owner = await uow.people.client(contact.client_id or 0)
                raise Conflict(
                    "{name} уже належить до компанії «{company}». Змінити компанію може керівник.",
                    name=contact.name,
                    company=owner.name if owner else "?",
                )
            if not await _is_lead(uow, actor):
                raise Forbidden("Змінити компанію людини може лише керівник.")
        await uow.people.save_contact(replace(contact, client_id=client.id))
        for ticket in await uow.tickets.open_for_contact(contact_id, limit=200):
            if ticket.client_id != client.id:
                changed = await self._change(uow, ticket, actor, "identified", data={"client": client.id}, client_id=client.id)
                await self._promises.repriced(uow, changed, now=self._clock.now(), because="client")
                await self._tell_staff_only(uow, changed)

    async def _first_message(self, uow: UnitOfWork, ticket: Ticket) -> Message | None:
        return next((m for m in await uow.tickets.messages(ticket.id) if m.kind is MessageKind.INBOUND), None)


async def _is_lead(uow: UnitOfWork, actor: Actor) -> bool:
    agent = await uow.people.agent(actor.id) if actor.kind is ActorKind.AGENT and actor.id else None
    return agent is not None and agent.is_active and agent.role is not Role.AGENT


def _as_inbound(ticket: Ticket, first: Message) -> InboundMessage:
    """The message a ticket was made from, as it came in."""

    return InboundMessage(
        channel=ticket.channel,
        conversation="",
        external_ids=(),
        sender=Address(channel=ticket.channel, value=""),
        sender_name=first.author.name,
        reply_route=ticket.route,
        text=first.text,
        quoted=first.quoted,
        attachments=first.attachments,
        received_at=ticket.received_at,
        letter=first.letter,
    )
