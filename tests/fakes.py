"""Fakes that are code: a clock that moves when told, a channel that records and answers in order. `test_fakes.py` tests them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from bot.channels.base import Health, Sent, Turn
from bot.intake.service import Intake
from bot.model import Delivery, InboundMessage
from bot.ports import InboxItem, InboxResult, UnitOfWork


class FakeClock:
    """Stands still until `advance` or `set_to`."""

    def __init__(self, at: datetime) -> None:
        self._at = at

    def now(self) -> datetime:
        return self._at

    def advance(self, span: timedelta) -> datetime:
        self._at += span
        return self._at

    def set_to(self, at: datetime) -> None:
        self._at = at


class AnyTime:
    """A turn that is always there."""

    async def take(self) -> None:
        return

    async def record(self, write: Callable[[UnitOfWork], None]) -> None:
        raise AssertionError("nothing here is sent in parts")


class RecordingChannel:
    """Interprets a raw event as UTF-8 text with `read`, records what it is asked to send and answers from `outcomes`, in order.

    An outcome is an external id or an exception; when there are none left, ids count up: "sent-1", "sent-2", …
    """

    def __init__(
        self, name: str = "telegram", *, read: Callable[[InboxItem], InboundMessage] | None = None, intake: Intake | None = None
    ) -> None:
        self.name = name
        self.health = Health(name=name)
        self.sent: list[Delivery] = []
        self.outcomes: deque[str | Exception] = deque()
        self._read = read
        self._intake = intake

    async def receive(self) -> None:
        return

    async def prepare(self, items: Sequence[InboxItem]) -> Any:
        assert self._read is not None
        assert self._intake is not None
        return [(item, self._intake.plan(self._read(item))) for item in items]

    async def apply(self, uow: UnitOfWork, prepared: Any) -> list[InboxResult]:
        assert self._intake is not None
        results: list[InboxResult] = []
        for item, planned in prepared:
            results += await self._intake.accept(uow, planned, [item.id])
        return results

    async def send(self, delivery: Delivery, turn: Turn, /) -> Sent:
        await turn.take()
        self.sent.append(delivery)
        outcome = self.outcomes.popleft() if self.outcomes else f"sent-{len(self.sent)}"
        if isinstance(outcome, Exception):
            raise outcome
        return Sent(external_id=outcome)

    def kinds(self) -> list[str]:
        return [delivery.kind for delivery in self.sent]
