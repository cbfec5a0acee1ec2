"""The house as a whole: it starts on nothing, does its work, stops in time, and a second start finds what the first one left."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.app import House, open_house, run_house
from bot.config import Settings
from bot.welcome import welcome


def settings(folder: Path, port: int = 0) -> Settings:
    return Settings.model_validate({"desk": {"data_dir": folder}, "site": {"port": port or 18099, "base_url": "http://127.0.0.1:18099"}})


@contextlib.asynccontextmanager
async def running(house: House) -> AsyncIterator[list[str]]:
    """The house in motion; the lines that its welcome told."""
    lines: list[str] = []
    ready = asyncio.Event()

    async def on_ready(opened: House) -> None:
        await welcome(opened, tell=lines.append, link_command=lambda name: f"deskbot accounts link '{name}'")
        ready.set()

    motion = asyncio.create_task(run_house(house, ready=on_ready))
    try:
        await asyncio.wait_for(ready.wait(), 30)
        yield lines
    finally:
        motion.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.wait_for(motion, 10)
        await house.close()


async def test_the_first_start_lets_somebody_in_and_the_second_does_not_make_them_again(tmp_path: Path) -> None:
    async with running(await open_house(settings(tmp_path))) as lines:
        assert sum("/login/" in line for line in lines) == 2
    async with running(await open_house(settings(tmp_path))) as lines:
        assert not any("/login/" in line for line in lines)


async def test_channels_without_credentials_stay_off_and_say_how_to_switch_them_on(tmp_path: Path) -> None:
    house = await open_house(settings(tmp_path))
    off = {health.name: health.detail for health in house.health if health.state == "off"}
    await house.close()
    assert "token_file" in off["telegram"]
    assert "mailboxes" in off["mail"]


async def test_a_site_that_cannot_open_its_port_leaves_the_rest_running_and_says_so(tmp_path: Path) -> None:
    async with running(await open_house(settings(tmp_path / "a"))), running(await open_house(settings(tmp_path / "b"))) as lines:
        assert "18099" in lines[0]


@pytest.mark.parametrize("only", [{"phone"}, {"chatlog", "phone"}])
async def test_only_what_is_wanted_is_built(tmp_path: Path, only: set[str]) -> None:
    house = await open_house(settings(tmp_path), only=only)
    await house.close()
    assert set(house.channels) == only
