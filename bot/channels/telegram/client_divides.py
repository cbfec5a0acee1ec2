"""A client's word about what their message was made into: right, one question, several, or several otherwise, cut by buttons (R5)."""

from __future__ import annotations

from typing import Any

from bot import notices
from bot.channels.numbers import ticket_number
from bot.channels.telegram import cuts
from bot.channels.telegram.client_press import ClientVerbs, Pressing, Shown
from bot.errors import BotError, NotFound
from bot.intake import division
from bot.intake.division import Piece
from bot.model import Event, Ticket

MOST_PIECES = 12
"""More than this is no list to press on: neighbours go together."""


class ClientDivides(ClientVerbs):
    """See the module."""

    def __init__(self, **parts: Any) -> None:
        super().__init__(**parts)
        self.verbs = {
            "right": self._right,
            "one": self._one,
            "split": self._split,
            "otherwise": self._otherwise,
            "divide": self._divide,
            "dodivide": self._do_divide,
            "byhand": self._by_hand,
            "join": self._join,
        }

    async def _right(self, p: Pressing) -> str:
        """The split is as the client meant it: a word for the training data (DESIGN 5)."""
        for ticket in await self._own_siblings(p):
            p.uow.tickets.add_event(Event(ticket_id=ticket.id, kind="split_confirmed", actor=p.actor, at=self._now()))
        return p.say("Дякуємо!")

    async def _one(self, p: Pressing) -> str:
        parts = [ticket for ticket in await self._own_siblings(p) if ticket.is_open]
        kept = await self._desk.undo_split(p.uow, p.pressed.id, p.actor)
        if len(parts) > 1:
            await self._tell_merged(p, kept)
        return p.say("Гаразд, це одне питання.")

    async def _split(self, p: Pressing) -> str:
        """ "Yes, several": the ticket becomes what the receipt offered."""
        made = await division.split_as_offered(p.uow, self._desk, p.pressed.id, p.contact)
        division.tell_made(p.uow, made, cause=f"inbox:{p.item.id}", now=self._now())
        return ""

    async def _otherwise(self, p: Pressing) -> Shown | str:
        """The message in pieces, with buttons to cut between them. Where there is nothing to cut, the client explains in words."""
        tickets, pieces = await self._pieces(p)
        if len(pieces) < 2:
            return await self._by_hand(p)
        now_cut = division.boundaries(pieces, [ticket.spans for ticket in tickets])
        self._tell(p, "divide", _body(p, pieces, frozenset(at + 1 for at in now_cut)), tickets[0])
        return Shown(keeps_buttons=True)

    async def _divide(self, p: Pressing) -> Shown:
        """A cut put in or taken out."""
        _, pieces = await self._pieces(p)
        body = _body(p, pieces, cuts.read(p.argument, len(pieces)))
        return Shown(edit=self._edited(p, "divide", body), keeps_buttons=True)

    async def _do_divide(self, p: Pressing) -> str:
        tickets, pieces = await self._pieces(p)
        chosen = cuts.read(p.argument, len(pieces))
        starts = sorted({0, *chosen})
        parts = [[piece.span for piece in pieces[at:end]] for at, end in zip(starts, [*starts[1:], len(pieces)], strict=True)]
        made = await division.divide(p.uow, self._desk, p.pressed.id, parts, p.contact, now=self._now())
        if {facts.ticket.id for facts in made} == {ticket.id for ticket in tickets}:
            return p.say("Дякуємо! Так і залишаємо.")
        if len(made) == 1:
            await self._tell_merged(p, made[0].ticket)
            return p.say("Гаразд, це одне питання.")
        division.tell_made(p.uow, made, cause=f"inbox:{p.item.id}", now=self._now())
        return p.say("Гаразд, розділено.")

    async def _by_hand(self, p: Pressing) -> str:
        """The client explains, an agent divides: both are told, nothing is undone meanwhile."""
        tickets = await self._own_siblings(p)
        now, numbers = self._now(), ", ".join(f"№{ticket.id}" for ticket in tickets)
        for ticket in tickets:
            p.uow.tickets.add_event(Event(ticket_id=ticket.id, kind="split_disputed", actor=p.actor, at=now))
        news = BotError("{name}: звернення {numbers} розділено не так. Клієнт напише, як правильно.", name=p.contact.name, numbers=numbers)
        for row in notices.alert(self._desk.staff.desk, news, cause=f"disputed:{p.pressed.id}", now=now):
            p.uow.outbox.add(row)
        sentence = p.say("Напишіть, будь ласка, відповіддю на це повідомлення, як розділити правильно, — фахівець виправить.")
        self._tell(p, "say", {"text": sentence}, tickets[0])
        return ""

    async def _join(self, p: Pressing) -> str:
        """ "It belongs to №5": the new ticket goes on in the old one."""
        into = ticket_number(p.argument)
        if into is None:
            raise NotFound("Такого звернення немає.")
        kept = await self._desk.merge(p.uow, into, [p.pressed.id], p.actor, because="клієнт: це те саме питання")
        await self._tell_merged(p, kept)
        return ""

    async def _pieces(self, p: Pressing) -> tuple[list[Ticket], tuple[Piece, ...]]:
        """The open tickets of the message, and the pieces of what they were made of."""
        tickets = [ticket for ticket in await self._own_siblings(p) if ticket.is_open]
        if not tickets:
            raise NotFound("Ці звернення вже закриті.")
        first = await division.first_words(p.uow, tickets[0].id)
        spans = [span for ticket in tickets for span in ticket.spans]
        return tickets, division.pieces_of(first.text, spans, most=MOST_PIECES)


def _body(p: Pressing, pieces: tuple[Piece, ...], chosen: frozenset[int]) -> dict[str, Any]:
    return {"origin": p.pressed.id, "pieces": [piece.text for piece in pieces], "cuts": sorted(chosen)}
