"""What all verbs of the desk share: finding a ticket with the right to touch it, changing it with an event, telling people.

Not for use outside `bot.desk`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from bot import notices
from bot.clock import Clock
from bot.errors import Conflict, Forbidden, NotFound
from bot.model import (
    Actor,
    ActorKind,
    Agent,
    Attachment,
    Category,
    Contact,
    Delivery,
    Event,
    InboundMessage,
    Link,
    Message,
    MessageKind,
    Priority,
    ReasonState,
    Ticket,
    UrgencyReason,
    link_scope,
)
from bot.notices import Facts, StaffRoutes
from bot.ports import UnitOfWork
from bot.promises import Promises
from bot.sla.policy import Policy

TITLE_LIMIT = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """One question as the intake understood it. `reason` is what the client stated, `reason_guess` what the text seems to say."""

    title: str
    spans: tuple[tuple[int, int], ...] = ()
    text: str = ""
    priority: Priority = Priority.MEDIUM
    is_priority_guessed: bool = True
    category: Category = Category.INCIDENT
    is_category_guessed: bool = True
    reason: UrgencyReason | None = None
    reason_guess: UrgencyReason | None = None
    is_call_back: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """Everything about one inbound message that its tickets share. `because` explains the split; `taken_by` answered the call (R10)."""

    inbound: InboundMessage
    inbox_id: int
    contact: Contact
    drafts: tuple[Draft, ...]
    because: str = ""
    client_name: str = ""
    taken_by: Agent | None = None


class DeskBase:
    """See the module. `staff` says where staff hear of things; with `is_hushed` its verbs tell nobody (an archive is taken in)."""

    def __init__(self, *, clock: Clock, promises: Promises, staff: StaffRoutes, is_hushed: bool = False) -> None:
        self._clock = clock
        self._promises = promises
        self._is_hushed = is_hushed
        self.staff = staff

    @property
    def policy(self) -> Policy:
        """What is promised just now: the configured policy with the emergency closings in it."""
        return self._promises.policy

    def _on_the_clock(self, at: datetime) -> str:
        """An instant in the desk's own zone, as sentences to staff say it: "25.11 14:00"."""
        return f"{self.policy.desk_calendar.local(at):%d.%m %H:%M}"

    async def _open_one(self, uow: UnitOfWork, opening: Opening, draft: Draft, number: int, word: int, now: datetime) -> Facts:
        inbound, contact = opening.inbound, opening.contact
        ticket = _new_ticket(opening, draft, number, now)
        message = _first_message(opening, ticket, word)
        uow.tickets.add(ticket)
        uow.tickets.add_message(message)
        self._link(uow, message, inbound)
        met_at = inbound.received_at if inbound.is_answered else None
        data = _opened(ticket) | ({"met_at": met_at.isoformat()} if met_at else {})
        uow.tickets.add_event(
            Event(ticket_id=number, kind="opened", actor=Actor.contact(contact), at=now, because=opening.because, data=data)
        )
        due_at = await self._promises.opened(uow, ticket, met_at=met_at)
        facts = Facts(
            ticket=ticket,
            contact=contact,
            client_name=opening.client_name,
            assignee_name=opening.taken_by.name if opening.taken_by else "",
            due_at=due_at,
            text=draft.text or ticket_text(ticket, inbound.text),
            attachments=inbound.attachments,
            letter=inbound.letter,
        )
        self._tell_staff(uow, facts, now)
        return facts

    async def _ticket(self, uow: UnitOfWork, ticket_id: int, *, actor: Actor) -> Ticket:
        """The ticket, if the actor may see it. Somebody else's is "not found": its existence is not disclosed (DESIGN 8)."""
        ticket = await uow.tickets.get(ticket_id)
        if ticket is None or not await self._may_see(uow, ticket, actor):
            raise NotFound("Звернення №{id} не знайдено.", id=ticket_id)
        return ticket

    async def _may_see(self, uow: UnitOfWork, ticket: Ticket, actor: Actor) -> bool:
        if actor.kind is not ActorKind.CONTACT or actor.id == ticket.contact_id:
            return True
        contact = await uow.people.contact(actor.id or 0)
        return contact is not None and may_see(ticket, contact)

    async def _open(self, uow: UnitOfWork, ticket_id: int, who: Agent | Actor) -> Ticket:
        """The same, and it must be open; an agent must still be with us."""
        if isinstance(who, Agent) and not who.is_active:
            raise Forbidden("Обліковий запис {name} вимкнено.", name=who.name)
        ticket = await self._ticket(uow, ticket_id, actor=Actor.agent(who) if isinstance(who, Agent) else who)
        if not ticket.is_open:
            raise Conflict("Звернення №{id} вже закрите. Спершу відкрийте його знову.", id=ticket_id)
        return ticket

    async def _change(
        self,
        uow: UnitOfWork,
        ticket: Ticket,
        actor: Actor,
        kind: str,
        *,
        because: str = "",
        data: dict[str, Any] | None = None,
        **fields: Any,
    ) -> Ticket:
        """Save the ticket with new fields and write the event; what is returned carries the new version."""
        uow.tickets.save(replace(ticket, **fields))
        uow.tickets.add_event(Event(ticket_id=ticket.id, kind=kind, actor=actor, at=self._clock.now(), because=because, data=data or {}))
        return await self._ticket(uow, ticket.id, actor=actor)

    async def _record(
        self,
        uow: UnitOfWork,
        ticket: Ticket,
        kind: MessageKind,
        author: Actor,
        text: str,
        at: datetime,
        inbound: InboundMessage | None = None,
        inbox_id: int | None = None,
        attachments: tuple[Attachment, ...] = (),
    ) -> Message:
        [message_id] = await uow.tickets.allocate_messages(1)
        message = Message(
            id=message_id,
            ticket_id=ticket.id,
            kind=kind,
            author=author,
            text=text,
            at=at,
            channel=inbound.channel if inbound else "",
            quoted=inbound.quoted if inbound else "",
            attachments=inbound.attachments if inbound else attachments,
            inbox_id=inbox_id,
            letter=inbound.letter if inbound else {},
        )
        uow.tickets.add_message(message)
        if inbound and kind is MessageKind.INBOUND:
            self._link(uow, message, inbound)
        return message

    def _link(self, uow: UnitOfWork, message: Message, inbound: InboundMessage) -> None:
        """An answer to the client's own message finds the ticket too."""
        scope = link_scope(inbound.channel, inbound.conversation)
        for external_id in inbound.external_ids:
            uow.tickets.add_link(
                Link(
                    channel=inbound.channel,
                    conversation=scope,
                    external_id=external_id,
                    ticket_id=message.ticket_id,
                    kind="inbound",
                    message_id=message.id,
                )
            )

    async def facts(self, uow: UnitOfWork, ticket: Ticket) -> Facts:
        """The ticket with the names, text and deadline that notices and pages mention."""
        contact = await uow.people.contact(ticket.contact_id)
        client = await uow.people.client(ticket.client_id) if ticket.client_id else None
        assignee = await uow.people.agent(ticket.assignee_id) if ticket.assignee_id else None
        words = [m for m in await uow.tickets.messages(ticket.id) if m.kind is MessageKind.INBOUND]
        first = words[0] if words else None
        return Facts(
            ticket=ticket,
            contact=contact or Contact(id=ticket.contact_id, name="?"),
            client_name=client.name if client else "",
            assignee_name=assignee.name if assignee else "",
            due_at=await self._promises.due_at(uow, ticket.id),
            text=ticket_text(ticket, first.text) if first else "",
            attachments=first.attachments if first else (),
            letter=next((m.letter for m in reversed(words) if m.letter), {}),
            shares_cause=sum(each.is_open for each in await uow.tickets.of_cause(ticket.id)),
        )

    async def _tell_all(self, uow: UnitOfWork, ticket: Ticket, kind: str, **body: Any) -> Ticket:
        facts = await self.facts(uow, ticket)
        self._hear(uow, notices.told_client(facts, kind, now=self._clock.now(), **body))
        self._tell_staff(uow, facts, self._clock.now())
        return ticket

    async def _tell_staff_only(self, uow: UnitOfWork, ticket: Ticket) -> Ticket:
        self._tell_staff(uow, await self.facts(uow, ticket), self._clock.now())
        return ticket

    def _hear(self, uow: UnitOfWork, rows: Sequence[Delivery]) -> None:
        """The one way from a verb to the outbox."""
        if not self._is_hushed:
            for row in rows:
                uow.outbox.add(row)

    def _tell_staff(self, uow: UnitOfWork, facts: Facts, now: datetime) -> None:
        self._hear(uow, notices.card(facts, self.staff, now=now))


