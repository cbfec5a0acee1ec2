"""A sandbox per test, with two people and a staff group in it."""

from collections.abc import AsyncIterator

import pytest

from bot.channels.telegram.sandbox import Sandbox

OLENA, PETRO, STAFF_CHAT = 501, 502, -1001000000001


@pytest.fixture
async def telegram() -> AsyncIterator[Sandbox]:
    async with Sandbox() as sandbox:
        sandbox.world.add_user(OLENA, "Олена", last_name="Приклад")
        sandbox.world.add_user(PETRO, "Петро")
        sandbox.world.add_group(STAFF_CHAT, "Підтримка", members=[PETRO])
        yield sandbox
