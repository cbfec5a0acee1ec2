"""Canned answers in memory."""

from __future__ import annotations

from datetime import datetime

from bot.model import CannedAnswer
from bot.storage.memory.shelves import Session
from bot.storage.rules import name_key


class MemoryCannedAnswers:
    def __init__(self, session: Session) -> None:
        self._session = session

    async def all(self) -> list[CannedAnswer]:
        return sorted(self._session.look().canned.values(), key=lambda answer: name_key(answer.name))

    async def get(self, answer_id: int) -> CannedAnswer | None:
        return self._session.look().canned.get(answer_id)

    async def named(self, name: str) -> CannedAnswer | None:
        return next((each for each in await self.all() if name_key(each.name) == name_key(name)), None)

    async def put(self, *, name: str, text: str, by: str, at: datetime) -> CannedAnswer:
        canned, known = self._session.change().canned, await self.named(name)
        answer_id = known.id if known else self._session.next_id("canned")
        canned[answer_id] = CannedAnswer(id=answer_id, name=" ".join(name.split()), text=text, changed_by=by, changed_at=at)
        return canned[answer_id]

    async def remove(self, answer_id: int) -> bool:
        return self._session.change().canned.pop(answer_id, None) is not None
