"""Mails out, over aiosmtplib: one connection for mails that go together, and every outcome translated into what to do about it.

Sent: returns. Later: `Transient` (with a time where one makes sense). Perhaps sent: `Unsure` (the line broke after the text went out; the
same Message-ID again is recognised). Never: `Permanent`, `Unreachable`. The relay itself is wrong: `Transient` with a long wait and a
sentence, since a password can be put right while mails wait.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from email import policy
from email.message import EmailMessage
from typing import TYPE_CHECKING

from bot.channels.mail.access import TokenSource
from bot.channels.mail.enclosures import Cargo, filled
from bot.channels.mail.imap import is_loopback
from bot.channels.mail.transfer import hand_over
from bot.errors import BotError, Misconfigured, Permanent, Transient, Unreachable, Unsure

if TYPE_CHECKING:
    from aiosmtplib import SMTP

# One mail altogether: less than the minute for which the outbox leases a delivery, since after that it would be sent again.
LIMIT = 55.0
# Of that: waiting for the connection, the dialogue up to the text, the text itself and the server's word on it.
QUEUE_SHARE, DIALOGUE_SHARE, TEXT_SHARE = 0.2, 0.3, 0.5
# A connection is kept for the next mail of the same burst; relays close idle ones, so we do it first.
KEEP_OPEN = 20.0
MAX_PER_CONNECTION = 100
GREYLISTED = timedelta(minutes=5)
OUT_OF_ORDER = timedelta(minutes=10)
BeforeText = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class RelayAccess:
    """How to reach the outgoing server. `security` is starttls (required, never opportunistic), tls, or plain (loopback only).

    `token` logs in by XOAUTH2 instead of `password`. `hello` is the name we greet with; without one the library asks the DNS for this
    machine's. `limit` (seconds) is for one mail.
    """

    host: str
    port: int = 587
    security: str = "starttls"
    user: str = ""
    password: str = ""
    token: TokenSource | None = None
    hello: str = ""
    tls: ssl.SSLContext | None = None
    limit: float = LIMIT

    def __post_init__(self) -> None:
        if self.security == "plain" and not is_loopback(self.host):
            raise Misconfigured("Надсилання без TLS дозволене лише на цьому ж комп'ютері: {host}", host=self.host)


class RelayRefused(Transient):
    """The outgoing server does not let us in: nothing goes out until somebody puts that right."""


class Relay:
    """Sends one mail at a time over a connection that it opens, keeps for a burst and closes."""

    def __init__(self, access: RelayAccess) -> None:
        self._access = access
        self._client: SMTP | None = None
        self._used = 0
        self._lock = asyncio.Lock()
        self._closing: asyncio.TimerHandle | None = None
        self._leaving: set[asyncio.Task[None]] = set()
        self._shut: tuple[float, RelayRefused] | None = None

    async def send(
        self, mail: EmailMessage, *, sender: str, recipient: str, cargo: Cargo | None = None, before_text: BeforeText | None = None
    ) -> None:
        """Deliver to the relay, with its files (`enclosures.enclose`); returns when it took the mail. `sender` may be "" (RFC 3834).
        `before_text` is waited for when all is agreed on and nothing of the text has gone yet. Raises as the module says."""
        await self._wait_for_turn()
        try:
            await self._transact(mail, cargo or {}, sender=sender, recipient=recipient, before_text=before_text)
            self._used += 1
            self._close_later()
        except BaseException:
            await self._drop()  # after any failure the state of the dialogue is unknown
            raise
        finally:
            self._lock.release()

    async def _wait_for_turn(self) -> None:
        try:
            async with asyncio.timeout(self._access.limit * QUEUE_SHARE):
                await self._lock.acquire()
        except TimeoutError:
            raise Transient("Сервер надсилання відповідає повільно: лист чекає своєї черги.", retry_after=timedelta(seconds=5)) from None

    async def check(self) -> None:
        """Connect and log in, for `deskbot check`; raises like `send`."""
        async with self._lock:
            await self._connected()
            await self._drop()

    async def close(self) -> None:
        async with self._lock:
            await self._drop()
        if self._leaving:
            await asyncio.wait(self._leaving, timeout=2.0)

    async def _connected(self) -> SMTP:
        if self._client is not None and self._client.is_connected and self._used < MAX_PER_CONNECTION:
            return self._client
        await self._drop()
        self._client, self._used = await self._logged_in(), 0
        return self._client

    async def _logged_in(self) -> SMTP:
        """A new connection. After a refused login nobody knocks for a while, however many mails wait: that locks accounts."""
        loop = asyncio.get_running_loop()
        if self._shut is not None and loop.time() < self._shut[0]:
            error = self._shut[1]
            raise RelayRefused(error.sentence, retry_after=error.retry_after, **error.values)
        try:
            client = await self._let_in()
        except RelayRefused as error:
            self._shut = (loop.time() + OUT_OF_ORDER.total_seconds() / 2, error)
            raise
        self._shut = None
        return client

    async def _let_in(self) -> SMTP:
        """A token may have been taken back before its time: a "no" is met with the next one, once."""
        from aiosmtplib import SMTPAuthenticationError

        source = self._access.token
        if source is None:
            return await self._connect("")
        token = await source.access_token()
        try:
            return await self._connect(token)
        except BotError as error:
            if not isinstance(error.__cause__, SMTPAuthenticationError) or error.__cause__.code < 500:
                raise
        return await self._connect(await source.access_token(refused=token))

    async def _connect(self, token: str) -> SMTP:
        from aiosmtplib import SMTP, SMTPException  # 80 ms, only when the first mail goes out

        async def given() -> str:
            return token

        access = self._access
        client = SMTP(
            hostname=access.host,
            port=access.port,
            local_hostname=access.hello or None,
            timeout=access.limit * DIALOGUE_SHARE,
            use_tls=access.security == "tls",
            # True, not the library's None: "if offered" can be stripped by whoever sits between.
            start_tls=access.security == "starttls",
            username=access.user or None,
            password=None if token else access.password or None,
            oauth_token_generator=given if token else None,
            tls_context=access.tls,
        )
        try:
            await client.connect()
            if client.is_ehlo_or_helo_needed:
                await client.ehlo()  # what the server can do must be known before the first mail
        except (SMTPException, OSError, TimeoutError) as error:
            client.close()
            raise _not_connected(error, access) from error
        return client

    async def _transact(self, mail: EmailMessage, cargo: Cargo, *, sender: str, recipient: str, before_text: BeforeText | None) -> None:
        """The dialogue in its steps, so that it is known whether the text was under way when something broke."""
        from aiosmtplib import SMTPException, SMTPResponseException

        try:
            async with asyncio.timeout(self._access.limit * DIALOGUE_SHARE):
                client = await self._connected()
                data = await _agree(client, mail, cargo, sender=sender, recipient=recipient)
                if before_text is not None:
                    await before_text()
        except SMTPResponseException as error:
            raise _refused(error.code, error.message) from error
        except (SMTPException, OSError, TimeoutError) as error:
            raise Transient("Зв'язок із сервером надсилання перервався.") from error
        try:
            await hand_over(client, data, limit=self._access.limit * TEXT_SHARE)
        except SMTPResponseException as error:
            raise _refused(error.code, error.message) from error
        except (SMTPException, OSError, TimeoutError) as error:
            raise Unsure("Зв'язок перервався, коли лист уже передавався.") from error

    def _close_later(self) -> None:
        if self._closing is not None:
            self._closing.cancel()
        self._closing = asyncio.get_running_loop().call_later(KEEP_OPEN, self._leave)

    def _leave(self) -> None:
        task = asyncio.create_task(self.close(), name="smtp-close")
        self._leaving.add(task)
        task.add_done_callback(self._leaving.discard)

    async def _drop(self) -> None:
        if self._closing is not None:
            self._closing.cancel()
            self._closing = None
        client, self._client = self._client, None
        if client is not None:
            client.close()


async def _agree(client: SMTP, mail: EmailMessage, cargo: Cargo, *, sender: str, recipient: str) -> bytes:
    """Sender, recipient and options; the bytes to send. Raises what the library raises, Unreachable or Permanent where more is known."""
    is_wide = not recipient.isascii() or not sender.isascii()
    if is_wide and not client.supports_extension("smtputf8"):
        recipient, sender = _to_idna(recipient), _to_idna(sender)
        if not recipient.isascii():
            raise Unreachable("Сервер не підтримує адрес із нелатинськими літерами.")
        is_wide = False
    data = _as_bytes(mail, is_wide=is_wide)
    if cargo:
        data = await asyncio.to_thread(filled, data, cargo)
    if client.supports_extension("size") and 0 < _size_limit(client) < len(data):
        raise Permanent("Лист завеликий для сервера.")
    options = ["BODY=8BITMIME"] if client.supports_extension("8bitmime") else []
    options += ["SMTPUTF8"] if is_wide else []
    encoding = "utf-8" if is_wide else "ascii"
    await client.mail(sender, options=options, encoding=encoding)
    await client.rcpt(recipient, encoding=encoding)
    return data


def _not_connected(error: BaseException, access: RelayAccess) -> BotError:
    from aiosmtplib import SMTPAuthenticationError, SMTPResponseException

    host = access.host
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return Transient(
                "Сертифікату сервера {host} не можна довіряти: {why}", retry_after=OUT_OF_ORDER, host=host, why=cause.verify_message
            )
        cause = cause.__cause__
    if isinstance(error, SMTPAuthenticationError) and error.code >= 500:
        # Knocking on with a wrong password locks accounts.
        if access.token is not None:
            return RelayRefused(
                "Сервер надсилання {host} не прийняв токена. Перевірте права застосунку.", retry_after=OUT_OF_ORDER, host=host
            )
        return RelayRefused("Сервер надсилання {host} не прийняв ім'я чи пароль. Перевірте [mail].", retry_after=OUT_OF_ORDER, host=host)
    if isinstance(error, SMTPResponseException):
        return Transient("Сервер надсилання {host} відмовив ({code}).", retry_after=GREYLISTED, host=host, code=error.code)
    if isinstance(error, OSError):
        return Transient("Сервер надсилання {host} недосяжний.", host=host)
    return Transient("Сервер надсилання {host} не підтримує STARTTLS або налаштований спосіб входу.", retry_after=OUT_OF_ORDER, host=host)


def _refused(code: int, said: str) -> BotError:
    """A refusal of one mail. 4yz passes, 5yz does not (RFC 5321, 4.2.1), except that a demand for a login is the relay's own trouble."""
    if code in (530, 535, 538):
        return RelayRefused("Сервер надсилання вимагає входу ({code}). Перевірте [mail].", retry_after=OUT_OF_ORDER, code=code)
    if 400 <= code < 500:
        return Transient("Сервер попросив надіслати пізніше ({code}).", retry_after=GREYLISTED, code=code)
    if code == 552:
        return Permanent("Лист завеликий для адресата чи його скринька переповнена ({code}).", code=code)
    if code in (550, 551, 553) and not _is_about_us(said):
        return Unreachable("Адреси не існує, або вона не приймає листів ({code}).", code=code)
    return Permanent("Сервер відхилив лист ({code}).", code=code)


def _is_about_us(said: str) -> bool:
    """5.7.x speaks of policy (spam, relaying), not of the recipient."""
    return said.lstrip().startswith("5.7.")


def _size_limit(client: SMTP) -> int:
    value = client.esmtp_extensions.get("size", "")
    return int(value) if value.isdigit() else 0


def _to_idna(address: str) -> str:
    """The domain part can be written in Latin letters, the local part cannot."""
    local, _, domain = address.rpartition("@")
    try:
        return f"{local}@{domain.encode('idna').decode('ascii')}"
    except UnicodeError:
        return address


def _as_bytes(mail: EmailMessage, *, is_wide: bool) -> bytes:
    return mail.as_bytes(policy=policy.SMTPUTF8 if is_wide else policy.SMTP)
