"""The Site's desk, fresh for each test."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.channels.site.house import House, build_house


@pytest.fixture
async def house() -> AsyncIterator[House]:
    built = await build_house()
    yield built
    await built.storage.close()
