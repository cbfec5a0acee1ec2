"""The webhook: Telegram delivers to our door, over HTTP from the sandbox, through the Site's own server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from zoneinfo import ZoneInfo

import aiohttp
import pytest

from bot.channels.site.app import create_app
from bot.channels.site.options import SiteOptions
from bot.channels.site.server import serve
from bot.channels.telegram import hook
from bot.channels.telegram.options import TelegramOptions
from bot.channels.telegram.webhook import PATH
from bot.errors import Transient
from bot.storage.memory import MemoryStorage
from tests.channels.telegram.house import IRYNA, STAFF_CHAT, House, make_house, open_house, running
from tests.channels.telegram.test_foreign_emulator import free_port
from tests.channels.telegram.test_poller import shows

PRINTER = "Не друкує принтер на складі, видає помилку 5."
SECRET = "s3cret_of-the-desk"
HEADER = "X-Telegram-Bot-Api-Secret-Token"


@asynccontextmanager
async def site(house: House, port: int) -> AsyncIterator[None]:
    """The Site with the channel's door in it."""
    world = house.world

    def application():
        app = create_app(
            storage=world.storage,
            desk=world.desk,
            clock=world.clock,
            options=SiteOptions(port=port),
            health=[house.channel.health],
            secret=b"of the site",
            zone=ZoneInfo("Europe/Kyiv"),
        )
        app.router.add_route(PATH, house.channel.door)
        return app

    opened = asyncio.Event()
    serving = asyncio.create_task(serve(application, SiteOptions(port=port), lambda _: opened.set()))
    try:
        await asyncio.wait_for(opened.wait(), 30)
        yield
    finally:
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)


def hooked(house: House, port: int, **more: object) -> House:
    """The same desk with a webhook on that port."""
    options = {"token": house.telegram.token, "api_base": house.telegram.base_url, "staff_chats": (STAFF_CHAT,), "quiet_gap": timedelta(0)}
    hook = {"webhook_url": f"http://127.0.0.1:{port}{PATH}", "webhook_secret": SECRET}
    return make_house(house.telegram, house.world, TelegramOptions(**{**options, **hook, **more}))


@pytest.fixture
async def quiet() -> AsyncIterator[House]:
    async with open_house(MemoryStorage(), is_running=False) as house:
        yield house


async def open_count(house: House) -> int:
    async with house.world.storage.read() as uow:
        return await uow.tickets.open_count()


async def test_updates_are_delivered_committed_and_answered(quiet: House) -> None:
    quiet.say(PRINTER)
    port = free_port()
    house = hooked(quiet, port)
    async with site(house, port), running(house):
        await house.gets("Звернення зареєстровано")
        said = house.say("Зникли залишки по рахунку 281")
        await house.gets("Зникли залишки")
        await house.until(lambda: house.telegram.world.chat(IRYNA).reactions.get(said) == [{"type": "emoji", "emoji": "👀"}])
        assert house.telegram.journal.counts["getUpdates"] == 0
        assert not house.telegram.world.updates.pending
        assert house.channel.health.state == "running"
    await house.channel.close()


async def test_whoever_does_not_know_the_secret_is_refused_and_leaves_nothing(quiet: House) -> None:
    port = free_port()
    house = hooked(quiet, port)
    update = {"update_id": 1, "message": {"message_id": 1, "chat": {"id": 7, "type": "private"}, "date": 1, "text": PRINTER}}
    async with site(house, port), aiohttp.ClientSession(f"http://127.0.0.1:{port}") as stranger:
        for headers, status in (({}, 401), ({HEADER: "guess"}, 403), ({HEADER: ""}, 403), ({HEADER: SECRET}, 200)):
            async with stranger.post(PATH, json=update, headers=headers) as answer:
                assert answer.status == status
                assert (await house.accounting())["received"] == (1 if status == 200 else 0)
        async with stranger.get(PATH) as answer:
            assert answer.status == 405
    await house.channel.close()


UNREADABLE = [b"", b"no json", b"\xff\xfe", b"[1, 2]", b'"text"', b'{"message": {}}', b'{"update_id": "x"}', b"[" * 9000]


