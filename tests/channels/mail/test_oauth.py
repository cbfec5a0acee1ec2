"""OAuth2 against a strict token server, and mail servers that take nothing but its tokens: Dovecot, which asks it, and aiosmtpd."""

from __future__ import annotations

import asyncio
import itertools
import json
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest

from bot.channels.mail.access import LoginRefused, MailboxAccess
from bot.channels.mail.oauth import dialogue
from bot.channels.mail.oauth.keeper import Keeper
from bot.channels.mail.oauth.providers import Consent, Provider, Way, consent, google, microsoft
from bot.channels.mail.oauth.sealing import KEY_FILE, Sealer, Unreadable, sealer
from bot.channels.mail.smtp import Relay, RelayAccess
from bot.channels.mail.source import MailSource
from bot.errors import Misconfigured, Rejected, Transient
from bot.ports import Storage
from bot.storage.memory import MemoryStorage
from tests.builders import TUESDAY
from tests.fakes import FakeClock
from tests.integration.dovecot import USER, Dovecot, require_dovecot
from tests.integration.oauth_server import CLIENT, SECRET, TENANT, OAuthServer
from tests.integration.smtp_sink import SmtpSink


def by_device(server: OAuthServer) -> Provider:
    return microsoft(way=Way.DEVICE, client_id=CLIENT, tenant=TENANT, authority=server.url)


def by_application(server: OAuthServer, secret: str = SECRET) -> Provider:
    return microsoft(way=Way.APPLICATION, client_id=CLIENT, client_secret=secret, tenant=TENANT, authority=server.url)


def by_browser(server: OAuthServer) -> Provider:
    return google(client_id=CLIENT, client_secret=SECRET, authority=server.url)


def keeper(provider: Provider, storage: Storage, clock: FakeClock, key: str = "a key of this desk") -> Keeper:
    return Keeper(name="support", provider=provider, storage=storage, clock=clock, sealer=Sealer(key))


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(TUESDAY)


async def consented(server: OAuthServer, clock: FakeClock, storage: Storage | None = None) -> Keeper:
    """A mailbox whose person has typed the code."""
    provider = by_device(server)
    code = await dialogue.device_code(provider)
    server.approve(code.user_code)
    kept = keeper(provider, storage or MemoryStorage(), clock)
    await kept.keep(await dialogue.by_device(provider, code, now=clock.now()))
    return kept


async def test_the_device_code_is_asked_about_until_the_person_agrees(clock: FakeClock) -> None:
    async with OAuthServer(user=USER) as server:
        provider = by_device(server)
        code = await dialogue.device_code(provider)
        assert code.url == f"{server.url}/device"
        with pytest.raises(dialogue.Pending) as caught:
            await dialogue.by_device(provider, code, now=clock.now())
        assert not caught.value.slower
        server.slow_down()
        with pytest.raises(dialogue.Pending) as caught:
            await dialogue.by_device(provider, code, now=clock.now())
        assert caught.value.slower
        server.approve(code.user_code)
        grant = await dialogue.by_device(provider, code, now=clock.now())
        assert server.is_good(grant.access_token, USER)
        assert grant.refresh_token


async def test_a_person_who_says_no_is_told_so(clock: FakeClock) -> None:
    async with OAuthServer(user=USER) as server:
        provider = by_device(server)
        code = await dialogue.device_code(provider)
        server.decline(code.user_code)
        with pytest.raises(Rejected, match="відмовлено"):
            await dialogue.by_device(provider, code, now=clock.now())


async def consented_address(visit: Consent) -> str:
    """What stands in the browser's address bar when the person has agreed."""
    async with aiohttp.ClientSession() as session, session.get(visit.url, allow_redirects=False) as response:
        assert response.status == 302, await response.text()
        return response.headers["Location"]


