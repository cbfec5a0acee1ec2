"""Killing a desk at chosen moments, and finding out afterwards which moment it was.

A window is forced by holding still what comes next: the database's write lock (fetched, not yet committed), a server that does not get
the confirmation (committed, not yet confirmed), a server that has taken a message and holds its answer (sent, not yet recorded).
"""

from __future__ import annotations

import asyncio
import random
import re
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field

from tests.acceptance import books
from tests.acceptance.chats import Telegram
from tests.acceptance.process import Deskbot, eventually
from tests.acceptance.tap import Tap
from tests.integration.dovecot import Dovecot
from tests.integration.smtp_sink import SmtpSink

ACCEPTED = "accepted/committed"
COMMITTED = "committed/confirmed"
INTERPRETING = "claimed/finished"
IN_HAND = "claimed/sent"
SENT = "sent/recorded"
WINDOWS = (ACCEPTED, COMMITTED, INTERPRETING, IN_HAND, SENT)
Word = tuple[str, str, frozenset[int], bool]
"""(channel, recipient, ticket numbers, whether it asks for a reason of urgency): which word a client or a staff chat got."""
_LOOKS = 2_000
_SILENCE = 0.5
"""Seconds without a new call after which none is on its way."""
_BEFORE_THE_FIRST = 700_000_000
"""The sandbox numbers its updates from here."""
_ASKS = "Прийнято як термінове"
_NUMBER = re.compile(r"№(\d+)")


def word(channel: str, recipient: object, text: str) -> Word:
    return channel, str(recipient), frozenset(map(int, _NUMBER.findall(text))), channel == "telegram" and _ASKS in text


@dataclass(slots=True, kw_only=True)
class Stage:
    """The desk under test and the servers around it. `flow` lets the next messages come, in the background."""

    bot: Deskbot
    telegram: Telegram
    dovecot: Dovecot
    tap: Tap
    smtp: SmtpSink
    flow: Callable[[], None]
    unflagged: int = 0

    async def told(self) -> Counter[Word]:
        """How often each word went out, whether or not the desk heard that it did."""
        chats = [word("telegram", call["params"]["chat_id"], call["params"]["text"]) for call in await self.telegram.sends()]
        mails = [word("mail", mail.recipients[0], mail.text()) for mail in self.smtp.mails]
        return Counter(chats + mails)


@dataclass(frozen=True, slots=True, kw_only=True)
class Autopsy:
    """What a killed process left: how much stood in each window, and the words that may be said once more: at most one of a channel."""

    kill: str
    windows: Counter[str]
    unrecorded: frozenset[Word] = field(default=frozenset())


Moment = Callable[[Stage], AbstractAsyncContextManager[int]]


@dataclass(frozen=True, slots=True)
class Kill:
    """In `moment` messages flow, and its body runs when the time has come; it tells how much was accepted and not committed then.

    `window` is the one it forces; "" for any instant.
    """

    name: str
    window: str
    moment: Moment


@asynccontextmanager
async def _chat_fetched(stage: Stage) -> AsyncIterator[int]:
    with books.WriteLock(stage.bot.database_file):
        known = max(books.newest_update(stage.bot.database_file), _BEFORE_THE_FIRST)
        stage.flow()

        async def fetched() -> int:
            return max(int(await stage.telegram.do("handed_out")) - known, 0)

        yield await eventually(fetched, what="updates fetched and not committed", every=0.02)


@asynccontextmanager
async def _mail_fetched(stage: Stage) -> AsyncIterator[int]:
    """The lock is taken while the mailbox is asked for the mails: before that the reader writes its lease."""
    stage.tap.hold = b"BODY.PEEK[]"
    stage.flow()
    await asyncio.wait_for(stage.tap.held.wait(), 45)
    with books.WriteLock(stage.bot.database_file):
        before = stage.tap.bodies
        stage.tap.let_pass()

        async def fetched() -> int:
            return stage.tap.bodies - before

        yield await eventually(fetched, what="a mail fetched and not committed", every=0.02)


@asynccontextmanager
async def _chat_committed(stage: Stage) -> AsyncIterator[int]:
    """The poll that would confirm never reaches the server."""

    async def hold() -> None:
        await stage.telegram.do("fault", kind="hold_before", method="getUpdates")

    async def committed() -> bool:
        if not await stage.telegram.do("holding"):
            return False
        if await _unconfirmed(stage) > 0:
            return True
        # It was the poll before: let it fetch, hold the next.
        await stage.telegram.do("release")
        await hold()
        return False

    await hold()
    stage.flow()
    await eventually(committed, what="updates committed and not confirmed", every=0.02)
    yield 0
    await stage.telegram.do("release")


@asynccontextmanager
async def _mail_committed(stage: Stage) -> AsyncIterator[int]:
    """The flag that would confirm never reaches the server."""
    stage.tap.hold = b"STORE"
    stage.flow()
    await asyncio.wait_for(stage.tap.held.wait(), 45)
    yield 0
    stage.tap.let_pass()


