"""How mailboxes and relays are reached and logged in to: the values, who gives tokens, and the refusals that differ in what to do."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from bot.channels.mail.imap import is_loopback
from bot.errors import Misconfigured, Transient

# NATs forget a silent connection long before the 29 minutes of RFC 2177.
IDLE_RENEWAL = timedelta(minutes=7)
POLL = timedelta(seconds=45)
COMMAND_LIMIT = 30.0


class TokenSource(Protocol):
    """Gives OAuth2 access tokens for one mailbox."""

    async def access_token(self, *, refused: str = "") -> str:
        """One that is not about to end; `refused` is what the server has just not taken, and is not given again."""
        ...


class ConnectionLost(Transient):
    """Зв'язок із поштовим сервером перервався: спроба повториться сама."""


class LoginRefused(Transient):
    """Поштовий сервер не прийняв ім'я чи пароль. Перевірте [mail]; спроби рідкі, щоб сервер не заблокував скриньку."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MailboxAccess:
    """How to reach a mailbox, with a password or a `token` (XOAUTH2). `is_plain` (no TLS) is for loopback only. Times are real seconds."""

    host: str
    user: str
    password: str = ""
    token: TokenSource | None = None
    port: int = 993
    folder: str = "INBOX"
    is_plain: bool = False
    tls: ssl.SSLContext | None = None
    command_limit: float = COMMAND_LIMIT
    idle_renewal: timedelta = IDLE_RENEWAL
    poll: timedelta = POLL

    def __post_init__(self) -> None:
        if self.is_plain and not is_loopback(self.host):
            raise Misconfigured("Пошта без TLS дозволена лише на цьому ж комп'ютері: {host}", host=self.host)