async def test_a_code_from_the_browser_becomes_tokens_once(clock: FakeClock) -> None:
    async with OAuthServer(user=USER) as server:
        provider = by_browser(server)
        visit = consent(provider, user=USER)
        code = visit.code_in(f"  {await consented_address(visit)}\n")
        grant = await dialogue.by_consent(provider, visit, code, now=clock.now())
        assert server.is_good(grant.access_token, USER)
        assert grant.refresh_token
        with pytest.raises(Rejected, match="одноразовий"):
            await dialogue.by_consent(provider, visit, code, now=clock.now())


async def test_a_stolen_code_is_useless_without_the_verifier(clock: FakeClock) -> None:
    async with OAuthServer(user=USER) as server:
        provider = by_browser(server)
        visit = consent(provider, user=USER)
        code = visit.code_in(await consented_address(visit))
        with pytest.raises(Rejected):
            await dialogue.by_consent(provider, consent(provider, user=USER), code, now=clock.now())


def test_what_is_pasted_back_is_read_kindly_and_checked() -> None:
    visit = consent(google(client_id="c", client_secret="s"), user=USER)
    assert visit.code_in("4/0AbCd") == "4/0AbCd"
    assert visit.code_in(f"http://127.0.0.1:8765/?state={visit.state}&code=4%2F0AbCd") == "4/0AbCd"
    with pytest.raises(Rejected, match="іншої спроби"):
        visit.code_in("http://127.0.0.1:8765/?state=another&code=4")
    with pytest.raises(Rejected, match="access_denied"):
        visit.code_in(f"http://127.0.0.1:8765/?state={visit.state}&error=access_denied")
    for wrong in ("", "http://127.0.0.1:8765/", "https://example.com/?foo=bar"):
        with pytest.raises(Rejected):
            visit.code_in(wrong)
    asked = parse_qs(urlsplit(visit.url).query)
    assert asked["code_challenge_method"] == ["S256"]
    assert asked["access_type"] == ["offline"]


def test_no_secret_is_in_what_is_printed_of_a_provider_and_a_visit() -> None:
    provider = google(client_id=CLIENT, client_secret=SECRET)
    visit = consent(provider, user=USER)
    assert SECRET not in repr(provider)
    assert not any(each in repr(visit) for each in (visit.state, visit.verifier))


@pytest.mark.parametrize("pasted", ["http://127.0.0.1:8765/?state=ю&code=1", "http://[?state=x&code=1", "http://[?x=1", "="])
def test_nonsense_that_is_pasted_back_is_refused_in_words(pasted: str) -> None:
    with pytest.raises(Rejected):
        consent(google(client_id=CLIENT, client_secret=SECRET), user=USER).code_in(pasted)


async def test_an_application_needs_no_person(clock: FakeClock) -> None:
    async with OAuthServer(user=USER) as server:
        token = await keeper(by_application(server), MemoryStorage(), clock).access_token()
        assert server.is_good(token, USER)
        with pytest.raises(Misconfigured, match="invalid_client"):
            await keeper(by_application(server, "wrong"), MemoryStorage(), clock).access_token()


async def test_a_token_is_used_until_four_fifths_of_its_life_and_then_renewed(clock: FakeClock) -> None:
    async with OAuthServer(user=USER) as server:
        kept = await consented(server, clock)
        first = await kept.access_token()
        clock.advance(timedelta(minutes=47))
        assert await kept.access_token() == first
        clock.advance(timedelta(minutes=2))
        second = await kept.access_token()
        assert second != first
        assert server.is_good(second, USER)
        # The refresh token rolled: the next renewal goes by the new one.
        clock.advance(timedelta(minutes=49))
        assert await kept.access_token() not in (first, second)
        assert server.grants.count("refresh_token") == 2


async def test_many_who_ask_at_once_renew_once_in_all_processes(clock: FakeClock) -> None:
    async with OAuthServer(user=USER) as server:
        storage = MemoryStorage()
        ours = await consented(server, clock, storage)
        theirs = keeper(by_device(server), storage, clock)
        clock.advance(timedelta(minutes=50))
        tokens = await asyncio.gather(*(each.access_token() for each in itertools.islice(itertools.cycle((ours, theirs)), 20)))
        assert server.grants.count("refresh_token") == 1
        # Who was second got what was still valid, or the new one.
        assert all(server.is_good(token, USER) for token in tokens)


