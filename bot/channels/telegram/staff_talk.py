"""The staff chat: which line is a command, a phone entry, a word in a ticket. What is not meant for the bot is left alone."""

from __future__ import annotations

import re
from dataclasses import replace

from bot.channels.phone.parse import call_message, normal_number
from bot.channels.telegram.acts import Done
from bot.channels.telegram.parse import Command, Line
from bot.channels.telegram.staff_commands import StaffCommands
from bot.channels.telegram.staff_view import StaffView, agent_of
from bot.channels.telegram.staff_words import StaffWords
from bot.desk import Desk
from bot.errors import Rejected
from bot.intake.service import Intake, Planned
from bot.ports import InboxItem, UnitOfWork
from bot.texts import explain

_OPEN_OFFERED = 5
_CALL = re.compile(r"(?P<number>\+?[\d(][\d\s()-]{2,18}\d)[\s,;:]*(?:(?P<company>[^:\n]{1,80}):\s+)?(?P<text>.*)", re.DOTALL)


class StaffTalk:
    """See the module."""

    def __init__(self, *, desk: Desk, intake: Intake, view: StaffView, words: StaffWords, commands: StaffCommands) -> None:
        self._desk = desk
        self._intake = intake
        self._view = view
        self._words = words
        self._commands = commands

    def knows(self, command: Command) -> bool:
        return self._commands.knows(command)

    def plan_call(self, line: Line, item: InboxItem) -> Planned | None:
        """A phone entry, `/call +380440000000 Company: words`, planned outside the transaction; None when there is no number in it."""
        found = _CALL.match(line.command.rest) if line.command and line.command.name == "call" else None
        number = normal_number(found["number"]) if found else ""
        if not found or not number:
            return None
        return self._intake.plan(
            call_message(
                number=number,
                received_at=line.at,
                text=found["text"].strip(),
                company=(found["company"] or "").strip(),
                external_id=item.external_id,
            )
        )

    async def line(self, uow: UnitOfWork, line: Line, item: InboxItem) -> Done:
        """A line in the staff chat: a command, a reply to a message about a ticket, or talk that is none of the bot's business."""
        if line.is_edit:
            return await self.edited(uow, line, item)
        links = await self._words.about(uow, line)
        if line.command is None and not links:
            return Done(because="staff_talk")
        try:
            agent = await agent_of(uow, line.person)
            if line.command is not None:
                return await self._commands.carry_out(uow, line, line.command, item, agent)
            return await self._words.word(uow, line, item, agent, links)
        except Rejected as refusal:
            self._view.say(uow, line.place.id, explain(refusal, self._view.language), item)
            return Done(because="staff_refused")

    async def call(self, uow: UnitOfWork, planned: Planned, line: Line, item: InboxItem) -> Done:
        """R11: the call is a ticket at once, born answered; then the caller's open tickets are offered to join it to."""
        try:
            agent = await agent_of(uow, line.person)
        except Rejected as refusal:
            self._view.say(uow, line.place.id, explain(refusal, self._view.language), item)
            return Done(because="staff_refused")
        inbound = replace(planned.inbound, answered_by=agent.name)
        answered = replace(planned, inbound=inbound, composed=replace(planned.composed, answered_by=agent.name))
        [result] = await self._intake.accept(uow, answered, [item.id])
        if result.ticket_ids:
            await self._offer_open(uow, line, item, result.ticket_ids[0])
        return Done(because=result.because, ticket_ids=result.ticket_ids, disposition=result.disposition)

    async def is_about_a_ticket(self, uow: UnitOfWork, line: Line) -> bool:
        """Whether a private line of an agent answers a message that was sent to them as staff."""
        return bool(await self._words.about(uow, line))

    async def edited(self, uow: UnitOfWork, line: Line, item: InboxItem) -> Done:
        """An agent edited what they wrote here."""
        return await self._words.corrected(uow, line, item)

    async def _offer_open(self, uow: UnitOfWork, line: Line, item: InboxItem, ticket_id: int) -> None:
        ticket = await self._view.ticket(uow, ticket_id)
        earlier = [each for each in await uow.tickets.open_for_contact(ticket.contact_id, limit=_OPEN_OFFERED) if each.id != ticket_id]
        body = {
            "ticket_id": ticket.id,
            "title": ticket.title,
            "open": [{"id": each.id, "title": each.title} for each in earlier],
        }
        self._view.tell(uow, line.place.id, "call_taken", body, item=item, ticket_ids=(ticket.id,))
