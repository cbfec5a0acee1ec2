"""One tick: the clocks whose next nudge has come are judged, spoken of and set to their next rung, in short transactions.

There are no timers: everything is in the clock rows, so a restart, a late tick, two processes or a clock set back change nothing. Each
transaction locks its rows, writes what staff hear into the outbox and moves the rows on, together or not at all.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Protocol

import structlog

from bot.clock import Clock
from bot.duty import read_roster
from bot.errors import Transient
from bot.model import BOT, Agent, Event, Ticket, TicketClock
from bot.notices import StaffRoutes
from bot.ports import Storage, UnitOfWork
from bot.promises import Promises
from bot.sla.clocks import cancel_clock, mark_breach
from bot.sla.digest import Digests
from bot.sla.keeper import PolicyKeeper
from bot.sla.policy import Policy
from bot.sla.recompute import names_of, recompute_all, recompute_if_changed
from bot.sla.reminders import Verdict, judge
from bot.sla.waiting import WaitingClients

LAST_TICK = "last_tick_at"
BATCH = 50
# A tick ends after so many; what is left is due at the next one just as well.
MOST_BATCHES = 400
# A pause between ticks that people should hear of.
DOWNTIME = timedelta(minutes=5)
# A clock that cannot be judged is a bug; it must not hold up the others, nor be tried every few seconds.
TRY_AGAIN_AFTER = timedelta(hours=1)
LOOK_AGAIN_AFTER = timedelta(minutes=1)

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Ticked:
    """What a tick did: clocks looked at, clocks that spoke, messages written, clocks that could not be judged."""

    claimed: int = 0
    nudged: int = 0
    messages: int = 0
    failed: int = 0


class Sweeper(Protocol):
    """Something that looks now and then whether it is time to do its part, and does each part once however often it is asked."""

    async def sweep(self, now: datetime) -> int: ...


class Ticker:
    """See the module. `staff` says where nudges go; `promises` holds the policy in force; `waiting` minds clients who owe an answer,
    `keeper` the closures; `others` have their turn after the nudges."""

    def __init__(
        self,
        *,
        storage: Storage,
        promises: Promises,
        staff: StaffRoutes,
        clock: Clock,
        waiting: WaitingClients | None = None,
        keeper: PolicyKeeper | None = None,
        others: Sequence[Sweeper] = (),
    ) -> None:
        self._storage = storage
        self._promises = promises
        self._staff = staff
        self._clock = clock
        self._waiting = waiting
        self._keeper = keeper
        self._others = others
        self._recomputed_for: Policy | None = None
        self._look_again_at: datetime | None = None
        # Clients and their plans are edited by other processes (an import); where a rule asks for them they are looked at each minute.
        self._looked_at_plans_at = datetime.min.replace(tzinfo=UTC)
        self._known_plans = ""

    async def tick(self) -> Ticked:
        """Say everything that is due now. Raises Transient when the database is busy: the next tick finds the same work."""
        now = self._clock.now()
        closures = await self._keeper.refresh() if self._keeper is not None else []
        policy = self._promises.policy
        await self._keep_up_with(policy, now)
        done, digests = Ticked(), Digests(policy=policy, staff=self._staff, now=now)
        for number in range(MOST_BATCHES):
            async with self._storage.write() as uow:
                if number == 0:
                    digests.silent_since = await _silent_since(uow, now)
                due = await uow.clocks.claim_due(now=now, limit=BATCH)
                is_last = len(due) < BATCH
                if due:
                    await _speak(uow, due, digests, done, is_alone=is_last and number == 0)
                if is_last:
                    uow.state.set(LAST_TICK, now.isoformat())
                await uow.commit()
            if is_last:
                break
            await asyncio.sleep(0)
        if self._keeper is not None:
            await self._keeper.announce(closures, now)
        if self._waiting is not None:
            await self._waiting.sweep(now)
        for other in self._others:
            await _swept(other, now)
        if done.claimed:
            log.info("ticked", claimed=done.claimed, nudged=done.nudged, messages=done.messages, failed=done.failed)
        return done

    async def _keep_up_with(self, policy: Policy, now: datetime) -> None:
        """Once for each policy; a busy database is asked again, a bug in it is told once and does not silence the nudges.

        After a change while running a second look follows: another process may have opened tickets by the old policy for a moment.
        """
        if policy is self._recomputed_for:
            if self._look_again_at is not None and now >= self._look_again_at:
                self._look_again_at = None
                await recompute_all(self._storage, policy, now=now)
            elif policy.names_people and not self._looked_at_plans_at <= now < self._looked_at_plans_at + LOOK_AGAIN_AFTER:
                self._looked_at_plans_at = now
                await self._keep_up_with_plans(policy, now)
            return
        self._looked_at_plans_at = now
        self._look_again_at = now + LOOK_AGAIN_AFTER if self._recomputed_for is not None else None
        self._recomputed_for = policy
        try:
            self._known_plans = await self._plans(policy)
            await recompute_if_changed(self._storage, policy, now=now)
        except Transient:
            self._recomputed_for = None
            raise

    async def _keep_up_with_plans(self, policy: Policy, now: datetime) -> None:
        """Only what this process saw change is a reason: one with other settings, about to be stopped, must not move clocks back."""
        plans = await self._plans(policy)
        if plans != self._known_plans:
            await recompute_if_changed(self._storage, policy, now=now)
        self._known_plans = plans

    async def _plans(self, policy: Policy) -> str:
        if not policy.names_people:
            return ""
        async with self._storage.read() as uow:
            return names_of(await uow.people.clients())


async def _swept(other: Sweeper, now: datetime) -> None:
    """A bug in one of them is told and keeps neither the others nor the next tick waiting."""
    try:
        await other.sweep(now)
    except Transient:
        raise
    except Exception:
        log.exception("sweep_failed", sweeper=type(other).__name__)


async def _speak(uow: UnitOfWork, due: Sequence[TicketClock], digests: Digests, done: Ticked, *, is_alone: bool) -> None:
    """Move a batch of locked clocks on and write what they have to say."""
    tickets = {ticket.id: ticket for ticket in await uow.tickets.get_many([clock.ticket_id for clock in due])}
    agents = {agent.id: agent for agent in await uow.people.agents() if agent.is_active}
    if digests.roster is None:
        digests.roster = await read_roster(uow, digests.policy.desk_calendar.zone, digests.now)
    lines = []
    for clock in due:
        ticket = tickets.get(clock.ticket_id)
        if ticket is None or not ticket.is_open:
            # Closed while the row was on its way here: nothing is owed any more (E19, E23).
            uow.clocks.save(cancel_clock(clock, at=digests.now))
            continue
        owner = agents.get(ticket.assignee_id) if ticket.assignee_id else None
        verdict = _judged(clock, ticket, owner, digests, done)
        _move_on(uow, clock, verdict, digests.now)
        if verdict.nudge is not None:
            lines.append(digests.line(clock, ticket, verdict.nudge, owner))
    written = await digests.deliveries(uow, lines, is_alone=is_alone)
    for delivery in written:
        uow.outbox.add(delivery)
    done.claimed += len(due)
    done.nudged += len(lines)
    done.messages += len(written)


def _judged(clock: TicketClock, ticket: Ticket, owner: Agent | None, digests: Digests, done: Ticked) -> Verdict:
    owner_id, snoozed_until_at = owner.id if owner else None, ticket.snoozed_until_at
    try:
        return judge(digests.policy, clock, now=digests.now, assignee_id=owner_id, snoozed_until_at=snoozed_until_at)
    except Exception:
        log.exception("clock_failed", clock_id=clock.id, ticket_id=clock.ticket_id)
        done.failed += 1
        return Verdict(nudge=None, next_nudge_at=digests.now + TRY_AGAIN_AFTER)


def _move_on(uow: UnitOfWork, clock: TicketClock, verdict: Verdict, now: datetime) -> None:
    marked = mark_breach(clock, at=now)
    if marked.breached_at != clock.breached_at:
        _record(uow, clock, "breached", now, due_at=clock.due_at.isoformat())
    if verdict.nudge is not None:
        _record(uow, clock, "nudged", now, rung=verdict.nudge.rung.value, planned_at=verdict.nudge.planned_at.isoformat())
    uow.clocks.save(replace(marked, next_nudge_at=verdict.next_nudge_at, step=clock.step + (verdict.nudge is not None)))


def _record(uow: UnitOfWork, clock: TicketClock, kind: str, now: datetime, **data: str) -> None:
    facts = {"clock_id": clock.id, "clock": clock.kind.value, "generation": clock.generation, "step": clock.step, **data}
    uow.tickets.add_event(Event(ticket_id=clock.ticket_id, kind=kind, actor=BOT, at=now, data=facts))


async def _silent_since(uow: UnitOfWork, now: datetime) -> datetime | None:
    """The last tick, if it is long ago."""
    stored = await uow.state.get(LAST_TICK)
    last = datetime.fromisoformat(stored) if stored else None
    return last if last is not None and now - last > DOWNTIME else None
