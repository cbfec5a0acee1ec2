"""The Site as a channel: its rows become messages, its deliveries are there to be read.

Pages put rows into the inbox before they answer 2xx (`posting`); this module interprets them like any other channel's. Sending is done the
moment a delivery is in the store, because pages read it from there.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from bot.channels.base import Health, Sent, Turn
from bot.channels.site import parse
from bot.channels.site.options import SiteOptions
from bot.channels.site.server import Application, serve
from bot.clock import Clock
from bot.intake.bursts import Line, group_lines
from bot.intake.service import Intake, Planned
from bot.model import Delivery, Link
from bot.ports import InboxItem, InboxResult, UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """Messages of one contact in the order they were written, each with its inbox rows."""

    messages: tuple[tuple[Planned, tuple[int, ...]], ...]


class SiteChannel:
    """See the module. `application` builds the web application when it is first needed: its framework is slow to import."""

    name = parse.CHANNEL

    def __init__(
        self, *, intake: Intake, clock: Clock, options: SiteOptions, application: Application, health: Health | None = None
    ) -> None:
        self.health = health or Health(name=self.name)
        self.port: int | None = None
        self.ready = asyncio.Event()
        self._intake = intake
        self._clock = clock
        self._options = options
        self._application = application

    async def receive(self) -> None:
        """Serve the pages until cancelled; then stop within seconds. Transient: the port is taken."""
        self.health.state = "starting"
        await serve(self._application, self._options, self._opened)

    def _opened(self, port: int) -> None:
        self.port = port
        self.health.up(self._clock.now())
        self.health.facts["url"] = self._options.base_url
        self.ready.set()

    async def prepare(self, items: Sequence[InboxItem]) -> Prepared:
        """Lines of a chat that were ready together and speak of the same ticket are one message; a form is one by itself."""
        lines = [_line(item, parse.read(item)) for item in items]
        messages = []
        for burst in group_lines(lines, self._options.quiet_gap, self._options.burst_limit):
            rows = [line for line in burst if isinstance(line, _Posting)]
            inbound = parse.inbound([row.item for row in rows], [row.posted for row in rows])
            messages.append((await self._intake.consider(inbound), tuple(row.item.id for row in rows)))
        return Prepared(messages=tuple(messages))

    async def apply(self, uow: UnitOfWork, prepared: Prepared) -> list[InboxResult]:
        """Take the messages in, in order."""
        results: list[InboxResult] = []
        for planned, item_ids in prepared.messages:
            results += await self._intake.accept(uow, planned, item_ids)
        return results

    async def send(self, delivery: Delivery, _turn: Turn, /) -> Sent:
        """Done already: pages read deliveries from the store. The links let an answer to it find its tickets."""
        external_id = f"site:{delivery.id}"
        contact_id = delivery.route.recipient.removeprefix("contact:")
        links = tuple(
            Link(
                channel=self.name,
                conversation=f"site:{contact_id}",
                external_id=external_id,
                ticket_id=ticket_id,
                kind=delivery.kind,
                message_id=delivery.message_id,
            )
            for ticket_id in delivery.ticket_ids
            if contact_id.isdigit()
        )
        self.health.up(self._clock.now())
        return Sent(external_id=external_id, links=links)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Posting(Line):
    """A line with the row it came from."""

    item: InboxItem
    posted: parse.Posted


def _line(item: InboxItem, posted: parse.Posted) -> _Posting:
    """What is written to one ticket and what is written to another (or to none) are two thoughts, so they are two senders here."""
    return _Posting(
        conversation=item.conversation,
        sender=f"{posted.contact_id}:{posted.ticket_id or 0}",
        at=item.received_at,
        is_burstable=item.source == parse.CHAT,
        item=item,
        posted=posted,
    )
