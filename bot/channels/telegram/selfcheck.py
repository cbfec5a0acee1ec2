"""What the bot tells Telegram about itself at the start, and what it finds out about its own rights."""

from __future__ import annotations

from typing import Any

import structlog

from bot.channels.telegram.connection import Connection
from bot.channels.telegram.failures import TokenRefused
from bot.errors import BotError, Misconfigured, Permanent, Transient
from bot.texts import translator

# The catalogue tool finds sentences by this name; they are looked up when they are shown.
_ = str

CLIENT_COMMANDS = {
    "my": _("мої звернення"),
    "close": _("закрити звернення"),
    "site": _("увійти на сайт"),
    "language": _("мова / language"),
    "help": _("що вміє бот"),
}
GROUP_COMMANDS = {
    "task": _("зробити з повідомлення звернення"),
    "help": _("що вміє бот"),
}
STAFF_COMMANDS = {
    "queue": _("черга за строками"),
    "mine": _("мої звернення"),
    "ticket": _("показати звернення"),
    "call": _("записати дзвінок"),
    "who": _("хто на місці й хто що веде"),
    "stats": _("як справи"),
    "answers": _("шаблони відповідей"),
    "cause": _("спільна причина кількох звернень"),
    "closed": _("зачинити службу (немає світла, тривога)"),
    "help": _("як відповідати клієнтам"),
}

log = structlog.get_logger(__name__)


async def introduce(connection: Connection) -> tuple[str, tuple[BotError, ...]]:
    """The bot's name, and what is wrong with each staff chat. Raises what getMe raises."""
    me = await connection.call("getMe", {})
    await _set_commands(connection)
    troubles = [await _trouble_with(connection, chat, me["id"]) for chat in sorted(connection.staff_chats)]
    return me.get("username", ""), tuple(trouble for trouble in troubles if trouble)


async def _set_commands(connection: Connection) -> None:
    """The menu of commands; a bot without a menu works all the same."""
    scopes: list[tuple[dict[str, Any], dict[str, str]]] = [
        ({"type": "all_private_chats"}, CLIENT_COMMANDS),
        ({"type": "all_group_chats"}, GROUP_COMMANDS),
    ]
    scopes += [({"type": "chat", "chat_id": chat}, STAFF_COMMANDS) for chat in connection.staff_chats]
    for scope, commands in scopes:
        for language in ("", "en"):
            say = translator(language or "uk")
            menu = [{"command": name, "description": say(words)} for name, words in commands.items()]
            try:
                await connection.call("setMyCommands", {"commands": menu, "scope": scope, "language_code": language})
            except TokenRefused:
                raise
            except BotError as error:
                log.info("telegram_commands_not_set", scope=scope["type"], error=type(error).__name__)


async def _trouble_with(connection: Connection, chat: int, bot_id: int) -> BotError | None:
    try:
        member = await connection.call("getChatMember", {"chat_id": chat, "user_id": bot_id})
    except TokenRefused:
        raise
    except Permanent:
        return Misconfigured("Чат {chat}: бота в ньому немає, додайте його.", chat=chat)
    except BotError:
        return Transient("Чат {chat}: не вдалося перевірити права бота.", chat=chat)
    if member.get("status") not in ("administrator", "creator"):
        sentence = _("Чат {chat}: бот не адміністратор, тому бачить лише команди та відповіді; дайте йому права адміністратора.")
        return Misconfigured(sentence, chat=chat)
    if connection.with_topics and member.get("status") != "creator" and member.get("can_manage_topics") is not True:
        return Misconfigured("Чат {chat}: бот не може керувати темами, тож звернення йдуть картками. Дайте йому це право.", chat=chat)
    return None
