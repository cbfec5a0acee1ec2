"""Who may come in: one-time login links, sessions, and the token that proves a form is ours (DESIGN 8).

A link is random, signed and short-lived; only its digest is stored, so a copy of the database opens nothing. A subject is "contact:7" or
"agent:3". Nothing here knows the web framework: the command line, Telegram's /site and the first start make links with it.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import UTC, datetime, timedelta

from bot.ports import UnitOfWork

LOGIN = "site_login"
SESSION = "site_session"
LINK_LIFETIME = timedelta(minutes=30)
_KEY = "site_key"


async def site_key(uow: UnitOfWork) -> bytes:
    """The secret that signs links and forms: made once and kept with the data, so all processes share it and a restart changes nothing."""
    stored = await uow.state.get(_KEY)
    if stored is None:
        stored = secrets.token_hex(32)
        uow.state.set(_KEY, stored)
    return bytes.fromhex(stored)


async def make_login_link(uow: UnitOfWork, *, subject: str, now: datetime, base_url: str, lifetime: timedelta = LINK_LIFETIME) -> str:
    """A link that lets `subject` in once, until `now + lifetime`. The caller commits, then hands the link to that person alone."""
    expires_at = now + lifetime
    token = _sign(await site_key(uow), f"{secrets.token_urlsafe(24)}.{int(expires_at.timestamp()):x}")
    await uow.state.put_token(digest=digest(token), purpose=LOGIN, subject=subject, expires_at=expires_at)
    return f"{base_url.rstrip('/')}/login/{token}"


async def peek_link(uow: UnitOfWork, token: str, *, key: bytes, now: datetime) -> str | None:
    """Whom a link would let in; it stays usable (a mail scanner that opens links burns nothing)."""
    if not _is_signed(key, token, now):
        return None
    found = await uow.state.find_token(digest=digest(token), purpose=LOGIN, now=now)
    return found[0] if found else None


async def use_link(uow: UnitOfWork, token: str, *, key: bytes, now: datetime) -> str | None:
    """Whom a link lets in, once: of two at the same time one gets None."""
    if not _is_signed(key, token, now):
        return None
    found = await uow.state.use_token(digest=digest(token), purpose=LOGIN, now=now)
    return found[0] if found else None


async def start_session(uow: UnitOfWork, *, subject: str, now: datetime, lifetime: timedelta) -> str:
    """The secret for a session cookie; only its digest is stored."""
    secret = secrets.token_urlsafe(32)
    await uow.state.put_token(digest=digest(secret), purpose=SESSION, subject=subject, expires_at=now + lifetime)
    return secret


async def session_subject(uow: UnitOfWork, secret: str, *, now: datetime) -> str | None:
    """Whose session a cookie is, None for an unknown or ended one."""
    found = await uow.state.find_token(digest=digest(secret), purpose=SESSION, now=now)
    return found[0] if found else None


async def end_session(uow: UnitOfWork, secret: str, *, now: datetime) -> None:
    """Log out: the cookie's value opens nothing any more, wherever it was copied to."""
    await uow.state.use_token(digest=digest(secret), purpose=SESSION, now=now)


def digest(secret: str) -> str:
    """What is stored of a secret. It holds 192 random bits or more, so a plain hash is enough."""
    return hashlib.sha256(secret.encode()).hexdigest()


def form_token(key: bytes, cookie: str) -> str:
    """Proof that a form was made by us for the holder of this cookie: a page elsewhere knows neither."""
    return hmac.new(key, b"form:" + cookie.encode(), hashlib.sha256).hexdigest()


def is_form_token(key: bytes, cookie: str, given: str) -> bool:
    return bool(cookie) and hmac.compare_digest(form_token(key, cookie).encode(), given.encode())


def _sign(key: bytes, body: str) -> str:
    mark = hmac.new(key, b"link:" + body.encode(), hashlib.sha256).hexdigest()[:32]
    return f"{body}.{mark}"


def _is_signed(key: bytes, token: str, now: datetime) -> bool:
    """Whether we made this link and it still lives: garbage is refused without asking the database."""
    body, _dot, _mark = token.rpartition(".")
    if not body or not token.isascii() or not hmac.compare_digest(_sign(key, body), token):
        return False
    expiry = body.rpartition(".")[2]
    return now < datetime.fromtimestamp(int(expiry, 16), tz=UTC)
