"""Closing the desk in an emergency and opening it again (DESIGN 2): the calendar changes, staff hear who did it and why.

Deadlines follow with the next tick, which also tells the clients who wait (`bot.sla.keeper`).
"""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from bot import notices
from bot.desk_base import DeskBase
from bot.errors import BotError, Rejected
from bot.model import Actor, Closure
from bot.ports import UnitOfWork
from bot.sla.closures import checked_until, read_until

LONGEST_REASON = 200


class Closing(DeskBase):
    """See the module."""

    def instant_of(self, text: str) -> datetime:
        """ "14:00" or "25.11 9:00" on the desk's wall clock. Raises Rejected."""
        return read_until(text, now=self._clock.now(), zone=ZoneInfo(self._promises.policy.desk_calendar.zone))

    async def close_until(self, uow: UnitOfWork, until: datetime, actor: Actor, *, because: str) -> Closure:
        """The desk does not work from now until then; `because` is read by clients. Raises Rejected."""
        because = " ".join(because.split())
        if not because:
            raise Rejected("Напишіть причину: її прочитають клієнти, які чекають.")
        now = self._clock.now().replace(microsecond=0)
        until = checked_until(self._promises.policy, until, now=now).replace(microsecond=0)
        closure = await uow.closures.add(starts_at=now, ends_at=until, because=because[:LONGEST_REASON], by=actor.name)
        news = BotError(
            "Службу зачинено до {until}: {because}. Зачиняє {name}. Строки переносяться; клієнтів, які чекають, буде повідомлено.",
            until=self._moment(until),
            because=closure.because,
            name=closure.by,
        )
        self._tell_everybody(uow, news, f"closure:{closure.id}")
        return closure

    async def open_again(self, uow: UnitOfWork, actor: Actor) -> list[Closure]:
        """The desk works again, whatever was said before; the closures that this ends. Raises Rejected when it is not closed."""
        now = self._clock.now().replace(microsecond=0)
        ended = [closure for closure in await uow.closures.all() if closure.ends_at > now and not closure.is_void]
        if not ended:
            raise Rejected("Службу не зачинено.")
        for closure in ended:
            await uow.closures.end(closure.id, at=now)
        news = BotError("Служба знову працює. Відкриває {name}. Строки перераховуються.", name=actor.name)
        self._tell_everybody(uow, news, f"closure:{ended[-1].id}:over")
        return ended

    def _tell_everybody(self, uow: UnitOfWork, news: BotError, cause: str) -> None:
        routes = tuple(dict.fromkeys((*self.staff.desk, *self.staff.leads)))
        self._hear(uow, notices.alert(routes, news, cause=cause, now=self._clock.now()))

    def _moment(self, at: datetime) -> str:
        return f"{self._promises.policy.desk_calendar.local(at):%d.%m %H:%M}"
