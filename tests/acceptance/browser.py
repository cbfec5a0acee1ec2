"""A browser without a screen: comes in by a one-time link, reads pages, sends their forms back."""

from __future__ import annotations

import re
import secrets
from html import unescape
from types import TracebackType
from typing import Self

import httpx

from tests.acceptance.process import Deskbot

_KEY = re.compile(r'name="form_key" value="([^"]+)"')


class Browser:
    """`async with Browser(desk) as browser: await browser.log_in("Олена")`."""

    def __init__(self, desk: Deskbot) -> None:
        self._desk = desk
        self._client = httpx.AsyncClient(base_url=desk.site, timeout=20, follow_redirects=True)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None) -> None:
        await self._client.aclose()

    async def log_in(self, who: str) -> str:
        """The page one lands on."""
        made = await self._desk.command("accounts", "link", who)
        assert made.code == 0, made.err
        link = made.out.strip().splitlines()[-1]
        return await self.send(link, on=link)

    async def read(self, path: str) -> str:
        answer = await self._client.get(path)
        assert answer.status_code == 200, f"{path}: {answer.status_code}"
        return unescape(answer.text)

    async def send(self, action: str, *, on: str, **fields: str) -> str:
        """Fill in a form of the page `on` and send it to `action`; the page that comes back."""
        found = _KEY.search((await self._client.get(on)).text)
        assert found, f"no form on {on}"
        answer = await self._client.post(
            action, data={"id": secrets.token_hex(16), "form_key": found[1], **fields}, headers={"origin": self._desk.site}
        )
        assert answer.status_code == 200, f"{action}: {answer.status_code} {answer.text[:500]}"
        return unescape(answer.text)
