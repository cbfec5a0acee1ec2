"""`deskbot mail`: consent given from a terminal, as a person and two servers meet it, and senders blocked."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest

from tests.commands.conftest import Deskbot
from tests.integration.dovecot import USER, Dovecot, require_dovecot
from tests.integration.oauth_server import CLIENT, SECRET, TENANT, OAuthServer
from tests.integration.smtp_sink import SmtpSink

REPOSITORY = Path(__file__).parents[2]


@dataclass
class Servers:
    oauth: OAuthServer
    dovecot: Dovecot
    sink: SmtpSink


@asynccontextmanager
async def servers() -> AsyncIterator[Servers]:
    require_dovecot()
    async with OAuthServer(user=USER) as oauth, SmtpSink(is_good=oauth.is_good) as sink:
        dovecot = Dovecot(introspection=f"{oauth.url}/introspect")
        dovecot.start()
        try:
            yield Servers(oauth, dovecot, sink)
        finally:
            dovecot.cleanup()


def configure(folder: Path, it: Servers, oauth: str) -> None:
    (folder / "secret").write_text(SECRET)
    (folder / "config.toml").write_text(
        f'[[mail.mailboxes]]\nname = "support"\naddress = "support@desk.example"\n'
        f'[mail.mailboxes.imap]\nhost = "127.0.0.1"\nport = {it.dovecot.port}\nsecurity = "plain"\nuser = "{USER}"\n'
        f'[mail.mailboxes.smtp]\nhost = "127.0.0.1"\nport = {it.sink.port}\nsecurity = "plain"\n'
        f'[mail.mailboxes.oauth]\nclient_id = "{CLIENT}"\nclient_secret_file = "secret"\nauthority = "{it.oauth.url}"\n{oauth}\n'
    )


DEVICE = f'provider = "microsoft365"\ntenant = "{TENANT}"'
APPLICATION = f'{DEVICE}\ngrant = "application"'
BROWSER = 'provider = "gmail"'


class Terminal:
    """`deskbot …` as a process; what it says so far is read while it runs."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.text = ""

    @classmethod
    async def start(cls, folder: Path, *arguments: str, language: str = "uk") -> Terminal:
        environment = {**os.environ, "PYTHONPATH": str(REPOSITORY), "DESKBOT_LANGUAGE": language}
        pipe = asyncio.subprocess.PIPE
        return cls(
            await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "bot",
                *arguments,
                cwd=folder,
                env=environment,
                stdin=pipe,
                stdout=pipe,
                stderr=asyncio.subprocess.STDOUT,
            )
        )

    async def until(self, pattern: str) -> str:
        assert self.process.stdout is not None
        async with asyncio.timeout(30):
            while not (found := re.search(pattern, self.text)):
                line = await self.process.stdout.readline()
                assert line, f"ended without {pattern!r}:\n{self.text}"
                self.text += line.decode()
        return found[1] if found.groups() else found[0]

    async def type(self, text: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{text}\n".encode())
        await self.process.stdin.drain()

    async def end(self) -> int:
        rest, _ = await asyncio.wait_for(self.process.communicate(), 30)
        self.text += rest.decode()
        return self.process.returncode or 0


async def test_a_person_consents_with_a_code(tmp_path: Path) -> None:
    async with servers() as it:
        configure(tmp_path, it, DEVICE)
        terminal = await Terminal.start(tmp_path, "mail", "authorize", "support")
        code = await terminal.until(r"Введіть код (DESK-\d+)")
        assert f"{it.oauth.url}/device" in terminal.text
        it.oauth.approve(code)
        assert await terminal.end() == 0, terminal.text
        assert "скринька support@desk.example під'єднана" in terminal.text
        assert not any(token in terminal.text for token in (*it.oauth.alive, *it.oauth.refreshable))

        check = await Terminal.start(tmp_path, "check")
        assert await check.end() == 0, check.text


async def test_a_person_who_declines_is_told_and_may_start_over(tmp_path: Path) -> None:
    async with servers() as it:
        configure(tmp_path, it, DEVICE)
        terminal = await Terminal.start(tmp_path, "mail", "authorize", "support", language="en")
        it.oauth.decline(await terminal.until(r"code (DESK-\d+)"))
        assert await terminal.end() == 1
        assert "refused" in terminal.text
        assert "Traceback" not in terminal.text


async def test_gmail_goes_through_the_browser_and_the_address_is_pasted_back(tmp_path: Path) -> None:
    async with servers() as it:
        configure(tmp_path, it, BROWSER)
        terminal = await Terminal.start(tmp_path, "mail", "authorize", "support")
        url = await terminal.until(r"(http://127\.0\.0\.1:\d+/o/oauth2\S+)")
        async with aiohttp.ClientSession() as session, session.get(url, allow_redirects=False) as response:
            address = response.headers["Location"]
        await terminal.type(address)
        assert await terminal.end() == 0, terminal.text


async def test_what_was_pasted_wrongly_is_explained(tmp_path: Path) -> None:
    async with servers() as it:
        configure(tmp_path, it, BROWSER)
        terminal = await Terminal.start(tmp_path, "mail", "authorize", "support")
        await terminal.until("вставте сюди")
        await terminal.type("http://127.0.0.1:8765/?error=access_denied")
        assert await terminal.end() == 1
        assert "Дозволити" in terminal.text


async def test_an_application_is_only_tried_out(tmp_path: Path) -> None:
    async with servers() as it:
        configure(tmp_path, it, APPLICATION)
        terminal = await Terminal.start(tmp_path, "mail", "authorize", "support")
        assert await terminal.end() == 0, terminal.text
        assert set(it.oauth.grants) == {"client_credentials"}


async def test_check_says_how_to_consent(tmp_path: Path) -> None:
    async with servers() as it:
        configure(tmp_path, it, DEVICE)
        terminal = await Terminal.start(tmp_path, "check")
        assert await terminal.end() == 1
        assert "deskbot mail authorize support" in terminal.text


def test_a_mailbox_with_a_password_needs_no_consent(deskbot: Deskbot, desk: Path) -> None:
    (desk / "config.toml").write_text(
        '[[mail.mailboxes]]\nname = "support"\naddress = "support@desk.example"\n'
        '[mail.mailboxes.imap]\nhost = "mx"\nuser = "u"\npassword = "p"\n[mail.mailboxes.smtp]\nhost = "mx"\n'
    )
    assert "за паролем" in deskbot("mail", "authorize", "support").err
    assert "support" in deskbot("mail", "authorize", "sales").err


def test_senders_are_blocked_shown_and_unblocked(deskbot: Deskbot, desk: Path) -> None:
    (desk / "config.toml").write_text('[mail]\nblocked = ["@noise.example"]\n')
    assert deskbot("mail", "block", " Nobody@Shop.Example ").code == 0
    assert deskbot("mail", "block", "@spam.example").code == 0
    assert deskbot("mail", "blocked").out.split() == ["@noise.example", "@spam.example", "nobody@shop.example"]
    assert deskbot("mail", "unblock", "@spam.example").code == 0
    assert deskbot("mail", "blocked").out.split() == ["@noise.example", "nobody@shop.example"]
    assert "налаштуваннях" in deskbot("mail", "unblock", "@noise.example").err
    assert deskbot("mail", "unblock", "@other.example").code == 1


@pytest.mark.parametrize("wrong", ["nobody", "@", "a@b@c", "two words@x.example", ""])
def test_what_is_no_sender_is_not_blocked(deskbot: Deskbot, wrong: str) -> None:
    assert deskbot("mail", "block", wrong).code == 2


@pytest.mark.parametrize(
    ("oauth", "told"),
    [
        ('provider = "microsoft365"\nclient_id = "c"', "oauth.tenant"),
        ('provider = "microsoft365"\nclient_id = "c"\ntenant = "t"\ngrant = "application"', "oauth.client_secret"),
        ('provider = "gmail"\nclient_id = "c"', "OAUTH__CLIENT_SECRET"),
        ('provider = "yahoo"\nclient_id = "c"', "oauth.provider"),
        ('provider = "gmail"\nclient_id = "c"\nclient_secret = "s"\nauthority = "http://login.example.com"', "oauth.authority"),
    ],
)
def test_what_is_wrong_with_the_settings_is_told(deskbot: Deskbot, desk: Path, oauth: str, told: str) -> None:
    (desk / "config.toml").write_text(
        '[[mail.mailboxes]]\nname = "support"\naddress = "support@desk.example"\n'
        f'[mail.mailboxes.imap]\nhost = "mx"\nuser = "u"\n[mail.mailboxes.smtp]\nhost = "mx"\n[mail.mailboxes.oauth]\n{oauth}\n'
    )
    ended = deskbot("check")
    assert ended.code == 1
    assert told in ended.err + ended.out
