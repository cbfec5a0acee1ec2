"""Who must not be heard, and who is one of us: the blocked senders and the agents, looked up for every mail and read from the store rarely.

A block is visible and undone: such a mail is kept and set aside, and `deskbot replay` lets it in.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.channels.mail.bounces import marked
from bot.clock import Clock
from bot.model import Agent
from bot.ports import Storage

BLOCKED = "mail:blocked"
# So old may the answer be: a command in another process is heard after this long.
FRESH_FOR = timedelta(seconds=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """The blocked addresses and "@domains", the addresses that mail does not reach, the active agents by theirs; all in lower case."""

    blocked: frozenset[str] = frozenset()
    bounced: frozenset[str] = frozenset()
    agents: Mapping[str, Agent] = field(default_factory=dict)

    def is_blocked(self, address: str) -> bool:
        """Whether the address, its domain or a domain above it is blocked."""
        address = address.lower()
        labels = address.rpartition("@")[2].split(".")
        domains = {"@" + ".".join(labels[place:]) for place in range(len(labels))}
        return bool(self.blocked & {address, *domains})


class Senders:
    """`configured` are blocked by the settings, on top of what the store holds."""

    def __init__(self, *, storage: Storage, clock: Clock, configured: Iterable[str] = ()) -> None:
        self._storage = storage
        self._clock = clock
        self._configured = frozenset(configured)
        self._known = Known()
        self._read_at: datetime | None = None

    async def known(self) -> Known:
        """As it was at most `FRESH_FOR` ago."""
        now = self._clock.now()
        if self._read_at is None or not timedelta(0) <= now - self._read_at < FRESH_FOR:
            async with self._storage.read() as uow:
                blocked = await uow.state.get(BLOCKED) or ()
                agents = await uow.people.agents()
                bounced = await marked(uow)
            self._known = Known(
                blocked=self._configured | {str(each) for each in blocked},
                bounced=frozenset(bounced),
                agents={agent.mail.lower(): agent for agent in agents if agent.mail and agent.is_active},
            )
            self._read_at = now
        return self._known
