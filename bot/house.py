"""A desk with everything it needs, and the answers to "which database" and "who hears of things" that a configuration gives."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from bot.channels.base import Channel, Health
from bot.channels.fetching import FileWorker
from bot.channels.inbox import InboxWorker
from bot.channels.outbox import OutboxWorker
from bot.clock import Clock
from bot.config import Settings
from bot.desk import Desk
from bot.files import MEGABYTE, FileLimits, Shelf
from bot.intake.service import Intake
from bot.model import Route
from bot.notices import StaffRoutes
from bot.ports import Storage
from bot.presence import Presence
from bot.promises import Promises

SITE_FEED = Route(channel="site", recipient="staff")


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
    _files: FileWorker | None = None
    _presence: Presence | None = None

    async def begin_work(self) -> None:
        """To be said before anything is claimed. On an embedded database what killed processes held is free at once, unless another one
        is at work on it."""
        url = database_url(self.settings)
        if not url.startswith("sqlite"):
            return
        self._presence = Presence(Path(url.partition(":///")[2].partition("?")[0]))
        if await asyncio.to_thread(self._presence.enter):
            async with self.storage.write() as uow:
                await uow.inbox.release_leases()
                await uow.commit()
            self._presence.let_in()

    @property
    def inbox(self) -> InboxWorker:
        """The worker that interprets; made at first use and woken by every commit."""
        if self._inbox is None:
            self._inbox = InboxWorker(
                storage=self.storage,
                channels=self.channels,
                clock=self.clock,
                alert_routes=self.desk.staff.leads,
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

    @property
    def files(self) -> FileWorker:
        """The worker that fetches files from where they are; made at first use and woken by every commit."""
        if self._files is None:
            fetchers = {f"{name}:": fetch for name, channel in self.channels.items() if (fetch := getattr(channel, "fetch", None))}
            self._files = FileWorker(storage=self.storage, shelf=self.shelf, limits=self.file_limits, fetchers=fetchers, clock=self.clock)
            self.storage.on_commit.append(self._files.wake)
        return self._files

    @property
    def shelf(self) -> Shelf:
        """Where people's files are kept: beside the database, or on a disk that all processes share."""
        return Shelf(self.settings.desk.data_dir / "files")

    @property
    def file_limits(self) -> FileLimits:
        return file_limits(self.settings)

    def add(self, channel: Channel) -> None:
        """Take a channel in; the status page shows its health."""
        self.channels[channel.name] = channel
        self.health.append(channel.health)

    async def close(self) -> None:
        """Let go of the database and of what channels hold (a parser process, connections)."""
        for channel in self.channels.values():
            if closing := getattr(channel, "close", None):
                await closing()
        await self.storage.close()
        if self._presence is not None:
            self._presence.leave()


def database_url(settings: Settings) -> str:
    """The configured database, by default one SQLite file in the data folder."""
    return settings.database_url.reveal()


def file_limits(settings: Settings) -> FileLimits:
    """How large the files are that people may send, and how many with one message."""
    return FileLimits(size=settings.files.max_megabytes * MEGABYTE, count=settings.files.max_count)


def staff_routes(settings: Settings) -> StaffRoutes:
    """Where staff hear of things: the chats that are configured, and the Site's feed."""

    def chats(*ids: str) -> tuple[Route, ...]:
        return tuple(Route(channel="telegram", recipient=chat) for chat in ids if chat and settings.telegram.is_on)

    feed = (SITE_FEED,) if settings.site.enabled else ()
    desk = (*chats(settings.telegram.staff_chat), *feed)
    return StaffRoutes(desk=desk, leads=chats(settings.telegram.lead_chat) or desk, development=chats(settings.telegram.development_chat))
