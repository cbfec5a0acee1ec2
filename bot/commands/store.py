"""The database for a command that needs nothing else of the house."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from bot.commands.terminal import load_settings

if TYPE_CHECKING:
    from bot.config import Settings
    from bot.ports import Storage

T = TypeVar("T")


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Storage]:
    """The storage that the settings name, its tables brought up to date; closed afterwards."""
    from bot.storage import open_storage

    storage = await open_storage(settings.database_url.reveal())
    try:
        yield storage
    finally:
        await storage.close()


def with_storage(config: Path | None, work: Callable[[Storage, Settings], Awaitable[T]]) -> T:
    """Run `work` on the configured storage."""
    settings = load_settings(config)

    async def run() -> T:
        async with opened(settings) as storage:
            return await work(storage, settings)

    return asyncio.run(run())
