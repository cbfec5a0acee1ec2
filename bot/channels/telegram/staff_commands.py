"""The staff chat's commands: lists, one ticket, canned answers, a common cause, closing the desk."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any

from bot import canned
from bot.channels.numbers import ticket_number
from bot.channels.telegram.acts import Done, reaction
from bot.channels.telegram.parse import Command, Line
from bot.channels.telegram.staff_lists import MINE, PARTS, StaffLists
from bot.channels.telegram.staff_view import StaffView
from bot.clock import Clock
from bot.desk import Desk
from bot.errors import Forbidden, NotFound, Rejected
from bot.model import Actor, Agent, Role
from bot.ports import InboxItem, UnitOfWork
from bot.texts import translator

_CLOSED = re.compile(
    r"(?:(?:until|till|до)\s+)?(?P<until>(?:\d{1,2}\.\d{1,2}(?:\.\d{4})?\s+)?\d{1,2}:\d{2})[\s,;:—–-]*(?P<because>.*)",
    re.IGNORECASE | re.DOTALL,
)
_OPEN_AGAIN = frozenset({"off", "скасувати", "відкрити", "open"})
_ADD = frozenset({"add", "edit", "додати", "змінити"})
_DELETE = frozenset({"delete", "del", "видалити"})
_SHOW = frozenset({"show", "показати"})
_CAUSE = re.compile(r"№?(?P<cause>\d+)\s*[:\s]\s*(?P<others>[\d№\s,;–-]+)")
_RANGE = re.compile(r"№?(\d+)(?:\s*[–-]\s*№?(\d+))?")
_MOST_LINKED = 200

Carry = Callable[[UnitOfWork, Line, Command, InboxItem, Agent], Awaitable[Done]]


class StaffCommands:
    """See the module."""

    def __init__(self, *, desk: Desk, view: StaffView, lists: StaffLists, clock: Clock) -> None:
        self._desk = desk
        self._view = view
        self._lists = lists
        self._clock = clock
        self._commands: dict[str, Carry] = {
            "queue": self._queue,
            "mine": self._mine,
            "ticket": self._ticket,
            "who": self._who,
            "stats": self._stats,
            "answers": self._answers,
            "cause": self._cause,
            "help": self._help,
            "start": self._help,
            "call": self._call_without_number,
            "closed": self._closed,
        }

    def knows(self, command: Command) -> bool:
        return command.name in self._commands

    async def carry_out(self, uow: UnitOfWork, line: Line, command: Command, item: InboxItem, agent: Agent) -> Done:
        """Raises Rejected with the sentence that says what is wrong."""
        return await self._commands.get(command.name, self._unknown)(uow, line, command, item, agent)

    async def _queue(self, uow: UnitOfWork, line: Line, command: Command, item: InboxItem, agent: Agent) -> Done:
        part = PARTS.get(command.rest.strip().lower())
        if part is None:
            raise NotFound("Такого списку немає. Є: /queue, /queue нічиї, /queue термінові, /queue прострочені, /queue розробка")
        await self._lists.show_queue(uow, line.place.id, item, agent=agent, name=part)
        return Done(because="command")

    async def _mine(self, uow: UnitOfWork, line: Line, command: Command, item: InboxItem, agent: Agent) -> Done:
        await self._lists.show_queue(uow, line.place.id, item, agent=agent, name=f"{MINE}.{agent.id}")
        return Done(because="command")

    async def _ticket(self, uow: UnitOfWork, line: Line, command: Command, item: InboxItem, agent: Agent) -> Done:
        number = ticket_number(command.rest)
        if number is None:
            raise NotFound("Напишіть номер звернення: /ticket 7")
        await self._view.show_ticket(uow, line.place.id, number, item)
        return Done(because="command")

    async def _who(self, uow: UnitOfWork, line: Line, command: Command, item: InboxItem, agent: Agent) -> Done:
        await self._lists.show_who(uow, line.place.id, item)
        return Done(because="command")

    async def _stats(self, uow: UnitOfWork, line: Line, command: Command, item: InboxItem, agent: Agent) -> Done:
        await self._lists.show_stats(uow, line.place.id, item)
        return Done(because="command")

    async def _answers(self, uow: UnitOfWork, line: Line, command: Command, item: InboxItem, agent: Agent) -> Done:
        """The list for everybody; leads add, change and delete."""
        verb, _, rest = command.rest.strip().partition(" ")
        if not verb:
            shown = [{"name": each.name, "text": each.text} for each in await uow.canned.all()]
            self._view.tell(uow, line.place.id, "answers", {"answers": shown}, item=item)
        elif verb.lower() in _SHOW:
            found = await uow.canned.named(rest)
            if found is None:
                raise NotFound("Шаблону «{name}» немає. Усі: /answers", name=rest.strip())
            self._view.say(uow, line.place.id, f"{found.name}\n\n{found.text}", item)
        elif verb.lower() in _ADD:
            _check_lead(agent)
            name, text = canned.checked(*_name_and_text(rest))
            kept = await uow.canned.put(name=name, text=text, by=agent.name, at=self._clock.now())
            self._view.say(uow, line.place.id, self._say("Шаблон «{name}» збережено.", name=kept.name), item)
        elif verb.lower() in _DELETE:
            _check_lead(agent)
            found = await uow.canned.named(rest)
            if found is None or not await uow.canned.remove(found.id):
                raise NotFound("Шаблону «{name}» немає. Усі: /answers", name=rest.strip())
            self._view.say(uow, line.place.id, self._say("Шаблон «{name}» видалено.", name=found.name), item)
        else:
            raise Rejected("Шаблони: /answers, /answers show Назва, /answers add Назва: текст, /answers delete Назва")
        return Done(because="command")

    async def _cause(self, uow: UnitOfWork, line: Line, command: Command, item: InboxItem, agent: Agent) -> Done:
        """`/cause 5: 7 8 10-14`: these came of the same thing as №5."""
        found = _CAUSE.fullmatch(command.rest.strip())
        cause = ticket_number(found["cause"]) if found else None
        if not found or cause is None:
            raise Rejected("Напишіть, яке звернення є причиною, а тоді решту: /cause 5: 7 8 10-14")
        linked = await self._desk.link_to_cause(uow, _numbers(found["others"]), cause, Actor.agent(agent))
        sentence = self._say("🧩 Пов'язано з №{cause}, звернень: {n}. Відповісти всім: кнопка на її картці.", cause=cause, n=len(linked))
        self._view.say(uow, line.place.id, sentence, item)
        return Done(because="command", ticket_ids=tuple(ticket.id for ticket in linked))

    async def _help(self, uow: UnitOfWork, line: Line, command: Command, item: InboxItem, agent: Agent) -> Done:
        say = translator(self._view.language)
        lines = [
            say("Відповідь на картку чи будь-яке повідомлення звернення надсилається клієнтові; кілька секунд її можна скасувати."),
            say("Відповідь, що починається з «//», — нотатка, її клієнт не бачить. Виправили своє повідомлення — виправиться й у клієнта."),
            say("/queue — черга за строками (нічиї, термінові, прострочені, розробка), /mine — мої, /ticket 7 — одне звернення"),
            say("/who — хто на місці й хто що веде, /stats — як справи, /answers — шаблони відповідей"),
            say("/cause 5: 7 8 10-14 — спільна причина: відповісти можна всім одразу"),
            say("/call +380440000000 Компанія: про що дзвінок — записати дзвінок"),
            say("/closed до 14:00 немає світла — зачинити службу: строки перенесуться, клієнти дізнаються; /closed off — відкрити"),
        ]
        self._view.say(uow, line.place.id, "\n".join(lines), item)
        return Done(because="command")

    async def _unknown(self, uow: UnitOfWork, line: Line, command: Command, item: InboxItem, agent: Agent) -> Done:
        self._view.say(uow, line.place.id, self._say("Такої команди немає. Список: /help"), item)
        return Done(because="unknown_command")

    async def _call_without_number(self, uow: UnitOfWork, line: Line, command: Command, item: InboxItem, agent: Agent) -> Done:
        sentence = self._say("Напишіть номер і про що дзвінок: /call +380440000000 Компанія: не друкує чек")
        self._view.say(uow, line.place.id, sentence, item)
        return Done(because="command_refused")

    async def _closed(self, uow: UnitOfWork, line: Line, command: Command, item: InboxItem, agent: Agent) -> Done:
        """An emergency (DESIGN 2). The desk itself tells the staff chat what was done."""
        if command.rest.strip().lower() in _OPEN_AGAIN:
            await self._desk.open_again(uow, Actor.agent(agent))
            return Done(because="command", effects=(reaction(line.place.id, line.message_id, "👌"),))
        found = _CLOSED.fullmatch(command.rest.strip())
        if not found:
            raise Rejected("Напишіть, до якого часу й чому: /closed до 14:00 немає світла. Відкрити знову: /closed off")
        until = self._desk.instant_of(found["until"])
        await self._desk.close_until(uow, until, Actor.agent(agent), because=found["because"])
        return Done(because="command", effects=(reaction(line.place.id, line.message_id, "👌"),))

    def _say(self, sentence: str, **values: Any) -> str:
        return translator(self._view.language)(sentence).format(**values)


def _check_lead(agent: Agent) -> None:
    if agent.role is Role.AGENT:
        raise Forbidden("Шаблони змінюють керівники.")


def _name_and_text(rest: str) -> tuple[str, str]:
    """ "Оплата: Рахунок надіслано", or the name on the first line and the text below it."""
    head, _, below = rest.partition("\n")
    name, colon, beside = head.partition(":")
    return (name, f"{beside}\n{below}" if below else beside) if colon else (head, below)


def _numbers(text: str) -> list[int]:
    """ "7 8, 10-14" as numbers, in order; so many at most that one commit holds them."""
    found: list[int] = []
    for match in _RANGE.finditer(text):
        first, last = ticket_number(match[1]), ticket_number(match[2] or match[1])
        if first is None or last is None or last < first or last - first >= _MOST_LINKED:
            raise Rejected("Напишіть, яке звернення є причиною, а тоді решту: /cause 5: 7 8 10-14")
        found += range(first, last + 1)
    if len(found) > _MOST_LINKED:
        raise Rejected("За один раз можна пов'язати щонайбільше {n} звернень.", n=_MOST_LINKED)
    return found
