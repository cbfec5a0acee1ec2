"""How fast the bot may speak: one budget for everything that is sent or edited.

Telegram publishes about 30 messages a second overall, one a second in a chat with small bursts, 20 a minute in a group. Sliding
windows, not leaky buckets: a bucket of 20 that refills lets 40 through in its first minute, and the 41st costs a 429.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

# (how many, in how many seconds)
OVERALL = (28, 1.0)
PRIVATE_CHAT = (4, 4.0)
GROUP = (20, 60.0)
_FORGET_AT = 10_000
"""Chats remembered before idle ones are forgotten."""


@dataclass(slots=True)
class Budget:
    """`now` is any clock that does not go back, in seconds. Group ids are negative, as Telegram's are."""

    _windows: dict[int, deque[float]] = field(default_factory=dict)
    _overall: deque[float] = field(default_factory=deque)
    _closed_until: dict[int, float] = field(default_factory=dict)

    def take(self, chat: int, now: float) -> float:
        """0.0 and the word is counted; or the seconds to wait, and nothing is counted."""
        window = self._windows.setdefault(chat, deque())
        wait = max(
            self._closed_until.get(chat, 0.0) - now,
            _wait(self._overall, *OVERALL, now),
            _wait(window, *(GROUP if chat < 0 else PRIVATE_CHAT), now),
        )
        if wait > 0:
            return wait
        self._overall.append(now)
        window.append(now)
        if len(self._windows) > _FORGET_AT:
            self._forget(now)
        return 0.0

    def close(self, chat: int, until: float) -> None:
        """The server said 429: nothing to this chat before `until`; the others go on."""
        self._closed_until[chat] = max(until, self._closed_until.get(chat, 0.0))

    def _forget(self, now: float) -> None:
        idle = [chat for chat, window in self._windows.items() if not window or window[-1] < now - GROUP[1]]
        for chat in idle:
            del self._windows[chat]
        self._closed_until = {chat: until for chat, until in self._closed_until.items() if until > now}


def _wait(window: deque[float], count: int, span: float, now: float) -> float:
    while window and window[0] <= now - span:
        window.popleft()
    return window[0] + span - now if len(window) >= count else 0.0
