"""DESKBOT_SOAK=1 (as `make soak` sets it) gives each property 2,000 examples and counts it as a soak test. And each store in turn."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, is_hypothesis_test, settings

from bot.ports import Storage
from bot.storage import open_storage
from bot.storage.memory import MemoryStorage

if os.environ.get("DESKBOT_SOAK") == "1":
    settings.register_profile("soak", max_examples=2_000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    settings.load_profile("soak")


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Storage]:
    """Each store in turn: whatever a test says of one is true of all."""
    if request.param == "memory":
        yield MemoryStorage()
        return
    url = f"sqlite:///{tmp_path / 'desk.db'}" if request.param == "sqlite" else request.getfixturevalue("pg_url")
    storage = await open_storage(url)
    yield storage
    await storage.close()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if os.environ.get("DESKBOT_SOAK") != "1":
        return
    for item in items:
        if isinstance(item, pytest.Function) and is_hypothesis_test(item.obj):
            item.add_marker("soak")
            item.add_marker(pytest.mark.timeout(1_800))
