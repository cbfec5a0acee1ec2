"""What one tick has to say, gathered by chat: everything due together for one chat is one message, however many transactions it takes.

A long digest shows the most pressing tickets and counts the rest. When a tick needs several transactions, each writes the digest as it
stands so far under one edit key: the unsent version gives way to the newer one, and one that is out already is edited.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from heapq import nsmallest

from bot import notices
from bot.model import Agent, Contact, Delivery, Route, Ticket, TicketClock
from bot.notices import Facts, Listeners, Reminder, StaffRoutes
from bot.ports import UnitOfWork
from bot.sla.explain import account
from bot.sla.policy import Policy
from bot.sla.reminders import Audience, Nudge
from bot.sla.roster import Away, Roster, Why

# As many as fit a chat message with a line of explanation each; behind them so many more by number alone.
SHOWN = 12
NAMED = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One clock that spoke in this tick. `clock` is the row as it was claimed: its id, generation and step make the nudge unique.

    `away`: why the owner does not hear it; `stand_in` hears it instead, everybody when there is none. `is_unattended`: everybody should
    hear it and nobody is on duty, so the leads do.
    """

    clock: TicketClock
    ticket: Ticket
    nudge: Nudge
    owner: Agent | None
    away: Away | None = None
    stand_in: Agent | None = None
    is_unattended: bool = False

    @property
    def cause(self) -> str:
        return f"clock:{self.clock.id}:g{self.clock.generation}:s{self.clock.step}"

    @property
    def pressing(self) -> tuple[datetime, int]:
        """What comes first in a digest."""
        return self.nudge.effective_due_at, self.ticket.id


def routes_of(line: Line, staff: StaffRoutes) -> tuple[Route, ...]:
    """Where a line goes, each place once. An owner without a chat of their own is reached through the staff's, named there; one who is away
    is not bothered, off shift they may still see it."""
    found: list[Route] = []
    for audience in line.nudge.audiences:
        match audience:
            case Audience.STAFF:
                found += staff.desk
            case Audience.OWNER if line.away is not None:
                found += _own_chat(line.stand_in, staff) or staff.desk
                found += _own_chat(line.owner, staff) if line.away.why is Why.OFF_SHIFT else ()
            case Audience.OWNER:
                found += _own_chat(line.owner, staff) or staff.desk
            case Audience.LEAD:
                found += staff.leads
    if line.is_unattended:
        found += staff.leads
    return tuple(dict.fromkeys(found))


def _own_chat(owner: Agent | None, staff: StaffRoutes) -> tuple[Route, ...]:
    """The owner's private chat, when the desk is on Telegram at all."""
    is_on = any(route.channel == "telegram" for route in (*staff.desk, *staff.leads))
    return (Route(channel="telegram", recipient=owner.telegram_id),) if is_on and owner and owner.telegram_id else ()


@dataclass(slots=True)
class _Digest:
    """One chat's so far: the most pressing lines, those behind them in order, and how many there are in all."""

    shown: list[Line] = field(default_factory=list)
    total: int = 0
    _order: list[tuple[datetime, int]] = field(default_factory=list)

    def add(self, lines: Sequence[Line]) -> None:
        self.shown = nsmallest(SHOWN, [*self.shown, *lines], key=lambda line: line.pressing)
        self._order = nsmallest(SHOWN + NAMED, [*self._order, *(line.pressing for line in lines)])
        self.total += len(lines)

    @property
    def others(self) -> tuple[int, ...]:
        """The tickets that are not shown, most pressing first."""
        shown = {line.ticket.id for line in self.shown}
        return tuple(dict.fromkeys(number for _, number in self._order if number not in shown))


