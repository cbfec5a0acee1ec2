"""Who works when: weekly shifts, and dated absences with whoever stands in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """Hours in which an agent is on duty each week: `weekday` 0 is Monday, seconds after local midnight, `[start, end)` up to 86400."""

    agent_id: int
    weekday: int
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Absence:
    """An agent is away in `[starts_at, ends_at)`. `substitute_id` hears what would have been theirs; None: everybody does."""

    id: int
    agent_id: int
    starts_at: datetime
    ends_at: datetime
    substitute_id: int | None = None
    because: str = ""

    @property
    def is_void(self) -> bool:
        return self.ends_at <= self.starts_at
