"""The stage of the demo: a desk in a throw-away folder at a faster clock, people with browsers, a postbox, and the calendar of scenes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo

from bot.channels.phone.channel import call_events
from bot.channels.phone.parse import LogLine
from bot.channels.site.access import make_login_link
from bot.clock import FastClock
from bot.demo.cast import Cast
from bot.demo.chatroom import ChatRoom
from bot.demo.postbox import Postbox
from bot.demo.visitor import Visitor
from bot.house import SITE_FEED, House
from bot.model import Agent, Contact, Delivery, Ticket
from bot.ports import RawEvent

Found = TypeVar("Found")
MORNING = time(9, 0)
# A scene that waits for the desk (a ticket, a letter) waits so long by the wall.
PATIENCE = timedelta(seconds=15)


@dataclass(slots=True, kw_only=True)
class Stage:
    """What scenes act with. `mail_event` is the mail channel's way of keeping a letter that came in."""

    house: House
    cast: Cast
    postbox: Postbox
    chatroom: ChatRoom
    mail_event: Callable[[bytes, datetime], RawEvent]
    petro: Visitor = field(init=False)
    olena: Visitor = field(init=False)
    taras: Visitor = field(init=False)

    async def seat(self, stack: AsyncExitStack) -> None:
        """Log everybody in who acts in a browser."""
        self.petro = await stack.enter_async_context(await self._visitor(f"contact:{self.cast.petro.id}"))
        self.olena = await stack.enter_async_context(await self._visitor(f"agent:{self.cast.olena.id}"))
        self.taras = await stack.enter_async_context(await self._visitor(f"agent:{self.cast.taras.id}"))

    async def _visitor(self, subject: str) -> Visitor:
        return Visitor(self.house.settings.site.base_url, await self.link(subject))

    async def link(self, subject: str) -> str:
        """A login link that holds for the whole demo."""
        async with self.house.storage.write() as uow:
            link = await make_login_link(
                uow, subject=subject, now=self.now(), base_url=self.house.settings.site.base_url, lifetime=timedelta(days=30)
            )
            await uow.commit()
        return link

    def now(self) -> datetime:
        return self.house.clock.now()

    async def mail(self, raw: bytes) -> None:
        await self._take_in([self.mail_event(raw, self.now())])

    async def call(self, contact: Contact, *, text: str, agent: Agent) -> None:
        number = next(address.value for address in contact.addresses if address.channel == "phone")
        cells = {"received_at": self.now().isoformat(), "number": number, "agent": agent.name, "answered": "yes", "text": text}
        await self._take_in(call_events([LogLine(number=2, cells=cells)], source="demo", now=self.now()))

    async def _take_in(self, events: list[RawEvent]) -> None:
        async with self.house.storage.write() as uow:
            await uow.inbox.put(events, now=self.now())
            await uow.commit()

    async def newest_of(self, contact: Contact) -> int:
        """The number of the person's newest ticket, once there is one."""
        return (await self._tickets_of(contact))[0].id

    async def oldest_of(self, contact: Contact) -> int:
        return (await self._tickets_of(contact))[-1].id

    async def _tickets_of(self, contact: Contact) -> list[Ticket]:
        async def look() -> list[Ticket]:
            async with self.house.storage.read() as uow:
                return [t for t in await uow.tickets.visible_to(contact, include_closed=True, limit=50) if t.contact_id == contact.id]

        return await _until(look)

    async def nudge_about(self, ticket_id: int) -> Delivery:
        """The nudge about the ticket in the staff's feed, once there is one."""

        async def look() -> list[Delivery]:
            async with self.house.storage.read() as uow:
                told = await uow.outbox.sent_to(SITE_FEED, limit=100, kinds=["nudge"])
            return [row for row in told if ticket_id in row.ticket_ids]

        return (await _until(look))[0]

    async def last_letter_about(self, ticket_id: int) -> bytes:
        """Our last letter that names the ticket, once it was delivered."""

        async def look() -> list[bytes]:
            return [letter for letter in self.postbox.letters if f"{ticket_id}".encode() in letter]

        return (await _until(look))[-1]


async def _until(look: Callable[[], Awaitable[list[Found]]]) -> list[Found]:
    for _ in range(int(PATIENCE.total_seconds() * 10)):
        if found := await look():
            return found
        await asyncio.sleep(0.1)
    raise RuntimeError("the demo waited in vain")


def morning(today: datetime, zone: ZoneInfo) -> datetime:
    """Nine o'clock of the last working day up to today: the demo's desk is always open."""
    day = today.astimezone(zone).date()
    while day.weekday() >= 5:
        day -= timedelta(days=1)
    return datetime.combine(day, MORNING, tzinfo=zone).astimezone(UTC)


async def wait_for(clock: FastClock, at: datetime) -> None:
    """Sleep until the fast clock shows `at`."""
    left = at - clock.now()
    if left > timedelta(0):
        await asyncio.sleep(clock.real(left).total_seconds())
