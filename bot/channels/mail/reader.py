"""Keeps one mailbox read: whatever arrives is committed in the inbox together with the cursor, and only then marked as read.

Killing the process anywhere loses nothing: a mail is in the inbox or it is fetched again, and one that is there already is recognised by
its content. A new UIDVALIDITY, or a mailbox never read before, is gone through afresh by the same rule. One process reads it, by lease.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import structlog

from bot.channels.base import Health
from bot.channels.mail.access import MailboxAccess
from bot.channels.mail.events import mail_event
from bot.channels.mail.reading import CHANNEL
from bot.channels.mail.source import MAX_UIDS, Fetched, MailSource
from bot.clock import Clock
from bot.errors import Transient
from bot.ports import RawEvent, Storage

# How far back a mailbox is gone through when there is no cursor for it.
LOOK_BACK = timedelta(days=30)
LEASE_SLACK = timedelta(minutes=3)
STANDBY_PAUSE = 15.0
_BIG = 1024 * 1024

log = structlog.get_logger(__name__)


class Reader:
    """See the module. `run` reads until cancelled or until something breaks (which raises); each call starts over with a new connection."""

    def __init__(
        self,
        *,
        name: str,
        access: MailboxAccess,
        storage: Storage,
        clock: Clock,
        health: Health,
        owner: str,
        on_sync: Callable[[], Awaitable[None]],
    ) -> None:
        self._name = name
        self._access = access
        self._storage = storage
        self._clock = clock
        self._health = health
        self._owner = owner
        self._on_sync = on_sync
        self._lease = f"{CHANNEL}:reader:{name}"
        self._cursor_key = f"{CHANNEL}:cursor:{name}"

    async def run(self) -> None:
        """Raises Transient (also LoginRefused, with a wait of minutes) and Misconfigured."""
        if self._health.state == "off":
            self._health.state = "starting"
        while not await self._take_lease():
            self._health.trouble("Цю скриньку читає інший процес служби.", state="standby")
            await asyncio.sleep(STANDBY_PAUSE)
        source = MailSource(self._access)
        try:
            await source.connect()
            await self._mark_left_over(source)
            await self._read(source)
        finally:
            await source.close()
            await self._give_lease()

    async def _read(self, source: MailSource) -> None:
        log.info("mailbox_open", mailbox=self._name, can_idle=source.can_idle)
        while True:
            await self._drain(source)
            self._health.up(self._clock.now())
            self._health.facts |= {"waits_by": "idle" if source.can_idle else "poll", "backlog": 0}
            await self._on_sync()
            await source.wait()
            if source.can_idle:
                self._health.facts["last_idle_at"] = self._clock.now().isoformat()
            if not await self._take_lease():
                raise Transient("Скриньку перебрав інший процес служби.")

    async def _mark_left_over(self, source: MailSource) -> None:
        """What was committed and not marked because the line, or this program, broke in between."""
        cursor = await self._cursor()
        if cursor is not None and cursor["uid_validity"] == source.uid_validity:
            await source.mark_seen(cursor.get("unmarked", ()))

    async def _drain(self, source: MailSource) -> None:
        """Everything that is new into the inbox."""
        cursor = await self._cursor()
        if cursor is None or cursor["uid_validity"] != source.uid_validity:
            await self._look_back(source, is_first=cursor is None)
            return
        after = int(cursor["uid"])
        uids = await source.new_uids(after=after)
        await self._take_in(source, uids, moves_cursor=True)

    async def _look_back(self, source: MailSource, *, is_first: bool) -> None:
        """No usable cursor. At first only unread mails count as new; when the server has renumbered them, all do: the inbox knows the old.

        The cursor is set at the end, so that a crash on the way begins again, which the inbox does not mind.
        """
        known = await source.new_uids(after=0)
        since = self._clock.now() - LOOK_BACK
        uids = await source.new_uids(after=0, since=since, unseen=is_first)
        log.info("mailbox_look_back", mailbox=self._name, mails=len(uids), is_first=is_first)
        await self._take_in(source, uids, moves_cursor=False)
        async with self._storage.write() as uow:
            uow.state.set(self._cursor_key, _cursor(source, max((0, *known, *uids))))
            await uow.commit()

    async def _take_in(self, source: MailSource, uids: Sequence[int], *, moves_cursor: bool) -> None:
        for start in range(0, len(uids), MAX_UIDS):
            batch = uids[start : start + MAX_UIDS]
            self._health.facts["backlog"] = len(uids) - start
            mails = await source.fetch(batch)
            await self._store(mails, _cursor(source, batch[-1], mails) if moves_cursor else None)
            await source.mark_seen([mail.uid for mail in mails])

    async def _store(self, mails: Sequence[Fetched], cursor: dict[str, Any] | None) -> None:
        """The mails and the cursor behind them in one commit: promise 1."""
        now = self._clock.now()
        events = [await self._event(mail, now) for mail in mails]
        async with self._storage.write() as uow:
            ids = await uow.inbox.put(events, now=now)
            if cursor is not None:
                uow.state.set(self._cursor_key, cursor)
            await uow.commit()
        log.info("mails_stored", mailbox=self._name, count=len(mails), fresh=sum(item_id is not None for item_id in ids))

    async def _event(self, mail: Fetched, now: datetime) -> RawEvent:
        """Naming 20 MB by their content takes a tenth of a second: the event loop does not wait for that."""
        name = partial(mail_event, mail.raw, received_at=min(mail.received_at or now, now))
        return await asyncio.to_thread(name) if len(mail.raw) > _BIG else name()

    async def _cursor(self) -> dict[str, Any] | None:
        async with self._storage.read() as uow:
            stored: dict[str, Any] | None = await uow.state.get(self._cursor_key)
        return stored

    async def _take_lease(self) -> bool:
        now = self._clock.now()
        until = now + max(self._access.idle_renewal, self._access.poll) + LEASE_SLACK
        async with self._storage.write() as uow:
            taken = await uow.state.take_lease(self._lease, owner=self._owner, now=now, until=until)
            await uow.commit()
        return taken

    async def _give_lease(self) -> None:
        async with self._storage.write() as uow:
            await uow.state.give_lease(self._lease, owner=self._owner)
            await uow.commit()


def _cursor(source: MailSource, uid: int, unmarked: Sequence[Fetched] = ()) -> dict[str, Any]:
    """`unmarked` are the mails of this very commit: they are marked as read after it, or by whoever connects next."""
    return {"uid_validity": source.uid_validity, "uid": uid, "unmarked": [mail.uid for mail in unmarked]}
