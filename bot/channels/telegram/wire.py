"""The only module that imports aiogram, and the only one that talks to the Bot API: methods out, plain JSON or our errors back.

aiogram's typed methods check what we send and its session carries it; answers are not parsed into its types: an answer that its types
do not know yet would look like a failure, and a message that was sent would be sent again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, cast

import aiohttp
from aiogram import Bot, methods
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.exceptions import TelegramNetworkError
from aiogram.methods.base import Response, TelegramMethod
from aiogram.types import BufferedInputFile
from aiogram.utils.token import TokenValidationError
from pydantic import ValidationError

from bot.channels.telegram.failures import Refused, TokenRefused, failure
from bot.errors import Misconfigured, Permanent, Transient, Unsure
from bot.files import MEGABYTE

_CONNECT_WITHIN = 10.0
_ANSWER_WITHIN = 30.0
_FILE_WITHIN = 300.0
_PIECE = 256 * 1024
_POLL_MARGIN = 10.0
"""How much later than the long poll's own end an answer may come."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A file of ours to send."""

    content: bytes
    name: str


class Wire:
    """A connection to one bot. Raises `RateLimited`, `Transient`, `Unsure`, `Unreachable`, `Refused` (a 400) or `TokenRefused`."""

    def __init__(self, *, token: str, api_base: str) -> None:
        self._session = _RawSession(api=TelegramAPIServer.from_base(api_base), timeout=_timeout(_ANSWER_WITHIN))
        try:
            self._bot = Bot(token, session=self._session)
        except TokenValidationError as error:
            raise Misconfigured("Токен Telegram записано з помилкою: скопіюйте його ще раз із BotFather.") from error

    async def call(self, method: str, parameters: Mapping[str, Any], *, wait: float | None = None) -> Any:
        """Call a method by its Bot API name; the `result` of the answer as JSON. `wait` seconds more than usual for a long poll."""
        name = method[0].upper() + method[1:]
        try:
            prepared = getattr(methods, name).model_validate({key: _file(value) for key, value in parameters.items()})
        except ValidationError as error:
            raise Permanent("Повідомлення складено з помилкою: {what}", what=f"{method}: {error.error_count()}") from error
        timeout = None if wait is None else _timeout(wait + _POLL_MARGIN)
        try:
            return await self._session(self._bot, prepared, timeout=cast(int, timeout))
        except TelegramNetworkError as error:
            raise _network_failure(error) from error

    async def download(self, path: str, *, limit: int) -> bytes:
        """A file of the server. Permanent when it is larger than `limit` bytes or gone, Transient while it cannot be reached."""
        url = self._session.api.file_url(self._bot.token, path)
        session = await self._session.create_session()
        try:
            async with session.get(url, timeout=_timeout(_FILE_WITHIN)) as answer:
                if answer.status in (400, 404):
                    raise Permanent("Telegram більше не має цього файлу.")
                if answer.status != 200:
                    raise failure(answer.status, {})
                return await _limited(answer, limit)
        except (aiohttp.ClientError, TimeoutError) as error:
            raise Transient("Telegram недоступний: {what}", what=type(error).__name__) from error

    async def close(self) -> None:
        await self._session.close()


class _RawSession(AiohttpSession):
    """aiogram's session with answers left as they are and refusals turned into our errors, HTTP status included."""

    def check_response(self, bot: Bot, method: TelegramMethod[Any], status_code: int, content: str) -> Response[Any]:
        try:
            answer = json.loads(content)
            if answer["ok"]:
                return Response[Any].model_construct(ok=True, result=answer["result"])
        except (ValueError, TypeError, KeyError):
            answer = {}
        raise failure(status_code, answer)


async def _limited(answer: aiohttp.ClientResponse, limit: int) -> bytes:
    pieces, size = [], 0
    async for piece in answer.content.iter_chunked(_PIECE):
        size += len(piece)
        if size > limit:
            raise Permanent("Файл завеликий: приймаємо до {megabytes} МБ.", megabytes=limit // MEGABYTE)
        pieces.append(piece)
    return b"".join(pieces)


def _timeout(seconds: float) -> Any:
    return aiohttp.ClientTimeout(total=seconds, connect=_CONNECT_WITHIN)


def _file(value: Any) -> Any:
    return BufferedInputFile(value.content, value.name) if isinstance(value, Upload) else value


def _network_failure(error: TelegramNetworkError) -> Transient:
    """Never connected: it cannot have happened. Connected and no answer: it may have."""
    unconnected = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.ServerFingerprintMismatch)
    if isinstance(error.__cause__, unconnected):
        return Transient("Telegram недоступний: {what}", what=type(error.__cause__).__name__)
    return Unsure("Telegram не відповів: невідомо, чи дійшло.", retry_after=timedelta(seconds=5))


__all__ = ["Refused", "TokenRefused", "Upload", "Wire"]
