"""Bad input through a real process: each thing is accounted for, answered politely where somebody waits, and nothing after it suffers."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.acceptance import books
from tests.acceptance.browser import Browser
from tests.acceptance.chats import STAFF_CHAT, Telegram
from tests.acceptance.conftest import Start
from tests.acceptance.letters import letter
from tests.acceptance.process import PATIENCE, Deskbot, command, eventually
from tests.acceptance.tap import Tap
from tests.integration.dovecot import Dovecot, free_port
from tests.integration.smtp_sink import SmtpSink

pytestmark = pytest.mark.timeout(180)
IRYNA, PETRO, MARKO = 501, 502, 503
LONG = "Не друкує чек на касі, пише помилку. " * 2_703  # a little over 100,000 characters
FIVE_MISTAKES = """
[desk]
zon = "Europe/Kyiv"
[site]
port = "сто"
[telegram]
staff_chat = "наш чат"
[intake]
gap = "двадцять"
[sla.targets.urgent]
target = "-1h"
"""


async def settled(bot: Deskbot, **received: int) -> books.Books:
    """The books once each channel has that many messages and none of them waits."""

    async def look() -> books.Books | None:
        read = await books.read(bot.database_url)
        found = {name: (read.sums.get(name) or {}) for name in received}
        is_done = all(total.get("received") == received[name] and not total.get("waiting") for name, total in found.items())
        return read if is_done else None

    return await eventually(look, what=f"{received} taken in", every=0.3)


async def test_odd_messages_are_all_accounted_for(desk: Start, telegram: Telegram, dovecot: Dovecot, smtp: SmtpSink) -> None:
    bot = desk(telegram=telegram.base_url, token=telegram.token, staff_chat=STAFF_CHAT, imap=dovecot.port, smtp=smtp.port)
    await telegram.staff((901, "Олена"))
    for person in (IRYNA, PETRO, MARKO):
        await telegram.do("add_user", user=person, first_name=f"Особа {person}")
    await telegram.do("add_user", user=504, first_name="Ніна \x00\ud83d <b>")
    await bot.started()
    odd_texts = ("", "\x00", " \u200b ", "Не друкує\x00 чек \x1b[31m\x07 на касі", "Не друкує \ud83d чек \udc00 на складі", LONG)
    first = int((await telegram.says(IRYNA, odd_texts[0]))["date"])
    for number, text in enumerate(odd_texts[1:], start=1):
        await telegram.says(IRYNA, text, at=first + number)
    await telegram.do("send_media", chat=PETRO, user=PETRO, kind="sticker")
    await telegram.do("inject", update={"message": {"message_id": 77, "date": first, "chat": {"id": PETRO, "type": "private"}}})
    await telegram.do("inject", update={"surprise": {"from": "the future"}})
    await telegram.says(504, "Не відкривається база")
    await telegram.says(MARKO, "Не проводиться накладна")
    odd_mails = (
        letter(sender="", name="", subject="Без відправника", text="Не друкує чек", message_id="odd1@x.example"),
        letter(sender="empty@shop.example", name="Порожній", subject="", text="", message_id="odd2@x.example", charset="utf-8"),
        letter(
            sender="nul@shop.example",
            name="Нуль",
            subject="Не друкує",
            text="Не друкує\x00 чек \x1b[2J на касі",
            message_id="odd3@x.example",
        ),
        letter(sender="long@shop.example", name="Довгий", subject="Каса", text=LONG, message_id="odd4@x.example", charset="utf-8"),
        b"\xff\xfe\x00 this is no mail at all",
        letter(
            sender="last@shop.example", name="Останній", subject="Накладна", text="Не проводиться накладна", message_id="odd6@x.example"
        ),
    )
    for raw in odd_mails:
        dovecot.deliver(raw)
    await telegram.gets(MARKO, "Не проводиться накладна")
    read = await settled(bot, telegram=11, mail=6)

    assert bot.is_running
    await telegram.gets(PETRO, "Дякуємо за настрій")
    await telegram.gets(IRYNA, "Напишіть, будь ласка")
    await telegram.gets(504, "Не відкривається база")
    assert {mail.recipients[0] for mail in smtp.mails} >= {"nul@shop.example", "long@shop.example", "last@shop.example"}
    assert "" not in {recipient for mail in smtp.mails for recipient in mail.recipients}
    assert not read.balanced("mail")["quarantined"]
    assert read.balanced("telegram")["quarantined"] <= 1, "only the update without a sender may be beyond us"
    stored = [case.first_words for case in read.cases]
    assert any(len(text) > 100_000 for text in stored), "the long one is kept whole"
    assert not any("\x00" in text for text in stored)
    assert await bot.stop() < 10


async def test_five_mistakes_are_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(FIVE_MISTAKES)
    for name in ("check", "run"):
        done = await command(name, "--config", tmp_path / "config.toml", folder=tmp_path)
        assert done.code == 1
        told = done.out + done.err
        assert "5" in told
        for key in ("desk.zon", "site.port", "telegram.staff_chat", "intake.gap", "sla.targets.urgent.target"):
            assert told.count(key) == 1, f"{key} in:\n{told}"
        assert "«zone»" in told
        assert "Traceback" not in told
    assert not (tmp_path / "data").exists()


async def test_the_rest_runs_when_a_token_is_wrong_and_a_server_is_away(desk: Start, telegram: Telegram, dovecot: Dovecot) -> None:
    away = free_port()
    bot = desk(telegram=telegram.base_url, token="4200000000:WRONG-token-of-nobody-00000000000000", imap=away, smtp=away)
    assert (await bot.command("accounts", "add", "Олена", "--mail", "olena@desk.example")).code == 0
    await bot.started(channels=())
    async with Browser(bot) as browser:
        await browser.log_in("Олена")

        async def told() -> bool:
            page = await browser.read("/staff/status")
            return "токен" in page and "недосяжний" in page

        await eventually(told, what="both troubles on the status page", every=0.3)
    found = await bot.metrics()
    assert (found["deskbot_channel_up", "telegram"], found["deskbot_channel_up", "mail"]) == (0, 0)

    # It tries again by itself: the server comes to where it was looked for.
    async with Tap(dovecot.port, port=away):
        await bot.ready(channels=("mail",))
    assert await bot.stop() < 10
    assert bot.token not in bot.log.read_text()


async def test_a_full_disk_loses_nothing(desk: Start, telegram: Telegram, tmp_path: Path) -> None:
    """The database may not grow: Telegram keeps what was not stored, and gets its answers when there is room again."""
    people = range(601, 621)
    for person in people:
        await telegram.do("add_user", user=person, first_name=f"Особа {person}")
    file = tmp_path / "small.db"
    roomy = desk(telegram=telegram.base_url, token=telegram.token, database=f"sqlite:///{file}")
    assert (await roomy.command("db", "upgrade")).code == 0
    pages = file.stat().st_size // 4096 + 30
    small = desk(telegram=telegram.base_url, token=telegram.token, database=f"sqlite:///{file}?max_page_count={pages}")
    await small.started()
    first = 0
    for number in range(60):
        text = f"К{number}, не друкує чек" + ", пише помилку" * 200
        person = people[number % len(people)]
        said = await telegram.says(person, text, **({"at": first + number} if first else {}))
        first = first or int(said["date"])

    async def is_stuck() -> bool:
        return bool(small.events("loop_failed")) and await telegram.do("pending") > 0

    await eventually(is_stuck, what="a full disk")
    assert small.is_running
    stored = books.under_way(file).stored["telegram"]
    assert stored + await telegram.do("pending") >= 60, "what was not stored must not be acknowledged"
    assert stored < 60
    await small.stop()

    await roomy.started()
    read = await settled(roomy, telegram=60)
    await roomy.stop()
    assert read.balanced("telegram")["ticketed"] == 60
    assert sorted(int(case.first_words[1:].partition(",")[0]) for case in read.cases) == list(range(60))


async def test_a_stop_does_not_wait_for_a_server_that_holds_its_answer(desk: Start, telegram: Telegram) -> None:
    bot = desk(telegram=telegram.base_url, token=telegram.token)
    await telegram.do("add_user", user=IRYNA, first_name="Ірина")
    await bot.started()
    await telegram.do("fault", kind="hold", method="sendMessage")
    await telegram.says(IRYNA, "Не друкує чек на касі")

    async def holds() -> bool:
        return bool(await telegram.do("holding"))

    await eventually(holds, what="a held answer")
    assert await bot.stop() < 10
    await telegram.do("release")
    await bot.started()
    await eventually(lambda: _nothing_to_say(bot), what="the receipt recorded", within=PATIENCE)
    await bot.stop()
    # Sent, and not recorded: it may be said once more, never a third time.
    assert 1 <= len(await telegram.sends()) <= 2


async def _nothing_to_say(bot: Deskbot) -> bool:
    return not books.waiting_for_clients(bot.database_file)
