"""Logging in to an IMAP server, with a password or with a token, and what its refusals mean."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from bot.channels.mail.access import LoginRefused, MailboxAccess, TokenSource
from bot.channels.mail.imap import quoted
from bot.errors import Transient

if TYPE_CHECKING:
    from aioimaplib import IMAP4

Do = Callable[[Coroutine[Any, Any, Any]], Coroutine[Any, Any, Any]]
_NOT_NOW = (b"[UNAVAILABLE]", b"[LIMIT]", b"[INUSE]", b"[SERVERBUG]")


async def log_in(client: IMAP4, access: MailboxAccess, do: Do) -> bool:
    """Whether the server can IDLE. `do` runs a command under its deadline. Raises LoginRefused, what the token source raises, Transient."""
    if access.token is None:
        # The library quotes the password and not the user.
        response = await do(client.login(quoted(access.user), access.password))
    else:
        _answer_refusals(client)
        response = await _with_token(client, access.user, access.token, do)
    if response.result != "OK":
        raise _refusal(response)
    if not client.has_capability("IDLE"):
        await do(client.protocol.capability())  # many servers tell it only after the login
    return bool(client.has_capability("IDLE"))


async def _with_token(client: IMAP4, user: str, source: TokenSource, do: Do) -> Any:
    """A token may have been taken back before its time: the server's "no" is met with the next one, once."""
    token = await source.access_token()
    response = await do(client.protocol.xoauth2(user, token))
    if response.result == "OK" or _is_not_now(response):
        return response
    return await do(client.protocol.xoauth2(user, await source.access_token(refused=token)))


def _answer_refusals(client: IMAP4) -> None:
    """A refused token is explained in a challenge that wants an empty line; the library sends none, and the server waits for ever."""
    protocol = client.protocol
    handle = protocol._continuation

    def answer(line: bytes) -> None:
        command = protocol.pending_sync_command
        if command is not None and command.name == "AUTHENTICATE":
            protocol.transport.write(b"\r\n")
            return
        handle(line)

    protocol._continuation = answer


def _refusal(response: Any) -> Transient:
    if _is_not_now(response):
        return Transient("Поштовий сервер зараз не приймає входу: спроба повториться сама.", retry_after=timedelta(minutes=1))
    return LoginRefused(retry_after=timedelta(minutes=5))


def _is_not_now(response: Any) -> bool:
    said = b" ".join(bytes(line) for line in response.lines).upper()
    return response.result != "OK" and any(code in said for code in _NOT_NOW)