@pytest.mark.parametrize("body", UNREADABLE)
async def test_a_body_that_cannot_be_read_is_answered_and_kept_aside(quiet: House, body: bytes) -> None:
    port = free_port()
    house = hooked(quiet, port)
    async with site(house, port), aiohttp.ClientSession(f"http://127.0.0.1:{port}") as telegram:
        for _ in range(2):
            async with telegram.post(PATH, data=body, headers={HEADER: SECRET}) as answer:
                assert answer.status == 200
        await house.inbox.drain()
    counts = await house.accounting()
    assert (counts["received"], counts["quarantined"]) == (1, 1)
    await house.channel.close()


async def test_what_cannot_be_stored_is_sent_again_until_it_can(quiet: House, monkeypatch: pytest.MonkeyPatch) -> None:
    port = free_port()
    house = hooked(quiet, port)
    put, refusals = house.channel.door._arrivals._commit, []

    async def broken(*arguments: object) -> object:
        if len(refusals) < 3:
            refusals.append(1)
            raise Transient("База зайнята.")
        return await put(*arguments)

    monkeypatch.setattr(house.channel.door._arrivals, "_commit", broken)
    async with site(house, port), running(house):
        house.say(PRINTER)
        await house.gets("Звернення зареєстровано", timeout=10)
    assert len(refusals) == 3
    assert await open_count(house) == 1
    await house.channel.close()


async def test_switching_to_and_fro_loses_nothing_and_takes_nothing_in_twice(quiet: House) -> None:
    port = free_port()
    house = hooked(quiet, port)
    for round_ in range(2):
        quiet.say(f"Не друкує принтер {round_} на складі")
        async with running(quiet):
            await quiet.gets(f"принтер {round_} на складі")
            quiet.say(f"Зависає звіт {round_} про продажі")
        house.say(f"Зникли залишки {round_} по рахунку 281")
        async with site(house, port), running(house):
            await house.gets(f"залишки {round_} по рахунку")
            await house.gets(f"звіт {round_} про продажі")
            house.say(f"Додайте права касиру {round_} Коваль")
    async with running(quiet):
        await quiet.gets("касиру 1 Коваль")
        await quiet.settled()
    counts = await quiet.accounting()
    assert (counts["received"], counts["ticketed"]) == (8, 8)
    await house.channel.close()


async def test_two_processes_serve_the_door_and_one_looks_after_the_hook(quiet: House) -> None:
    ports = free_port(), free_port()
    first, second = hooked(quiet, ports[0], owner="first"), hooked(quiet, ports[1], owner="second")
    async with site(first, ports[0]), site(second, ports[1]), running(first):
        await first.until(lambda: first.telegram.world.updates.webhook_url)
        async with running(second):
            async with aiohttp.ClientSession() as balancer:
                for number in range(6):
                    update = {
                        "update_id": 50 + number // 2,
                        "message": {
                            "message_id": 50 + number // 2,
                            "from": {"id": IRYNA, "first_name": "Ірина"},
                            "chat": {"id": IRYNA, "type": "private"},
                            "date": 1_795_000_000 + number // 2 * 60,
                            "text": f"Не друкує принтер н{number // 2} на складі",
                        },
                    }
                    url = f"http://127.0.0.1:{ports[number % 2]}{PATH}"
                    async with balancer.post(url, json=update, headers={HEADER: SECRET}) as answer:
                        assert answer.status == 200
            await first.inbox.drain()
            assert (await first.accounting())["ticketed"] == 3
            assert first.telegram.journal.counts["setWebhook"] == 1
    await first.channel.close()
    await second.channel.close()


async def test_a_door_that_telegram_cannot_reach_is_told_on_the_status_page(quiet: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hook, "_LOOK_EVERY", 0.02)
    house = hooked(quiet, free_port())
    house.say(PRINTER)
    async with running(house):
        await shows(house, state="degraded", detail="Connection refused")
        house.telegram.world.updates.set_webhook("", "")
        await house.until(lambda: house.telegram.world.updates.webhook_url)
    await house.channel.close()
