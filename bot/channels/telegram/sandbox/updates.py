"""The queue of updates as Telegram keeps it: at least once, until a higher offset or a webhook's 2xx confirms.

One waiting poller at a time: a second one ends the first with 409, and an active webhook refuses both.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

from bot.channels.telegram.sandbox.answers import Json, conflict

_KEPT_FOR = timedelta(hours=24)
_OPT_IN = frozenset({"chat_member", "message_reaction", "message_reaction_count"})
_OTHER_POLLER = "terminated by other getUpdates request; make sure that only one bot instance is running"
_WEBHOOK_SET = "terminated by setWebhook request"
_WEBHOOK_ACTIVE = "can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"


class UpdateQueue:
    """Updates waiting for the bot, oldest first. `confirmed` counts those gone, `handed_out` is the highest id a poll was answered with."""

    def __init__(self, now: Callable[[], datetime], *, first_id: int = 700_000_001) -> None:
        self._now = now
        self.next_id = first_id
        self._pending: list[tuple[datetime, Json]] = []
        self._allowed: frozenset[str] | None = None
        self._poller: asyncio.Future[None] | None = None
        self.webhook_url = ""
        self.webhook_secret = ""
        self.webhook_error = ""
        self.webhook_failed_at = 0
        self.arrived = asyncio.Event()
        self.confirmed = 0
        self.handed_out = 0
        self.on_change: Callable[[], None] = lambda: None

    @property
    def pending(self) -> list[Json]:
        return [update for _, update in self._pending]

    def push(self, kind: str, payload: object) -> int | None:
        """Queue an update of `kind`; None when the bot did not subscribe to that kind. Returns its update_id."""
        if kind in _OPT_IN if self._allowed is None else kind not in self._allowed:
            return None
        update_id, self.next_id = self.next_id, self.next_id + 1
        self.push_raw({"update_id": update_id, kind: payload})
        return update_id

    def push_raw(self, update: Json) -> None:
        """Queue exactly this, however broken: a server newer than our types sends such things."""
        self.next_id = max(self.next_id, int(update.get("update_id", 0)) + 1)
        self._pending.append((self._now(), update))
        self.wake()

    def restart_ids(self, first_id: int) -> None:
        """What happens after a week without updates: the next id may be any, also a lower one."""
        self.next_id = first_id

    def set_webhook(self, url: str, secret: str) -> None:
        """An empty url switches back to polling."""
        self.webhook_url, self.webhook_secret, self.webhook_error = url, secret, ""
        self.arrived.set()
        if url and self._poller and not self._poller.done():
            self._poller.set_exception(conflict(_WEBHOOK_SET))

    def webhook_failed(self, what: str) -> None:
        """A delivery was not answered with 2xx; getWebhookInfo says why."""
        self.webhook_error, self.webhook_failed_at = what, int(self._now().timestamp())
        self.on_change()

    def drop(self) -> None:
        """drop_pending_updates: what nobody fetched is lost."""
        self._pending.clear()

    def allow(self, kinds: list[str] | None) -> None:
        """Remember the subscription; None keeps the earlier one, an empty list means the default kinds."""
        if kinds is not None:
            self._allowed = frozenset(kinds) or None

    def confirm_below(self, offset: int) -> None:
        kept = [entry for entry in self._pending if entry[1]["update_id"] >= offset]
        self.confirmed += len(self._pending) - len(kept)
        self._pending = kept
        self.on_change()

    async def poll(self, *, offset: int, limit: int, timeout: float, allowed: list[str] | None) -> list[Json]:
        """getUpdates. A negative offset keeps only that many newest ones, as documented."""
        if self.webhook_url:
            raise conflict(_WEBHOOK_ACTIVE)
        self._take_over()
        self.allow(allowed)
        self._forget_old()
        if offset:
            self.confirm_below(offset if offset > 0 else self._offset_of_last(-offset))
        if not self._pending and timeout > 0:
            await self._wait(timeout)
        batch = self.pending[:limit]
        self.handed_out = max([self.handed_out, *(int(update["update_id"]) for update in batch)])
        return batch

    async def _wait(self, timeout: float) -> None:
        mine = self._poller = asyncio.get_running_loop().create_future()
        try:
            await asyncio.wait_for(mine, timeout)
        except TimeoutError:
            pass
        finally:
            if self._poller is mine:
                self._poller = None

    def _take_over(self) -> None:
        if self._poller and not self._poller.done():
            self._poller.set_exception(conflict(_OTHER_POLLER))

    def wake(self) -> None:
        self.arrived.set()
        if self._poller and not self._poller.done():
            self._poller.set_result(None)

    def _forget_old(self) -> None:
        horizon = self._now() - _KEPT_FOR
        self._pending = [entry for entry in self._pending if entry[0] >= horizon]

    def _offset_of_last(self, count: int) -> int:
        return int(self.pending[-count:][0]["update_id"]) if self._pending else 0