def may_see(ticket: Ticket, contact: Contact) -> bool:
    """R4 and DESIGN 8: one's own tickets, and the company's that are not private."""
    if ticket.contact_id == contact.id:
        return True
    return contact.client_id is not None and ticket.client_id == contact.client_id and not ticket.is_private


def ticket_text(ticket: Ticket, text: str) -> str:
    """The ticket's own parts of the text it was made from; the whole text when it holds no spans."""
    return " … ".join(text[start:end].strip() for start, end in ticket.spans) or text


def reason_state(priority: Priority, reason: UrgencyReason | None) -> ReasonState:
    """R11: urgent without a reason is asked for one."""
    if reason is not None:
        return ReasonState.GIVEN
    return ReasonState.ASKED if priority is Priority.URGENT else ReasonState.NOT_NEEDED


def _opened(ticket: Ticket) -> dict[str, Any]:
    return {
        "priority": ticket.priority.value,
        "category": ticket.category.value,
        "channel": ticket.channel,
        "received_at": ticket.received_at.isoformat(),
        "origin_id": ticket.origin_id,
    }


def _new_ticket(opening: Opening, draft: Draft, number: int, now: datetime) -> Ticket:
    inbound, contact = opening.inbound, opening.contact
    return Ticket(
        id=number,
        title=draft.title[:TITLE_LIMIT],
        contact_id=contact.id,
        client_id=contact.client_id,
        is_private=contact.is_private,
        received_at=inbound.received_at,
        created_at=now,
        last_word_at=inbound.received_at,
        channel=inbound.channel,
        route=inbound.reply_route,
        origin_id=opening.inbox_id,
        spans=draft.spans,
        priority=draft.priority,
        is_priority_guessed=draft.is_priority_guessed,
        category=draft.category,
        is_category_guessed=draft.is_category_guessed,
        reason=draft.reason,
        reason_state=reason_state(draft.priority, draft.reason),
        reason_guess=draft.reason_guess,
        is_call_back=draft.is_call_back,
        assignee_id=opening.taken_by.id if opening.taken_by else None,
    )


def _first_message(opening: Opening, ticket: Ticket, message_id: int) -> Message:
    inbound = opening.inbound
    return Message(
        id=message_id,
        ticket_id=ticket.id,
        kind=MessageKind.INBOUND,
        author=Actor.contact(opening.contact),
        text=inbound.text,
        quoted=inbound.quoted,
        at=inbound.received_at,
        channel=inbound.channel,
        attachments=inbound.attachments,
        inbox_id=opening.inbox_id,
        letter=inbound.letter,
    )
