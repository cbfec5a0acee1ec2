"""A link in a letter by which its reader answers the urgency question without logging in (R11): signed, for one ticket, for some days.

Whoever has the letter has the link, so it does one thing only and shows nothing of the ticket but its number. The page behind it asks
before it acts: programs that open the links of a mail to look at them answer nothing. Mail makes these links, the Site serves them.
"""

from __future__ import annotations

import hmac
from datetime import UTC, datetime, timedelta

LIFETIME = timedelta(days=7)
PATH = "/urgency/"
_MAC = 32


def reason_link(key: bytes, base_url: str, ticket_id: int, *, written_at: datetime) -> str:
    """The link for a letter written then: the same for the same letter."""
    body = f"{ticket_id}.{int((written_at + LIFETIME).timestamp()):x}"
    return f"{base_url.rstrip('/')}{PATH}{body}.{_mac(key, body)}"


def ticket_of(key: bytes, token: str, *, now: datetime) -> int | None:
    """Whose link it is; None for one that we did not make, or that is too old."""
    body, _dot, mac = token.rpartition(".")
    if not token.isascii() or not hmac.compare_digest(_mac(key, body), mac):
        return None
    number, _dot, expiry = body.partition(".")
    return int(number) if now < datetime.fromtimestamp(int(expiry, 16), tz=UTC) else None


def _mac(key: bytes, body: str) -> str:
    return hmac.new(key, b"urgency:" + body.encode(), "sha256").hexdigest()[:_MAC]
