"""The IMAP source against a real Dovecot: what it fetches, and that nothing it may meet hangs it."""

from __future__ import annotations

import asyncio
import base64
import os
import ssl
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.channels.mail.access import ConnectionLost, LoginRefused, MailboxAccess
from bot.channels.mail.source import OVERSIZE_HEADER, MailSource
from bot.errors import Misconfigured, Transient
from tests.integration.dovecot import PASSWORD, USER, Dovecot, require_dovecot
from tests.integration.proxy import Proxy


def access(port: int, **changes: object) -> MailboxAccess:
    fields: dict[str, object] = {
        "host": "127.0.0.1",
        "port": port,
        "user": USER,
        "password": PASSWORD,
        "is_plain": True,
        "command_limit": 3.0,
    }
    return MailboxAccess(**{**fields, **changes})  # type: ignore[arg-type]


@asynccontextmanager
async def opened(box: MailboxAccess) -> AsyncIterator[MailSource]:
    source = MailSource(box)
    try:
        await source.connect()
        yield source
    finally:
        await source.close()


def mail(number: int, size: int = 0) -> bytes:
    body = "x" * size
    return f"From: a@example.com\r\nSubject: N{number}\r\nMessage-ID: <{number}@example.com>\r\n\r\nтекст {number} {body}\r\n".encode()


async def test_mails_come_out_whole_and_in_order_without_being_marked(dovecot: Dovecot) -> None:
    for number in range(1, 121):
        dovecot.deliver(mail(number))
    async with opened(access(dovecot.port)) as source:
        uids = await source.new_uids(after=0)
        assert uids == list(range(1, 121))
        fetched = [each for start in (0, 50, 100) for each in await source.fetch(uids[start : start + 50])]
        assert [each.uid for each in fetched] == uids
        assert fetched[6].raw == mail(7)
        assert all(each.size == len(each.raw) for each in fetched)
        assert all(
            abs(datetime.now(UTC) - (each.received_at or datetime.min.replace(tzinfo=UTC))) < timedelta(minutes=1) for each in fetched
        )
        assert dovecot.seen() == 0
        await source.mark_seen(uids)
        assert dovecot.seen() == 120
        assert await source.new_uids(after=120) == []
        assert await source.new_uids(after=0, unseen=True) == []
        assert await source.new_uids(after=100, since=datetime.now(UTC) - timedelta(days=1)) == list(range(101, 121))


async def test_a_big_mail_comes_in_pieces_and_does_not_hold_the_loop(dovecot: Dovecot) -> None:
    big = b"From: a@example.com\r\nSubject: big\r\n\r\n" + base64.encodebytes(os.urandom(15_000_000)).replace(b"\n", b"\r\n")
    dovecot.deliver(big)
    stalls: list[float] = []

    async def watch() -> None:
        while True:
            before = time.perf_counter()
            await asyncio.sleep(0.001)
            stalls.append(time.perf_counter() - before)

    async with opened(access(dovecot.port, command_limit=20.0)) as source:
        watcher = asyncio.create_task(watch())
        [fetched] = await source.fetch([1])
        watcher.cancel()
    assert fetched.raw == big
    assert max(stalls) < 0.5  # measured 5 ms; the machine of a test may be busy


