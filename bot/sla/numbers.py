"""The numbers of a month: what was promised, what was kept, how fast, by whom, and what broke a promise. Pure.

A clock counts in the month in which it started. It is in time when it was met by its deadline; late when it was not, whether it was met
later, still runs or was cancelled; breached stays breached when a calendar moves later. It counts nowhere while it may still be kept,
nor when it was cancelled before its deadline (closed or merged by then). Reactions are told in desk time, whatever the target counts by.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from bot.model import ActorKind, ClockKind, ClockState, Event, Priority, ReasonState, TicketClock, UrgencyReason
from bot.ports import QueueRow
from bot.sla.pauses import open_time_over
from bot.sla.policy import Policy

NOBODY = ""
# What staff do that can meet a clock, as the history calls it.
REACTING = ("claimed", "answer", "question", "proposal", "closed", "handed_over")
TAKING = ("claimed", "assigned", *REACTING[1:])
READ = (*TAKING, "opened", "priority_set", "reason_given", "reason_denied", "clock_moved")


class Verdict(StrEnum):
    """What became of a promise."""

    IN_TIME = "in_time"
    LATE = "late"
    RUNNING = "running"
    DROPPED = "dropped"


class Why(StrEnum):
    """What a breach comes down to: nobody had the ticket by the deadline, or somebody had it and said nothing."""

    NOT_TAKEN = "not_taken"
    TAKEN_SILENT = "taken_silent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One promise of one ticket, with its whole story. `agent` met it, or has the ticket; "" is nobody.

    `reaction` is desk time from the start until it was met; `used` is what its own calendar counted of `target`, until it was met or
    until now, pauses left out; `over` is desk time past the deadline. `moved` is how often a calendar or a policy moved it, `rule` the
    one that promised it ("" the desk's usual promise).
    """

    ticket_id: int
    title: str
    client: str
    channel: str
    agent: str
    kind: ClockKind
    priority: Priority
    started_at: datetime
    due_at: datetime
    target: timedelta
    met_at: datetime | None
    verdict: Verdict
    used: timedelta
    reaction: timedelta | None
    over: timedelta
    why: Why | None
    moved: int
    rule: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """Promises of one kind seen together: all of them, or those of one client, agent, channel or priority.

    `median` is the middle, of an even number the mean of the two; `ninth` is the shortest time within which nine of ten were met.
    """

    kind: ClockKind
    by: str
    name: str
    in_time: int
    late: int
    running: int
    dropped: int
    median: timedelta | None
    ninth: timedelta | None

    @property
    def share(self) -> float | None:
        """Of those that are decided, how many were in time, 0 to 1; None when none is."""
        decided = self.in_time + self.late
        return self.in_time / decided if decided else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Urgency:
    """A client's claims of urgency (R11): the reasons given, and how many claims still stood when the story ended.

    `reasons` are counts by reason 1, 2, 3; `unstated` gave none, `denied` said "none of these" themselves.
    """

    client: str
    claimed: int
    upheld: int
    reasons: tuple[int, int, int]
    unstated: int
    denied: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A month. `breaches` are the late entries, earliest deadline first."""

    since: datetime
    until: datetime
    entries: tuple[Entry, ...]
    lines: tuple[Line, ...]
    urgency: tuple[Urgency, ...]

    @property
    def breaches(self) -> list[Entry]:
        return sorted((each for each in self.entries if each.verdict is Verdict.LATE), key=lambda each: (each.due_at, each.ticket_id))


# One line a way of looking at them.
VIEWS: dict[str, Callable[[Entry], str]] = {
    "all": lambda entry: "",
    "client": lambda entry: entry.client,
    "agent": lambda entry: entry.agent,
    "channel": lambda entry: entry.channel,
    "priority": lambda entry: entry.priority.value,
}


def entry(row: QueueRow, events: Sequence[Event], policy: Policy, *, now: datetime) -> Entry:
    """The story of the row's clock, from it and the events (`READ`) of its ticket in order."""
    clock, ticket = row.clock, row.ticket
    assert clock is not None
    verdict = verdict_of(clock, now=now)
    until = clock.met_at or now
    desk = policy.desk_calendar
    is_met = clock.met_at is not None
    return Entry(
        ticket_id=ticket.id,
        title=ticket.title,
        client=row.client_name,
        channel=ticket.channel,
        agent=_met_by(clock, events) or row.assignee_name,
        kind=clock.kind,
        priority=clock.priority,
        started_at=clock.started_at,
        due_at=clock.due_at,
        target=clock.target,
        met_at=clock.met_at,
        verdict=verdict,
        used=open_time_over(policy.calendars.get(clock.calendar, desk), clock.started_at, until, clock.pauses),
        reaction=desk.open_time(clock.started_at, until) if is_met else None,
        over=desk.open_time(clock.due_at, until) if verdict is Verdict.LATE else timedelta(0),
        why=_why(clock, events) if verdict is Verdict.LATE else None,
        moved=sum(event.kind == "clock_moved" and event.data.get("clock_id") == clock.id for event in events),
        rule=clock.terms.rule if clock.terms else "",
    )


