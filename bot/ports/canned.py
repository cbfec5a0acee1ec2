"""Answers kept under a name."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from bot.model import CannedAnswer


class CannedAnswers(Protocol):
    """A few dozen rows that leads look after."""

    async def all(self) -> list[CannedAnswer]:
        """In the order of their names."""
        ...

    async def get(self, answer_id: int) -> CannedAnswer | None: ...

    async def named(self, name: str) -> CannedAnswer | None:
        """Case and surrounding space do not count."""
        ...

    async def put(self, *, name: str, text: str, by: str, at: datetime) -> CannedAnswer:
        """A new one, or new words for the one of this name."""
        ...

    async def remove(self, answer_id: int) -> bool:
        """False when it was gone already."""
        ...
