"""`deskbot check` against real sockets: each connection is tried, each failure is a sentence, nothing is changed."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

import pytest
from aiohttp import web

from bot.channels.telegram.sandbox.server import Sandbox
from bot.commands.connections import try_all
from bot.config import Settings
from tests.commands.conftest import Deskbot


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


async def problems(settings: dict[str, object]) -> dict[str, str]:
    """By connection, what is wrong with it; "" when it works."""
    tried = await try_all(Settings.model_validate({"site": {"port": free_port()}, **settings}))
    return {name.split()[0]: str(error or "") for name, error in tried}


def test_the_defaults_work_and_leave_no_trace(deskbot: Deskbot, desk: Path) -> None:
    (desk / "config.toml").write_text(f"[site]\nport = {free_port()}\n")
    told = deskbot("check")
    assert told.code == 0
    assert "✓ storage" in told.out
    assert "✓ site" in told.out
    assert not (desk / "data").exists()


async def test_a_file_that_is_no_database_is_said(tmp_path: Path) -> None:
    (tmp_path / "x.db").write_text("hello")
    found = await problems({"storage": {"url": f"sqlite:///{tmp_path}/x.db"}})
    assert "не є базою даних" in found["storage"]
    assert (tmp_path / "x.db").read_text() == "hello"


async def test_a_server_that_is_not_there_is_said() -> None:
    port = free_port()
    found = await problems(
        {
            "storage": {"url": f"postgresql://desk@127.0.0.1:{port}/desk"},
            "telegram": {"token": "1:abc", "api_base": f"http://127.0.0.1:{port}"},
            "mail": {
                "mailboxes": [
                    {
                        "name": "support",
                        "address": "support@example.com",
                        "imap": {"host": "127.0.0.1", "port": port, "security": "plain", "user": "u", "password": "p"},
                        "smtp": {"host": "127.0.0.1", "port": port, "security": "plain"},
                    }
                ]
            },
        }
    )
    assert "недоступна" in found["storage"]
    assert "недосяжний" in found["telegram"]
    assert "недосяжний" in found["mail"]


async def test_a_port_in_use_is_said() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        found = await problems({"site": {"port": taken.getsockname()[1]}})
    assert "Порт зайнятий" in found["site"]


@pytest.mark.parametrize(("answer", "is_ours"), [({"status": "ok"}, True), ({"status": "store unavailable"}, True), ({"up": 1}, False)])
async def test_the_port_of_our_own_running_service_is_as_it_should_be(answer: dict[str, object], is_ours: bool) -> None:
    async def healthz(_request: web.Request) -> web.Response:
        return web.json_response(answer)

    application = web.Application()
    application.router.add_get("/healthz", healthz)
    runner = web.AppRunner(application)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port := free_port()).start()
        found = await problems({"site": {"port": port}})
    finally:
        await runner.cleanup()
    assert (found["site"] == "") == is_ours


@pytest.mark.parametrize(
    ("token", "chat", "sentence"),
    [
        (None, "", ""),
        ("1:wrong", "", "не впізнав токен"),
        (None, "-100777", "telegram.staff_chat: бот не бачить цього чату"),
    ],
)
async def test_telegram_is_asked_who_we_are_and_what_we_see(token: str | None, chat: str, sentence: str) -> None:
    async with Sandbox() as telegram:
        settings = {"token": token or telegram.token, "api_base": telegram.base_url, "staff_chat": chat}
        found = await problems({"telegram": settings})
    assert sentence in found["telegram"]
    assert bool(found["telegram"]) == bool(sentence)
    assert telegram.token not in found["telegram"]


async def test_a_server_that_never_answers_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.commands.connections.DEADLINE_S", 0.3)
    held: list[asyncio.StreamWriter] = []

    async def silent(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        held.append(writer)

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    found = await problems({"telegram": {"token": "1:abc", "api_base": f"http://127.0.0.1:{port}"}})
    for writer in held:
        writer.close()
    server.close()
    assert "Немає відповіді" in found["telegram"]
