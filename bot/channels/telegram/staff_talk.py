"""The staff chat: commands, replies to cards, notes and phone entries, carried out through the desk.

A reply to any message of a ticket answers its client; `//` in front makes it a note. Whatever is not meant for the bot is left alone.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any

from bot.channels.numbers import ticket_number
from bot.channels.phone.parse import call_message, normal_number
from bot.channels.telegram.acts import CHANNEL, Done, reaction
from bot.channels.telegram.parse import Command, Line
from bot.channels.telegram.staff_view import StaffView, agent_of
from bot.clock import Clock
from bot.desk import Desk
from bot.errors import NotFound, Rejected
from bot.intake.service import Intake, Planned
from bot.model import Actor, Agent, Link, Outcome, Priority
from bot.ports import InboxItem, UnitOfWork
from bot.texts import explain, translator

# Messages of the bot whose reply is a word to the ticket's client.
ABOUT_A_TICKET = frozenset({"card", "client_word", "nudge", "ticket_page"})
_PROMPT = "prompt_"
_OPEN_OFFERED = 5
_CALL = re.compile(r"(?P<number>\+?[\d(][\d\s()-]{2,18}\d)[\s,;:]*(?:(?P<company>[^:\n]{1,80}):\s+)?(?P<text>.*)", re.DOTALL)
_CLOSED = re.compile(
    r"(?:(?:until|till|до)\s+)?(?P<until>(?:\d{1,2}\.\d{1,2}(?:\.\d{4})?\s+)?\d{1,2}:\d{2})[\s,;:—–-]*(?P<because>.*)",
    re.IGNORECASE | re.DOTALL,
)
_OPEN_AGAIN = frozenset({"off", "скасувати", "відкрити", "open"})


class StaffTalk:
    """See the module."""

    def __init__(self, *, desk: Desk, intake: Intake, view: StaffView, clock: Clock) -> None:
        self._desk = desk
        self._intake = intake
        self._view = view
        self._clock = clock
        self._commands: dict[str, Callable[[UnitOfWork, Line, Command, InboxItem, Agent], Awaitable[Done]]] = {
            "queue": self._queue,
            "mine": self._mine,
            "ticket": self._ticket,
            "help": self._help,
            "start": self._help,
            "call": self._call_without_number,
            "closed": self._closed,
        }

    def knows(self, command: Command) -> bool:
        return command.name in self._commands

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
        links = await self._links(uow, line)
        if line.command is None and not links:
            return Done(because="staff_talk")
        try:
            agent = await agent_of(uow, line.person)
            if line.command is not None:
                return await self._commands.get(line.command.name, self._unknown)(uow, line, line.command, item, agent)
            return await self._word(uow, line, item, agent, links)
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
        return bool(await self._links(uow, line))

    async def _links(self, uow: UnitOfWork, line: Line) -> list[Link]:
        if line.answers is None:
            return []
        links = await uow.tickets.find_links(CHANNEL, str(line.place.id), [str(line.answers)])
        return [link for link in links if link.kind in ABOUT_A_TICKET or link.kind.startswith(_PROMPT)]

    async def _word(self, uow: UnitOfWork, line: Line, item: InboxItem, agent: Agent, links: Sequence[Link]) -> Done:
        numbers = list(dict.fromkeys(link.ticket_id for link in links))
        if len(numbers) > 1:
            sentence = self._say("Це повідомлення про кілька звернень. Відповідайте на картку того, про яке йдеться.")
            self._view.say(uow, line.place.id, sentence, item)
            return Done(because="staff_unclear")
        ticket_id, what = numbers[0], links[0].kind.removeprefix(_PROMPT)
        if line.text.startswith("//"):
            await self._desk.note(uow, ticket_id, agent, line.text.removeprefix("//").strip())
            return Done(because="note", ticket_ids=(ticket_id,), effects=(reaction(line.place.id, line.message_id, "✍"),))
        await self._carry_out(uow, what, ticket_id, agent, line)
        ticket = await self._view.ticket(uow, ticket_id)
        if ticket.route is None:
            sentence = self._say("№{id}: клієнтові немає куди написати, тож зателефонуйте. Ваші слова збережено.", id=ticket_id)
            self._view.say(uow, line.place.id, sentence, item)
        return Done(because="staff_word", ticket_ids=(ticket_id,), effects=(reaction(line.place.id, line.message_id, "👌"),))

    async def _carry_out(self, uow: UnitOfWork, what: str, ticket_id: int, agent: Agent, line: Line) -> None:
        match what.partition(":"):
            case ("ask", _, _):
                await self._desk.ask(uow, ticket_id, agent, line.text)
            case ("solved", _, _):
                await self._desk.propose_solution(uow, ticket_id, agent, line.text)
            case ("lower", _, wanted):
                await self._desk.set_priority(uow, ticket_id, Priority(wanted), Actor.agent(agent), because=line.text)
            case ("close", _, outcome):
                result = "" if line.text.strip() == "-" else " ".join(line.text.split())
                await self._desk.close(uow, ticket_id, Actor.agent(agent), outcome=Outcome(outcome), result=result)
            case _:
                await self._desk.reply(uow, ticket_id, agent, line.text, line.attachments)

    async def _queue(self, uow: UnitOfWork, line: Line, command: Command, item: InboxItem, agent: Agent) -> Done:
        await self._view.show_queue(uow, line.place.id, item, title=self._say("Черга"), agent=agent, only_own=False)
        return Done(because="command")

    async def _mine(self, uow: UnitOfWork, line: Line, command: Command, item: InboxItem, agent: Agent) -> Done:
        title = self._say("Мої звернення: {name}", name=agent.name)
        await self._view.show_queue(uow, line.place.id, item, title=title, agent=agent, only_own=True)
        return Done(because="command")

    async def _ticket(self, uow: UnitOfWork, line: Line, command: Command, item: InboxItem, agent: Agent) -> Done:
        number = ticket_number(command.rest)
        if number is None:
            raise NotFound("Напишіть номер звернення: /ticket 7")
        await self._view.show_ticket(uow, line.place.id, number, item)
        return Done(because="command")

    async def _help(self, uow: UnitOfWork, line: Line, command: Command, item: InboxItem, agent: Agent) -> Done:
        say = translator(self._view.language)
        lines = [
            say("Відповідь на картку чи будь-яке повідомлення звернення надсилається клієнтові."),
            say("Відповідь, що починається з «//», — нотатка, її клієнт не бачить."),
            say("/queue — черга за строками, /mine — мої, /ticket 7 — одне звернення"),
            say("/call +380440000000 Компанія: про що дзвінок — записати дзвінок"),
            say("/closed до 14:00 немає світла — зачинити службу: строки перенесуться, клієнти дізнаються; /closed off — відкрити"),
        ]
        self._view.say(uow, line.place.id, "\n".join(lines), item)
        return Done(because="command")

    async def _unknown(self, uow: UnitOfWork, line: Line, command: Command, item: InboxItem, agent: Agent) -> Done:
        self._view.say(uow, line.place.id, self._say("Такої команди немає. Список: /help"), item)
        return Done(because="unknown_command")

    async def _call_without_number(self, uow: UnitOfWork, line: Line, command: Command, item: InboxItem, agent: Agent) -> Done:
        sentence = self._say("Напишіть номер і про що дзвінок: /call +380440000000 Компанія: не друкує чек")
        self._view.say(uow, line.place.id, sentence, item)
        return Done(because="command_refused")

    async def _closed(self, uow: UnitOfWork, line: Line, command: Command, item: InboxItem, agent: Agent) -> Done:
        """An emergency (DESIGN 2). The desk itself tells the staff chat what was done."""
        if command.rest.strip().lower() in _OPEN_AGAIN:
            await self._desk.open_again(uow, Actor.agent(agent))
            return Done(because="command", effects=(reaction(line.place.id, line.message_id, "👌"),))
        found = _CLOSED.fullmatch(command.rest.strip())
        if not found:
            raise Rejected("Напишіть, до якого часу й чому: /closed до 14:00 немає світла. Відкрити знову: /closed off")
        until = self._desk.instant_of(found["until"])
        await self._desk.close_until(uow, until, Actor.agent(agent), because=found["because"])
        return Done(because="command", effects=(reaction(line.place.id, line.message_id, "👌"),))

    async def _offer_open(self, uow: UnitOfWork, line: Line, item: InboxItem, ticket_id: int) -> None:
        ticket = await self._view.ticket(uow, ticket_id)
        earlier = [each for each in await uow.tickets.open_for_contact(ticket.contact_id, limit=_OPEN_OFFERED) if each.id != ticket_id]
        body = {
            "ticket_id": ticket.id,
            "title": ticket.title,
            "open": [{"id": each.id, "title": each.title} for each in earlier],
        }
        self._view.tell(uow, line.place.id, "call_taken", body, item=item, ticket_ids=(ticket.id,))

    def _say(self, sentence: str, **values: Any) -> str:
        return translator(self._view.language)(sentence).format(**values)
