"""The inbox worker: claims what is ready, lets its channel interpret it, and commits what came of it together with the end of the rows.

Whatever goes wrong with one conversation stays with it: the others of the same commit are done again alone, a message that cannot be
understood is quarantined for `deskbot replay`, a passing obstacle is waited out. Killing the process anywhere here loses nothing: a row is
finished in the commit that holds its tickets, or it is still waiting.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import structlog

from bot import notices
from bot.channels.base import Channel, Health
from bot.channels.supervisor import backoff
from bot.channels.wake import Wake
from bot.clock import Clock
from bot.errors import BotError, Permanent, Rejected, Transient
from bot.model import Route
from bot.ports import InboxItem, Storage, UnitOfWork
from bot.texts import explain

# Up to this many messages share one commit.
BATCH = 50
# A message that failed this often is poison. One that took the process down with it counts by its lease.
MAX_ATTEMPTS = 3
RETRY_FROM = timedelta(seconds=5)
LEASE = timedelta(minutes=2)

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ready:
    """The rows of one conversation, interpreted."""

    channel: Channel
    items: Sequence[InboxItem]
    prepared: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class _Batch:
    """What was claimed together: `count` rows, of which `ready` could be interpreted."""

    ready: Sequence[_Ready]
    count: int


class InboxWorker:
    """See the module. `alert_routes` hear of quarantined messages."""

    def __init__(
        self,
        *,
        storage: Storage,
        channels: Mapping[str, Channel],
        clock: Clock,
        alert_routes: Sequence[Route] = (),
        lease: timedelta = LEASE,
        on_done: Callable[[int], None] | None = None,
    ) -> None:
        self._storage = storage
        self._channels = channels
        self._clock = clock
        self._alert_routes = alert_routes
        self._lease = lease
        self._on_done = on_done or (lambda count: None)
        self.wake = Wake("inbox")
        self.health = Health(name="inbox", state="running")

    async def run(self) -> None:
        """Work until cancelled."""
        while True:
            if not await self._rounds():
                await self.wake.wait()

    async def drain(self) -> int:
        """Work until nothing is ready; how many rows were done."""
        done = 0
        while count := await self._rounds():
            done += count
        return done

    async def _rounds(self) -> int:
        """Batches until none is ready; how many rows. While one is committed the next is interpreted: the two use different cores.

        What follows in a conversation of the batch under way is held back by its lease, so the caller asks again.
        """
        done, following = 0, asyncio.create_task(self._take())
        try:
            while (batch := await following) is not None:
                following = asyncio.create_task(self._take())
                await self._commit(batch)
                done += batch.count
                self._on_done(batch.count)
        finally:
            following.cancel()
        return done

    async def _take(self) -> _Batch | None:
        """Claim and interpret; None when nothing is ready."""
        async with self._storage.write() as uow:
            conversations = await uow.inbox.claim(now=self._clock.now(), limit=BATCH, lease=self._lease, channels=list(self._channels))
            self.health.up(self._clock.now())
            if not conversations:
                return None
            await uow.commit()
        prepared = await asyncio.gather(*(self._prepare(items) for items in conversations))
        return _Batch(ready=[one for one in prepared if one is not None], count=sum(map(len, conversations)))

    async def _commit(self, batch: _Batch) -> None:
        if batch.ready and not await self._commit_together(batch.ready):
            for one in batch.ready:
                await self._commit_alone(one)

    async def _prepare(self, items: Sequence[InboxItem]) -> _Ready | None:
        channel = self._channels[items[0].channel]
        try:
            return _Ready(channel=channel, items=items, prepared=await channel.prepare(items))
        except Exception as error:
            await self._failed(items, error)
            return None

    async def _commit_together(self, ready: Sequence[_Ready]) -> bool:
        """All conversations in one commit; False when any of them failed and nothing was done."""
        try:
            async with self._storage.write() as uow:
                for one in ready:
                    await self._apply(uow, one)
                await uow.commit()
        except Exception as error:
            log.info("inbox_commit_split", conversations=len(ready), error=type(error).__name__)
            return False
        return True

    async def _commit_alone(self, one: _Ready) -> None:
        try:
            async with self._storage.write() as uow:
                await self._apply(uow, one)
                await uow.commit()
        except Exception as error:
            await self._failed(one.items, error)

    async def _apply(self, uow: UnitOfWork, one: _Ready) -> None:
        results = await one.channel.apply(uow, one.prepared)
        missing = {item.id for item in one.items} - {result.item_id for result in results}
        if missing:
            raise RuntimeError(f"{one.channel.name} left rows unanswered: {sorted(missing)}")
        uow.inbox.finish(results, now=self._clock.now())

    async def _failed(self, items: Sequence[InboxItem], error: Exception) -> None:
        """Of several rows the poison is found, its neighbours stay together (a burst is one thought); one row is retried or kept aside."""
        if len(items) > 1 and not isinstance(error, Transient):
            await self._without_poison(items)
            return
        if isinstance(error, Transient):
            log.warning("inbox_postponed", item_id=items[0].id, error=type(error).__name__)
        elif isinstance(error, BotError):
            # Expected: the quarantine list has its sentence. A traceback is for bugs.
            log.warning("inbox_refused", item_id=items[0].id, error=type(error).__name__)
        else:
            log.error("inbox_failed", item_id=items[0].id, exc_info=error)
        if _is_poison(items[0], error):
            await self._quarantine(items, error)
        else:
            await self._postpone(items, error)

    async def _without_poison(self, items: Sequence[InboxItem]) -> None:
        """Each row is read alone: what fails is dealt with, the rest is taken in together; if none fails alone, each is committed alone."""
        alone = [(item, await self._prepare([item])) for item in items]
        readable = [item for item, one in alone if one is not None]
        if len(readable) < len(items):
            together = await self._prepare(readable) if readable else None
            if together is not None:
                await self._commit_alone(together)
            return
        for _, one in alone:
            if one is not None:
                await self._commit_alone(one)

    async def _postpone(self, items: Sequence[InboxItem], error: Exception) -> None:
        wait = backoff(items[0].attempts + 1, shortest=RETRY_FROM)
        if isinstance(error, Transient) and error.retry_after is not None:
            wait = max(wait, error.retry_after)
        async with self._storage.write() as uow:
            uow.inbox.retry([item.id for item in items], at=self._clock.now() + wait, error=_words(error))
            await uow.commit()

    async def _quarantine(self, items: Sequence[InboxItem], error: Exception) -> None:
        now = self._clock.now()
        first = items[0]
        async with self._storage.write() as uow:
            uow.inbox.quarantine([item.id for item in items], error=_words(error), now=now)
            news = _news(first, _about(self._channels.get(first.channel), first))
            for row in notices.alert(self._alert_routes, news, cause=f"quarantine:{first.id}:{first.attempts}", now=now):
                uow.outbox.add(row)
            await uow.commit()


def _about(channel: Channel | None, item: InboxItem) -> str:
    """Who wrote it and about what, as far as the channel can tell at a glance."""
    about = getattr(channel, "about", None)
    return str(about(item)) if about is not None else ""


def _news(item: InboxItem, about: str) -> BotError:
    if about:
        return BotError(
            "Повідомлення ({channel}, запис {id}; {about}) не вдалося опрацювати. Його збережено; спробувати ще раз: deskbot replay {id}",
            channel=item.channel,
            id=item.id,
            about=about,
        )
    return BotError(
        "Повідомлення ({channel}, запис {id}) не вдалося опрацювати. Його збережено; спробувати ще раз: deskbot replay {id}",
        channel=item.channel,
        id=item.id,
    )


def _is_poison(item: InboxItem, error: Exception) -> bool:
    if isinstance(error, Transient):
        return False
    return isinstance(error, Permanent | Rejected) or item.attempts + 1 >= MAX_ATTEMPTS


def _words(error: Exception) -> str:
    """What the quarantine list shows. A foreign error's text may quote what a client typed, so only its type is kept."""
    return explain(error, "uk") if isinstance(error, BotError) else type(error).__name__
