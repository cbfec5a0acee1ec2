"""Running promises (R10) and the emergency closings that move them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from bot.model.words import Priority


class ClockKind(StrEnum):
    """DESIGN 6: what a clock promises."""

    REACTION = "reaction"
    NEXT_ANSWER = "next_answer"
    SOLUTION = "solution"


class ClockState(StrEnum):
    """RUNNING: unmet. CLAIMED: met by a claim, the claimer is still nudged until the first word. PAUSED: a solution that waits for the
    client, its deadline counts for nothing until it runs again. MET and CANCELLED: over."""

    RUNNING = "running"
    CLAIMED = "claimed"
    PAUSED = "paused"
    MET = "met"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What the policy said when a deadline was last computed: `time` of open time by `calendar`, by the rule of this name ("" the desk's
    usual promise). `since_at` is from when that counts where it is not the clock's start: the priority was raised then.
    """

    time: timedelta
    calendar: str
    rule: str = ""
    since_at: datetime | None = None


# From when until when a clock stood still; the end is None while it still does.
Pause = tuple[datetime, datetime | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketClock:
    """One promise on one ticket: a row, not a timer. The unique key is (ticket_id, kind, ordinal).

    `generation` grows when the deadline moves, `step` counts the nudges written in this generation; together with the id
    they make a nudge unique. `next_nudge_at` is None when nothing more is to be said. `breached_at` once set stays. `terms` None: promised
    before terms were kept. `pauses` in order, none touching another.
    """

    id: int
    ticket_id: int
    kind: ClockKind
    priority: Priority
    calendar: str
    target: timedelta
    started_at: datetime
    due_at: datetime
    ordinal: int = 1
    state: ClockState = ClockState.RUNNING
    generation: int = 1
    step: int = 0
    next_nudge_at: datetime | None = None
    met_at: datetime | None = None
    breached_at: datetime | None = None
    terms: Terms | None = None
    pauses: tuple[Pause, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Closure:
    """Time in which the desk does not work whatever its calendar says: a blackout, an air raid (DESIGN 2). `[starts_at, ends_at)`.

    Ended before its time, `ends_at` is when it was; before it began, it is empty. `by` names who closed the desk. `announced_at` is
    when the waiting clients were told, None until then.
    """

    id: int
    starts_at: datetime
    ends_at: datetime
    because: str
    by: str
    announced_at: datetime | None = None

    @property
    def is_void(self) -> bool:
        return self.ends_at <= self.starts_at
