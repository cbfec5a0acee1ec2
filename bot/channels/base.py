"""The contract between the house and a channel.

A channel RECEIVES raw events into the inbox (`receive`), INTERPRETS claimed rows in two steps (`prepare` outside any transaction:
parsing and analysis; `apply` inside ONE transaction that also finishes the rows), and SENDS deliveries (`send`). The workers in
`inbox.py` and `outbox.py` own transactions, leases, retries and quarantine; a channel never commits what it applies.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from bot.errors import BotError
from bot.model import Delivery, Link
from bot.ports import InboxItem, InboxResult, UnitOfWork
from bot.texts import explain, translator


@dataclass(slots=True)
class Health:
    """What the status page says of a channel. Mutable: its owner writes, the page reads.

    `state` is off, starting, running, standby, degraded or down; `detail` is a Ukrainian sentence that says what is wrong and what to do.
    `causes` are the errors behind it, which `told` tells in other languages too.
    """

    name: str
    state: str = "off"
    detail: str = ""
    last_success_at: datetime | None = None
    facts: dict[str, Any] = field(default_factory=dict)
    causes: tuple[BotError, ...] = ()

    def up(self, now: datetime) -> None:
        self.state, self.detail, self.causes, self.last_success_at = "running", "", (), now

    def trouble(self, *causes: BotError | str, state: str = "down") -> None:
        """A cause is an error, or a Ukrainian sentence without values."""
        self.state = state
        self.causes = tuple(cause if isinstance(cause, BotError) else BotError(cause) for cause in causes)
        self.detail = " ".join(explain(cause, "uk") for cause in self.causes)

    def told(self, language: str) -> str:
        """`detail` in the reader's language."""
        return " ".join(explain(cause, language) for cause in self.causes) or translator(language)(self.detail)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A delivery that reached the other side. `links` are the message ids by which an answer to it will be recognised.

    `new_conversation` is set when the chat moved while sending.
    """

    external_id: str | None
    links: tuple[Link, ...] = ()


class Turn(Protocol):
    """The right to say a word: of a channel's deliveries only one at a time is between being said and being recorded (promise 2)."""

    async def take(self) -> None:
        """Wait for it. From here on the word may be out: to be taken right before the call that says it, not for what may be repeated.

        Raises RateLimited when it took so long that the word is better tried again later.
        """
        ...

    async def record(self, write: Callable[[UnitOfWork], None]) -> None:
        """Make durable what has been said so far, and let others go on: between the parts of a long word."""
        ...


class Channel(Protocol):
    """One way in and out."""

    name: str
    health: Health

    async def receive(self) -> None:
        """Take events in until cancelled. Events are committed in the inbox before their source is told so. Errors may escape:
        the supervisor writes them down, waits and calls again."""
        ...

    async def prepare(self, items: Sequence[InboxItem]) -> Any:
        """Interpret the ready rows of one conversation: no transaction, no side effects. An item that cannot be understood raises
        `Permanent` (quarantine); `Transient` means try again later."""
        ...

    async def apply(self, uow: UnitOfWork, prepared: Any) -> list[InboxResult]:
        """Do what was prepared, through the desk and the intake; one result for every item. Runs again from scratch after a rollback."""
        ...

    async def send(self, delivery: Delivery, turn: Turn, /) -> Sent:
        """Make one delivery, taking the turn before a call that must not be made twice. Raises RateLimited, Transient, Unsure,
        Unreachable or Permanent; anything else is a bug and retried."""
        ...
