"""Reading from Telegram: long polls, raw updates into the inbox, and only then the offset moves.

The offset lives in the database, in the commit that holds the updates; asking with it is what confirms them. One process polls, by lease.
After days of silence Telegram may start its numbers anew, so an old offset is forgotten rather than used to throw new messages away.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import structlog

from bot.channels.base import Health
from bot.channels.telegram import parse
from bot.channels.telegram.acts import CHANNEL, reaction
from bot.channels.telegram.afterwards import Afterwards
from bot.channels.telegram.connection import Connection
from bot.channels.telegram.options import TelegramOptions
from bot.channels.telegram.selfcheck import introduce
from bot.clock import Clock
from bot.errors import BotError
from bot.ports import RawEvent, Storage

ALLOWED_UPDATES = ("message", "edited_message", "callback_query", "my_chat_member")
_POLL = 25
_BATCH = 100
# Renewed before each poll that could outlast it; after a crash another process waits this long at most.
_LEASE = timedelta(seconds=45)
_RENEW_BEFORE = timedelta(seconds=_POLL + 11)
_STANDBY_PAUSE = 5.0
_INSTANT = 0.1
_PAUSE_AFTER_INSTANT = 0.2
_OFFSET_GOOD_FOR = timedelta(days=5)
"""Telegram says: after a week without updates the next number may be any."""
_ALBUM_GAP = timedelta(seconds=2)
"""The photos of an album arrive one by one, whatever the burst gap."""

log = structlog.get_logger(__name__)


class Poller:
    """See the module."""

    def __init__(
        self,
        *,
        connection: Connection,
        options: TelegramOptions,
        storage: Storage,
        clock: Clock,
        health: Health,
        afterwards: Afterwards,
    ) -> None:
        self._connection = connection
        self._options = options
        self._storage = storage
        self._clock = clock
        self._health = health
        self._afterwards = afterwards
        self._lease_ends_at: datetime | None = None
        self._has_answered = False
        self._troubles: tuple[BotError, ...] = ()
        # (offset, when it was set) as the database has it; None while another process may have moved it.
        self._cursor: tuple[int, datetime] | None = None

    async def run(self) -> None:
        """Poll until cancelled. Raises what the connection raises: an unreachable server, a refused token, another poller."""
        if self._health.state == "off":
            self._health.state = "starting"
        bot_id = await self._connection.bot_id()
        lease, offset_key = f"{CHANNEL}:poller:{bot_id}", f"{CHANNEL}:offset:{bot_id}"
        self._lease_ends_at, self._has_answered, self._cursor = None, False, None
        self._health.facts["username"], self._troubles = await introduce(self._connection)
        try:
            while True:
                if await self._holds(lease):
                    await self._round(bot_id, offset_key)
                else:
                    self._cursor = None
                    self._health.trouble("Повідомлення Telegram читає інший процес цієї служби.", state="running")
                    await asyncio.sleep(_STANDBY_PAUSE)
        finally:
            await self._give_back(lease)

    async def _round(self, bot_id: int, offset_key: str) -> None:
        offset = await self._offset(offset_key)
        # The first answer comes at once: nobody should have to wait for the end of a long poll to learn that we are connected.
        wait = _POLL if self._has_answered else 0
        parameters: dict[str, Any] = {"timeout": wait, "limit": _BATCH, "allowed_updates": list(ALLOWED_UPDATES)}
        asked_at = asyncio.get_running_loop().time()
        updates = await self._connection.call("getUpdates", parameters | ({"offset": offset} if offset else {}), wait=wait)
        self._show_health()
        if updates:
            await self._store(updates, bot_id, offset_key)
        elif wait and asyncio.get_running_loop().time() - asked_at < _INSTANT:
            # A server that does not wait, as it should, must not be asked thousands of times a second.
            await asyncio.sleep(_PAUSE_AFTER_INSTANT)

    def _show_health(self) -> None:
        """Connected; and if a staff chat cannot be served as it should, what to do about it."""
        self._has_answered = True
        self._health.up(self._clock.now())
        if self._troubles:
            self._health.trouble(*self._troubles, state="degraded")

    async def _store(self, updates: Sequence[Mapping[str, Any]], bot_id: int, offset_key: str) -> None:
        """Commit the updates and the offset after them; whoever fails here gets the same updates again."""
        now = self._clock.now()
        lines = [parse.line_of(update) for update in updates]
        events = [self._event(update, line, bot_id, now) for update, line in zip(updates, lines, strict=True)]
        highest = max(int(update["update_id"]) for update in updates)
        async with self._storage.write() as uow:
            ids = await uow.inbox.put(events, now=now)
            uow.state.set(offset_key, {"offset": highest + 1, "at": now.isoformat()})
            await uow.commit()
        self._cursor = (highest + 1, now)
        log.debug("telegram_updates_stored", count=len(updates), fresh=sum(number is not None for number in ids))
        for line, number in zip(lines, ids, strict=True):
            if line is not None and number is not None:
                self._notice(line)

    def _event(self, update: Mapping[str, Any], line: parse.Line | None, bot_id: int, now: datetime) -> RawEvent:
        return RawEvent(
            channel=CHANNEL,
            source=f"bot{bot_id}",
            external_id=parse.external_id(update),
            conversation=parse.conversation(update),
            raw=json.dumps(update, ensure_ascii=True, separators=(",", ":")).encode(),
            received_at=parse.happened_at(update, now=now),
            quiet_gap=self._quiet_gap(line),
            burst_limit=self._options.burst_limit,
        )

    def _quiet_gap(self, line: parse.Line | None) -> timedelta:
        """Whether more of the same thought may follow: only a client's plain lines wait, and the parts of any album."""
        if line is None or line.command is not None:
            return timedelta(0)
        gap = self._options.quiet_gap if line.place.is_private else timedelta(0)
        return max(gap, _ALBUM_GAP) if line.album else gap

    def _notice(self, line: parse.Line) -> None:
        """👀 at once: the client sees that somebody is there before the burst is over."""
        if line.place.is_private and line.command is None and not line.is_edit:
            self._afterwards.start([reaction(line.place.id, line.message_id, "👀")])

    async def _offset(self, key: str) -> int:
        if self._cursor is None:
            async with self._storage.read() as uow:
                stored = await uow.state.get(key)
            if not stored:
                return 0
            self._cursor = (int(stored["offset"]), datetime.fromisoformat(stored["at"]))
        offset, at = self._cursor
        return offset if self._clock.now() - at <= _OFFSET_GOOD_FOR else 0

    async def _holds(self, lease: str) -> bool:
        """Whether this process polls; renews in time, so that a long poll never outlasts the lease."""
        now = self._clock.now()
        if self._lease_ends_at is not None and self._lease_ends_at - now > _RENEW_BEFORE:
            return True
        until = now + _LEASE
        async with self._storage.write() as uow:
            held = await uow.state.take_lease(lease, owner=self._options.owner, now=now, until=until)
            await uow.commit()
        self._lease_ends_at = until if held else None
        return held

    async def _give_back(self, lease: str) -> None:
        if self._lease_ends_at is None:
            return
        with contextlib.suppress(TimeoutError, BotError):
            async with asyncio.timeout(1), self._storage.write() as uow:
                await uow.state.give_lease(lease, owner=self._options.owner)
                await uow.commit()
