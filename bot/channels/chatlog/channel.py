"""The chat export as a channel: fed by a command, never written to. Tickets from it belong to the telegram channel."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.channels.base import Health, Sent, Turn
from bot.channels.chatlog.parse import CHANNEL, ExportedMessage, parse_message
from bot.errors import Permanent
from bot.intake.bursts import Line, group_lines, join_texts
from bot.intake.service import Intake, Planned
from bot.model import Delivery, InboundMessage
from bot.ports import InboxItem, InboxResult, RawEvent, UnitOfWork

# The lines of a burst must be claimed together; in a file they are all there already, so the shortest wait will do.
_TOGETHER = timedelta(milliseconds=1)


def chat_events(messages: Iterable[ExportedMessage], *, source: str, now: datetime) -> list[RawEvent]:
    """The messages of an export as raw events; one that cannot be read goes along and is kept aside with the reason."""
    return [
        RawEvent(
            channel=CHANNEL,
            source=source,
            external_id=message.key,
            conversation=message.conversation,
            raw=message.raw(),
            received_at=now,
            quiet_gap=_TOGETHER,
        )
        for message in messages
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Exported(Line):
    """A line with its row and what it says."""

    item: InboxItem
    inbound: InboundMessage


class ChatlogChannel:
    """See the module. `zone` is the export's own, `gap` and `limit` those of bursts (DESIGN 5)."""

    name = CHANNEL

    def __init__(self, *, intake: Intake, zone: ZoneInfo, gap: timedelta, limit: timedelta) -> None:
        self._intake = intake
        self._zone = zone
        self._gap = gap
        self._limit = limit
        self.health = Health(name=CHANNEL, state="running", detail="Експорт чату: deskbot ingest chat result.json.")

    async def receive(self) -> None:
        """Nothing to listen to: exports are brought by a command."""
        await asyncio.Event().wait()

    async def prepare(self, items: Sequence[InboxItem]) -> list[tuple[Planned, list[int]]]:
        lines = [_line(item, self._zone) for item in items]
        bursts = group_lines(lines, self._gap, self._limit)
        return [self._plan([line for line in burst if isinstance(line, _Exported)]) for burst in bursts]

    def _plan(self, burst: Sequence[_Exported]) -> tuple[Planned, list[int]]:
        together = replace(
            burst[0].inbound,
            text=join_texts(burst),
            external_ids=tuple(external_id for line in burst for external_id in line.inbound.external_ids),
            attachments=tuple(file for line in burst for file in line.inbound.attachments),
        )
        return self._intake.plan(together), [line.item.id for line in burst]

    async def apply(self, uow: UnitOfWork, prepared: list[tuple[Planned, list[int]]]) -> list[InboxResult]:
        results: list[InboxResult] = []
        for planned, item_ids in prepared:
            results += await self._intake.accept(uow, planned, item_ids)
        return results

    async def send(self, delivery: Delivery, _turn: Turn, /) -> Sent:
        raise Permanent("У файл експорту відповісти неможливо.")


def _line(item: InboxItem, zone: ZoneInfo) -> _Exported:
    inbound = replace(parse_message(ExportedMessage.from_raw(item.raw), zone=zone), is_quiet=item.is_quiet)
    return _Exported(
        conversation=inbound.conversation,
        sender=inbound.sender.value,
        at=inbound.received_at,
        text=inbound.text,
        is_burstable=inbound.set_aside is None,
        item=item,
        inbound=inbound,
    )
