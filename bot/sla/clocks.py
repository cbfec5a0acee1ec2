"""What happens to a clock: it starts, is claimed, met, cancelled, moved by a new priority or calendar, or snoozed. Pure, row to row.

One thing always holds, so that a clock can be recomputed from its own row: `due_at` is `deadline(started_at, target)` by its calendar.
Met stays met, breached stays breached.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from bot.model import ClockKind, ClockState, Priority, TicketClock
from bot.sla.policy import Policy, Target
from bot.sla.reminders import current_rung, first_nudge_at, next_rung_at, sendable, standing


def start_clock(
    policy: Policy, *, kind: ClockKind, ticket_id: int, priority: Priority, started_at: datetime, now: datetime, ordinal: int = 1
) -> TicketClock | None:
    """A running clock counted from `started_at`, the receipt (R10), which may lie before `now`; None when nothing is promised (E7, E14).

    `id` is 0: the store gives one.
    """
    target = policy.target(kind, priority)
    if target is None:
        return None
    due_at = policy.calendars[target.calendar].deadline(started_at, target.time)
    if due_at is None:
        return None
    clock = TicketClock(
        id=0,
        ticket_id=ticket_id,
        kind=kind,
        priority=priority,
        calendar=target.calendar,
        target=target.time,
        started_at=started_at,
        due_at=due_at,
        ordinal=ordinal,
    )
    return replace(clock, next_nudge_at=first_nudge_at(policy, clock, now))


def claim_clock(policy: Policy, clock: TicketClock, *, at: datetime) -> TicketClock:
    """A ticket was taken and the client told so: the reaction is met, unless the policy wants a word; the claimer's ladder begins.

    Other kinds of clock want an answer: a claim leaves them as they are.
    """
    if clock.state is not ClockState.RUNNING or clock.kind is not ClockKind.REACTION or not policy.claim_is_reaction:
        return clock
    claimed = replace(mark_breach(clock, at=at), state=ClockState.CLAIMED, met_at=at)
    return replace(claimed, next_nudge_at=next_rung_at(policy, claimed, after=at))


def meet_clock(clock: TicketClock, *, at: datetime) -> TicketClock:
    """The first word to the client, or the solution. A claimed clock was met by its claim and keeps that instant."""
    match clock.state:
        case ClockState.RUNNING:
            return replace(mark_breach(clock, at=at), state=ClockState.MET, met_at=at, next_nudge_at=None)
        case ClockState.CLAIMED:
            return replace(clock, state=ClockState.MET, next_nudge_at=None)
        case _:
            return clock


def cancel_clock(clock: TicketClock, *, at: datetime) -> TicketClock:
    """Nothing is owed any more: closed, merged, handed over."""
    match clock.state:
        case ClockState.RUNNING:
            return replace(mark_breach(clock, at=at), state=ClockState.CANCELLED, next_nudge_at=None)
        case ClockState.CLAIMED:
            return meet_clock(clock, at=at)
        case _:
            return clock


def mark_breach(clock: TicketClock, *, at: datetime) -> TicketClock:
    """Note that a running clock is past its due at `at`; the breach counts from the due, and once noted it stays."""
    if clock.state is ClockState.RUNNING and clock.breached_at is None and at > clock.due_at:
        return replace(clock, breached_at=clock.due_at)
    return clock


def change_priority(policy: Policy, clock: TicketClock, priority: Priority, *, now: datetime) -> TicketClock:
    """Raised: the old due or `now` plus the new target, whichever is sooner: nothing is born breached. Lowered: receipt plus new target.

    A claimed clock only changes its ladder. Without a target for the new priority the clock is cancelled.
    """
    if clock.state not in (ClockState.RUNNING, ClockState.CLAIMED) or priority is clock.priority:
        return clock
    changed = replace(mark_breach(clock, at=now), priority=priority)
    if changed.state is ClockState.CLAIMED:
        return replace(changed, next_nudge_at=next_rung_at(policy, changed, after=now))
    target = policy.target(clock.kind, priority)
    if target is None:
        return cancel_clock(changed, at=now)
    moved = _raised(policy, changed, target, now) if priority.rank > clock.priority.rank else _lowered(policy, changed, target)
    if moved.due_at == clock.due_at and policy.ladder(clock.kind, priority) == policy.ladder(clock.kind, clock.priority):
        return moved
    return replace(moved, next_nudge_at=first_nudge_at(policy, moved, now))


def recompute_clock(policy: Policy, clock: TicketClock, *, now: datetime, snoozed_until_at: datetime | None = None) -> TicketClock:
    """The clock by calendars that may have changed since. The same value when nothing moved.

    A rung that was passed before and is passed now is not said again; one that the move puts into the past is said at once.
    """
    if clock.state not in (ClockState.RUNNING, ClockState.CLAIMED):
        return clock
    moved = _by_its_calendar(policy, mark_breach(clock, at=now))
    if snoozed_until_at is not None and snoozed_until_at > now:
        return replace(moved, next_nudge_at=sendable(policy.desk_calendar, snoozed_until_at))
    is_waiting = clock.next_nudge_at is not None and clock.next_nudge_at <= now
    if moved.due_at == clock.due_at and not is_waiting:
        return replace(moved, next_nudge_at=next_rung_at(policy, moved, after=now))
    told = None if is_waiting else current_rung(policy, clock, now)
    reached, next_at = standing(policy, moved, now)
    if reached is not None and reached is not told:
        return replace(moved, next_nudge_at=clock.next_nudge_at if is_waiting else sendable(policy.desk_calendar, now))
    return replace(moved, next_nudge_at=next_at)


def snooze_clock(policy: Policy, clock: TicketClock, *, until: datetime) -> TicketClock:
    """Quiet until then, or until the desk opens after it; the deadline stays where it is."""
    if clock.state not in (ClockState.RUNNING, ClockState.CLAIMED):
        return clock
    return replace(clock, next_nudge_at=sendable(policy.desk_calendar, until))


def _by_its_calendar(policy: Policy, clock: TicketClock) -> TicketClock:
    """A running clock with the due that its calendar gives now; it keeps its due when the calendar is gone."""
    calendar = policy.calendars.get(clock.calendar)
    if clock.state is not ClockState.RUNNING or calendar is None:
        return clock
    due_at = calendar.deadline(clock.started_at, clock.target)
    if due_at is None or due_at == clock.due_at:
        return clock
    return replace(clock, due_at=due_at, generation=clock.generation + 1)


def _raised(policy: Policy, clock: TicketClock, target: Target, now: datetime) -> TicketClock:
    calendar = policy.calendars[target.calendar]
    due_at = calendar.deadline(now, target.time)
    if due_at is None or due_at >= clock.due_at:
        return clock
    # What is promised now, told as time since the receipt: so that the row still explains its own due.
    allowed = calendar.open_time(clock.started_at, due_at)
    return replace(clock, due_at=due_at, calendar=target.calendar, target=allowed, generation=clock.generation + 1)


def _lowered(policy: Policy, clock: TicketClock, target: Target) -> TicketClock:
    due_at = policy.calendars[target.calendar].deadline(clock.started_at, target.time)
    if due_at is None or due_at == clock.due_at:
        return clock
    return replace(clock, due_at=due_at, calendar=target.calendar, target=target.time, generation=clock.generation + 1)
