"""The door that Telegram knocks at: its secret is checked, the update is committed, and only then it hears 200.

Plain ASGI, so that the Site can serve it in any number of processes behind any load balancer, and nothing of the Site is needed here.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from bot.channels.telegram.arrivals import Arrivals

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
PATH = "/telegram/webhook"
_HEADER = b"x-telegram-bot-api-secret-token"


class Door:
    """See the module. An error of the store is not answered here: whoever serves the door says 5xx, and Telegram comes again."""

    def __init__(self, *, arrivals: Arrivals, secret: str) -> None:
        self._arrivals = arrivals
        self._secret = secret.encode()

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        if scope["method"] != "POST":
            await _answer(send, 405, allow=b"POST")
            return
        given = next((value for name, value in scope["headers"] if name == _HEADER), None)
        if given is None or not self._secret or not hmac.compare_digest(given, self._secret):
            await _answer(send, 401 if given is None else 403)
            return
        body = await _body(receive)
        if body is None:
            return
        try:
            update = json.loads(body)
        except (ValueError, RecursionError):
            await self._arrivals.keep_unreadable(body)
        else:
            await self._arrivals.store([update])
        await _answer(send, 200)


async def _body(receive: Receive) -> bytes | None:
    """The whole body; None when the other side hung up before its end."""
    pieces = []
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        pieces.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(pieces)


async def _answer(send: Send, status: int, **headers: bytes) -> None:
    named = [(name.encode(), value) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": [(b"content-length", b"0"), *named]})
    await send({"type": "http.response.body", "body": b""})
