"""Who is on duty at an instant, who is away and why, and who stands in for them. Pure: shifts, absences and agents in, answers out.

A desk that keeps no roster (no shifts at all) has everybody on duty who is not away. Shifts are on the desk's wall clock.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from bot.model import Absence, Agent, Role, Shift

DAY = timedelta(days=1)
# How far ahead the beginning of somebody's next shift is looked for.
LOOK_AHEAD_DAYS = 14


class Why(StrEnum):
    """Why somebody is not there."""

    ABSENT = "absent"
    OFF_SHIFT = "off_shift"
    GONE = "gone"


@dataclass(frozen=True, slots=True, kw_only=True)
class Away:
    """An agent is not there until `until` (None: nobody knows). `because` is what was written about an absence."""

    agent: Agent | None
    why: Why
    until: datetime | None
    because: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OnDuty:
    """Somebody who is there. `instead_of` are those whose shift it would be; `until` is when the shift or the absence ends, None: open."""

    agent: Agent
    until: datetime | None = None
    instead_of: tuple[Agent, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Roster:
    """See the module. `agents` are those who still work here; `absences` those that last at the instants asked about."""

    zone: str
    agents: Sequence[Agent] = ()
    shifts: Sequence[Shift] = ()
    absences: Sequence[Absence] = ()
    _by_id: dict[int, Agent] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        # The one way to fill a computed field of a frozen value.
        object.__setattr__(self, "_by_id", {agent.id: agent for agent in self.agents if agent.is_active})

    @property
    def is_kept(self) -> bool:
        return bool(self.shifts)

    def on_duty(self, at: datetime) -> tuple[OnDuty, ...]:
        """By name. Whoever is away on their shift is stood in for, if somebody was named and is there."""
        found: dict[int, OnDuty] = {}
        for agent in self._by_id.values():
            until = self._shift_end(agent.id, at) if self.is_kept else None
            if self.is_kept and until is None:
                continue
            absence = self._absence(agent.id, at)
            if absence is None:
                known = found.get(agent.id)
                found[agent.id] = OnDuty(agent=agent, until=until, instead_of=known.instead_of if known else ())
            elif (instead := self.stand_in(agent.id, at)) is not None:
                known = found.get(instead.id) or OnDuty(agent=instead, until=absence.ends_at)
                found[instead.id] = OnDuty(agent=instead, until=known.until, instead_of=(*known.instead_of, agent))
        return tuple(sorted(found.values(), key=lambda each: each.agent.name.casefold()))

    def away(self, agent_id: int, at: datetime) -> Away | None:
        """Why this agent is not there; None when they are. Without a shift of their own nobody is off shift: leads, helpers."""
        agent = self._by_id.get(agent_id)
        if agent is None:
            return Away(agent=None, why=Why.GONE, until=None)
        if absence := self._absence(agent_id, at):
            return Away(agent=agent, why=Why.ABSENT, until=self._back_at(agent_id, absence.ends_at), because=absence.because)
        own = [shift for shift in self.shifts if shift.agent_id == agent_id]
        if own and self._shift_end(agent_id, at) is None:
            return Away(agent=agent, why=Why.OFF_SHIFT, until=self._next_shift(agent_id, at))
        return None

    def stand_in(self, agent_id: int, at: datetime) -> Agent | None:
        """Who hears what would be this agent's: the substitute of the absence, or the substitute's own while that one is away too.

        None: nobody was named, or those named are all away. Whoever is asked for while they are off shift is asked for all the same.
        """
        seen = {agent_id}
        absence = self._absence(agent_id, at)
        while absence is not None and absence.substitute_id is not None and absence.substitute_id not in seen:
            seen.add(absence.substitute_id)
            if absence.substitute_id not in self._by_id:
                return None
            agent, absence = self._by_id[absence.substitute_id], self._absence(absence.substitute_id, at)
            if absence is None:
                return agent
        return None

    def leads(self, at: datetime) -> tuple[Agent, ...]:
        """Leads and admins who are not away."""
        found = (agent for agent in self._by_id.values() if agent.role is not Role.AGENT and self._absence(agent.id, at) is None)
        return tuple(sorted(found, key=lambda agent: agent.name.casefold()))

    def _absence(self, agent_id: int, at: datetime) -> Absence | None:
        """Of several at once the one that lasts longest."""
        lasting = [each for each in self.absences if each.agent_id == agent_id and each.starts_at <= at < each.ends_at]
        return max(lasting, key=lambda each: (each.ends_at, each.id), default=None)

    def _back_at(self, agent_id: int, at: datetime) -> datetime:
        """The end of an absence, or of the one that follows without a gap."""
        while (following := self._absence(agent_id, at)) is not None:
            at = following.ends_at
        return at

    def _shift_end(self, agent_id: int, at: datetime) -> datetime | None:
        """When the shift that covers `at` ends; None when none does."""
        local = at.astimezone(ZoneInfo(self.zone))
        second = local.hour * 3600 + local.minute * 60 + local.second
        ends = [s.end for s in self.shifts if (s.agent_id, s.weekday) == (agent_id, local.weekday()) and s.start <= second < s.end]
        return self._instant(local, max(ends)) if ends else None

    def _next_shift(self, agent_id: int, at: datetime) -> datetime | None:
        today = at.astimezone(ZoneInfo(self.zone))
        for number in range(LOOK_AHEAD_DAYS):
            day = today + number * DAY
            starts = [self._instant(day, s.start) for s in self.shifts if (s.agent_id, s.weekday) == (agent_id, day.weekday())]
            if later := [each for each in starts if each > at]:
                return min(later)
        return None

    def _instant(self, day: datetime, second: int) -> datetime:
        """A second of a local day in UTC; 86400 is the midnight that ends it."""
        on = day.date() + timedelta(days=second // 86_400)
        hour, rest = divmod(second % 86_400, 3600)
        return datetime.combine(on, time(hour, rest // 60, rest % 60), tzinfo=ZoneInfo(self.zone)).astimezone(UTC)