@asynccontextmanager
async def _chat_claimed(stage: Stage) -> AsyncIterator[int]:
    """Rows are claimed for interpreting, and whoever has them cannot commit what came of them."""
    stage.flow()
    for _ in range(_LOOKS):
        with books.WriteLock(stage.bot.database_file):
            if books.under_way(stage.bot.database_file).interpreting:
                yield 0
                return
        await asyncio.sleep(random.uniform(0.0, 0.02))
    raise AssertionError("nothing was being interpreted whenever we looked")


@asynccontextmanager
async def _chat_in_hand(stage: Stage) -> AsyncIterator[int]:
    """A delivery is claimed and its call never reaches the server."""
    await stage.telegram.do("fault", kind="hold_before", method="sendMessage")
    stage.flow()

    async def held() -> bool:
        return bool(await stage.telegram.do("holding"))

    await eventually(held, what="a message claimed and not sent", every=0.02)
    yield 0
    # Its caller is dead by now: it is never done.
    await stage.telegram.do("release")


@asynccontextmanager
async def _chat_sent(stage: Stage) -> AsyncIterator[int]:
    """The server has the message and holds its answer."""
    await stage.telegram.do("fault", kind="hold", method="sendMessage")
    stage.flow()

    async def sent() -> bool:
        return bool(await stage.telegram.do("holding"))

    await eventually(sent, what="a message sent and not answered", every=0.02)
    yield 0
    await stage.telegram.do("release")


@asynccontextmanager
async def _mail_sent(stage: Stage) -> AsyncIterator[int]:
    """The server has the mail and holds its answer to DATA."""
    stage.smtp.on_data.append("take+hang")
    stage.flow()

    async def sent() -> bool:
        return not stage.smtp.on_data

    await eventually(sent, what="a mail sent and not answered", every=0.02)
    yield 0


@asynccontextmanager
async def _any_time(stage: Stage) -> AsyncIterator[int]:
    stage.flow()
    await asyncio.sleep(random.uniform(0.0, 2.0))
    yield 0


CHAT = (
    Kill("chat fetched", ACCEPTED, _chat_fetched),
    Kill("chat committed", COMMITTED, _chat_committed),
    Kill("chat claimed", INTERPRETING, _chat_claimed),
    Kill("chat in hand", IN_HAND, _chat_in_hand),
    Kill("chat sent", SENT, _chat_sent),
)
MAIL = (
    Kill("mail fetched", ACCEPTED, _mail_fetched),
    Kill("mail committed", COMMITTED, _mail_committed),
    Kill("mail sent", SENT, _mail_sent),
)
FORCED = (*CHAT, *MAIL)
RANDOM = Kill("any time", "", _any_time)


async def kill(stage: Stage, how: Kill) -> Autopsy:
    """Kill the running desk at its moment; what it left, by window."""
    async with how.moment(stage) as accepted:
        stage.bot.kill()
        return await _autopsy(stage, how, accepted)


async def _autopsy(stage: Stage, how: Kill, accepted: int) -> Autopsy:
    await _all_arrived(stage)
    left = books.under_way(stage.bot.database_file)
    told = await stage.told()
    out = Counter(row.channel for row in left.sending if row.may_be_out)
    assert not out or max(out.values()) == 1, f"more than one word of a channel between said and recorded: {out}"
    in_hand = [(row.channel, row.recipient, row.numbers, row.kind == "urgency_question") for row in left.sending]
    unrecorded = [each for each, row in zip(in_hand, left.sending, strict=True) if row.may_be_out and told[each]]
    unflagged = left.stored.get("mail", 0) - stage.dovecot.seen()
    fresh, stage.unflagged = unflagged - stage.unflagged, unflagged
    windows = Counter(
        {
            ACCEPTED: accepted,
            COMMITTED: await _unconfirmed(stage) + max(fresh, 0),
            INTERPRETING: left.interpreting,
            IN_HAND: len(in_hand) - len(unrecorded),
            SENT: len(unrecorded),
        }
    )
    return Autopsy(kill=how.name, windows=windows, unrecorded=frozenset(unrecorded))


async def _all_arrived(stage: Stage) -> None:
    """What the dead one had put on the line is still being read: a word counted before that would seem never to have gone."""
    before = -1
    while (now := sum((await stage.telegram.do("counts")).values()) + len(stage.smtp.mails)) != before:
        before = now
        await asyncio.sleep(_SILENCE)


async def _unconfirmed(stage: Stage) -> int:
    """Updates that the inbox has and Telegram still keeps."""
    stored = books.under_way(stage.bot.database_file).stored.get("telegram", 0)
    return max(stored - int(await stage.telegram.do("confirmed")), 0)
