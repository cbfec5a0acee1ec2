"""The control API: what people do, what goes wrong, what the bot did; over HTTP for tests and the demo in other processes.

POST /control/<verb> with a JSON object of the verb's arguments; the answer is JSON. `Remote` speaks it. Verbs are those of `World`
and the few below; in the same process call the objects themselves.
"""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import aiohttp
from aiohttp import web

from bot.channels.telegram.sandbox.answers import ApiError, Json
from bot.channels.telegram.sandbox.faults import Fault
from bot.channels.telegram.sandbox.params import Upload

if TYPE_CHECKING:
    from bot.channels.telegram.sandbox.server import Sandbox

_WORLD_VERBS = (
    *("add_user", "add_group", "set_bot_status", "migrate"),
    *("write", "send_media", "send_album", "send_content", "send_contact", "edit", "press", "inject"),
)


def add_routes(router: web.UrlDispatcher, sandbox: Sandbox) -> None:
    """Offer every verb under /control/."""
    verbs: dict[str, Callable[..., Any]] = {name: getattr(sandbox.world, name) for name in _WORLD_VERBS}
    verbs |= {
        "fault": lambda **about: sandbox.faults.add(Fault(**about)),
        "release": sandbox.faults.release,
        "holding": lambda: sandbox.faults.holding,
        "restart_ids": sandbox.world.updates.restart_ids,
        "pending": lambda: len(sandbox.world.updates.pending),
        "confirmed": lambda: sandbox.world.updates.confirmed,
        "handed_out": lambda: sandbox.world.updates.handed_out,
        "counts": lambda: dict(sandbox.journal.counts),
        "calls": lambda **which: [_shown(call) for call in sandbox.journal.select(**which)],
        "wait": lambda **which: _wait(sandbox, **which),
        "view": lambda: _view(sandbox),
        "messages": lambda chat: list(sandbox.world.chat(chat).messages.values()),
    }

    async def handle(request: web.Request) -> web.StreamResponse:
        if (verb := verbs.get(request.match_info["verb"])) is None:
            raise web.HTTPNotFound(text=f"no such verb; there are {', '.join(sorted(verbs))}")
        try:
            arguments = await request.json() if request.can_read_body else {}
            result = verb(**arguments)
            return web.json_response(await result if inspect.isawaitable(result) else result)
        except ApiError as refusal:
            return web.json_response({"error": refusal.description}, status=409)
        except (TypeError, ValueError, KeyError) as mistake:
            return web.json_response({"error": f"{type(mistake).__name__}: {mistake}"}, status=400)

    router.add_post("/control/{verb}", handle)


class Remote:
    """The control API of a sandbox in another process. `await remote.do("write", chat=1, user=1, text="…")`."""

    def __init__(self, base_url: str) -> None:
        self._base_url = base_url
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._session:
            await self._session.close()

    async def do(self, verb: str, **arguments: object) -> Any:
        """Carry out a verb; RuntimeError with the sandbox's words when it refuses."""
        if self._session is None:
            raise RuntimeError("use `async with Remote(...)`")
        async with self._session.post(f"{self._base_url}/control/{verb}", json=arguments) as answer:
            if answer.status != 200:
                raise RuntimeError(f"{verb}: {await answer.text()}")
            return await answer.json()


async def _wait(sandbox: Sandbox, *, count: int = 1, timeout: float = 10.0, **which: Any) -> list[Json]:
    """The matching calls, once there are `count` of them."""
    await sandbox.journal.until(lambda: len(sandbox.journal.select(**which)) >= count, timeout)
    return [_shown(call) for call in sandbox.journal.select(**which)]


def _view(sandbox: Sandbox) -> Json:
    """Everything that the page shows."""
    return {
        "bot": sandbox.world.bot,
        "users": list(sandbox.world.users.values()),
        "toasts": sandbox.world.toasts[-20:],
        "toast_count": len(sandbox.world.toasts),
        "chats": [
            {
                "about": chat.about,
                "members": list(chat.members),
                "keyboard": chat.keyboard,
                "messages": list(chat.messages.values())[-200:],
                "reactions": {str(message): [one["emoji"] for one in given] for message, given in chat.reactions.items()},
            }
            for chat in sandbox.world.chats.values()
        ],
    }


def _shown(call: Any) -> Json:
    shown = dataclasses.asdict(call)
    shown["params"] = {
        name: {"file_name": value.name, "size": len(value.content)} if isinstance(value, Upload) else value
        for name, value in call.params.items()
    }
    return shown
