"""Canned answers on a database: a few dozen rows, each call one trip."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, select

from bot.model import CannedAnswer
from bot.storage import tables
from bot.storage.rules import name_key
from bot.storage.session import Session
from bot.storage.statements import upsert

_answers = tables.canned_answers
_put = {
    dialect: upsert(_answers, dialect, key="name_key", given=("name", "text", "changed_by", "changed_at"))
    for dialect in ("sqlite", "postgresql")
}
_all = select(_answers).order_by(_answers.c.name_key)
_one = select(_answers).where(_answers.c.id == bindparam("row_id"))
_named = select(_answers).where(_answers.c.name_key == bindparam("of_key"))
_remove = delete(_answers).where(_answers.c.id == bindparam("row_id")).returning(_answers.c.id)


class SqlCannedAnswers:
    def __init__(self, session: Session) -> None:
        self._session = session

    async def all(self) -> list[CannedAnswer]:
        return await self._session.run(lambda connection: [_answer(row) for row in connection.execute(_all)])

    async def get(self, answer_id: int) -> CannedAnswer | None:
        return await self._first(_one, {"row_id": answer_id})

    async def named(self, name: str) -> CannedAnswer | None:
        return await self._first(_named, {"of_key": name_key(name)})

    async def _first(self, statement: Any, values: dict[str, Any]) -> CannedAnswer | None:
        def work(connection: Connection) -> CannedAnswer | None:
            row = connection.execute(statement, values).one_or_none()
            return None if row is None else _answer(row)

        return await self._session.run(work)

    async def put(self, *, name: str, text: str, by: str, at: datetime) -> CannedAnswer:
        values = {"name": " ".join(name.split()), "name_key": name_key(name), "text": text, "changed_by": by, "changed_at": at}
        put = _put[self._session.dialect].returning(_answers)
        return await self._session.write(lambda connection: _answer(connection.execute(put, values).one()))

    async def remove(self, answer_id: int) -> bool:
        return bool(await self._session.write(lambda connection: connection.execute(_remove, {"row_id": answer_id}).all()))


def _answer(row: Row[Any]) -> CannedAnswer:
    return CannedAnswer(id=row.id, name=row.name, text=row.text, changed_by=row.changed_by, changed_at=row.changed_at)
