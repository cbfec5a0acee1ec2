"""How often is too often: a sliding window per key, in memory, bounded."""

from __future__ import annotations

from collections import OrderedDict, deque
from datetime import datetime, timedelta

# Beyond this many keys the longest unused are forgotten: an attacker with many addresses cannot fill the memory.
_KEYS = 10_000


class RateLimit:
    """At most `count` per `window` for each key. One process's view; what must hold everywhere is a constraint in the database."""

    def __init__(self, count: int, window: timedelta) -> None:
        self._count = count
        self._window = window
        self._seen: OrderedDict[str, deque[datetime]] = OrderedDict()

    def allow(self, key: str, now: datetime) -> bool:
        """Count one more; False when the window is full (and this one is not counted)."""
        seen = self._seen.setdefault(key, deque())
        self._seen.move_to_end(key)
        while len(self._seen) > _KEYS:
            self._seen.popitem(last=False)
        while seen and seen[0] <= now - self._window:
            seen.popleft()
        if len(seen) >= self._count:
            return False
        seen.append(now)
        return True