async def test_an_oversize_mail_is_fetched_in_part_and_says_so(dovecot: Dovecot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.channels.mail.source.MAX_MAIL", 2_000_000)
    dovecot.deliver(mail(1, size=3_000_000))
    async with opened(access(dovecot.port)) as source:
        [fetched] = await source.fetch([1])
    assert fetched.raw.startswith(OVERSIZE_HEADER)
    assert fetched.size > 3_000_000
    assert len(fetched.raw) < 300_000


async def test_idle_wakes_when_a_mail_arrives(dovecot: Dovecot) -> None:
    dovecot.deliver(mail(1))
    async with opened(access(dovecot.port)) as source:
        assert source.can_idle
        waiting = asyncio.create_task(source.wait())
        await asyncio.sleep(0.3)
        assert not waiting.done()
        dovecot.deliver(mail(2))
        await asyncio.wait_for(waiting, 5)
        assert await source.new_uids(after=1) == [2]


async def test_a_mail_told_during_another_command_is_not_slept_over(dovecot: Dovecot) -> None:
    dovecot.deliver(mail(1))
    async with opened(access(dovecot.port)) as source:
        assert await source.new_uids(after=0) == [1]
        dovecot.deliver(mail(2))
        await source.mark_seen([1])  # the answer to this tells of the second mail
        await asyncio.wait_for(source.wait(), 3)
        assert await source.new_uids(after=1) == [2]


async def test_idle_is_renewed_and_the_connection_stays_usable(dovecot: Dovecot) -> None:
    async with opened(access(dovecot.port, idle_renewal=timedelta(milliseconds=200))) as source:
        for _ in range(3):
            await asyncio.wait_for(source.wait(), 5)
        assert await source.new_uids(after=0) == []


async def test_without_idle_the_source_polls() -> None:
    require_dovecot()
    server = Dovecot(capability="IMAP4rev1 UIDPLUS")
    server.start()
    try:
        async with opened(access(server.port, poll=timedelta(milliseconds=100))) as source:
            assert not source.can_idle
            await asyncio.wait_for(source.wait(), 5)
            assert await source.new_uids(after=0) == []
    finally:
        server.cleanup()


async def test_a_killed_server_ends_the_wait_at_once(dovecot: Dovecot) -> None:
    async with opened(access(dovecot.port)) as source:
        waiting = asyncio.create_task(source.wait())
        await asyncio.sleep(0.3)
        dovecot.kill()
        with pytest.raises(ConnectionLost):
            await asyncio.wait_for(waiting, 3)


async def test_a_server_that_shuts_down_politely_ends_the_wait_too(dovecot: Dovecot) -> None:
    async with opened(access(dovecot.port)) as source:
        waiting = asyncio.create_task(source.wait())
        await asyncio.sleep(0.3)
        dovecot.stop()
        with pytest.raises(ConnectionLost):
            await _use_again(waiting, source)


async def _use_again(waiting: asyncio.Task[None], source: MailSource) -> None:
    await asyncio.wait_for(waiting, 5)
    await source.new_uids(after=0)


async def test_a_silent_line_is_noticed_by_deadline(dovecot: Dovecot) -> None:
    async with Proxy(dovecot.port) as proxy, opened(access(proxy.port, command_limit=0.5)) as source:
        proxy.is_swallowing = True
        started = time.monotonic()
        with pytest.raises(ConnectionLost):
            await source.new_uids(after=0)
        assert time.monotonic() - started < 2


async def test_a_silent_line_during_idle_is_noticed_at_the_renewal(dovecot: Dovecot) -> None:
    async with (
        Proxy(dovecot.port) as proxy,
        opened(access(proxy.port, command_limit=0.5, idle_renewal=timedelta(milliseconds=300))) as source,
    ):
        waiting = asyncio.create_task(source.wait())
        await asyncio.sleep(0.1)
        proxy.is_swallowing = True
        with pytest.raises(ConnectionLost):
            await asyncio.wait_for(waiting, 15)


async def test_a_wrong_password_is_told_apart_from_a_lost_line(dovecot: Dovecot) -> None:
    with pytest.raises(LoginRefused) as caught:
        async with opened(access(dovecot.port, password="wrong")):
            pass
    assert caught.value.retry_after is not None
    assert caught.value.retry_after >= timedelta(minutes=5)


async def test_a_missing_folder_is_a_mistake_in_the_configuration(dovecot: Dovecot) -> None:
    with pytest.raises(Misconfigured, match="Немає"):
        async with opened(access(dovecot.port, folder="Немає")):
            pass


async def test_a_folder_with_a_ukrainian_name_opens(dovecot: Dovecot) -> None:
    dovecot.deliver(mail(1), folder="&BB8EPgRIBEIEMA-")
    async with opened(access(dovecot.port, folder="Пошта")) as source:
        assert await source.new_uids(after=0) == [1]


async def test_nobody_listens() -> None:
    with pytest.raises(Transient, match="недосяжний"):
        async with opened(access(1)):
            pass


async def test_losing_the_index_shows_as_another_uid_validity(dovecot: Dovecot) -> None:
    dovecot.deliver(mail(1))
    async with opened(access(dovecot.port)) as source:
        before = source.uid_validity
    dovecot.lose_index()
    async with opened(access(dovecot.port)) as source:
        assert source.uid_validity not in (0, before)


async def test_tls_is_the_default_and_checks_the_certificate(certificate: Path, trusting: ssl.SSLContext) -> None:
    require_dovecot()
    server = Dovecot(certificate=certificate)
    server.start()
    try:
        server.deliver(mail(1))
        async with opened(MailboxAccess(host="localhost", port=server.tls_port, user=USER, password=PASSWORD, tls=trusting)) as source:
            assert await source.new_uids(after=0) == [1]
            waiting = asyncio.create_task(source.wait())
            await asyncio.sleep(0.3)
            server.kill()
            with pytest.raises(ConnectionLost):
                await asyncio.wait_for(waiting, 3)
        server.start()
        with pytest.raises(Misconfigured, match="Сертифікат"):
            async with opened(MailboxAccess(host="localhost", port=server.tls_port, user=USER, password=PASSWORD)):
                pass
    finally:
        server.cleanup()


def test_without_tls_only_this_machine_is_spoken_to() -> None:
    with pytest.raises(Misconfigured):
        MailboxAccess(host="imap.example.com", user="u", password="p", is_plain=True)


@pytest.mark.parametrize("answer", [b"* BYE overloaded\r\n", b"nonsense\r\n", b"", b"* OK hi\r\n* BAD\r\n"])
async def test_a_server_that_talks_nonsense_ends_in_a_transient_error(answer: bytes) -> None:
    async def talk(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(answer)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server:
        with pytest.raises(Transient):
            async with opened(access(port, command_limit=0.5)):
                pass