async def test_a_process_that_died_while_renewing_holds_nobody_up_for_long(clock: FakeClock) -> None:
    async with OAuthServer(user=USER) as server:
        storage = MemoryStorage()
        kept = await consented(server, clock, storage)
        clock.advance(timedelta(hours=2))
        async with storage.write() as uow:
            assert await uow.state.take_lease(
                "mail:oauth:support", owner="dead", now=clock.now(), until=clock.now() + timedelta(seconds=30)
            )
            await uow.commit()
        waiting = asyncio.create_task(kept.access_token())
        await asyncio.sleep(0.1)
        assert not waiting.done()
        clock.advance(timedelta(seconds=31))
        assert server.is_good(await asyncio.wait_for(waiting, 5), USER)


async def test_a_refused_token_is_not_given_again(clock: FakeClock) -> None:
    async with OAuthServer(user=USER) as server:
        kept = await consented(server, clock)
        first = await kept.access_token()
        assert await kept.access_token(refused="another") == first
        assert await kept.access_token(refused=first) != first


async def test_a_consent_taken_back_is_told_with_the_command(clock: FakeClock) -> None:
    async with OAuthServer(user=USER) as server:
        kept = await consented(server, clock)
        server.revoke()
        clock.advance(timedelta(hours=1))
        with pytest.raises(dialogue.ConsentLost, match="deskbot mail authorize support"):
            await kept.access_token()
    with pytest.raises(dialogue.ConsentLost):
        await keeper(by_device(server), MemoryStorage(), clock).access_token()


@pytest.mark.parametrize("answer", [(500, "{}"), (200, "[]"), (200, "not json"), (200, "{}"), (503, '{"error":"temporarily_unavailable"}')])
async def test_a_token_server_in_trouble_is_waited_out(clock: FakeClock, answer: tuple[int, str]) -> None:
    async with OAuthServer(user=USER) as server:
        kept = await consented(server, clock)
        clock.advance(timedelta(hours=1))
        server.answer_with.append(answer)
        with pytest.raises(Transient) as caught:
            await kept.access_token()
        assert not isinstance(caught.value, dialogue.ConsentLost)
        assert server.is_good(await kept.access_token(), USER)


async def test_nothing_readable_is_stored_and_another_key_reads_nothing(clock: FakeClock) -> None:
    async with OAuthServer(user=USER) as server:
        storage = MemoryStorage()
        kept = await consented(server, clock, storage)
        token = await kept.access_token()
        async with storage.read() as uow:
            stored = json.dumps(await uow.state.get("mail:oauth:support"))
        assert token not in stored
        assert not any(refresh in stored for refresh in server.refreshable)
        stranger = keeper(by_device(server), storage, clock, key="another")
        with pytest.raises(dialogue.ConsentLost):
            await stranger.access_token()


def test_the_key_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    sealed = sealer("", folder).seal("words")
    assert sealer("", folder).open(sealed) == "words"
    assert stat.S_IMODE((folder / KEY_FILE).stat().st_mode) == 0o600
    assert [file.name for file in folder.iterdir()] == [KEY_FILE]
    with pytest.raises(Unreadable):
        sealer("configured", folder).open(sealed)
    (folder / KEY_FILE).unlink()
    (folder / KEY_FILE).mkdir()
    with pytest.raises(Misconfigured, match="token_key_file"):
        sealer("", folder)


def test_tokens_are_not_fetched_in_the_open() -> None:
    with pytest.raises(Misconfigured):
        google(client_id="c", client_secret="s", authority="http://login.example.com")


# --- servers that demand XOAUTH2 ---------------------------------------------------------------------------------------------


