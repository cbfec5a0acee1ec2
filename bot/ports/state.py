"""Small facts, leases and one-time tokens."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol


class State(Protocol):
    """Small durable facts: cursors, leases, the last tick, one-time links and sessions."""

    async def get(self, key: str) -> Any | None:
        """The JSON value stored under the key."""
        ...

    def set(self, key: str, value: Any) -> None: ...

    async def take_lease(self, name: str, *, owner: str, now: datetime, until: datetime) -> bool:
        """True when `owner` holds the lease until then: it was free, its own, or run out."""
        ...

    async def give_lease(self, name: str, *, owner: str) -> None: ...

    async def put_token(
        self, *, digest: str, purpose: str, subject: str, expires_at: datetime, data: Mapping[str, Any] | None = None
    ) -> None:
        """Remember the digest of a secret handed out (login link, session); the secret itself is never stored."""
        ...

    async def find_token(self, *, digest: str, purpose: str, now: datetime) -> tuple[str, Mapping[str, Any]] | None:
        """(subject, data) of a token that is neither used nor expired."""
        ...

    async def use_token(self, *, digest: str, purpose: str, now: datetime) -> tuple[str, Mapping[str, Any]] | None:
        """The same, and it is used up: of two at once only one gets it."""
        ...

    async def sweep(self, *, now: datetime, limit: int) -> int:
        """Take away up to `limit` each of what has run out by `now`: leases, tokens, and facts named "form:…" whose lease is gone (what a
        form that was sent once ended with). How many rows went."""
        ...

    async def drop_tokens(self, *, purpose: str, subject: str) -> None:
        """Log somebody out everywhere."""
        ...
