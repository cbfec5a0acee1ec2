"""What staff are shown on request: who may ask at all, one ticket with its words, the question a button asks back."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from bot.channels.telegram.acts import tell
from bot.channels.telegram.parse import Person
from bot.clock import Clock
from bot.desk import Desk
from bot.desk_base import ticket_text
from bot.errors import Conflict, Forbidden, NotFound
from bot.model import Agent, Ticket
from bot.ports import InboxItem, UnitOfWork

_LAST_WORDS = 10


async def agent_of(uow: UnitOfWork, person: Person) -> Agent:
    """The agent behind an account. Forbidden with the sentence that says why not and what to do."""
    if person.is_anonymous:
        raise Forbidden(
            "Ви пишете від імені групи, тож невідомо, хто саме це робить. Вимкніть «Залишатися анонімним» у правах адміністратора."
        )
    agent = await uow.people.agent_by_telegram(str(person.id))
    if agent is None:
        raise Forbidden(
            "Вас немає серед співробітників (ваш номер у Telegram: {id}). Адміністратор може додати вас: deskbot accounts add.",
            id=person.id,
        )
    if not agent.is_active:
        raise Forbidden("Обліковий запис {name} вимкнено.", name=agent.name)
    return agent


class StaffView:
    """See the module. `language` is the staff chat's, `zone` where it reads its clock."""

    def __init__(self, *, desk: Desk, clock: Clock, language: str, zone: ZoneInfo) -> None:
        self._desk = desk
        self._clock = clock
        self.language = language
        self.zone = zone

    async def ticket(self, uow: UnitOfWork, ticket_id: int) -> Ticket:
        ticket = await uow.tickets.get(ticket_id)
        if ticket is None:
            raise NotFound("Звернення №{id} не знайдено.", id=ticket_id)
        return ticket

    async def show_ticket(self, uow: UnitOfWork, chat: int, ticket_id: int, item: InboxItem) -> None:
        """`/ticket N`: the facts and the last words, notes included."""
        ticket = await self.ticket(uow, ticket_id)
        facts = await self._desk.facts(uow, ticket)
        earlier: dict[int, list[str]] = {}
        for revision in await uow.tickets.revisions(ticket_id):
            earlier.setdefault(revision.message_id, []).append(revision.text)
        words = [
            {
                "author": message.author.name,
                "kind": message.kind.value,
                "at": message.at.isoformat(),
                "text": ticket_text(ticket, message.text) if message.inbox_id and message.inbox_id == ticket.origin_id else message.text,
                "was": earlier.get(message.id, []),
            }
            for message in (await uow.tickets.messages(ticket_id))[-_LAST_WORDS:]
        ]
        self.tell(uow, chat, "ticket_page", {"ticket": facts.for_staff(), "words": words}, item=item, ticket_ids=(ticket_id,))

    async def ask_for_words(
        self, uow: UnitOfWork, chat: int, item: InboxItem, *, what: str, ticket_id: int, person: Person, agent: Agent, argument: str = ""
    ) -> None:
        """A button needs words: the reply to this message will be them. Its kind, kept in the link to it, remembers what they are for."""
        ticket = await self.ticket(uow, ticket_id)
        if not ticket.is_open:
            raise Conflict("Звернення №{id} вже закрите. Спершу відкрийте його знову.", id=ticket_id)
        body = {"what": what, "ticket_id": ticket.id, "title": ticket.title, "person": str(person.id), "agent": agent.name}
        kind = f"prompt_{what}:{argument}" if argument else f"prompt_{what}"
        self.tell(uow, chat, kind, body, item=item, ticket_ids=(ticket.id,))

    def say(self, uow: UnitOfWork, chat: int, text: str, item: InboxItem) -> None:
        self.tell(uow, chat, "say", {"text": text}, item=item)

    def tell(
        self,
        uow: UnitOfWork,
        chat: int,
        kind: str,
        body: dict[str, Any],
        *,
        item: InboxItem,
        ticket_ids: tuple[int, ...] = (),
        urgency: int = 3,
    ) -> None:
        body = {"language": self.language, **body}
        tell(uow, chat, kind, body, item=item, now=self._clock.now(), ticket_ids=ticket_ids, urgency=urgency)
