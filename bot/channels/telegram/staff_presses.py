"""An agent's buttons, each carried out through the desk. The chat and the account are checked each time, the data is only a wish."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from bot.channels.numbers import ticket_number
from bot.channels.telegram.acts import Done, Effect, toast
from bot.channels.telegram.buttons import Pressed
from bot.channels.telegram.parse import Press
from bot.channels.telegram.render import inline
from bot.channels.telegram.render_staff import SNOOZE_MINUTES, main_keyboard, menu
from bot.channels.telegram.staff_view import StaffView, agent_of
from bot.clock import Clock
from bot.desk import Desk
from bot.errors import NotFound, Rejected
from bot.model import Actor, Agent, Outcome, Priority
from bot.ports import InboxItem, UnitOfWork
from bot.texts import explain, translator

# A button tapped twice sends two presses. Within this time the second one is the first one's echo, and the client is not told again.
_DOUBLE_PRESS = timedelta(seconds=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentPress:
    """One press with all that its verb needs."""

    uow: UnitOfWork
    press: Press
    pressed: Pressed
    item: InboxItem
    agent: Agent

    @property
    def ticket_id(self) -> int:
        return self.pressed.id

    @property
    def chat(self) -> int:
        return self.press.place.id


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What the presser sees: a toast, and perhaps other buttons under the message."""

    words: str = ""
    keyboard: dict[str, Any] | None = None


class StaffPresses:
    """See the module."""

    def __init__(self, *, desk: Desk, view: StaffView, clock: Clock) -> None:
        self._desk = desk
        self._view = view
        self._clock = clock
        self._verbs: dict[str, Callable[[AgentPress], Awaitable[Shown]]] = {
            "claim": self._claim,
            "reply": self._ask_words,
            "ask": self._ask_words,
            "solved": self._ask_words,
            "phoned": self._phoned,
            "snooze": self._snooze,
            "priority": self._priority,
            "close": self._close,
            "again": self._again,
            "back": self._back,
            "show": self._show,
            "callto": self._call_to,
        }

    def knows(self, verb: str) -> bool:
        return verb in self._verbs

    async def press(self, uow: UnitOfWork, press: Press, pressed: Pressed, item: InboxItem) -> Done:
        """Carry a press out; others' presses are refused politely, with the reason."""
        language = self._view.language
        try:
            agent = await agent_of(uow, press.person)
            shown = await self._verbs[pressed.verb](AgentPress(uow=uow, press=press, pressed=pressed, item=item, agent=agent))
        except Rejected as refusal:
            return Done(because="button_refused", effects=(toast(press.callback_id, explain(refusal, language), loud=True),))
        return Done(because="button", effects=(toast(press.callback_id, shown.words), *self._keyboard(press, shown)))

    def _keyboard(self, press: Press, shown: Shown) -> tuple[Effect, ...]:
        if shown.keyboard is None or press.message_id is None:
            return ()
        parameters = {"chat_id": press.place.id, "message_id": press.message_id, "reply_markup": shown.keyboard}
        return (Effect(method="editMessageReplyMarkup", parameters=parameters),)

    async def _claim(self, p: AgentPress) -> Shown:
        await self._desk.claim(p.uow, p.ticket_id, p.agent)
        return Shown(words=self._say("№{id} ваше.", id=p.ticket_id))

    async def _ask_words(self, p: AgentPress) -> Shown:
        await self._view.ask_for_words(
            p.uow, p.chat, p.item, what=p.pressed.verb, ticket_id=p.ticket_id, person=p.press.person, agent=p.agent
        )
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

    async def _snooze(self, p: AgentPress) -> Shown:
        if not p.pressed.argument:
            return self._menu(p)
        if p.pressed.argument not in map(str, SNOOZE_MINUTES):
            raise NotFound("Такого часу немає.")
        await self._desk.snooze(p.uow, p.ticket_id, p.agent, self._clock.now() + timedelta(minutes=int(p.pressed.argument)))
        return Shown(words=self._say("Відкладено."))

    async def _priority(self, p: AgentPress) -> Shown:
        """Lowering it asks for the reason first: the client reads it."""
        if not p.pressed.argument:
            return self._menu(p)
        if p.pressed.argument not in {each.value for each in Priority}:
            raise NotFound("Такої критичності немає.")
        wanted, ticket = Priority(p.pressed.argument), await self._view.ticket(p.uow, p.ticket_id)
        if wanted.rank < ticket.priority.rank:
            await self._view.ask_for_words(
                p.uow,
                p.chat,
                p.item,
                what="lower",
                ticket_id=p.ticket_id,
                person=p.press.person,
                agent=p.agent,
                argument=wanted.value,
            )
            return await self._main(p)
        await self._desk.set_priority(p.uow, p.ticket_id, wanted, Actor.agent(p.agent))
        return await self._main(p)

    async def _close(self, p: AgentPress) -> Shown:
        if not p.pressed.argument:
            return self._menu(p)
        if p.pressed.argument not in {each.value for each in Outcome}:
            raise NotFound("Такого результату немає.")
        await self._view.ask_for_words(
            p.uow,
            p.chat,
            p.item,
            what="close",
            ticket_id=p.ticket_id,
            person=p.press.person,
            agent=p.agent,
            argument=p.pressed.argument,
        )
        return await self._main(p)

    async def _again(self, p: AgentPress) -> Shown:
        await self._desk.reopen(p.uow, p.ticket_id, Actor.agent(p.agent))
        return Shown(words=self._say("Відкрито знову."))

    async def _back(self, p: AgentPress) -> Shown:
        return await self._main(p)

    async def _show(self, p: AgentPress) -> Shown:
        await self._view.show_ticket(p.uow, p.chat, p.ticket_id, p.item)
        return Shown()

    async def _call_to(self, p: AgentPress) -> Shown:
        """The call just written down belongs to an open ticket (R11)."""
        into = ticket_number(p.pressed.argument)
        if into is None:
            raise NotFound("Такого звернення немає.")
        await self._desk.merge(p.uow, into, [p.ticket_id], Actor.agent(p.agent), because="дзвінок про це звернення")
        return Shown(words=self._say("Дзвінок приєднано до №{id}.", id=into), keyboard=inline(()))

    def _menu(self, p: AgentPress) -> Shown:
        return Shown(keyboard=inline(menu(p.pressed.verb, p.ticket_id, translator(self._view.language))))

    async def _main(self, p: AgentPress) -> Shown:
        facts = await self._desk.facts(p.uow, await self._view.ticket(p.uow, p.ticket_id))
        return Shown(keyboard=inline(main_keyboard(facts.for_staff(), translator(self._view.language))))

    def _say(self, sentence: str, **values: Any) -> str:
        return translator(self._view.language)(sentence).format(**values)
