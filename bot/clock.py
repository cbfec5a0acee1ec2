"""The only module that asks what time it is. Everybody else takes `now`, or a `Clock`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Tells the present instant, aware and in UTC."""

    def now(self) -> datetime: ...


class SystemClock:
    """The computer's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class FastClock:
    """A clock that runs `factor` times faster from `start` on: the demo shows a working day in minutes."""

    def __init__(self, *, start: datetime, factor: float) -> None:
        self._start = start
        self._factor = factor
        self._origin = datetime.now(UTC)

    def now(self) -> datetime:
        return self._start + (datetime.now(UTC) - self._origin) * self._factor

    def real(self, span: timedelta) -> timedelta:
        """How long `span` of this clock takes on the wall."""
        return span / self._factor
