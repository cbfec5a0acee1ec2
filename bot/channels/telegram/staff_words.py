"""Words of staff in a ticket: what a reply to a card is worth, the moment in which it can be taken back, and what an edit of it changes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from bot import canned
from bot.channels.fallback import is_unreachable
from bot.channels.telegram.acts import CHANNEL, Done, reaction
from bot.channels.telegram.parse import Line
from bot.channels.telegram.staff_view import StaffView, agent_of
from bot.channels.telegram.topics import TOPIC, topic_id
from bot.clock import Clock
from bot.desk import Desk
from bot.errors import Rejected
from bot.model import Actor, Agent, CannedAnswer, Link, Message, MessageKind, Outcome, Priority
from bot.ports import InboxItem, UnitOfWork
from bot.texts import explain, translator

# Messages of the bot whose reply is a word to the ticket's client.
ABOUT_A_TICKET = frozenset({"card", "client_word", "nudge", "ticket_page", "held", "call_taken", TOPIC})
PROMPT = "prompt_"
# An agent's own line that became a word in a ticket: its edits are the word's.
STAFF_WORD = "staff_word"
NOTE_MARK = "//"
_QUOTED = 200
_LISTED = 10


class StaffWords:
    """See the module. `hold` is how long an answer waits before it goes out."""

    def __init__(self, *, desk: Desk, view: StaffView, clock: Clock, hold: timedelta) -> None:
        self._desk = desk
        self._view = view
        self._clock = clock
        self._hold = hold

    async def about(self, uow: UnitOfWork, line: Line) -> list[Link]:
        """The tickets that a line speaks of: by what it replies to, or by the topic it is written in. Who answers a colleague in a topic
        talks to the colleague."""
        if line.answers is None and line.topic is None:
            return []
        named = str(line.answers) if line.answers is not None else topic_id(line.topic or 0)
        links = await uow.tickets.find_links(CHANNEL, str(line.place.id), [named])
        return [link for link in links if link.kind in ABOUT_A_TICKET or link.kind.startswith(PROMPT)]

    async def word(self, uow: UnitOfWork, line: Line, item: InboxItem, agent: Agent, links: Sequence[Link]) -> Done:
        """Raises Rejected with the sentence that says why not."""
        numbers = list(dict.fromkeys(link.ticket_id for link in links))
        if len(numbers) > 1:
            raise Rejected("Це повідомлення про кілька звернень. Відповідайте на картку того, про яке йдеться.")
        ticket_id = numbers[0]
        if line.text.startswith(NOTE_MARK):
            text = line.text.removeprefix(NOTE_MARK).strip()
            note = await self._desk.note(uow, ticket_id, agent, text, line.attachments)
            self._remember(uow, line, [note])
            return Done(because="note", ticket_ids=(ticket_id,), effects=(reaction(line.place.id, line.message_id, "✍"),))
        said = await self._carry_out(uow, links[0].kind.removeprefix(PROMPT), ticket_id, agent, line)
        self._remember(uow, line, said)
        if said:
            await self._tell_of(uow, line.place.id, item, said, undo=("unsend", line.message_id))
        return Done(because="staff_word", ticket_ids=(ticket_id,), effects=(reaction(line.place.id, line.message_id, "👌"),))

    async def _carry_out(self, uow: UnitOfWork, what: str, ticket_id: int, agent: Agent, line: Line) -> list[Message]:
        """Do what the words are for; the words that are on their way to clients."""
        name, _, argument = what.partition(":")
        one_line = "" if line.text.strip() == "-" else " ".join(line.text.split())
        match name:
            case "ask":
                return [await self._desk.ask(uow, ticket_id, agent, line.text, line.attachments, hold=self._hold)]
            case "solved":
                return [await self._desk.propose_solution(uow, ticket_id, agent, line.text, line.attachments, hold=self._hold)]
            case "replyall":
                return await self._desk.answer_cause(uow, ticket_id, agent, line.text, line.attachments, hold=self._hold)
            case "lower":
                await self._desk.set_priority(uow, ticket_id, Priority(argument), Actor.agent(agent), because=line.text)
            case "close":
                await self._desk.close(uow, ticket_id, Actor.agent(agent), outcome=Outcome(argument), result=one_line)
            case "handover":
                await self._desk.hand_over(uow, ticket_id, agent, because=one_line)
            case _:
                return [await self._desk.reply(uow, ticket_id, agent, line.text, line.attachments, hold=self._hold)]
        return []

    async def insert(self, uow: UnitOfWork, chat: int, ticket_id: int, answer: CannedAnswer, item: InboxItem, agent: Agent) -> None:
        """A canned answer goes to the ticket's client, its places filled; it can be taken back like any other."""
        facts = await self._desk.facts(uow, await self._view.ticket(uow, ticket_id))
        values = canned.values_of(facts, agent, zone=self._view.zone, now=self._clock.now())
        text = canned.filled(answer.name, answer.text, values)
        message = await self._desk.reply(uow, ticket_id, agent, text, hold=self._hold)
        await self._tell_of(uow, chat, item, [message], undo=("unword", ticket_id, message.id))

    async def corrected(self, uow: UnitOfWork, line: Line, item: InboxItem) -> Done:
        """An agent edited a line: if it became words in tickets, they are corrected; what was no word stays none."""
        links = await uow.tickets.find_links(CHANNEL, str(line.place.id), [str(line.message_id)])
        words = [link for link in links if link.kind == STAFF_WORD and link.message_id is not None]
        if not words:
            return Done(because="staff_edit")
        try:
            agent = await agent_of(uow, line.person)
            text = line.text.removeprefix(NOTE_MARK).strip() if line.text.startswith(NOTE_MARK) else line.text
            if line.text.startswith(NOTE_MARK):
                await self._make_notes(uow, words, agent)
            changed = [await self._desk.correct(uow, link.ticket_id, link.message_id or 0, agent, text) for link in words]
        except Rejected as refusal:
            self._view.say(uow, line.place.id, explain(refusal, self._view.language), item)
            return Done(because="staff_refused")
        numbers = tuple(link.ticket_id for link in words)
        effects = (reaction(line.place.id, line.message_id, "✍"),) if any(changed) else ()
        return Done(because="staff_edit", ticket_ids=numbers, effects=effects)

    async def _make_notes(self, uow: UnitOfWork, words: Sequence[Link], agent: Agent) -> None:
        """A word edited into a note goes to no client. Conflict when it is too late: then nothing of the note goes out either."""
        for link in words:
            said = next((each for each in await uow.tickets.messages(link.ticket_id) if each.id == link.message_id), None)
            if said is not None and said.kind is not MessageKind.NOTE:
                await self._desk.take_back(uow, link.ticket_id, said.id, agent)

    async def take_back(self, uow: UnitOfWork, chat: int, line_id: int, agent: Agent) -> tuple[int, int]:
        """Everything that one line said; how many words did not go out, of how many."""
        links = await uow.tickets.find_links(CHANNEL, str(chat), [str(line_id)])
        words = [link for link in links if link.kind == STAFF_WORD and link.message_id is not None]
        taken, refusal = 0, None
        for link in words:
            try:
                await self._desk.take_back(uow, link.ticket_id, link.message_id or 0, agent)
                taken += 1
            except Rejected as error:
                refusal = error
        if not taken:
            raise refusal or Rejected("Цієї відповіді вже немає.")
        return taken, len(words)

    def _remember(self, uow: UnitOfWork, line: Line, words: Sequence[Message]) -> None:
        for message in words:
            uow.tickets.add_link(
                Link(
                    channel=CHANNEL,
                    conversation=str(line.place.id),
                    external_id=str(line.message_id),
                    ticket_id=message.ticket_id,
                    kind=STAFF_WORD,
                    message_id=message.id,
                )
            )

    async def _tell_of(self, uow: UnitOfWork, chat: int, item: InboxItem, said: Sequence[Message], *, undo: tuple[Any, ...]) -> None:
        """To whom it goes and until when it can be taken back; or that it reaches nobody."""
        tickets = await uow.tickets.get_many([message.ticket_id for message in said])
        reached = [ticket for ticket in tickets if ticket.route is not None]
        for ticket in tickets:
            if ticket.route is None:
                sentence = self._say("№{id}: клієнтові немає куди написати, тож зателефонуйте. Ваші слова збережено.", id=ticket.id)
                self._view.say(uow, chat, sentence, item)
        for ticket in reached:
            if ticket.route is not None and await is_unreachable(uow, ticket.route):
                sentence = self._say("№{id}: клієнт заблокував бота; відповідь піде листом, а без адреси — зателефонуйте.", id=ticket.id)
                self._view.say(uow, chat, sentence, item)
                break
        if not self._hold or not reached:
            return
        contact = await uow.people.contact(reached[0].contact_id)
        body = {
            "tickets": [{"id": ticket.id, "title": ticket.title} for ticket in reached[:_LISTED]],
            "total": len(reached),
            "contact": contact.name if contact else "",
            "text": said[0].text[:_QUOTED],
            "until": (said[0].at + self._hold).isoformat(),
            "undo": list(undo),
        }
        numbers = tuple(ticket.id for ticket in reached) if len(reached) == 1 else ()
        self._view.tell(uow, chat, "held", body, item=item, ticket_ids=numbers, urgency=0)

    def _say(self, sentence: str, **values: Any) -> str:
        return translator(self._view.language)(sentence).format(**values)
