"""Mail arrives without a pause while everything around it breaks: the IMAP server is killed, the line goes dead, the desk is killed, the
mailbox is renumbered. Each mail is taken in once and nobody is answered twice.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import pytest

from tests.acceptance import books
from tests.acceptance.conftest import Start
from tests.acceptance.letters import letter
from tests.acceptance.process import Deskbot, eventually
from tests.integration.dovecot import Dovecot
from tests.integration.proxy import Proxy
from tests.integration.smtp_sink import SmtpSink

ASKS = ("Не друкує чек на касі {}", "Не відкривається база {}", "Не проводиться накладна {}", "Зависає звіт {}")
_RENEW = "5s"


@dataclass(frozen=True, slots=True)
class Size:
    """How many mails, how often each thing breaks, and the pause between two mails (s)."""

    mails: int
    server_kills: int
    black_holes: int
    desk_kills: int
    pause: float


@dataclass(slots=True, kw_only=True)
class Stage:
    """The desk, its mailbox behind a line that can go dead, and what was done to them."""

    desk: Deskbot
    dovecot: Dovecot
    line: Proxy
    fed: int = 0
    done: Counter[str] = field(default_factory=Counter)

    async def kill_server(self) -> None:
        self.dovecot.kill()
        await asyncio.sleep(random.uniform(0.2, 1.5))
        await asyncio.to_thread(self.dovecot.start)

    async def black_hole(self) -> None:
        """Nothing is closed, nothing arrives."""
        self.line.is_swallowing = True
        await asyncio.sleep(3)
        self.line.is_swallowing = False
        # What was swallowed is gone for good, as behind a router that forgot: such a line never works again.
        self.line.break_lines()

    async def kill_desk(self) -> None:
        self.desk.kill()
        self.desk.start()
        # Its next death finds it anywhere: starting, connecting, fetching, storing, sending.
        await asyncio.sleep(random.uniform(1.5, 5.0))

    async def renumber(self) -> None:
        await asyncio.to_thread(self.dovecot.lose_index)

    async def feed(self, size: Size) -> None:
        for number in range(1, size.mails + 1):
            self.dovecot.deliver(mail_of(number))
            self.fed = number
            await asyncio.sleep(size.pause)

    async def settled(self, mails: int) -> bool:
        found = await self.desk.metrics()
        ended = sum(found.get(("deskbot_messages_today", "mail", end), 0) for end in ("ticketed", "follow_ups", "set_aside"))
        return ended >= mails and not books.waiting_for_clients(self.desk.database_file)


def mark(number: int) -> str:
    return f"Х{number:04d}"


def mail_of(number: int) -> bytes:
    """Each of somebody else, so that the limit for one address holds no receipt back."""
    text = ASKS[number % len(ASKS)].format(mark(number))
    return letter(
        sender=f"person{number}@firm{number}.example",
        name=f"Особа {number}",
        subject=text,
        text=f"Добрий день!\n\n{text}\n\nЗ повагою,\nОсоба {number}",
        message_id=f"chaos{number}@firm.example",
        charset=("windows-1251", "utf-8", "koi8-u")[number % 3],
    )


@pytest.mark.parametrize(
    "size",
    [
        pytest.param(Size(60, 1, 1, 2, 0.1), id="60", marks=pytest.mark.timeout(300)),
        pytest.param(Size(500, 3, 3, 10, 0.1), id="500", marks=[pytest.mark.soak, pytest.mark.timeout(1200)]),
    ],
)
async def test_every_mail_is_taken_in_once_whatever_breaks(
    size: Size, desk: Start, dovecot: Dovecot, smtp: SmtpSink, capsys: pytest.CaptureFixture[str]
) -> None:
    began = time.monotonic()
    async with Proxy(dovecot.port) as line:
        bot = desk(imap=line.port, smtp=smtp.port, imap_extra=f'renew = "{_RENEW}"')
        stage = Stage(desk=bot, dovecot=dovecot, line=line)
        await bot.started()
        feeding = asyncio.create_task(stage.feed(size))
        for trouble in _troubles(stage, size):
            await asyncio.sleep(random.uniform(0.2, 1.0))
            stage.done[trouble.__name__] += 1
            await trouble()
        await feeding
        await bot.ready(channels=())
        await eventually(lambda: stage.settled(size.mails), what="the end of all work", within=180, every=0.5)
        await bot.stop()
    read = await books.read(bot.database_url)
    receipts = Counter(mail.recipients[0] for mail in smtp.mails)
    ids = Counter(str(mail.message["Message-ID"]) for mail in smtp.mails)
    with capsys.disabled():
        print(f"\n{size.mails} mails in {time.monotonic() - began:.0f} s; {dict(stage.done)}")
        print(
            f"  taken in {read.sums['mail']['received']}, tickets {len(read.cases)}, people answered {len(receipts)}, "
            f"copies after a kill between sent and recorded {ids.total() - len(ids)}"
        )
    total = read.balanced("mail")
    assert (total["received"], total["ticketed"]) == (size.mails, size.mails)
    wanted = Counter(mark(number) for number in range(1, size.mails + 1))
    found = Counter(name for case in read.cases for name in wanted if name in case.first_words)
    assert found == wanted, f"lost {wanted - found}, twice {found - wanted}"
    # Nobody gets a second receipt. Killed just after a mail went out, the desk sends that very mail again: a program knows it by its id.
    by_person = {recipient: {str(m.message["Message-ID"]) for m in smtp.mails if m.recipients[0] == recipient} for recipient in receipts}
    assert all(len(each) == 1 for each in by_person.values())
    assert ids.total() - len(ids) <= size.desk_kills
    for case in read.cases:
        assert case.ticket.route is not None
        is_withheld = any(event.kind == "receipt_withheld" for event in case.events)
        assert is_withheld != (case.ticket.route.recipient in receipts), case.ticket.id


def _troubles(stage: Stage, size: Size) -> list[Callable[[], Awaitable[None]]]:
    """In an order of their own each time; the renumbering is somewhere in the middle."""
    troubles: list[Callable[[], Awaitable[None]]] = [
        *[stage.kill_server] * size.server_kills,
        *[stage.black_hole] * size.black_holes,
        *[stage.kill_desk] * size.desk_kills,
    ]
    random.shuffle(troubles)
    troubles.insert(len(troubles) // 2, stage.renumber)
    return troubles
