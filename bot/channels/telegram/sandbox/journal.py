"""Every call that the bot made, in order, so that a test can count what a client would have seen twice."""

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from bot.channels.telegram.sandbox.answers import Json

Outcome = Literal["answered", "refused", "dropped", "held"]


@dataclass(slots=True, kw_only=True)
class Call:
    """One call. `effective` says that the sandbox did it, whether or not the answer arrived; `at` is Unix time of the sandbox's clock."""

    number: int
    method: str
    params: Json
    at: float
    outcome: Outcome = "answered"
    effective: bool = True
    result: object = None
    error: str = ""


@dataclass(slots=True)
class Journal:
    """The calls in order; getUpdates is only counted, a bot makes it all the time."""

    calls: list[Call] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    def add(self, call: Call) -> None:
        self.counts[call.method] += 1
        if call.method != "getUpdates":
            self.calls.append(call)
        self.changed()

    def changed(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    def select(self, *, method: str = "", chat: int | None = None, since: int = 0, contains: str = "") -> list[Call]:
        """The effective calls that match; `since` is a call number, `contains` a part of the text."""
        return [
            call
            for call in self.calls
            if call.effective
            and call.number > since
            and method in ("", call.method)
            and chat in (None, call.params.get("chat_id"))
            and contains in str(call.params.get("text", ""))
        ]

    async def until(self, is_true: Callable[[], bool], timeout: float = 10.0) -> None:
        """Wait until `is_true` holds, asked again whenever the bot calls; TimeoutError tells what it called."""
        try:
            async with asyncio.timeout(timeout):
                while not is_true():
                    await self._changed.wait()
        except TimeoutError:
            last = [f"{call.method} {call.params}" for call in self.calls[-5:]]
            raise TimeoutError(f"the bot did not get there in {timeout} s; it called {dict(self.counts)}, last {last}") from None
