"""Keeps one mailbox's tokens: sealed in the database, renewed before they end, by one process at a time.

Whoever needs a token asks `access_token`, and says which one a server has just refused, so that it is not given again. The lock is a lease
in the database: two processes with one rolling refresh token would make each other's void.
"""

from __future__ import annotations

import asyncio
import json
import secrets
from datetime import datetime, timedelta
from typing import TypeGuard

import structlog

from bot.channels.mail.oauth.dialogue import ConsentLost, Grant, renew
from bot.channels.mail.oauth.providers import Provider
from bot.channels.mail.oauth.sealing import Sealer, Unreadable
from bot.clock import Clock
from bot.errors import Transient
from bot.ports import Storage

# Longer than a renewal may take; a process killed in it holds the others up for so long.
LEASE = timedelta(seconds=30)
_LOOK_AGAIN = 0.5
# Whoever consents again is not kept waiting; a token server minds no question every two minutes.
CONSENT_WAIT = timedelta(minutes=2)

log = structlog.get_logger(__name__)


class Keeper:
    """See the module. `name` is the mailbox's own; it stays the key of its tokens when the address changes."""

    def __init__(self, *, name: str, provider: Provider, storage: Storage, clock: Clock, sealer: Sealer) -> None:
        self.name = name
        self.provider = provider
        self._storage = storage
        self._clock = clock
        self._sealer = sealer
        self._key = f"mail:oauth:{name}"
        self._owner = secrets.token_hex(8)
        self._lock = asyncio.Lock()

    async def access_token(self, *, refused: str = "") -> str:
        """A token that is neither about to end nor `refused`. Raises ConsentLost, Misconfigured or Transient."""
        grant = await self._stored()
        if _may_be_used(grant, refused, self._clock.now()):
            return grant.access_token
        async with self._lock:
            return await self._renewed(refused)

    async def keep(self, grant: Grant) -> None:
        """What a person consented to just now."""
        async with self._storage.write() as uow:
            uow.state.set(self._key, self._sealed(grant))
            await uow.commit()

    async def _renewed(self, refused: str) -> str:
        """Under the lease. While another process renews, what is still valid serves, and what is not is waited for."""
        for _ in range(int(LEASE.total_seconds() / _LOOK_AGAIN) + 1):
            is_ours = await self._take_lease()
            grant = await self._stored()
            try:
                now = self._clock.now()
                if _may_be_used(grant, refused, now):
                    return grant.access_token
                if is_ours:
                    return (await self._renew(grant)).access_token
                if grant is not None and grant.is_valid(now) and grant.access_token != refused:
                    return grant.access_token
            finally:
                if is_ours:
                    await self._give_lease()
            await asyncio.sleep(_LOOK_AGAIN)
        raise Transient("Інший процес служби ще поновлює токен.")

    async def _renew(self, grant: Grant | None) -> Grant:
        try:
            fresh = await renew(self.provider, grant.refresh_token if grant else "", now=self._clock.now())
        except ConsentLost as error:
            # The command is in the sentence: whoever reads it can act at once.
            raise ConsentLost(
                "Дозвіл на скриньку «{name}» відкликано або його ще не дано. Дайте його: deskbot mail authorize {name}",
                retry_after=CONSENT_WAIT,
                name=self.name,
            ) from error
        await self.keep(fresh)
        log.info("oauth_renewed", mailbox=self.name, until=fresh.expires_at.isoformat())
        return fresh

    async def _stored(self) -> Grant | None:
        async with self._storage.read() as uow:
            sealed = await uow.state.get(self._key)
        if sealed is None:
            return None
        try:
            return _grant(json.loads(self._sealer.open(str(sealed))))
        except Unreadable:
            log.warning("oauth_unreadable", mailbox=self.name)
            return None

    def _sealed(self, grant: Grant) -> str:
        values = {"access": grant.access_token, "refresh": grant.refresh_token}
        times = {"obtained_at": grant.obtained_at.isoformat(), "expires_at": grant.expires_at.isoformat()}
        return self._sealer.seal(json.dumps(values | times))

    async def _take_lease(self) -> bool:
        now = self._clock.now()
        async with self._storage.write() as uow:
            taken = await uow.state.take_lease(self._key, owner=self._owner, now=now, until=now + LEASE)
            await uow.commit()
        return taken

    async def _give_lease(self) -> None:
        async with self._storage.write() as uow:
            await uow.state.give_lease(self._key, owner=self._owner)
            await uow.commit()


def _may_be_used(grant: Grant | None, refused: str, now: datetime) -> TypeGuard[Grant]:
    return grant is not None and grant.access_token != refused and grant.is_fresh(now)


def _grant(values: dict[str, str]) -> Grant:
    return Grant(
        access_token=values["access"],
        refresh_token=values["refresh"],
        obtained_at=datetime.fromisoformat(values["obtained_at"]),
        expires_at=datetime.fromisoformat(values["expires_at"]),
    )
