"""The phone as a channel: it is fed from files and from the staff chat, and it cannot be written to."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.channels.base import Health, Sent, Turn
from bot.channels.phone.parse import LogLine, parse_line
from bot.clock import Clock
from bot.errors import Permanent
from bot.intake.service import Intake, Planned
from bot.model import Delivery
from bot.ports import InboxItem, InboxResult, RawEvent, UnitOfWork


def call_events(lines: Iterable[LogLine], *, source: str, now: datetime) -> list[RawEvent]:
    """The lines of a log as raw events. A broken one goes along: it is kept aside with the sentence that says what is wrong."""
    return [
        RawEvent(channel="phone", source=source, external_id=line.key, conversation=line.conversation, raw=line.raw(), received_at=now)
        for line in lines
    ]


class PhoneChannel:
    """See the module. `zone` is the log's own."""

    name = "phone"

    def __init__(self, *, intake: Intake, zone: ZoneInfo, clock: Clock) -> None:
        self._intake = intake
        self._zone = zone
        self._clock = clock
        self.health = Health(name="phone", state="running", detail="Журнал дзвінків: deskbot ingest phone ФАЙЛ.csv або /call у чаті.")

    async def receive(self) -> None:
        """Nothing to listen to: calls are brought by a command."""
        await asyncio.Event().wait()

    async def prepare(self, items: Sequence[InboxItem]) -> list[tuple[InboxItem, Planned]]:
        now = self._clock.now()
        return [(item, self._intake.plan(parse_line(LogLine.from_raw(item.raw), zone=self._zone, now=now))) for item in items]

    async def apply(self, uow: UnitOfWork, prepared: list[tuple[InboxItem, Planned]]) -> list[InboxResult]:
        results: list[InboxResult] = []
        for item, planned in prepared:
            results += await self._intake.accept(uow, planned, [item.id])
        return results

    async def send(self, delivery: Delivery, _turn: Turn, /) -> Sent:
        raise Permanent("Телефоном бот не відповідає: передзвоніть, будь ласка, самі.")
