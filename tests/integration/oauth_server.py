"""A token server on loopback that is as strict as the real ones: Microsoft's device code and client credentials, Google's code with PKCE.

It also tells mail servers whose a token is (RFC 7662, the way Dovecot asks), so that whoever logs in has been through all of it.
"""

from __future__ import annotations

import base64
import hashlib
import itertools
import secrets
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from aiohttp import web

CLIENT, SECRET, TENANT = "desk-client", "desk-client-key", "desk.example"
_DEVICE = "urn:ietf:params:oauth:grant-type:device_code"
_SCOPES = {
    "device": {"https://outlook.office.com/IMAP.AccessAsUser.All", "https://outlook.office.com/SMTP.Send", "offline_access"},
    "application": {"https://outlook.office365.com/.default"},
    "browser": {"https://mail.google.com/"},
}


class Refusal(Exception):
    def __init__(self, error: str, status: int = 400) -> None:
        super().__init__(error)
        self.error, self.status = error, status


@dataclass
class OAuthServer:
    """`user` is whom the tokens are for. `lifetime` (s) is what new tokens get; `rolls`: a refresh token serves once."""

    user: str
    lifetime: int = 3600
    rolls: bool = True
    interval: int = 1
    answer_with: list[tuple[int, str]] = field(default_factory=list)
    grants: list[str] = field(default_factory=list)
    alive: dict[str, str] = field(default_factory=dict)
    refreshable: set[str] = field(default_factory=set)
    polls: int = 0
    port: int = 0
    _codes: dict[str, dict[str, str]] = field(default_factory=dict)
    _devices: dict[str, str] = field(default_factory=dict)
    _slow: int = 0
    _numbers: Any = field(default_factory=lambda: itertools.count(1))
    _runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def __aenter__(self) -> OAuthServer:
        application = web.Application()
        application.router.add_post(f"/{TENANT}/oauth2/v2.0/devicecode", self._device_code)
        application.router.add_post(f"/{TENANT}/oauth2/v2.0/token", self._token)
        application.router.add_post("/token", self._token)
        application.router.add_get("/o/oauth2/v2/auth", self._consent)
        application.router.add_route("*", "/introspect", self._introspect)
        self._runner = web.AppRunner(application, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port)
        await site.start()
        self.port = self._runner.addresses[0][1]
        return self

    async def __aexit__(self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None) -> None:
        assert self._runner is not None
        await self._runner.cleanup()

    # --- what a person does --------------------------------------------------------------------------------------------------

    def approve(self, user_code: str) -> None:
        device = next(code for code, state in self._devices.items() if state == user_code)
        self._devices[device] = "approved"

    def decline(self, user_code: str) -> None:
        device = next(code for code, state in self._devices.items() if state == user_code)
        self._devices[device] = "declined"

    @property
    def user_codes(self) -> list[str]:
        return [state for state in self._devices.values() if state not in ("approved", "declined")]

    def slow_down(self, times: int = 1) -> None:
        self._slow += times

    def revoke(self) -> None:
        """The person, or an administrator, takes the consent back: nothing that was given works any more."""
        self.refreshable.clear()
        self.alive.clear()

    def expire(self) -> None:
        """Access tokens end; refresh tokens stay good."""
        self.alive.clear()

    # --- what programs do ----------------------------------------------------------------------------------------------------

    def is_good(self, token: str, user: str) -> bool:
        return self.alive.get(token) == user

    async def _fields(self, request: web.Request) -> dict[str, str]:
        if request.content_type != "application/x-www-form-urlencoded":
            raise Refusal("invalid_request")
        given = parse_qsl(await request.text(), keep_blank_values=True, strict_parsing=True)
        fields = dict(given)
        if len(fields) != len(given):
            raise Refusal("invalid_request")  # RFC 6749, 3.2: no parameter twice
        return fields

    async def _device_code(self, request: web.Request) -> web.Response:
        fields = await self._fields(request)
        if fields.get("client_id") != CLIENT:
            return _refused(Refusal("unauthorized_client"))
        if set(fields.get("scope", "").split()) != _SCOPES["device"]:
            return _refused(Refusal("invalid_scope"))
        device, user = secrets.token_urlsafe(16), f"DESK-{next(self._numbers):04d}"
        self._devices[device] = user
        answer = {"device_code": device, "user_code": user, "verification_uri": f"{self.url}/device", "interval": self.interval}
        return web.json_response(answer | {"expires_in": 900, "message": "…"})

    async def _consent(self, request: web.Request) -> web.Response:
        """The page of a person who agrees at once: sends the browser to the redirect address."""
        fields = dict(request.query)
        wanted = {"client_id", "redirect_uri", "response_type", "scope", "state", "code_challenge", "code_challenge_method"}
        if not wanted <= set(fields) or fields["client_id"] != CLIENT or fields["response_type"] != "code":
            raise web.HTTPBadRequest(text="invalid_request")
        if set(fields["scope"].split()) != _SCOPES["browser"] or fields["code_challenge_method"] != "S256":
            raise web.HTTPBadRequest(text="invalid_scope")
        if urlsplit(fields["redirect_uri"]).hostname != "127.0.0.1":
            raise web.HTTPBadRequest(text="redirect_uri_mismatch")
        code = f"4/{secrets.token_urlsafe(16)}"
        self._codes[code] = fields
        raise web.HTTPFound(f"{fields['redirect_uri']}?{urlencode({'state': fields['state'], 'code': code, 'scope': fields['scope']})}")

    async def _token(self, request: web.Request) -> web.Response:
        if self.answer_with:
            status, text = self.answer_with.pop(0)
            return web.Response(status=status, text=text, content_type="application/json")
        try:
            return web.json_response(self._given(await self._fields(request)))
        except Refusal as refusal:
            return _refused(refusal)

    def _given(self, fields: dict[str, str]) -> dict[str, Any]:
        grant = fields.get("grant_type", "")
        self.grants.append(grant)
        if fields.get("client_id") != CLIENT:
            raise Refusal("unauthorized_client")
        match grant:
            case "client_credentials":
                self._prove(fields)
                if set(fields.get("scope", "").split()) != _SCOPES["application"]:
                    raise Refusal("invalid_scope")
                return self._tokens(refresh=False)
            case "refresh_token":
                given = fields.get("refresh_token", "")
                if given not in self.refreshable:
                    raise Refusal("invalid_grant")
                if self.rolls:
                    self.refreshable.discard(given)
                return self._tokens(refresh=self.rolls)
            case "authorization_code":
                self._prove(fields)
                return self._for_code(fields)
            case value if value == _DEVICE:
                return self._for_device(fields)
        raise Refusal("unsupported_grant_type")

    def _prove(self, fields: dict[str, str]) -> None:
        if fields.get("client_secret") != SECRET:
            raise Refusal("invalid_client", 401)

    def _for_code(self, fields: dict[str, str]) -> dict[str, Any]:
        asked = self._codes.pop(fields.get("code", ""), None)
        verifier = fields.get("code_verifier", "")
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
        if asked is None or asked["redirect_uri"] != fields.get("redirect_uri") or asked["code_challenge"] != challenge:
            raise Refusal("invalid_grant")
        return self._tokens(refresh=asked.get("access_type") == "offline")

    def _for_device(self, fields: dict[str, str]) -> dict[str, Any]:
        self.polls += 1
        if self._slow:
            self._slow -= 1
            raise Refusal("slow_down")
        match self._devices.get(fields.get("device_code", "")):
            case None:
                raise Refusal("expired_token")
            case "approved":
                del self._devices[fields["device_code"]]
                return self._tokens(refresh=True)
            case "declined":
                raise Refusal("authorization_declined")
        raise Refusal("authorization_pending")

    def _tokens(self, *, refresh: bool) -> dict[str, Any]:
        access = f"access-{next(self._numbers)}-{secrets.token_urlsafe(12)}"
        self.alive[access] = self.user
        answer = {"token_type": "Bearer", "access_token": access, "expires_in": self.lifetime}
        if refresh:
            token = f"refresh-{next(self._numbers)}-{secrets.token_urlsafe(12)}"
            self.refreshable.add(token)
            answer["refresh_token"] = token
        return answer

    async def _introspect(self, request: web.Request) -> web.Response:
        token = (await request.post()).get("token") or request.headers.get("authorization", "").removeprefix("Bearer ")
        user = self.alive.get(str(token))
        return web.json_response({"active": True, "username": user} if user else {"active": False})


def _refused(refusal: Refusal) -> web.Response:
    return web.json_response({"error": refusal.error, "error_description": "AADSTS0: no"}, status=refusal.status)
