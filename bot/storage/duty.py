"""The duty roster on a database: a few rows, each call one trip."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, case, delete, insert, select, update

from bot.model import Absence, Shift
from bot.storage import tables
from bot.storage.session import Session
from bot.storage.types import UtcDateTime

_shifts, _absences = tables.shifts, tables.absences
_at = bindparam("at", type_=UtcDateTime())
_all = select(_shifts).order_by(_shifts.c.agent_id, _shifts.c.weekday, _shifts.c.starts)
_drop = delete(_shifts).where(_shifts.c.agent_id == bindparam("of_agent"))
_put = insert(_shifts)
_lasting = (
    select(_absences)
    .where(_absences.c.ends_at > _at, _absences.c.ends_at > _absences.c.starts_at)
    .order_by(_absences.c.starts_at, _absences.c.id)
)
_add = insert(_absences).returning(_absences)
_of_agent = _lasting.where(_absences.c.agent_id == bindparam("of_agent")).with_for_update()
_end = (
    update(_absences)
    .where(_absences.c.id == bindparam("row_id"), _absences.c.ends_at > _at)
    .values(ends_at=case((_absences.c.starts_at > _at, _absences.c.starts_at), else_=_at))
)


class SqlDuty:
    def __init__(self, session: Session) -> None:
        self._session = session

    async def shifts(self) -> list[Shift]:
        def work(connection: Connection) -> list[Shift]:
            return [Shift(agent_id=row.agent_id, weekday=row.weekday, start=row.starts, end=row.ends) for row in connection.execute(_all)]

        return await self._session.run(work)

    async def set_shifts(self, agent_id: int, shifts: Sequence[Shift]) -> None:
        rows = [{"agent_id": agent_id, "weekday": each.weekday, "starts": each.start, "ends": each.end} for each in shifts]

        def work(connection: Connection) -> None:
            connection.execute(_drop, {"of_agent": agent_id})
            if rows:
                connection.execute(_put, rows)

        await self._session.write(work)

    async def absences(self, *, since: datetime) -> list[Absence]:
        return await self._session.run(lambda connection: [_absence(row) for row in connection.execute(_lasting, {"at": since})])

    async def add_absence(
        self, *, agent_id: int, starts_at: datetime, ends_at: datetime, substitute_id: int | None, because: str
    ) -> Absence:
        values: dict[str, Any] = {"agent_id": agent_id, "starts_at": starts_at, "ends_at": ends_at}
        values |= {"substitute_id": substitute_id, "because": because}
        return await self._session.write(lambda connection: _absence(connection.execute(_add, values).one()))

    async def end_absences(self, agent_id: int, *, at: datetime, is_planned_too: bool = False) -> list[Absence]:
        def work(connection: Connection) -> list[Absence]:
            lasting = [_absence(row) for row in connection.execute(_of_agent, {"of_agent": agent_id, "at": at})]
            ended = [each for each in lasting if is_planned_too or each.starts_at <= at]
            for each in ended:
                connection.execute(_end, {"row_id": each.id, "at": at})
            return ended

        return await self._session.write(work)


def _absence(row: Row[Any]) -> Absence:
    return Absence(
        id=row.id,
        agent_id=row.agent_id,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        substitute_id=row.substitute_id,
        because=row.because,
    )
