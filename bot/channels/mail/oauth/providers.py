"""Who gives out tokens, and what is asked of them: endpoints, scopes and ways of asking, as plain values. Pure.

Microsoft allows the device code for mail, Google does not (its list of scopes for devices holds none for mail), so Gmail goes through a
browser and the answer is pasted back (RFC 8252 with PKCE, RFC 7636).
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import parse_qs, urlencode, urlsplit

from bot.channels.mail.imap import is_loopback
from bot.errors import Misconfigured, Rejected

# Nobody listens there: the browser shows an error page, and its address bar holds the answer.
REDIRECT = "http://127.0.0.1:8765/"
_MICROSOFT_LOGIN = "https://login.microsoftonline.com"
_MICROSOFT_SCOPES = "https://outlook.office.com/IMAP.AccessAsUser.All https://outlook.office.com/SMTP.Send offline_access"
_MICROSOFT_APP_SCOPE = "https://outlook.office365.com/.default"
_GOOGLE_CONSENT = "https://accounts.google.com/o/oauth2/v2/auth"
_GOOGLE_TOKENS = "https://oauth2.googleapis.com/token"
_GOOGLE_SCOPE = "https://mail.google.com/"


class Way(StrEnum):
    """How a mailbox's tokens are come by."""

    DEVICE = "device"
    APPLICATION = "application"
    BROWSER = "browser"


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """Where one mailbox's tokens come from. `device_url` and `consent_url` are "" where the way does not need them."""

    way: Way
    client_id: str
    client_secret: str = field(repr=False)
    scope: str
    token_url: str
    device_url: str = ""
    consent_url: str = ""

    def __post_init__(self) -> None:
        for url in (self.token_url, self.device_url, self.consent_url):
            parts = urlsplit(url)
            if url and parts.scheme != "https" and not is_loopback(parts.hostname or ""):
                raise Misconfigured("Токени без TLS беруть лише на цьому ж комп'ютері: {url}", url=url)


def microsoft(*, way: Way, client_id: str, client_secret: str = "", tenant: str, authority: str = "") -> Provider:
    """Microsoft 365. `tenant` is the directory's id or domain; `authority` is another cloud's (or a test's) login server."""
    base = f"{authority or _MICROSOFT_LOGIN}/{tenant}/oauth2/v2.0"
    is_application = way is Way.APPLICATION
    return Provider(
        way=way,
        client_id=client_id,
        client_secret=client_secret,
        scope=_MICROSOFT_APP_SCOPE if is_application else _MICROSOFT_SCOPES,
        token_url=f"{base}/token",
        device_url="" if is_application else f"{base}/devicecode",
    )


def google(*, client_id: str, client_secret: str, authority: str = "") -> Provider:
    """Gmail, with the client of a "desktop app". Its secret is not secret (RFC 8252, 8.5), and Google demands it all the same."""
    return Provider(
        way=Way.BROWSER,
        client_id=client_id,
        client_secret=client_secret,
        scope=_GOOGLE_SCOPE,
        token_url=f"{authority}/token" if authority else _GOOGLE_TOKENS,
        consent_url=f"{authority}/o/oauth2/v2/auth" if authority else _GOOGLE_CONSENT,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """One visit to the consent page: the page, and the two secrets by which its answer is known to belong to it."""

    url: str = field(repr=False)
    state: str = field(repr=False)
    verifier: str = field(repr=False)

    def code_in(self, pasted: str) -> str:
        """The code in what was pasted back: the whole address, or the code alone. Raises Rejected with what to do instead."""
        pasted = pasted.strip()
        if "://" not in pasted and "=" not in pasted:
            if not pasted:
                raise Rejected("Нічого не вставлено. Скопіюйте всю адресу з рядка браузера.")
            return pasted
        fields = parse_qs((pasted.partition("?")[2] or pasted).partition("#")[0])
        if fields.get("error"):
            raise Rejected("Сервер не дав згоди ({error}). Почніть спочатку й натисніть «Дозволити».", error=fields["error"][0][:80])
        if "state" in fields and not secrets.compare_digest(fields["state"][0].encode(), self.state.encode()):
            raise Rejected("Ця адреса від іншої спроби. Відкрийте останнє посилання ще раз і вставте адресу, яка відкриється.")
        if not fields.get("code"):
            raise Rejected("В адресі немає коду. Вставте адресу сторінки, яка відкрилася після згоди: у ній є code=.")
        return fields["code"][0]


def consent(provider: Provider, *, user: str) -> Consent:
    """A fresh consent page for the mailbox of `user`."""
    verifier, state = secrets.token_urlsafe(48), secrets.token_urlsafe(16)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
    fields = {
        "client_id": provider.client_id,
        "redirect_uri": REDIRECT,
        "response_type": "code",
        "scope": provider.scope,
        "state": state,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
        "login_hint": user,
        # Without these two Google gives no refresh token to somebody who has consented before.
        "access_type": "offline",
        "prompt": "consent",
    }
    return Consent(url=f"{provider.consent_url}?{urlencode(fields)}", state=state, verifier=verifier)
