"""Asks the third opinion where it could help, and goes on without it in silence when it fails; every outcome is counted."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from bot.clock import Clock
from bot.errors import BotError
from bot.intake.split import Split
from bot.intake.third import heed, is_worth_asking, make_question
from bot.ports import Reader

# After so many failures in a row it is left alone for a while: a client should not wait for a reader that is gone.
PATIENCE = 3
REST = timedelta(minutes=2)


class Adviser:
    """One desk's reader outside. `tally` counts asked, agreed, differed, failed; `report` hears of each failure, and None when it works."""

    def __init__(self, reader: Reader, clock: Clock, tally: dict[str, Any], report: Callable[[BotError | None], None]) -> None:
        self._reader = reader
        self._report = report
        self._clock = clock
        self._tally = tally
        self._failures = 0
        self._rests_until: datetime | None = None
        tally.update(asked=0, agreed=0, differed=0, failed=0)

    async def consider(self, text: str, divided: Split) -> Split:
        """The division after the third opinion; the same one when none is needed, to be had, or to be believed."""
        if not is_worth_asking(divided) or self._is_resting():
            return divided
        self._tally["asked"] += 1
        try:
            heard = heed(await self._reader.ask(make_question(text, divided)), divided)
        except BotError as error:
            self._fail(error)
            return divided
        self._failures = 0
        self._report(None)
        self._tally["agreed" if heard.partition.labels == divided.partition.labels or heard.act else "differed"] += 1
        return heard

    def _is_resting(self) -> bool:
        return self._rests_until is not None and self._clock.now() < self._rests_until

    def _fail(self, error: BotError) -> None:
        self._tally["failed"] += 1
        self._report(error)
        self._failures += 1
        if self._failures >= PATIENCE:
            self._failures, self._rests_until = 0, self._clock.now() + REST
