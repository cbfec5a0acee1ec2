"""Outcomes that wait together are one commit; one that cannot be written takes no other along."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

from bot.channels.outcomes import Outcomes
from bot.ports import UnitOfWork
from bot.storage.memory import MemoryStorage

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)


def keep(name: str) -> object:
    def write(uow: UnitOfWork) -> None:
        uow.state.set(name, NOW.isoformat())

    return write


def broken(uow: UnitOfWork) -> None:
    raise KeyError("bug")


async def kept(storage: MemoryStorage, *names: str) -> list[bool]:
    async with storage.read() as uow:
        return [await uow.state.get(name) is not None for name in names]


async def test_what_waits_together_is_one_commit() -> None:
    storage = MemoryStorage()
    commits: list[frozenset[str]] = []
    storage.on_commit.append(commits.append)
    outcomes = Outcomes(storage)
    async with storage.write() as uow:
        together = [asyncio.create_task(outcomes.write_down(keep(f"n{number}"))) for number in range(20)]  # type: ignore[arg-type]
        await asyncio.sleep(0)
        await uow.commit()
    await asyncio.gather(*together)
    assert await kept(storage, *(f"n{number}" for number in range(20))) == [True] * 20
    # The writer's own, the first that found the database busy, and all that came meanwhile.
    assert len(commits) <= 3


async def test_a_bug_in_one_outcome_is_that_ones_alone() -> None:
    storage = MemoryStorage()
    outcomes = Outcomes(storage)
    results = await asyncio.gather(
        *(outcomes.write_down(write) for write in (keep("a"), broken, keep("b"))),  # type: ignore[arg-type]
        return_exceptions=True,
    )
    assert [type(result) for result in results] == [type(None), KeyError, type(None)]
    assert await kept(storage, "a", "b") == [True, True]


async def test_whoever_is_cancelled_is_written_down_all_the_same() -> None:
    storage = MemoryStorage()
    outcomes = Outcomes(storage)
    async with storage.write() as uow:
        waiting = asyncio.create_task(outcomes.write_down(keep("a")))  # type: ignore[arg-type]
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        await uow.commit()
    await outcomes.write_down(keep("b"))  # type: ignore[arg-type]
    assert await kept(storage, "a", "b") == [True, True]
