"""The interval job: at once, then again and again, never two at a time, and a clean stop."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from bot.sla.scheduler import TickScheduler

SHORT = timedelta(milliseconds=20)
PATIENCE = 5


class Ticks:
    """Counts ticks; each waits for `gate`, and `reached` is set when the n-th has begun."""

    def __init__(self) -> None:
        self.begun = self.finished = self.at_once = self.most_at_once = 0
        self.gate = asyncio.Event()
        self.gate.set()
        self.errors: list[Exception] = []
        self._waiting: list[tuple[int, asyncio.Event]] = []

    async def __call__(self) -> None:
        self.begun += 1
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        for number, event in self._waiting:
            if self.begun >= number:
                event.set()
        try:
            if self.errors:
                raise self.errors.pop(0)
            await self.gate.wait()
            self.finished += 1
        finally:
            self.at_once -= 1

    async def begins(self, number: int) -> None:
        event = asyncio.Event()
        self._waiting.append((number, event))
        if self.begun >= number:
            return
        await asyncio.wait_for(event.wait(), PATIENCE)


async def stopped(task: asyncio.Task[None]) -> None:
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(task, PATIENCE)


async def test_it_ticks_at_once_and_then_at_the_interval() -> None:
    ticks = Ticks()
    task = asyncio.create_task(TickScheduler(ticks, every=SHORT).run())
    await ticks.begins(4)
    task.cancel()
    await stopped(task)
    assert ticks.finished == ticks.begun >= 4


async def test_a_tick_longer_than_the_interval_is_never_joined_by_another() -> None:
    ticks = Ticks()
    task = asyncio.create_task(TickScheduler(ticks, every=SHORT).run())
    await ticks.begins(2)
    ticks.gate.clear()
    begun = ticks.begun
    await ticks.begins(begun + 1)
    # Several intervals pass while one tick is under way; then the next follows.
    await asyncio.sleep(5 * SHORT.total_seconds())
    assert ticks.begun == begun + 1
    ticks.gate.set()
    await ticks.begins(begun + 3)
    task.cancel()
    await stopped(task)
    assert ticks.most_at_once == 1


async def test_stopping_waits_for_the_tick_under_way() -> None:
    ticks = Ticks()
    task = asyncio.create_task(TickScheduler(ticks, every=SHORT).run())
    await ticks.begins(2)
    ticks.gate.clear()
    begun = ticks.begun
    await ticks.begins(begun + 1)
    finished = ticks.finished
    task.cancel()
    await asyncio.sleep(0)
    assert not task.done()
    ticks.gate.set()
    await stopped(task)
    assert ticks.finished > finished
    assert ticks.finished == ticks.begun
    # And nothing ticks any more.
    await asyncio.sleep(3 * SHORT.total_seconds())
    assert ticks.finished == ticks.begun


async def test_a_tick_that_hangs_does_not_hold_up_the_stop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.sla.scheduler.FINISH_WITHIN", SHORT)
    ticks = Ticks()
    task = asyncio.create_task(TickScheduler(ticks, every=SHORT).run())
    await ticks.begins(2)
    ticks.gate.clear()
    await ticks.begins(ticks.begun + 1)
    task.cancel()
    await stopped(task)
    await asyncio.sleep(0)
    assert ticks.at_once == 0


async def test_an_error_is_written_down_and_the_next_tick_comes(capsys: pytest.CaptureFixture[str]) -> None:
    ticks = Ticks()
    task = asyncio.create_task(TickScheduler(ticks, every=SHORT).run())
    await ticks.begins(2)
    ticks.errors.append(ZeroDivisionError("the second of them"))
    begun = ticks.begun
    await ticks.begins(begun + 3)
    task.cancel()
    await stopped(task)
    told = capsys.readouterr()
    assert "tick_failed" in told.out + told.err


async def test_an_error_of_the_first_tick_is_the_supervisors() -> None:
    ticks = Ticks()
    ticks.errors.append(ZeroDivisionError())
    with pytest.raises(ZeroDivisionError):
        await TickScheduler(ticks, every=SHORT).run()