@asynccontextmanager
async def mail_server(server: OAuthServer) -> AsyncIterator[Dovecot]:
    require_dovecot()
    dovecot = Dovecot(introspection=f"{server.url}/introspect")
    dovecot.start()
    try:
        yield dovecot
    finally:
        dovecot.cleanup()


def access(dovecot: Dovecot, kept: Keeper | None, **more: Any) -> MailboxAccess:
    return MailboxAccess(host="127.0.0.1", port=dovecot.port, user=USER, token=kept, is_plain=True, command_limit=5.0, **more)


async def test_a_mailbox_that_wants_a_token_is_read_with_one(clock: FakeClock) -> None:
    async with OAuthServer(user=USER) as server, mail_server(server) as dovecot:
        dovecot.deliver(b"Subject: hi\r\n\r\nhello\r\n")
        source = MailSource(access(dovecot, await consented(server, clock)))
        try:
            await source.connect()
            assert source.can_idle
            assert [mail.raw for mail in await source.fetch(await source.new_uids(after=0))] == [b"Subject: hi\r\n\r\nhello\r\n"]
        finally:
            await source.close()


async def test_a_token_that_ended_early_is_replaced_on_the_same_line(clock: FakeClock) -> None:
    async with OAuthServer(user=USER) as server, mail_server(server) as dovecot:
        kept = await consented(server, clock)
        server.expire()
        source = MailSource(access(dovecot, kept))
        try:
            await source.connect()
            assert await source.new_uids(after=0) == []
        finally:
            await source.close()
        assert server.grants.count("refresh_token") == 1


async def test_a_server_that_takes_no_token_of_ours_refuses_the_login_and_does_not_hang(clock: FakeClock) -> None:
    async with OAuthServer(user="somebody-else") as server, mail_server(server) as dovecot:
        source = MailSource(access(dovecot, await consented(server, clock)))
        try:
            with pytest.raises(LoginRefused):
                await asyncio.wait_for(source.connect(), 15)
        finally:
            await source.close()


async def test_a_password_opens_nothing_there(clock: FakeClock) -> None:
    async with OAuthServer(user=USER) as server, mail_server(server) as dovecot:
        source = MailSource(access(dovecot, None, password="secret"))
        try:
            with pytest.raises(Transient):
                await source.connect()
        finally:
            await source.close()


@pytest.fixture
def letter() -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "support@desk.example", "iryna@shop.example", "Тема"
    mail.set_content("Вітаємо!")
    return mail


def relay(sink: SmtpSink, kept: Keeper) -> Relay:
    return Relay(RelayAccess(host="127.0.0.1", port=sink.port, security="plain", user=USER, token=kept, hello="desk.example", limit=10.0))


async def test_a_relay_that_wants_a_token_gets_one_and_a_fresh_one_when_it_ended(clock: FakeClock, letter: EmailMessage) -> None:
    async with OAuthServer(user=USER) as server, SmtpSink(is_good=server.is_good) as sink:
        kept = await consented(server, clock)
        sending = relay(sink, kept)
        try:
            await sending.send(letter, sender="support@desk.example", recipient="iryna@shop.example")
            await sending.close()
            server.expire()
            await sending.send(letter, sender="support@desk.example", recipient="iryna@shop.example")
        finally:
            await sending.close()
        assert len(sink.mails) == 2
        assert server.grants.count("refresh_token") == 1


async def test_without_consent_mails_wait_and_the_sentence_says_what_to_do(clock: FakeClock, letter: EmailMessage) -> None:
    async with OAuthServer(user=USER) as server, SmtpSink(is_good=server.is_good) as sink:
        kept = await consented(server, clock)
        server.revoke()
        sending = relay(sink, kept)
        try:
            with pytest.raises(Transient, match="authorize"):
                await sending.send(letter, sender="support@desk.example", recipient="iryna@shop.example")
        finally:
            await sending.close()
        assert sink.mails == []
