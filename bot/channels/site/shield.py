"""What every answer carries and no request may exceed: security headers and a limit for the body. Plain ASGI, below the framework."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import suppress
from typing import Any

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]

# Everything comes from this server, nothing is inline, nobody may frame us, forms go nowhere else.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
# Login links hold a secret in their path: no other site may learn it from a referrer.
_HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=(), interest-cohort=()",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
_HSTS = "max-age=31536000"

# A larger or slower body is cut off: whoever sends that is no browser with a long text in it.
_DRAIN_BYTES = 32 * 1_048_576
_DRAIN_SECONDS = 15


class TooLarge(Exception):
    """The body is over the limit; what came of it is thrown away."""


def security_headers(*, is_https: bool) -> dict[str, str]:
    """For every answer; the page about a fault of ours is made above this middleware and sets them itself."""
    return _HEADERS | ({"strict-transport-security": _HSTS} if is_https else {})


class Shield:
    """Wraps the application. `body_limit` is in bytes, `upload_limit` for forms with files.
    Pages are never kept by caches; static files say themselves how long they may."""

    def __init__(self, app: App, *, body_limit: int, upload_limit: int, is_https: bool) -> None:
        self._app = app
        self._body_limit = body_limit
        self._upload_limit = upload_limit
        self._headers = [(name.encode(), value.encode()) for name, value in security_headers(is_https=is_https).items()]

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        answered = False

        async def guarded_send(message: Message) -> None:
            nonlocal answered
            if message["type"] == "http.response.start":
                answered = True
                message = {**message, "headers": self._with_ours(message.get("headers", []))}
            await send(message)

        try:
            limit = self._upload_limit if _header(scope, b"content-type").startswith(b"multipart/form-data") else self._body_limit
            if _declared(scope) > limit:
                raise TooLarge
            await self._app(scope, _counted(receive, limit), guarded_send)
        except TooLarge:
            if not answered:
                await _drain(receive)
                await _refuse(guarded_send)

    def _with_ours(self, headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
        theirs = {name.lower() for name, _value in headers}
        ours = [(name, value) for name, value in self._headers if name not in theirs]
        cache = [] if b"cache-control" in theirs else [(b"cache-control", b"no-store")]
        return [*headers, *ours, *cache]


def _counted(receive: Receive, limit: int) -> Receive:
    """A body may come without a length, or lie about it: count what arrives."""
    seen = 0

    async def counted() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > limit:
            raise TooLarge
        return message

    return counted


def _header(scope: MutableMapping[str, Any], wanted: bytes) -> bytes:
    return next((bytes(value) for name, value in scope["headers"] if name == wanted), b"")


def _declared(scope: MutableMapping[str, Any]) -> int:
    value = _header(scope, b"content-length")
    return int(value) if value.isdigit() else 0


_SORRY = (
    "Повідомлення завелике. Скоротіть його, будь ласка, або надішліть частинами.\n"
    "The message is too large. Please shorten it or send it in parts.\n"
).encode()


async def _drain(receive: Receive) -> None:
    """A browser reads no answer before it has sent everything: what comes is thrown away, up to a limit, so that it sees the sentence."""
    seen = 0
    with suppress(TimeoutError):
        async with asyncio.timeout(_DRAIN_SECONDS):
            while seen < _DRAIN_BYTES:
                message = await receive()
                seen += len(message.get("body", b""))
                if message["type"] != "http.request" or not message.get("more_body"):
                    return


async def _refuse(send: Send) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(_SORRY)).encode()), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": _SORRY})
