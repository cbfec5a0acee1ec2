"""The composition root: the one place that knows everybody. It builds a desk, sets it in motion and stops it in reverse order.

Plain constructor arguments, nothing opened at import time. Channels are built only when they are wanted, because their libraries are heavy
(aiogram alone is 3.5 s and 165 MB), and a channel that is not configured stays off and says how to switch it on.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Awaitable, Callable, Collection, Coroutine, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import structlog

from bot.channels.base import Channel, Health
from bot.channels.inbox import InboxWorker
from bot.channels.outbox import OutboxWorker
from bot.channels.supervisor import keep_alive
from bot.clock import Clock, SystemClock
from bot.config import Settings, build_policy
from bot.desk import Desk
from bot.intake.service import Intake, IntakeSettings
from bot.model import Route
from bot.notices import StaffRoutes
from bot.ports import Storage
from bot.promises import Promises

SITE_FEED = Route(channel="site", recipient="staff")
# What commands that only take files in need.
FILE_CHANNELS = frozenset({"mail", "phone", "chatlog"})
STOP_WITHIN = timedelta(seconds=8)

if TYPE_CHECKING:
    from fastapi import FastAPI

log = structlog.get_logger(__name__)


@dataclass(slots=True, kw_only=True)
class House:
    """A desk with everything it needs. `channels` are those wanted and configured; `health` also tells of those that are off.

    `speed` is how many times faster than the wall its clock runs (1 but for the demo): leases are wall time, so they are stretched by it.
    """

    settings: Settings
    clock: Clock
    zone: ZoneInfo
    storage: Storage
    promises: Promises
    desk: Desk
    intake: Intake
    speed: float = 1.0
    channels: dict[str, Channel] = field(default_factory=dict)
    health: list[Health] = field(default_factory=list)
    _inbox: InboxWorker | None = None
    _outbox: OutboxWorker | None = None

    @property
    def inbox(self) -> InboxWorker:
        """The worker that interprets; made at first use and woken by every commit."""
        if self._inbox is None:
            self._inbox = InboxWorker(
                storage=self.storage,
                channels=self.channels,
                clock=self.clock,
                alert_routes=self.desk.staff.desk,
                lease=timedelta(minutes=2) * self.speed,
            )
            self.storage.on_commit.append(self._inbox.wake)
        return self._inbox

    @property
    def outbox(self) -> OutboxWorker:
        """The worker that delivers; made at first use and woken by every commit."""
        if self._outbox is None:
            self._outbox = OutboxWorker(
                storage=self.storage,
                channels=self.channels,
                clock=self.clock,
                alert_routes=self.desk.staff.desk,
                lease=timedelta(minutes=1) * self.speed,
            )
            self.storage.on_commit.append(self._outbox.wake)
        return self._outbox

    async def close(self) -> None:
        """Let go of the database and of what channels hold (a parser process, connections)."""
        for channel in self.channels.values():
            if closing := getattr(channel, "close", None):
                await closing()
        await self.storage.close()


def database_url(settings: Settings) -> str:
    """The configured database, by default one SQLite file in the data folder."""
    return settings.storage.url.reveal() or f"sqlite:///{settings.desk.data_dir / 'deskbot.db'}"


def staff_routes(settings: Settings) -> StaffRoutes:
    """Where staff hear of things: the chats that are configured, and the Site's feed."""

    def chats(*ids: str) -> tuple[Route, ...]:
        return tuple(Route(channel="telegram", recipient=chat) for chat in ids if chat and settings.telegram.is_on)

    feed = (SITE_FEED,) if settings.site.enabled else ()
    desk = (*chats(settings.telegram.staff_chat), *feed)
    return StaffRoutes(desk=desk, leads=chats(settings.telegram.lead_chat) or desk, development=chats(settings.telegram.development_chat))