@dataclass(slots=True)
class Digests:
    """The digests of one tick at `now`, growing batch by batch. Dropped with the tick when a transaction fails."""

    policy: Policy
    staff: StaffRoutes
    now: datetime
    silent_since: datetime | None = None
    roster: Roster | None = None
    _edit_key: str | None = None
    _by_route: dict[Route, _Digest] = field(default_factory=dict)
    _reminders: dict[int, Reminder] = field(default_factory=dict)

    async def deliveries(self, uow: UnitOfWork, lines: Sequence[Line], *, is_alone: bool) -> list[Delivery]:
        """The messages that a further batch of lines leads to; `is_alone`: no other batch came before or will come after."""
        touched: dict[Route, list[Line]] = {}
        for line in lines:
            for route in routes_of(line, self.staff):
                touched.setdefault(route, []).append(line)
        if lines and not is_alone and self._edit_key is None:
            # By the clocks, not by the instant: two processes may tick at the same one.
            self._edit_key = f"nudges:{cause_of(lines)}"
        return [await self._delivery(uow, route, new) for route, new in touched.items()]

    async def _delivery(self, uow: UnitOfWork, route: Route, new: Sequence[Line]) -> Delivery:
        digest = self._by_route.setdefault(route, _Digest())
        digest.add(new)
        return notices.nudge(
            route,
            [await self._reminder(uow, line) for line in digest.shown],
            cause=cause_of(new),
            total=digest.total,
            others=digest.others,
            now=self.now,
            silent_since=self.silent_since,
            edit_key=self._edit_key,
        )

    def line(self, clock: TicketClock, ticket: Ticket, nudge: Nudge, owner: Agent | None) -> Line:
        """The line of a clock that speaks now, to whom the roster says."""
        roster, away, stand_in = self.roster, None, None
        if roster is not None and owner is not None and Audience.OWNER in nudge.audiences and (away := roster.away(owner.id, self.now)):
            stand_in = roster.stand_in(owner.id, self.now)
        is_for_all = Audience.STAFF in nudge.audiences or (away is not None and stand_in is None)
        is_unattended = roster is not None and roster.is_kept and is_for_all and not roster.on_duty(self.now)
        return Line(clock=clock, ticket=ticket, nudge=nudge, owner=owner, away=away, stand_in=stand_in, is_unattended=is_unattended)

    def _listeners(self, line: Line) -> Listeners:
        kept = self.roster if self.roster is not None and self.roster.is_kept else None
        is_for_all = line.owner is None or (line.away is not None and line.stand_in is None)
        return Listeners(
            on_duty=tuple(each.agent.name for each in kept.on_duty(self.now)) if kept and is_for_all else (),
            is_unattended=line.is_unattended,
            away_until=line.away.until if line.away else None,
            away_why=line.away.why.value if line.away else "",
            away_because=line.away.because if line.away else "",
            stand_in=line.stand_in.name if line.stand_in else "",
        )

    async def _reminder(self, uow: UnitOfWork, line: Line) -> Reminder:
        clock, calendars = line.clock, self.policy.calendars
        if clock.id not in self._reminders:
            self._reminders[clock.id] = Reminder(
                facts=await _facts(uow, line),
                rung=line.nudge.rung.value,
                kind=clock.kind.value,
                due_at=clock.due_at,
                effective_due_at=line.nudge.effective_due_at,
                planned_at=line.nudge.planned_at,
                account=account(calendars.get(clock.calendar, self.policy.desk_calendar), clock.started_at, clock.due_at),
                claimed_at=clock.met_at,
                listeners=self._listeners(line),
            )
        return self._reminders[clock.id]


def cause_of(lines: Sequence[Line]) -> str:
    """One clock's own cause, or a digest's: unique by everything in it."""
    causes = [line.cause for line in lines]
    if len(causes) == 1:
        return causes[0]
    return "clocks:" + hashlib.sha256(" ".join(sorted(causes)).encode()).hexdigest()[:32]


async def _facts(uow: UnitOfWork, line: Line) -> Facts:
    ticket = line.ticket
    contact = await uow.people.contact(ticket.contact_id) or Contact(id=ticket.contact_id, name="?")
    client = await uow.people.client(ticket.client_id) if ticket.client_id else None
    return Facts(
        ticket=ticket,
        contact=contact,
        client_name=client.name if client else "",
        assignee_name=line.owner.name if line.owner else "",
        due_at=line.clock.due_at,
    )
