"""The flood limits as the server enforces them, so that a sender that ignores them is told so: 429 with `retry_after`.

Telegram publishes about 30 messages a second overall, one a second per chat with short bursts, 20 a minute in a group; edits count.
"""

import math
from collections import deque
from dataclasses import dataclass, field

from bot.channels.telegram.sandbox.answers import ApiError, too_many_requests

_OVERALL = (30, 1.0)
_GROUP = (20, 60.0)
_BURST, _EVERY = 5, 1.0


@dataclass(slots=True)
class RateLimits:
    """A refused call does not count."""

    _windows: dict[object, deque[float]] = field(default_factory=dict)
    _paid_until: dict[int, float] = field(default_factory=dict)

    def refusal(self, method: str, chat: object, at: float) -> ApiError | None:
        """The 429 for this call, or None and the call is counted. `at` is in seconds."""
        if not isinstance(chat, int) or not method.startswith(("send", "edit")) or method == "sendChatAction":
            return None
        in_chat = self._full(chat, *_GROUP, at) if chat < 0 else self._paid_until.get(chat, at) - at - (_BURST - 1) * _EVERY
        wait = max(self._full("overall", *_OVERALL, at), in_chat)
        if wait > 0:
            return too_many_requests(math.ceil(wait))
        for key in ("overall", chat):
            self._windows.setdefault(key, deque()).append(at)
        self._paid_until[chat] = max(self._paid_until.get(chat, at), at) + _EVERY
        return None

    def _full(self, key: object, count: int, span: float, at: float) -> float:
        window = self._windows.setdefault(key, deque())
        while window and window[0] <= at - span:
            window.popleft()
        return window[0] + span - at if len(window) >= count else 0.0
