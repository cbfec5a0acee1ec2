"""What the repositories of one unit of work share: the transaction, the buffer, and who is to be woken afterwards."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Connection

from bot.storage.buffer import Buffer
from bot.storage.database import Transaction
from bot.storage.faults import ReadOnly

T = TypeVar("T")


class Session:
    """`is_writing` tells whether rows that are read get locked."""

    def __init__(self, transaction: Transaction, dialect: str, *, is_writing: bool) -> None:
        self.dialect = dialect
        self.is_writing = is_writing
        self.buffer = Buffer()
        self.touched: set[str] = set()
        self._transaction = transaction
        self._is_over = False

    def change(self, *lists: str) -> Buffer:
        """The buffer, for a change; `lists` are those whose workers want to know once it is durable."""
        self._check_writing()
        self.touched.update(lists)
        return self.buffer

    async def run(self, work: Callable[[Connection], T], *, needs: tuple[str, ...] = ()) -> T:
        """Do `work` on the connection after everything that is buffered for the tables it `needs` is written."""
        buffer = self.buffer

        def flushed(connection: Connection) -> T:
            buffer.flush(connection, needs)
            return work(connection)

        return await self._transaction.run(flushed)

    async def write(self, work: Callable[[Connection], T], *lists: str, needs: tuple[str, ...] = ()) -> T:
        """`run` for work that changes rows itself."""
        self._check_writing()
        self.touched.update(lists)
        return await self.run(work, needs=needs)

    async def commit(self) -> None:
        self._check_writing()
        await self._transaction.commit(self.buffer.flush_all)
        self._is_over = True

    def _check_writing(self) -> None:
        if not self.is_writing:
            raise ReadOnly("this unit of work was opened for reading")
        if self._is_over:
            raise ReadOnly("this unit of work is committed already")
