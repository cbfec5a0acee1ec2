"""How a POST is answered: a browser without our script goes on to a page, the script gets JSON. The same sentences either way."""

from __future__ import annotations

from fastapi import Request
from fastapi.responses import JSONResponse, RedirectResponse, Response

from bot.channels.site.context import language_of
from bot.errors import BotError, Conflict, Forbidden, NotFound, RateLimited, Rejected, Transient
from bot.texts import explain

# First match wins: the tree of bot.errors from the leaves up.
_STATUS: tuple[tuple[type[BotError], int], ...] = (
    (NotFound, 404),
    (Forbidden, 403),
    (Conflict, 409),
    (Rejected, 422),
    (RateLimited, 429),
    (Transient, 503),
)


def status_of(error: BotError) -> int:
    return next((status for kind, status in _STATUS if isinstance(error, kind)), 500)


def wants_json(request: Request) -> bool:
    return "application/json" in request.headers.get("accept", "")


def went_well(request: Request, path: str) -> Response:
    """On to the page at `path` (303, so that a reload posts nothing)."""
    return JSONResponse({"ok": True}) if wants_json(request) else RedirectResponse(path, status_code=303)


def refused(request: Request, error: BotError) -> Response:
    """For the script: the sentence to show beside the button."""
    return JSONResponse({"error": explain(error, language_of(request))}, status_code=status_of(error))


def own_path(path: str) -> str:
    """A path on this site; anything that could lead elsewhere ("//host", "/\\\\host", a scheme) is the front page."""
    return path if path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable() else "/"
