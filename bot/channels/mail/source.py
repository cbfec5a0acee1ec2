"""A mailbox on an IMAP server, over aioimaplib, with all that the library leaves open closed (measured: see each place).

Each command has a deadline of its own and ends at once when the connection is lost. After any error the connection is thrown away, since
its state cannot be trusted. What comes out are plain values; flags are never the source of truth, the cursor in our database is.
"""

from __future__ import annotations

import asyncio
import logging
import re
import ssl
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

from bot.channels.mail.access import ConnectionLost, MailboxAccess
from bot.channels.mail.imap import (
    MONTHS,
    Listed,
    batches,
    internal_date,
    items,
    keep_alive,
    modified_utf7,
    names,
    quoted,
    uid_set,
)
from bot.channels.mail.login import log_in
from bot.channels.mail.parse import OVERSIZE
from bot.errors import Misconfigured

if TYPE_CHECKING:
    from aioimaplib import IMAP4

Result = TypeVar("Result")

# A burst of a thousand short lines in one packet kills the library's reader (one recursion level a line): never ask for more.
MAX_UIDS = 50
PIECE = 1024 * 1024
MAX_MAIL = 30 * 1024 * 1024
HEAD_OF_OVERSIZE = 256 * 1024
# Slow lines: a big mail has this many bytes a second before it counts as stuck.
SLOWEST = 20_000
OVERSIZE_HEADER = f"{OVERSIZE}: ".encode()

