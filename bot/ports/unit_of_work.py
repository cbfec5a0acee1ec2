"""One transaction over all repositories, and the store that opens it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from bot.ports.canned import CannedAnswers
from bot.ports.clocks import Clocks, Closures
from bot.ports.duty import Duty
from bot.ports.files import Files
from bot.ports.inbox import Inbox
from bot.ports.outbox import Outbox
from bot.ports.people import People
from bot.ports.state import State
from bot.ports.tickets import Tickets


class UnitOfWork(Protocol):
    """One transaction and the repositories in it."""

    @property
    def tickets(self) -> Tickets: ...
    @property
    def clocks(self) -> Clocks: ...
    @property
    def people(self) -> People: ...
    @property
    def inbox(self) -> Inbox: ...
    @property
    def outbox(self) -> Outbox: ...
    @property
    def closures(self) -> Closures: ...
    @property
    def duty(self) -> Duty: ...
    @property
    def files(self) -> Files: ...
    @property
    def canned(self) -> CannedAnswers: ...
    @property
    def state(self) -> State: ...

    async def commit(self) -> None:
        """Write what is buffered and make it durable. A full disk or a locked database raises Transient; nothing is half done."""
        ...


class Storage(Protocol):
    """A database. `on_commit` callbacks hear which lists a commit touched (inbox, outbox, clocks, files), to wake workers at once."""

    on_commit: list[Callable[[frozenset[str]], None]]

    def write(self) -> AbstractAsyncContextManager[UnitOfWork]: ...

    def read(self) -> AbstractAsyncContextManager[UnitOfWork]: ...

    async def close(self) -> None: ...
