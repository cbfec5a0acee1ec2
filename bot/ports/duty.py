"""The duty roster."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from bot.model import Absence, Shift


class Duty(Protocol):
    """A few rows for each agent."""

    async def shifts(self) -> list[Shift]:
        """All of them, by agent and time of the week."""
        ...

    async def set_shifts(self, agent_id: int, shifts: Sequence[Shift]) -> None:
        """These instead of what the agent had; none: not in the roster any more."""
        ...

    async def absences(self, *, since: datetime) -> list[Absence]:
        """Those that end after `since`, by their beginning; void ones are left out."""
        ...

    async def add_absence(
        self, *, agent_id: int, starts_at: datetime, ends_at: datetime, substitute_id: int | None, because: str
    ) -> Absence: ...

    async def end_absences(self, agent_id: int, *, at: datetime, is_planned_too: bool = False) -> list[Absence]:
        """The agent is back: what lasts ends at `at`; with `is_planned_too` what has not begun is void. Those that this changed, as they
        were."""
        ...
