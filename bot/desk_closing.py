"""Closing the desk in an emergency and opening it again (DESIGN 2): the calendar changes, staff hear who did it and why.

Deadlines follow with the next tick, which also tells the clients who wait (`bot.sla.keeper`). Everybody's promises move, so it is a lead's
or an admin's decision; the command line, which only an administrator reaches, decides for itself.
"""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from bot import notices
from bot.desk_base import DeskBase
from bot.errors import BotError, Forbidden, Rejected
from bot.model import Actor, ActorKind, Closure, Role
from bot.ports import UnitOfWork
from bot.sla.closures import checked_until, read_until

LONGEST_REASON = 200


class Closing(DeskBase):
    """See the module."""

    def instant_of(self, text: str) -> datetime:
        """ "14:00" or "25.11 9:00" on the desk's wall clock. Raises Rejected."""
        return read_until(text, now=self._clock.now(), zone=ZoneInfo(self._promises.policy.desk_calendar.zone))

    async def close_until(self, uow: UnitOfWork, until: datetime, actor: Actor, *, because: str) -> Closure:
        """The desk does not work from now until then; `because` is read by clients. Said twice is said once: what is closed until just then
        for the same reason stays as it is. Raises Rejected, or Forbidden for an agent."""
        await self._check_lead(uow, actor)
        because = " ".join(because.split())[:LONGEST_REASON]
        if not because:
            raise Rejected("Напишіть причину: її прочитають клієнти, які чекають.")
        now, until = self._clock.now().replace(microsecond=0), until.replace(microsecond=0)
        known = await self._lasting(uow, now)
        if same := next((each for each in known if (each.ends_at, each.because) == (until, because)), None):
            return same
        until = checked_until(self._promises.policy, until, now=now)
        closure = await uow.closures.add(starts_at=now, ends_at=until, because=because, by=actor.name)
        news = BotError(
            "Службу зачинено до {until}: {because}. Зачиняє {name}. Строки переносяться; клієнтів, які чекають, буде повідомлено.",
            until=self._on_the_clock(until),
            because=closure.because,
            name=closure.by,
        )
        self._tell_everybody(uow, news, f"closure:{closure.id}")
        return closure

    async def open_again(self, uow: UnitOfWork, actor: Actor) -> list[Closure]:
        """The desk works again, whatever was said before; the closures that this ends. Raises Rejected when it is not closed, Forbidden for
        an agent."""
        await self._check_lead(uow, actor)
        now = self._clock.now().replace(microsecond=0)
        ended = await self._lasting(uow, now)
        if not ended:
            raise Rejected("Службу не зачинено.")
        for closure in ended:
            await uow.closures.end(closure.id, at=now)
        news = BotError("Служба знову працює. Відкриває {name}. Строки перераховуються.", name=actor.name)
        self._tell_everybody(uow, news, f"closure:{ended[-1].id}:over")
        return ended

    async def _lasting(self, uow: UnitOfWork, now: datetime) -> list[Closure]:
        return [closure for closure in await uow.closures.all() if closure.ends_at > now and not closure.is_void]

    async def _check_lead(self, uow: UnitOfWork, actor: Actor) -> None:
        if actor.kind is ActorKind.BOT:
            return
        agent = await uow.people.agent(actor.id) if actor.kind is ActorKind.AGENT and actor.id else None
        if agent is None or not agent.is_active or agent.role is Role.AGENT:
            leads = [each.name for each in await uow.people.agents() if each.is_active and each.role is not Role.AGENT]
            names = ", ".join(leads) or "—"
            raise Forbidden("Зачинити чи відкрити службу може лише керівник, бо це рухає всі строки. Попросіть: {names}.", names=names)

    def _tell_everybody(self, uow: UnitOfWork, news: BotError, cause: str) -> None:
        routes = tuple(dict.fromkeys((*self.staff.desk, *self.staff.leads)))
        self._hear(uow, notices.alert(routes, news, cause=cause, now=self._clock.now()))
