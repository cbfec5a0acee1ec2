"""What the modules for agents' buttons share: one press with all that its verb needs, and what the presser sees of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from bot.channels.telegram.buttons import Pressed
from bot.channels.telegram.page import Keyboard
from bot.channels.telegram.parse import Press
from bot.channels.telegram.render import inline
from bot.channels.telegram.staff_menus import main_keyboard
from bot.channels.telegram.staff_view import StaffView
from bot.clock import Clock
from bot.desk import Desk
from bot.model import Actor, Agent
from bot.ports import InboxItem, UnitOfWork
from bot.texts import Translator, translator


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentPress:
    """One press of an agent who may press."""

    uow: UnitOfWork
    press: Press
    pressed: Pressed
    item: InboxItem
    agent: Agent

    @property
    def ticket_id(self) -> int:
        return self.pressed.id

    @property
    def argument(self) -> str:
        return self.pressed.argument

    @property
    def chat(self) -> int:
        return self.press.place.id

    @property
    def actor(self) -> Actor:
        return Actor.agent(self.agent)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What the presser sees: a toast (`is_loud`: until they close it), and perhaps other words (HTML) and buttons in the message."""

    words: str = ""
    keyboard: dict[str, Any] | None = None
    text: str = ""
    is_loud: bool = False


Verb = Callable[[AgentPress], Awaitable[Shown]]


class Presses:
    """A group of verbs. Subclasses fill `verbs`."""

    def __init__(self, *, desk: Desk, view: StaffView, clock: Clock) -> None:
        self._desk = desk
        self._view = view
        self._clock = clock
        self.verbs: dict[str, Verb] = {}

    @property
    def _translate(self) -> Translator:
        return translator(self._view.language)

    def _say(self, sentence: str, **values: Any) -> str:
        return self._translate(sentence).format(**values)

    async def _ask(self, p: AgentPress, what: str, argument: str = "") -> None:
        """The verb needs words: the presser is asked for them, and their answer carries it out."""
        await self._view.ask_for_words(
            p.uow, p.chat, p.item, what=what, ticket_id=p.ticket_id, person=p.press.person, agent=p.agent, argument=argument
        )

    async def _main(self, p: AgentPress, words: str = "", *, above: Keyboard = (), is_loud: bool = False) -> Shown:
        """The card's own buttons again, and perhaps others above them."""
        facts = await self._desk.facts(p.uow, await self._view.ticket(p.uow, p.ticket_id))
        return Shown(
            words=words, keyboard=inline((*above, *main_keyboard(facts.for_staff(), self._translate, self._clock.now()))), is_loud=is_loud
        )
