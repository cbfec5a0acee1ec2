"""Closures on a database: a handful of rows, each call one trip."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, bindparam, case, insert, select, update

from bot.model import Closure
from bot.storage import tables
from bot.storage.mapping import to_closure
from bot.storage.session import Session
from bot.storage.types import UtcDateTime

_closures = tables.closures
_row = _closures.c.id == bindparam("row_id")
_at = bindparam("at", type_=UtcDateTime())
_add = insert(_closures).returning(_closures)
_all = select(_closures).order_by(_closures.c.id)
_end = (
    update(_closures)
    .where(_row, _closures.c.ends_at > _at)
    .values(ends_at=case((_closures.c.starts_at > _at, _closures.c.starts_at), else_=_at))
)
_announced = update(_closures).where(_row).values(announced_at=_at)


class SqlClosures:
    def __init__(self, session: Session) -> None:
        self._session = session

    async def add(self, *, starts_at: datetime, ends_at: datetime, because: str, by: str) -> Closure:
        values = {"starts_at": starts_at, "ends_at": ends_at, "because": because, "by": by}
        return await self._session.write(lambda connection: to_closure(connection.execute(_add, values).one()))

    async def all(self) -> list[Closure]:
        def work(connection: Connection) -> list[Closure]:
            return [to_closure(row) for row in connection.execute(_all)]

        return await self._session.run(work)

    async def end(self, closure_id: int, *, at: datetime) -> None:
        await self._session.write(lambda connection: connection.execute(_end, {"row_id": closure_id, "at": at}))

    async def announced(self, closure_id: int, *, at: datetime) -> None:
        await self._session.write(lambda connection: connection.execute(_announced, {"row_id": closure_id, "at": at}))
