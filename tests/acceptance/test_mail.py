"""Real input (b): a Ukrainian mail in windows-1251 becomes three tickets; the answer goes out in its thread, the reply finds its ticket."""

from __future__ import annotations

import pytest

from bot.model import MessageKind
from tests.acceptance import books
from tests.acceptance.browser import Browser
from tests.acceptance.conftest import Start
from tests.acceptance.letters import letter
from tests.acceptance.process import SUPPORT, eventually
from tests.integration.dovecot import Dovecot
from tests.integration.smtp_sink import SmtpSink

pytestmark = pytest.mark.timeout(180)
CLIENT = "o.testova@shop.example"
ASKED = """Добрий день!

1. Не друкує чек на касі в магазині на Лівому березі.
2. Не можемо провести прибуткову накладну, пише «недостатньо прав».
3. Додайте, будь ласка, до друкованої форми рахунку поле «Договір».

З повагою,
Олександра Тестова
головний бухгалтер, ТОВ «Крамниця»
тел. +380 44 000 00 01

23 листопада 2026 р. о 16:40 Служба підтримки <support@desk.example> пише:
> Добрий день! Оновлення встановлено, перевірте, будь ласка,
> чи відкривається база. Якщо залишаться питання, пишіть.
"""


async def test_three_questions_three_tickets_and_the_answer_in_its_thread(desk: Start, dovecot: Dovecot, smtp: SmtpSink) -> None:
    bot = desk(imap=dovecot.port, smtp=smtp.port)
    assert (await bot.command("accounts", "add", "Олена", "--mail", "olena@desk.example")).code == 0
    await bot.started()
    dovecot.deliver(
        letter(sender=CLIENT, name="Олександра Тестова", subject="Каса, накладна, рахунок", text=ASKED, message_id="q1@shop.example")
    )
    [receipt] = await smtp.wait_for(1, within=45)
    assert receipt.recipients == (CLIENT,)
    assert receipt.message["In-Reply-To"] == "<q1@shop.example>"
    assert receipt.message["Auto-Submitted"] == "auto-replied"
    assert all(f"№{number}" in receipt.text() for number in (1, 2, 3))

    async with Browser(bot) as browser:
        await browser.log_in("Олена")
        path = "/staff/tickets/2"
        await browser.send(f"{path}/word", on=path, text="Права надано. Увійдіть, будь ласка, до бази ще раз.", **{"as": "reply"})
    answer = (await smtp.wait_for(2, within=45))[-1]
    assert answer.recipients == (CLIENT,)
    assert SUPPORT in answer.message["From"]
    assert "Права надано. Увійдіть, будь ласка, до бази ще раз." in answer.text()
    assert answer.message["In-Reply-To"] == "<q1@shop.example>"
    assert "<q1@shop.example>" in answer.message["References"]
    assert answer.message["Auto-Submitted"] is None

    ours = str(answer.message["Message-ID"]).strip("<>")
    quoted = "\n".join(f"> {line}" for line in answer.text().splitlines())
    text = f"Увійшли, але накладна все одно не проводиться.\n\nвт, 24 лист. 2026 р. о 10:00 Служба підтримки <{SUPPORT}> пише:\n{quoted}\n"
    reply = letter(
        sender=CLIENT,
        name="Олександра Тестова",
        subject=f"Re: {answer.message['Subject']}",
        text=text,
        message_id="q2@shop.example",
        charset="utf-8",
        answers=("q1@shop.example", ours),
    )
    dovecot.deliver(reply)

    async def taken_in() -> books.Books | None:
        read = await books.read(bot.database_url)
        return read if read.sums.get("mail", {}).get("received") == 2 and not read.sums["mail"]["waiting"] else None

    read = await eventually(taken_in, what="the reply in the inbox")
    assert await bot.stop() < 10
    assert len(read.cases) == 3
    assert [case.ticket.origin_id for case in read.cases] == [read.cases[0].ticket.origin_id] * 3
    words = [m.text for m in read.case(2).messages if m.kind is MessageKind.INBOUND]
    assert words[-1].strip() == "Увійшли, але накладна все одно не проводиться."
    assert [len(read.case(number).messages) for number in (1, 3)] == [1, 1]
    ends = [_asked(case) for case in read.cases]
    assert "друкує чек" in ends[0]
    assert "недостатньо прав" in ends[1]
    assert "поле «Договір»" in ends[2]
    assert all("З повагою" not in end and "Оновлення встановлено" not in end for end in ends)
    total = read.balanced("mail")
    assert (total["received"], total["ticketed"], total["follow_ups"]) == (2, 1, 1)
    assert dovecot.seen() == 2


def _asked(case: books.Case) -> str:
    """The ticket's own part of the client's words."""
    return " ".join(case.first_words[start:end] for start, end in case.ticket.spans)