_UID = re.compile(rb"\bUID (\d+)")
_SIZE = re.compile(rb"\bRFC822\.SIZE (\d+)")
_DATE = re.compile(rb'\bINTERNALDATE "([^"]+)"')
_VALIDITY = re.compile(rb"\[UIDVALIDITY (\d+)\]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """A mail as the server has it. `received_at` is INTERNALDATE in UTC. An oversize one holds its beginning only."""

    uid: int
    raw: bytes
    received_at: datetime | None
    size: int


class MailSource:
    """One connection to one folder. Use: `connect`, then `new_uids`, `fetch`, `mark_seen`, `wait` in turn; `close` in any case."""

    def __init__(self, access: MailboxAccess) -> None:
        self._access = access
        self._client: IMAP4 | None = None
        self._lost = asyncio.Event()
        self._has_news = False
        self._idle: asyncio.Future[Any] | None = None
        self._abandoned: set[asyncio.Future[Any]] = set()
        self.uid_validity = 0
        self.can_idle = False

    async def connect(self) -> None:
        """Log in and open the folder. Raises LoginRefused, Misconfigured (certificate, no such folder) or Transient."""
        from aioimaplib import IMAP4, IMAP4_SSL  # 45 ms, only when a mailbox is configured

        # At lower levels the library writes what it sends and receives, tokens and mails among it.
        logging.getLogger("aioimaplib").setLevel(logging.WARNING)
        access = self._access
        if access.is_plain:
            client = IMAP4(access.host, access.port, timeout=access.command_limit)
        else:
            client = IMAP4_SSL(access.host, access.port, timeout=access.command_limit, ssl_context=access.tls)
        self._client = client
        # IMAP4_SSL takes no callback, so it is set on the protocol; without it a killed server is never noticed during IDLE.
        client.protocol.conn_lost_cb = lambda _error: self._lost.set()
        self._watch_news(client)
        await self._greet(client)
        self.can_idle = await log_in(client, self._access, self._do)
        await self._select(client)

    def _watch_news(self, client: IMAP4) -> None:
        """A mail that arrives during another command is told there, and the library drops it: IDLE, begun after that, would stay silent."""
        handle = client.protocol._untagged_response

        def notice(line: bytes) -> Any:
            self._has_news = self._has_news or line.rstrip().endswith(b" EXISTS")
            return handle(line)

        client.protocol._untagged_response = notice  # the one place where all such lines pass

    async def _greet(self, client: IMAP4) -> None:
        try:
            await self._do(client.wait_hello_from_server())
        except ssl.SSLCertVerificationError as error:
            raise Misconfigured("Сертифікату сервера {host} не можна довіряти: {why}", host=self._access.host, why=error.reason) from error
        except OSError as error:
            raise ConnectionLost("Поштовий сервер {host} недосяжний.", host=self._access.host) from error
        keep_alive(client.protocol.transport)

    async def _select(self, client: IMAP4) -> None:
        response = await self._do(client.select(quoted(modified_utf7(self._access.folder))))
        if response.result != "OK":
            raise Misconfigured("У скриньці немає теки {folder}.", folder=self._access.folder)
        found = _VALIDITY.search(b"\n".join(bytes(line) for line in response.lines))
        self.uid_validity = int(found[1]) if found else 0
        self._has_news = False

    async def new_uids(self, *, after: int, since: datetime | None = None, unseen: bool = False) -> list[int]:
        """UIDs above `after`, ascending; with `since` only those that came at that day or later, with `unseen` only unread ones."""
        self._has_news = False
        criteria = [f"UID {after + 1}:*"]
        if since is not None:
            criteria.append(f"SINCE {since.day}-{MONTHS[since.month - 1]}-{since.year}")
        if unseen:
            criteria.append("UNSEEN")
        # The library's own default, CHARSET utf-8, is refused by Exchange.
        response = await self._ok(self._connected.uid_search(*criteria, charset=None))
        numbers = (word for line in response.lines[:-1] for word in bytes(line).split())
        # "n:*" always names the last mail, even when it is older than n.
        return sorted({int(word) for word in numbers if word.isdigit() and int(word) > after})

    async def fetch(self, uids: Sequence[int]) -> list[Fetched]:
        """The mails in UID order, up to MAX_UIDS; what has vanished meanwhile is left out. Nothing is marked as read by this."""
        listed = await self._sizes(uids[:MAX_UIDS])
        fetched: list[Fetched] = []
        for batch in batches([each for each in listed if each.size <= PIECE]):
            fetched += await self._bodies(batch)
        for each in listed:
            if each.size > PIECE:
                fetched.append(await self._in_pieces(each))
        return sorted((mail for mail in fetched if mail.raw), key=lambda mail: mail.uid)

    async def _sizes(self, uids: Sequence[int]) -> list[Listed]:
        response = await self._ok(self._connected.uid("fetch", uid_set(uids), "(UID RFC822.SIZE INTERNALDATE)"))
        listed = []
        for text, _ in items(response.lines):
            uid, size, date = _UID.search(text), _SIZE.search(text), _DATE.search(text)
            if uid and size:
                listed.append(Listed(int(uid[1]), int(size[1]), internal_date(date[1]) if date else None))
        return listed

    async def _bodies(self, batch: Sequence[Listed]) -> list[Fetched]:
        limit = self._access.command_limit + sum(each.size for each in batch) / SLOWEST
        request = self._connected.uid("fetch", uid_set([each.uid for each in batch]), "(UID BODY.PEEK[])")
        response = await self._ok(request, limit=limit)
        # Unasked lines (flags of other mails) stand between: what belongs together is told by its UID, never by place.
        contents = {int(uid[1]): literal for text, literal in items(response.lines) if literal is not None and (uid := _UID.search(text))}
        return [Fetched(uid=each.uid, raw=contents.get(each.uid, b""), received_at=each.received_at, size=each.size) for each in batch]

    async def _in_pieces(self, mail: Listed) -> Fetched:
        """A big mail megabyte by megabyte, so that the event loop breathes; an oversize one only its beginning."""
        is_oversize = mail.size > MAX_MAIL
        wanted = HEAD_OF_OVERSIZE if is_oversize else mail.size
        parts: list[bytes] = []
        while True:
            got = sum(map(len, parts))
            # Some servers tell a size that is not the mail's: the end is where a piece comes short.
            size = HEAD_OF_OVERSIZE if is_oversize else PIECE
            request = self._connected.uid("fetch", str(mail.uid), f"(UID BODY.PEEK[]<{got}.{size}>)")
            response = await self._ok(request, limit=self._access.command_limit + size / SLOWEST)
            piece = next((literal for text, literal in items(response.lines) if literal is not None and names(text, mail.uid)), b"")
            parts.append(piece)
            if len(piece) < size or is_oversize or got > MAX_MAIL:
                break
        raw = await asyncio.to_thread(b"".join, parts)
        if is_oversize and raw:
            raw = OVERSIZE_HEADER + b"%d of %d\r\n" % (wanted, mail.size) + raw
        return Fetched(uid=mail.uid, raw=raw, received_at=mail.received_at, size=mail.size)

    async def mark_seen(self, uids: Sequence[int]) -> None:
        """A courtesy to people who look into the mailbox; nothing depends on it."""
        for start in range(0, len(uids), MAX_UIDS):
            await self._ok(self._connected.uid("store", uid_set(uids[start : start + MAX_UIDS]), "+FLAGS.SILENT", r"(\Seen)"))

    async def wait(self) -> None:
        """Until the server says that something happened, or it is time to look again. Raises ConnectionLost at once when the line dies."""
        if self._has_news:
            return
        if not self.can_idle:
            await self._pause(self._access.poll.total_seconds())
            return
        client = self._connected
        renewal = self._access.idle_renewal.total_seconds()
        # The library's own timer is set far away: it must not end the wait before ours does.
        self._idle = idle = await self._do(client.idle_start(timeout=renewal * 4))
        await self._race(client.wait_server_push(timeout=renewal * 2), renewal)
        client.idle_done()
        await self._do(_await(idle), limit=min(10.0, self._access.command_limit))
        self._idle = None

    async def close(self) -> None:
        """Never raises, never takes longer than a moment."""
        client, self._client = self._client, None
        if client is None:
            return
        left = {*client.tasks, *client.protocol.tasks, client._client_task, *self._abandoned}
        left |= {self._idle} if self._idle is not None else set()
        for task in left:
            task.cancel()
        if client._idle_waiter is not None:
            client._idle_waiter.cancel()
        transport = client.protocol.transport
        if transport is not None:
            transport.abort()
        await asyncio.wait(left, timeout=1.0)
        for task in left:
            if task.done():
                self._forget(task)

    # --- every command goes through here -----------------------------------------------------------------------------------

    @property
    def _connected(self) -> IMAP4:
        if self._client is None:
            raise ConnectionLost()
        return self._client

    async def _ok(self, command: Coroutine[Any, Any, Any], *, limit: float | None = None) -> Any:
        response = await self._do(command, limit=limit)
        if response.result != "OK":
            raise ConnectionLost("Поштовий сервер відмовив у команді ({result}).", result=response.result)
        return response

    async def _do(self, command: Coroutine[Any, Any, Result], *, limit: float | None = None) -> Result:
        """The command's result; ConnectionLost when the line dies, the deadline passes or the library fails."""
        from aioimaplib import AioImapException

        limit = limit or self._access.command_limit
        try:
            done, result = await self._race(command, limit)
        except (AioImapException, TimeoutError, RecursionError, UnicodeError, IndexError, AttributeError) as error:
            raise ConnectionLost() from error
        except ValueError as error:
            if isinstance(error, ssl.SSLCertVerificationError):
                raise
            raise ConnectionLost() from error
        if not done:
            raise ConnectionLost("Поштовий сервер не відповів за {limit} с.", limit=round(limit))
        return result

    async def _race(self, command: Coroutine[Any, Any, Result], limit: float) -> tuple[bool, Result]:
        """(True, result), or (False, …) after the deadline; ConnectionLost when the line dies first."""
        task = asyncio.ensure_future(command)
        lost = asyncio.ensure_future(self._lost.wait())
        try:
            await asyncio.wait({task, lost}, timeout=limit, return_when=asyncio.FIRST_COMPLETED)
            if task.done():
                return True, task.result()
            if lost.done():
                raise ConnectionLost()
            return False, None  # type: ignore[return-value]  # the caller looks at the first value
        finally:
            lost.cancel()
            if not task.done():
                # Not awaited here: the library may hold a lock that keeps a cancelled command from ending until `close`.
                task.cancel()
                self._abandoned.add(task)
                task.add_done_callback(self._forget)

    def _forget(self, task: asyncio.Future[Any]) -> None:
        self._abandoned.discard(task)
        if not task.cancelled():
            task.exception()  # seen; it belongs to a connection that is given up

    async def _pause(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._lost.wait(), seconds)
        except TimeoutError:
            return
        raise ConnectionLost()


async def _await(future: asyncio.Future[Any]) -> Any:
    return await future
