"""What staff say in a ticket: answers, questions, proposals and notes; taking a word back before it goes out, and correcting it after.

A word is in the ticket at once, and the clocks are met; on its way to the client it may wait a moment (`hold`), in which it can be taken
back as if it had never been said.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from bot import notices
from bot.desk_base import DeskBase
from bot.errors import Conflict, Forbidden, NotFound, Rejected
from bot.model import Actor, ActorKind, Agent, Attachment, Event, Message, MessageKind, Role, Ticket, Turn
from bot.ports import UnitOfWork

AT_ONCE = timedelta(0)
TURN_AFTER = {
    MessageKind.ANSWER: Turn.CLIENT_APPROVAL,
    MessageKind.PROPOSAL: Turn.CLIENT_APPROVAL,
    MessageKind.QUESTION: Turn.CLIENT_CLARIFICATION,
}
_SPOKEN = tuple(kind.value for kind in TURN_AFTER)
# Where what was sent can still be changed. A letter cannot: it is the ticket that shows the correction.
_CORRECTABLE = frozenset({"telegram"})


class Words(DeskBase):
    """See the module."""

    async def reply(
        self, uow: UnitOfWork, ticket_id: int, agent: Agent, text: str, attachments: Sequence[Attachment] = (), *, hold: timedelta = AT_ONCE
    ) -> Message:
        """Answer the client; the turn is theirs, to approve (R8)."""
        return await self._staff_word(uow, ticket_id, agent, MessageKind.ANSWER, text, attachments, hold)

    async def ask(
        self, uow: UnitOfWork, ticket_id: int, agent: Agent, text: str, attachments: Sequence[Attachment] = (), *, hold: timedelta = AT_ONCE
    ) -> Message:
        """Ask the client; the turn is theirs, to clarify (R8)."""
        return await self._staff_word(uow, ticket_id, agent, MessageKind.QUESTION, text, attachments, hold)

    async def propose_solution(
        self, uow: UnitOfWork, ticket_id: int, agent: Agent, text: str, attachments: Sequence[Attachment] = (), *, hold: timedelta = AT_ONCE
    ) -> Message:
        """Say that it is done and ask for approval (R8)."""
        return await self._staff_word(uow, ticket_id, agent, MessageKind.PROPOSAL, text, attachments, hold)

    async def answer_cause(
        self, uow: UnitOfWork, cause_id: int, agent: Agent, text: str, attachments: Sequence[Attachment] = (), *, hold: timedelta = AT_ONCE
    ) -> list[Message]:
        """The same answer to every open ticket of one cause, the ticket that stands for it included."""
        cause = await self._ticket(uow, cause_id, actor=Actor.agent(agent))
        tickets = [ticket for ticket in (cause, *await uow.tickets.of_cause(cause_id)) if ticket.is_open]
        if not tickets:
            raise Conflict("Усі звернення цієї причини вже закриті.")
        return [await self.reply(uow, ticket.id, agent, text, attachments, hold=hold) for ticket in tickets]

    async def _staff_word(
        self,
        uow: UnitOfWork,
        ticket_id: int,
        agent: Agent,
        kind: MessageKind,
        text: str,
        attachments: Sequence[Attachment],
        hold: timedelta,
    ) -> Message:
        if not text.strip() and not attachments:
            raise Rejected("Порожню відповідь не надіслано: напишіть текст.")
        now = self._clock.now()
        ticket = await self._open(uow, ticket_id, agent)
        message = await self._record(uow, ticket, kind, Actor.agent(agent), text, now, attachments=tuple(attachments))
        data: dict[str, Any] = {"message_id": message.id}
        if hold:
            until = now + hold
            data |= {"held_until": until.isoformat(), "before": _standing(ticket), "clocks": await self._promises.standing(uow, ticket.id)}
        await self._promises.staff_spoke(uow, ticket, at=now)
        fields: dict[str, Any] = {"turn": TURN_AFTER[kind], "last_word_at": now, "client_reminded_at": None, "snoozed_until_at": None}
        if ticket.assignee_id is None:
            fields["assignee_id"] = agent.id
        ticket = await self._change(uow, ticket, Actor.agent(agent), kind.value, data=data, **fields)
        facts = await self.facts(uow, ticket)
        self._hear(uow, notices.word_to_client(facts, message, not_before_at=now + hold if hold else None))
        self._tell_staff(uow, facts, now)
        return message

    async def note(self, uow: UnitOfWork, ticket_id: int, agent: Agent, text: str, attachments: Sequence[Attachment] = ()) -> Message:
        """A word among staff: the client never sees it, no clock or lamp moves."""
        if not text.strip() and not attachments:
            raise Rejected("Порожню нотатку не збережено: напишіть текст.")
        ticket = await self._ticket(uow, ticket_id, actor=Actor.agent(agent))
        message = await self._record(
            uow, ticket, MessageKind.NOTE, Actor.agent(agent), text, self._clock.now(), attachments=tuple(attachments)
        )
        uow.tickets.add_event(
            Event(ticket_id=ticket_id, kind="noted", actor=Actor.agent(agent), at=message.at, data={"message_id": message.id})
        )
        return message

    async def take_back(self, uow: UnitOfWork, ticket_id: int, message_id: int, agent: Agent) -> Ticket:
        """A word that still waits never goes out: it stays as a note, and turn, clocks and owner are what they were before it.

        Conflict once it is on its way; Forbidden for somebody else's word, unless a lead takes it back.
        """
        ticket, message = await self._word(uow, ticket_id, message_id)
        _check_author(message, agent)
        route = ticket.route
        if route is None or not await uow.outbox.withdraw(route, notices.word_key(message_id)):
            raise Conflict("№{id}: запізно, відповідь уже надіслано.", id=ticket_id)
        is_last = message_id == max(each.id for each in await uow.tickets.messages(ticket_id) if each.kind in TURN_AFTER)
        await uow.tickets.make_note(message_id)
        before, clocks = await self._before(uow, ticket_id, message_id)
        fields: dict[str, Any] = {}
        if ticket.is_open and before and is_last and ticket.last_word_at == message.at:
            await self._promises.taken_back(uow, ticket, clocks)
            fields = _restored(ticket, before, author_id=message.author.id)
        data = {"message_id": message_id}
        ticket = await self._change(uow, ticket, Actor.agent(agent), "taken_back", data=data, **fields)
        return await self._tell_staff_only(uow, ticket)

    async def correct(self, uow: UnitOfWork, ticket_id: int, message_id: int, agent: Agent, text: str) -> bool:
        """The author says it otherwise. What was sent is edited where the channel can, what waits goes out corrected; both are kept.

        False when nothing changed.
        """
        ticket, message = await self._word(uow, ticket_id, message_id)
        if message.author.id != agent.id or message.author.kind is not ActorKind.AGENT:
            raise Forbidden("Виправити слова може лише той, хто їх написав.")
        if not text.strip() or text == message.text:
            return False
        now = self._clock.now()
        await uow.tickets.revise(message_id, text=text, at=now)
        uow.tickets.add_event(
            Event(ticket_id=ticket_id, kind="corrected", actor=Actor.agent(agent), at=now, data={"message_id": message_id})
        )
        if message.kind in TURN_AFTER and ticket.route is not None:
            await self._send_corrected(uow, ticket, message, text, now)
        return True

    async def _send_corrected(self, uow: UnitOfWork, ticket: Ticket, message: Message, text: str, now: datetime) -> None:
        assert ticket.route is not None
        was_waiting = await uow.outbox.withdraw(ticket.route, notices.word_key(message.id))
        if not was_waiting and ticket.route.channel not in _CORRECTABLE:
            return
        said = await self._said(uow, ticket.id, message.id)
        until = datetime.fromisoformat(said["held_until"]) if said.get("held_until") else now
        number = sum(each.message_id == message.id for each in await uow.tickets.revisions(ticket.id))
        rows = notices.word_to_client(
            await self.facts(uow, ticket),
            replace(message, text=text),
            not_before_at=until if was_waiting and until > now else None,
            revision=number,
            was="" if was_waiting else message.text,
        )
        self._hear(uow, rows)

    async def _word(self, uow: UnitOfWork, ticket_id: int, message_id: int) -> tuple[Ticket, Message]:
        ticket = await uow.tickets.get(ticket_id)
        message = next((each for each in await uow.tickets.messages(ticket_id) if each.id == message_id), None) if ticket else None
        if ticket is None or message is None:
            raise NotFound("Звернення №{id} не знайдено.", id=ticket_id)
        return ticket, message

    async def _said(self, uow: UnitOfWork, ticket_id: int, message_id: int) -> dict[str, Any]:
        """What the history keeps of the moment of saying it."""
        events = await uow.tickets.events_of([ticket_id], _SPOKEN)
        return next((event.data for event in events if event.data.get("message_id") == message_id), {})

    async def _before(self, uow: UnitOfWork, ticket_id: int, message_id: int) -> tuple[dict[str, Any], dict[str, Any]]:
        """How the ticket and its clocks stood before this word, and before the words directly in front of it that were taken back too."""
        events = await uow.tickets.events_of([ticket_id], _SPOKEN)
        words = {event.data["message_id"]: event for event in events if event.data["message_id"] <= message_id}
        gone = {event.data["message_id"] for event in await uow.tickets.events_of([ticket_id], ["taken_back"])}
        said = words.pop(message_id, None)
        if said is None or "before" not in said.data:
            return {}, {}
        before, clocks = said.data["before"], dict(said.data["clocks"])
        for number in sorted(words, reverse=True):
            earlier = words[number]
            if number not in gone or earlier.at.isoformat() != before["last_word_at"]:
                break
            before, clocks = earlier.data["before"], clocks | earlier.data["clocks"]
        return before, clocks


async def for_client(uow: UnitOfWork, ticket_id: int, *, now: datetime) -> list[Message]:
    """The messages of a ticket without those that staff may still take back: what was never said, nobody has read on a page either."""
    said = await uow.tickets.events_of([ticket_id], _SPOKEN)
    held = {each.data.get("message_id") for each in said if datetime.fromisoformat(each.data.get("held_until") or now.isoformat()) > now}
    return [message for message in await uow.tickets.messages(ticket_id) if message.id not in held]


def _standing(ticket: Ticket) -> dict[str, Any]:
    """What a word of staff changes of a ticket, as JSON."""
    instants = {name: getattr(ticket, name) for name in ("last_word_at", "client_reminded_at", "snoozed_until_at")}
    return {"turn": ticket.turn.value, "assignee_id": ticket.assignee_id} | {
        name: at.isoformat() if at else None for name, at in instants.items()
    }


def _restored(ticket: Ticket, before: dict[str, Any], *, author_id: int | None) -> dict[str, Any]:
    """The fields to put back. An owner whom somebody else named meanwhile stays."""
    fields: dict[str, Any] = {"turn": Turn(before["turn"])}
    for name in ("last_word_at", "client_reminded_at", "snoozed_until_at"):
        fields[name] = datetime.fromisoformat(before[name]) if before[name] else None
    if before["assignee_id"] is None and ticket.assignee_id == author_id:
        fields["assignee_id"] = None
    return fields


def _check_author(message: Message, agent: Agent) -> None:
    is_own = message.author.kind is ActorKind.AGENT and message.author.id == agent.id
    if not is_own and agent.role is Role.AGENT:
        raise Forbidden("Скасувати може лише той, хто написав, або керівник.")
