"""A desk with a ticker on any store, and tickets that arrive without the intake."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from bot.model import Agent, ClockState, Delivery, Event, Priority, Route, Ticket, TicketClock
from bot.ports import Storage
from bot.sla.policy import Policy
from bot.sla.service import Ticked, Ticker
from tests.builders import LEAD_CHAT, STAFF_CHAT, World, build_world

OLENAS_CHAT = Route(channel="telegram", recipient="901")
EVERYWHERE = (STAFF_CHAT, LEAD_CHAT, OLENAS_CHAT, Route(channel="telegram", recipient="902"))


class TickingDesk:
    """A world, a ticker and the words for what tests ask of them."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.ticker = self.another_ticker()

    @classmethod
    async def on(cls, storage: Storage, *, policy: Policy | None = None) -> TickingDesk:
        return cls(await build_world(storage, policy=policy))

    def another_ticker(self, storage: Storage | None = None) -> Ticker:
        world = self.world
        return Ticker(storage=storage or world.storage, promises=world.promises, staff=world.desk.staff, clock=world.clock)

    async def arrive(
        self, priority: Priority = Priority.URGENT, *, at: datetime | None = None, to: Agent | None = None, count: int = 1
    ) -> list[Ticket]:
        """Tickets received at `at`, the present by default."""
        received_at = at or self.world.clock.now()
        async with self.world.storage.write() as uow:
            tickets = [
                Ticket(
                    id=number,
                    title=f"Питання {number}",
                    contact_id=self.world.iryna.id,
                    client_id=self.world.shop.id,
                    received_at=received_at,
                    created_at=self.world.clock.now(),
                    channel="telegram",
                    priority=priority,
                    assignee_id=to.id if to else None,
                )
                for number in await uow.tickets.allocate(count)
            ]
            for ticket in tickets:
                uow.tickets.add(ticket)
                await self.world.promises.opened(uow, ticket)
            await uow.commit()
        return tickets

    async def tick(self, *, after: timedelta = timedelta(0), at: datetime | None = None) -> Ticked:
        if at is not None:
            self.world.clock.set_to(at)
        self.world.clock.advance(after)
        return await self.ticker.tick()

    async def heard(self, *routes: Route) -> list[Delivery]:
        """The nudges of these chats (all by default) that are not superseded, in order."""
        rows: list[Delivery] = []
        async with self.world.storage.read() as uow:
            for route in routes or EVERYWHERE:
                rows += await uow.outbox.sent_to(route, limit=1_000, kinds=["nudge"])
        return sorted((row for row in rows if row.state != "superseded"), key=lambda row: row.id)

    async def clock_of(self, ticket: Ticket) -> TicketClock:
        async with self.world.storage.read() as uow:
            [clock] = await uow.clocks.of_ticket(ticket.id)
        return clock

    async def change_clock(self, ticket: Ticket, **fields: object) -> None:
        async with self.world.storage.write() as uow:
            [clock] = await uow.clocks.of_ticket(ticket.id)
            uow.clocks.save(replace(clock, **fields))  # type: ignore[arg-type]
            await uow.commit()

    async def events_of(self, ticket: Ticket, *kinds: str) -> list[Event]:
        async with self.world.storage.read() as uow:
            return [event for event in await uow.tickets.events(ticket.id) if not kinds or event.kind in kinds]

    async def unfinished(self) -> list[TicketClock]:
        async with self.world.storage.read() as uow:
            return [c for c in await uow.clocks.running(after_id=0, limit=100_000) if c.state in (ClockState.RUNNING, ClockState.CLAIMED)]
