"""Files in memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from bot.files import PREFIX
from bot.model import Message
from bot.ports import TicketFile, WantedFile
from bot.storage.memory.shelves import FileRow, Session


class MemoryFiles:
    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, refs: Sequence[str], *, now: datetime) -> None:
        for ref in refs:
            _add(self._session, ref, now)

    async def of_ticket(self, ticket_id: int) -> list[TicketFile]:
        shelves = self._session.look()
        found = []
        for (message_id, position), ref in sorted(shelves.message_files.items()):
            if shelves.messages[message_id].ticket_id == ticket_id:
                row = shelves.files[ref]
                found.append(TicketFile(message_id=message_id, position=position, ref=ref, kept_as=row.kept_as, error=row.error))
        return found

    async def kept(self, refs: Sequence[str]) -> dict[str, str]:
        files = self._session.look().files
        return {ref: files[ref].kept_as for ref in refs if ref in files and files[ref].kept_as}

    async def wanted(self, *, prefix: str, now: datetime, limit: int) -> list[WantedFile]:
        due = sorted((at, ref) for ref, row in self._session.look().files.items() if (at := row.next_try_at) and at <= now)
        files = self._session.look().files
        return [WantedFile(ref=ref, attempts=files[ref].attempts) for _, ref in due if ref.startswith(prefix)][:limit]

    async def next_wanted_at(self) -> datetime | None:
        return min((row.next_try_at for row in self._session.look().files.values() if row.next_try_at), default=None)

    def keep(self, ref: str, *, kept_as: str) -> None:
        self._change(ref, lambda row: replace(row, kept_as=kept_as, next_try_at=None, error=""))

    def postpone(self, ref: str, *, at: datetime, error: str) -> None:
        self._change(ref, lambda row: replace(row, next_try_at=at, error=error, attempts=row.attempts + 1))

    def give_up(self, ref: str, *, error: str) -> None:
        self._change(ref, lambda row: replace(row, next_try_at=None, error=error, attempts=row.attempts + 1))

    def _change(self, ref: str, change: Callable[[FileRow], FileRow]) -> None:
        files = self._session.change().files
        if ref in files:
            files[ref] = change(files[ref])

    async def shelved(self) -> set[str]:
        return {row.kept_as for row in self._session.look().files.values() if row.kept_as}


def _add(session: Session, ref: str, now: datetime) -> None:
    is_kept = ref.startswith(PREFIX)
    shelves = session.change(*(() if is_kept else ("files",)))
    shelves.files.setdefault(ref, FileRow(kept_as=ref if is_kept else "", next_try_at=None if is_kept else now))


def add_files_of(session: Session, message: Message) -> None:
    """The files that a message brings."""
    for position, file in enumerate(message.attachments):
        if file.ref:
            _add(session, file.ref, message.at)
            session.change().message_files[message.id, position] = file.ref
