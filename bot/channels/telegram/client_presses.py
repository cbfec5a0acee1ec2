"""A client's buttons, each carried out through the desk. Thin: what is allowed, the desk decides; the data of a button proves nothing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any

from bot import notices
from bot.channels.numbers import ticket_number
from bot.channels.telegram.acts import CHANNEL, Done, route, tell, toast, without_buttons
from bot.channels.telegram.buttons import Pressed
from bot.channels.telegram.client_view import end_for_client, seen_by, words_for_client
from bot.channels.telegram.parse import Press
from bot.clock import Clock
from bot.desk import Desk
from bot.desk_base import may_see
from bot.errors import BotError, Conflict, NotFound, Rejected
from bot.intake.drafts import split_drafts
from bot.model import Actor, Address, Contact, Event, InboundMessage, MessageKind, Outcome, Priority, ReasonState, Ticket, UrgencyReason
from bot.ports import InboxItem, UnitOfWork
from bot.texts import LANGUAGES, explain, translator


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

    def say(self, sentence: str, **values: Any) -> str:
        return translator(self.contact.language)(sentence).format(**values)


class ClientPresses:
    """See the module. Each verb returns the toast; "" when a message says it."""

    def __init__(self, *, desk: Desk, clock: Clock) -> None:
        self._desk = desk
        self._clock = clock
        self._verbs: dict[str, Callable[[Pressing], Awaitable[str]]] = {
            "right": self._right,
            "one": self._one,
            "otherwise": self._otherwise,
            "split": self._split,
            "reason": self._reason,
            "urgent": self._urgent,
            "join": self._join,
            "done": self._done,
            "drop": self._drop,
            "unsolved": self._unsolved,
            "reopen": self._reopen,
            "open": self._open,
            "language": self._choose_language,
        }

    def knows(self, verb: str) -> bool:
        return verb in self._verbs

    async def press(self, uow: UnitOfWork, press: Press, pressed: Pressed, item: InboxItem, contact: Contact) -> Done:
        """Carry a press out; a refusal is a loud toast."""
        pressing = Pressing(uow=uow, press=press, pressed=pressed, item=item, contact=contact)
        try:
            words = await self._verbs[pressed.verb](pressing)
        except Rejected as refusal:
            return Done(because="button_refused", effects=(toast(press.callback_id, explain(refusal, contact.language), loud=True),))
        gone = () if pressed.verb == "open" else without_buttons(press.place.id, press.message_id)
        return Done(because="button", effects=(toast(press.callback_id, words), *gone))

    async def _right(self, p: Pressing) -> str:
        """The split is as the client meant it: a word for the training data (DESIGN 5)."""
        for ticket in await self._own_siblings(p):
            p.uow.tickets.add_event(Event(ticket_id=ticket.id, kind="split_confirmed", actor=p.actor, at=self._clock.now()))
        return p.say("Дякуємо!")

    async def _one(self, p: Pressing) -> str:
        parts = [ticket for ticket in await self._own_siblings(p) if ticket.is_open]
        kept = await self._desk.undo_split(p.uow, p.pressed.id, p.actor)
        if len(parts) > 1:
            await self._tell_merged(p, kept)
        return p.say("Гаразд, це одне питання.")

    async def _otherwise(self, p: Pressing) -> str:
        """The client explains, an agent divides: both are told, nothing is undone meanwhile."""
        tickets = await self._own_siblings(p)
        now, numbers = self._clock.now(), ", ".join(f"№{ticket.id}" for ticket in tickets)
        for ticket in tickets:
            p.uow.tickets.add_event(Event(ticket_id=ticket.id, kind="split_disputed", actor=p.actor, at=now))
        news = BotError("{name}: звернення {numbers} розділено не так. Клієнт напише, як правильно.", name=p.contact.name, numbers=numbers)
        for row in notices.alert(self._desk.staff.desk, news, cause=f"inbox:{p.item.id}", now=now):
            p.uow.outbox.add(row)
        sentence = p.say("Напишіть, будь ласка, відповіддю на це повідомлення, як розділити правильно, — фахівець виправить.")
        body = {"language": p.contact.language, "text": sentence}
        tell(p.uow, p.press.place.id, "say", body, item=p.item, now=now, ticket_ids=(tickets[0].id,))
        return ""

    async def _split(self, p: Pressing) -> str:
        """ "Yes, several": the ticket becomes what the receipt offered (R5)."""
        ticket = await self._own(p, p.pressed.id)
        if ticket.origin_id is not None and len(await p.uow.tickets.siblings(ticket.origin_id)) > 1:
            raise Conflict("Це повідомлення вже розділено.")
        first = next((m for m in await p.uow.tickets.messages(ticket.id) if m.kind is MessageKind.INBOUND), None)
        if first is None:
            raise NotFound("Звернення №{id} не має тексту, який можна розділити.", id=ticket.id)
        parts = split_drafts(first.text, channel=CHANNEL)
        made = await self._desk.split(p.uow, ticket.id, parts, p.actor, because="клієнт підтвердив")
        cause, now = f"inbox:{p.item.id}", self._clock.now()
        for row in notices.receipt(made, cause=cause, now=now, act="split", because="клієнт підтвердив"):
            p.uow.outbox.add(row)
        for facts in made:
            if facts.ticket.reason_state is ReasonState.ASKED:
                for row in notices.urgency_question(facts, cause=cause, now=now):
                    p.uow.outbox.add(row)
        return ""

    async def _reason(self, p: Pressing) -> str:
        """R11. 0 is "none of these"."""
        if p.pressed.argument not in ("0", "1", "2", "3"):
            raise NotFound("Такої причини немає.")
        value = int(p.pressed.argument)
        await self._desk.set_reason(p.uow, p.pressed.id, UrgencyReason(value) if value else None, p.actor)
        return p.say("Дякуємо! Працюємо над цим терміново.") if value else ""

    async def _urgent(self, p: Pressing) -> str:
        """R9, R11: a claim of urgency starts the hour at once; the desk asks for the reason."""
        await self._desk.set_priority(p.uow, p.pressed.id, Priority.URGENT, p.actor)
        return p.say("Прийнято як термінове.")

    async def _join(self, p: Pressing) -> str:
        """ "It belongs to №5": the new ticket goes on in the old one."""
        into = ticket_number(p.pressed.argument)
        if into is None:
            raise NotFound("Такого звернення немає.")
        kept = await self._desk.merge(p.uow, into, [p.pressed.id], p.actor, because="клієнт: це те саме питання")
        await self._tell_merged(p, kept)
        return ""

    async def _done(self, p: Pressing) -> str:
        await end_for_client(self._desk, p.uow, p.pressed.id, p.contact, now=self._clock.now(), outcome=Outcome.SOLVED)
        return p.say("Дякуємо! Звернення закрито.")

    async def _drop(self, p: Pressing) -> str:
        await end_for_client(self._desk, p.uow, p.pressed.id, p.contact, now=self._clock.now(), outcome=Outcome.NOT_RELEVANT)
        return p.say("Звернення закрито.")

    async def _unsolved(self, p: Pressing) -> str:
        """The answer did not help: the turn is staff's again. The button speaks for the client."""
        ticket = await self._own(p, p.pressed.id)
        now = self._clock.now()
        inbound = InboundMessage(
            channel=CHANNEL,
            conversation=str(p.press.place.id),
            external_ids=(p.item.external_id,),
            sender=Address(channel=CHANNEL, value=str(p.press.person.id)),
            sender_name=p.contact.name,
            reply_route=route(p.press.place.id),
            text=p.say("Ще не вирішено."),
            received_at=now,
        )
        await self._desk.add_client_message(p.uow, ticket.id, inbound, inbox_id=p.item.id, contact=p.contact, verdict="not_solved")
        sentence = p.say("Зрозуміло, звернення №{id} знову в роботі. Напишіть відповіддю на це повідомлення, що саме не так.", id=ticket.id)
        tell(
            p.uow,
            p.press.place.id,
            "say",
            {"language": p.contact.language, "text": sentence},
            item=p.item,
            now=now,
            ticket_ids=(ticket.id,),
        )
        return ""

    async def _reopen(self, p: Pressing) -> str:
        await self._desk.reopen(p.uow, p.pressed.id, p.actor)
        return ""

    async def _open(self, p: Pressing) -> str:
        """One ticket with everything said in it, for its client's eyes."""
        ticket = await self._own(p, p.pressed.id)
        words = await words_for_client(p.uow, ticket)
        body = {"language": p.contact.language, "ticket": await seen_by(self._desk, p.uow, ticket, p.contact), "words": words}
        tell(p.uow, p.press.place.id, "my_ticket", body, item=p.item, now=self._clock.now(), ticket_ids=(ticket.id,))
        return ""

    async def _choose_language(self, p: Pressing) -> str:
        if p.pressed.argument not in LANGUAGES:
            raise NotFound("Такої мови немає.")
        await p.uow.people.save_contact(replace(p.contact, language=p.pressed.argument))
        say = translator(p.pressed.argument)
        return say("Гаразд, далі пишемо українською.")

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
        body = {"language": p.contact.language, "ticket": await seen_by(self._desk, p.uow, kept, p.contact)}
        tell(p.uow, p.press.place.id, "merged", body, item=p.item, now=self._clock.now(), ticket_ids=(kept.id,))