async def open_house(
    settings: Settings,
    *,
    clock: Clock | None = None,
    only: Collection[str] | None = None,
    is_quiet: bool = False,
    speed: float = 1.0,
) -> House:
    """Open the database (its tables brought up to date) and build the desk and its channels; no network is touched.

    `only` names the channels wanted (None: all). `is_quiet`: clients are told nothing and staff get no cards (taking in an archive).
    Raises Misconfigured or Transient with a sentence that says what to do.
    """
    from bot.storage import open_storage

    clock = clock or SystemClock()
    zone = ZoneInfo(settings.desk.zone)
    storage = await open_storage(database_url(settings))
    promises = Promises(build_policy(settings.sla, zone=settings.desk.zone), now=clock.now)
    desk = Desk(clock=clock, promises=promises, staff=StaffRoutes() if is_quiet else staff_routes(settings))
    intake = Intake(desk=desk, promises=promises, clock=clock, settings=IntakeSettings(phones=settings.desk.phones, is_quiet=is_quiet))
    house = House(settings=settings, clock=clock, zone=zone, storage=storage, promises=promises, desk=desk, intake=intake, speed=speed)
    for name, build in BUILDERS.items():
        if only is None or name in only:
            await build(house)
    return house


async def _site(house: House) -> None:
    from bot.channels.site.access import site_key
    from bot.channels.site.channel import SiteChannel
    from bot.channels.site.options import SiteOptions

    settings = house.settings
    if not settings.site.enabled:
        house.health.append(Health(name="site", detail="Сайт вимкнено: [site] enabled = true."))
        return
    options = SiteOptions(
        host=settings.site.host,
        port=settings.site.port,
        base_url=settings.site.base_url,
        desk_name=settings.desk.name,
        phones=settings.desk.phones,
        quiet_gap=settings.intake.gap,
        burst_limit=settings.intake.limit,
    )
    async with house.storage.write() as uow:
        secret = await site_key(uow)
        await uow.commit()

    def application() -> FastAPI:
        from bot.channels.site.app import create_app

        return create_app(
            storage=house.storage,
            desk=house.desk,
            clock=house.clock,
            options=options,
            health=house.health,
            secret=secret,
            zone=house.zone,
        )

    _add(house, SiteChannel(intake=house.intake, clock=house.clock, options=options, application=application))


async def _phone(house: House) -> None:
    from bot.channels.phone.channel import PhoneChannel

    _add(house, PhoneChannel(intake=house.intake, zone=house.zone))


async def _chatlog(house: House) -> None:
    from bot.channels.chatlog.channel import ChatlogChannel

    settings = house.settings.intake
    _add(house, ChatlogChannel(intake=house.intake, zone=house.zone, gap=settings.gap, limit=settings.limit))


# One line a channel.
BUILDERS: dict[str, Callable[[House], Awaitable[None]]] = {"site": _site, "phone": _phone, "chatlog": _chatlog}


def _add(house: House, channel: Channel) -> None:
    house.channels[channel.name] = channel
    house.health.append(channel.health)


async def run(settings: Settings, *, ready: Callable[[House], Awaitable[None]] | None = None) -> None:
    """The service: everything that the role asks for, until SIGTERM or SIGINT; then a clean stop within ten seconds.

    `ready` is called once all loops are started. Raises Misconfigured or Transient when the database cannot be opened.
    """
    house = await open_house(settings)
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
    from bot.sla.scheduler import TickScheduler
    from bot.sla.service import Ticker

    role, settings = house.settings.run.role, house.settings
    loops: list[tuple[str, Coroutine[None, None, None]]] = []
    for channel in house.channels.values():
        if channel.name in deaf:
            continue
        if role == "all" or (role == "web") == (channel.name == "site"):
            loops.append((channel.name, keep_alive(channel.receive, health=channel.health, clock=house.clock)))
    if role in ("all", "worker"):
        if role == "all":
            await _take_back_leases(house)
        for name, worker in (("inbox", house.inbox.run), ("outbox", house.outbox.run)):
            loops.append((name, keep_alive(worker, health=_worker_health(house, name), clock=house.clock)))
        ticker = Ticker(storage=house.storage, promises=house.promises, staff=house.desk.staff, clock=house.clock)
        scheduler = TickScheduler(ticker.tick, every=settings.sla.tick / house.speed)
        loops.append(("tick", keep_alive(scheduler.run, health=_worker_health(house, "tick"), clock=house.clock)))
    return loops


async def _take_back_leases(house: House) -> None:
    """The only process on its database: what a killed one held is free at once."""
    if not database_url(house.settings).startswith("sqlite"):
        return
    async with house.storage.write() as uow:
        await uow.inbox.release_leases()
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
