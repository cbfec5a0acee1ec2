"""A desk lives: tickets arrive by day and hour, people claim, answer, snooze, raise, lower, hand over, close and come back, and the desk
closes in an emergency. Every minute ticks. What was said is compared with what the oracle expects, minute by minute.
"""

from __future__ import annotations

import heapq
import random
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from bot.desk import Draft, Opening
from bot.errors import Rejected
from bot.model import Actor, Agent, Contact, Outcome, Priority
from bot.ports import UnitOfWork
from bot.recount.timeline import Timeline, Week
from bot.sla.calendars import preset_calendars
from bot.sla.intervals import DayException, Interval
from bot.sla.keeper import PolicyKeeper
from bot.sla.policy import Policy
from bot.sla.service import Ticker
from bot.storage import open_storage
from tests.builders import LEAD_CHAT, STAFF_CHAT, World, build_world, message
from tests.sla.nudge_oracle import MINUTE, Oracle, Spoken, cut

ZONE = "Europe/Kyiv"
WORKDAY = [(8 * 60, 12 * 60 + 30), (13 * 60 + 30, 17 * 60)]
MORNING = [(8 * 60, 12 * 60)]
# How many of a hundred arrive in each hour of a working day; nights and weekends bring a few.
HOURS = (1, 1, 1, 1, 1, 1, 2, 4, 12, 13, 11, 9, 6, 6, 9, 8, 7, 4, 2, 2, 1, 1, 1, 1)
WEEKDAYS = (24, 20, 19, 18, 16, 2, 1)
PRIORITIES = ("low", "medium", "medium", "medium", "high", "urgent", "urgent")


@dataclass(frozen=True)
class Plan:
    """A stretch of life. `holidays`, `short_days` (mornings only) and `saturdays` (worked) are exceptions; `closings` are how long the desk
    shuts from which local instant on, and whether it opens again after half of it."""

    since: datetime
    until: datetime
    tickets: int
    seed: int = 1
    holidays: tuple[date, ...] = ()
    short_days: tuple[date, ...] = ()
    saturdays: tuple[date, ...] = ()
    closings: tuple[tuple[datetime, timedelta, bool], ...] = ()

    @property
    def weeks(self) -> dict[str, Week]:
        desk: dict[date, list[tuple[int, int]]] = {day: [] for day in self.holidays}
        desk |= dict.fromkeys(self.short_days, MORNING) | dict.fromkeys(self.saturdays, WORKDAY)
        whole = {day: [(0, 24 * 60)] if hours else [] for day, hours in desk.items()}
        return {
            "desk": Week(ZONE, [WORKDAY] * 5 + [[], []], desk),
            "weekdays": Week(ZONE, [[(0, 24 * 60)]] * 5 + [[], []], whole),
        }

    @property
    def policy(self) -> Policy:
        """The same for the program."""
        days: dict[date, tuple[Interval, ...]] = dict.fromkeys(self.holidays, ())
        days |= dict.fromkeys(self.short_days, (Interval.parse("08:00-12:00"),))
        days |= dict.fromkeys(self.saturdays, (Interval.parse("08:00-12:30"), Interval.parse("13:30-17:00")))
        exceptions = [DayException(on=day, intervals=hours) for day, hours in sorted(days.items())]
        return Policy(calendars=preset_calendars(zone=ZONE, exceptions=exceptions))


@dataclass
class Seen:
    """What came of it. `problems` must stay empty."""

    tickets: int = 0
    deeds: Counter[str] = field(default_factory=Counter)
    rungs: Counter[str] = field(default_factory=Counter)
    messages: int = 0
    ticks: int = 0
    lateness: list[float] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def summary(self) -> str:
        late = sorted(self.lateness) or [0.0]
        rungs = ", ".join(f"{name} {number:,}" for name, number in self.rungs.most_common())
        deeds = ", ".join(f"{name} {number:,}" for name, number in self.deeds.most_common())
        return (
            f"{self.tickets:,} tickets, {self.ticks:,} minutes; {deeds}\n"
            f"{sum(self.rungs.values()):,} nudges in {self.messages:,} messages: {rungs}\n"
            f"lateness median {late[len(late) // 2]:.0f} s, p99 {late[-1 - len(late) // 100]:.0f} s, most {late[-1]:.0f} s; "
            f"problems: {len(self.problems)}"
        )


