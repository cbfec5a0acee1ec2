"""Files on a database: what messages brought, what is still to be fetched."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, func, insert, select, update

from bot.files import PREFIX
from bot.model import Message
from bot.ports import TicketFile, WantedFile
from bot.storage import tables
from bot.storage.session import Session
from bot.storage.statements import insert_ignoring
from bot.storage.types import UtcDateTime

_files, _places = tables.files, tables.message_files
_ref = _files.c.ref == bindparam("of_ref")
_add_file = {dialect: insert_ignoring(_files, dialect) for dialect in ("sqlite", "postgresql")}
_add_place = insert(_places)
_of_ticket = (
    select(_places.c.message_id, _places.c.position, _places.c.ref, _files.c.kept_as, _files.c.error)
    .join(_files, _files.c.ref == _places.c.ref)
    .where(_places.c.ticket_id == bindparam("of_ticket"))
    .order_by(_places.c.message_id, _places.c.position)
)
_kept = select(_files.c.ref, _files.c.kept_as).where(_files.c.ref.in_(bindparam("refs", expanding=True)), _files.c.kept_as.is_not(None))
_wanted = (
    select(_files.c.ref, _files.c.attempts)
    .where(_files.c.next_try_at.is_not(None), _files.c.next_try_at <= bindparam("now", type_=UtcDateTime()))
    .where(_files.c.ref.startswith(bindparam("prefix"), autoescape=False))
    .order_by(_files.c.next_try_at, _files.c.ref)
    .limit(bindparam("most"))
)
_next = select(func.min(_files.c.next_try_at)).where(_files.c.next_try_at.is_not(None))
_keep = update(_files).where(_ref).values(kept_as=bindparam("new_place"), next_try_at=None, error="")
_at = bindparam("at", type_=UtcDateTime())
_postpone = update(_files).where(_ref).values(next_try_at=_at, error=bindparam("words"), attempts=_files.c.attempts + 1)
_give_up = update(_files).where(_ref).values(next_try_at=None, error=bindparam("words"), attempts=_files.c.attempts + 1)
_shelved = select(_files.c.kept_as).where(_files.c.kept_as.is_not(None)).distinct()


class SqlFiles:
    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, refs: Sequence[str], *, now: datetime) -> None:
        for ref in refs:
            add_file(self._session, ref, now)

    async def of_ticket(self, ticket_id: int) -> list[TicketFile]:
        def work(connection: Connection) -> list[TicketFile]:
            rows = connection.execute(_of_ticket, {"of_ticket": ticket_id})
            return [TicketFile(**{**row._mapping, "kept_as": row.kept_as or ""}) for row in rows]

        return await self._session.run(work, needs=("files",))

    async def kept(self, refs: Sequence[str]) -> dict[str, str]:
        if not refs:
            return {}
        return await self._session.run(
            lambda connection: {row.ref: row.kept_as for row in connection.execute(_kept, {"refs": list(refs)})}, needs=("files",)
        )

    async def wanted(self, *, prefix: str, now: datetime, limit: int) -> list[WantedFile]:
        values = {"prefix": prefix, "now": now, "most": limit}
        return await self._session.run(
            lambda connection: [WantedFile(ref=row.ref, attempts=row.attempts) for row in connection.execute(_wanted, values)],
            needs=("files",),
        )

    async def next_wanted_at(self) -> datetime | None:
        return await self._session.run(lambda connection: connection.execute(_next).scalar_one(), needs=("files",))

    def keep(self, ref: str, *, kept_as: str) -> None:
        self._session.change().put("file_changes", _keep, {"of_ref": ref, "new_place": kept_as})

    def postpone(self, ref: str, *, at: datetime, error: str) -> None:
        self._session.change().put("file_changes", _postpone, {"of_ref": ref, "at": at, "words": error})

    def give_up(self, ref: str, *, error: str) -> None:
        self._session.change().put("file_changes", _give_up, {"of_ref": ref, "words": error})

    async def shelved(self) -> set[str]:
        return await self._session.run(lambda connection: set(connection.scalars(_shelved)), needs=("files",))


def add_file(session: Session, ref: str, now: datetime) -> None:
    """A row for the reference, unless there is one: kept if it points to the shelf, else wanted now."""
    is_kept = ref.startswith(PREFIX)
    values: dict[str, Any] = {"ref": ref, "added_at": now, "kept_as": ref if is_kept else None, "next_try_at": None if is_kept else now}
    buffer = session.change(*(() if is_kept else ("files",)))
    buffer.put("files", _add_file[session.dialect], values)


def add_files_of(session: Session, message: Message) -> None:
    """The files that a message brings; those without a reference have no bytes anywhere."""
    for position, file in enumerate(message.attachments):
        if file.ref:
            add_file(session, file.ref, message.at)
            values = {"message_id": message.id, "position": position, "ticket_id": message.ticket_id, "ref": file.ref}
            session.change().put("message_files", _add_place, values)
