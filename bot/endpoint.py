"""The third opinion's other side: any endpoint that speaks the chat completions of OpenAI. Nothing here is believed (bot.intake.third)."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from bot.errors import BotError, Permanent, Transient
from bot.ports import Question

if TYPE_CHECKING:
    import aiohttp

LARGEST_ANSWER = 200_000  # bytes of the whole HTTP answer


class Endpoint:
    """A reader over HTTP. `key` may be empty for a server of one's own."""

    def __init__(self, *, url: str, model: str, key: str, timeout: timedelta) -> None:
        self._url = f"{url}/chat/completions"
        self._model = model
        self._key = key
        self._timeout = timeout

    async def ask(self, question: Question) -> str:
        """See `bot.ports.Reader`. Redirects are not followed: the key and the client's words go to the configured address alone."""
        import aiohttp

        headers = {"Authorization": f"Bearer {self._key}"} if self._key else {}
        limits = aiohttp.ClientTimeout(total=self._timeout.total_seconds())
        try:
            async with (
                aiohttp.ClientSession(timeout=limits, headers=headers) as session,
                session.post(self._url, json=self._body(question), allow_redirects=False) as response,
            ):
                if response.status != 200:
                    raise _refusal(response.status)
                raw = await _read(response)
        except TimeoutError:
            raise Transient("Третя перевірка не відповіла вчасно. Перевірте intake.opinion.url або збільште timeout.") from None
        except (aiohttp.ClientError, OSError) as error:
            # The error's own text may name the address with whatever stands in it.
            raise Transient("Третя перевірка недосяжна ({kind}). Перевірте intake.opinion.url.", kind=type(error).__name__) from None
        return _content(raw)

    def _body(self, question: Question) -> dict[str, Any]:
        return {
            "model": self._model,
            "temperature": 0,
            "messages": [{"role": "system", "content": question.instructions}, {"role": "user", "content": question.units}],
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": "division", "strict": True, "schema": dict(question.schema)},
            },
        }


async def _read(response: aiohttp.ClientResponse) -> bytes:
    raw = b""
    async for piece in response.content.iter_chunked(65_536):
        raw += piece
        if len(raw) > LARGEST_ANSWER:
            break
    return raw


def _refusal(status: int) -> BotError:
    if status == 429 or status >= 500:
        return Transient("Третя перевірка перевантажена (код {status}). Буде запитано згодом.", status=status)
    return Permanent("Третя перевірка відмовила (код {status}). Перевірте intake.opinion: url, model і ключ.", status=status)


def _content(raw: bytes) -> str:
    try:
        if len(raw) > LARGEST_ANSWER:
            raise ValueError
        content = json.loads(raw)["choices"][0]["message"]["content"]
    except (ValueError, LookupError, TypeError, RecursionError):
        raise Permanent("Третя перевірка відповіла не так, як OpenAI-сумісна служба. Перевірте intake.opinion.url.") from None
    if not isinstance(content, str):
        raise Permanent("Третя перевірка відповіла без тексту. Перевірте intake.opinion.model.")
    return content
