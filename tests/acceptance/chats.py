"""Telegram's side of the table: the sandbox as its own process, and what people in its chats do and see."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from bot.channels.telegram.sandbox import DEFAULT_TOKEN, Remote
from tests.acceptance.process import PATIENCE, environment, eventually

STAFF_CHAT = -1002000000001
Json = dict[str, Any]


class Telegram:
    """`async with Telegram(folder) as telegram:` The sandbox outlives every deskbot that is killed in front of it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.token = DEFAULT_TOKEN
        self.base_url = ""
        self._process: subprocess.Popen[str] | None = None
        self._remote: Remote | None = None

    async def __aenter__(self) -> Self:
        self._start()
        self._remote = await Remote(self.base_url).__aenter__()
        return self

    def _start(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bot.channels.telegram.sandbox", "--port", "0"],
            cwd=self._folder,
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        # It prints its address when it listens.
        self.base_url = next(word for word in self._process.stdout.readline().split() if word.startswith("http://"))

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        assert self._process is not None
        if self._remote is not None:
            await self._remote.__aexit__(kind, error, trace)
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(PATIENCE)
        assert self._process.stdout is not None
        self._process.stdout.close()

    async def do(self, verb: str, **arguments: object) -> Any:
        """A verb of the sandbox's control API."""
        assert self._remote is not None
        return await self._remote.do(verb, **arguments)

    async def staff(self, *agents: tuple[int, str]) -> None:
        """The staff chat with these people in it."""
        for number, name in agents:
            await self.do("add_user", user=number, first_name=name)
        await self.do("add_group", chat=STAFF_CHAT, title="Підтримка", members=[number for number, _ in agents])

    async def says(self, user: int, text: str, *, chat: int | None = None, **more: object) -> Json:
        """A person writes, in their private chat with the bot unless told otherwise."""
        said: Json = await self.do("write", chat=user if chat is None else chat, user=user, text=text, **more)
        return said

    async def press(self, message: Json, text: str, *, user: int | None = None) -> str:
        """A person presses the button whose label holds `text`."""
        chat = message["chat"]["id"]
        pressed = await self.do("press", chat=chat, user=chat if user is None else user, message=message["message_id"], text=text)
        return str(pressed)

    async def shown(self, chat: int, contains: str = "") -> list[Json]:
        """The bot's messages in a chat as they look now."""
        messages: list[Json] = await self.do("messages", chat=chat)
        return [m for m in messages if m["from"]["is_bot"] and contains in m.get("text", m.get("caption", ""))]

    async def gets(self, chat: int, contains: str, *, count: int = 1) -> Json:
        """The `count`-th of the bot's messages in a chat that holds these words, waited for."""

        async def look() -> list[Json] | None:
            found = await self.shown(chat, contains)
            return found if len(found) >= count else None

        try:
            return (await eventually(look, what=f"«{contains}» in chat {chat}"))[count - 1]
        except AssertionError as error:
            seen = "\n---\n".join(m.get("text", "") for m in (await self.shown(chat))[-5:])
            raise AssertionError(f"{error}\nThe chat shows last:\n{seen}") from None

    async def toast(self, callback: str) -> str:
        """What the presser of a button was told."""

        async def look() -> list[Json]:
            calls: list[Json] = await self.do("calls", method="answerCallbackQuery")
            return [call for call in calls if call["params"]["callback_query_id"] == callback]

        [call] = await eventually(look, what="an answer to the button")
        return str(call["params"].get("text", ""))

    async def sends(self, method: str = "sendMessage") -> list[Json]:
        """Every call of the bot that had an effect, whether or not it heard of it."""
        calls: list[Json] = await self.do("calls", method=method)
        return calls


def buttons(message: Json) -> list[str]:
    return [button["text"] for row in message.get("reply_markup", {}).get("inline_keyboard", []) for button in row]
