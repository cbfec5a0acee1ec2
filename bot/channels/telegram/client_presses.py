"""A client's buttons, each carried out through the desk. Thin: what is allowed, the desk decides; the data of a button proves nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

from bot.channels.telegram.acts import CHANNEL, Done, Effect, route, toast, without_buttons
from bot.channels.telegram.buttons import Pressed
from bot.channels.telegram.client_divides import ClientDivides
from bot.channels.telegram.client_press import ClientVerbs, Pressing, Shown, Verb
from bot.channels.telegram.client_view import end_for_client, my_page, seen_by, words_for_client
from bot.channels.telegram.parse import Press
from bot.clock import Clock
from bot.desk import Desk
from bot.errors import NotFound, Rejected
from bot.model import Address, Category, Contact, InboundMessage, Outcome, Priority, UrgencyReason
from bot.ports import InboxItem, UnitOfWork
from bot.texts import CATEGORY_WORDS, LANGUAGES, PRIORITY_WORDS, explain, translator


class ClientPresses:
    """See the module."""

    def __init__(self, *, desk: Desk, clock: Clock, zone: ZoneInfo) -> None:
        parts: dict[str, Any] = {"desk": desk, "clock": clock, "zone": zone}
        self._verbs: Mapping[str, Verb] = {**ClientDivides(**parts).verbs, **_Fields(**parts).verbs, **_Answers(**parts).verbs}

    def knows(self, verb: str) -> bool:
        return verb in self._verbs

    async def press(self, uow: UnitOfWork, press: Press, pressed: Pressed, item: InboxItem, contact: Contact) -> Done:
        """Carry a press out; a refusal is a loud toast."""
        pressing = Pressing(uow=uow, press=press, pressed=pressed, item=item, contact=contact)
        try:
            told = await self._verbs[pressed.verb](pressing)
        except Rejected as refusal:
            return Done(because="button_refused", effects=(toast(press.callback_id, explain(refusal, contact.language), loud=True),))
        shown = told if isinstance(told, Shown) else Shown(words=told)
        return Done(because="button", effects=(toast(press.callback_id, shown.words), *_changes(press, shown)))


def _changes(press: Press, shown: Shown) -> tuple[Effect, ...]:
    if shown.edit is not None:
        return (shown.edit,)
    return () if shown.keeps_buttons else without_buttons(press.place.id, press.message_id)


class _Fields(ClientVerbs):
    """What a client may set: criticality with its reason, category (R9, R11), and the language."""

    def __init__(self, **parts: Any) -> None:
        super().__init__(**parts)
        self.verbs = {
            "reason": self._reason,
            "urgent": self._urgent,
            "level": self._level,
            "kind": self._kind,
            "language": self._choose_language,
        }

    async def _reason(self, p: Pressing) -> str:
        """R11. 0 is "none of these"."""
        if p.argument not in ("0", "1", "2", "3"):
            raise NotFound("Такої причини немає.")
        value = int(p.argument)
        await self._desk.set_reason(p.uow, p.pressed.id, UrgencyReason(value) if value else None, p.actor)
        return p.say("Дякуємо! Працюємо над цим терміново.") if value else ""

    async def _urgent(self, p: Pressing) -> Shown:
        """R9, R11: a claim of urgency starts the hour at once; the desk asks for the reason."""
        await self._desk.set_priority(p.uow, p.pressed.id, Priority.URGENT, p.actor)
        return Shown(words=p.say("Прийнято як термінове."), keeps_buttons=True)

    async def _level(self, p: Pressing) -> Shown | str:
        if not p.argument:
            ticket = await self._own(p, p.pressed.id)
            self._tell(p, "choose_level", {"ticket": await seen_by(self._desk, p.uow, ticket, p.contact)}, ticket)
            return Shown(keeps_buttons=True)
        if p.argument not in set(Priority):
            raise NotFound("Такої критичності немає.")
        ticket = await self._desk.set_priority(p.uow, p.pressed.id, Priority(p.argument), p.actor)
        return p.say("Критичність: {word}.", word=p.say(PRIORITY_WORDS[ticket.priority]))

    async def _kind(self, p: Pressing) -> Shown | str:
        if not p.argument:
            ticket = await self._own(p, p.pressed.id)
            self._tell(p, "choose_kind", {"ticket": await seen_by(self._desk, p.uow, ticket, p.contact)}, ticket)
            return Shown(keeps_buttons=True)
        if p.argument not in set(Category):
            raise NotFound("Такої категорії немає.")
        ticket = await self._desk.set_category(p.uow, p.pressed.id, Category(p.argument), p.actor)
        return p.say("Категорія: {word}.", word=p.say(CATEGORY_WORDS[ticket.category]))

    async def _choose_language(self, p: Pressing) -> str:
        if p.argument not in LANGUAGES:
            raise NotFound("Такої мови немає.")
        await p.uow.people.save_contact(replace(p.contact, language=p.argument))
        say = translator(p.argument)
        return say("Гаразд, далі пишемо українською.")


class _Answers(ClientVerbs):
    """What a client does with a running ticket: looks at it, says that it is solved or not, adds to it, closes, opens again."""

    def __init__(self, **parts: Any) -> None:
        super().__init__(**parts)
        self.verbs = {
            "done": self._done,
            "drop": self._drop,
            "unsolved": self._unsolved,
            "add": self._more,
            "reopen": self._reopen,
            "open": self._open,
            "page": self._page,
        }

    async def _done(self, p: Pressing) -> str:
        await end_for_client(self._desk, p.uow, p.pressed.id, p.contact, now=self._now(), outcome=Outcome.SOLVED)
        return p.say("Дякуємо! Звернення закрито.")

    async def _drop(self, p: Pressing) -> str:
        await end_for_client(self._desk, p.uow, p.pressed.id, p.contact, now=self._now(), outcome=Outcome.NOT_RELEVANT)
        return p.say("Звернення закрито.")

    async def _unsolved(self, p: Pressing) -> str:
        """The answer did not help: the turn is staff's again. The button speaks for the client."""
        ticket = await self._own(p, p.pressed.id)
        inbound = InboundMessage(
            channel=CHANNEL,
            conversation=str(p.press.place.id),
            external_ids=(p.item.external_id,),
            sender=Address(channel=CHANNEL, value=str(p.press.person.id)),
            sender_name=p.contact.name,
            reply_route=route(p.press.place.id),
            text=p.say("Ще не вирішено."),
            received_at=self._now(),
        )
        await self._desk.add_client_message(p.uow, ticket.id, inbound, inbox_id=p.item.id, contact=p.contact, verdict="not_solved")
        sentence = p.say("Зрозуміло, звернення №{id} знову в роботі. Напишіть відповіддю на це повідомлення, що саме не так.", id=ticket.id)
        self._tell(p, "say", {"text": sentence}, ticket)
        return ""

    async def _more(self, p: Pressing) -> Shown:
        """A message to answer, so that what follows joins this ticket whatever else was said meanwhile."""
        ticket = await self._own(p, p.pressed.id)
        facts = await seen_by(self._desk, p.uow, ticket, p.contact)
        self._tell(p, "prompt_more", {"ticket": facts, "person": str(p.press.person.id)}, ticket)
        return Shown(keeps_buttons=True)

    async def _reopen(self, p: Pressing) -> str:
        await self._desk.reopen(p.uow, p.pressed.id, p.actor)
        return ""

    async def _open(self, p: Pressing) -> Shown:
        """One ticket with everything said in it, for its client's eyes."""
        ticket = await self._own(p, p.pressed.id)
        body = {
            "ticket": await seen_by(self._desk, p.uow, ticket, p.contact),
            "words": await words_for_client(p.uow, ticket, now=self._now()),
        }
        self._tell(p, "my_ticket", body, ticket)
        return Shown(keeps_buttons=True)

    async def _page(self, p: Pressing) -> Shown:
        """Another page of the list, in place of this one. The argument is "all" with the closed ones, "open" without."""
        if p.argument not in ("all", "open"):
            raise NotFound("Такої сторінки немає.")
        body = await my_page(self._desk, p.uow, p.contact, number=p.pressed.id, with_closed=p.argument == "all")
        return Shown(edit=self._edited(p, "my", body), keeps_buttons=True)
