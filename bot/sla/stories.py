"""The ledger of one ticket: the story of each of its clocks, from its row and the ticket's history. Pure.

Started, moved and why, paused, nudged, snoozed, broken, met or dropped and by whom; how much open time it used, and which rule of the
policy promised it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from bot.model import Actor, ClockKind, ClockState, Event, Priority, TicketClock
from bot.sla.numbers import REACTING, Verdict, Why, met_by, verdict_of, why
from bot.sla.pauses import open_time_over
from bot.sla.policy import Policy

# What ends a clock that is not met; a change of priority, category or company does where nothing is promised any more.
STOPPING = ("closed", "merged")
CHANGING = ("priority_set", "reason_given", "reason_denied", "category_set", "identified", "absorbed")


class StepKind(StrEnum):
    """What can happen to a clock, in the order in which things of one instant are told."""

    STARTED = "started"
    MOVED = "moved"
    PAUSED = "paused"
    RESUMED = "resumed"
    NUDGED = "nudged"
    SNOOZED = "snoozed"
    WOKEN = "woken"
    BREACHED = "breached"
    MET = "met"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One line. `because` is a code: of a start where it counts from, of a move what moved it, of an end the event that ended it.

    `from_at` and `to_at` are deadlines, of a snooze the instant it lasts until, of several nudges the last one; `count` is their number.
    """

    kind: StepKind
    at: datetime
    who: str = ""
    because: str = ""
    from_at: datetime | None = None
    to_at: datetime | None = None
    count: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockStory:
    """A clock and its steps in order. Lengths as in `bot.sla.numbers.Entry`; `rule` "" is the desk's usual promise.

    `time` and `calendar` are what was promised last: they differ from what the row counts by once the priority was raised.
    """

    clock_id: int
    kind: ClockKind
    priority: Priority
    rule: str
    time: timedelta
    calendar: str
    started_at: datetime
    due_at: datetime
    met_at: datetime | None
    agent: str
    verdict: Verdict
    why: Why | None
    used: timedelta
    reaction: timedelta | None
    over: timedelta
    next_nudge_at: datetime | None
    steps: tuple[Step, ...]

    @property
    def is_over(self) -> bool:
        return self.next_nudge_at is None and self.verdict is not Verdict.RUNNING


def stories(clocks: Sequence[TicketClock], events: Sequence[Event], policy: Policy, *, now: datetime) -> list[ClockStory]:
    """Of all clocks of a ticket, oldest first, from all its events in order."""
    return [_story(clock, events, policy, now) for clock in sorted(clocks, key=lambda each: (each.started_at, each.id))]


def _story(clock: TicketClock, events: Sequence[Event], policy: Policy, now: datetime) -> ClockStory:
    desk = policy.desk_calendar
    verdict = verdict_of(clock, now=now)
    dropped = next((step for step in _ending(clock, events) if step.kind is StepKind.DROPPED), None)
    until = clock.met_at or (dropped.at if dropped else now)
    is_late = verdict is Verdict.LATE
    return ClockStory(
        clock_id=clock.id,
        kind=clock.kind,
        priority=clock.priority,
        rule=clock.terms.rule if clock.terms else "",
        time=clock.terms.time if clock.terms else clock.target,
        calendar=clock.terms.calendar if clock.terms else clock.calendar,
        started_at=clock.started_at,
        due_at=clock.due_at,
        met_at=clock.met_at,
        agent=met_by(clock, events),
        verdict=verdict,
        why=why(clock, events) if is_late else None,
        used=open_time_over(policy.calendars.get(clock.calendar, desk), clock.started_at, until, clock.pauses),
        reaction=desk.open_time(clock.started_at, clock.met_at) if clock.met_at else None,
        over=desk.open_time(clock.due_at, until) if is_late else timedelta(0),
        next_nudge_at=clock.next_nudge_at,
        steps=tuple(_steps(clock, events, now)),
    )