class Checker:
    """Reads what was written since it last looked, and compares. It knows the oracle's word and the open hours, nothing of the clocks."""

    def __init__(self, file: Path, seen: Seen) -> None:
        self._database = sqlite3.connect(file)
        self._seen = seen
        self._last_event = self._last_row = 0

    def close(self) -> None:
        self._database.close()

    def look(self, now: datetime, expected: list[Spoken], owners: dict[int, str], desk: Timeline) -> None:
        """At the minute `now` exactly these must have spoken, once each, in one message a chat, and only while the desk is open."""
        spoken = self._spoken()
        wanted = Counter((each.ticket, each.kind, each.ordinal, each.rung) for each in expected)
        for key in sorted((wanted | spoken).keys()):
            if spoken[key] < wanted[key]:
                self._problem(now, f"missing: {key}")
            elif spoken[key] > wanted[key]:
                self._problem(now, f"{'double' if wanted[key] else 'unasked'}: {key}")
        if spoken and not desk.is_open(now):
            self._problem(now, f"{len(spoken)} nudges while the desk is closed")
        chats: Counter[str] = Counter()
        for each in expected:
            chats.update(
                {"staff": STAFF_CHAT.recipient, "lead": LEAD_CHAT.recipient, "owner": owners.get(each.ticket, "")}[who]
                for who in each.hears
            )
        told: Counter[str] = Counter()
        for recipient, total in self._messages():
            if recipient in told:
                self._problem(now, f"two messages for {recipient}")
            told[recipient] += total
        if chats != told:
            self._problem(now, f"messages {dict(told)} instead of {dict(chats)}")
        self._seen.messages += len(told)

    def _spoken(self) -> Counter[tuple[int, str, int, str]]:
        rows = self._database.execute(
            "SELECT e.id, e.ticket_id, c.kind, c.ordinal, json_extract(e.data, '$.rung'),"
            " (julianday(e.at) - julianday(json_extract(e.data, '$.planned_at'))) * 86400"
            " FROM events e JOIN ticket_clocks c ON c.id = json_extract(e.data, '$.clock_id') WHERE e.id > ?"
            " AND e.kind = 'nudged' ORDER BY e.id",
            (self._last_event,),
        ).fetchall()
        found: Counter[tuple[int, str, int, str]] = Counter()
        for number, ticket, kind, ordinal, rung, late in rows:
            self._last_event = number
            found[ticket, kind, ordinal, rung] += 1
            self._seen.rungs[rung] += 1
            self._seen.lateness.append(round(late, 1))
        return found

    def _messages(self) -> Iterator[tuple[str, int]]:
        rows = self._database.execute(
            "SELECT id, recipient, json_extract(body, '$.total') FROM outbox WHERE id > ? AND kind = 'nudge' AND state <> 'superseded'",
            (self._last_row,),
        ).fetchall()
        for number, recipient, total in rows:
            self._last_row = max(self._last_row, number)
            yield recipient, total

    def _problem(self, now: datetime, text: str) -> None:
        self._seen.problems.append(f"{now:%a %Y-%m-%d %H:%M}Z {text}")


