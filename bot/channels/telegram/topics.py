"""A topic for every ticket, in staff chats that have topics: made when the ticket is first spoken of, named and marked by its state, closed
and opened with it.

Telegram lists no topics, so they are remembered: a fact for each ticket's topic, a link from the topic back to the ticket. A topic that
somebody deleted is made anew; where the bot may not make any, everything goes to the chat itself as cards, which is said once a day.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from bot import notices
from bot.channels.telegram.acts import CHANNEL, route
from bot.channels.telegram.failures import Refused
from bot.channels.telegram.page import lamp
from bot.channels.telegram.text import shortened
from bot.clock import Clock
from bot.errors import BotError
from bot.model import Delivery, Lamp, Link, Priority
from bot.ports import Storage

Call = Callable[[int, str, dict[str, Any]], Awaitable[Any]]
TOPIC = "topic"
_LONGEST_NAME = 128
_TRY_AGAIN_AFTER = timedelta(hours=1)
# What belongs to one ticket and is said in its topic. Lists, alerts and nudges stay where everybody looks.
_KINDS = frozenset({"card", "client_word", "held", "cut", "call_taken"})
_GONE = ("message thread not found", "topic_deleted", "topic_id_invalid")
_CLOSED = "topic_closed"
_NOT_ALLOWED = ("not enough rights", "not a forum", "chat_admin_required", "forum_disabled")
# The icons that Telegram offers, the first one there is.
_ICONS = {
    Lamp.RED: ("❗️", "🔥", "‼️"),
    Lamp.YELLOW: ("👀", "💬", "📣"),
    Lamp.GREEN: ("💬", "📨", "🗣"),
    Lamp.GREY: ("✅", "🏁", "📁"),
}


class Topics:
    """See the module. `call` makes one paced call to a chat."""

    def __init__(self, *, call: Call, storage: Storage, clock: Clock, is_on: bool) -> None:
        self._call = call
        self._storage = storage
        self._clock = clock
        self._is_on = is_on
        self._stickers: dict[str, str] | None = None

    async def place(self, chat: int, delivery: Delivery) -> int | None:
        """The topic in which to say this, made if need be; None for the chat itself."""
        if not self._is_on or len(delivery.ticket_ids) != 1 or not _belongs(delivery.kind):
            return None
        ticket_id = delivery.ticket_ids[0]
        known = await self._known(chat, ticket_id)
        if known is not None:
            return int(known["thread"])
        if await self._is_off(chat):
            return None
        return await self._make(chat, ticket_id, delivery.body)

    async def mended(self, chat: int, delivery: Delivery, error: Refused) -> int | None:
        """Where to say it after a topic refused it: the same topic opened again, a new one in its place, or the chat itself. Raises the
        error if it is about something else."""
        ticket_id = delivery.ticket_ids[0]
        known = await self._known(chat, ticket_id)
        if _CLOSED in error.description and known is not None:
            await self._change(chat, "reopenForumTopic", int(known["thread"]))
            await self._keep(chat, ticket_id, {**known, "is_closed": False})
            return int(known["thread"])
        if not _says(error, _GONE):
            raise error
        return await self._make(chat, ticket_id, delivery.body)

    async def show(self, chat: int, facts: Mapping[str, Any]) -> None:
        """The topic looks as its ticket stands: the lamp in name and icon, closed or open."""
        known = await self._known(chat, facts["id"]) if self._is_on else None
        if known is None:
            return
        wanted = {"name": _name(facts["id"], facts), "icon": await self._icon(chat, facts), "is_closed": not facts["is_open"]}
        try:
            if (known["name"], known["icon"]) != (wanted["name"], wanted["icon"]):
                look = {"name": wanted["name"]} | ({"icon_custom_emoji_id": wanted["icon"]} if wanted["icon"] else {})
                await self._change(chat, "editForumTopic", int(known["thread"]), **look)
            if known["is_closed"] != wanted["is_closed"]:
                await self._change(chat, "closeForumTopic" if wanted["is_closed"] else "reopenForumTopic", int(known["thread"]))
        except Refused as error:
            if not _says(error, (*_GONE, *_NOT_ALLOWED)):
                raise
            if _says(error, _NOT_ALLOWED):
                await self._give_up(chat)
            return
        await self._keep(chat, facts["id"], {**known, **wanted})

    async def _make(self, chat: int, ticket_id: int, body: Mapping[str, Any]) -> int | None:
        facts = body.get("ticket") or {}
        name, icon = _name(ticket_id, facts or body), await self._icon(chat, facts)
        try:
            made = await self._call(chat, "createForumTopic", {"name": name} | ({"icon_custom_emoji_id": icon} if icon else {}))
        except Refused as error:
            if not _says(error, _NOT_ALLOWED):
                raise
            await self._give_up(chat)
            return None
        thread = int(made["message_thread_id"])
        await self._keep(chat, ticket_id, {"thread": thread, "name": name, "icon": icon, "is_closed": False})
        return thread

    async def _change(self, chat: int, method: str, thread: int, **parameters: Any) -> None:
        """Once more is the same as once."""
        try:
            await self._call(chat, method, {"message_thread_id": thread, **parameters})
        except Refused as error:
            if "not_modified" not in error.description:
                raise

    async def _icon(self, chat: int, facts: Mapping[str, Any]) -> str:
        """The id of the icon for a ticket's state; "" where Telegram offers none of ours."""
        if "lamp" not in facts:
            return ""
        if self._stickers is None:
            try:
                found = await self._call(chat, "getForumTopicIconStickers", {})
            except Refused:
                found = []
            self._stickers = {each["emoji"]: each["custom_emoji_id"] for each in found if "emoji" in each and "custom_emoji_id" in each}
        wanted: tuple[str, ...] = _ICONS[Lamp(facts["lamp"])]
        if facts.get("priority") == Priority.URGENT and facts["lamp"] == Lamp.RED:
            wanted = ("🔥", *wanted)
        return next((self._stickers[emoji] for emoji in wanted if emoji in self._stickers), "")

    async def _known(self, chat: int, ticket_id: int) -> dict[str, Any] | None:
        async with self._storage.read() as uow:
            found = await uow.state.get(_key(chat, ticket_id))
        return found if isinstance(found, dict) else None

    async def _keep(self, chat: int, ticket_id: int, topic: Mapping[str, Any]) -> None:
        async with self._storage.write() as uow:
            uow.state.set(_key(chat, ticket_id), dict(topic))
            place = topic_id(int(topic["thread"]))
            uow.tickets.add_link(Link(channel=CHANNEL, conversation=str(chat), external_id=place, ticket_id=ticket_id, kind=TOPIC))
            await uow.commit()

    async def _is_off(self, chat: int) -> bool:
        async with self._storage.read() as uow:
            until = await uow.state.get(_off_key(chat))
        return isinstance(until, str) and datetime.fromisoformat(until) > self._clock.now()

    async def _give_up(self, chat: int) -> None:
        """Cards again, for an hour; said once a day."""
        now = self._clock.now()
        news = BotError(
            "Теми в цьому чаті більше не доступні, тож звернення знову йдуть картками. Щоб теми повернулися: увімкніть їх у групі й дайте"
            " боту право керувати темами."
        )
        async with self._storage.write() as uow:
            uow.state.set(_off_key(chat), (now + _TRY_AGAIN_AFTER).isoformat())
            for row in notices.alert((route(chat),), news, cause=f"topics:{chat}:{now:%Y-%m-%d}", now=now):
                uow.outbox.add(row)
            await uow.commit()


def topic_id(thread: int) -> str:
    """What a topic is called in links, beside the ids of messages."""
    return f"{TOPIC}:{thread}"


def _belongs(kind: str) -> bool:
    return kind in _KINDS or kind.startswith("prompt_")


def _says(error: Refused, words: tuple[str, ...]) -> bool:
    return any(each in error.description for each in words)


def _name(ticket_id: int, facts: Mapping[str, Any]) -> str:
    sign = f"{lamp(dict(facts))} " if "lamp" in facts else ""
    title = " ".join(str(facts.get("title") or "").split())
    return shortened(f"{sign}№{ticket_id} {title}".strip(), _LONGEST_NAME)


def _key(chat: int, ticket_id: int) -> str:
    return f"{CHANNEL}:topic:{chat}:{ticket_id}"


def _off_key(chat: int) -> str:
    return f"{CHANNEL}:topics_off:{chat}"
