"""A whole desk behind the Site, in memory: the pages, the workers that read and deliver, and browsers that are plain HTTP clients."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
from fastapi import FastAPI

from bot.channels.base import Health
from bot.channels.inbox import InboxWorker
from bot.channels.outbox import OutboxWorker
from bot.channels.site.access import make_login_link
from bot.channels.site.app import create_app
from bot.channels.site.channel import SiteChannel
from bot.channels.site.filing import Filing
from bot.channels.site.options import SiteOptions
from bot.clock import Clock
from bot.desk import Desk
from bot.files import MEGABYTE, FileLimits, Shelf
from bot.intake.service import Intake, IntakeSettings
from bot.model import Address, Agent, Contact, Delivery, Route, Ticket
from bot.notices import StaffRoutes
from bot.ports import InboxItem, Storage
from bot.promises import Promises
from bot.sla.policy import Policy
from bot.sla.service import Ticker
from bot.storage.memory import MemoryStorage
from tests.builders import TUESDAY
from tests.fakes import FakeClock

KYIV = ZoneInfo("Europe/Kyiv")
FEED = Route(channel="site", recipient="staff")
BASE = "http://127.0.0.1:8080"


@dataclass
class House:
    """See the module. `iryna` and `marko` are colleagues, `petro` is of another company; `olena` is an agent, `taras` a lead."""

    storage: Storage
    clock: Any
    desk: Desk
    intake: Intake
    channel: SiteChannel
    app: FastAPI
    inbox: InboxWorker
    outbox: OutboxWorker
    ticker: Ticker
    health: list[Health]
    secret: bytes
    people: dict[str, Contact | Agent] = field(default_factory=dict)

    def contact(self, name: str) -> Contact:
        person = self.people[name]
        assert isinstance(person, Contact)
        return person

    def agent(self, name: str) -> Agent:
        person = self.people[name]
        assert isinstance(person, Agent)
        return person

    def browser(self, **options: Any) -> Browser:
        return Browser(httpx.AsyncClient(transport=httpx.ASGITransport(app=self.app, **options), base_url=BASE), self)

    async def link(self, name: str, lifetime: timedelta = timedelta(minutes=30)) -> str:
        """A login link as the command line makes it; its path."""
        person = self.people[name]
        subject = f"{'contact' if isinstance(person, Contact) else 'agent'}:{person.id}"
        async with self.storage.write() as uow:
            url = await make_login_link(uow, subject=subject, now=self.clock.now(), base_url=BASE, lifetime=lifetime)
            await uow.commit()
        return url.removeprefix(BASE)

    async def enter(self, name: str) -> Browser:
        """A browser in which this person has logged in."""
        browser = self.browser()
        await browser.post_form(await self.link(name), {})
        return browser

    async def work(self, gap: timedelta = timedelta(seconds=0)) -> None:
        """Let `gap` pass, then read and deliver everything that is ready."""
        if gap:
            self.clock.advance(gap)
        await self.inbox.drain()
        await self.outbox.drain()

    async def tickets(self, name: str) -> list[Ticket]:
        async with self.storage.read() as uow:
            return await uow.tickets.visible_to(self.contact(name), include_closed=True, limit=100)

    async def ticket(self, number: int) -> Ticket:
        async with self.storage.read() as uow:
            ticket = await uow.tickets.get(number)
        assert ticket is not None
        return ticket

    async def told(self, name: str) -> list[Delivery]:
        """The web chat's log of a contact, or the staff feed for "staff"."""
        route = FEED if name == "staff" else Route(channel="site", recipient=f"contact:{self.contact(name).id}")
        async with self.storage.read() as uow:
            return await uow.outbox.sent_to(route, limit=500)


