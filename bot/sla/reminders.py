"""Which nudge of a clock is due, when the next one is, and who hears it: pure functions of a clock row, the policy and `now`.

The ladder (DESIGN 6) is counted in desk time from the effective due. It is never stored: what was missed in a downtime is simply past, and
the latest rung that has come speaks for all before it. Nothing is said while the desk is closed: not at lunch, at night, on a day off.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import count

from bot.model import ClockState, TicketClock
from bot.sla.hours import Calendar
from bot.sla.policy import Policy

# A nudge for a closing edge (12:30, 17:00) leaves a minute before it: at the edge itself nobody is there to read it.
AHEAD_OF_CLOSING = timedelta(minutes=1)
# The rhythm for "once a working day" at a desk that never closes and so never opens.
ONE_DAY = timedelta(days=1)


class Rung(StrEnum):
    """Where on the ladder a nudge stands."""

    BEFORE = "before"
    DUE = "due"
    AFTER = "after"
    CLAIMED = "claimed"
    SNOOZED = "snoozed"


class Audience(StrEnum):
    """Who hears a nudge."""

    STAFF = "staff"
    OWNER = "owner"
    LEAD = "lead"


@dataclass(frozen=True, slots=True, kw_only=True)
class Nudge:
    """One thing to say about one clock. `planned_at` is when it was meant for: earlier than now after a downtime."""

    rung: Rung
    audiences: tuple[Audience, ...]
    planned_at: datetime
    effective_due_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a tick does with a claimed clock: what to say, if anything, and when to look again (None: never)."""

    nudge: Nudge | None
    next_nudge_at: datetime | None


def judge(
    policy: Policy, clock: TicketClock, *, now: datetime, assignee_id: int | None, snoozed_until_at: datetime | None = None
) -> Verdict:
    """The verdict on a clock whose `next_nudge_at` has come. A closed desk and a snooze only postpone."""
    if clock.state not in (ClockState.RUNNING, ClockState.CLAIMED) or clock.next_nudge_at is None:
        return Verdict(nudge=None, next_nudge_at=None)
    if snoozed_until_at is not None and snoozed_until_at > now:
        ahead = sendable(policy.desk_calendar, snoozed_until_at)
        # A minute ahead of closing may be past already: then it is looked at again when the snooze is over, not in every tick until then.
        return Verdict(nudge=None, next_nudge_at=ahead if ahead is None or ahead > now else snoozed_until_at)
    if clock.next_nudge_at > now:
        return Verdict(nudge=None, next_nudge_at=clock.next_nudge_at)
    if not policy.desk_calendar.is_open(now):
        return Verdict(nudge=None, next_nudge_at=policy.desk_calendar.next_opening(now))
    rung = current_rung(policy, clock, now) or Rung.SNOOZED
    nudge = Nudge(
        rung=rung,
        audiences=audiences(rung, assignee_id),
        planned_at=clock.next_nudge_at,
        effective_due_at=policy.effective_due(clock.due_at, since=clock.started_at),
    )
    return Verdict(nudge=nudge, next_nudge_at=next_rung_at(policy, clock, after=now))


def audiences(rung: Rung, assignee_id: int | None) -> tuple[Audience, ...]:
    """Nobody's ticket concerns the whole staff chat, somebody's its owner alone; from the due on the lead hears it too."""
    first = Audience.STAFF if assignee_id is None else Audience.OWNER
    return (first, Audience.LEAD) if rung in (Rung.DUE, Rung.AFTER) else (first,)


def first_nudge_at(policy: Policy, clock: TicketClock, now: datetime) -> datetime | None:
    """When a clock that just started, or whose deadline just moved, speaks first: at once when a rung is past already."""
    return next_rung_at(policy, clock, after=now) if current_rung(policy, clock, now) is None else sendable(policy.desk_calendar, now)


