"""The chat scenario once against a Telegram that is not ours: the npm package telegram-test-api, as it is published.

Its getMe lacks `is_bot`, which stops clients that parse answers into types; ours reads the JSON, so no front is needed. It knows neither
reactions nor command menus: what is not a promise may fail. Set DESKBOT_NPM_EMULATOR=1 to run; npm and Node are needed.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import socket
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.channels.telegram.options import TelegramOptions
from bot.channels.telegram.sandbox import DEFAULT_TOKEN, Sandbox
from bot.storage.memory import MemoryStorage
from tests.builders import build_world
from tests.channels.telegram.house import IRYNA, STAFF_CHAT, make_house, people, running

START = "const Server = require('telegram-test-api'); new Server({port: +process.argv[1], host: '127.0.0.1'}).start()"
OLENA = 901


@dataclass
class Emulator:
    """People on the emulator's side. `seen` keeps what the bot sent to a chat, the emulator itself hands each message out once."""

    url: str
    session: aiohttp.ClientSession
    seen: dict[int, list[dict[str, Any]]] = field(default_factory=dict)

    async def post(self, path: str, body: dict[str, Any]) -> Any:
        async with self.session.post(f"{self.url}/{path}", json=body) as answer:
            return (await answer.json())["result"]

    def message(self, chat: int, user: int, **content: Any) -> dict[str, Any]:
        person = {"id": user, "first_name": "Хтось", "is_bot": False}
        place = {"id": chat, "type": "private" if chat == user else "supergroup", "first_name": "Хтось"}
        return {"botToken": DEFAULT_TOKEN, "from": person, "chat": place, "date": int(time.time()), **content}

    async def says(self, chat: int, user: int, text: str, *, answers: int | None = None) -> None:
        reply = {"reply_to_message": {"message_id": answers, "chat": {"id": chat, "type": "private"}, "date": 0}} if answers else {}
        await self.post("sendMessage", self.message(chat, user, text=text, **reply))

    async def presses(self, chat: int, user: int, update: dict[str, Any], label: str) -> None:
        rows = update["message"]["reply_markup"]["inline_keyboard"]
        data = next(button["callback_data"] for row in rows for button in row if label in button["text"])
        message = {**self.message(chat, user), "message_id": update["messageId"]}
        await self.post("sendCallback", {**self.message(chat, user), "message": message, "data": data})

    async def hears(self, chat: int, words: str) -> dict[str, Any]:
        """The first message of the bot in a chat that holds these words."""
        async with asyncio.timeout(20):
            while True:
                self.seen.setdefault(chat, []).extend(await self.post("getUpdates", {"token": DEFAULT_TOKEN, "chatId": chat}))
                for update in self.seen[chat]:
                    if words in update["message"]["text"]:
                        return update
                await asyncio.sleep(0.05)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
async def emulator(tmp_path: Path) -> AsyncIterator[Emulator]:
    if os.environ.get("DESKBOT_NPM_EMULATOR") != "1":
        pytest.skip("set DESKBOT_NPM_EMULATOR=1 to run against the npm package telegram-test-api")
    if not (shutil.which("npm") and shutil.which("node")):
        pytest.skip("npm and node are missing: install Node.js 20 or newer")
    (tmp_path / "package.json").write_text(json.dumps({"private": True}))
    quiet = asyncio.subprocess.DEVNULL
    npm = await asyncio.create_subprocess_exec("npm", "install", "telegram-test-api@4.2.1", "--no-audit", cwd=tmp_path, stdout=quiet)
    assert await npm.wait() == 0
    port = free_port()
    node = await asyncio.create_subprocess_exec("node", "-e", START, str(port), cwd=tmp_path)
    try:
        async with aiohttp.ClientSession() as session:
            emulator = Emulator(url=f"http://127.0.0.1:{port}", session=session)
            async with asyncio.timeout(20):
                while True:
                    try:
                        await emulator.post("getUpdates", {"token": DEFAULT_TOKEN, "chatId": 1})
                        break
                    except aiohttp.ClientConnectorError:
                        await asyncio.sleep(0.05)
            yield emulator
    finally:
        if node.returncode is None:
            node.terminate()
        await node.wait()


async def test_a_burst_becomes_tickets_that_are_claimed_and_answered(emulator: Emulator) -> None:
    world = await build_world(MemoryStorage())
    unused = Sandbox(now=world.clock.now)
    people(unused, world)
    options = TelegramOptions(
        token=DEFAULT_TOKEN,
        api_base=emulator.url,
        staff_chats=(STAFF_CHAT,),
        quiet_gap=timedelta(seconds=1),
        burst_limit=timedelta(seconds=9),
    )
    house = make_house(unused, world, options)
    async with running(house):
        for line in ("1. Не друкує принтер на складі", "2. Зникли залишки по рахунку 281", "3. Додайте права касиру Коваль"):
            await emulator.says(IRYNA, IRYNA, line)
        receipt = await emulator.hears(IRYNA, "кожне має своє звернення")
        assert all(f"№{number}" in receipt["message"]["text"] for number in (1, 2, 3))
        card = await emulator.hears(STAFF_CHAT, "Не друкує принтер")
        await emulator.presses(STAFF_CHAT, OLENA, card, "Беру")
        await emulator.hears(IRYNA, "ним займається Олена")
        await emulator.says(STAFF_CHAT, OLENA, "Увімкнули чергу друку", answers=card["messageId"])
        answer = await emulator.hears(IRYNA, "Увімкнули чергу друку")
        await emulator.says(IRYNA, IRYNA, "Не допомогло", answers=answer["messageId"])
        await emulator.hears(STAFF_CHAT, "Не допомогло")
        await emulator.presses(IRYNA, IRYNA, answer, "Вирішено")
        await emulator.hears(IRYNA, "Закрито: вирішено")
    await house.channel.close()
    counts = await house.accounting()
    assert (counts["ticketed"], counts["follow_ups"], counts["waiting"], counts["quarantined"]) == (3, 1, 0, 0)
