"""A client of the sandbox that knows nothing but HTTP."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import aiohttp
import pytest

from bot.channels.telegram.sandbox import Sandbox

Ask = Callable[..., Awaitable[dict[str, Any]]]


@pytest.fixture
async def ask(telegram: Sandbox) -> AsyncIterator[Ask]:
    """Calls a method with JSON parameters and returns the whole envelope."""
    async with aiohttp.ClientSession() as session:

        async def call(method: str, *, token: str = telegram.token, **parameters: Any) -> dict[str, Any]:
            async with session.post(f"{telegram.base_url}/bot{token}/{method}", json=parameters) as answer:
                envelope = await answer.json()
                assert answer.status == envelope.get("error_code", 200)
                return envelope

        yield call
