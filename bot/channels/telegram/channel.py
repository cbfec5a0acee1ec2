"""Telegram as a channel: rows of the inbox become messages, commands and presses; deliveries become calls.

Here it is decided who a row is for: the staff chats' conversation, a client's, or nobody's. What they say and do is in `staff_talk`,
`staff_presses`, `client_talk` and `client_presses`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bot import notices
from bot.channels.base import Health, Sent, Turn
from bot.channels.fallback import reachable_again
from bot.channels.telegram import buttons, lines
from bot.channels.telegram.acts import CHANNEL, Done, GroupSaid, Said, Single, route, toast
from bot.channels.telegram.afterwards import Afterwards
from bot.channels.telegram.arrivals import Arrivals
from bot.channels.telegram.budget import Budget
from bot.channels.telegram.client_presses import ClientPresses
from bot.channels.telegram.client_talk import ClientTalk, MakeLink
from bot.channels.telegram.connection import Connection
from bot.channels.telegram.files import Downloads
from bot.channels.telegram.groups import Groups
from bot.channels.telegram.hook import Hook
from bot.channels.telegram.lease import Lease
from bot.channels.telegram.options import TelegramOptions
from bot.channels.telegram.parse import Command, Line, Moved, Nothing, Press, Reach, read
from bot.channels.telegram.poller import Poller
from bot.channels.telegram.receiver import Receiver, Source
from bot.channels.telegram.reception import Reception
from bot.channels.telegram.sender import Sender
from bot.channels.telegram.staff_commands import StaffCommands
from bot.channels.telegram.staff_lists import StaffLists
from bot.channels.telegram.staff_presses import StaffPresses
from bot.channels.telegram.staff_talk import StaffTalk
from bot.channels.telegram.staff_view import StaffView
from bot.channels.telegram.staff_words import StaffWords
from bot.channels.telegram.webhook import Door
from bot.clock import Clock
from bot.desk import Desk
from bot.errors import BotError, Transient
from bot.files import Shelf
from bot.intake.service import Intake
from bot.model import Address, Delivery
from bot.ports import InboxItem, InboxResult, Storage, UnitOfWork
from bot.texts import translator

Act = Said | Single | GroupSaid
Prepared = tuple[Act, ...]


class TelegramChannel:
    """See the module. `make_link` makes a one-time login link for a subject; None when there is no Site.

    `door` is the webhook's ASGI application, for the Site to serve; None when the bot is polled.
    """

    name = CHANNEL

    def __init__(
        self,
        *,
        options: TelegramOptions,
        storage: Storage,
        desk: Desk,
        intake: Intake,
        clock: Clock,
        reception: Reception,
        make_link: MakeLink | None = None,
        health: Health | None = None,
        shelf: Shelf | None = None,
    ) -> None:
        self.health = health or Health(name=self.name)
        self._options = options
        self._desk = desk
        self._intake = intake
        self._clock = clock
        self._connection = Connection(options=options, storage=storage, health=self.health)
        budget = Budget()
        self._afterwards = Afterwards(self._connection, budget)
        self._sender = Sender(connection=self._connection, options=options, storage=storage, clock=clock, budget=budget, shelf=shelf)
        self.fetch = Downloads(self._connection).fetch
        self._arrivals = arrivals = Arrivals(options=options, storage=storage, clock=clock, afterwards=self._afterwards)
        self.door = Door(arrivals=arrivals, secret=options.webhook_secret) if options.webhook_url else None
        common: dict[str, Any] = {"connection": self._connection, "options": options, "clock": clock, "health": self.health}
        source: Source = Hook(**common) if options.webhook_url else Poller(storage=storage, arrivals=arrivals, **common)
        lease = Lease(name=f"{CHANNEL}:poller:{options.bot_id}", owner=options.owner, storage=storage, clock=clock)
        self._receiver = Receiver(source=source, connection=self._connection, lease=lease, health=self.health)
        view = StaffView(desk=desk, clock=clock, language=options.language, zone=options.zone)
        lists = StaffLists(view=view, clock=clock)
        words = StaffWords(desk=desk, view=view, clock=clock, hold=options.answer_delay)
        commands = StaffCommands(desk=desk, view=view, lists=lists, clock=clock)
        self._staff = StaffTalk(desk=desk, intake=intake, view=view, words=words, commands=commands)
        self._staff_presses = StaffPresses(desk=desk, view=view, lists=lists, words=words, clock=clock)
        self._client = ClientTalk(desk=desk, intake=intake, clock=clock, reception=reception, make_link=make_link)
        self._client_presses = ClientPresses(desk=desk, clock=clock, zone=options.zone)
        self._groups = Groups(
            desk=desk,
            intake=intake,
            clock=clock,
            client=self._client,
            me=self._me,
            name=reception.name,
            language=options.language,
        )
        storage.on_commit.append(self._afterwards.committed)

    async def receive(self) -> None:
        """Poll, or look after the webhook, until cancelled."""
        await self._receiver.run()

    async def send(self, delivery: Delivery, turn: Turn, /) -> Sent:
        return await self._sender.send(delivery, turn)

    async def close(self) -> None:
        """End what runs beside and hang up."""
        await self._afterwards.stop()
        await self._connection.close()

    async def prepare(self, items: Sequence[InboxItem]) -> Prepared:
        """Bursts and albums put together, texts analysed. Permanent for an update that names no chat."""
        await self._arrivals.calm()
        acts: list[Act] = []
        for group in lines.groups([(read(item.raw), item) for item in items], self._options):
            acts.append(await self._said(group) if isinstance(group, lines.Burst) else await self._single(group))
        return tuple(acts)

    async def apply(self, uow: UnitOfWork, prepared: Prepared) -> list[InboxResult]:
        results: list[InboxResult] = []
        for act in prepared:
            match act:
                case Said():
                    results += await self._apply_said(uow, act)
                case GroupSaid():
                    results += await self._groups.heard(uow, act)
                case Single():
                    done = await self._apply_single(uow, act)
                    self._afterwards.expect(act.item.id, done.effects)
                    results += [done.result(item.id) for item in act.items]
        return results

    async def _said(self, burst: lines.Burst) -> Said:
        return Said(lines=burst.lines, items=burst.items, planned=await self._intake.consider(lines.inbound(burst)))

    async def _single(self, single: Single) -> Single | GroupSaid:
        line = single.happening
        if isinstance(line, Line) and self._is_clients_group(line):
            meant = self._groups.inbound(line, single.items)
            planned = await self._intake.consider(meant) if meant is not None else None
            return GroupSaid(line=line, items=single.items, planned=planned)
        if isinstance(line, Line) and (planned := self._staff.plan_call(line, single.item)):
            return Single(happening=line, items=single.items, call=planned)
        return single

    async def _apply_said(self, uow: UnitOfWork, said: Said) -> list[InboxResult]:
        """A client's words; or an agent's, who answers in a private chat what was sent to them as staff."""
        first = said.lines[0]
        if first.answers is not None and await self._is_agent(uow, first.person.id) and await self._staff.is_about_a_ticket(uow, first):
            done = [await self._staff.line(uow, line, item) for line, item in zip(said.lines, said.items, strict=True)]
            return [one.result(item.id) for one, item in zip(done, said.items, strict=True)]
        return await self._client.said(uow, said)

    async def _apply_single(self, uow: UnitOfWork, single: Single) -> Done:
        match single.happening:
            case Line() as line:
                return await self._apply_line(uow, line, single)
            case Press() as press:
                return await self._apply_press(uow, press, single.item)
            case Reach() as reach:
                return await self._apply_reach(uow, reach, single.item)
            case Moved(old_chat=old, new_chat=new):
                await self._connection.moved(uow, old, new)
                return Done(because="chat_moved")
            case Nothing(because=because):
                return Done(because=because)

    async def _apply_line(self, uow: UnitOfWork, line: Line, single: Single) -> Done:
        is_staff_chat = line.place.id in self._connection.staff_chats
        if line.is_edit:
            return await self._staff.edited(uow, line, single.item)
        if line.command is not None and self._is_anothers(line.command):
            return Done(because="another_bot")
        is_for_staff = is_staff_chat or (
            line.command is not None and self._staff.knows(line.command) and await self._is_agent(uow, line.person.id)
        )
        if is_for_staff and single.call is not None:
            return await self._staff.call(uow, single.call, line, single.item)
        if is_for_staff:
            return await self._staff.line(uow, line, single.item)
        if line.command is not None:
            return await self._client.command(uow, line, line.command, single.item)
        if line.own_contact:
            return await self._client.shared_contact(uow, line, single.item)
        return await self._client.sticker(uow, line, single.item)

    async def _apply_press(self, uow: UnitOfWork, press: Press, item: InboxItem) -> Done:
        pressed = buttons.read(press.data)
        if pressed is not None and self._staff_presses.knows(pressed.verb):
            if press.place.is_private or press.place.id in self._connection.staff_chats:
                return await self._staff_presses.press(uow, press, pressed, item)
        elif pressed is not None and self._client_presses.knows(pressed.verb) and press.place.id not in self._connection.staff_chats:
            contact = await self._client.contact(uow, press.person)
            return await self._client_presses.press(uow, press, pressed, item, contact)
        say = translator(self._options.language)
        words = say("Ця кнопка тут не працює.")
        return Done(because="button_refused", effects=(toast(press.callback_id, words, loud=True),))

    async def _apply_reach(self, uow: UnitOfWork, reach: Reach, item: InboxItem) -> Done:
        """Somebody blocked the bot: staff hear of it while the person has open tickets, for answers no longer arrive."""
        if not reach.place.is_private:
            is_ours = reach.place.id in self._connection.staff_chats
            return Done(because="group_membership") if is_ours else await self._groups.membership(uow, reach, item)
        if reach.is_reachable:
            reachable_again(uow, route(reach.place.id))
        contact = await uow.people.contact_at(Address(channel=CHANNEL, value=str(reach.person.id)))
        waiting = await uow.tickets.open_for_contact(contact.id) if contact else []
        if contact and waiting:
            numbers = ", ".join(f"№{ticket.id}" for ticket in waiting)
            news = (
                BotError("{name}: знову читає бота. Звернення: {numbers}.", name=contact.name, numbers=numbers)
                if reach.is_reachable
                else BotError(
                    "{name}: бота в Telegram заблоковано, відповіді не доходять. Звернення: {numbers}. Зателефонуйте або напишіть листа.",
                    name=contact.name,
                    numbers=numbers,
                )
            )
            for row in notices.alert(self._desk.staff.desk, news, cause=f"inbox:{item.id}", now=self._clock.now()):
                uow.outbox.add(row)
        return Done(because="reachable" if reach.is_reachable else "unreachable")

    def _is_clients_group(self, line: Line) -> bool:
        """Not ours to work in; an edit of what was said there, or a command to another bot, is looked at no further."""
        return not line.place.is_private and line.place.id not in self._connection.staff_chats

    def _me(self) -> tuple[int, str]:
        """The bot's number and name. Transient until Telegram has said the name."""
        username = self.health.facts.get("username", "")
        if not username:
            raise Transient("Telegram ще не назвав імені бота. Спробуємо ще раз незабаром.")
        return int(self._options.bot_id), username

    def _is_anothers(self, command: Command) -> bool:
        """`/help@another_bot` in a shared chat is none of ours."""
        username = self.health.facts.get("username", "")
        return bool(command.addressee and username) and command.addressee.lower() != username.lower()

    async def _is_agent(self, uow: UnitOfWork, person_id: int) -> bool:
        agent = await uow.people.agent_by_telegram(str(person_id))
        return agent is not None and agent.is_active
