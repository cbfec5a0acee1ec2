"""The server itself, on a real port: it starts, tells where, stops within seconds, and explains a taken port."""

from __future__ import annotations

import asyncio
import signal
import socket

import httpx
import pytest

from bot.channels.site.channel import SiteChannel
from bot.channels.site.options import SiteOptions
from bot.errors import Transient
from bot.texts import explain
from tests.channels.site.house import House, build_house


@pytest.fixture
async def served() -> House:
    return await build_house(port=0)


async def start(house: House) -> asyncio.Task[None]:
    task = asyncio.create_task(house.channel.receive())
    await asyncio.wait_for(house.channel.ready.wait(), 10)
    return task


async def test_it_serves_and_stops(served: House) -> None:
    handlers = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    task = await start(served)
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == handlers
    assert served.channel.health.state == "running"
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{served.channel.port}") as http:
        assert (await http.get("/healthz")).json() == {"status": "ok"}
        answer = await http.get("/login")
        assert "server" not in answer.headers
    await stop(task, within=3)
    with pytest.raises(httpx.ConnectError):
        async with httpx.AsyncClient() as http:
            await http.get(f"http://127.0.0.1:{served.channel.port}/healthz")


async def stop(task: asyncio.Task[None], *, within: float) -> None:
    loop = asyncio.get_running_loop()
    started = loop.time()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert loop.time() - started < within


async def test_open_pages_do_not_hold_up_the_stop(served: House) -> None:
    task = await start(served)
    cookies = (await served.enter("iryna")).http.cookies
    base_url = f"http://127.0.0.1:{served.channel.port}"
    async with httpx.AsyncClient(base_url=base_url, cookies={"deskbot_contact": cookies["deskbot_contact"]}) as http:
        waiting = asyncio.create_task(http.get("/chat/updates?after=0&wait=20", timeout=30))
        await asyncio.sleep(0.3)
        assert not waiting.done()
        await stop(task, within=3)
        assert (await waiting).status_code == 200


async def test_a_taken_port_is_explained() -> None:
    house = await build_house()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        options = SiteOptions(port=taken.getsockname()[1])
        channel = SiteChannel(intake=house.intake, clock=house.clock, options=options, application=lambda: house.app)
        with pytest.raises(Transient) as caught:
            await channel.receive()
    sentence = explain(caught.value, "uk")
    assert str(options.port) in sentence
    assert "[site] port" in sentence


async def test_it_can_be_started_again_after_a_stop(served: House) -> None:
    for _ in range(2):
        served.channel.ready.clear()
        await stop(await start(served), within=3)


async def test_a_browser_sees_why_a_large_form_is_refused(served: House) -> None:
    """It sends everything before it reads: the answer must not be lost in a reset connection."""
    task = await start(served)
    reader, writer = await asyncio.open_connection("127.0.0.1", served.channel.port)
    body = b"text=" + b"a" * 3_000_000
    writer.write(b"POST /new HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded\r\n")
    writer.write(b"Content-Length: %d\r\n\r\n" % len(body))
    for at in range(0, len(body), 65_536):
        writer.write(body[at : at + 65_536])
        await writer.drain()
        await asyncio.sleep(0.005)
    answer = (await asyncio.wait_for(reader.read(), 10)).decode()
    writer.close()
    assert answer.startswith("HTTP/1.1 413")
    assert "Повідомлення завелике" in answer
    await stop(task, within=3)


@pytest.mark.parametrize(("proxies", "is_told"), [(("127.0.0.1",), True), (("10.0.0.1",), False)])
async def test_only_a_trusted_proxy_speaks_for_visitors(proxies: tuple[str, ...], is_told: bool) -> None:
    house = await build_house(port=0, trusted_proxies=proxies, login_attempts=1)
    task = await start(house)
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{house.channel.port}") as http:
        codes = [(await http.get("/login/x", headers={"x-forwarded-for": f"192.0.2.{n}"})).status_code for n in (1, 2)]
    await stop(task, within=3)
    assert codes == ([404, 404] if is_told else [404, 429])
