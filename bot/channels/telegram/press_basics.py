"""Agents' everyday buttons: take and give back, answer, ask, say that it is solved, look at a ticket, turn a page."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from bot.channels.numbers import ticket_number
from bot.channels.telegram.press import AgentPress, Presses, Shown
from bot.channels.telegram.render import inline
from bot.channels.telegram.staff_lists import StaffLists
from bot.channels.telegram.staff_menus import more
from bot.errors import Conflict, Forbidden, NotFound
from bot.model import Role
from bot.texts import translator

# A button tapped twice sends two presses. Within this time the second one is the first one's echo, and the client is not told again.
_DOUBLE_PRESS = timedelta(seconds=30)


class BasicPresses(Presses):
    """See the module."""

    def __init__(self, *, lists: StaffLists, **parts: Any) -> None:
        super().__init__(**parts)
        self._lists = lists
        self.verbs = {
            "claim": self._claim,
            "release": self._release,
            "reply": self._words,
            "ask": self._words,
            "solved": self._words,
            "phoned": self._phoned,
            "again": self._again,
            "more": self._more,
            "back": self._back,
            "show": self._show,
            "queue": self._queue,
            "callto": self._call_to,
        }

    async def _claim(self, p: AgentPress) -> Shown:
        await self._desk.claim(p.uow, p.ticket_id, p.agent)
        return Shown(words=self._say("№{id} ваше.", id=p.ticket_id))

    async def _release(self, p: AgentPress) -> Shown:
        """A claim undone: by who made it, or by a lead."""
        ticket = await self._view.ticket(p.uow, p.ticket_id)
        if ticket.assignee_id is None:
            raise Conflict("№{id} і так ніхто не веде.", id=ticket.id)
        if ticket.assignee_id != p.agent.id and p.agent.role is Role.AGENT:
            owner = await p.uow.people.agent(ticket.assignee_id)
            raise Forbidden(
                "№{id} веде {name}: повернути в чергу може він сам або керівник.", id=ticket.id, name=owner.name if owner else "?"
            )
        await self._desk.assign(p.uow, p.ticket_id, None, p.actor)
        return await self._main(p, self._say("№{id} знову в черзі.", id=p.ticket_id))

    async def _words(self, p: AgentPress) -> Shown:
        await self._ask(p, p.pressed.verb)
        return Shown()

    async def _phoned(self, p: AgentPress) -> Shown:
        """Answered by phone: a human word to the client, told in writing as well so that both sides have it."""
        ticket = await self._view.ticket(p.uow, p.ticket_id)
        now = self._clock.now()
        if not await p.uow.state.take_lease(f"phoned:{ticket.id}", owner=p.press.callback_id, now=now, until=now + _DOUBLE_PRESS):
            return Shown(words=self._say("Записано: відповіли телефоном."))
        contact = await p.uow.people.contact(ticket.contact_id)
        say = translator(contact.language if contact else self._view.language)
        await self._desk.reply(p.uow, p.ticket_id, p.agent, say("Відповіли вам телефоном."))
        return Shown(words=self._say("Записано: відповіли телефоном."), keyboard=inline(()))

    async def _again(self, p: AgentPress) -> Shown:
        await self._desk.reopen(p.uow, p.ticket_id, p.actor)
        return Shown(words=self._say("Відкрито знову."))

    async def _more(self, p: AgentPress) -> Shown:
        facts = await self._desk.facts(p.uow, await self._view.ticket(p.uow, p.ticket_id))
        return Shown(keyboard=inline(more(facts.for_staff(), self._translate)))

    async def _back(self, p: AgentPress) -> Shown:
        return await self._main(p)

    async def _show(self, p: AgentPress) -> Shown:
        await self._view.show_ticket(p.uow, p.chat, p.ticket_id, p.item)
        return Shown()

    async def _queue(self, p: AgentPress) -> Shown:
        """A page of a list is turned in place. The id is the page, the argument which list it is."""
        page = await self._lists.queue_page(p.uow, p.agent, name=p.argument, page=p.pressed.id)
        return Shown(text=page.head, keyboard=inline(page.keyboard))

    async def _call_to(self, p: AgentPress) -> Shown:
        """The call just written down belongs to an open ticket (R11)."""
        into = ticket_number(p.argument)
        if into is None:
            raise NotFound("Такого звернення немає.")
        await self._desk.merge(p.uow, into, [p.ticket_id], p.actor, because="дзвінок про це звернення")
        return Shown(words=self._say("Дзвінок приєднано до №{id}.", id=into), keyboard=inline(()))
