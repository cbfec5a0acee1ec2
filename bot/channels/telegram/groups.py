"""A client company's group chat: the bot listens to commands, mentions and replies to itself, and to nothing else.

A group is a company's once an agent, or a contact of that company, has said so. Whoever writes in it stays who they are: being in a group
opens no other ticket of the company (DESIGN 8), and what is written there belongs to the group's company all the same.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime

from bot import notices
from bot.channels.numbers import ticket_number
from bot.channels.telegram import group_book, lines
from bot.channels.telegram.acts import CHANNEL, Done, GroupSaid, tell
from bot.channels.telegram.client_talk import ClientTalk
from bot.channels.telegram.group_book import Group
from bot.channels.telegram.parse import Line, Reach
from bot.clock import Clock
from bot.desk import Desk
from bot.errors import BotError, NotFound, Rejected
from bot.intake.service import Intake, Planned
from bot.model import Address, Agent, InboundMessage, Link
from bot.ports import InboxItem, InboxResult, UnitOfWork
from bot.texts import explain, translator


class Groups:
    """See the module. `me` tells the bot's own (number, user name)."""

    def __init__(
        self, *, desk: Desk, intake: Intake, clock: Clock, client: ClientTalk, me: Callable[[], tuple[int, str]], name: str, language: str
    ) -> None:
        self._desk = desk
        self._intake = intake
        self._clock = clock
        self._client = client
        self._me = me
        self._name = name
        self._language = language
        self._commands: dict[str, Callable[[UnitOfWork, GroupSaid, Group], Awaitable[Done | list[InboxResult]]]] = {
            "task": self._task,
            "company": self._company,
            "close": self._close,
            "help": self._help,
            "my": self._my,
        }

    def inbound(self, line: Line, items: tuple[InboxItem, ...]) -> InboundMessage | None:
        """What the line asks of the desk: the message that `/task` answers, the words around a mention, a reply to us.

        None for the rest: other talk, other commands, commands to other bots, corrections of what was said.
        """
        number, username = self._me()
        command = line.command
        if line.is_edit or self._is_anothers(line) or (command is not None and command.name != "task"):
            return None
        if command is not None:
            subject = line.answered if line.answered is not None and line.answered.person.id != number else None
            text = "\n".join(filter(None, (subject.text if subject else "", command.rest)))
            meant = replace(subject or line, text=text, place=line.place, answers=None, is_edit=False)
            return lines.inbound(lines.Burst(lines=(meant,), items=items))
        is_reply = line.answered is not None and line.answered.person.id == number
        words = _without_mention(line.text, username)
        if words is None and not is_reply:
            return None
        return lines.inbound(lines.Burst(lines=(line if words is None else replace(line, text=words),), items=items))

    async def heard(self, uow: UnitOfWork, said: GroupSaid) -> list[InboxResult]:
        """One result for every row of the line."""
        line, group = said.line, await group_book.find(uow, said.line.place.id)
        try:
            done = await self._answer(uow, said, group)
        except Rejected as refusal:
            contact = await self._client.contact(uow, line.person)
            self._say(uow, said, explain(refusal, contact.language))
            done = Done(because="command_refused")
        return done if isinstance(done, list) else [done.result(item.id) for item in said.items]

    async def membership(self, uow: UnitOfWork, reach: Reach, item: InboxItem) -> Done:
        """Taken into a group, or thrown out of one: hello once, and staff hear when a company's group is lost."""
        group = replace(await group_book.find(uow, reach.place.id), title=reach.place.title)
        if not reach.is_reachable:
            await self._lost(uow, group, item)
            return Done(because="group_membership")
        if group.client_id is None:
            group = replace(group, client_id=await self._company_of(uow, reach))
        if not group.is_greeted:
            language = self._language
            tell(uow, group.chat, "say", {"language": language, "text": await self._hello(uow, group, reach)}, item=item, now=self._now())
        group_book.remember(uow, replace(group, is_greeted=True))
        return Done(because="group_membership")

    async def _answer(self, uow: UnitOfWork, said: GroupSaid, group: Group) -> Done | list[InboxResult]:
        line = said.line
        if line.command is not None:
            command = self._commands.get(line.command.name)
            is_ours = (group.client_id is not None or line.command.name == "company") and not line.is_edit and not self._is_anothers(line)
            return await command(uow, said, group) if command and is_ours else Done(because="not_for_us")
        if said.planned is None or group.client_id is None:
            return Done(because="not_for_us" if group.client_id else "foreign_group")
        if await self._agent(uow, line.person.id):
            # An agent answers from the staff chat; here their words are talk, and nobody's request.
            return Done(because="agent_in_group")
        return await self._take_in(uow, said, said.planned, group)

    async def _take_in(self, uow: UnitOfWork, said: GroupSaid, planned: Planned, group: Group) -> list[InboxResult]:
        planned = replace(
            planned,
            inbound=replace(planned.inbound, client_id=group.client_id),
            composed=replace(planned.composed, client_id=group.client_id),
        )
        results = await self._intake.accept(uow, planned, [item.id for item in said.items])
        self._link(uow, said.line, planned, results)
        return results

    def _link(self, uow: UnitOfWork, line: Line, planned: Planned, results: list[InboxResult]) -> None:
        """Both the message that became a ticket and the words that asked for it lead to it."""
        ids = dict.fromkeys((*planned.inbound.external_ids, str(line.message_id)))
        for ticket_id in results[0].ticket_ids:
            for external_id in ids:
                link = Link(channel=CHANNEL, conversation=str(line.place.id), external_id=external_id, ticket_id=ticket_id, kind="own_line")
                uow.tickets.add_link(link)

    async def _task(self, uow: UnitOfWork, said: GroupSaid, group: Group) -> Done | list[InboxResult]:
        """R16: what is discussed in the group and needs work becomes a ticket, by a reply with /task."""
        planned = said.planned
        if planned is None or not (planned.inbound.text.strip() or planned.inbound.attachments):
            raise Rejected("Надішліть /task відповіддю на повідомлення, з якого треба зробити звернення, або напишіть суть після команди.")
        subject = said.line.answered
        if subject is not None and (links := await self._known(uow, said.line.place.id, subject.message_id)):
            raise Rejected("Для цього повідомлення вже є звернення №{id}.", id=links[0].ticket_id)
        is_own = planned.inbound.sender.value == str(said.line.person.id)
        if not is_own and subject is not None and (subject.person.is_anonymous or await self._agent(uow, subject.person.id)):
            # Our own people's words are nobody's request, an anonymous one's cannot be told: it is that of whoever asked for the task.
            asking = Address(channel=CHANNEL, value=str(said.line.person.id))
            planned = replace(
                planned,
                inbound=replace(planned.inbound, sender=asking, sender_name=said.line.person.name),
                composed=replace(planned.composed, sender=asking, sender_name=said.line.person.name),
            )
        return await self._take_in(uow, said, planned, group)

    async def _company(self, uow: UnitOfWork, said: GroupSaid, group: Group) -> Done:
        """`/company Name` by an agent, `/company` by a contact of it: whose group this is."""
        name = said.line.command.rest.strip() if said.line.command else ""
        if await self._agent(uow, said.line.person.id):
            client = await uow.people.client_named(name) if name else None
            if client is None:
                raise NotFound("Такої компанії немає. Напишіть її назву, як у списку клієнтів: /company Крамниця.")
        else:
            contact = await uow.people.contact_at(Address(channel=CHANNEL, value=str(said.line.person.id)))
            client = await uow.people.client(contact.client_id) if contact and contact.client_id else None
            if client is None:
                return Done(because="not_for_us")
            if group.client_id not in (None, client.id):
                raise Rejected("Ця група вже належить іншій компанії. Змінити це може фахівець служби.")
        group_book.remember(uow, replace(group, client_id=client.id, is_greeted=True))
        self._say(uow, said, self._how(client.name, self._language))
        return Done(because="command")

    async def _close(self, uow: UnitOfWork, said: GroupSaid, group: Group) -> Done:
        """Never with a list to choose from: that is for the eyes of the person alone."""
        assert said.line.command is not None
        words = said.line.command.rest
        if ticket_number(words) is None and (words or said.line.answers is None):
            raise Rejected("Напишіть /close відповіддю на повідомлення про звернення або з номером: /close 7.")
        return await self._client.command(uow, said.line, said.line.command, said.items[0])

    async def _help(self, uow: UnitOfWork, said: GroupSaid, group: Group) -> Done:
        client = await uow.people.client(group.client_id or 0)
        self._say(uow, said, self._how(client.name if client else "?", self._language))
        return Done(because="command")

    async def _my(self, uow: UnitOfWork, said: GroupSaid, group: Group) -> Done:
        """The list is for the eyes of the person alone."""
        say = translator(self._language)
        self._say(
            uow,
            said,
            say("Список звернень показую лише особисто: напишіть мені /my у приватному чаті, @{name}.").format(name=self._me()[1]),
        )
        return Done(because="command")

    async def _hello(self, uow: UnitOfWork, group: Group, reach: Reach) -> str:
        say = translator(self._language)
        client = await uow.people.client(group.client_id) if group.client_id else None
        if client is not None:
            return self._how(client.name, self._language)
        if await self._agent(uow, reach.person.id):
            lines = [
                say("Вітаю! Номер цієї групи: {chat}.").format(chat=group.chat),
                say("Якщо тут працює служба, впишіть його в telegram.staff_chat і зробіть мене адміністратором."),
                say("Якщо це група клієнта, скажіть, чия вона: /company і назва компанії, як у списку клієнтів."),
            ]
            return "\n".join(lines)
        sentence = say(
            "Вітаю! Я бот служби «{desk}» і допомагаю її клієнтам. Ця група мені незнайома, тож тут мовчатиму. Особисто: @{name}."
        )
        return sentence.format(desk=self._name, name=self._me()[1])

    def _how(self, company: str, language: str) -> str:
        say = translator(language)
        parts = [
            say("Це група компанії «{company}» і служби «{desk}».").format(company=company, desk=self._name),
            say("Щоб зробити з повідомлення звернення, надішліть /task відповіддю на нього."),
            say("Можна й згадати мене: @{name} і що сталося. На відповіді під моїми повідомленнями теж зважаю.").format(name=self._me()[1]),
            say("Решти розмов не читаю."),
        ]
        return "\n".join(parts)

    async def _lost(self, uow: UnitOfWork, group: Group, item: InboxItem) -> None:
        client = await uow.people.client(group.client_id) if group.client_id else None
        if client is None:
            return
        news = BotError(
            "Бота прибрали з групи «{title}» компанії {company}: відповіді туди не доходять.", title=group.title, company=client.name
        )
        for row in notices.alert(self._desk.staff.desk, news, cause=f"inbox:{item.id}", now=self._now()):
            uow.outbox.add(row)

    async def _company_of(self, uow: UnitOfWork, reach: Reach) -> int | None:
        """A contact who takes the bot into a group says by it whose group it is."""
        contact = await uow.people.contact_at(Address(channel=CHANNEL, value=str(reach.person.id)))
        return contact.client_id if contact and not await self._agent(uow, reach.person.id) else None

    async def _known(self, uow: UnitOfWork, chat: int, message_id: int) -> list[Link]:
        return await uow.tickets.find_links(CHANNEL, str(chat), [str(message_id)])

    async def _agent(self, uow: UnitOfWork, person_id: int) -> Agent | None:
        agent = await uow.people.agent_by_telegram(str(person_id))
        return agent if agent and agent.is_active else None

    def _is_anothers(self, line: Line) -> bool:
        """`/help@another_bot`."""
        addressee = line.command.addressee if line.command else ""
        return bool(addressee) and addressee.lower() != self._me()[1].lower()

    def _say(self, uow: UnitOfWork, said: GroupSaid, text: str) -> None:
        body = {"language": self._language, "text": text}
        tell(uow, said.line.place.id, "say", body, item=said.items[0], now=self._now())

    def _now(self) -> datetime:
        return self._clock.now()


def _without_mention(text: str, username: str) -> str | None:
    """The text without our name in it; None when it does not name us."""
    if not username:
        return None
    found, count = re.subn(rf"(?<!\w)@{re.escape(username)}\b[,:]?\s*", "", text, flags=re.IGNORECASE)
    return found.strip() if count else None
