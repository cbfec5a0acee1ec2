"""The inbox worker on the in-memory store: nothing is lost, nothing doubles, one bad message troubles no other."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.channels.inbox import MAX_ATTEMPTS, InboxWorker
from bot.errors import Permanent, Transient
from bot.model import InboundMessage
from bot.ports import InboxItem, RawEvent
from bot.storage.memory import MemoryStorage
from tests.builders import LEAD_CHAT, TUESDAY, World, build_world, message
from tests.fakes import RecordingChannel

POISON = b"\xff poison"


@pytest.fixture
async def world() -> World:
    return await build_world(MemoryStorage())


def make_worker(world: World, failures: list[Exception] | None = None) -> InboxWorker:
    """A worker on one channel that cannot read POISON, and fails with `failures`, in order, before it reads anything."""

    def read(item: InboxItem) -> InboundMessage:
        if failures:
            raise failures.pop(0)
        if item.raw == POISON:
            raise Permanent("Рядок не розібрати.")
        return message(world.iryna, item.raw.decode(), received_at=item.received_at, conversation=item.conversation)

    channel = RecordingChannel(read=read, intake=world.intake)
    return InboxWorker(storage=world.storage, channels={"telegram": channel}, clock=world.clock, alert_routes=(LEAD_CHAT,))


async def put(world: World, *raws: bytes, conversation: str = "501") -> None:
    events = [
        RawEvent(
            channel="telegram",
            source="bot",
            external_id=f"{conversation}-{number}-{raw!r}",
            conversation=conversation,
            raw=raw,
            received_at=TUESDAY,
        )
        for number, raw in enumerate(raws)
    ]
    async with world.storage.write() as uow:
        await uow.inbox.put(events, now=world.clock.now())
        await uow.commit()


async def counts(world: World) -> tuple[int, int, int, int]:
    """(ticketed, set aside, waiting, quarantined)"""
    async with world.storage.read() as uow:
        [day] = await uow.inbox.accounting(since=TUESDAY.date())
    assert day.received == day.ticketed + day.follow_ups + day.set_aside + day.waiting + day.quarantined
    return day.ticketed, day.set_aside, day.waiting, day.quarantined


async def test_every_message_is_accounted_for(world: World) -> None:
    await put(world, "Не друкує принтер на складі".encode(), "Добрий день!".encode())
    assert await make_worker(world).drain() == 2
    assert await counts(world) == (1, 1, 0, 0)


async def test_the_same_event_twice_is_the_same_as_once(world: World) -> None:
    for _ in range(2):
        await put(world, "Не друкує принтер на складі".encode())
        await make_worker(world).drain()
    async with world.storage.read() as uow:
        assert await uow.tickets.open_count() == 1


async def test_poison_is_kept_aside_with_an_alert_and_its_neighbours_go_on(world: World) -> None:
    await put(world, "Не друкує принтер на складі".encode(), POISON, "Зникли залишки по рахунку 281".encode())
    await make_worker(world).drain()
    assert await counts(world) == (2, 0, 0, 1)
    [alert] = await world.told("alert")
    assert "deskbot replay" in alert.body["text"]


async def test_replay_tries_a_quarantined_message_again(world: World) -> None:
    await put(world, "Не друкує принтер на складі".encode())
    await make_worker(world, [Permanent("Тимчасово не розібрати.")]).drain()
    assert await counts(world) == (0, 0, 0, 1)
    async with world.storage.write() as uow:
        assert await uow.inbox.replay(None, now=world.clock.now()) == 1
        await uow.commit()
    await make_worker(world).drain()
    assert await counts(world) == (1, 0, 0, 0)


async def test_a_passing_obstacle_is_waited_out_for_as_long_as_it_takes(world: World) -> None:
    await put(world, "Не друкує принтер на складі".encode())
    worker = make_worker(world, [Transient("База зайнята.") for _ in range(MAX_ATTEMPTS * 3)])
    for _ in range(MAX_ATTEMPTS * 3):
        await worker.drain()
        assert await counts(world) == (0, 0, 1, 0)
        world.clock.advance(timedelta(minutes=10))
    await worker.drain()
    assert await counts(world) == (1, 0, 0, 0)


async def test_a_bug_is_tried_three_times_and_then_kept_aside(world: World) -> None:
    await put(world, "Не друкує принтер на складі".encode())
    worker = make_worker(world, [RuntimeError("bug") for _ in range(MAX_ATTEMPTS)])
    for _ in range(MAX_ATTEMPTS):
        await worker.drain()
        world.clock.advance(timedelta(minutes=10))
    assert await counts(world) == (0, 0, 0, 1)
    async with world.storage.read() as uow:
        [row] = await uow.inbox.quarantined()
    assert row.error == "RuntimeError"


async def test_one_conversation_that_cannot_be_committed_does_not_hold_up_the_others(world: World) -> None:
    await put(world, "Не друкує принтер на складі".encode(), conversation="501")
    await put(world, "Зникли залишки по рахунку 281".encode(), conversation="888")
    worker = make_worker(world)
    real_apply = worker._channels["telegram"].apply

    async def apply(uow: object, prepared: list[tuple[InboxItem, object]]) -> object:
        if prepared[0][0].conversation == "888":
            raise Permanent("Це не записати.")
        return await real_apply(uow, prepared)  # type: ignore[arg-type]

    worker._channels["telegram"].apply = apply  # type: ignore[method-assign, assignment]
    await worker.drain()
    assert await counts(world) == (1, 0, 0, 1)


async def test_a_killed_worker_leaves_its_rows_to_the_next_one(world: World) -> None:
    await put(world, "Не друкує принтер на складі".encode())
    async with world.storage.write() as uow:
        await uow.inbox.claim(now=world.clock.now(), limit=10, lease=timedelta(minutes=2))
        await uow.commit()
    assert await make_worker(world).drain() == 0
    world.clock.advance(timedelta(minutes=3))
    assert await make_worker(world).drain() == 1
    assert await counts(world) == (1, 0, 0, 0)


async def test_a_channel_that_forgets_a_row_is_a_bug_that_loses_nothing(world: World) -> None:
    await put(world, "Не друкує принтер на складі".encode())
    worker = make_worker(world)

    async def apply(uow: object, prepared: object) -> list[object]:
        return []

    worker._channels["telegram"].apply = apply  # type: ignore[method-assign, assignment]
    await worker.drain()
    assert await counts(world) == (0, 0, 1, 0)
