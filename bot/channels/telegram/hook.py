"""Having Telegram deliver to our address: the webhook is set by whoever holds the lease, and looked after.

The updates themselves come in at `webhook.Door`, in every process that serves the Site.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.channels.base import Health
from bot.channels.telegram.arrivals import ALLOWED_UPDATES
from bot.channels.telegram.connection import Connection
from bot.channels.telegram.options import TelegramOptions
from bot.clock import Clock
from bot.errors import Transient

_LOOK_EVERY = 20.0
_FRESH = timedelta(minutes=5)
"""A delivery that failed longer ago is history."""
_AT_ONCE = 40
"""Deliveries at a time; those of one chat follow one another."""


class Hook:
    """See the module. A source for `receiver.Receiver`."""

    def __init__(self, *, connection: Connection, options: TelegramOptions, clock: Clock, health: Health) -> None:
        self._connection = connection
        self._options = options
        self._clock = clock
        self._health = health
        self._is_set = False

    async def start(self) -> None:
        """Tell Telegram where to deliver; what waits on its side is delivered, not dropped."""
        self._is_set = False
        await self._connection.call(
            "setWebhook",
            {
                "url": self._options.webhook_url,
                "secret_token": self._options.webhook_secret,
                "allowed_updates": list(ALLOWED_UPDATES),
                "max_connections": _AT_ONCE,
            },
        )

    async def round(self) -> None:
        """Look whether Telegram delivers, and to us."""
        if self._is_set:
            await asyncio.sleep(_LOOK_EVERY)
        info = await self._connection.call("getWebhookInfo", {})
        if info.get("url") != self._options.webhook_url:
            # Another program, or an earlier process of ours that still polls, has taken it away.
            await self.start()
            info = await self._connection.call("getWebhookInfo", {})
        self._is_set = True
        self._show(info)

    def _show(self, info: Mapping[str, Any]) -> None:
        now = self._clock.now()
        failed_at = datetime.fromtimestamp(info.get("last_error_date") or 0, UTC)
        if info.get("pending_update_count") and now - failed_at < _FRESH:
            trouble = Transient("Telegram не може доставити на вебхук: {what}", what=str(info.get("last_error_message", "?")))
            self._health.trouble(trouble, state="degraded")
        else:
            self._health.up(now)
