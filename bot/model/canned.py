"""An answer that is given again and again, kept under a name."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CannedAnswer:
    """`text` may hold places to be filled ({contact}, {number}, …; see `bot.canned`). `changed_by` names who wrote it last."""

    id: int
    name: str
    text: str
    changed_by: str
    changed_at: datetime
