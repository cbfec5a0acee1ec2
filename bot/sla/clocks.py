"""What happens to a clock: it starts, is claimed, met, cancelled, moved by other terms or another calendar, or snoozed. Pure, row to row.

One thing always holds, so that a clock can be recomputed from its own row: `due_at` is `deadline(started_at, target)` by its calendar, the
pauses left out (`bot.sla.pauses`). Met stays met, breached stays breached.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from bot.model import ClockKind, ClockState, Terms, TicketClock
from bot.sla.pauses import deadline_over, open_time_over, paused, resumed
from bot.sla.policy import Chosen, Policy
from bot.sla.reminders import current_rung, first_nudge_at, next_rung_at, sendable, standing
from bot.sla.rules import Subject

ACTIVE = (ClockState.RUNNING, ClockState.CLAIMED)


def start_clock(
    policy: Policy, *, kind: ClockKind, ticket_id: int, subject: Subject, started_at: datetime, now: datetime, ordinal: int = 1
) -> TicketClock | None:
    """A running clock counted from `started_at`, the receipt (R10), which may lie before `now`; None when nothing is promised (E7, E14).

    `id` is 0: the store gives one.
    """
    chosen = policy.chosen(kind, subject)
    if chosen is None:
        return None
    target = chosen.target
    due_at = policy.calendars[target.calendar].deadline(started_at, target.time)
    if due_at is None:
        return None
    clock = TicketClock(
        id=0,
        ticket_id=ticket_id,
        kind=kind,
        priority=subject.priority,
        calendar=target.calendar,
        target=target.time,
        started_at=started_at,
        due_at=due_at,
        ordinal=ordinal,
        terms=_terms(chosen),
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
        case ClockState.PAUSED:
            return replace(clock, state=ClockState.MET, met_at=at, pauses=resumed(clock.pauses, at=at))
        case ClockState.CLAIMED:
            return replace(clock, state=ClockState.MET, next_nudge_at=None)
        case _:
            return clock


def cancel_clock(clock: TicketClock, *, at: datetime) -> TicketClock:
    """Nothing is owed any more: closed, merged, handed over."""
    match clock.state:
        case ClockState.RUNNING:
            return replace(mark_breach(clock, at=at), state=ClockState.CANCELLED, next_nudge_at=None)
        case ClockState.PAUSED:
            return replace(clock, state=ClockState.CANCELLED, pauses=resumed(clock.pauses, at=at))
        case ClockState.CLAIMED:
            return meet_clock(clock, at=at)
        case _:
            return clock


def mark_breach(clock: TicketClock, *, at: datetime) -> TicketClock:
    """Note that a running clock is past its due at `at`; the breach counts from the due, and once noted it stays."""
    if clock.state is ClockState.RUNNING and clock.breached_at is None and at > clock.due_at:
        return replace(clock, breached_at=clock.due_at)
    return clock


def pause_clock(clock: TicketClock, *, at: datetime) -> TicketClock:
    """The client must answer: a solution waits for them, all other clocks go on (DESIGN 6). Twice is the same as once."""
    if clock.kind is not ClockKind.SOLUTION or clock.state is not ClockState.RUNNING:
        return clock
    return replace(mark_breach(clock, at=at), state=ClockState.PAUSED, next_nudge_at=None, pauses=paused(clock.pauses, at=at))


def resume_clock(policy: Policy, clock: TicketClock, subject: Subject, *, at: datetime, now: datetime) -> TicketClock:
    """The client answered `at`: what was left of the promise when it paused is left now, by what the policy says now."""
    if clock.state is not ClockState.PAUSED:
        return clock
    running = replace(clock, state=ClockState.RUNNING, pauses=resumed(clock.pauses, at=at))
    moved = _as_promised_now(policy, running, policy.chosen(clock.kind, subject) if clock.terms else None, now)
    return replace(moved, next_nudge_at=first_nudge_at(policy, moved, now))


def reprice_clock(policy: Policy, clock: TicketClock, subject: Subject, *, now: datetime) -> TicketClock:
    """What the ticket is promised depends on something that changed: its priority, its category, who its client is.

    Stricter (the priority raised, or sooner from the receipt): the old due or `now` plus the new time, whichever is sooner, so that nothing
    is born breached. Else: receipt plus the new time. A claimed clock only changes its ladder. Promised nothing any more it is cancelled.
    """
    if clock.state not in (*ACTIVE, ClockState.PAUSED):
        return clock
    changed = replace(mark_breach(clock, at=now), priority=subject.priority)
    chosen = policy.chosen(clock.kind, subject)
    if changed.state is ClockState.CLAIMED:
        again = replace(changed, terms=_terms(chosen) if chosen else clock.terms)
        return again if again == clock else replace(again, next_nudge_at=next_rung_at(policy, again, after=now))
    if chosen is None:
        return cancel_clock(changed, at=now)
    if _is_same(clock, chosen):
        if subject.priority is clock.priority:
            return clock
        moved = changed
    elif _is_stricter(policy, clock, subject, chosen):
        moved = _stricter(policy, changed, chosen, now)
    else:
        moved = _from_receipt(policy, changed, chosen)
    if moved.state is ClockState.PAUSED or (moved.due_at == clock.due_at and _ladder(policy, moved) == _ladder(policy, clock)):
        return moved
    return replace(moved, next_nudge_at=first_nudge_at(policy, moved, now))


def recompute_clock(
    policy: Policy, clock: TicketClock, subject: Subject, *, now: datetime, snoozed_until_at: datetime | None = None
) -> TicketClock:
    """The clock by calendars and promises that may have changed since. The same value when nothing moved. Stricter promises breach nothing
    that was on its way; a promise that was taken away is still kept.

    A rung that was passed before and is passed now is not said again; one that the move puts into the past is said at once.
    """
    if clock.state not in ACTIVE:
        return clock
    marked = mark_breach(clock, at=now)
    chosen = policy.chosen(clock.kind, subject) if clock.terms else None
    moved = _as_promised_now(policy, marked, chosen, now)
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


def _as_promised_now(policy: Policy, clock: TicketClock, chosen: Chosen | None, now: datetime) -> TicketClock:
    """By calendars as they are, and by other terms if there are some (None: what was promised is kept). One move is one generation."""
    moved = _by_its_calendar(policy, clock)
    if chosen is not None and not _is_same(clock, chosen):
        moved = _by_new_terms(policy, moved, chosen, now)
    return replace(moved, generation=clock.generation + (moved.due_at != clock.due_at)) if moved != clock else clock


def _by_its_calendar(policy: Policy, clock: TicketClock) -> TicketClock:
    """A running clock with the due that its calendar gives now; it keeps its due when the calendar is gone."""
    calendar = policy.calendars.get(clock.calendar)
    if clock.state is not ClockState.RUNNING or calendar is None:
        return clock
    return _due(clock, deadline_over(calendar, clock.started_at, clock.target, clock.pauses))


def _by_new_terms(policy: Policy, clock: TicketClock, chosen: Chosen, now: datetime) -> TicketClock:
    """The policy says something else about the same ticket: the new time from where the old one counted, a raise included; stricter, it
    counts from now on."""
    if clock.state is not ClockState.RUNNING or clock.terms is None:
        return replace(clock, terms=_terms(chosen))
    since_at = clock.terms.since_at or clock.started_at
    due_at = deadline_over(policy.calendars[chosen.target.calendar], since_at, chosen.target.time, clock.pauses)
    if due_at is not None and due_at < clock.due_at:
        return _stricter(policy, clock, chosen, now)
    if clock.terms.since_at is None:
        return _from_receipt(policy, clock, chosen)
    # Raised once: a due that was kept because it was sooner than the raised one is still the latest that it may be.
    old = policy.calendars.get(clock.terms.calendar)
    raised_to = deadline_over(old, since_at, clock.terms.time, clock.pauses) if old else None
    return _stricter(policy, clock, chosen, since_at, is_bound=raised_to is not None and raised_to > clock.due_at)


def _stricter(policy: Policy, clock: TicketClock, chosen: Chosen, since_at: datetime, *, is_bound: bool = True) -> TicketClock:
    """The new time from `since_at` on, but no later than the old due (`is_bound`)."""
    calendar = policy.calendars[chosen.target.calendar]
    due_at = deadline_over(calendar, since_at, chosen.target.time, clock.pauses)
    changed = replace(clock, terms=_terms(chosen, since_at=since_at))
    if clock.state is ClockState.PAUSED:
        # Its due comes when it runs again: what it used by now, and the new time.
        allowed = open_time_over(calendar, clock.started_at, since_at, clock.pauses) + chosen.target.time
        is_longer = clock.calendar == chosen.target.calendar and allowed > clock.target
        return replace(changed, calendar=chosen.target.calendar, target=clock.target if is_longer else allowed)
    if due_at is None or (is_bound and due_at >= clock.due_at):
        return changed
    # What is promised now, told as time since the receipt: so that the row still explains its own due.
    allowed = open_time_over(calendar, clock.started_at, due_at, clock.pauses)
    return _due(replace(changed, calendar=chosen.target.calendar, target=allowed), due_at)


def _from_receipt(policy: Policy, clock: TicketClock, chosen: Chosen) -> TicketClock:
    target = chosen.target
    due_at = deadline_over(policy.calendars[target.calendar], clock.started_at, target.time, clock.pauses)
    if due_at is None and clock.state is not ClockState.PAUSED:
        return clock
    return _due(replace(clock, calendar=target.calendar, target=target.time, terms=_terms(chosen)), due_at)


def _due(clock: TicketClock, due_at: datetime | None) -> TicketClock:
    """A deadline that moves is a new generation: its nudges are new ones."""
    if due_at is None or due_at == clock.due_at:
        return clock
    return replace(clock, due_at=due_at, generation=clock.generation + 1)


def _is_stricter(policy: Policy, clock: TicketClock, subject: Subject, chosen: Chosen) -> bool:
    if subject.priority.rank > clock.priority.rank:
        return True
    due_at = deadline_over(policy.calendars[chosen.target.calendar], clock.started_at, chosen.target.time, clock.pauses)
    return due_at is not None and due_at < clock.due_at


def _is_same(clock: TicketClock, chosen: Chosen) -> bool:
    """Whether the clock was promised just this, by a rule of the same name."""
    terms = clock.terms
    said = (chosen.target.time, chosen.target.calendar, chosen.rule_name)
    return terms is not None and (terms.time, terms.calendar, terms.rule) == said


def _terms(chosen: Chosen, *, since_at: datetime | None = None) -> Terms:
    return Terms(time=chosen.target.time, calendar=chosen.target.calendar, rule=chosen.rule_name, since_at=since_at)


def _ladder(policy: Policy, clock: TicketClock) -> object:
    return policy.ladder(clock.kind, clock.priority, clock.terms.rule if clock.terms else "")
