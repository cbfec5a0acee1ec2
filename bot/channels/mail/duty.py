"""Keeps every mailbox read, each in a loop of its own, and tells how each of them is: to the status page, to machines, to people.

Trouble with one leaves the others alone. Waits grow with each failure and are minutes after a refused login, which servers punish.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Mapping, Sequence

import structlog

from bot.channels.base import Health
from bot.channels.mail.access import LoginRefused
from bot.channels.mail.identity import recipients
from bot.channels.mail.oauth.dialogue import ConsentLost
from bot.channels.mail.options import Mailbox, MailOptions
from bot.channels.mail.reader import Reader
from bot.channels.mail.reading import CHANNEL
from bot.channels.mail.watch import Watch, follow
from bot.channels.supervisor import backoff
from bot.clock import Clock
from bot.errors import BotError, Transient
from bot.notices import StaffRoutes
from bot.ports import Storage

LOOK_EVERY = 30.0
FOLLOW_EVERY = 15.0
MERGE_EVERY = 1.0
_MOST_QUARANTINED = 500

log = structlog.get_logger(__name__)


class Duty:
    """See the module. `whole` is the channel's health, made of `healths`, one a mailbox."""

    def __init__(self, *, options: MailOptions, storage: Storage, clock: Clock, staff: StaffRoutes, whole: Health) -> None:
        self._options = options
        self._storage = storage
        self._clock = clock
        self._whole = whole
        self._quarantined: dict[int, str] = {}
        self.healths = {box.name: Health(name=f"{CHANNEL}:{box.name}") for box in options.mailboxes}
        self.watches = {
            box.name: Watch(
                name=box.name,
                address=box.address,
                storage=storage,
                clock=clock,
                health=self.healths[box.name],
                desk=staff.desk,
                leads=staff.leads,
            )
            for box in options.mailboxes
        }

    async def read(self) -> None:
        """Read all mailboxes until cancelled. Bugs escape."""
        boxes = [box for box in self._options.mailboxes if box.access is not None]
        if not boxes:
            await asyncio.Event().wait()
        async with asyncio.TaskGroup() as group:
            for box in boxes:
                group.create_task(self._keep_reading(box), name=f"read-{box.name}")
            group.create_task(self._keep_looking(), name="mail-watch")
            group.create_task(self._keep_merging(), name="mail-health")

    async def follow(self) -> None:
        """For a process that reads no mail: show what the one that does wrote down."""
        while self.healths:
            async with self._storage.read() as uow:
                for name, health in self.healths.items():
                    await follow(uow, name, health)
            merge(self._whole, list(self.healths.values()))
            await asyncio.sleep(FOLLOW_EVERY)

    async def _keep_reading(self, box: Mailbox) -> None:
        assert box.access is not None
        health, watch, failures = self.healths[box.name], self.watches[box.name], 0
        reader = Reader(
            name=box.name,
            access=box.access,
            storage=self._storage,
            clock=self._clock,
            health=health,
            owner=self._options.owner,
            on_sync=watch.synced,
        )
        while True:
            before = health.last_success_at
            try:
                await reader.run()
            except BotError as error:
                failures = 1 if health.last_success_at != before else failures + 1
                wait = max(backoff(failures), getattr(error, "retry_after", None) or backoff(1))
                health.trouble(BotError("{address}: {error}", address=box.address, error=error))
                log.warning("mailbox_failed", mailbox=box.name, error=type(error).__name__, wait=wait.total_seconds())
                await self._written(watch.failed(error, is_login=isinstance(error, LoginRefused | ConsentLost)))
                await asyncio.sleep(wait.total_seconds())

    async def _keep_looking(self) -> None:
        while True:
            await self._written(self._look())
            await asyncio.sleep(LOOK_EVERY)

    async def _look(self) -> None:
        counts = await self._count_quarantined()
        for name, health in self.healths.items():
            health.facts["quarantined"] = counts.get(name, 0)
            if health.state not in ("standby", "off"):
                await self.watches[name].look()

    async def _written(self, work: Awaitable[None]) -> None:
        """A database in trouble is told elsewhere; it must not stop the reading."""
        try:
            await work
        except Transient as error:
            log.warning("mail_watch_refused", error=type(error).__name__)

    async def _count_quarantined(self) -> Mapping[str, int]:
        """Per mailbox: whose a mail is, its recipients say; one of none of ours counts for the first."""
        async with self._storage.read() as uow:
            rows = [row.id for row in await uow.inbox.quarantined(limit=_MOST_QUARANTINED) if row.channel == CHANNEL]
            found = {}
            for item_id in rows:
                name = self._quarantined.get(item_id)
                if name is None:
                    item = await uow.inbox.get(item_id)
                    name = (self._options.addressed(recipients(item.raw)) if item else "") or next(iter(self.healths), "")
                found[item_id] = name
        self._quarantined = found
        return {name: list(found.values()).count(name) for name in self.healths}

    async def _keep_merging(self) -> None:
        while True:
            merge(self._whole, list(self.healths.values()))
            await asyncio.sleep(MERGE_EVERY)


def merge(whole: Health, parts: Sequence[Health]) -> None:
    """The channel is as well as its worst mailbox: that one's state, every trouble's sentence, the facts of each under its name."""
    worst = max(parts, key=lambda part: _SEVERITY.get(part.state, 0))
    whole.state = worst.state
    whole.detail = " ".join(part.detail for part in parts if part.detail)
    whole.causes = tuple(cause for part in parts for cause in part.causes)
    successes = [part.last_success_at for part in parts if part.last_success_at is not None]
    whole.last_success_at = min(successes) if len(successes) == len(parts) else None
    for part in parts:
        whole.facts[part.name.partition(":")[2]] = {"state": part.state, **part.facts}


_SEVERITY = {"running": 0, "standby": 1, "off": 1, "starting": 2, "degraded": 3, "down": 4}
