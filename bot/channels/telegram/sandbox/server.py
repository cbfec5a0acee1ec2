"""The HTTP server: the Bot API under /bot<token>/<method>, files under /file/bot<token>/<path>, the control API, the page.

`async with Sandbox() as telegram:` starts it on a free port in this process; `python -m bot.channels.telegram.sandbox` as its own.
"""

import asyncio
import contextlib
from collections.abc import Callable
from datetime import datetime
from importlib import resources
from typing import Self

from aiohttp import web

from bot.channels.telegram.sandbox import control, params, webhook
from bot.channels.telegram.sandbox.answers import ApiError, Json
from bot.channels.telegram.sandbox.faults import Fault, Faults
from bot.channels.telegram.sandbox.journal import Call, Journal
from bot.channels.telegram.sandbox.limits import RateLimits
from bot.channels.telegram.sandbox.methods import GET_UPDATES, METHODS
from bot.channels.telegram.sandbox.world import World
from bot.clock import SystemClock

DEFAULT_TOKEN = "4200000000:SANDBOX-token-of-nobody-000000000000"
_MAX_UPLOAD = 50 * 1024 * 1024
_LONGEST_POLL = 50


class Sandbox:
    """A Bot API server with its world, its journal and its faults. `base_url` is what `[telegram] api_base` takes."""

    def __init__(
        self,
        *,
        token: str = DEFAULT_TOKEN,
        port: int = 0,
        username: str = "deskbot_sandbox_bot",
        now: Callable[[], datetime] | None = None,
        limits: bool = False,
    ) -> None:
        self.token = token
        self.world = World(now or SystemClock().now, bot_id=int(token.partition(":")[0]), bot_username=username)
        self.journal = Journal()
        self.world.updates.on_change = self.journal.changed
        self.faults = Faults()
        self.limits = RateLimits() if limits else None
        self._port = port
        self._runner: web.AppRunner | None = None
        self._webhook: asyncio.Task[None] | None = None
        self._methods = {name.lower(): (name, method) for name, method in METHODS.items()}

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    async def start(self) -> Self:
        self._runner = web.AppRunner(self._application(), access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self._port)
        await site.start()
        self._port = self._runner.addresses[0][1]
        self._webhook = asyncio.create_task(webhook.deliver(self.world.updates))
        return self

    async def stop(self) -> None:
        self.faults.release()
        self.world.updates.wake()
        if self._webhook:
            self._webhook.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._webhook
        if self._runner:
            await self._runner.cleanup()

    async def __aenter__(self) -> Self:
        return await self.start()

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    def sent(self, chat: int | None = None, *, contains: str = "") -> list[Json]:
        """The messages that the bot's sendMessage calls put into a chat, in order, as they were sent."""
        calls = self.journal.select(method="sendMessage", chat=chat, contains=contains)
        return [call.result for call in calls if isinstance(call.result, dict)]

    def _application(self) -> web.Application:
        application = web.Application(client_max_size=_MAX_UPLOAD)
        application.router.add_route("*", "/bot{token}/{method}", self._bot_call)
        application.router.add_get("/file/bot{token}/{path:.+}", self._download)
        application.router.add_get("/", self._page)
        control.add_routes(application.router, self)
        return application

    async def _bot_call(self, request: web.Request) -> web.StreamResponse:
        try:
            self._authorise(request)
            return await self._serve(request)
        except ApiError as refusal:
            return _refused(refusal)

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        raw, uploads = await params.read(request)
        is_poll = request.match_info["method"].lower() == "getupdates"
        name, method = ("getUpdates", GET_UPDATES) if is_poll else self._methods.get(request.match_info["method"].lower(), ("", None))
        if method is None:
            raise ApiError(404, "Not Found: method not found")
        call = Call(number=len(self.journal.calls) + 1, method=name, params=raw, at=self.world.now().timestamp())
        self.journal.add(call)
        try:
            call.params = given = params.checked(name, raw, uploads, method.required, method.optional)
            fault = self.faults.take(name, given.get("chat_id"))
            await self._before(request, call, fault)
            call.result = await self._poll(given) if is_poll else method.act(self.world, given)
        except ApiError as refusal:
            call.outcome, call.effective, call.error = "refused", False, refusal.description
            raise
        finally:
            self.journal.changed()
        return await self._answered(request, call, fault)

    async def _before(self, request: web.Request, call: Call, fault: Fault | None) -> None:
        if self.limits and (refusal := self.limits.refusal(call.method, call.params.get("chat_id"), call.at)):
            raise refusal
        if fault and (refusal := fault.refusal()):
            raise refusal
        if fault and fault.kind == "hold_before":
            call.effective = False
            self.journal.changed()
            await self.faults.hold(fault)
            if request.transport is None or request.transport.is_closing():
                raise ApiError(499, "the caller has gone: its call never arrived")
            call.effective = True

    async def _answered(self, request: web.Request, call: Call, fault: Fault | None) -> web.StreamResponse:
        if fault and fault.kind == "hold":
            call.outcome = "held"
            self.journal.changed()
            await self.faults.hold(fault)
        if fault and fault.kind == "drop":
            call.outcome = "dropped"
            if request.transport:
                request.transport.abort()
        return web.json_response({"ok": True, "result": call.result})

    async def _poll(self, given: Json) -> list[Json]:
        return await self.world.updates.poll(
            offset=given.get("offset", 0),
            limit=min(max(given.get("limit", 100), 1), 100),
            timeout=min(given.get("timeout", 0), _LONGEST_POLL),
            allowed=given.get("allowed_updates"),
        )

    async def _download(self, request: web.Request) -> web.StreamResponse:
        try:
            self._authorise(request)
        except ApiError as refusal:
            return _refused(refusal)
        for stored in self.world.files.values():
            if stored.path == request.match_info["path"]:
                return web.Response(body=stored.content, content_type="application/octet-stream")
        return _refused(ApiError(404, "Not Found"))

    def _authorise(self, request: web.Request) -> None:
        if request.match_info["token"] != self.token:
            raise ApiError(401, "Unauthorized") if ":" in request.match_info["token"] else ApiError(404, "Not Found")

    async def _page(self, _: web.Request) -> web.StreamResponse:
        page = resources.files(__package__).joinpath("page.html").read_text("utf-8")
        return web.Response(text=page, content_type="text/html")


def _refused(refusal: ApiError) -> web.StreamResponse:
    if refusal.code == 502:  # A gateway in front answers this one, in HTML, not the Bot API in JSON.
        return web.Response(status=502, text="<html><head><title>502 Bad Gateway</title></head></html>", content_type="text/html")
    return web.json_response(refusal.envelope(), status=refusal.code)
