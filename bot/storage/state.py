"""Facts, leases and tokens on a database. Each lease and each use of a token is one statement: two at once cannot both win."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, Connection, Row, bindparam, delete, insert, or_, select, update

from bot.storage import tables
from bot.storage.rules import as_json
from bot.storage.session import Session
from bot.storage.statements import upsert
from bot.storage.types import UtcDateTime

_facts, _leases, _tokens = tables.facts, tables.leases, tables.tokens
_DIALECTS = ("sqlite", "postgresql")
_now = bindparam("now", type_=UtcDateTime())

_get = select(_facts.c.value).where(_facts.c.key == bindparam("of_key"))
_set = {dialect: upsert(_facts, dialect, key="key") for dialect in _DIALECTS}
_is_free = or_(_leases.c.owner == bindparam("wanted_by"), _leases.c.until <= _now)
_take = {dialect: upsert(_leases, dialect, key="name", where=_is_free).returning(_leases.c.name) for dialect in _DIALECTS}
_give = delete(_leases).where(_leases.c.name == bindparam("of_name"), _leases.c.owner == bindparam("of_owner"))
_is_valid = (
    (_tokens.c.digest == bindparam("of_digest"))
    & (_tokens.c.purpose == bindparam("of_purpose"))
    & _tokens.c.used_at.is_(None)
    & (_tokens.c.expires_at > _now)
)
_add_token = insert(_tokens)
_find = select(_tokens.c.subject, _tokens.c.data).where(_is_valid)
_use = update(_tokens).where(_is_valid).values(used_at=_now).returning(_tokens.c.subject, _tokens.c.data)
_most: BindParameter[Any] = bindparam("most")
_over = (
    delete(_leases).where(_leases.c.name.in_(select(_leases.c.name).where(_leases.c.until <= _now).limit(_most)), _leases.c.until <= _now),
    delete(_tokens).where(_tokens.c.digest.in_(select(_tokens.c.digest).where(_tokens.c.expires_at <= _now).limit(_most))),
    # "form:" up to the next character: a range that the key's own index answers.
    delete(_facts).where(
        _facts.c.key.in_(
            select(_facts.c.key)
            .where(_facts.c.key >= "form:", _facts.c.key < "form;", ~select(_leases.c.name).where(_leases.c.name == _facts.c.key).exists())
            .limit(_most)
        )
    ),
)
_drop = delete(_tokens).where(_tokens.c.purpose == bindparam("of_purpose"), _tokens.c.subject == bindparam("of_subject"))


class SqlState:
    def __init__(self, session: Session) -> None:
        self._session = session
        self._unwritten: dict[str, str] = {}

    async def get(self, key: str) -> Any | None:
        if key in self._unwritten:
            return json.loads(self._unwritten[key])
        return await self._session.run(lambda connection: connection.scalar(_get, {"of_key": key}))

    def set(self, key: str, value: Any) -> None:
        buffer = self._session.change()
        self._unwritten[key] = as_json(value)
        buffer.put("facts", _set[self._session.dialect], {"key": key, "value": value})

    async def take_lease(self, name: str, *, owner: str, now: datetime, until: datetime) -> bool:
        values = {"name": name, "owner": owner, "until": until, "wanted_by": owner, "now": now}
        taken = _take[self._session.dialect]
        return await self._session.write(lambda connection: connection.execute(taken, values).first() is not None)

    async def give_lease(self, name: str, *, owner: str) -> None:
        await self._session.write(lambda connection: connection.execute(_give, {"of_name": name, "of_owner": owner}))

    async def put_token(
        self, *, digest: str, purpose: str, subject: str, expires_at: datetime, data: Mapping[str, Any] | None = None
    ) -> None:
        values = {"digest": digest, "purpose": purpose, "subject": subject, "expires_at": expires_at, "data": dict(data or {})}
        await self._session.write(lambda connection: connection.execute(_add_token, values))

    async def find_token(self, *, digest: str, purpose: str, now: datetime) -> tuple[str, Mapping[str, Any]] | None:
        values = {"of_digest": digest, "of_purpose": purpose, "now": now}
        return await self._session.run(lambda connection: _subject(connection, _find, values))

    async def use_token(self, *, digest: str, purpose: str, now: datetime) -> tuple[str, Mapping[str, Any]] | None:
        values = {"of_digest": digest, "of_purpose": purpose, "now": now}
        return await self._session.write(lambda connection: _subject(connection, _use, values))

    async def sweep(self, *, now: datetime, limit: int) -> int:
        values = {"now": now, "most": limit}
        return await self._session.write(lambda connection: sum(connection.execute(each, values).rowcount for each in _over))

    async def drop_tokens(self, *, purpose: str, subject: str) -> None:
        await self._session.write(lambda connection: connection.execute(_drop, {"of_purpose": purpose, "of_subject": subject}))


def _subject(connection: Connection, statement: Any, values: dict[str, Any]) -> tuple[str, Mapping[str, Any]] | None:
    row: Row[Any] | None = connection.execute(statement, values).one_or_none()
    return None if row is None else (row.subject, row.data)
