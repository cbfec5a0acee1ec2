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

from bot.model import ActorKind, ClockKind, ClockState, Event, Priority, TicketClock
from bot.ports import QueueRow
from bot.sla import claims
from bot.sla.claims import Urgency
from bot.sla.pauses import open_time_over
from bot.sla.policy import Policy

NOBODY = ""
# What staff do that can meet a clock, as the history calls it.
REACTING = ("claimed", "answer", "question", "proposal", "closed", "handed_over")
TAKING = ("claimed", "assigned", *REACTING[1:])
READ = (*TAKING, *claims.READ, "clock_moved")


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

    `reaction` is desk time from the start until it was met, `allowed` desk time from the start until the deadline; `used` is what its own
    calendar counted of `target`, until it was met or until now, pauses left out; `over` is desk time past the deadline. `moved` is how
    often the deadline moved, `rule` the one that promised it ("" the desk's usual promise).
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
    allowed: timedelta
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


@dataclass(frozen=True, slots=True, kw_only=True)
class WeekNumbers:
    """A week (or any stretch) in a few figures. `total` are its reactions, `urgent` those of urgent tickets; `worst` are the late ones,
    the longest over first."""

    since: datetime
    until: datetime
    opened: int
    total: Line
    urgent: Line
    claimed: int
    upheld: int
    worst: tuple[Entry, ...]


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
        agent=met_by(clock, events) or row.assignee_name,
        kind=clock.kind,
        priority=clock.priority,
        started_at=clock.started_at,
        due_at=clock.due_at,
        target=clock.target,
        met_at=clock.met_at,
        verdict=verdict,
        used=open_time_over(policy.calendars.get(clock.calendar, desk), clock.started_at, until, clock.pauses),
        reaction=desk.open_time(clock.started_at, until) if is_met else None,
        allowed=desk.open_time(clock.started_at, clock.due_at),
        over=desk.open_time(clock.due_at, until) if verdict is Verdict.LATE else timedelta(0),
        why=why(clock, events) if verdict is Verdict.LATE else None,
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
            # Met while it stood still: the wait was the client's.
            was_paused = bool(clock.pauses) and clock.pauses[-1][1] == clock.met_at
            return Verdict.LATE if clock.met_at is not None and clock.met_at > clock.due_at and not was_paused else Verdict.IN_TIME


def lines(entries: Sequence[Entry]) -> tuple[Line, ...]:
    """Every view of every kind of promise that there was, each view by name; priorities by their rank."""
    groups: dict[tuple[ClockKind, str, str], list[Entry]] = {}
    for each in entries:
        for by, view in VIEWS.items():
            groups.setdefault((each.kind, by, view(each)), []).append(each)
    kinds, views, ranks = list(ClockKind), list(VIEWS), [priority.value for priority in Priority]

    def place(key: tuple[ClockKind, str, str]) -> tuple[int, int, int, str]:
        kind, by, name = key
        return kinds.index(kind), views.index(by), ranks.index(name) if by == "priority" else 0, name

    return tuple(_line(*key, groups[key]) for key in sorted(groups, key=place))


def week_numbers(report: Report) -> WeekNumbers:
    """The few figures that a chat message tells of a stretch of time, from its report: reactions, claims of urgency, the worst breaches."""
    reactions = [each for each in report.entries if each.kind is ClockKind.REACTION]
    late = [each for each in reactions if each.verdict is Verdict.LATE]
    return WeekNumbers(
        since=report.since,
        until=report.until,
        opened=len(reactions),
        total=_line(ClockKind.REACTION, "all", "", reactions),
        urgent=_line(ClockKind.REACTION, "priority", Priority.URGENT, [each for each in reactions if each.priority is Priority.URGENT]),
        claimed=sum(each.claimed for each in report.urgency),
        upheld=sum(each.upheld for each in report.urgency),
        worst=tuple(sorted(late, key=lambda each: (-each.over, each.ticket_id))),
    )


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


def met_by(clock: TicketClock, events: Sequence[Event]) -> str:
    """Who met it: the event is written just after the instant that the clock keeps. A call was met by who took it, the assignee."""
    if clock.met_at is None or clock.met_at == clock.started_at:
        return NOBODY
    deed = next((each for each in events if each.kind in REACTING and each.at >= clock.met_at), None)
    return deed.actor.name if deed is not None and deed.actor.kind is ActorKind.AGENT else NOBODY


def why(clock: TicketClock, events: Sequence[Event]) -> Why:
    """What the breach of this clock comes down to."""
    taken = any(each.kind in TAKING and each.actor.kind is ActorKind.AGENT and each.at <= clock.due_at for each in events)
    return Why.TAKEN_SILENT if taken else Why.NOT_TAKEN
