"""Real input (d): SIGKILL while chat messages and mails flow. Nothing is lost, nothing is twice, but for what was sent and not recorded."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from tests.acceptance import books
from tests.acceptance.chats import STAFF_CHAT, Telegram
from tests.acceptance.conftest import Start
from tests.acceptance.kills import CHAT, FORCED, MAIL, RANDOM, SENT, WINDOWS, Autopsy, Kill, Stage, Word, kill
from tests.acceptance.letters import letter
from tests.acceptance.process import eventually
from tests.acceptance.tap import Tap
from tests.integration.dovecot import Dovecot
from tests.integration.smtp_sink import SmtpSink

ASKS = (
    "Не друкує чек на касі {}",
    "Не відкривається база {}",
    "Не проводиться накладна {}",
    "Зависає звіт {}",
    "Не зберігається картка товару {}",
)
_PEOPLE = 50
_PAUSE = 0.02


@dataclass(frozen=True, slots=True)
class Size:
    """How many messages each channel gets, the kills among them, and how often at least a kill must fall into each window."""

    messages: int
    kills: tuple[Kill, ...]
    times: int = 1


@dataclass(slots=True)
class Feed:
    """Messages on their way in, in equal parts: one before each kill, one after the last."""

    telegram: Telegram
    dovecot: Dovecot
    messages: int
    parts: int
    began: int
    tasks: list[asyncio.Task[None]]
    numbers: itertools.count[int]

    def next(self) -> None:
        self.tasks.append(asyncio.create_task(self._part()))

    async def _part(self) -> None:
        share = -(-self.messages // self.parts)
        for number in itertools.islice(self.numbers, share):
            if number > self.messages:
                return
            text = ASKS[number % len(ASKS)]
            person = number % _PEOPLE
            # A second apart: two lines of one person in one second would be one message.
            await self.telegram.says(1000 + person, text.format(chat_mark(number)), at=self.began + number)
            self.dovecot.deliver(_mail(number, person, text.format(mail_mark(number))))
            await asyncio.sleep(_PAUSE)


def chat_mark(number: int) -> str:
    return f"Ч{number:04d}"


def mail_mark(number: int) -> str:
    return f"П{number:04d}"


def _mail(number: int, person: int, text: str) -> bytes:
    return letter(
        sender=f"person{person}@firm{person % 7}.example",
        name=f"Особа {person}",
        subject=text,
        text=f"Добрий день!\n\n{text}\n\nЗ повагою,\nОсоба {person}",
        message_id=f"kill{number}@firm.example",
        charset=("windows-1251", "utf-8")[number % 2],
    )


@pytest.mark.parametrize(
    "size",
    [
        pytest.param(Size(60, FORCED), id="60+60", marks=pytest.mark.timeout(400)),
        # A thousand messages, twenty kills, each window at least three times.
        pytest.param(
            # Mail first: after 200 letters in an hour the breaker of RFC 3834 withholds receipts, and nothing is sent to be killed at.
            Size(500, (*MAIL, *CHAT * 3, *[RANDOM] * 2), times=3),
            id="500+500",
            marks=[pytest.mark.soak, pytest.mark.timeout(2400)],
        ),
    ],
)
async def test_nothing_is_lost_and_nothing_is_twice(
    size: Size, desk: Start, telegram: Telegram, dovecot: Dovecot, smtp: SmtpSink, capsys: pytest.CaptureFixture[str]
) -> None:
    await telegram.staff((901, "Олена"))
    for person in range(_PEOPLE):
        await telegram.do("add_user", user=1000 + person, first_name=f"Особа {person}")
    async with Tap(dovecot.port) as tap:
        bot = desk(telegram=telegram.base_url, token=telegram.token, staff_chat=STAFF_CHAT, imap=tap.port, smtp=smtp.port)
        feed = Feed(telegram, dovecot, size.messages, len(size.kills) + 1, int(time.time()) - 2 * size.messages, [], itertools.count(1))
        stage = Stage(bot=bot, telegram=telegram, dovecot=dovecot, tap=tap, smtp=smtp, flow=feed.next)
        deaths = []
        for how in size.kills:
            await bot.started()
            deaths.append(await kill(stage, how))
        await bot.started()
        feed.next()
        await asyncio.gather(*feed.tasks)
        await eventually(lambda: _all_done(stage, size.messages), what="the end of all work", within=180, every=0.5)
        took = await bot.stop()
    read, told = await books.read(bot.database_url), await stage.told()
    twice = Counter({each: count - 1 for each, count in told.items() if count > 1})
    with capsys.disabled():
        print(_report(size, deaths, read, told, twice, took))

    assert took < 10
    for how, death in zip(size.kills, deaths, strict=True):
        assert not how.window or death.windows[how.window], f"{how.name} missed its window: {death.windows}"
    hit = {name: sum(bool(death.windows[name]) for death in deaths) for name in WINDOWS}
    assert min(hit.values()) >= size.times, hit
    _check_books(read, size.messages)
    _check_words(stage, read, deaths, twice, told)


def _check_books(read: books.Books, messages: int) -> None:
    for channel, mark in (("telegram", chat_mark), ("mail", mail_mark)):
        total = read.balanced(channel)
        assert (total["received"], total["ticketed"]) == (messages, messages), (channel, total)
        wanted = [mark(number) for number in range(1, messages + 1)]
        cases = [case for case in read.cases if case.ticket.channel == channel]
        found = Counter(mark for case in cases for mark in wanted if mark in case.first_words)
        assert found == Counter(wanted), f"lost {Counter(wanted) - found}, twice {found - Counter(wanted)}"


def _check_words(stage: Stage, read: books.Books, deaths: Sequence[Autopsy], twice: Counter[Word], told: Counter[Word]) -> None:
    """Each word was said, and said twice only if a kill fell between the server's having it and its being recorded: a kill repeats at
    most one word of a channel, which is what each autopsy allows."""
    allowed = Counter(each for death in deaths for each in death.unrecorded)
    assert not twice - allowed, f"said twice outside the window: {twice - allowed}"
    for case in read.cases:
        ticket = case.ticket
        assert ticket.route is not None
        is_withheld = any(event.kind == "receipt_withheld" for event in case.events)
        assert is_withheld or told[(ticket.route.channel, ticket.route.recipient, frozenset({ticket.id}), False)], (
            f"no receipt for {ticket.id}"
        )
    ids: Counter[str] = Counter(str(mail.message["Message-ID"]) for mail in stage.smtp.mails)
    repeated = sum(count - 1 for count in ids.values())
    assert repeated == sum(count for (channel, *_), count in twice.items() if channel == "mail"), "a repeated mail has its old Message-ID"


async def _all_done(stage: Stage, messages: int) -> bool:
    """Everything is in, is interpreted, and every client was told; staff cards go on at Telegram's 20 a minute."""
    found = await stage.bot.metrics()
    for channel in ("telegram", "mail"):
        if found.get(("deskbot_messages_today", channel, "ticketed"), 0) < messages:
            return False
    return not books.waiting_for_clients(stage.bot.database_file)


def _report(size: Size, deaths: Sequence[Autopsy], read: books.Books, told: Counter[Word], twice: Counter[Word], took: float) -> str:
    lines = [f"\n{size.messages} chat messages and {size.messages} mails, {len(deaths)} kills; left in each window:"]
    lines += [f"  {'kill':<16}" + "".join(f"{name:>22}" for name in WINDOWS)]
    lines += [f"  {death.kill:<16}" + "".join(f"{death.windows[name]:>22}" for name in WINDOWS) for death in deaths]
    hit = {name: sum(bool(death.windows[name]) for death in deaths) for name in WINDOWS}
    lines += [f"  {'kills in it':<16}" + "".join(f"{hit[name]:>22}" for name in WINDOWS)]
    unrecorded = sum(death.windows[SENT] for death in deaths)
    lines += [
        f"  tickets {len(read.cases)}; words {told.total()}, of them said twice {twice.total()} (sent/recorded at a kill: {unrecorded})"
    ]
    lines += [f"  given up: {read.outbox.get('dead', 0)}; SIGTERM with {read.outbox.get('new', 0)} cards still to send: {took:.1f} s"]
    return "\n".join(lines)
