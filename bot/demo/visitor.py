"""A person of the demo at the Site: opens pages and sends forms over HTTP, as a browser would."""

from __future__ import annotations

import re
import secrets
from types import TracebackType
from typing import Self

import aiohttp

_FORM_KEY = re.compile(r'name="form_key" value="([^"]+)"')


class Visitor:
    """Logged in by a one-time link; `async with`."""

    def __init__(self, base_url: str, link: str) -> None:
        self._base_url = base_url
        self._link = link
        # The Site is on 127.0.0.1: the default jar keeps no cookies of bare addresses.
        self._session = aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True), timeout=aiohttp.ClientTimeout(total=20))

    async def __aenter__(self) -> Self:
        try:
            await self._send(self._link, page=self._link)
        except BaseException:
            await self._session.close()
            raise
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self._session.close()

    async def write(self, text: str) -> None:
        """A line in the web chat."""
        await self._form("/chat", "/chat", text=text, id=secrets.token_hex(16))

    async def press(self, page: str, action: str, **fields: str) -> None:
        """A button on a page."""
        await self._form(page, action, **fields)

    async def _form(self, page: str, action: str, **fields: str) -> None:
        await self._send(f"{self._base_url}{action}", page=f"{self._base_url}{page}", **fields)

    async def _send(self, url: str, *, page: str, **fields: str) -> None:
        async with self._session.get(page) as answer:
            found = _FORM_KEY.search(await answer.text())
        data = {"id": secrets.token_hex(16), **fields, "form_key": found[1] if found else ""}
        async with self._session.post(url, data=data) as answer:
            if answer.status >= 400:
                raise RuntimeError(f"the demo's form was refused: {answer.status} {url}")
