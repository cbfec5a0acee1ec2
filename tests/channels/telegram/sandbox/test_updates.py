"""At least once, one poller at a time, as Telegram does it."""

import asyncio

import aiohttp
from aiohttp import web

from bot.channels.telegram.sandbox import Sandbox
from tests.channels.telegram.conftest import OLENA, PETRO, STAFF_CHAT


async def test_an_update_comes_again_until_a_higher_offset_confirms_it(telegram: Sandbox, ask):
    telegram.world.write(OLENA, OLENA, "перше")
    telegram.world.write(OLENA, OLENA, "друге")
    once = (await ask("getUpdates"))["result"]
    again = (await ask("getUpdates"))["result"]
    assert [update["message"]["text"] for update in once] == ["перше", "друге"]
    assert once == again
    rest = (await ask("getUpdates", offset=once[0]["update_id"] + 1))["result"]
    assert [update["message"]["text"] for update in rest] == ["друге"]
    assert len((await ask("getUpdates"))["result"]) == 1
    assert telegram.world.updates.confirmed == 1
    assert telegram.world.updates.handed_out == once[1]["update_id"]


async def test_limit_and_negative_offset(telegram: Sandbox, ask):
    for number in range(5):
        telegram.world.write(OLENA, OLENA, str(number))
    assert len((await ask("getUpdates", limit=2))["result"]) == 2
    assert [u["message"]["text"] for u in (await ask("getUpdates", offset=-2))["result"]] == ["3", "4"]
    assert len((await ask("getUpdates"))["result"]) == 2


async def test_a_long_poll_answers_as_soon_as_somebody_writes(telegram: Sandbox, ask):
    waiting = asyncio.create_task(ask("getUpdates", timeout=20))
    await telegram.journal.until(lambda: telegram.journal.counts["getUpdates"] == 1)
    telegram.world.write(OLENA, OLENA, "агов")
    assert len((await asyncio.wait_for(waiting, 2))["result"]) == 1


async def test_a_second_poller_ends_the_first_with_409(telegram: Sandbox, ask):
    first = asyncio.create_task(ask("getUpdates", timeout=20))
    await telegram.journal.until(lambda: telegram.journal.counts["getUpdates"] == 1)
    second = asyncio.create_task(ask("getUpdates", timeout=20))
    refused = await asyncio.wait_for(first, 2)
    assert refused["error_code"] == 409
    assert "terminated by other getUpdates request" in refused["description"]
    await telegram.journal.until(lambda: telegram.journal.counts["getUpdates"] == 2)
    telegram.world.write(OLENA, OLENA, "агов")
    assert (await asyncio.wait_for(second, 2))["ok"]


async def test_allowed_updates_are_remembered_and_filter(telegram: Sandbox, ask):
    await ask("getUpdates", allowed_updates=["callback_query"])
    telegram.world.write(OLENA, OLENA, "не чути")
    assert (await ask("getUpdates"))["result"] == []
    await ask("getUpdates", allowed_updates=[])
    telegram.world.write(OLENA, OLENA, "чути")
    assert len((await ask("getUpdates"))["result"]) == 1


async def test_a_webhook_refuses_pollers_and_delivers_until_2xx(telegram: Sandbox, ask):
    seen: list[tuple[str, str]] = []

    async def receive(request: web.Request) -> web.Response:
        update = await request.json()
        seen.append((update["message"]["text"], request.headers.get("X-Telegram-Bot-Api-Secret-Token", "")))
        return web.Response(status=500 if len(seen) == 1 else 200)

    application = web.Application()
    application.router.add_post("/hook", receive)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    try:
        assert (await ask("setWebhook", url=url, secret_token="s3cret"))["ok"]
        assert (await ask("getUpdates"))["error_code"] == 409
        telegram.world.write(OLENA, OLENA, "перше")
        telegram.world.write(OLENA, OLENA, "друге")
        await telegram.journal.until(lambda: not telegram.world.updates.pending)
    finally:
        await runner.cleanup()
    assert seen == [("перше", "s3cret"), ("перше", "s3cret"), ("друге", "s3cret")]
    assert (await ask("getWebhookInfo"))["result"]["url"] == url
    await ask("deleteWebhook")
    assert (await ask("getUpdates"))["ok"]


async def test_privacy_mode_hides_small_talk_from_a_bot_that_is_no_admin(telegram: Sandbox, ask):
    telegram.world.set_bot_status(STAFF_CHAT, "member")
    await ask("getUpdates", offset=-1)
    telegram.world.write(STAFF_CHAT, PETRO, "просто балачка")
    telegram.world.write(STAFF_CHAT, PETRO, "/queue")
    shown = (await ask("sendMessage", chat_id=STAFF_CHAT, text="картка"))["result"]
    telegram.world.write(STAFF_CHAT, PETRO, "відповідь", reply_to=shown["message_id"])
    heard = [u["message"]["text"] for u in (await ask("getUpdates"))["result"] if "message" in u]
    assert heard == ["/queue", "відповідь"]


async def test_a_restart_of_ids_may_go_backwards(telegram: Sandbox, ask):
    telegram.world.write(OLENA, OLENA, "до відпустки")
    [before] = (await ask("getUpdates"))["result"]
    await ask("getUpdates", offset=before["update_id"] + 1)
    telegram.world.updates.restart_ids(1000)
    telegram.world.write(OLENA, OLENA, "після")
    [after] = (await ask("getUpdates"))["result"]
    assert after["update_id"] == 1000


async def test_the_wrong_token_and_unknown_methods(telegram: Sandbox, ask):
    assert (await ask("getMe", token="1:wrong")) == {"ok": False, "error_code": 401, "description": "Unauthorized"}
    assert (await ask("getMe", token="nonsense"))["error_code"] == 404
    assert (await ask("getNothing"))["error_code"] == 404
    async with aiohttp.ClientSession() as session, session.get(f"{telegram.base_url}/file/bot1:x/a") as answer:
        assert answer.status == 401
