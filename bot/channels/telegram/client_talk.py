"""The conversation with a client: messages into the intake, commands carried out through the desk. Thin: what is allowed, the desk decides.

A refusal of the desk is explained to the presser and ends the row; everything that must be heard is an outbox row of the same commit.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any

from bot import notices
from bot.channels.numbers import ticket_number
from bot.channels.telegram.acts import CHANNEL, Done, Said, tell
from bot.channels.telegram.client_view import end_for_client, my_page, seen_by
from bot.channels.telegram.parse import Command, Line, Person
from bot.channels.telegram.reception import Reception
from bot.clock import Clock
from bot.desk import Desk
from bot.desk_base import may_see
from bot.errors import Rejected
from bot.intake.service import Intake
from bot.model import (
    Actor,
    Address,
    Contact,
    Link,
    Outcome,
)
from bot.ports import Disposition, InboxItem, InboxResult, UnitOfWork
from bot.texts import explain, translator

_MY_LIMIT = 20
MakeLink = Callable[[UnitOfWork, str], Awaitable[str]]
"""Makes a one-time login link for a subject ("contact:7") inside the unit of work."""


class ClientTalk:
    """See the module."""

    def __init__(self, *, desk: Desk, intake: Intake, clock: Clock, reception: Reception, make_link: MakeLink | None) -> None:
        self._desk = desk
        self._intake = intake
        self._clock = clock
        self._reception = reception
        self._make_link = make_link
        self._commands: dict[str, Callable[[UnitOfWork, Line, Command, InboxItem, Contact], Awaitable[Done]]] = {
            "start": self._start,
            "help": self._help,
            "my": self._my,
            "close": self._close,
            "site": self._site,
            "language": self._language,
        }

    async def contact(self, uow: UnitOfWork, person: Person) -> Contact:
        """Who it is; a new person is served first and identified after. The desk's language until they choose theirs."""
        address = Address(channel=CHANNEL, value=str(person.id))
        known = await uow.people.contact_at(address)
        language = self._intake.settings.language
        return known or await uow.people.add_contact(
            name=person.name or address.value, client_id=None, language=language, addresses=(address,)
        )

    async def said(self, uow: UnitOfWork, said: Said) -> list[InboxResult]:
        """A message into the intake. Its own ids lead to its tickets too: the client may reply to their own line, or edit it."""
        if await self._is_old_news(uow, said):
            return [Done(because="edit_unchanged").result(item.id) for item in said.items]
        results = await self._intake.accept(uow, said.planned, [item.id for item in said.items])
        for ticket_id in results[0].ticket_ids:
            for line in said.lines:
                uow.tickets.add_link(
                    Link(
                        channel=CHANNEL,
                        conversation=str(line.place.id),
                        external_id=str(line.message_id),
                        ticket_id=ticket_id,
                        kind="own_line",
                    )
                )
        if results[0].disposition is Disposition.FOLLOW_UP:
            await self._confirm_end(uow, results[0].ticket_ids)
        return results

    async def _confirm_end(self, uow: UnitOfWork, ticket_ids: Sequence[int]) -> None:
        """A word that closed its ticket ("it works, thanks") is confirmed with a way back; the desk itself tells staff only."""
        for ticket in await uow.tickets.get_many(ticket_ids):
            if ticket.outcome is not None and ticket.merged_into_id is None:
                facts = await self._desk.facts(uow, ticket)
                told = {"outcome": ticket.outcome.value, "result": ticket.result, "agent": ""}
                for row in notices.told_client(facts, "closed", now=self._clock.now(), **told):
                    uow.outbox.add(row)

    async def _is_old_news(self, uow: UnitOfWork, said: Said) -> bool:
        """An edit that changed no words (Telegram sends one when a link's preview arrives)."""
        if not all(line.is_edit for line in said.lines):
            return False
        links = await uow.tickets.find_links(CHANNEL, str(said.lines[0].place.id), [str(line.message_id) for line in said.lines])
        known = [message.text for link in links for message in await uow.tickets.messages(link.ticket_id)]
        return all(any(line.text in text for text in known) for line in said.lines)

    async def command(self, uow: UnitOfWork, line: Line, command: Command, item: InboxItem) -> Done:
        contact = await self.contact(uow, line.person)
        try:
            return await self._commands.get(command.name, self._unknown)(uow, line, command, item, contact)
        except Rejected as refusal:
            self._say(uow, line.place.id, explain(refusal, contact.language), item, contact)
            return Done(because="command_refused")

    async def shared_contact(self, uow: UnitOfWork, line: Line, item: InboxItem) -> Done:
        """The sender's own card links the person to the company that knows this number; the address is remembered."""
        contact = await self.contact(uow, line.person)
        phone = Address(channel="phone", value="+" + "".join(filter(str.isdigit, line.own_contact)))
        owner = await uow.people.contact_at(phone)
        if owner is None:
            await uow.people.save_contact(replace(contact, addresses=(*contact.addresses, phone)))
        elif owner.client_id is not None and contact.client_id is None:
            await self._desk.identify(uow, contact.id, owner.client_id, Actor.contact(contact))
        known = await uow.people.contact(contact.id) or contact
        client = await uow.people.client(known.client_id) if known.client_id else None
        say = translator(contact.language)
        thanks = say("Дякуємо! Номер збережено.")
        if client is not None:
            thanks += " " + say("Тепер ми знаємо, що ви з компанії «{company}».").format(company=client.name)
        self._tell(uow, line.place.id, "contact_known", {"text": thanks}, item, contact)
        return Done(because="own_contact")

    async def sticker(self, uow: UnitOfWork, line: Line, item: InboxItem) -> Done:
        """No question in it: a kind answer, no ticket."""
        contact = await self.contact(uow, line.person)
        say = translator(contact.language)
        sentence = say("Дякуємо за настрій! Якщо потрібна допомога, напишіть, що сталося.")
        self._say(uow, line.place.id, sentence, item, contact)
        return Done(because="sticker")

    async def _start(self, uow: UnitOfWork, line: Line, command: Command, item: InboxItem, contact: Contact) -> Done:
        text = self._reception.greeting(contact.language, account=line.person.id)
        self._tell(uow, line.place.id, "welcome", {"text": text, "asks_contact": contact.client_id is None}, item, contact)
        return Done(because="command")

    async def _help(self, uow: UnitOfWork, line: Line, command: Command, item: InboxItem, contact: Contact) -> Done:
        self._say(uow, line.place.id, self._reception.help(contact.language), item, contact)
        return Done(because="command")

    async def _unknown(self, uow: UnitOfWork, line: Line, command: Command, item: InboxItem, contact: Contact) -> Done:
        say = translator(contact.language)
        self._say(uow, line.place.id, f"{say('Такої команди немає.')}\n\n{self._reception.help(contact.language)}", item, contact)
        return Done(because="unknown_command")

    async def _my(self, uow: UnitOfWork, line: Line, command: Command, item: InboxItem, contact: Contact) -> Done:
        """R4: what the contact may see, newest first; closed ones with `/my all`."""
        with_closed = command.rest.lower() in ("all", "усі", "всі")
        page = await my_page(self._desk, uow, contact, number=0, with_closed=with_closed)
        self._tell(uow, line.place.id, "my", page, item, contact)
        return Done(because="command")

    async def _close(self, uow: UnitOfWork, line: Line, command: Command, item: InboxItem, contact: Contact) -> Done:
        """By number, by the message it replies to, or the only open one; otherwise the list to choose from (R7).

        Words behind the command that are no number ("/close not yet") may mean anything: nothing is closed on a guess.
        """
        number = ticket_number(command.rest)
        is_unclear = bool(command.rest) and number is None
        if number is not None:
            chosen = [number]
        elif line.answers is not None and not is_unclear:
            links = await uow.tickets.find_links(CHANNEL, str(line.place.id), [str(line.answers)])
            chosen = list(dict.fromkeys(link.ticket_id for link in links))
        else:
            chosen = [ticket.id for ticket in await uow.tickets.open_for_contact(contact.id, limit=_MY_LIMIT)]
        if len(chosen) == 1 and not is_unclear:
            await end_for_client(self._desk, uow, chosen[0], contact, now=self._clock.now(), outcome=Outcome.SOLVED)
            return Done(because="command", ticket_ids=(chosen[0],))
        if chosen and is_unclear:
            say = translator(contact.language)
            sentence = say("Яке звернення закрити? Напишіть його номер, наприклад /close {id}.").format(id=chosen[0])
            self._say(uow, line.place.id, sentence, item, contact)
        tickets = [ticket for ticket in await uow.tickets.get_many(chosen) if ticket.is_open and may_see(ticket, contact)]
        self._tell_my(uow, line.place.id, [await seen_by(self._desk, uow, ticket, contact) for ticket in tickets], item, contact)
        return Done(because="command")

    async def _site(self, uow: UnitOfWork, line: Line, command: Command, item: InboxItem, contact: Contact) -> Done:
        if self._make_link is None:
            say = translator(contact.language)
            self._say(uow, line.place.id, say("Сайт зараз вимкнено."), item, contact)
            return Done(because="command")
        url = await self._make_link(uow, f"contact:{contact.id}")
        self._tell(uow, line.place.id, "login_link", {"url": url}, item, contact)
        return Done(because="command")

    async def _language(self, uow: UnitOfWork, line: Line, command: Command, item: InboxItem, contact: Contact) -> Done:
        self._tell(uow, line.place.id, "choose_language", {}, item, contact)
        return Done(because="command")

    def _tell_my(self, uow: UnitOfWork, chat: int, tickets: list[dict[str, Any]], item: InboxItem, contact: Contact) -> None:
        self._tell(uow, chat, "my", {"tickets": tickets}, item, contact)

    def _tell(self, uow: UnitOfWork, chat: int, kind: str, body: dict[str, Any], item: InboxItem, contact: Contact) -> None:
        tell(uow, chat, kind, {"language": contact.language, **body}, item=item, now=self._clock.now())

    def _say(self, uow: UnitOfWork, chat: int, text: str, item: InboxItem, contact: Contact) -> None:
        self._tell(uow, chat, "say", {"text": text}, item, contact)
