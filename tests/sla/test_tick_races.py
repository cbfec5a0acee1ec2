"""The tick on every store, and several at once on the real ones: each due clock speaks exactly once (E22, E23)."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import date, timedelta

from bot.errors import Transient
from bot.model import ClockState, Priority
from bot.ports import Storage
from bot.sla.calendars import preset_calendars
from bot.sla.intervals import DayException
from bot.sla.policy import Policy
from bot.sla.recompute import recompute_all
from tests.builders import LEAD_CHAT, STAFF_CHAT, TUESDAY
from tests.sla.desk import TickingDesk

MINUTE = timedelta(minutes=1)


async def test_the_ladder_is_climbed_alike_on_every_store(store: Storage) -> None:
    desk = await TickingDesk.on(store)
    [urgent] = await desk.arrive()
    await desk.arrive(Priority.LOW, to=desk.world.olena, at=TUESDAY - 20 * 60 * MINUTE)
    for _ in range(8):
        await desk.tick(after=15 * MINUTE)
    said = [(row.route.recipient, row.created_at - TUESDAY, row.body["total"]) for row in await desk.heard()]
    assert said == [
        ("901", 15 * MINUTE, 1),
        ("-1001", 30 * MINUTE, 1),
        ("-1001", 60 * MINUTE, 1),
        ("-1002", 60 * MINUTE, 1),
        ("-1001", 90 * MINUTE, 1),
        ("-1002", 90 * MINUTE, 1),
        ("-1001", 120 * MINUTE, 1),
        ("-1002", 120 * MINUTE, 1),
        ("901", 120 * MINUTE, 1),
    ]
    clock = await desk.clock_of(urgent)
    assert (clock.step, clock.breached_at) == (4, TUESDAY + 60 * MINUTE)
    assert [event.data["step"] for event in await desk.events_of(urgent, "nudged")] == [0, 1, 2, 3]


async def test_many_transactions_are_one_message_on_every_store(store: Storage) -> None:
    desk = await TickingDesk.on(store)
    await desk.arrive(count=120, at=TUESDAY - 60 * MINUTE)
    assert (await desk.tick()).nudged == 120
    assert [(row.route, row.body["total"]) for row in await desk.heard()] == [(STAFF_CHAT, 120), (LEAD_CHAT, 120)]


async def test_e22_ticks_that_race_say_everything_once(store: Storage) -> None:
    desk = await TickingDesk.on(store)
    await desk.tick()
    tickets = await desk.arrive(count=240)
    desk.world.clock.advance(30 * MINUTE)
    done = await asyncio.gather(*(desk.another_ticker().tick() for _ in range(4)), return_exceptions=True)
    unexpected = [each for each in done if isinstance(each, BaseException) and not isinstance(each, Transient)]
    assert unexpected == []
    await desk.tick()
    spoken = [len(await desk.events_of(ticket, "nudged")) for ticket in tickets]
    assert Counter(spoken) == {1: 240}
    assert sum(row.body["total"] for row in await desk.heard()) == 240
    assert {clock.step for clock in await desk.unfinished()} == {1}


async def test_e23_an_answer_that_races_the_tick_leaves_one_story(store: Storage) -> None:
    """Whoever is first: the clock ends met, and a nudge was told before the answer or not at all."""
    desk = await TickingDesk.on(store)
    await desk.tick()
    tickets = await desk.arrive(count=30)
    desk.world.clock.advance(30 * MINUTE)

    async def answer(number: int) -> None:
        async with store.write() as uow:
            await desk.world.desk.reply(uow, number, desk.world.olena, "Вже працює.")
            await uow.commit()

    await asyncio.gather(desk.tick(), *(answer(ticket.id) for ticket in tickets))
    for ticket in tickets:
        clock = await desk.clock_of(ticket)
        assert (clock.state, clock.next_nudge_at) == (ClockState.MET, None)
        kinds = [event.kind for event in await desk.events_of(ticket, "nudged", "answer")]
        assert kinds in (["answer"], ["nudged", "answer"])
    assert (await desk.tick(after=60 * MINUTE)).claimed == 0


async def test_a_recompute_that_races_answers_brings_no_clock_back(store: Storage) -> None:
    desk = await TickingDesk.on(store)
    tickets = await desk.arrive(Priority.LOW, count=40)
    rested = Policy(calendars=preset_calendars(exceptions=(DayException(on=date(2026, 11, 25)),)))

    async def answer(number: int) -> None:
        async with store.write() as uow:
            await desk.world.desk.reply(uow, number, desk.world.olena, "Вже працює.")
            await uow.commit()

    answered, left = tickets[::2], tickets[1::2]
    await asyncio.gather(recompute_all(store, rested, now=TUESDAY), *(answer(ticket.id) for ticket in answered))
    assert {(await desk.clock_of(ticket)).state for ticket in answered} == {ClockState.MET}
    assert {(await desk.clock_of(ticket)).due_at for ticket in left} == {TUESDAY + timedelta(hours=48)}
