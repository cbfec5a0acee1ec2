"""One delivery to Telegram: rendered, paced by the one budget, its outcome told in our errors.

Edits may be repeated without harm, so an unknown outcome of theirs is an ordinary failure. Of a word in several messages each is sent once:
what went out already is in the database before the next one goes, so that a crash in the middle says nothing twice.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

import structlog

from bot.channels.base import Sent, Turn
from bot.channels.telegram import render
from bot.channels.telegram.acts import CHANNEL
from bot.channels.telegram.backlog import Backlog
from bot.channels.telegram.budget import OVERALL, Budget
from bot.channels.telegram.connection import Connection
from bot.channels.telegram.failures import Moved, Refused, TokenRefused
from bot.channels.telegram.files import content
from bot.channels.telegram.options import TelegramOptions
from bot.channels.telegram.page import File, Reader
from bot.channels.telegram.text import brief
from bot.channels.telegram.topics import Topics
from bot.clock import Clock
from bot.errors import BotError, Permanent, RateLimited, Transient, Unreachable, Unsure
from bot.files import Shelf
from bot.model import Delivery, Link
from bot.ports import Storage, UnitOfWork

_SHORT_WAIT = 0.3
"""Seconds worth waiting on the spot; longer ones go back to the outbox, which meanwhile serves other chats."""
_GONE = ("message to edit not found", "message can't be edited", "message_id_invalid", "there is no text in the message to edit")


log = structlog.get_logger(__name__)


class Sender:
    """See the module."""

    def __init__(
        self,
        *,
        connection: Connection,
        options: TelegramOptions,
        storage: Storage,
        clock: Clock,
        budget: Budget,
        shelf: Shelf | None = None,
    ) -> None:
        self._connection = connection
        self._options = options
        self._storage = storage
        self._clock = clock
        self._budget = budget
        self._shelf = shelf
        self._backlog = Backlog(storage=storage, clock=clock, language=options.language)
        self._topics = Topics(call=self._act, storage=storage, clock=clock, is_on=options.with_topics)

    async def send(self, delivery: Delivery, turn: Turn) -> Sent:
        """Raises RateLimited, Transient, Unsure, Unreachable or Permanent."""
        if not delivery.route.recipient.lstrip("-").isdigit():
            raise Permanent("«{recipient}» — не номер чату Telegram.", recipient=delivery.route.recipient)
        chat = self._connection.chat(int(delivery.route.recipient))
        try:
            return await self._send(delivery, chat, turn)
        except Permanent as error:
            if isinstance(error, Unreachable) and delivery.kind == "nudge" and chat > 0 and self._options.staff_chats:
                # An agent who never opened the bot is reminded in the staff chat: the nudge names who has the ticket.
                return await self._send(delivery, self._connection.chat(self._options.staff_chats[0]), turn)
            raise
        except Moved as error:
            async with self._storage.write() as uow:
                await self._connection.moved(uow, chat, error.new_chat)
                await uow.commit()
            return await self._send(delivery, self._connection.chat(chat), turn)

    async def _send(self, delivery: Delivery, chat: int, turn: Turn) -> Sent:
        language = delivery.body.get("language") or self._options.language
        reader = Reader(language=language, zone=self._options.zone, now=self._clock.now())
        is_staff = chat in self._connection.staff_chats
        if delivery.edit_key and delivery.previous_external_id and await self._edited(delivery, chat, reader):
            await self._follow(delivery, chat, is_staff=is_staff)
            return Sent(external_id=delivery.previous_external_id)
        if is_staff and await self._backlog.holds(delivery):
            return Sent(external_id=None)
        calls = render.calls(delivery, reader, is_staff=is_staff)
        sent = await self._say_all(delivery, chat, calls, turn, is_staff=is_staff)
        words = [number for number, call in zip(sent, calls, strict=True) if call.method == "sendMessage"]
        return Sent(external_id=str(words[-1]), links=self._links(delivery, chat, sent))

    async def _say_all(self, delivery: Delivery, chat: int, calls: Sequence[render.Call], turn: Turn, *, is_staff: bool) -> list[int]:
        """The ids of its messages, those included that went out in an earlier attempt."""
        thread = await self._topics.place(chat, delivery) if is_staff else None
        sent = [int(number) for number in delivery.progress]
        for call in calls[len(sent) :]:
            try:
                result = await self._say(chat, call, turn, thread)
            except Refused as error:
                if thread is None:
                    raise
                thread = await self._topics.mended(chat, delivery, error)
                result = await self._say(chat, call, turn, thread)
            sent.append(int(result["message_id"]))
            if len(sent) < len(calls):
                await turn.record(_part_sent(delivery.id, sent))
        if thread is not None:
            try:
                await self._follow(delivery, chat, is_staff=is_staff)
            except BotError as error:
                # What was said stands, and the next change of the card brings the topic along.
                log.info("telegram_topic_not_shown", ticket_ids=delivery.ticket_ids, error=type(error).__name__)
        return sent

    async def _follow(self, delivery: Delivery, chat: int, *, is_staff: bool) -> None:
        """A ticket's topic follows its card."""
        if is_staff and delivery.kind == "card":
            try:
                await self._topics.show(chat, delivery.body["ticket"])
            except Unsure as error:
                raise Transient(error.sentence, retry_after=timedelta(seconds=1)) from error

    async def _edited(self, delivery: Delivery, chat: int, reader: Reader) -> bool:
        """Whether the message shows the newest state now; False when there is nothing left to edit and it must be sent anew."""
        call = render.edit(delivery, reader, int(delivery.previous_external_id or 0), is_staff=chat in self._connection.staff_chats)
        if call is None:
            return False
        try:
            await self._call(chat, call)
        except Unsure as error:
            raise Transient(error.sentence, retry_after=timedelta(seconds=1)) from error
        except Refused as error:
            if "message is not modified" in error.description:
                return True
            if any(words in error.description for words in _GONE):
                return False
            raise
        return True

    async def _say(self, chat: int, call: render.Call, turn: Turn, thread: int | None) -> Any:
        """A call that would say it twice if it were made twice. The chat is waited for before the turn, all of them together within it."""
        while (wait := self._budget.wait(chat, asyncio.get_running_loop().time())) > 0:
            await _wait(wait)
        await turn.take()
        return await self._call(chat, call, thread, at_most=OVERALL[1])

    async def _call(self, chat: int, call: render.Call, thread: int | None = None, *, at_most: float = _SHORT_WAIT) -> Any:
        await self._pace(chat, at_most)
        parameters = {"chat_id": chat, **call.parameters} | ({"message_thread_id": thread} if thread is not None else {})
        if call.text_file:
            from bot.channels.telegram.wire import Upload

            parameters["document"] = Upload(content=call.text_file.encode(), name="text.txt")
        if call.kept_file is not None:
            return await self._upload(parameters, call.kept_file)
        try:
            return await self._limited(chat, call.method, parameters)
        except Refused as error:
            if "can't parse entities" not in error.description:
                raise
            return await self._connection.call(call.method, _plain(parameters))

    async def _act(self, chat: int, method: str, parameters: dict[str, Any]) -> Any:
        """A call that says nothing (a topic's), within the same budget."""
        if method.startswith("get"):
            return await self._limited(chat, method, parameters)
        await self._pace(chat)
        return await self._limited(chat, method, {"chat_id": chat, **parameters})

    async def _limited(self, chat: int, method: str, parameters: dict[str, Any]) -> Any:
        """A 429 closes this chat for as long as Telegram asks; the others go on."""
        try:
            return await self._connection.call(method, parameters)
        except TokenRefused:
            raise
        except RateLimited as error:
            wait = error.retry_after or timedelta(seconds=1)
            self._budget.close(chat, asyncio.get_running_loop().time() + wait.total_seconds())
            raise

    async def _upload(self, parameters: dict[str, Any], file: File) -> Any:
        """A file of our shelf; one that cannot go is named, so that nobody waits for it."""
        data = await content(self._shelf, file.ref)
        if data is None:
            name = brief(file.name or "?", 60)
            return await self._connection.call("sendMessage", {**parameters, "text": f"📎 {name}", "parse_mode": "HTML"})
        from bot.channels.telegram.wire import Upload

        return await self._connection.call("sendDocument", {**parameters, "document": Upload(content=data, name=file.name or "file")})

    async def _pace(self, chat: int, at_most: float = _SHORT_WAIT) -> None:
        while (wait := self._budget.take(chat, asyncio.get_running_loop().time())) > 0:
            await _wait(wait, at_most)

    def _links(self, delivery: Delivery, chat: int, sent: list[int]) -> tuple[Link, ...]:
        """Every message of the word, in the chat where it really is: an answer to any of them finds the ticket."""
        return tuple(
            Link(
                channel=CHANNEL,
                conversation=str(chat),
                external_id=str(number),
                ticket_id=ticket_id,
                kind=delivery.kind,
                message_id=delivery.message_id,
            )
            for number in sent
            for ticket_id in delivery.ticket_ids
        )


def _part_sent(delivery_id: int, sent: Sequence[int]) -> Callable[[UnitOfWork], None]:
    progress = [str(number) for number in sent]
    return lambda uow: uow.outbox.part_sent(delivery_id, progress=progress)


async def _wait(seconds: float, at_most: float = _SHORT_WAIT) -> None:
    if seconds > at_most:
        raise RateLimited(retry_after=timedelta(seconds=seconds))
    await asyncio.sleep(seconds)


def _plain(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """The same words without markup: better unadorned than unsaid."""
    return {**{key: value for key, value in parameters.items() if key != "parse_mode"}, "text": render.unadorned(str(parameters["text"]))}
