"""What the modules of a client's buttons share: one press, what it shows, whose ticket it may touch."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from bot.channels.telegram import render
from bot.channels.telegram.acts import Effect, route, tell
from bot.channels.telegram.buttons import Pressed
from bot.channels.telegram.client_view import seen_by
from bot.channels.telegram.page import Reader
from bot.channels.telegram.parse import Press
from bot.clock import Clock
from bot.desk import Desk
from bot.desk_base import may_see
from bot.errors import NotFound
from bot.model import Actor, Contact, Delivery, Ticket
from bot.ports import InboxItem, UnitOfWork
from bot.texts import translator


@dataclass(frozen=True, slots=True, kw_only=True)
class Pressing:
    """One press with all that its verb needs."""

    uow: UnitOfWork
    press: Press
    pressed: Pressed
    item: InboxItem
    contact: Contact

    @property
    def actor(self) -> Actor:
        return Actor.contact(self.contact)

    @property
    def argument(self) -> str:
        return self.pressed.argument

    def say(self, sentence: str, **values: Any) -> str:
        return translator(self.contact.language)(sentence).format(**values)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A toast ("" when a message says it), the new state of the pressed message, or its buttons left as they are."""

    words: str = ""
    edit: Effect | None = None
    keeps_buttons: bool = False


Verb = Callable[[Pressing], Awaitable[Shown | str]]


class ClientVerbs:
    """One module's verbs, by the name in the button."""

    verbs: Mapping[str, Verb]

    def __init__(self, *, desk: Desk, clock: Clock, zone: ZoneInfo) -> None:
        self._desk = desk
        self._clock = clock
        self._zone = zone

    def _now(self) -> datetime:
        return self._clock.now()

    def _tell(self, p: Pressing, kind: str, body: dict[str, Any], *tickets: Ticket) -> None:
        """A message about these tickets: an answer to it goes on in the first."""
        whole = {"language": p.contact.language, **body}
        numbers = tuple(ticket.id for ticket in tickets)
        tell(p.uow, p.press.place.id, kind, whole, item=p.item, now=self._now(), ticket_ids=numbers)

    def _edited(self, p: Pressing, kind: str, body: dict[str, Any]) -> Effect | None:
        """The pressed message in a new state, at once: nothing is lost if it does not arrive, the old buttons say the same again."""
        chat, message_id, now = p.press.place.id, p.press.message_id, self._now()
        if message_id is None:
            return None
        whole = {"language": p.contact.language, **body}
        reader = Reader(language=p.contact.language, zone=self._zone, now=now)
        call = render.edit(Delivery(key="", route=route(chat), kind=kind, body=whole, created_at=now), reader, message_id, is_staff=False)
        return None if call is None else Effect(method=call.method, parameters={"chat_id": chat, **call.parameters})

    async def _own(self, p: Pressing, ticket_id: int) -> Ticket:
        ticket = await p.uow.tickets.get(ticket_id)
        if ticket is None or not may_see(ticket, p.contact):
            raise NotFound("Звернення №{id} не знайдено.", id=ticket_id)
        return ticket

    async def _own_siblings(self, p: Pressing) -> list[Ticket]:
        tickets = [ticket for ticket in await p.uow.tickets.siblings(p.pressed.id) if may_see(ticket, p.contact)]
        if not tickets:
            raise NotFound("Таких звернень немає.")
        return tickets

    async def _tell_merged(self, p: Pressing, kept: Ticket) -> None:
        self._tell(p, "merged", {"ticket": await seen_by(self._desk, p.uow, kept, p.contact)}, kept)
