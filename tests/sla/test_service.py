"""The tick on the in-memory store: who is told what, once, and what a failure or a downtime leaves behind."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

import pytest

from bot.errors import Rejected, Transient
from bot.model import Actor, ClockKind, ClockState, Outcome, Priority
from bot.notices import Listeners, StaffRoutes
from bot.ports import UnitOfWork
from bot.promises import Promises
from bot.sla.policy import Ladder, Policy
from bot.sla.reminders import upcoming
from bot.sla.service import LAST_TICK, Ticker
from bot.storage.memory import MemoryStorage
from tests.builders import LEAD_CHAT, STAFF_CHAT, TUESDAY
from tests.sla.calendars import kyiv
from tests.sla.desk import OLENAS_CHAT, TickingDesk

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
SITE_FEED = replace(STAFF_CHAT, channel="site", recipient="staff")


@pytest.fixture
async def desk() -> TickingDesk:
    return await TickingDesk.on(MemoryStorage())


async def test_nobodys_ticket_is_told_to_the_staff_chat_with_the_reason_for_this_minute(desk: TickingDesk) -> None:
    [ticket] = await desk.arrive(at=kyiv("2026-11-24 12:00"))
    assert (await desk.tick(at=kyiv("2026-11-24 13:29:59"))).claimed == 0
    done = await desk.tick(at=kyiv("2026-11-24 13:30:07"))
    assert (done.claimed, done.nudged, done.messages, done.failed) == (1, 1, 1, 0)
    [row] = await desk.heard()
    assert row.route == STAFF_CHAT
    assert row.key == f"clock:{(await desk.clock_of(ticket)).id}:g1:s0:nudge:telegram:-1001"
    assert (row.ticket_ids, row.body["total"], row.body["silent_since"], row.edit_key) == ((ticket.id,), 1, None, None)
    [facts] = row.body["tickets"]
    assert (facts["id"], facts["client"], facts["contact"], facts["assignee"]) == (ticket.id, "Крамниця", "Ірина", "")
    assert facts["nudge"] == {
        "rung": "before",
        "clock": "reaction",
        "counted_from": kyiv("2026-11-24 12:00").isoformat(),
        "due_at": kyiv("2026-11-24 14:00").isoformat(),
        "effective_due_at": kyiv("2026-11-24 14:00").isoformat(),
        "planned_at": kyiv("2026-11-24 13:30").isoformat(),
        "claimed_at": None,
        "counted": 3600,
        "skipped": [{"kind": "break", "labels": []}],
        "listeners": Listeners().body(),
    }


async def test_each_rung_is_told_once_however_often_it_ticks(desk: TickingDesk) -> None:
    [ticket] = await desk.arrive()
    for _ in range(60 * 4):
        await desk.tick(after=timedelta(seconds=15))
    assert [row.created_at for row in await desk.heard(STAFF_CHAT)] == [TUESDAY + 30 * MINUTE, TUESDAY + 50 * MINUTE, TUESDAY + 60 * MINUTE]
    clock = await desk.clock_of(ticket)
    assert (clock.step, clock.next_nudge_at, clock.breached_at) == (3, TUESDAY + 90 * MINUTE, None)
    assert [event.data["step"] for event in await desk.events_of(ticket, "nudged")] == [0, 1, 2]


async def test_from_the_due_on_the_lead_hears_it_and_the_breach_is_noted(desk: TickingDesk) -> None:
    [ticket] = await desk.arrive()
    await desk.tick(after=60 * MINUTE)
    assert [row.route for row in await desk.heard()] == [STAFF_CHAT, LEAD_CHAT]
    await desk.tick(after=30 * MINUTE)
    assert len(await desk.heard(LEAD_CHAT)) == 2
    clock = await desk.clock_of(ticket)
    assert clock.breached_at == clock.due_at == TUESDAY + 60 * MINUTE
    assert [event.data["due_at"] for event in await desk.events_of(ticket, "breached")] == [clock.due_at.isoformat()]


async def test_somebodys_ticket_is_told_to_its_owner_alone(desk: TickingDesk) -> None:
    await desk.arrive(to=desk.world.olena)
    await desk.tick(after=30 * MINUTE)
    [row] = await desk.heard()
    assert row.route == OLENAS_CHAT
    assert row.body["tickets"][0]["assignee"] == "Олена"


async def test_an_owner_who_left_leaves_the_ticket_to_everybody(desk: TickingDesk) -> None:
    await desk.arrive(to=desk.world.olena)
    async with desk.world.storage.write() as uow:
        await uow.people.save_agent(replace(desk.world.olena, is_active=False))
        await uow.commit()
    await desk.tick(after=30 * MINUTE)
    [row] = await desk.heard()
    assert row.route == STAFF_CHAT


@pytest.mark.parametrize(("staff", "has_account"), [(StaffRoutes(desk=(SITE_FEED,)), True), (StaffRoutes(desk=(STAFF_CHAT,)), False)])
async def test_an_owner_without_a_chat_is_reached_where_staff_look(desk: TickingDesk, staff: StaffRoutes, has_account: bool) -> None:
    await desk.arrive(to=desk.world.olena)
    if not has_account:
        async with desk.world.storage.write() as uow:
            await uow.people.save_agent(replace(desk.world.olena, telegram_id=None))
            await uow.commit()
    desk.ticker = Ticker(storage=desk.world.storage, promises=desk.world.promises, staff=staff, clock=desk.world.clock)
    await desk.tick(after=30 * MINUTE)
    [row] = await desk.heard(*staff.desk)
    assert row.body["tickets"][0]["assignee"] == "Олена"


async def test_where_the_lead_reads_the_staff_chat_it_is_told_once_there(desk: TickingDesk) -> None:
    staff = StaffRoutes(desk=(STAFF_CHAT,), leads=(STAFF_CHAT,))
    desk.ticker = Ticker(storage=desk.world.storage, promises=desk.world.promises, staff=staff, clock=desk.world.clock)
    await desk.arrive()
    await desk.tick(after=60 * MINUTE)
    assert len(await desk.heard(STAFF_CHAT)) == 1


async def test_after_a_claim_only_the_claimer_hears_until_the_first_word(desk: TickingDesk) -> None:
    world = desk.world
    [ticket] = await desk.arrive()
    async with world.storage.write() as uow:
        await world.desk.claim(uow, ticket.id, world.olena)
        await uow.commit()
    await desk.tick(after=60 * MINUTE)
    await desk.tick(after=60 * MINUTE)
    assert [row.route for row in await desk.heard()] == [OLENAS_CHAT, OLENAS_CHAT]
    assert (await desk.heard())[0].body["tickets"][0]["nudge"]["claimed_at"] == TUESDAY.isoformat()
    async with world.storage.write() as uow:
        await world.desk.reply(uow, ticket.id, world.olena, "Вимкніть і ввімкніть принтер.")
        await uow.commit()
    assert (await desk.tick(after=24 * 60 * MINUTE)).claimed == 0
    assert (await desk.clock_of(ticket)).state is ClockState.MET


async def test_what_is_due_together_for_one_chat_is_one_message(desk: TickingDesk) -> None:
    tickets = await desk.arrive(count=3)
    mine = await desk.arrive(count=2, to=desk.world.olena)
    done = await desk.tick(after=30 * MINUTE)
    assert (done.nudged, done.messages) == (5, 2)
    [everybodys] = await desk.heard(STAFF_CHAT)
    [olenas] = await desk.heard(OLENAS_CHAT)
    assert [facts["id"] for facts in everybodys.body["tickets"]] == [ticket.id for ticket in tickets]
    assert olenas.ticket_ids == tuple(ticket.id for ticket in mine)


async def test_the_most_pressing_come_first_and_the_rest_are_counted(desk: TickingDesk) -> None:
    calm = await desk.arrive(Priority.LOW, count=10, at=TUESDAY - timedelta(hours=22))
    urgent = await desk.arrive(count=10, at=TUESDAY - 30 * MINUTE)
    await desk.tick()
    [row] = await desk.heard(STAFF_CHAT)
    shown = [facts["id"] for facts in row.body["tickets"]]
    assert shown == [ticket.id for ticket in [*urgent, *calm]][:12]
    assert row.body["total"] == 20


@pytest.mark.parametrize("count", [49, 50, 51, 100, 175])
async def test_many_transactions_are_still_one_message_a_chat(desk: TickingDesk, count: int) -> None:
    tickets = await desk.arrive(count=count)
    done = await desk.tick(after=30 * MINUTE)
    assert done.claimed == done.nudged == count
    [row] = await desk.heard()
    assert row.body["total"] == count
    assert len({event.ticket_id for ticket in tickets for event in await desk.events_of(ticket, "nudged")}) == count
    assert (await desk.tick()).claimed == 0


async def test_e20_after_a_downtime_one_summary_tells_what_was_missed(desk: TickingDesk) -> None:
    await desk.tick()
    tickets = await desk.arrive(count=60)
    await desk.tick(after=MINUTE)
    await desk.tick(at=kyiv("2026-11-24 15:10"))
    [staff], [lead] = await desk.heard(STAFF_CHAT), await desk.heard(LEAD_CHAT)
    assert staff.body["silent_since"] == lead.body["silent_since"] == (TUESDAY + MINUTE).isoformat()
    assert staff.body["total"] == lead.body["total"] == 60
    assert {facts["nudge"]["rung"] for facts in staff.body["tickets"]} == {"after"}
    assert {facts["nudge"]["planned_at"] for facts in staff.body["tickets"]} == {(TUESDAY + 30 * MINUTE).isoformat()}
    clock = await desk.clock_of(tickets[0])
    assert (clock.step, clock.next_nudge_at) == (1, kyiv("2026-11-24 15:30"))


@pytest.mark.parametrize("at", ["2026-11-24 12:40", "2026-11-24 22:00", "2026-11-28 10:00"])
async def test_a_downtime_that_ends_in_closed_hours_is_told_at_the_opening(desk: TickingDesk, at: str) -> None:
    await desk.arrive()
    await desk.tick(at=kyiv(at))
    assert await desk.heard() == []
    opening = desk.world.promises.policy.desk_calendar.next_opening(kyiv(at))
    await desk.tick(at=opening)
    assert [row.route for row in await desk.heard()] == [STAFF_CHAT, LEAD_CHAT]


async def test_e19_an_answer_before_the_tick_is_in_time(desk: TickingDesk) -> None:
    [ticket] = await desk.arrive()
    async with desk.world.storage.write() as uow:
        await desk.world.desk.reply(uow, ticket.id, desk.world.olena, "Уже дивлюсь.")
        await uow.commit()
    assert (await desk.tick(after=30 * MINUTE)).claimed == 0


async def test_a_closed_ticket_owes_nothing_whatever_its_row_says(desk: TickingDesk) -> None:
    [ticket] = await desk.arrive()
    async with desk.world.storage.write() as uow:
        await desk.world.desk.close(uow, ticket.id, Actor.agent(desk.world.olena), outcome=Outcome.NOT_RELEVANT)
        await uow.commit()
    await desk.change_clock(ticket, state=ClockState.RUNNING, next_nudge_at=TUESDAY, met_at=None)
    done = await desk.tick(after=30 * MINUTE)
    assert (done.claimed, done.nudged) == (1, 0)
    assert (await desk.clock_of(ticket)).state is ClockState.CANCELLED


async def test_e17_a_second_message_of_the_client_moves_nothing(desk: TickingDesk) -> None:
    [ticket] = await desk.arrive()
    before = await desk.clock_of(ticket)
    async with desk.world.storage.write() as uow:
        await desk.world.promises.client_spoke(uow, ticket, at=TUESDAY + 20 * MINUTE)
        await uow.commit()
    assert await desk.clock_of(ticket) == before


async def test_e21_a_clock_stepped_back_changes_nothing(desk: TickingDesk) -> None:
    await desk.arrive()
    await desk.tick(after=31 * MINUTE)
    await desk.tick(at=TUESDAY - 29 * MINUTE)
    await desk.tick(at=TUESDAY + 31 * MINUTE)
    assert len(await desk.heard()) == 1


async def test_a_snooze_is_silent_until_it_ends(desk: TickingDesk) -> None:
    world = desk.world
    [ticket] = await desk.arrive()
    async with world.storage.write() as uow:
        await world.desk.snooze(uow, ticket.id, world.olena, TUESDAY + 55 * MINUTE)
        await uow.commit()
    await desk.tick(after=54 * MINUTE)
    assert await desk.heard() == []
    await desk.tick(after=MINUTE)
    assert [row.body["tickets"][0]["nudge"]["rung"] for row in await desk.heard()] == ["before"]
    assert (await desk.clock_of(ticket)).next_nudge_at == TUESDAY + 60 * MINUTE


async def test_a_tick_is_recorded_even_when_nothing_is_due(desk: TickingDesk) -> None:
    await desk.tick(after=MINUTE)
    async with desk.world.storage.read() as uow:
        assert await uow.state.get(LAST_TICK) == (TUESDAY + MINUTE).isoformat()


class Broken(Policy):
    """A policy with a bug for one priority."""

    def ladder(self, kind: ClockKind, priority: Priority, rule: str = "") -> Ladder:
        if priority is Priority.HIGH:
            raise ZeroDivisionError
        return super().ladder(kind, priority, rule)


async def test_one_clock_that_cannot_be_judged_holds_up_no_other(desk: TickingDesk) -> None:
    await desk.tick()
    at = TUESDAY - timedelta(hours=23)
    [sick], [sound] = await desk.arrive(Priority.HIGH, at=at), await desk.arrive(Priority.LOW, at=at)
    desk.world.promises.policy = Broken()
    done = await desk.tick(after=MINUTE)
    assert (done.claimed, done.nudged, done.failed) == (2, 1, 1)
    [row] = await desk.heard()
    assert row.ticket_ids == (sound.id,)
    assert (await desk.clock_of(sick)).next_nudge_at == TUESDAY + 61 * MINUTE


class FailingStorage:
    """Refuses the n-th commit, as a locked database does."""

    def __init__(self, storage: MemoryStorage, *, refuses: int) -> None:
        self._storage = storage
        self._left = refuses

    @asynccontextmanager
    async def write(self) -> AsyncIterator[UnitOfWork]:
        async with self._storage.write() as uow:
            self._left -= 1
            if self._left == 0:
                uow = Refusing(uow)  # type: ignore[assignment]
            yield uow

    def read(self) -> Any:
        return self._storage.read()


class Refusing:
    def __init__(self, uow: UnitOfWork) -> None:
        self._uow = uow

    def __getattr__(self, name: str) -> Any:
        return getattr(self._uow, name)

    async def commit(self) -> None:
        raise Transient()


async def test_a_commit_that_fails_half_way_is_made_up_for_by_the_next_tick(desk: TickingDesk) -> None:
    await desk.tick()
    tickets = await desk.arrive(count=120)
    storage = desk.world.storage
    assert isinstance(storage, MemoryStorage)
    refusing = desk.another_ticker(FailingStorage(storage, refuses=2))  # type: ignore[arg-type]
    desk.world.clock.advance(30 * MINUTE)
    with pytest.raises(Transient):
        await refusing.tick()
    assert [row.body["total"] for row in await desk.heard()] == [50]
    assert (await desk.tick(after=timedelta(seconds=15))).nudged == 70
    assert [row.body["total"] for row in await desk.heard()] == [50, 70]
    assert {(await desk.clock_of(ticket)).step for ticket in tickets} == {1}


async def test_a_week_of_ticks_tells_every_rung_and_nothing_in_closed_hours(desk: TickingDesk) -> None:
    policy = desk.world.promises.policy
    arrivals = [kyiv("2026-11-26 07:00") + number * timedelta(hours=5, minutes=37) for number in range(12)]
    tickets, expected = {}, {}
    await desk.tick(at=kyiv("2026-11-26 06:00"))
    now, end = kyiv("2026-11-26 06:00"), kyiv("2026-12-02 20:00")
    while now < end:
        while arrivals and arrivals[0] <= now:
            at = arrivals.pop(0)
            [ticket] = await desk.arrive(list(Priority)[len(tickets) % 4], at=at)
            tickets[ticket.id] = ticket
            expected[ticket.id] = [due for _, due in islice(upcoming(policy, await desk.clock_of(ticket), after=at), 200)]
        await desk.tick(at=now)
        now += MINUTE
    told: dict[int, list[datetime]] = {number: [] for number in tickets}
    for row in await desk.heard(STAFF_CHAT):
        assert policy.desk_calendar.is_open(row.created_at)
        for number in row.ticket_ids:
            told[number].append(row.created_at)
    for number, instants in told.items():
        rungs = [at for at in expected[number] if at < end - MINUTE]
        assert [on_the_minute(at) for at in rungs] == instants, number


def on_the_minute(at: datetime) -> datetime:
    """When a tick on whole minutes sees it."""
    return at if not at.second else at.replace(second=0) + MINUTE


async def test_a_new_policy_is_kept_from_the_next_tick_on(desk: TickingDesk) -> None:
    [ticket] = await desk.arrive(Priority.LOW)
    await desk.tick()
    desk.world.promises.policy = Policy(reaction={})
    await desk.tick(after=timedelta(hours=23))
    clock = await desk.clock_of(ticket)
    assert isinstance(desk.world.promises, Promises)
    assert (clock.due_at, clock.step) == (TUESDAY + timedelta(hours=24), 1)


async def test_a_snooze_cannot_be_put_off_for_ever_and_one_past_the_due_is_told_to_the_lead(desk: TickingDesk) -> None:
    world, days = desk.world, timedelta(days=1)
    [ticket] = await desk.arrive(Priority.URGENT, to=world.olena)

    async def snooze(until: datetime) -> None:
        async with world.storage.write() as uow:
            await world.desk.snooze(uow, ticket.id, world.olena, until)
            await uow.commit()

    async def told_leads() -> list[str]:
        async with world.storage.read() as uow:
            return [row.body["text"] for row in await uow.outbox.sent_to(LEAD_CHAT, limit=9, kinds=["alert"])]

    await snooze(TUESDAY + 30 * MINUTE)
    assert await told_leads() == []
    await snooze(TUESDAY + 2 * days)
    assert await told_leads() == ["№1 «Питання 1» відкладено до 26.11 10:00, а строк 24.11 11:00. Відкладає Олена."]
    world.clock.advance(2 * days)
    with pytest.raises(Rejected, match=r"разом можна щонайбільше на 3 дні, до 27\.11 10:00"):
        await snooze(TUESDAY + 4 * days)
    await snooze(TUESDAY + 3 * days)
    # A word begins anew.
    world.clock.advance(HOUR)
    async with world.storage.write() as uow:
        await world.desk.ask(uow, ticket.id, world.olena, "Яка версія?")
        await uow.commit()
    await snooze(TUESDAY + 5 * days)
