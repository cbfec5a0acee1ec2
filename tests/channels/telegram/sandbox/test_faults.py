"""Faults on demand, the journal that counts, and the control API from outside."""

import asyncio
import contextlib
import signal
import sys

import aiohttp
import pytest

from bot.channels.telegram.sandbox import Fault, Remote, Sandbox
from tests.channels.telegram.conftest import OLENA, PETRO, STAFF_CHAT


@pytest.fixture(autouse=True)
def started(telegram: Sandbox):
    telegram.world.write(OLENA, OLENA, "/start")


async def test_refusals_serve_their_times_and_do_nothing(telegram: Sandbox, ask):
    telegram.faults.add(Fault(kind="429", method="sendMessage", chat=OLENA, times=2, retry_after=7))
    for _ in range(2):
        refused = await ask("sendMessage", chat_id=OLENA, text="x")
        assert (refused["error_code"], refused["parameters"]) == (429, {"retry_after": 7})
    assert (await ask("sendMessage", chat_id=STAFF_CHAT, text="інший чат"))["ok"]
    assert (await ask("sendMessage", chat_id=OLENA, text="x"))["ok"]
    assert telegram.journal.counts["sendMessage"] == 4
    assert [message["text"] for message in telegram.sent(OLENA)] == ["x"]


async def test_a_gateway_answers_502_in_html(telegram: Sandbox):
    telegram.faults.add(Fault(kind="502"))
    async with aiohttp.ClientSession() as session, session.get(f"{telegram.base_url}/bot{telegram.token}/getMe") as answer:
        assert (answer.status, answer.content_type) == (502, "text/html")


async def test_a_dropped_answer_was_done_all_the_same(telegram: Sandbox, ask):
    telegram.faults.add(Fault(kind="drop", method="sendMessage"))
    with pytest.raises(aiohttp.ClientError):
        await ask("sendMessage", chat_id=OLENA, text="чутно")
    assert [message["text"] for message in telegram.sent(OLENA)] == ["чутно"]
    assert telegram.journal.calls[-1].outcome == "dropped"


async def test_a_held_answer_is_done_first_and_comes_when_released(telegram: Sandbox, ask):
    telegram.faults.add(Fault(kind="hold", method="sendMessage"))
    waiting = asyncio.create_task(ask("sendMessage", chat_id=OLENA, text="чутно"))
    await telegram.journal.until(lambda: telegram.faults.holding == 1)
    assert [message["text"] for message in telegram.sent(OLENA)] == ["чутно"]
    assert not waiting.done()
    telegram.faults.release()
    assert (await asyncio.wait_for(waiting, 2))["ok"]


async def test_held_before_means_nothing_is_done_yet(telegram: Sandbox, ask):
    telegram.world.write(OLENA, OLENA, "друге")
    [first, _] = (await ask("getUpdates"))["result"]
    telegram.faults.add(Fault(kind="hold_before", method="getUpdates"))
    waiting = asyncio.create_task(ask("getUpdates", offset=first["update_id"] + 1))
    await telegram.journal.until(lambda: telegram.faults.holding == 1)
    assert len(telegram.world.updates.pending) == 2
    telegram.faults.release()
    assert len((await asyncio.wait_for(waiting, 2))["result"]) == 1


async def test_what_was_held_before_it_was_done_is_never_done_when_the_caller_has_gone(telegram: Sandbox, ask):
    telegram.world.write(OLENA, OLENA, "друге")
    [first, _] = (await ask("getUpdates"))["result"]
    telegram.faults.add(Fault(kind="hold_before", method="getUpdates"))
    waiting = asyncio.create_task(ask("getUpdates", offset=first["update_id"] + 1))
    await telegram.journal.until(lambda: telegram.faults.holding == 1)
    waiting.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await waiting
    await asyncio.sleep(0.05)  # the server hears of the hang-up from the socket
    telegram.faults.release()
    await telegram.journal.until(lambda: telegram.faults.holding == 0)
    await asyncio.sleep(0)
    assert len(telegram.world.updates.pending) == 2


async def test_enforced_limits_refuse_the_21st_word_in_a_group():
    async with Sandbox(limits=True) as telegram:
        telegram.world.add_user(PETRO, "Петро")
        telegram.world.add_group(STAFF_CHAT, "Підтримка", members=[PETRO])
        url = f"{telegram.base_url}/bot{telegram.token}/sendMessage"
        async with aiohttp.ClientSession() as session:
            codes = []
            for number in range(21):
                async with session.post(url, json={"chat_id": STAFF_CHAT, "text": str(number)}) as answer:
                    codes.append((answer.status, (await answer.json()).get("parameters")))
    assert codes[:20] == [(200, None)] * 20
    assert codes[20][0] == 429
    assert 50 <= codes[20][1]["retry_after"] <= 60


async def test_another_process_serves_acts_and_is_read():
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot.channels.telegram.sandbox", "--port", "0", stdout=asyncio.subprocess.PIPE
    )
    try:
        assert process.stdout
        first_line = (await asyncio.wait_for(process.stdout.readline(), 20)).decode().split()
        base_url, token = first_line[5], first_line[7]
        async with Remote(base_url) as remote, aiohttp.ClientSession() as session:
            await remote.do("add_user", user=OLENA, first_name="Олена")
            await remote.do("write", chat=OLENA, user=OLENA, text="/start")
            async with session.post(f"{base_url}/bot{token}/sendMessage", json={"chat_id": OLENA, "text": "вітаю"}) as answer:
                assert answer.status == 200
            [call] = await remote.do("wait", method="sendMessage", chat=OLENA, count=1)
            assert (call["params"]["text"], call["effective"]) == ("вітаю", True)
            assert await remote.do("counts") == {"sendMessage": 1}
            with pytest.raises(RuntimeError, match="no such fault"):
                await remote.do("fault", kind="flood")
            with pytest.raises(RuntimeError, match="chat not found"):
                await remote.do("write", chat=9, user=OLENA, text="x")
            async with session.get(base_url) as page:
                assert "Telegram sandbox" in await page.text()
    finally:
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), 10) == 0
