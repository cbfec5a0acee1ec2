"""Telegram in the demo: the sandbox server beside the desk, with the people of the play in it and a page to write in by hand."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Any

from bot.channels.telegram.sandbox import DEFAULT_TOKEN, Sandbox
from bot.demo.cast import Cast

STAFF_CHAT = -1001
OKSANA, OLENA, TARAS, MARIA = 501, 901, 902, 903
_PATIENCE = 30.0
"""Seconds by the wall that a scene waits for the bot: its library takes a few to load."""


class ChatRoom:
    """See the module. Its messages carry the demo's own time."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._telegram = Sandbox(now=now)

    async def open(self) -> None:
        await self._telegram.start()

    async def close(self) -> None:
        await self._telegram.stop()

    @property
    def settings(self) -> dict[str, str]:
        """The [telegram] table of a desk that talks to it."""
        return {"token": DEFAULT_TOKEN, "api_base": self._telegram.base_url, "staff_chat": str(STAFF_CHAT)}

    @property
    def page(self) -> str:
        """Where both sides can be played by hand."""
        return f"{self._telegram.base_url}/?left={OKSANA}&right={STAFF_CHAT}"

    def seat(self, cast: Cast) -> None:
        """The people of the play, and the agents' group. A chat exists once its person has written."""
        world = self._telegram.world
        for number, name in ((OKSANA, cast.oksana.name), (OLENA, cast.olena.name), (TARAS, cast.taras.name), (MARIA, cast.maria.name)):
            world.add_user(number, name)
        world.add_group(STAFF_CHAT, "Підтримка", members=[OLENA, TARAS, MARIA])

    def say(self, chat: int, user: int, text: str, *, reply_to: int | None = None) -> None:
        self._telegram.world.write(chat, user, text, reply_to=reply_to)

    def press(self, message: dict[str, Any], user: int, text: str) -> None:
        """The button of a message whose label holds `text`."""
        self._telegram.world.press(message["chat"]["id"], user, message["message_id"], text=text)

    async def gets(self, chat: int, *words: str) -> dict[str, Any]:
        """The last message of the bot in a chat that holds these words, waited for."""

        def found() -> list[dict[str, Any]]:
            shown = self._telegram.world.chat(chat).messages.values()
            return [each for each in shown if each["from"]["is_bot"] and all(word in each.get("text", "") for word in words)]

        await self._telegram.journal.until(lambda: bool(found()), _PATIENCE)
        # An edit of the same moment is there before its call has been answered.
        await asyncio.sleep(0)
        return found()[-1]
