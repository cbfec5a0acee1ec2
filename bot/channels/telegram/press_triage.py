"""Agents' buttons about how a ticket goes on: later, how urgent, over to Development, the time it took, its end. What can be undone has
its undo beside it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from bot.channels.telegram.press import AgentPress, Presses, Shown
from bot.channels.telegram.render import inline
from bot.channels.telegram.staff_menus import (
    SNOOZE_MINUTES,
    WORK_MINUTES,
    close_menu,
    minutes_menu,
    priority_menu,
    snooze_menu,
    undo,
    work_menu,
)
from bot.errors import NotFound
from bot.model import Outcome, Priority, WorkKind
from bot.texts import WORK_WORDS


class TriagePresses(Presses):
    """See the module."""

    def __init__(self, **parts: Any) -> None:
        super().__init__(**parts)
        self.verbs = {
            "snooze": self._snooze,
            "wake": self._wake,
            "priority": self._priority,
            "close": self._close,
            "handover": self._hand_over,
            "time": self._time,
            "untime": self._untime,
        }

    async def _snooze(self, p: AgentPress) -> Shown:
        if not p.argument:
            return Shown(keyboard=inline(snooze_menu(p.ticket_id, self._translate)))
        if p.argument not in map(str, SNOOZE_MINUTES):
            raise NotFound("Такого часу немає.")
        await self._desk.snooze(p.uow, p.ticket_id, p.agent, self._clock.now() + timedelta(minutes=int(p.argument)))
        return Shown(words=self._say("Відкладено."))

    async def _wake(self, p: AgentPress) -> Shown:
        await self._desk.wake(p.uow, p.ticket_id, p.agent)
        return await self._main(p, self._say("Нагадування знову йдуть."))

    async def _priority(self, p: AgentPress) -> Shown:
        """Lowering it asks for the reason first: the client reads it."""
        if not p.argument:
            return Shown(keyboard=inline(priority_menu(p.ticket_id, self._translate)))
        if p.argument not in {each.value for each in Priority}:
            raise NotFound("Такої критичності немає.")
        wanted, ticket = Priority(p.argument), await self._view.ticket(p.uow, p.ticket_id)
        if wanted.rank < ticket.priority.rank:
            await self._ask(p, "lower", wanted.value)
        else:
            await self._desk.set_priority(p.uow, p.ticket_id, wanted, p.actor)
        return await self._main(p)

    async def _close(self, p: AgentPress) -> Shown:
        if not p.argument:
            return Shown(keyboard=inline(close_menu(p.ticket_id, self._translate)))
        if p.argument not in {each.value for each in Outcome}:
            raise NotFound("Такого результату немає.")
        await self._ask(p, "close", p.argument)
        return await self._main(p)

    async def _hand_over(self, p: AgentPress) -> Shown:
        """R13. What Development is to do is asked first, the client reads it as well: no slip of a finger hands a ticket over."""
        await self._ask(p, "handover")
        return await self._main(p)

    async def _time(self, p: AgentPress) -> Shown:
        """R12: on what, then how long."""
        name, _, minutes = p.argument.partition(".")
        if not name:
            return Shown(keyboard=inline(work_menu(p.ticket_id, self._translate)))
        if name not in {each.value for each in WorkKind} or (minutes and minutes not in map(str, WORK_MINUTES)):
            raise NotFound("Такого часу немає.")
        kind = WorkKind(name)
        if not minutes:
            return Shown(keyboard=inline(minutes_menu(p.ticket_id, kind, self._translate)))
        entry, is_over = await self._desk.log_time(p.uow, p.ticket_id, p.agent, kind, timedelta(minutes=int(minutes)))
        told = self._say("Записано: {n} хв, {kind}.", n=minutes, kind=self._translate(WORK_WORDS[kind]))
        above = undo(self._say("↩️ Скасувати {n} хв", n=minutes), "untime", p.ticket_id, entry.at.isoformat())
        if is_over:
            told += " " + self._say("Дрібних змін уже понад пів години: це запит на зміну, його передають у розробку.")
            above += undo(self._say("🛠 Передати в розробку"), "handover", p.ticket_id)
        return await self._main(p, told, above=above, is_loud=is_over)

    async def _untime(self, p: AgentPress) -> Shown:
        try:
            at = datetime.fromisoformat(p.argument)
        except ValueError as error:
            raise NotFound("Цього запису часу вже немає.") from error
        if at.tzinfo is None:
            raise NotFound("Цього запису часу вже немає.")
        await self._desk.take_time_back(p.uow, p.ticket_id, p.agent, at)
        return await self._main(p, self._say("Запис часу скасовано."))
