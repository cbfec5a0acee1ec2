"""Which files messages brought, and where their bytes are. The bytes themselves are on the shelf (`bot.files`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketFile:
    """One file of a message. `kept_as` is its reference on the shelf, "" while the bytes are elsewhere; `error` says why they are lost."""

    message_id: int
    position: int
    ref: str
    kept_as: str = ""
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedFile:
    """A reference whose bytes are still where it points to. `attempts` have failed so far."""

    ref: str
    attempts: int = 0


class Files(Protocol):
    """Rows come by themselves with `Tickets.add_message`: a reference to the shelf is kept, any other is wanted at once."""

    def add(self, refs: Sequence[str], *, now: datetime) -> None:
        """References that no message speaks of yet (a form that waits in the inbox). Twice is the same as once."""
        ...

    async def of_ticket(self, ticket_id: int) -> list[TicketFile]:
        """In the order of messages and of the files in them; files without a reference are not among them."""
        ...

    async def kept(self, refs: Sequence[str]) -> dict[str, str]:
        """Where on the shelf the bytes of these references are, for those that are there."""
        ...

    async def wanted(self, *, prefix: str, now: datetime, limit: int) -> list[WantedFile]:
        """References that begin so and are due to be fetched, longest due first."""
        ...

    async def next_wanted_at(self) -> datetime | None:
        """When the earliest wanted file is due; None if none is wanted."""
        ...

    def keep(self, ref: str, *, kept_as: str) -> None:
        """The bytes are on the shelf."""
        ...

    def postpone(self, ref: str, *, at: datetime, error: str) -> None:
        """Fetching failed; again at `at`."""
        ...

    def give_up(self, ref: str, *, error: str) -> None:
        """They cannot be had."""
        ...

    async def shelved(self) -> set[str]:
        """Every reference to the shelf that a row speaks of."""
        ...
