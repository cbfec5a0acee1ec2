"""Sending against a real SMTP server: what every outcome is translated into."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from bot.channels.mail.smtp import Relay, RelayAccess, RelayRefused
from bot.errors import Misconfigured, Permanent, Transient, Unreachable, Unsure
from tests.integration.smtp_sink import SmtpSink

FROM, TO = "support@desk.example", "iryna@shop.example"


def letter(text: str = "Вітаємо!") -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"], mail["Message-ID"] = FROM, TO, "Тема", "<1@desk.example>"
    mail.set_content(text)
    return mail


@asynccontextmanager
async def relay(sink: SmtpSink, **changes: Any) -> AsyncIterator[Relay]:
    fields: dict[str, Any] = {"host": "127.0.0.1", "port": sink.port, "security": "plain", "limit": 5.0, "hello": "desk.example"}
    sending = Relay(RelayAccess(**{**fields, **changes}))
    try:
        yield sending
    finally:
        await sending.close()


async def test_a_burst_goes_over_one_connection() -> None:
    async with SmtpSink() as sink, relay(sink) as sending:
        await asyncio.gather(*(sending.send(letter(f"Лист {number}\n.\nз крапкою"), sender=FROM, recipient=TO) for number in range(20)))
        assert sorted(mail.text().replace("\r\n", "\n").strip() for mail in sink.mails) == sorted(
            f"Лист {number}\n.\nз крапкою" for number in range(20)
        )
        assert {mail.recipients for mail in sink.mails} == {(TO,)}
        assert sink.connections == 1


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        ("450 4.2.0 greylisted", Transient),
        ("550 5.1.1 no such user", Unreachable),
        ("550 5.7.1 relaying denied", Permanent),
        ("552 5.2.2 mailbox full", Permanent),
        ("530 5.7.0 authentication required", RelayRefused),
        ("drop", Transient),
        ("hang", Transient),
    ],
)
async def test_a_refused_recipient(reply: str, expected: type[Exception]) -> None:
    async with SmtpSink(on_rcpt=[reply]) as sink, relay(sink, limit=1.5) as sending:
        with pytest.raises(expected) as caught:
            await sending.send(letter(), sender=FROM, recipient=TO)
        assert type(caught.value) is expected
        assert sink.mails == []
        await sending.send(letter(), sender=FROM, recipient=TO)  # the next mail goes out on a new connection
        assert len(sink.mails) == 1


@pytest.mark.parametrize(
    ("reply", "expected"),
    [("451 4.3.0 later", Transient), ("554 5.6.0 spam", Permanent), ("drop", Unsure), ("take+drop", Unsure), ("take+hang", Unsure)],
)
async def test_a_refused_text(reply: str, expected: type[Exception]) -> None:
    async with SmtpSink(on_data=[reply]) as sink, relay(sink, limit=1.5) as sending:
        with pytest.raises(expected) as caught:
            await sending.send(letter(), sender=FROM, recipient=TO)
        assert type(caught.value) is expected


async def test_nobody_listens() -> None:
    async with SmtpSink() as sink:
        port = sink.port
    sending = Relay(RelayAccess(host="127.0.0.1", port=port, security="plain", limit=3.0))
    with pytest.raises(Transient, match="недосяжний"):
        await sending.send(letter(), sender=FROM, recipient=TO)


async def test_starttls_is_required_not_hoped_for(certificate: Path, trusting: ssl.SSLContext) -> None:
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(certificate)
    async with SmtpSink(tls=server, password="secret") as sink:
        secure = {"host": "localhost", "security": "starttls", "user": "support", "tls": trusting}
        async with relay(sink, password="secret", **secure) as sending:
            await sending.send(letter(), sender=FROM, recipient=TO)
        assert len(sink.mails) == 1
        async with relay(sink, password="wrong", **secure) as sending:
            with pytest.raises(Transient, match="пароль") as caught:
                await sending.send(letter(), sender=FROM, recipient=TO)
            assert caught.value.retry_after is not None
        async with relay(sink, password="secret", **{**secure, "tls": None}) as sending:
            with pytest.raises(Transient, match="Сертифікат"):
                await sending.send(letter(), sender=FROM, recipient=TO)
        assert len(sink.mails) == 1
    async with SmtpSink() as bare, relay(bare, security="starttls") as sending:
        with pytest.raises(Transient, match="STARTTLS"):
            await sending.send(letter(), sender=FROM, recipient=TO)
        assert bare.mails == []


async def test_letters_beyond_latin_in_addresses() -> None:
    async with SmtpSink() as sink, relay(sink) as sending:
        await sending.send(letter(), sender=FROM, recipient="іван@пошта.укр")
        assert sink.mails[0].recipients == ("іван@пошта.укр",)


async def test_a_mail_too_big_for_the_server_is_refused_before_it_is_sent() -> None:
    async with SmtpSink(size_limit=1_000) as sink, relay(sink) as sending:
        with pytest.raises(Permanent, match="завеликий"):
            await sending.send(letter("x" * 5_000), sender=FROM, recipient=TO)


def test_without_tls_only_this_machine_is_spoken_to() -> None:
    with pytest.raises(Misconfigured):
        RelayAccess(host="smtp.example.com", security="plain")


async def test_a_hanging_server_holds_nobody_beyond_the_lease_of_a_delivery() -> None:
    """Thirty deliveries under way at once, a server that says nothing: each ends in time, none is sent behind its lease."""
    async with SmtpSink(on_rcpt=["hang"] * 30) as sink, relay(sink, limit=2.0) as sending:
        started = asyncio.get_running_loop().time()
        sends = (sending.send(letter(), sender=FROM, recipient=TO) for _ in range(30))
        outcomes = await asyncio.gather(*sends, return_exceptions=True)
        assert asyncio.get_running_loop().time() - started < 2.5
        assert {type(outcome) for outcome in outcomes} == {Transient}
        assert sink.mails == []
