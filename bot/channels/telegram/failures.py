"""What Telegram's refusals mean for us. Pure: status and answer in, one of our errors out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from bot.errors import BotError, Permanent, RateLimited, Transient, Unreachable, Unsure

# Descriptions, in lower case, after which writing to this chat again is of no use.
_NOBODY_THERE = (
    *("chat not found", "user not found", "peer_id_invalid", "user is deactivated"),
    *("chat_write_forbidden", "not enough rights to send"),
)
_WITHOUT_TOKEN_WAIT = timedelta(minutes=1)


class Refused(Permanent):
    """Telegram не прийняв повідомлення."""

    @property
    def description(self) -> str:
        """The server's words, in lower case."""
        return str(self.values.get("what", "")).lower()


class Moved(Transient):
    """Група стала супергрупою і має новий номер."""

    def __init__(self, new_chat: int) -> None:
        super().__init__()
        self.new_chat = new_chat


class TokenRefused(RateLimited):
    """Telegram не визнає токен бота: перевірте токен у налаштуваннях [telegram]."""


class AnotherPoller(Transient):
    """Інша програма читає повідомлення цього бота: зупиніть її або видаліть вебхук."""


def failure(status: int, answer: Mapping[str, Any]) -> BotError:
    """The error for an answer that is not `ok`."""
    description = str(answer.get("description", ""))
    parameters = answer.get("parameters") or {}
    if isinstance(new_chat := parameters.get("migrate_to_chat_id"), int):
        return Moved(new_chat)
    if status == 429:
        return RateLimited(retry_after=timedelta(seconds=int(parameters.get("retry_after", 1))))
    if status in (401, 404):
        # Not the message's fault: it waits, unharmed, until the token is put right.
        return TokenRefused(retry_after=_WITHOUT_TOKEN_WAIT)
    if status == 403 or any(words in description.lower() for words in _NOBODY_THERE):
        return Unreachable("Telegram: {what}", what=description)
    if status == 409:
        return AnotherPoller()
    if status == 504 or (status < 300 and not answer):
        return Unsure("Telegram не відповів вчасно: невідомо, чи дійшло.")
    if status >= 500 or not answer:
        return Transient("Telegram тимчасово не працює ({status}).", status=status)
    return Refused("Telegram не прийняв повідомлення: {what}", what=description)
