"""What tests build worlds from: a desk with staff and clients on any store, and messages to it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from bot.desk import Desk
from bot.intake.service import Intake
from bot.model import Address, Agent, Client, Contact, Delivery, InboundMessage, Route
from bot.notices import StaffRoutes
from bot.ports import RawEvent, Storage
from bot.promises import Promises
from bot.sla.policy import Policy
from tests.fakes import FakeClock

# Tuesday 24 November 2026, 10:00 in Kyiv: the desk is open.
TUESDAY = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
STAFF_CHAT = Route(channel="telegram", recipient="-1001")
_EVENTS = count(1)
LEAD_CHAT = Route(channel="telegram", recipient="-1002")


@dataclass
class World:
    """A desk on a store, with one agent, a lead, two clients and a contact of each."""

    storage: Storage
    clock: FakeClock
    promises: Promises
    desk: Desk
    intake: Intake
    olena: Agent
    taras: Agent
    shop: Client
    mill: Client
    iryna: Contact
    petro: Contact
    stranger_mail: str = "stranger@example.org"

    async def accept(self, text: str, **fields: Any) -> list[int]:
        """A message through the inbox and the intake, as a worker does it; the numbers of the tickets it touched."""
        inbound = message(self.iryna, text, received_at=self.clock.now(), **fields)
        async with self.storage.write() as uow:
            event = RawEvent(
                channel=inbound.channel,
                source="test",
                external_id=f"event-{next(_EVENTS)}",
                conversation=inbound.conversation,
                raw=b"{}",
                received_at=inbound.received_at,
            )
            [item_id] = await uow.inbox.put([event], now=self.clock.now())
            assert item_id is not None
            await uow.inbox.claim(now=self.clock.now(), limit=1, lease=timedelta(minutes=1))
            results = await self.intake.accept(uow, await self.intake.consider(inbound), [item_id])
            uow.inbox.finish(results, now=self.clock.now())
            await uow.commit()
        return list(results[0].ticket_ids)

    async def told(self, kind: str | None = None, *, channel: str | None = None, recipient: str | None = None) -> list[Delivery]:
        """Every delivery written so far, in order; of one kind, channel or recipient if asked."""
        routes = {STAFF_CHAT, LEAD_CHAT, Route(channel="telegram", recipient="501"), Route(channel="mail", recipient="iryna@shop.example")}
        routes |= {Route(channel="telegram", recipient="502"), Route(channel="mail", recipient=self.stranger_mail)}
        rows: list[Delivery] = []
        async with self.storage.read() as uow:
            for route in routes:
                rows += await uow.outbox.sent_to(route, limit=500)
        found = [row for row in rows if kind in (None, row.kind) and channel in (None, row.route.channel)]
        return sorted((row for row in found if recipient in (None, row.route.recipient)), key=lambda row: row.id)


def message(contact: Contact, text: str, *, received_at: datetime, channel: str = "telegram", **fields: Any) -> InboundMessage:
    """A message of a contact from its address on the channel."""
    address = next(a for a in contact.addresses if a.channel == channel)
    defaults: dict[str, Any] = {
        "channel": channel,
        "conversation": address.value,
        "external_ids": (),
        "sender": address,
        "sender_name": contact.name,
        "reply_route": Route(channel=channel, recipient=address.value),
        "text": text,
        "received_at": received_at,
    }
    return InboundMessage(**(defaults | fields))


async def build_world(storage: Storage, *, policy: Policy | None = None) -> World:
    """The world, its people stored."""
    clock = FakeClock(TUESDAY)
    promises = Promises(policy or Policy(), now=clock.now)
    desk = Desk(clock=clock, promises=promises, staff=StaffRoutes(desk=(STAFF_CHAT,), leads=(LEAD_CHAT,)))
    async with storage.write() as uow:
        shop = await uow.people.add_client(name="Крамниця", domains=("shop.example",))
        mill = await uow.people.add_client(name="Млин", domains=("mill.example",))
        olena = await uow.people.add_agent(name="Олена", role="agent", telegram_id="901")
        taras = await uow.people.add_agent(name="Тарас", role="lead", telegram_id="902")
        iryna = await uow.people.add_contact(
            name="Ірина",
            client_id=shop.id,
            language="uk",
            addresses=(Address(channel="telegram", value="501"), Address(channel="mail", value="iryna@shop.example")),
        )
        petro = await uow.people.add_contact(
            name="Петро", client_id=mill.id, language="uk", addresses=(Address(channel="telegram", value="502"),)
        )
        await uow.commit()
    intake = Intake(desk=desk, promises=promises, clock=clock)
    return World(
        storage=storage,
        clock=clock,
        promises=promises,
        desk=desk,
        intake=intake,
        olena=olena,
        taras=taras,
        shop=shop,
        mill=mill,
        iryna=iryna,
        petro=petro,
    )
