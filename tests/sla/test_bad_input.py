"""What goes wrong around deadlines, each with a clear sentence or nothing lost: calendars, the ends of time, clocks, databases."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.config import InvalidConfig, build_policy, load
from bot.errors import Transient
from bot.model import Priority
from bot.sla.policy import Policy, Target
from bot.sla.scheduler import TickScheduler
from bot.storage import engine, open_storage
from bot.storage.memory import MemoryStorage
from tests.builders import TUESDAY
from tests.sla.desk import TickingDesk

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def told(tmp_path: Path, text: str) -> str:
    """What is said of a configuration."""
    file = tmp_path / "config.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(InvalidConfig) as caught:
        load(file, environ={})
    return str(caught.value)


def test_an_empty_calendar_of_the_desk_is_refused(tmp_path: Path) -> None:
    assert "у календарі служби «desk» немає робочого часу: нагадувати було б нікому" in told(tmp_path, "[sla.calendars.desk]\nmon = []\n")


def test_an_empty_calendar_of_a_promise_is_warned_of(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text('[sla.calendars.never]\n[sla.targets.high]\ncalendar = "never"\n', encoding="utf-8")
    settings = load(file, environ={})
    [warning] = build_policy(settings.sla, zone=settings.desk.zone).warnings()
    assert "у календарі «never» немає робочого часу" in str(warning)


def test_overlapping_intervals_are_named(tmp_path: Path) -> None:
    said = told(tmp_path, '[sla.calendars.desk]\nmon = ["08:00-13:00", "12:00-17:00"]\n')
    assert "sla.calendars.desk: mon: 08:00-13:00 і 12:00-17:00 перекриваються" in said


def test_an_interval_over_midnight_says_how_to_write_it(tmp_path: Path) -> None:
    said = told(tmp_path, '[sla.calendars.desk]\nmon = ["22:00-06:00"]\n')
    assert "mon: 22:00-06:00 переходить за північ; запишіть два проміжки: до 24:00 і від 00:00 наступного дня" in said


def test_a_zone_that_is_none_is_named(tmp_path: Path) -> None:
    assert "desk.zone: такого часового поясу немає" in told(tmp_path, '[desk]\nzone = "Europe/Kuiv"\n')


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("from bot.config import load; load(None, environ={})", "desk.zone: на цьому комп'ютері немає даних про часові пояси"),
        ("from bot.sla.calendars import preset_calendars; preset_calendars()", "встановіть пакет tzdata"),
    ],
)
def test_without_tzdata_it_says_what_to_install(asked: str, said: str, tmp_path: Path) -> None:
    blind = f"import sys; sys.modules['tzdata'] = None; {asked}"
    root = str(Path(__file__).resolve().parents[2])
    environ = {**os.environ, "PYTHONTZPATH": "", "PYTHONPATH": root}
    ended = subprocess.run([sys.executable, "-c", blind], env=environ, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert ended.returncode == 1
    assert said in ended.stderr


@pytest.mark.parametrize("at", ["9999-12-31T20:00", "0001-01-01T00:00"])
async def test_a_receipt_at_the_end_of_time_breaks_no_tick(at: str) -> None:
    desk = await TickingDesk.on(MemoryStorage())
    await desk.arrive(Priority.URGENT, at=datetime.fromisoformat(at).replace(tzinfo=UTC) + timedelta(days=3 if at < "1" else 0))
    [sound] = await desk.arrive(Priority.URGENT)
    done = await desk.tick(after=30 * MINUTE)
    assert (done.failed, sound.id in {id for row in await desk.heard() for id in row.ticket_ids}) == (0, True)


async def test_a_due_time_in_the_year_9999_is_kept_and_never_nudged_early() -> None:
    desk = await TickingDesk.on(MemoryStorage())
    [ticket] = await desk.arrive(Priority.LOW)
    await desk.tick()
    await desk.change_clock(ticket, due_at=datetime(9999, 12, 31, 20, tzinfo=UTC), next_nudge_at=datetime(9999, 12, 31, 19, tzinfo=UTC))
    assert (await desk.tick(after=24 * HOUR)).nudged == 0
    await desk.change_clock(ticket, next_nudge_at=TUESDAY)
    assert (await desk.tick(after=HOUR)).failed == 0


async def test_a_promise_longer_than_any_calendar_starts_no_clock() -> None:
    policy = Policy(reaction={Priority.LOW: Target(time=timedelta(days=3_650_000), calendar="desk")})
    desk = await TickingDesk.on(MemoryStorage(), policy=policy)
    await desk.arrive(Priority.LOW)
    assert (await desk.unfinished(), (await desk.tick()).failed) == ([], 0)


async def test_a_clock_set_back_an_hour_says_nothing_again_and_goes_on() -> None:
    desk = await TickingDesk.on(MemoryStorage())
    await desk.arrive(Priority.URGENT)
    first = await desk.tick(after=31 * MINUTE)
    back = await desk.tick(after=-HOUR)
    again = await desk.tick(after=HOUR)
    later = await desk.tick(after=20 * MINUTE)
    assert (first.messages, back.messages, again.messages, later.messages) == (1, 0, 0, 1)


async def test_a_tick_longer_than_its_interval_is_followed_by_one_not_by_a_pile() -> None:
    running = most = ticks = 0

    async def slow() -> None:
        nonlocal running, most, ticks
        running, ticks = running + 1, ticks + 1
        most = max(most, running)
        await asyncio.sleep(0.05)
        running -= 1

    loop = asyncio.create_task(TickScheduler(slow, every=timedelta(milliseconds=10)).run())
    await asyncio.sleep(0.4)
    loop.cancel()
    with pytest.raises(asyncio.CancelledError):
        await loop
    assert most == 1
    assert 3 <= ticks <= 9


async def test_a_database_locked_during_a_tick_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "_BUSY_MS", 200)
    storage = await open_storage(f"sqlite:///{tmp_path / 'desk.db'}")
    try:
        desk = await TickingDesk.on(storage)
        await desk.arrive(Priority.URGENT)
        await desk.tick()
        with closing(sqlite3.connect(tmp_path / "desk.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(Transient):
                await desk.tick(after=30 * MINUTE)
            assert await desk.heard() == []
            other.execute("ROLLBACK")
        assert (await desk.tick(after=MINUTE)).messages == 1
        assert (await desk.tick()).messages == 0
    finally:
        await storage.close()
