"""Agents' buttons that make one ticket of several, several of one, or tie many to one cause."""

from __future__ import annotations

from typing import Any

from bot.channels.numbers import ticket_number
from bot.channels.telegram import cuts
from bot.channels.telegram.press import AgentPress, Presses, Shown
from bot.channels.telegram.render import inline
from bot.channels.telegram.staff_menus import MOST_CHOICES, confirm_menu, tickets_menu, undo
from bot.errors import Conflict, NotFound, Rejected
from bot.intake.division import first_words
from bot.model import Message, Ticket

_LOOKED_AT = 60
"""Tickets of the queue among which a common cause is looked for."""


class GroupingPresses(Presses):
    """See the module."""

    def __init__(self, **parts: Any) -> None:
        super().__init__(**parts)
        self.verbs = {
            "cut": self._cut,
            "docut": self._do_cut,
            "uncut": self._uncut,
            "merge": self._merge,
            "domerge": self._do_merge,
            "cause": self._cause,
            "uncause": self._uncause,
            "replyall": self._reply_all,
        }

    async def _cut(self, p: AgentPress) -> Shown:
        """The text in numbered pieces is a message of its own; its buttons put cuts in and take them out, in place."""
        ticket, first = await self._text(p)
        pieces = [piece.text for piece in cuts.pieces(ticket, first.text)]
        if not p.argument:
            if len(pieces) < 2:
                raise Rejected("У №{id} одна думка: немає де розрізати.", id=ticket.id)
            self._view.tell(p.uow, p.chat, "cut", {"ticket_id": ticket.id, "pieces": pieces}, item=p.item, ticket_ids=(ticket.id,))
            return Shown()
        page = cuts.page(ticket.id, pieces, cuts.read(p.argument, len(pieces)), self._translate)
        return Shown(text=page.head, keyboard=inline(page.keyboard))

    async def _do_cut(self, p: AgentPress) -> Shown:
        ticket, first = await self._text(p)
        drafts = cuts.drafts(ticket, first.text, cuts.read(p.argument, len(cuts.pieces(ticket, first.text))))
        made = await self._desk.split(p.uow, ticket.id, drafts, p.actor, because="розділив співробітник")
        others = [facts.ticket.id for facts in made[1:]]
        told = self._say("✂️ №{id} розділено: {numbers}.", id=ticket.id, numbers=", ".join(f"№{n}" for n in (ticket.id, *others)))
        back = ".".join(map(str, others))
        keyboard = undo(self._say("↩️ Знову одне"), "uncut", ticket.id, back) if len(back) <= cuts.LONGEST_LIST else ()
        return Shown(text=told, keyboard=inline(keyboard))

    async def _uncut(self, p: AgentPress) -> Shown:
        numbers = [ticket_number(each) for each in p.argument.split(".")]
        others = [ticket for ticket in await p.uow.tickets.get_many([n for n in numbers if n]) if ticket.origin_id is not None]
        kept = await self._view.ticket(p.uow, p.ticket_id)
        if not others or any(ticket.origin_id != kept.origin_id for ticket in others):
            raise NotFound("Такого звернення немає.")
        await self._desk.merge(p.uow, kept.id, [ticket.id for ticket in others], p.actor, because="one_question")
        return Shown(text=self._say("↩️ №{id} знову одне звернення.", id=kept.id), keyboard=inline(()))

    async def _text(self, p: AgentPress) -> tuple[Ticket, Message]:
        ticket = await self._view.ticket(p.uow, p.ticket_id)
        if not ticket.is_open:
            raise Conflict("Звернення №{id} вже закрите. Спершу відкрийте його знову.", id=ticket.id)
        return ticket, await first_words(p.uow, ticket.id)

    async def _merge(self, p: AgentPress) -> Shown:
        """Into which one: those of the same person or company. There is no way back, so it is asked once more."""
        ticket = await self._view.ticket(p.uow, p.ticket_id)
        if p.argument:
            into = await self._other(p)
            sure = self._say("🔗 Так: №{id} стане частиною №{into}", id=ticket.id, into=into.id)
            return Shown(keyboard=inline(confirm_menu(sure, "domerge", ticket.id, into.id, self._translate)))
        others = await self._of_same_client(p, ticket)
        if not others:
            raise NotFound("У цього клієнта немає інших відкритих звернень.")
        return Shown(keyboard=inline(tickets_menu("merge", ticket.id, others, self._translate)))

    async def _do_merge(self, p: AgentPress) -> Shown:
        into = await self._other(p)
        await self._desk.merge(p.uow, into.id, [p.ticket_id], p.actor, because="об'єднав співробітник")
        return Shown(words=self._say("№{id} тепер у №{into}.", id=p.ticket_id, into=into.id), keyboard=inline(()))

    async def _of_same_client(self, p: AgentPress, ticket: Ticket) -> list[Ticket]:
        contact = await p.uow.people.contact(ticket.contact_id)
        if contact is None:
            return []
        seen = await p.uow.tickets.visible_to(contact, include_closed=False, limit=MOST_CHOICES + 1)
        return [each for each in seen if each.id != ticket.id and each.client_id == ticket.client_id]

    async def _cause(self, p: AgentPress) -> Shown:
        """Which ticket stands for the cause: those that do already first, then the newest."""
        ticket = await self._view.ticket(p.uow, p.ticket_id)
        if p.argument:
            other = await self._other(p)
            linked = await self._desk.link_to_cause(p.uow, [ticket.id], other.id, p.actor)
            if not linked:
                raise Conflict("№{id} уже пов'язано з №{cause}.", id=ticket.id, cause=other.id)
            cause = linked[0].cause_id
            return await self._main(p, self._say("№{id}: та сама причина, що в №{cause}.", id=ticket.id, cause=cause))
        rows = await p.uow.tickets.queue(limit=_LOOKED_AT)
        causes = {row.ticket.cause_id for row in rows if row.ticket.cause_id is not None}
        others = sorted(
            (row.ticket for row in rows if row.ticket.id != ticket.id and row.ticket.cause_id is None),
            key=lambda each: (each.id not in causes, -each.id),
        )
        if not others:
            raise NotFound("Інших відкритих звернень немає.")
        return Shown(keyboard=inline(tickets_menu("cause", ticket.id, others, self._translate)))

    async def _uncause(self, p: AgentPress) -> Shown:
        await self._desk.unlink_cause(p.uow, p.ticket_id, p.actor)
        return await self._main(p, self._say("№{id} більше не пов'язано зі спільною причиною.", id=p.ticket_id))

    async def _reply_all(self, p: AgentPress) -> Shown:
        await self._ask(p, "replyall")
        return Shown()

    async def _other(self, p: AgentPress) -> Ticket:
        number = ticket_number(p.argument)
        if number is None or number == p.ticket_id:
            raise NotFound("Такого звернення немає.")
        return await self._view.ticket(p.uow, number)