def verdict_of(clock: TicketClock, *, now: datetime) -> Verdict:
    """See the module."""
    if clock.breached_at is not None:
        return Verdict.LATE
    match clock.state:
        case ClockState.CANCELLED:
            return Verdict.DROPPED
        case ClockState.PAUSED:
            return Verdict.RUNNING
        case ClockState.RUNNING:
            return Verdict.LATE if now > clock.due_at else Verdict.RUNNING
        case _:
            return Verdict.LATE if clock.met_at is not None and clock.met_at > clock.due_at else Verdict.IN_TIME


def lines(entries: Sequence[Entry]) -> tuple[Line, ...]:
    """Every view of every kind of promise that there was, each view by name."""
    found = []
    for kind in ClockKind:
        of_kind = [each for each in entries if each.kind is kind]
        for by, view in VIEWS.items():
            for name in sorted({view(each) for each in of_kind}):
                found.append(_line(kind, by, name, [each for each in of_kind if view(each) == name]))
    return tuple(found)


def median(values: Iterable[timedelta]) -> timedelta | None:
    """The middle value; the mean of the two in the middle."""
    ordered = sorted(values)
    if not ordered:
        return None
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2


def ninth_decile(values: Iterable[timedelta]) -> timedelta | None:
    """The smallest value that at least nine of ten do not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[-(-9 * len(ordered) // 10) - 1] if ordered else None


def urgency(rows: Sequence[tuple[QueueRow, Sequence[Event]]]) -> tuple[Urgency, ...]:
    """Who called what urgent, by client, from the tickets (one row each) and their events."""
    by_client: dict[str, list[tuple[QueueRow, bool]]] = {}
    for row, events in rows:
        is_upheld = _claim(events)
        if is_upheld is not None:
            by_client.setdefault(row.client_name, []).append((row, is_upheld))
    return tuple(_urgency(client, claims) for client, claims in sorted(by_client.items()))


def _line(kind: ClockKind, by: str, name: str, entries: Sequence[Entry]) -> Line:
    counts = {verdict: sum(each.verdict is verdict for each in entries) for verdict in Verdict}
    reactions = [each.reaction for each in entries if each.reaction is not None]
    return Line(
        kind=kind,
        by=by,
        name=name,
        in_time=counts[Verdict.IN_TIME],
        late=counts[Verdict.LATE],
        running=counts[Verdict.RUNNING],
        dropped=counts[Verdict.DROPPED],
        median=median(reactions),
        ninth=ninth_decile(reactions),
    )


def _met_by(clock: TicketClock, events: Sequence[Event]) -> str:
    """Who met it: the event is written just after the instant that the clock keeps. A call was met by who took it, the assignee."""
    if clock.met_at is None or clock.met_at == clock.started_at:
        return NOBODY
    acts = (each for each in events if each.kind in REACTING and each.actor.kind is ActorKind.AGENT and each.at >= clock.met_at)
    return next((each.actor.name for each in acts), NOBODY)


def _why(clock: TicketClock, events: Sequence[Event]) -> Why:
    taken = any(each.kind in TAKING and each.actor.kind is ActorKind.AGENT and each.at <= clock.due_at for each in events)
    return Why.TAKEN_SILENT if taken else Why.NOT_TAKEN


def _claim(events: Sequence[Event]) -> bool | None:
    """Whether a claim of urgency still stands at the end; None when the client never made one. Staff's own raising is no claim."""
    stands: bool | None = None
    for each in events:
        by_client = each.actor.kind is ActorKind.CONTACT
        if (each.kind == "opened" and each.data.get("priority") == Priority.URGENT) or (each.kind == "reason_given" and by_client):
            stands = True
        elif each.kind == "priority_set" and each.data.get("to") == Priority.URGENT:
            stands = True if by_client or stands is not None else None
        elif each.kind == "reason_denied" or (each.kind == "priority_set" and each.data.get("from") == Priority.URGENT):
            stands = False if stands is not None else None
    return stands


def _urgency(client: str, claims: Sequence[tuple[QueueRow, bool]]) -> Urgency:
    tickets = [row.ticket for row, _ in claims]
    one, two, three = (sum(ticket.reason is reason for ticket in tickets) for reason in UrgencyReason)
    denied = sum(ticket.reason_state is ReasonState.NONE_OF_THESE for ticket in tickets)
    return Urgency(
        client=client,
        claimed=len(tickets),
        upheld=sum(is_upheld for _, is_upheld in claims),
        reasons=(one, two, three),
        unstated=len(tickets) - one - two - three - denied,
        denied=denied,
    )
