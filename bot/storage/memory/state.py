"""Facts, leases and tokens in memory."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from bot.errors import Conflict
from bot.storage.memory.shelves import Lease, Session, Token
from bot.storage.rules import as_json


class MemoryState:
    def __init__(self, session: Session) -> None:
        self._session = session

    async def get(self, key: str) -> Any | None:
        text = self._session.look().facts.get(key)
        return None if text is None else json.loads(text)

    def set(self, key: str, value: Any) -> None:
        self._session.change().facts[key] = as_json(value)

    async def take_lease(self, name: str, *, owner: str, now: datetime, until: datetime) -> bool:
        held = self._session.look().leases.get(name)
        if held is not None and held.owner != owner and held.until > now:
            return False
        self._session.change().leases[name] = Lease(owner=owner, until=until)
        return True

    async def give_lease(self, name: str, *, owner: str) -> None:
        leases = self._session.change().leases
        if name in leases and leases[name].owner == owner:
            del leases[name]

    async def put_token(
        self, *, digest: str, purpose: str, subject: str, expires_at: datetime, data: Mapping[str, Any] | None = None
    ) -> None:
        tokens = self._session.change().tokens
        if digest in tokens:
            raise Conflict("Такий ключ уже видано.")
        tokens[digest] = Token(purpose=purpose, subject=subject, expires_at=expires_at, data=as_json(dict(data or {})))

    async def find_token(self, *, digest: str, purpose: str, now: datetime) -> tuple[str, Mapping[str, Any]] | None:
        token = self._session.look().tokens.get(digest)
        if token is None or token.purpose != purpose or token.used_at is not None or token.expires_at <= now:
            return None
        return token.subject, json.loads(token.data)

    async def use_token(self, *, digest: str, purpose: str, now: datetime) -> tuple[str, Mapping[str, Any]] | None:
        found = await self.find_token(digest=digest, purpose=purpose, now=now)
        if found is not None:
            tokens = self._session.change().tokens
            tokens[digest] = replace(tokens[digest], used_at=now)
        return found

    async def sweep(self, *, now: datetime, limit: int) -> int:
        shelves = self._session.change()
        leases = [name for name, lease in shelves.leases.items() if lease.until <= now][:limit]
        for name in leases:
            del shelves.leases[name]
        tokens = [digest for digest, token in shelves.tokens.items() if token.expires_at <= now][:limit]
        for digest in tokens:
            del shelves.tokens[digest]
        facts = [key for key in shelves.facts if key.startswith("form:") and key not in shelves.leases][:limit]
        for key in facts:
            del shelves.facts[key]
        return len(leases) + len(tokens) + len(facts)

    async def drop_tokens(self, *, purpose: str, subject: str) -> None:
        tokens = self._session.change().tokens
        for digest in [each for each, token in tokens.items() if (token.purpose, token.subject) == (purpose, subject)]:
            del tokens[digest]