def _steps(clock: TicketClock, events: Sequence[Event], now: datetime) -> list[Step]:
    order = list(StepKind)
    along = [*_starting(clock, events), *_along(clock, events)]
    broken = clock.breached_at or (clock.due_at if verdict_of(clock, now=now) is Verdict.LATE else None)
    if broken is not None:
        along.append(Step(kind=StepKind.BREACHED, at=broken))
    along += _ending(clock, events)
    return _together(sorted(along, key=lambda step: (step.at, order.index(step.kind))))


def _starting(clock: TicketClock, events: Sequence[Event]) -> Iterator[Step]:
    moves = [each for each in events if each.kind == "clock_moved" and _is_of(each, clock)]
    promised = _instant(moves[0].data.get("from")) if moves else clock.due_at
    because = "receipt"
    if clock.kind is ClockKind.NEXT_ANSWER:
        # The event is written just after the instant that the clock counts from.
        heard = (each.kind for each in events if each.kind in ("client_spoke", "reopened") and each.at >= clock.started_at)
        because = next(heard, "client_spoke")
    yield Step(kind=StepKind.STARTED, at=clock.started_at, because=because, to_at=promised)


def _along(clock: TicketClock, events: Sequence[Event]) -> Iterator[Step]:
    """What the history tells of the clock between its start and its end."""
    for each in events:
        if _is_of(each, clock):
            match each.kind:
                case "clock_moved":
                    before, after = _instant(each.data.get("from")), _instant(each.data.get("to"))
                    mover = _mover(each, events)
                    yield Step(kind=StepKind.MOVED, at=each.at, because=each.because, who=mover, from_at=before, to_at=after)
                case "clock_paused" if any(begins == each.at for begins, _ in clock.pauses):
                    # Else the word that paused it was taken back.
                    yield Step(kind=StepKind.PAUSED, at=each.at)
                case "clock_resumed":
                    yield Step(kind=StepKind.RESUMED, at=each.at, to_at=_instant(each.data.get("due_at")))
                case "nudged":
                    yield Step(kind=StepKind.NUDGED, at=each.at, because=each.data.get("rung", ""), count=1)
        elif each.kind in ("snoozed", "woken") and clock.started_at <= each.at and (clock.met_at is None or each.at <= clock.met_at):
            kind = StepKind.SNOOZED if each.kind == "snoozed" else StepKind.WOKEN
            yield Step(kind=kind, at=each.at, who=each.actor.name, to_at=_instant(each.data.get("until")))


def _mover(moved: Event, events: Sequence[Event]) -> str:
    """Who changed what moved the deadline: the change is written with the move, just before it."""
    found: Actor | None = None
    for each in events:
        if each is moved:
            break
        if each.kind in CHANGING and each.at == moved.at:
            found = each.actor
    return found.name if found else ""


def _ending(clock: TicketClock, events: Sequence[Event]) -> Iterator[Step]:
    if clock.met_at is not None:
        is_born_met = clock.met_at == clock.started_at
        deed = next((each.kind for each in events if each.kind in REACTING and each.at >= clock.met_at), "")
        yield Step(
            kind=StepKind.MET, at=clock.met_at, who=met_by(clock, events), because="answered_call" if is_born_met else deed or "closed"
        )
    elif clock.state is ClockState.CANCELLED:
        later = [each for each in events if each.at >= clock.started_at]
        ended = next((each for each in later if each.kind in STOPPING), None) or next(
            (each for each in later if each.kind in CHANGING), None
        )
        if ended is not None:
            yield Step(kind=StepKind.DROPPED, at=ended.at, who=ended.actor.name, because=ended.kind)


def _together(steps: Sequence[Step]) -> list[Step]:
    """Nudges that follow one another are one line."""
    told: list[Step] = []
    for step in steps:
        if step.kind is StepKind.NUDGED and told and told[-1].kind is StepKind.NUDGED:
            told[-1] = replace(told[-1], to_at=step.at, because=step.because, count=told[-1].count + 1)
        else:
            told.append(step)
    return told


def _is_of(event: Event, clock: TicketClock) -> bool:
    return event.data.get("clock_id") == clock.id


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