@dataclass
class Browser:
    """A browser without a script: it keeps cookies and sends the forms that pages offer."""

    http: httpx.AsyncClient
    house: House

    async def get(self, path: str, **options: Any) -> httpx.Response:
        return await self.http.get(path, **options)

    async def post_form(self, page: str, fields: dict[str, Any], *, to: str | None = None, **options: Any) -> httpx.Response:
        """Open `page`, take its form token (and message id), post `fields` to `to` (the page itself by default)."""
        form = await self.http.get(page)
        ours = {name: hidden(form.text, name) for name in ("form_key", "id")}
        return await self.http.post(to or page, data={**ours, **fields}, **options)

    async def say(self, text: str, **fields: Any) -> httpx.Response:
        """A line in the web chat, as the script sends it."""
        return await self.post_form("/chat", {"text": text, "id": secrets.token_hex(16), **fields}, headers={"accept": "application/json"})

    async def open(self, text: str, **fields: Any) -> httpx.Response:
        """A request by the form."""
        return await self.post_form("/new", {"text": text, **fields})


def hidden(page: str, name: str) -> str:
    """What the first form of a page carries under a name."""
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    return found[1] if found else ""


async def build_house(storage: Storage | None = None, *, clock: Clock | None = None, shelf: Path | None = None, **options: Any) -> House:
    """The desk and its people. `options` are those of the Site; the quiet gap is 5 seconds by default. Files are kept in `shelf`."""
    storage = storage or MemoryStorage()
    clock = clock or FakeClock(TUESDAY)
    site_options = SiteOptions(
        **(
            {"quiet_gap": timedelta(seconds=5), "wait_for_reading": timedelta(0), "phones": ("+380 44 000 00 00",), "base_url": BASE}
            | options
        )
    )
    promises = Promises(Policy(), now=clock.now)
    desk = Desk(clock=clock, promises=promises, staff=StaffRoutes(desk=(FEED,), leads=(FEED,)))
    intake = Intake(desk=desk, promises=promises, clock=clock, settings=IntakeSettings(phones=site_options.phones))
    secret = b"k" * 32
    filing = Filing(shelf=Shelf(shelf), limits=FileLimits(size=2 * MEGABYTE, count=5), full_text=_full_text) if shelf else None
    async with storage.write() as uow:
        uow.state.set("site_key", secret.hex())
        await uow.commit()
    health: list[Health] = []
    app = create_app(storage=storage, desk=desk, clock=clock, options=site_options, health=health, secret=secret, zone=KYIV, filing=filing)
    channel = SiteChannel(intake=intake, clock=clock, options=site_options, application=lambda: app)
    health += [channel.health, Health(name="mail", detail="Пошту не налаштовано: додайте [mail].")]
    inbox = InboxWorker(storage=storage, channels={"site": channel}, clock=clock, alert_routes=(FEED,))
    outbox = OutboxWorker(storage=storage, channels={"site": channel}, clock=clock, alert_routes=(FEED,))
    storage.on_commit += [inbox.wake, outbox.wake]
    house = House(
        storage=storage,
        clock=clock,
        desk=desk,
        intake=intake,
        channel=channel,
        app=app,
        inbox=inbox,
        outbox=outbox,
        ticker=Ticker(storage=storage, promises=promises, staff=desk.staff, clock=clock),
        health=health,
        secret=secret,
    )
    await _settle(house)
    return house


async def _full_text(item: InboxItem) -> str:
    """Stands in for the mail channel, which is tested by itself."""
    return item.raw.decode().partition("\r\n\r\n")[2]


async def _settle(house: House) -> None:
    async with house.storage.write() as uow:
        shop = await uow.people.add_client(name="Крамниця «Сонях»")
        mill = await uow.people.add_client(name="Млин")
        for name, client in (("iryna", shop), ("marko", shop), ("petro", mill)):
            words = {"iryna": "Ірина Коваль", "marko": "Марко Лис", "petro": "Петро Дуб"}[name]
            house.people[name] = await uow.people.add_contact(name=words, client_id=client.id, language="uk", addresses=())
        house.people["stranger"] = await uow.people.add_contact(
            name="Хтось", client_id=None, language="uk", addresses=(Address(channel="mail", value="who@example.org"),)
        )
        house.people["olena"] = await uow.people.add_agent(name="Олена", role="agent")
        house.people["taras"] = await uow.people.add_agent(name="Тарас", role="lead")
        await uow.commit()
