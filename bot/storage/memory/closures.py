"""Closures in memory."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from bot.model import Closure
from bot.storage.memory.shelves import Session


class MemoryClosures:
    def __init__(self, session: Session) -> None:
        self._session = session

    async def add(self, *, starts_at: datetime, ends_at: datetime, because: str, by: str) -> Closure:
        shelves = self._session.change()
        closure = Closure(id=self._session.next_id("closures"), starts_at=starts_at, ends_at=ends_at, because=because, by=by)
        shelves.closures[closure.id] = closure
        return closure

    async def all(self) -> list[Closure]:
        return [closure for _, closure in sorted(self._session.look().closures.items())]

    async def end(self, closure_id: int, *, at: datetime) -> None:
        closures = self._session.change().closures
        if (found := closures.get(closure_id)) and found.ends_at > at:
            closures[closure_id] = replace(found, ends_at=max(at, found.starts_at))

    async def announced(self, closure_id: int, *, at: datetime) -> None:
        closures = self._session.change().closures
        if found := closures.get(closure_id):
            closures[closure_id] = replace(found, announced_at=at)
