"""How fast the bot may speak: one budget for everything that is sent or edited.

Telegram publishes about 30 messages a second overall, one a second in a chat with short bursts, 20 a minute in a group. For a group that
is a sliding window, not a leaky bucket: a bucket of 20 that refills lets 40 through in its first minute, and the next costs a 429.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

# (how many, in how many seconds)
OVERALL = (28, 1.0)
GROUP = (20, 60.0)
# What groups leave of the whole for people: a receipt does not wait behind a pile of cards.
FOR_GROUPS = (20, 1.0)
# A private chat: this many at once, then one a second.
BURST = 3
_EVERY = 1.0
_FORGET_AT = 10_000
"""Chats remembered before idle ones are forgotten."""


@dataclass(slots=True)
class Budget:
    """`now` is any clock that does not go back, in seconds. Group ids are negative, as Telegram's are."""

    _overall: deque[float] = field(default_factory=deque)
    _groups: dict[int, deque[float]] = field(default_factory=dict)
    _paid_until: dict[int, float] = field(default_factory=dict)
    _closed_until: dict[int, float] = field(default_factory=dict)

    def take(self, chat: int, now: float) -> float:
        """0.0 and the word is counted; or the seconds to wait, and nothing is counted."""
        wait = max(self.wait(chat, now), _full(self._overall, *OVERALL, now))
        if wait > 0:
            return wait
        self.count(chat, now)
        return 0.0

    def wait(self, chat: int, now: float) -> float:
        """Seconds until this chat may be written to, by its own limits; not above 0 when it may."""
        own = max(self._closed_until.get(chat, 0.0) - now, self._wait_in(chat, now))
        return max(own, _full(self._overall, *FOR_GROUPS, now)) if chat < 0 else own

    def count(self, chat: int, now: float) -> None:
        """A word that does not wait (an answer to a press): what follows waits for it."""
        self._overall.append(now)
        if chat < 0:
            self._groups.setdefault(chat, deque()).append(now)
        else:
            self._paid_until[chat] = max(self._paid_until.get(chat, now), now) + _EVERY
        if len(self._paid_until) > _FORGET_AT:
            self._forget(now)

    def close(self, chat: int, until: float) -> None:
        """The server said 429: nothing to this chat before `until`; the others go on."""
        self._closed_until[chat] = max(until, self._closed_until.get(chat, 0.0))

    def _wait_in(self, chat: int, now: float) -> float:
        if chat < 0:
            return _full(self._groups.setdefault(chat, deque()), *GROUP, now)
        return self._paid_until.get(chat, now) - now - (BURST - 1) * _EVERY

    def _forget(self, now: float) -> None:
        self._paid_until = {chat: until for chat, until in self._paid_until.items() if until > now}
        self._closed_until = {chat: until for chat, until in self._closed_until.items() if until > now}


def _full(window: deque[float], count: int, span: float, now: float) -> float:
    """Seconds until a sliding window has room."""
    while window and window[0] <= now - span:
        window.popleft()
    return window[-count] + span - now if len(window) >= count else 0.0
