"""Files of chats: fetched from the Bot API server within limits, and files of ours made ready to go up.

A server of one's own (`telegram-bot-api --local`) names files by their path on its disk: where that disk is ours too, they are read there.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

from bot.channels.telegram.connection import Connection
from bot.channels.telegram.failures import Refused
from bot.channels.telegram.page import KEPT
from bot.errors import Permanent
from bot.files import MEGABYTE, FileLimits, Shelf

# What Telegram takes from a bot; a server of one's own takes more, which no answer needs.
MAX_UPLOAD = 50 * MEGABYTE


class Downloads:
    """Fetches by "telegram:<file_id>". See the module."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def fetch(self, ref: str, limits: FileLimits) -> bytes | Path:
        """The bytes, or where they lie. Permanent when the file is gone or too large, Transient while the server is out of reach."""
        try:
            about = await self._connection.call("getFile", {"file_id": ref.removeprefix(KEPT)})
        except Refused as error:
            sentence = "Telegram не віддає файл: завеликий." if "too big" in error.description else "Telegram більше не має цього файлу."
            raise Permanent(sentence) from error
        path = str(about.get("file_path") or "")
        if not path:
            raise Permanent("Telegram більше не має цього файлу.")
        if Path(path).is_absolute():
            return await asyncio.to_thread(_readable, Path(path), limits.size)
        return await self._connection.download(path, limit=limits.size)


def _readable(path: Path, limit: int) -> Path:
    """The file on the disk of a server of one's own, if it may be taken."""
    try:
        size = path.stat().st_size
        with path.open("rb"):
            pass
    except OSError as error:
        raise Permanent("Файл лежить на диску сервера Bot API, якого звідси не прочитати.") from error
    if size > limit:
        raise Permanent("Файл завеликий: приймаємо до {megabytes} МБ.", megabytes=limit // MEGABYTE)
    return path


async def content(shelf: Shelf | None, ref: str) -> bytes | None:
    """A kept file to send; None when it is not there, or is more than Telegram takes."""
    return await asyncio.to_thread(_content, shelf, ref) if shelf is not None else None


def _content(shelf: Shelf, ref: str) -> bytes | None:
    path = shelf.path(ref)
    return path.read_bytes() if path is not None and path.stat().st_size <= MAX_UPLOAD else None