class Life:
    """See the module. `meddle` is called before each tick with the minute, for tests of the checker itself; `told` hears how it stands each
    week."""

    def __init__(
        self,
        plan: Plan,
        world: World,
        file: Path,
        *,
        meddle: Callable[[datetime], None] | None = None,
        told: Callable[[str], None] | None = None,
    ) -> None:
        self._plan, self._world, self._meddle, self._told = plan, world, meddle, told
        self._dice = random.Random(plan.seed)
        self.seen = Seen()
        self._checker = Checker(file, self.seen)
        since, until = plan.since - timedelta(days=10), plan.until + timedelta(days=90)
        self._plain = {name: Timeline.of(week, since, until) for name, week in plan.weeks.items()}
        self._closings: list[tuple[datetime, datetime]] = []
        self.oracle = Oracle(self._plain, ZONE)
        self._deeds: list[tuple[datetime, int, int, str]] = []
        self._number = 0
        self._agents = {"901": world.olena, "902": world.taras}
        self._is_changed = False
        self._looks_again_at: datetime | None = None
        keeper = PolicyKeeper(storage=world.storage, promises=world.promises)
        self._ticker = Ticker(storage=world.storage, promises=world.promises, staff=world.desk.staff, clock=world.clock, keeper=keeper)
        for at in self._arrivals():
            self._later(at, 0, "arrive")
        for at, length, ends_early in plan.closings:
            self._later(at, 0, "shut")
            if ends_early:
                self._later(at + length / 2, 0, "unshut")

    def _arrivals(self) -> list[datetime]:
        first = self._plan.since.astimezone(ZoneInfo(ZONE))
        dates = [first + timedelta(days=number) for number in range((self._plan.until - self._plan.since).days)]
        chosen = self._dice.choices(dates, [WEEKDAYS[day.weekday()] for day in dates], k=self._plan.tickets)
        found = []
        for day in chosen:
            hour = self._dice.choices(range(24), HOURS)[0]
            found.append(day.replace(hour=hour, minute=self._dice.randrange(60), second=self._dice.randrange(60)))
        return found

    async def run(self) -> Seen:
        now, until = self._plan.since.astimezone(UTC), self._plan.until.astimezone(UTC)
        self._world.clock.set_to(now)
        await self._ticker.tick()
        while now < until:
            now += MINUTE
            await self._act_until(now)
            self._world.clock.set_to(now)
            await self._tick(now)
            if self._told is not None and self.seen.ticks % (7 * 24 * 60) == 0:
                self._told(f"{now:%Y-%m-%d} {self.seen.summary()}")
        self._checker.close()
        return self.seen

    async def _tick(self, now: datetime) -> None:
        if self._meddle is not None:
            self._meddle(now)
        if self._looks_again_at is not None and now >= self._looks_again_at:
            self._looks_again_at = None
            self.oracle.looked_again(now)
        if self._is_changed:
            self._is_changed, self._looks_again_at = False, now + MINUTE
            self.oracle.calendars_changed(cut(self._plain, self._closings), now)
        expected = self.oracle.tick(now)
        ticked = await self._ticker.tick()
        self.seen.ticks += 1
        if expected or ticked.nudged or ticked.failed or ticked.messages:
            owners = {each.ticket: self.oracle.tickets[each.ticket].owner for each in expected}
            self._checker.look(now, expected, owners, self.oracle.desk)

    async def _act_until(self, now: datetime) -> None:
        """Everything that people do in this minute, in one transaction; each at its own second."""
        if not self._deeds or self._deeds[0][0] >= now:
            return
        async with self._world.storage.write() as uow:
            while self._deeds and self._deeds[0][0] < now:
                at, _, number, deed = heapq.heappop(self._deeds)
                self._world.clock.set_to(at)
                self.seen.deeds[deed] += 1
                await getattr(self, f"_do_{deed}")(uow, number, at)
            await uow.commit()

    def _later(self, at: datetime, number: int, deed: str) -> None:
        self._number += 1
        # In UTC: on the wall clock an autumn hour comes twice.
        heapq.heappush(self._deeds, (at.astimezone(UTC), self._number, number, deed))

    def _next(self, number: int, now: datetime) -> None:
        """What happens to the ticket next, and when; nothing any more for some."""
        dice, ticket = self._dice, self.oracle.tickets[number]
        if not ticket.is_open:
            if dice.random() < 0.08:
                self._later(now + dice.randrange(1, 13 * 24 * 60) * MINUTE, number, "client")
            return
        if not ticket.is_ours:
            deed = dice.choices(("client", "close_client", "close", ""), (35, 35, 15, 15))[0]
            if deed:
                self._later(now + self._wait(8 * 60), number, deed)
            return
        claim = 0 if ticket.owner else 40
        deeds = {"claim": claim, "word": 45, "snooze": 5, "raise": 5, "lower": 5, "over": 3, "close": 4, "client": 4, "give": 3}
        deed = dice.choices(list(deeds), list(deeds.values()))[0]
        at = now + self._wait(40 if ticket.priority == "urgent" else 7 * 60)
        # People work in working hours, most of the time.
        if deed not in ("client", "raise") and dice.random() < 0.97 and not self.oracle.desk.is_open(at):
            at = self.oracle.desk.next_opening(at) + dice.randrange(3600) * timedelta(seconds=1)
        self._later(at, number, deed)

    def _wait(self, minutes: float) -> timedelta:
        return timedelta(seconds=30 + round(self._dice.expovariate(1 / (minutes * 60))))

    def _someone(self, number: int) -> tuple[str, Agent]:
        owner = self.oracle.tickets[number].owner or self._dice.choice(list(self._agents))
        return owner, self._agents[owner]

    def _contact(self, number: int) -> Contact:
        return self._world.iryna if number % 2 else self._world.petro

    # --- deeds ----------------------------------------------------------------------------------------------------------------------

    async def _do_arrive(self, uow: UnitOfWork, _: int, at: datetime) -> None:
        [number] = [self.seen.tickets + 1]
        contact = self._contact(number)
        received_at = at - self._dice.choice((0, 0, 0, 1, 7, 90)) * timedelta(seconds=41)
        priority = self._dice.choice(PRIORITIES)
        inbound = message(contact, "Не друкує", received_at=received_at)
        draft = Draft(title="Не друкує", priority=Priority(priority))
        [facts] = await self._world.desk.open_tickets(uow, Opening(inbound=inbound, inbox_id=number, contact=contact, drafts=(draft,)))
        assert facts.ticket.id == number
        self.seen.tickets += 1
        self.oracle.opened(number, priority, received_at=received_at, now=at)
        self._next(number, at)

    async def _do_claim(self, uow: UnitOfWork, number: int, at: datetime) -> None:
        if self.oracle.tickets[number].is_open and not self.oracle.tickets[number].owner:
            owner, agent = self._someone(number)
            await self._world.desk.claim(uow, number, agent)
            self.oracle.claimed(number, owner, at)
        self._next(number, at)

    async def _do_word(self, uow: UnitOfWork, number: int, at: datetime) -> None:
        desk = self._world.desk
        owner, agent = self._someone(number)
        await self._dice.choice([desk.reply, desk.ask, desk.propose_solution])(uow, number, agent, "Спробуйте так")
        self.oracle.word(number, owner)
        self._next(number, at)

    async def _do_snooze(self, uow: UnitOfWork, number: int, at: datetime) -> None:
        until = at + self._dice.choice((30, 60, 180, 1440, 4320)) * MINUTE
        try:
            await self._world.desk.snooze(uow, number, self._someone(number)[1], until)
            self.oracle.snoozed(number, until)
        except Rejected:
            self.seen.deeds["snooze refused"] += 1
        self._next(number, at)

    async def _do_raise(self, uow: UnitOfWork, number: int, at: datetime) -> None:
        await self._reprice(uow, number, at, Priority.URGENT, Actor.contact(self._contact(number)))

    async def _do_lower(self, uow: UnitOfWork, number: int, at: datetime) -> None:
        await self._reprice(uow, number, at, self._dice.choice([Priority.LOW, Priority.MEDIUM]), Actor.agent(self._world.olena))

    async def _reprice(self, uow: UnitOfWork, number: int, at: datetime, priority: Priority, who: Actor) -> None:
        if self.oracle.tickets[number].priority != priority.value:
            await self._world.desk.set_priority(uow, number, priority, who, because="так домовились")
            self.oracle.repriced(number, priority.value, at)
        self._next(number, at)

    async def _do_give(self, uow: UnitOfWork, number: int, at: datetime) -> None:
        owner = self._dice.choice(["", "901", "902"])
        await self._world.desk.assign(uow, number, self._agents.get(owner), Actor.agent(self._world.taras))
        self.oracle.given(number, owner)
        self._next(number, at)

    async def _do_over(self, uow: UnitOfWork, number: int, at: datetime) -> None:
        await self._world.desk.hand_over(uow, number, self._someone(number)[1])
        self.oracle.ended(number, is_closed=False)

    async def _do_close(self, uow: UnitOfWork, number: int, at: datetime) -> None:
        await self._close(uow, number, at, Actor.agent(self._someone(number)[1]))

    async def _do_close_client(self, uow: UnitOfWork, number: int, at: datetime) -> None:
        await self._close(uow, number, at, Actor.contact(self._contact(number)))

    async def _close(self, uow: UnitOfWork, number: int, at: datetime, who: Actor) -> None:
        await self._world.desk.close(uow, number, who, outcome=Outcome.SOLVED)
        self.oracle.ended(number, is_closed=True)
        self._next(number, at)

    async def _do_client(self, uow: UnitOfWork, number: int, at: datetime) -> None:
        contact = self._contact(number)
        inbound = message(contact, "Не допомогло", received_at=at)
        await self._world.desk.add_client_message(uow, number, inbound, inbox_id=1, contact=contact, verdict="answer")
        self.oracle.client_spoke(number, at)
        self._next(number, at)

    async def _do_shut(self, uow: UnitOfWork, _: int, at: datetime) -> None:
        [length] = [length for begins, length, _ in self._plan.closings if begins.astimezone(UTC) == at]
        closure = await self._world.desk.close_until(uow, at + length, Actor.agent(self._world.taras), because="немає світла")
        self._closings.append((closure.starts_at, closure.ends_at))
        self._is_changed = True

    async def _do_unshut(self, uow: UnitOfWork, _: int, at: datetime) -> None:
        await self._world.desk.open_again(uow, Actor.agent(self._world.taras))
        self._closings[-1] = (self._closings[-1][0], at)
        self._is_changed = True


async def lived(
    plan: Plan, file: Path, *, meddle: Callable[[datetime], None] | None = None, told: Callable[[str], None] | None = None
) -> Seen:
    """Live through a plan on a real store in `file`."""
    storage = await open_storage(f"sqlite:///{file}")
    try:
        return await Life(plan, await build_world(storage, policy=plan.policy), file, meddle=meddle, told=told).run()
    finally:
        await storage.close()
