"""The composition root: it builds a desk from its configuration, sets it in motion and stops it in reverse order.

Plain constructor arguments, nothing opened at import time. Channels are built in `bot.wiring`.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import signal
from collections.abc import Awaitable, Callable, Collection, Coroutine, Iterator
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import structlog

from bot.channels.base import Health
from bot.channels.supervisor import keep_alive
from bot.clock import Clock, SystemClock
from bot.config import Settings, build_policy
from bot.desk import Desk
from bot.house import House, database_url, file_limits, staff_routes
from bot.intake import labeller
from bot.intake.service import Intake, IntakeSettings
from bot.promises import Promises
from bot.wiring import BUILDERS, make_adviser

if TYPE_CHECKING:
    from bot.sla.keeper import PolicyKeeper
    from bot.sla.service import Ticker

__all__ = ["FILE_CHANNELS", "House", "open_house", "run", "run_house"]

# What commands that only take files in need.
FILE_CHANNELS = frozenset({"mail", "phone", "chatlog"})
STOP_WITHIN = timedelta(seconds=8)

log = structlog.get_logger(__name__)


async def open_house(
    settings: Settings,
    *,
    clock: Clock | None = None,
    only: Collection[str] | None = None,
    speed: float = 1.0,
) -> House:
    """Open the database (its tables brought up to date) and build the desk and its channels; no network is touched.

    `only` names the channels wanted (None: all).
    Raises Misconfigured or Transient with a sentence that says what to do.
    """
    from bot.storage import open_storage

    clock = clock or SystemClock()
    zone = ZoneInfo(settings.desk.zone)
    storage = await open_storage(database_url(settings))
    promises = Promises(build_policy(settings.sla, zone=settings.desk.zone), now=clock.now)
    desk = Desk(clock=clock, promises=promises, staff=staff_routes(settings))
    health: list[Health] = []
    labeller.use(settings.intake.labeller_file)
    intake = Intake(
        desk=desk,
        promises=promises,
        clock=clock,
        settings=IntakeSettings(
            phones=settings.desk.phones,
            language=settings.desk.language,
            file_limits=file_limits(settings),
        ),
        adviser=make_adviser(settings.intake.opinion, clock, health),
    )
    house = House(settings=settings, clock=clock, zone=zone, storage=storage, promises=promises, desk=desk, intake=intake, speed=speed)
    house.health += health
    for name, build in BUILDERS.items():
        if only is None or name in only:
            await build(house)
    return house


async def run(settings: Settings, *, ready: Callable[[House], Awaitable[None]] | None = None) -> None:
    """The service: everything that the role asks for, until SIGTERM or SIGINT; then a clean stop within ten seconds.

    `ready` is called once all loops are started. Raises Misconfigured or Transient when the database cannot be opened.
    """
    house = await open_house(settings)
    house.intake.warm_up()
    # What was imported and built by now stays for good: a full collection that walks over all of it holds the event loop up for 60 ms.
    gc.freeze()
    try:
        await run_house(house, ready=ready)
    finally:
        await house.close()


async def run_house(house: House, *, ready: Callable[[House], Awaitable[None]] | None = None, deaf: Collection[str] = ()) -> None:
    """Set a built house in motion until a signal comes or the caller cancels. Channels named in `deaf` send but do not listen (demo)."""
    stopping = asyncio.Event()
    with _signals(stopping):
        tasks = [asyncio.create_task(work, name=name) for name, work in await _loops(house, deaf)]
        log.info("started", channels=sorted(house.channels), role=house.settings.run.role)
        if ready is not None:
            await ready(house)
        waiting = asyncio.create_task(stopping.wait())
        try:
            await asyncio.wait([waiting, *tasks], return_when=asyncio.FIRST_COMPLETED)
        finally:
            waiting.cancel()
            await _stop(tasks)
            log.info("stopped")
    for task in tasks:
        if not task.cancelled() and task.exception() is not None:
            raise task.exception() or RuntimeError


async def _loops(house: House, deaf: Collection[str]) -> list[tuple[str, Coroutine[None, None, None]]]:
    """(name, coroutine) of every loop of this role, in the order in which they are stopped: intake first, delivery last."""
    from bot.sla.keeper import PolicyKeeper
    from bot.sla.scheduler import TickScheduler

    role, settings = house.settings.run.role, house.settings
    loops: list[tuple[str, Coroutine[None, None, None]]] = []
    for channel in house.channels.values():
        if channel.name in deaf:
            continue
        if role == "all" or (role == "web") == (channel.name == "site"):
            loops.append((channel.name, keep_alive(channel.receive, health=channel.health, clock=house.clock)))
        elif follow := getattr(channel, "follow", None):
            # What another process reads is shown here too.
            loops.append((channel.name, keep_alive(follow, health=channel.health, clock=house.clock)))
    keeper = PolicyKeeper(storage=house.storage, promises=house.promises)
    await keeper.refresh()
    if role == "web":
        watching = partial(keeper.keep, every=settings.sla.tick / house.speed)
        loops.append(("closures", keep_alive(watching, health=_worker_health(house, "closures"), clock=house.clock)))
    if role in ("all", "worker"):
        await house.begin_work()
        if role == "all":
            await _take_back_deliveries(house)
        for worker in (house.inbox, house.outbox, house.files):
            house.health.append(worker.health)
            loops.append((worker.health.name, keep_alive(worker.run, health=worker.health, clock=house.clock)))
        ticker = _ticker(house, keeper)
        health = _worker_health(house, "tick")

        async def tick() -> None:
            await ticker.tick()
            health.up(house.clock.now())

        scheduler = TickScheduler(tick, every=settings.sla.tick / house.speed)
        loops.append(("tick", keep_alive(scheduler.run, health=health, clock=house.clock)))
    return loops


def _ticker(house: House, keeper: PolicyKeeper) -> Ticker:
    """What happens on each tick: nudges, clients who owe an answer, digests, the daily sweep."""
    from bot.sla.herald import Herald
    from bot.sla.housekeeping import Housekeeper
    from bot.sla.service import Ticker
    from bot.sla.waiting import WaitingClients

    sla, staff = house.settings.sla, house.desk.staff
    waiting = WaitingClients(
        storage=house.storage,
        desk=house.desk,
        promises=house.promises,
        remind_after=sla.waiting.remind_after,
        close_after=sla.waiting.close_after,
    )
    herald = Herald(storage=house.storage, promises=house.promises, staff=staff, morning_at=sla.digest.morning, week_at=sla.digest.week)
    return Ticker(
        storage=house.storage,
        promises=house.promises,
        staff=staff,
        clock=house.clock,
        waiting=waiting,
        keeper=keeper,
        others=(herald, Housekeeper(storage=house.storage)),
    )


async def _take_back_deliveries(house: House) -> None:
    """The only process that sends from its database: what a killed one had in hand is free at once."""
    if not database_url(house.settings).startswith("sqlite"):
        return
    async with house.storage.write() as uow:
        await uow.outbox.release_leases()
        await uow.commit()


def _worker_health(house: House, name: str) -> Health:
    health = Health(name=name, state="running")
    house.health.append(health)
    return health


async def _stop(tasks: list[asyncio.Task[None]]) -> None:
    """Cancel in order and wait; what does not end in time is left to the end of the process (its leases run out)."""
    for task in tasks:
        task.cancel()
    _, pending = await asyncio.wait(tasks, timeout=STOP_WITHIN.total_seconds())
    for task in pending:
        log.warning("stop_timed_out", loop=task.get_name())


@contextlib.contextmanager
def _signals(stopping: asyncio.Event) -> Iterator[None]:
    loop = asyncio.get_running_loop()
    caught = []
    for number in (signal.SIGTERM, signal.SIGINT):
        # Not the main thread (a test), or a system without signals: the caller cancels instead.
        with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):
            loop.add_signal_handler(number, stopping.set)
            caught.append(number)
    try:
        yield
    finally:
        for number in caught:
            loop.remove_signal_handler(number)
