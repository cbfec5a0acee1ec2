"""Turns: of a channel's words only one is between being said and being recorded, and the rows say which one it is."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta

import pytest

from bot import notices
from bot.channels.base import Health, Sent, Turn
from bot.channels.outbox import LEASE, OutboxWorker
from bot.channels.outcomes import Outcomes
from bot.channels.turns import Turns
from bot.errors import RateLimited, Transient
from bot.model import Delivery, DeliveryState, Route
from bot.notices.facts import WORD_URGENCY
from bot.ports import UnitOfWork
from bot.storage.memory import MemoryStorage
from tests.builders import World, build_world
from tests.fakes import FakeClock


class Line:
    """A channel whose server answers when it is told to, and tells how many words are out and not recorded."""

    def __init__(self, world: World, name: str = "telegram") -> None:
        self.name = name
        self.health = Health(name=name)
        self.said: list[Delivery] = []
        self.answers: dict[str, asyncio.Event] = {}
        self._world = world

    async def send(self, delivery: Delivery, turn: Turn, /) -> Sent:
        await turn.take()
        self.said.append(delivery)
        if (answer := self.answers.get(delivery.key)) is not None:
            await answer.wait()
        return Sent(external_id=str(len(self.said)))

    def may_be_out(self) -> int:
        """As a process that starts after a kill would see it."""
        rows = self._world.storage._shelves.outbox.values()  # type: ignore[attr-defined]
        return sum(row.may_be_out for row in rows if row.delivery.route.channel == self.name)


@pytest.fixture
async def world() -> World:
    return await build_world(MemoryStorage())


async def write(world: World, *keys: str, channel: str = "telegram", urgency: Callable[[str], int] = lambda key: 5) -> None:
    async with world.storage.write() as uow:
        for number, key in enumerate(keys):
            route = Route(channel=channel, recipient=str(600 + number))
            uow.outbox.add(
                Delivery(key=key, route=route, kind="say", body={}, created_at=world.clock.now(), urgency=urgency(key)),
            )
        await uow.commit()


async def claimed(world: World, *keys: str) -> list[Delivery]:
    await write(world, *keys)
    async with world.storage.write() as uow:
        rows = await uow.outbox.claim(now=world.clock.now(), limit=len(keys), lease=LEASE, channels=["telegram"])
        await uow.commit()
    return rows


async def settle() -> None:
    for _ in range(200):
        await asyncio.sleep(0)


async def test_the_next_word_is_said_when_the_one_before_it_is_recorded(world: World) -> None:
    line = Line(world)
    line.answers["a"] = asyncio.Event()
    worker = OutboxWorker(storage=world.storage, channels={"telegram": line}, clock=world.clock)  # type: ignore[dict-item]
    await write(world, "a", "b", "c")
    await worker.step()
    await settle()
    assert [each.key for each in line.said] == ["a"]
    assert line.may_be_out() == 1
    async with world.storage.write():
        # The answer is there and cannot be recorded: nothing more is said.
        line.answers["a"].set()
        await settle()
        assert [each.key for each in line.said] == ["a"]
    await worker.drain()
    assert [each.key for each in line.said] == ["a", "b", "c"]
    assert line.may_be_out() == 0


async def test_a_killed_process_left_one_word_unknown_and_the_others_as_they_were(world: World) -> None:
    line = Line(world)
    line.answers["a"] = asyncio.Event()
    worker = OutboxWorker(storage=world.storage, channels={"telegram": line}, clock=world.clock)  # type: ignore[dict-item]
    await write(world, *"abcdefgh")
    await worker.step()
    await settle()
    for task in worker._under_way:
        task.cancel()
    async with world.storage.write() as uow:
        await uow.outbox.release_leases()
        await uow.commit()
    async with world.storage.read() as uow:
        assert await uow.outbox.backlog() == {"new": 7, "sending": 0, "unsure": 1, "dead": 0}


async def test_channels_do_not_wait_for_each_other(world: World) -> None:
    slow, quick = Line(world), Line(world, "mail")
    slow.answers["a"] = asyncio.Event()
    worker = OutboxWorker(storage=world.storage, channels={"telegram": slow, "mail": quick}, clock=world.clock)  # type: ignore[dict-item]
    await write(world, "a")
    await write(world, "x", "y", channel="mail")
    await worker.step()
    await settle()
    assert [each.key for each in quick.said] == ["x", "y"]
    slow.answers["a"].set()
    await worker.drain()


async def test_of_those_that_wait_the_most_urgent_is_next(world: World) -> None:
    line = Line(world)
    line.answers["a"] = asyncio.Event()
    worker = OutboxWorker(storage=world.storage, channels={"telegram": line}, clock=world.clock)  # type: ignore[dict-item]
    await write(world, "a", "b", "c", urgency=lambda key: {"a": 0, "b": 7, "c": 7}[key])
    await worker.step()
    await settle()
    async with world.storage.write() as uow:
        uow.outbox.add(notices.say(Route(channel="telegram", recipient="700"), "!", cause="u", language="uk", now=world.clock.now()))
        await uow.commit()
    await worker.step()
    await settle()
    line.answers["a"].set()
    await worker.drain()
    assert [each.urgency for each in line.said] == [0, WORD_URGENCY, 7, 7]


async def test_a_call_that_hangs_holds_nobody_up_for_long(world: World) -> None:
    outcomes = Outcomes(world.storage)
    turns = Turns(outcomes, world.clock, lease=LEASE, patience=timedelta(milliseconds=20))
    rows = await claimed(world, "a", "b")
    hanging, other = (turns.of(row) for row in rows)
    await hanging.take()
    await asyncio.wait_for(other.take(), 5)
    await other.record(lambda uow: uow.outbox.sent(rows[1].id, external_id="2", now=world.clock.now()))
    await hanging.record(lambda uow: uow.outbox.sent(rows[0].id, external_id="1", now=world.clock.now()))
    async with world.storage.read() as uow:
        assert sum((await uow.outbox.backlog()).values()) == 0


async def test_whoever_leaves_the_queue_stops_nobody(world: World) -> None:
    turns = Turns(Outcomes(world.storage), world.clock, lease=LEASE)
    rows = await claimed(world, "a", "b", "c")
    first, second, third = (turns.of(row) for row in rows)
    await first.take()
    waiting = [asyncio.create_task(each.take()) for each in (second, third)]
    await settle()
    waiting[0].cancel()
    await settle()
    first.end()
    await asyncio.wait_for(waiting[1], 5)
    third.end()
    await asyncio.wait_for(turns.of(rows[1]).take(), 5)


async def test_an_outcome_that_cannot_be_written_hands_the_turn_on(world: World) -> None:
    turns = Turns(Outcomes(world.storage), world.clock, lease=LEASE)
    rows = await claimed(world, "a", "b")
    first, second = (turns.of(row) for row in rows)
    await first.take()
    waiting = asyncio.create_task(second.take())
    await settle()

    def broken(uow: UnitOfWork) -> None:
        raise KeyError("bug")

    with pytest.raises(KeyError):
        await first.record(broken)
    await asyncio.wait_for(waiting, 5)


async def test_a_row_claimed_while_an_outcome_is_being_recorded_is_not_marked_before_it(world: World) -> None:
    class Slow(Outcomes):
        recorded = asyncio.Event()

        async def write_down(self, write: Callable[[UnitOfWork], None]) -> None:
            await self.recorded.wait()
            await super().write_down(write)

    slow = Slow(world.storage)
    turns = Turns(slow, world.clock, lease=LEASE)
    rows = await claimed(world, "a", "b")
    first, second = (turns.of(row) for row in rows)
    assert turns.reserve(first)
    await first.take()
    recording = asyncio.create_task(first.record(lambda uow: uow.outbox.sent(rows[0].id, external_id="1", now=world.clock.now())))
    await settle()
    assert not turns.reserve(second)
    taking = asyncio.create_task(second.take())
    await settle()
    assert not taking.done()
    slow.recorded.set()
    await asyncio.wait_for(taking, 5)
    await recording
    second.end()
    assert turns.reserve(turns.of(rows[1]))


async def test_a_row_that_was_in_hand_too_long_is_not_said(world: World) -> None:
    clock = world.clock
    assert isinstance(clock, FakeClock)
    turns = Turns(Outcomes(world.storage), clock, lease=LEASE)
    [row] = await claimed(world, "a")
    turn = turns.of(row)
    clock.advance(LEASE / 2 + timedelta(seconds=1))
    with pytest.raises(RateLimited) as caught:
        await turn.take()
    assert isinstance(caught.value, Transient)
    await turn.record(lambda uow: uow.outbox.postpone(row.id, until=clock.now(), error="", counts=False))
    async with world.storage.read() as uow:
        assert (await uow.outbox.backlog())["new"] == 1
    assert row.state is DeliveryState.SENDING
