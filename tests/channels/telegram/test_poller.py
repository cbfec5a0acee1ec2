"""Nothing that Telegram handed out is lost and nothing is taken in twice, whatever breaks where; over HTTP against the sandbox."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import aiohttp
import pytest

from bot.channels.telegram.options import TelegramOptions
from bot.channels.telegram.sandbox import DEFAULT_TOKEN, Fault
from bot.storage import open_storage, upgrade
from bot.storage.memory import MemoryStorage
from tests.channels.telegram.house import IRYNA, PETRO, STAFF_CHAT, House, make_house, open_house, running

PRINTER = "Не друкує принтер на складі, видає помилку 5."


@pytest.fixture
async def house() -> AsyncIterator[House]:
    async with open_house(MemoryStorage()) as house:
        yield house


@pytest.fixture
async def quiet() -> AsyncIterator[House]:
    """A house where nothing runs yet."""
    async with open_house(MemoryStorage(), is_running=False) as house:
        yield house


def options(house: House, **more: object) -> TelegramOptions:
    settings = {"token": house.telegram.token, "api_base": house.telegram.base_url, "staff_chats": (STAFF_CHAT,), "quiet_gap": timedelta(0)}
    return TelegramOptions(**{**settings, **more})


async def shows(house: House, *, state: str = "", detail: str = "") -> None:
    """Wait until the status page would say this; nothing calls the sandbox meanwhile, so there is nothing else to wait for."""
    async with asyncio.timeout(30):
        while state not in ("", house.channel.health.state) or detail not in house.channel.health.detail:  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def open_count(house: House) -> int:
    async with house.world.storage.read() as uow:
        return await uow.tickets.open_count()


async def test_updates_are_confirmed_only_after_they_are_stored(quiet: House) -> None:
    """The process dies between fetching and committing: the next one gets the same updates."""
    quiet.say(PRINTER)
    quiet.telegram.faults.add(Fault(kind="hold", method="getUpdates"))
    async with running(quiet):
        await quiet.until(lambda: quiet.telegram.faults.holding == 1)
    quiet.telegram.faults.release()
    assert quiet.telegram.world.updates.confirmed == 0
    async with running(quiet):
        await quiet.gets("Звернення зареєстровано")
    assert await open_count(quiet) == 1


async def test_dying_after_the_commit_before_the_confirmation_takes_nothing_in_twice(quiet: House) -> None:
    quiet.say(PRINTER)
    quiet.telegram.faults.add(Fault(kind="hold_before", method="getUpdates", after=1))
    async with running(quiet):
        await quiet.gets("Звернення зареєстровано")
        await quiet.until(lambda: quiet.telegram.faults.holding == 1)
    quiet.telegram.faults.release()
    assert len(quiet.telegram.world.updates.pending) == 1
    async with running(quiet):
        await quiet.settled()
        await quiet.until(lambda: quiet.telegram.world.updates.confirmed == 1)
    assert len(quiet.sent(contains="Звернення зареєстровано")) == 1
    assert (await quiet.accounting())["received"] == 1


async def test_poison_is_kept_aside_with_an_alert_and_the_rest_goes_on(house: House) -> None:
    house.telegram.world.inject({"message": {"message_id": 9, "text": "чий я?"}})
    house.say(PRINTER)
    await house.gets("Звернення зареєстровано")
    await house.gets("не вдалося опрацювати", chat=STAFF_CHAT)
    counts = await house.accounting()
    assert (counts["received"], counts["ticketed"], counts["quarantined"]) == (2, 1, 1)
    assert not house.telegram.world.updates.pending


async def test_a_wrong_token_leaves_the_rest_running_and_says_so() -> None:
    async with open_house(MemoryStorage(), token="1:another") as house:
        await shows(house, state="down")
        assert "не визнає токен" in house.channel.health.detail
        assert all(not task.done() for task in house.tasks)


async def test_a_malformed_token_says_so_too() -> None:
    async with open_house(MemoryStorage(), token="no token at all") as house:
        await shows(house, state="down")
        assert "записано з помилкою" in house.channel.health.detail


async def test_an_unreachable_server_at_the_start_is_waited_out(quiet: House) -> None:
    await quiet.telegram.stop()
    async with running(quiet):
        await shows(quiet, state="down")
        assert "Telegram недоступний" in quiet.channel.health.detail
        await quiet.telegram.start()
        quiet.say(PRINTER)
        await quiet.gets("Звернення зареєстровано", timeout=10)
        assert quiet.channel.health.state == "running"
        assert quiet.channel.health.facts["username"] == "deskbot_sandbox_bot"


async def test_somebody_elses_poller_is_named_and_outlived(house: House) -> None:
    await house.until(lambda: house.telegram.journal.counts["getUpdates"] >= 1)
    url = f"{house.telegram.base_url}/bot{DEFAULT_TOKEN}/getUpdates"
    async with aiohttp.ClientSession() as session, session.get(url):
        pass
    await shows(house, detail="Інша програма")
    house.say(PRINTER)
    await house.gets("Звернення зареєстровано", timeout=10)


async def test_an_earlier_webhook_is_taken_away_and_nothing_is_dropped(quiet: House) -> None:
    quiet.telegram.world.updates.set_webhook("http://127.0.0.1:9/hook", "")
    quiet.say(PRINTER)
    async with running(quiet):
        await quiet.gets("Звернення зареєстровано")


async def test_one_process_polls_and_the_other_stands_by_and_takes_over(house: House) -> None:
    await house.until(lambda: house.telegram.journal.counts["getUpdates"] >= 1)
    other = make_house(house.telegram, house.world, options(house, owner="another"))
    async with running(other):
        await shows(other, detail="інший процес")
        polls = house.telegram.journal.counts["getUpdates"]
        house.say(PRINTER)
        await house.gets("Звернення зареєстровано")
        assert house.telegram.journal.counts["getUpdates"] <= polls + 2
        assert house.channel.health.state == "running"
    await other.channel.close()


async def test_numbers_that_start_anew_after_a_week_of_silence_lose_nothing(house: House) -> None:
    house.say(PRINTER)
    await house.gets("Звернення зареєстровано")
    await house.settled()
    house.world.clock.advance(timedelta(days=7))
    # The running long poll was asked with the old offset; it ends with an update under a number far below.
    house.telegram.world.updates.restart_ids(1000)
    house.say("Зникли залишки по рахунку 281")
    await house.gets("Зникли залишки", timeout=10)
    house.say("Додайте права касиру Коваль")
    await house.gets("Додайте права", timeout=10)
    assert (await house.accounting())["received"] >= 2
    assert await open_count(house) == 3


async def test_a_full_disk_stops_the_confirming_and_nothing_is_lost(tmp_path: Path) -> None:
    file = tmp_path / "desk.db"
    await upgrade(f"sqlite:///{file}")
    with sqlite3.connect(file) as database:
        pages = database.execute("PRAGMA page_count").fetchone()[0]
    storage = await open_storage(f"sqlite:///{file}?max_page_count={pages + 60}")
    try:
        async with open_house(storage, is_running=False) as house:
            for number in range(60):
                house.say(f"Не друкує чек на касі {number}. " + "Подробиці: " + "слово " * 500, chat=PETRO, user=PETRO)
            async with running(house):
                await shows(house, state="down")
            assert house.telegram.world.updates.confirmed < 60
            await storage.close()
            storage = await open_storage(f"sqlite:///{file}")
            roomy = make_house(house.telegram, replace(house.world, storage=storage), options(house))
            async with running(roomy):
                await roomy.until(lambda: not roomy.telegram.world.updates.pending, timeout=60)
                await roomy.settled()
            counts = await roomy.accounting()
            assert (counts["received"], counts["ticketed"], counts["quarantined"]) == (60, 60, 0)
            await roomy.channel.close()
    finally:
        await storage.close()


@pytest.mark.parametrize(
    ("text", "because"),
    [
        ("", "empty"),
        (" \n\t ", "empty"),
        ("а" * 100_000, None),
        ("Не друкує\x00 принтер \ud83d на складі", None),
        ("\u202eНе друкує\u202c при\u0351\u034cн\u0334тер \x07\x1b[31m на складі", None),
        ("<b>Не друкує</i> & <принтер>", None),
    ],
)
async def test_bad_input_is_answered_and_accounted_for(house: House, text: str, because: str | None) -> None:
    house.say(text)
    if because is None:
        await house.gets("Звернення зареєстровано", timeout=10)
        await house.gets("№1", chat=STAFF_CHAT)
    else:
        await house.gets("порожнім")
    await house.settled()
    counts = await house.accounting()
    assert (counts["ticketed"], counts["set_aside"]) == ((1, 0) if because is None else (0, 1))


async def test_a_strangers_group_is_left_in_peace(house: House) -> None:
    house.telegram.world.add_group(-1077, "Чужа", members=[IRYNA])
    house.say(PRINTER, chat=-1077)
    house.say("/my", chat=-1077)
    await house.settled()
    assert house.sent(-1077) == []
    assert (await house.accounting())["set_aside"] == 2


async def test_the_staff_chats_troubles_are_found_at_the_start(quiet: House) -> None:
    quiet.telegram.world.set_bot_status(STAFF_CHAT, "member")
    async with running(quiet):
        await quiet.until(lambda: quiet.telegram.journal.counts["getUpdates"] >= 1)
        await shows(quiet, state="degraded", detail="адміністратор")


async def test_after_a_downtime_everything_is_made_safe_before_anything_is_read(quiet: House) -> None:
    """Read while it is fetched, a backlog takes several times longer to be out of Telegram's hands."""
    for number in range(450):
        person = 2000 + number % 90
        if number < 90:
            quiet.telegram.world.add_user(person, f"Клієнт {person}")
        quiet.say(f"Не друкує принтер {number} на складі", chat=person, user=person)
    async with running(quiet):
        await quiet.until(lambda: quiet.telegram.world.updates.confirmed >= 400, timeout=20)
        assert (await quiet.accounting())["ticketed"] == 0
        await quiet.until(lambda: not quiet.telegram.world.updates.pending, timeout=20)
        await quiet.inbox.drain()
    counts = await quiet.accounting()
    assert (counts["received"], counts["ticketed"]) == (450, 450)
