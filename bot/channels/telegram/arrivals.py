"""Raw updates into the inbox, the same for polling and for the webhook: stored under their unique key, then 👀, nothing interpreted yet."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import structlog

from bot.channels.telegram import parse
from bot.channels.telegram.acts import CHANNEL, reaction
from bot.channels.telegram.afterwards import Afterwards
from bot.channels.telegram.options import TelegramOptions
from bot.clock import Clock
from bot.ports import RawEvent, Storage, UnitOfWork

ALLOWED_UPDATES = ("message", "edited_message", "callback_query", "my_chat_member")
_AT_ONCE = timedelta(minutes=1)
_CATCH_UP = 60.0
_ALBUM_GAP = timedelta(seconds=2)
"""The photos of an album arrive one by one, whatever the burst gap."""

log = structlog.get_logger(__name__)


class Arrivals:
    """See the module."""

    def __init__(self, *, options: TelegramOptions, storage: Storage, clock: Clock, afterwards: Afterwards) -> None:
        self._options = options
        self._storage = storage
        self._clock = clock
        self._afterwards = afterwards
        self._caught_up = asyncio.Event()
        self._caught_up.set()
        self._behind_since = 0.0

    def is_behind(self, is_behind: bool) -> None:
        """Whether more waits at Telegram than one poll brings: after a downtime."""
        if not is_behind:
            self._caught_up.set()
        elif self._caught_up.is_set():
            self._caught_up.clear()
            self._behind_since = asyncio.get_running_loop().time()

    async def calm(self) -> None:
        """Wait while we are behind, a minute at most: first everything is made safe, then it is read. Interpreting between two polls
        would make the fetching several times longer."""
        left = self._behind_since + _CATCH_UP - asyncio.get_running_loop().time()
        if not self._caught_up.is_set() and left > 0:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._caught_up.wait(), left)

    async def store(self, updates: Sequence[object], *, also: Callable[[UnitOfWork, datetime], None] | None = None) -> None:
        """Commit the updates, and with them what `also` writes; whoever fails here is sent the same updates again.

        What is no update at all is stored too: reading it fails later and keeps it aside, where a person can look at it.
        """
        now = self._clock.now()
        lines = [parse.line_of(update) if isinstance(update, Mapping) else None for update in updates]
        events = [self._event(update, line, now) for update, line in zip(updates, lines, strict=True)]
        ids = await self._commit(events, now, also)
        log.debug("telegram_updates_stored", count=len(updates), fresh=sum(number is not None for number in ids))
        for line, number in zip(lines, ids, strict=True):
            if line is not None and number is not None:
                self._notice(line, now)

    async def keep_unreadable(self, body: bytes) -> None:
        """A body that is no JSON object, from somebody who knew the secret."""
        now = self._clock.now()
        await self._commit([self._raw_event(f"x:{_digest(body)}", "?", body, now)], now, None)

    async def _commit(
        self, events: Sequence[RawEvent], now: datetime, also: Callable[[UnitOfWork, datetime], None] | None
    ) -> list[int | None]:
        async with self._storage.write() as uow:
            ids = await uow.inbox.put(events, now=now)
            if also is not None:
                also(uow, now)
            await uow.commit()
        return list(ids)

    def _event(self, update: object, line: parse.Line | None, now: datetime) -> RawEvent:
        raw = json.dumps(update, ensure_ascii=True, separators=(",", ":")).encode()
        if not isinstance(update, Mapping) or parse.number_of(update) is None:
            return self._raw_event(f"x:{_digest(raw)}", "?", raw, now)
        at = parse.happened_at(update, now=now)
        return self._raw_event(parse.external_id(update), parse.conversation(update), raw, at, quiet_gap=self._quiet_gap(line))

    def _raw_event(self, external_id: str, conversation: str, raw: bytes, at: datetime, **more: Any) -> RawEvent:
        return RawEvent(
            channel=CHANNEL,
            source=f"bot{self._options.bot_id}",
            external_id=external_id,
            conversation=conversation,
            raw=raw,
            received_at=at,
            burst_limit=self._options.burst_limit,
            **more,
        )

    def _quiet_gap(self, line: parse.Line | None) -> timedelta:
        """Whether more of the same thought may follow: only a client's plain lines wait, and the parts of any album."""
        if line is None or line.command is not None:
            return timedelta(0)
        gap = self._options.quiet_gap if line.place.is_private else timedelta(0)
        return max(gap, _ALBUM_GAP) if line.album else gap

    def _notice(self, line: parse.Line, now: datetime) -> None:
        """👀 at once: the client sees that somebody is there before the burst is over. Not hours later, after a downtime."""
        is_plain = line.place.is_private and line.command is None and not line.is_edit
        if is_plain and now - line.at < _AT_ONCE:
            self._afterwards.start([reaction(line.place.id, line.message_id, "👀")])


def _digest(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()[:32]
