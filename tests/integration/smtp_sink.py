"""An SMTP server in the event loop (aiosmtpd) that keeps what it gets, refuses what it is told to, and breaks off on demand."""

from __future__ import annotations

import asyncio
import base64
import email
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from email import policy
from email.message import EmailMessage
from types import TracebackType
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session


@dataclass(frozen=True, slots=True)
class Received:
    """One mail as it came over the wire."""

    sender: str
    recipients: tuple[str, ...]
    raw: bytes

    @property
    def message(self) -> EmailMessage:
        message = email.message_from_bytes(self.raw, policy=policy.default)
        assert isinstance(message, EmailMessage)
        return message

    def text(self, kind: str = "plain") -> str:
        part = self.message.get_body(preferencelist=(kind,))
        assert part is not None
        return str(part.get_content())


class _ByToken(SMTP):
    """A server that takes XOAUTH2: a bad token is explained in a challenge, whose answer is an empty line."""

    async def auth_XOAUTH2(self, _server: SMTP, args: list[str]) -> Any:
        fields = dict(part.split("=", 1) for part in base64.b64decode(args[1]).decode().split("\1") if part)
        user, token = fields["user"], fields["auth"].removeprefix("Bearer ")
        result = self._authenticate("XOAUTH2", (user, token))
        if not result.success:
            await self.challenge_auth(b'{"status":"401","schemes":"bearer"}', encode_to_b64=True)
        return result


@dataclass(slots=True)
class SmtpSink:
    """`on_rcpt` and `on_data` are replies to give instead of taking, each once; "drop" breaks the line, "hang" says nothing,
    "take+drop" and the like take the mail first. `is_good` (token, user) makes it demand XOAUTH2 and nothing else."""

    on_rcpt: list[str] = field(default_factory=list)
    on_data: list[str] = field(default_factory=list)
    password: str = ""
    is_good: Callable[[str, str], bool] | None = None
    tls: ssl.SSLContext | None = None
    size_limit: int = 35_000_000
    mails: list[Received] = field(default_factory=list)
    connections: int = 0
    port: int = 0
    _server: asyncio.Server | None = None
    _arrived: asyncio.Event = field(default_factory=asyncio.Event)
    _sessions: list[Any] = field(default_factory=list)

    async def __aenter__(self) -> SmtpSink:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._session, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None) -> None:
        await self.stop()

    async def stop(self) -> None:
        assert self._server is not None
        self._server.close()
        for session in self._sessions:
            if session.transport is not None:
                session.transport.abort()
        await asyncio.sleep(0)

    def _session(self) -> SMTP:
        self.connections += 1
        session = (_ByToken if self.is_good else SMTP)(
            self,
            enable_SMTPUTF8=True,
            data_size_limit=self.size_limit,
            tls_context=self.tls,
            auth_require_tls=self.tls is not None,
            authenticator=self._authenticate if self.password or self.is_good else None,
            auth_exclude_mechanism=("LOGIN", "PLAIN") if self.is_good else (),
            hostname="sink.example.com",
        )
        self._sessions.append(session)
        return session

    def _authenticate(self, _server: SMTP, _session: Session, _envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        if mechanism == "XOAUTH2":
            assert self.is_good is not None
            user, token = data
            return AuthResult(success=self.is_good(token, user), handled=False)
        return AuthResult(success=data.password.decode() == self.password, handled=False)

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, address: str, _options: list[str]) -> str:
        if self.is_good and not session.authenticated:
            return "530 5.7.0 Authentication required"
        if self.on_rcpt:
            return await self._misbehave(server, self.on_rcpt.pop(0))
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:
        if self.on_data:
            reply = self.on_data.pop(0)
            if reply.startswith("take+"):
                self._take(envelope)
                reply = reply.removeprefix("take+")
            return await self._misbehave(server, reply)
        self._take(envelope)
        return "250 OK"

    def _take(self, envelope: Envelope) -> None:
        content = envelope.content
        assert isinstance(content, bytes)
        self.mails.append(Received(envelope.mail_from or "", tuple(envelope.rcpt_tos), content))
        self._arrived.set()

    async def _misbehave(self, server: SMTP, reply: str) -> str:
        if reply == "drop":
            server.transport.abort()
            return "421 bye"
        if reply == "hang":
            await asyncio.sleep(60)
        return reply

    async def wait_for(self, count: int, *, within: float = 10.0) -> list[Received]:
        """The mails, once there are at least `count`."""
        async with asyncio.timeout(within):
            while len(self.mails) < count:
                self._arrived.clear()
                await self._arrived.wait()
        return self.mails
