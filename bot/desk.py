"""The verbs of the desk: the one place where a ticket changes.

Each verb works inside the caller's unit of work: it changes the ticket, writes an event into its history (who, when, why), moves its clocks
(`bot.promises`) and adds the deliveries for who must hear of it (`bot.notices`), so that all of it happens or none. Running a verb again
changes nothing that is already so, or raises a `Rejected` that says what is. A contact may act only on tickets they may see (DESIGN 8).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from bot import notices
from bot.desk_base import Draft, Opening
from bot.desk_closing import Closing
from bot.desk_grouping import Grouping
from bot.desk_staffing import Staffing
from bot.desk_triage import Triage
from bot.desk_words import TURN_AFTER, Words
from bot.errors import BotError, Conflict, Rejected
from bot.model import (
    BOT,
    Actor,
    ActorKind,
    Agent,
    Contact,
    Event,
    InboundMessage,
    MessageKind,
    Outcome,
    Ticket,
    Turn,
)
from bot.notices import Facts
from bot.ports import UnitOfWork
from bot.texts import translator

# The catalogue tool finds sentences by this name; they are looked up when they are shown.
_ = str

__all__ = ["Desk", "Draft", "Opening"]

# A word within this time reopens a closed ticket; later it becomes a new, linked one (R7).
REOPEN_WITHIN = timedelta(days=14)
# Kept as it is, without values, and looked up for whoever reads the ticket later.
CLOSED_UNANSWERED = _("закрито автоматично: відповіді так і не було")


class Desk(Words, Triage, Grouping, Staffing, Closing):
    """All verbs. Here: opening, clients' words, claim, close and reopen; staff's words in `desk_words`, who it belongs to and how urgent it
    is in `desk_triage`, split and merge in `desk_grouping`, who works here in `desk_staffing`, closing the desk in `desk_closing`."""

    def hushed(self) -> Desk:
        """The same desk, of whose doings nobody is told."""
        return Desk(clock=self._clock, promises=self._promises, staff=self.staff, is_hushed=True)

    async def open_tickets(self, uow: UnitOfWork, opening: Opening) -> list[Facts]:
        """Make the tickets of one inbound message, clocks running from its receipt (R5, R10). The caller writes the one receipt."""
        now = self._clock.now()
        numbers = await uow.tickets.allocate(len(opening.drafts))
        words = await uow.tickets.allocate_messages(len(opening.drafts))
        return [
            await self._open_one(uow, opening, draft, number, word, now)
            for draft, number, word in zip(opening.drafts, numbers, words, strict=True)
        ]

    async def add_client_message(
        self, uow: UnitOfWork, ticket_id: int, inbound: InboundMessage, *, inbox_id: int, contact: Contact, verdict: str
    ) -> Ticket:
        """A contact's word in a running ticket. `verdict` "thanks" and "new_task" move no lamp and no clock (R6, R8); "solved" closes (R7);
        any other is the client's word and the turn is staff's.

        A word in a closed ticket reopens it within 14 days; the caller makes a new ticket after that (`may_reopen`).
        """
        now = self._clock.now()
        ticket = await self._ticket(uow, ticket_id, actor=Actor.contact(contact))
        message = await self._record(
            uow, ticket, MessageKind.INBOUND, Actor.contact(contact), inbound.text, inbound.received_at, inbound, inbox_id
        )
        if verdict in ("thanks", "new_task"):
            kind = "thanked" if verdict == "thanks" else "asked_more"
            uow.tickets.add_event(Event(ticket_id=ticket_id, kind=kind, actor=Actor.contact(contact), at=now))
        elif verdict == "solved" and ticket.is_open:
            ticket = await self.close(uow, ticket_id, Actor.contact(contact), outcome=Outcome.SOLVED)
        elif verdict != "solved":
            ticket = await self._client_spoke(uow, ticket, Actor.contact(contact), inbound.received_at, verdict)
        facts = await self.facts(uow, ticket)
        self._hear(uow, notices.client_word(facts, message, self.staff, verdict=verdict))
        self._tell_staff(uow, facts, now)
        return ticket

    async def _client_spoke(self, uow: UnitOfWork, ticket: Ticket, actor: Actor, at: datetime, verdict: str) -> Ticket:
        if not ticket.is_open:
            return await self.reopen(uow, ticket.id, actor, because=verdict, at=at)
        if ticket.turn is not Turn.STAFF:
            await self._promises.client_spoke(uow, ticket, at=at)
        data = {"verdict": verdict, "at": at.isoformat()}
        return await self._change(uow, ticket, actor, "client_spoke", data=data, turn=Turn.STAFF, last_word_at=at)

    async def add_third_person(self, uow: UnitOfWork, ticket_id: int, inbound: InboundMessage, *, inbox_id: int) -> Ticket:
        """A valid reply token in a stranger's hands: kept for staff; it discloses nothing, moves no lamp and no clock (DESIGN 5)."""
        ticket = await self._ticket(uow, ticket_id, actor=BOT)
        stranger = Actor(kind=ActorKind.THIRD_PERSON, name=inbound.sender_name or inbound.sender.value)
        message = await self._record(uow, ticket, MessageKind.THIRD_PERSON, stranger, inbound.text, inbound.received_at, inbound, inbox_id)
        uow.tickets.add_event(Event(ticket_id=ticket_id, kind="third_person", actor=stranger, at=self._clock.now()))
        self._hear(uow, notices.client_word(await self.facts(uow, ticket), message, self.staff, verdict="third_person"))
        return ticket

    async def claim(self, uow: UnitOfWork, ticket_id: int, agent: Agent) -> Ticket:
        """Take a ticket. The client is told who took it, which meets the reaction where the policy says so (DESIGN 6).

        Raises Conflict when a colleague has it.
        """
        ticket = await self._open(uow, ticket_id, agent)
        if ticket.assignee_id == agent.id:
            return ticket
        if ticket.assignee_id is not None:
            owner = await uow.people.agent(ticket.assignee_id)
            raise Conflict("Звернення №{id} вже веде {name}.", id=ticket_id, name=owner.name if owner else "?")
        await self._promises.claimed(uow, ticket, at=self._clock.now())
        ticket = await self._change(uow, ticket, Actor.agent(agent), "claimed", assignee_id=agent.id, snoozed_until_at=None)
        return await self._tell_all(uow, ticket, "claimed", agent=agent.name)

    async def close(self, uow: UnitOfWork, ticket_id: int, actor: Actor, *, outcome: Outcome, result: str = "", told: str = "") -> Ticket:
        """End a ticket with an outcome and a one-line result (R4, R7). When staff close, the client is told and can reopen.

        `told`: the result as this client reads it, where it is a sentence of ours."""
        ticket = await self._ticket(uow, ticket_id, actor=actor)
        if not ticket.is_open:
            return ticket
        now = self._clock.now()
        by_staff = actor.kind is ActorKind.AGENT
        await self._promises.ended(uow, ticket, at=now, is_met=by_staff, is_solved=outcome is Outcome.SOLVED)
        data = {"outcome": outcome.value}
        ticket = await self._change(uow, ticket, actor, "closed", because=result, data=data, closed_at=now, outcome=outcome, result=result)
        if actor.kind is ActorKind.CONTACT:
            return await self._tell_staff_only(uow, ticket)
        return await self._tell_all(uow, ticket, "closed", outcome=outcome.value, result=told or result, agent=actor.name)

    async def reopen(self, uow: UnitOfWork, ticket_id: int, actor: Actor, *, because: str = "", at: datetime | None = None) -> Ticket:
        """Back into work: the turn is staff's, a next-answer clock runs from the client's word `at`.

        Raises Rejected once REOPEN_WITHIN is over: a new one must be opened then (R7).
        """
        ticket = await self._ticket(uow, ticket_id, actor=actor)
        if ticket.is_open:
            return ticket
        if not self.may_reopen(ticket):
            days = REOPEN_WITHIN.days
            raise Rejected("Звернення №{id} закрите понад {days} днів тому: створіть, будь ласка, нове.", id=ticket_id, days=days)
        at = at or self._clock.now()
        await self._promises.client_spoke(uow, ticket, at=at)
        fields: dict[str, Any] = {"closed_at": None, "outcome": None, "result": "", "turn": Turn.STAFF, "last_word_at": at}
        ticket = await self._change(uow, ticket, actor, "reopened", because=because, data={"at": at.isoformat()}, **fields)
        return await self._tell_all(uow, ticket, "reopened")

    async def remind_client(self, uow: UnitOfWork, ticket_id: int, *, closes_at: datetime | None = None) -> Ticket:
        """R7: the client owes an answer and hears of it, once for each time that it is their turn. `closes_at`: when the ticket closes
        by itself without one. Whom no word can reach staff are told to call."""
        ticket = await self._open(uow, ticket_id, BOT)
        since, now = ticket.last_word_at, self._clock.now()
        if since is None or ticket.turn is Turn.STAFF or (ticket.client_reminded_at is not None and ticket.client_reminded_at >= since):
            return ticket
        data = {"since": since.isoformat(), "closes_at": closes_at.isoformat() if closes_at else None}
        ticket = await self._change(uow, ticket, BOT, "client_reminded", data=data, client_reminded_at=now)
        facts = await self.facts(uow, ticket)
        if ticket.route is None:
            news = BotError(
                "№{id} «{title}»: клієнт довго не відповідає, а написати йому нікуди. Зателефонуйте.", id=ticket.id, title=ticket.title
            )
            self._hear(uow, notices.alert(self.staff.desk, news, cause=f"ticket:{ticket.id}:waits:{since.isoformat()}", now=now))
            return ticket
        words = [each for each in await uow.tickets.messages(ticket_id) if each.kind in TURN_AFTER]
        self._hear(uow, notices.client_reminder(facts, since=since, text=words[-1].text if words else "", closes_at=closes_at, now=now))
        return ticket

    async def close_unanswered(self, uow: UnitOfWork, ticket_id: int, *, waited: timedelta) -> Ticket:
        """R7: a reminded client kept silent, so the ticket closes and they are told: what waited for their approval is solved, what
        waited for a clarification is no longer relevant. They can reopen it. `waited`: in working days, as the client is told."""
        ticket = await self._open(uow, ticket_id, BOT)
        reminded_at, since = ticket.client_reminded_at, ticket.last_word_at
        if ticket.turn is Turn.STAFF or reminded_at is None or since is None or reminded_at < since:
            return ticket
        contact = await uow.people.contact(ticket.contact_id)
        say = translator(contact.language if contact else "uk")
        told = say("закрито автоматично: відповіді немає, робочих днів минуло {days}").format(days=waited.days)
        outcome = Outcome.SOLVED if ticket.turn is Turn.CLIENT_APPROVAL else Outcome.NOT_RELEVANT
        return await self.close(uow, ticket_id, BOT, outcome=outcome, result=CLOSED_UNANSWERED, told=told)

    def may_reopen(self, ticket: Ticket) -> bool:
        """R7: within REOPEN_WITHIN of closing, and not merged into another."""
        return ticket.closed_at is not None and ticket.merged_into_id is None and self._clock.now() - ticket.closed_at <= REOPEN_WITHIN
