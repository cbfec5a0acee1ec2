"""The duty roster in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from bot.model import Absence, Shift
from bot.storage.memory.shelves import Session


class MemoryDuty:
    def __init__(self, session: Session) -> None:
        self._session = session

    async def shifts(self) -> list[Shift]:
        found = [shift for _, shifts in sorted(self._session.look().shifts.items()) for shift in shifts]
        return sorted(found, key=lambda each: (each.agent_id, each.weekday, each.start))

    async def set_shifts(self, agent_id: int, shifts: Sequence[Shift]) -> None:
        self._session.change().shifts[agent_id] = tuple(replace(each, agent_id=agent_id) for each in shifts)

    async def absences(self, *, since: datetime) -> list[Absence]:
        lasting = [each for each in self._session.look().absences.values() if each.ends_at > since and not each.is_void]
        return sorted(lasting, key=lambda each: (each.starts_at, each.id))

    async def add_absence(
        self, *, agent_id: int, starts_at: datetime, ends_at: datetime, substitute_id: int | None, because: str
    ) -> Absence:
        absences = self._session.change().absences
        added = Absence(
            id=self._session.next_id("absences"),
            agent_id=agent_id,
            starts_at=starts_at,
            ends_at=ends_at,
            substitute_id=substitute_id,
            because=because,
        )
        absences[added.id] = added
        return added

    async def end_absences(self, agent_id: int, *, at: datetime, is_planned_too: bool = False) -> list[Absence]:
        lasting = [each for each in await self.absences(since=at) if each.agent_id == agent_id]
        ended = [each for each in lasting if is_planned_too or each.starts_at <= at]
        absences = self._session.change().absences
        for each in ended:
            absences[each.id] = replace(each, ends_at=max(at, each.starts_at))
        return ended
