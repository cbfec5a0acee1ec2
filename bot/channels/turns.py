"""One word of a channel at a time is between being said and being recorded: whatever kills the process, at most one is said again.

Whoever is about to say a word takes the channel's turn, and only the commit that records what became of it hands the turn on. The row
that has the turn is marked as going out, so that after a crash it is known from those that were only in hand. The mark costs no commit of
its own where it can go along: with the outcome of the word before, or with the claim of the row.
"""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import structlog

from bot.channels.outcomes import Outcomes, Write
from bot.clock import Clock
from bot.errors import RateLimited
from bot.model import Delivery
from bot.ports import UnitOfWork

PATIENCE = timedelta(seconds=3)
"""An answer that takes longer than this holds up nobody else: one hanging call is no reason for silence everywhere."""
_SOON = timedelta(seconds=1)

log = structlog.get_logger(__name__)


class Turns:
    """The turns of one channel, most urgent first. `lease` is for how long a row may be in hand."""

    def __init__(self, outcomes: Outcomes, clock: Clock, *, lease: timedelta, patience: timedelta = PATIENCE) -> None:
        self._outcomes = outcomes
        self._clock = clock
        self._lease = lease
        self._patience = patience
        self._holder: RowsTurn | None = None
        self._waiting: list[RowsTurn] = []

    def of(self, row: Delivery) -> RowsTurn:
        """For one attempt at a row that was claimed just now."""
        return RowsTurn(self, row, in_hand_until=self._clock.now() + self._lease / 2)

    def reserve(self, turn: RowsTurn) -> bool:
        """Whether the turn is free and its from here on; then the caller marks the row (`mark`) in the commit that claims it."""
        if self._holder is None:
            self._holder = turn
        return self._holder is turn

    async def take(self, turn: RowsTurn) -> None:
        if self._holder is turn:
            self._watch(turn)
            return
        if self._holder is None:
            self._holder = turn
        elif await self._is_marked_when_called(turn):
            self._watch(turn)
            return
        await self._outcomes.write_down(self.mark(turn))
        self._watch(turn)

    async def record(self, turn: RowsTurn, write: Write) -> None:
        """Raises what `write` raises."""
        if self._holder is not turn:
            await self._outcomes.write_down(write)
            return
        turn.is_watched(None)
        # With nobody waiting it stays its own until its outcome is durable: a row claimed meanwhile must not be marked before that.
        following = self._call_next()
        self._holder = following or turn

        def both(uow: UnitOfWork) -> None:
            write(uow)
            if following is not None:
                self.mark(following)(uow)

        is_marked = False
        try:
            await self._outcomes.write_down(both)
            is_marked = True
        finally:
            if following is not None:
                following.call(is_marked=is_marked)
            else:
                self.leave(turn)

    def leave(self, turn: RowsTurn) -> None:
        """Whoever holds the turn, or waits for it, does not any more."""
        turn.is_watched(None)
        if turn in self._waiting:
            self._waiting.remove(turn)
        elif self._holder is turn and (following := self._call_next()) is not None:
            following.call(is_marked=False)

    def mark(self, turn: RowsTurn) -> Write:
        until = self._clock.now() + self._lease
        return lambda uow: uow.outbox.going_out(turn.row.id, until=until)

    def is_late(self, at: datetime) -> bool:
        return self._clock.now() > at

    async def _is_marked_when_called(self, turn: RowsTurn) -> bool:
        self._waiting.append(turn)
        try:
            return await turn.called
        except asyncio.CancelledError:
            self.leave(turn)
            raise

    def _call_next(self) -> RowsTurn | None:
        """The most urgent of those that wait holds the turn from here on; it goes when it is called."""
        self._holder = min(self._waiting, key=lambda turn: (turn.row.urgency, turn.row.id), default=None)
        if self._holder is not None:
            self._waiting.remove(self._holder)
        return self._holder

    def _watch(self, turn: RowsTurn) -> None:
        def give_up() -> None:
            log.info("slow_answer", delivery_id=turn.row.id, kind=turn.row.kind, channel=turn.row.route.channel)
            self.leave(turn)

        turn.is_watched(asyncio.get_running_loop().call_later(self._patience.total_seconds(), give_up))


class RowsTurn:
    """The turn of one row: a `bot.channels.base.Turn`, which its worker ends."""

    def __init__(self, turns: Turns, row: Delivery, *, in_hand_until: datetime) -> None:
        self.row = row
        self.called: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._turns = turns
        self._in_hand_until = in_hand_until
        self._watch: asyncio.TimerHandle | None = None

    async def take(self) -> None:
        await self._turns.take(self)
        if self._turns.is_late(self._in_hand_until):
            # Its lease could run out while it is said, and another worker would say it too.
            raise RateLimited(retry_after=_SOON)

    async def record(self, write: Write) -> None:
        await self._turns.record(self, write)
        self.called = asyncio.get_running_loop().create_future()

    def end(self) -> None:
        self._turns.leave(self)

    def call(self, *, is_marked: bool) -> None:
        if not self.called.done():
            self.called.set_result(is_marked)

    def is_watched(self, by: asyncio.TimerHandle | None) -> None:
        if self._watch is not None:
            self._watch.cancel()
        self._watch = by
