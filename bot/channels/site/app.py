"""Puts the pages together: one application, made from plain arguments, nothing opened at import."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse, Response
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException

from bot.channels.base import Health
from bot.channels.site.answers import refused, status_of, wants_json
from bot.channels.site.context import STATIC, build, language_of, page
from bot.channels.site.filing import Filing
from bot.channels.site.gate import Elsewhere, ForeignForm, LoginNeeded
from bot.channels.site.options import SiteOptions
from bot.channels.site.pages import (
    chat,
    client,
    client_buttons,
    files,
    login,
    probes,
    promises,
    report,
    staff,
    staff_buttons,
    status,
    urgency,
)
from bot.channels.site.shield import Shield, TooLarge, security_headers
from bot.clock import Clock
from bot.desk import Desk
from bot.errors import BotError, NotFound, Rejected
from bot.ports import Storage
from bot.texts import explain


def create_app(
    *,
    storage: Storage,
    desk: Desk,
    clock: Clock,
    options: SiteOptions,
    health: Sequence[Health],
    secret: bytes,
    zone: ZoneInfo,
    filing: Filing | None = None,
) -> FastAPI:
    """The Site. `health` is what the status page shows, `secret` (`access.site_key`) signs links and forms, deadlines are in `zone`,
    `filing` keeps files."""
    app = FastAPI(title="deskbot", docs_url=None, redoc_url=None, openapi_url=None)
    app.state.site = build(storage=storage, desk=desk, clock=clock, options=options, health=health, secret=secret, zone=zone, filing=filing)
    for part in (login, client, client_buttons, files, chat, staff, report, promises, status, staff_buttons, urgency, probes):
        app.include_router(part.router)
    app.include_router(client_buttons.origins)
    app.mount("/static", _Static(directory=STATIC), name="static")
    _explain_errors(app)
    upload_limit = filing.form_limit if filing else options.body_limit
    app.add_middleware(Shield, body_limit=options.body_limit, upload_limit=upload_limit, is_https=options.is_https)
    return app


class _Static(StaticFiles):
    """Their addresses change with their content (`static_url`), so they may be kept for ever."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        answer = super().file_response(*args, **kwargs)
        answer.headers["cache-control"] = "public, max-age=31536000, immutable"
        return answer


def _explain_errors(app: FastAPI) -> None:
    """Whatever went wrong is a polite page, or JSON for the script; never a traceback, never a bare status."""

    @app.exception_handler(LoginNeeded)
    async def login_needed(request: Request, error: LoginNeeded) -> Response:
        if wants_json(request):
            return refused(request, Rejected("Сеанс закінчився: увійдіть знову за новим посиланням."))
        return RedirectResponse("/login", status_code=303)

    @app.exception_handler(Elsewhere)
    async def elsewhere(request: Request, error: Elsewhere) -> Response:
        return RedirectResponse(error.path, status_code=303)

    @app.exception_handler(ForeignForm)
    async def foreign_form(request: Request, error: ForeignForm) -> Response:
        sentence = Rejected("Ця форма застаріла або надіслана не з нашої сторінки. Поверніться, оновіть сторінку та спробуйте ще раз.")
        if wants_json(request):
            return JSONResponse({"error": explain(sentence, language_of(request))}, status_code=403)
        return _page(request, sentence, 403)

    @app.exception_handler(TooLarge)
    async def too_large(request: Request, error: TooLarge) -> Response:
        return _page(request, Rejected("Повідомлення завелике. Скоротіть його, будь ласка, або надішліть частинами."), 413)

    @app.exception_handler(BotError)
    async def expected(request: Request, error: BotError) -> Response:
        return refused(request, error) if wants_json(request) else _page(request, error, status_of(error))

    @app.exception_handler(RequestValidationError)
    async def odd_address(request: Request, error: RequestValidationError) -> Response:
        return _page(request, NotFound("Такої сторінки немає."), 404)

    @app.exception_handler(HTTPException)
    async def http_error(request: Request, error: HTTPException) -> Response:
        sentence = NotFound("Такої сторінки немає.") if error.status_code in (404, 405) else Rejected("Запит не вдалося прочитати.")
        return _page(request, sentence, error.status_code)

    @app.exception_handler(500)
    async def bug(request: Request, error: Exception) -> Response:
        """Raised again after this by the framework, so the log has its traceback."""
        answer = _page(request, BotError("Сталася помилка на нашому боці. Спробуйте, будь ласка, ще раз за хвилину."), 500)
        answer.headers.update(security_headers(is_https=app.state.site.options.is_https))
        return answer


def _page(request: Request, error: BotError, status: int) -> Response:
    return page(request, "error.html", status=status, sentence=explain(error, language_of(request)), code=status)