def next_rung_at(policy: Policy, clock: TicketClock, *, after: datetime) -> datetime | None:
    """The first rung strictly after `after`; None when the desk never opens again."""
    return next((at for _, at in upcoming(policy, clock, after=after)), None)


def current_rung(policy: Policy, clock: TicketClock, now: datetime) -> Rung | None:
    """The latest rung that has come by `now`; None before the first."""
    return _current(policy, _plan(policy, clock), now)


def standing(policy: Policy, clock: TicketClock, now: datetime) -> tuple[Rung | None, datetime | None]:
    """`current_rung` and `next_rung_at` after `now`, from one ladder: what both need is what laying it out costs."""
    plan = _plan(policy, clock)
    return _current(policy, plan, now), next((at for _, at in _upcoming(policy, plan, now)), None)


def upcoming(policy: Policy, clock: TicketClock, *, after: datetime) -> Iterator[tuple[Rung, datetime]]:
    """The rungs strictly after `after`, in order and without end: while nobody reacts, the nudging goes on."""
    return _upcoming(policy, _plan(policy, clock), after)


def sendable(desk: Calendar, at: datetime) -> datetime | None:
    """`at` if the desk is open then; a minute earlier if it closes just then; else the next opening."""
    if desk.is_open(at):
        return at
    return at - AHEAD_OF_CLOSING if desk.is_open(at - AHEAD_OF_CLOSING) else desk.next_opening(at)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """A ladder laid out in time: some fixed rungs, then one that repeats from `anchor` on in `rhythm` (None: each working day)."""

    fixed: tuple[tuple[Rung, datetime], ...]
    repeat: Rung
    anchor: datetime
    rhythm: timedelta | None

    def repeats(self, desk: Calendar, *, after: datetime) -> Iterator[datetime]:
        """The repeated rungs strictly after `after`."""
        opening = desk.next_day_opening(after) if self.rhythm is None else None
        if opening is not None:
            while opening is not None:
                yield opening
                opening = desk.next_day_opening(opening)
            return
        rhythm = self.rhythm or ONE_DAY
        # Counted from the anchor each time: adding to the last nudge would let the lateness of every tick pile up.
        for number in count(max(1, desk.open_time(self.anchor, after) // rhythm)):
            at = desk.deadline(self.anchor, number * rhythm)
            at = at and sendable(desk, at)
            if at is None:
                return
            if at > after:
                yield at


def _current(policy: Policy, plan: _Plan, now: datetime) -> Rung | None:
    if now > plan.anchor:
        first_repeat = next(plan.repeats(policy.desk_calendar, after=plan.anchor), None)
        if first_repeat is not None and first_repeat <= now:
            return plan.repeat
    return next((rung for rung, at in reversed(plan.fixed) if at <= now), None)


def _upcoming(policy: Policy, plan: _Plan, after: datetime) -> Iterator[tuple[Rung, datetime]]:
    yield from ((rung, at) for rung, at in plan.fixed if at > after)
    for at in plan.repeats(policy.desk_calendar, after=max(after, plan.anchor)):
        yield plan.repeat, at


def _plan(policy: Policy, clock: TicketClock) -> _Plan:
    desk = policy.desk_calendar
    ladder = policy.ladder(clock.kind, clock.priority, clock.terms.rule if clock.terms else "")
    if clock.state is ClockState.CLAIMED:
        return _Plan(fixed=(), repeat=Rung.CLAIMED, anchor=clock.met_at or clock.started_at, rhythm=ladder.claimed_every)
    effective = policy.effective_due(clock.due_at, since=clock.started_at)
    at_due = sendable(desk, effective) or effective
    before = [(Rung.BEFORE, desk.before(effective, span)) for span in sorted(ladder.before, reverse=True)]
    fixed = [(rung, at) for rung, at in [*before, (Rung.DUE, at_due)] if at is not None]
    return _Plan(fixed=tuple(fixed), repeat=Rung.AFTER, anchor=max(effective, at_due), rhythm=ladder.every)
