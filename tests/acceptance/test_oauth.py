"""A mailbox that takes no passwords, from consent to revocation: the command, the service, the servers and the token server are real."""

from __future__ import annotations

import asyncio
import re
import sys

from tests.acceptance import books
from tests.acceptance.chats import STAFF_CHAT, Telegram
from tests.acceptance.conftest import Start
from tests.acceptance.letters import letter
from tests.acceptance.process import Deskbot, environment, eventually
from tests.integration.dovecot import USER, Dovecot, require_dovecot
from tests.integration.oauth_server import CLIENT, TENANT, OAuthServer
from tests.integration.smtp_sink import SmtpSink


def mail(number: int) -> bytes:
    text = "Не друкується накладна в базі."
    return letter(sender="olena@romashka.example", name="Олена", subject=text, text=text, message_id=f"oauth{number}@romashka.example")


async def consent(bot: Deskbot, server: OAuthServer) -> str:
    """What a person does: runs the command, types the code at the page it names."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "mail", "authorize", "support", "--config", str(bot.config)),
        cwd=bot.folder,
        env=environment(bot.secrets),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    assert process.stdout is not None
    told = ""
    async with asyncio.timeout(60):
        while not (found := re.search(r"DESK-\d+", told)):
            line = await process.stdout.readline()
            assert line, told
            told += line.decode()
        server.approve(found[0])
        told += (await process.stdout.read()).decode()
        assert await process.wait() == 0, told
    return told


async def test_consent_mails_both_ways_and_a_revocation_that_the_staff_hear_of(desk: Start, telegram: Telegram) -> None:
    require_dovecot()
    await telegram.staff((901, "Олена"))
    async with OAuthServer(user=USER, lifetime=60) as server, SmtpSink(is_good=server.is_good) as sink:
        dovecot = Dovecot(introspection=f"{server.url}/introspect")
        dovecot.start()
        try:
            bot = desk(
                telegram=telegram.base_url,
                token=telegram.token,
                staff_chat=STAFF_CHAT,
                imap=dovecot.port,
                smtp=sink.port,
                imap_extra='renew = "5s"',
                smtp_extra="",
                extra=f'[mail.mailboxes.oauth]\nprovider = "microsoft365"\ntenant = "{TENANT}"\nclient_id = "{CLIENT}"\n'
                f'authority = "{server.url}"',
            )
            told = await consent(bot, server)
            assert "під'єднана" in told
            await bot.started()
            dovecot.deliver(mail(1))
            await sink.wait_for(1, within=45)
            assert sink.mails[0].recipients == ("olena@romashka.example",)

            # Taken back: the line breaks, nobody lets us in any more.
            server.revoke()
            await asyncio.to_thread(dovecot.stop)
            await asyncio.to_thread(dovecot.start)

            async def is_told() -> bool:
                return any("mail authorize support" in str(call["params"]["text"]) for call in await telegram.sends())

            await eventually(is_told, what="a word to the lead with the command")
            dovecot.deliver(mail(2))

            # Given again: the mail that waited is taken in. A restart stands for the two minutes that the service would wait.
            await consent(bot, server)
            await bot.stop()
            await bot.started()
            await sink.wait_for(2, within=45)
            await bot.stop()
            read = await books.read(bot.database_url)
            assert read.balanced("mail")["ticketed"] == 2
            secret = {*server.alive, *server.refreshable}
            assert not any(token in bot.log.read_text() for token in secret)
            assert not any(token.encode() in bot.database_file.read_bytes() for token in secret)
        finally:
            dovecot.cleanup()
