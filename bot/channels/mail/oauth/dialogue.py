"""The words that pass between us and a token server (RFC 6749, RFC 8628): form posts out, plain values back, every refusal sorted.

Nothing here is remembered and nothing is logged: answers hold tokens. `Keeper` keeps them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog

from bot.channels.mail.oauth.providers import REDIRECT, Consent, Provider, Way
from bot.errors import Misconfigured, Permanent, Rejected, Transient

LIMIT = 20.0
_DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
# A server that says nothing about it means this (RFC 8628, 3.5); one that forgets the lifetime of a token means an hour.
_INTERVAL = 5
_LIFETIME = 3600
_OURS = ("invalid_client", "unauthorized_client", "invalid_scope", "unsupported_grant_type", "invalid_request")

log = structlog.get_logger(__name__)


class ConsentLost(Transient):
    """Дозвіл на скриньку відкликано або його ще не дано."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What a token server gave. `refresh_token` is "" where there is none (an application asks anew)."""

    access_token: str
    refresh_token: str
    obtained_at: datetime
    expires_at: datetime

    def __repr__(self) -> str:
        return f"Grant(expires_at={self.expires_at.isoformat()})"

    def is_fresh(self, now: datetime) -> bool:
        """Whether it may still be used without asking for the next: for four fifths of its life, so that none ends in mid-dialogue."""
        return self.obtained_at <= now < self.obtained_at + (self.expires_at - self.obtained_at) * 0.8

    def is_valid(self, now: datetime) -> bool:
        return now < self.expires_at


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceCode:
    """What a person types where: `user_code` at `url`, before `expires_in` has passed. `interval` is how often we may ask."""

    device_code: str
    user_code: str
    url: str
    interval: timedelta
    expires_in: timedelta

    def __repr__(self) -> str:
        return f"DeviceCode(url={self.url!r})"


class Pending(Transient):
    """Людина ще не підтвердила дозвіл."""

    def __init__(self, *, slower: bool) -> None:
        super().__init__()
        self.slower = slower


async def device_code(provider: Provider) -> DeviceCode:
    """Begin the way of the device code."""
    answer = await _post(provider.device_url, {"client_id": provider.client_id, "scope": provider.scope}, provider)
    try:
        return DeviceCode(
            device_code=str(answer["device_code"]),
            user_code=str(answer["user_code"]),
            url=str(answer.get("verification_uri") or answer["verification_url"]),
            interval=timedelta(seconds=int(answer.get("interval", _INTERVAL))),
            expires_in=timedelta(seconds=int(answer["expires_in"])),
        )
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise _nonsense() from error


async def by_device(provider: Provider, code: DeviceCode, *, now: datetime) -> Grant:
    """Ask whether the person is done. Raises Pending until they are, Rejected when they said no or took too long."""
    return await _token(provider, {"grant_type": _DEVICE_GRANT, "device_code": code.device_code}, now=now)


async def by_consent(provider: Provider, consent: Consent, code: str, *, now: datetime) -> Grant:
    """The code of a consent page for tokens."""
    fields = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT, "code_verifier": consent.verifier}
    try:
        grant = await _token(provider, fields, now=now)
    except ConsentLost:
        raise Rejected("Код уже не діє: він одноразовий і живе кілька хвилин. Почніть спочатку.") from None
    if not grant.refresh_token:
        raise Permanent("Сервер не дав довгого токена. Зніміть дозвіл у налаштуваннях облікового запису й почніть спочатку.")
    return grant


async def renew(provider: Provider, refresh_token: str, *, now: datetime) -> Grant:
    """The next token: by the refresh token, or for an application by its own secret. Raises ConsentLost when the consent is gone."""
    if provider.way is Way.APPLICATION:
        return await _token(provider, {"grant_type": "client_credentials", "scope": provider.scope}, now=now)
    if not refresh_token:
        raise ConsentLost()
    fields = {"grant_type": "refresh_token", "refresh_token": refresh_token, "scope": provider.scope}
    return await _token(provider, fields, now=now, kept=refresh_token)


async def _token(provider: Provider, fields: Mapping[str, str], *, now: datetime, kept: str = "") -> Grant:
    own = {"client_id": provider.client_id} | ({"client_secret": provider.client_secret} if provider.client_secret else {})
    answer = await _post(provider.token_url, {**own, **fields}, provider)
    try:
        lifetime = timedelta(seconds=max(60, int(answer.get("expires_in", _LIFETIME))))
        # Microsoft gives a new refresh token each time, Google keeps the old one.
        refresh_token = str(answer.get("refresh_token") or kept)
        access_token = str(answer["access_token"])
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise _nonsense() from error
    return Grant(access_token=access_token, refresh_token=refresh_token, obtained_at=now, expires_at=now + lifetime)


async def _post(url: str, fields: Mapping[str, str], provider: Provider) -> Mapping[str, Any]:
    import aiohttp

    try:
        timeout = aiohttp.ClientTimeout(total=LIMIT)
        async with aiohttp.ClientSession(timeout=timeout) as session, session.post(url, data=fields, allow_redirects=False) as response:
            status, answer = response.status, await response.json(content_type=None)
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
        # The error's own text may hold what was posted.
        raise Transient("Сервер токенів недосяжний ({kind}).", kind=type(error).__name__) from None
    if not isinstance(answer, dict):
        raise _nonsense()
    if status == 200 and "error" not in answer:
        return answer
    raise _refusal(status, str(answer.get("error") or ""), provider)


def _refusal(status: int, code: str, provider: Provider) -> Exception:
    log.warning("oauth_refused", status=status, error=code[:60], way=provider.way.value)
    match code:
        case "authorization_pending" | "slow_down":
            return Pending(slower=code == "slow_down")
        case "authorization_declined" | "access_denied":
            return Rejected("У дозволі відмовлено. Почніть спочатку, якщо це помилка.")
        case "expired_token" | "code_expired":
            return Rejected("Час на підтвердження минув. Почніть спочатку.")
        case "invalid_grant" | "interaction_required":
            return ConsentLost()
    if code in _OURS:
        return Misconfigured(
            "Сервер токенів не приймає наш застосунок ({error}). Перевірте client_id, client_secret, tenant і його дозволи.",
            error=code,
        )
    return Transient("Сервер токенів відмовив ({status} {error}).", status=status, error=code[:60] or "?")


def _nonsense() -> Transient:
    return Transient("Сервер токенів відповів незрозуміло.")
