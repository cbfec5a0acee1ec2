"""What goes over the wire of IMAP, as pure functions: answers taken apart, names and sets put together, dates read."""

from __future__ import annotations

import asyncio
import base64
import re
import socket
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

MAX_BATCH_BYTES = 8 * 1024 * 1024
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

_FETCH = re.compile(rb"^\d+ FETCH \(")
_UID = re.compile(rb"\bUID (\d+)")


@dataclass(frozen=True, slots=True)
class Listed:
    """A mail as the server lists it, before it is fetched."""

    uid: int
    size: int
    received_at: datetime | None


def items(lines: Sequence[bytes | bytearray]) -> Iterator[tuple[bytes, bytes | None]]:
    """Each FETCH answer: its text without the literal, and the literal. Literals come as bytearray, lines as bytes."""
    text, literal, is_open = b"", None, False
    for line in lines:
        if isinstance(line, bytearray):
            literal = bytes(line) if literal is None else literal
        elif _FETCH.match(line):
            if is_open:
                yield text, literal
            text, literal, is_open = line, None, True
        elif is_open:
            text += b" " + line
    if is_open:
        yield text, literal


def names(text: bytes, uid: int) -> bool:
    """Whether an answer's text speaks of this mail."""
    found = _UID.search(text)
    return found is not None and int(found[1]) == uid


def batches(listed: Sequence[Listed]) -> Iterator[list[Listed]]:
    """Mails to be fetched together: never too many bytes in one answer."""
    batch: list[Listed] = []
    for each in listed:
        if batch and sum(one.size for one in batch) + each.size > MAX_BATCH_BYTES:
            yield batch
            batch = []
        batch.append(each)
    if batch:
        yield batch


def uid_set(uids: Sequence[int]) -> str:
    """1,2,7"""
    return ",".join(map(str, uids))


def quoted(text: str) -> str:
    """A quoted string of RFC 3501."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def modified_utf7(folder: str) -> str:
    """Modified UTF-7 of RFC 3501, 5.1.3: the library sends folder names as they are."""

    def encode(found: re.Match[str]) -> str:
        if found[0] == "&":
            return "&-"
        return "&" + base64.b64encode(found[0].encode("utf-16-be")).decode("ascii").rstrip("=").replace("/", ",") + "-"

    return re.sub(r"&|[^\x20-\x7e]+", encode, folder)


def internal_date(value: bytes) -> datetime | None:
    """ "24-Nov-2026 10:15:00 +0200"; the month is English whatever the locale."""
    found = re.match(r"\s*(\d{1,2})-(\w{3})-(\d{4}) (\d\d):(\d\d):(\d\d) ([+-])(\d\d)(\d\d)", value.decode("ascii", "replace"))
    if not found or found[2].title() not in MONTHS:
        return None
    month = MONTHS.index(found[2].title()) + 1
    offset = timedelta(hours=int(found[8]), minutes=int(found[9])) * (1 if found[7] == "+" else -1)
    try:
        local = datetime(int(found[3]), month, int(found[1]), int(found[4]), int(found[5]), int(found[6]), tzinfo=UTC)
        return local - offset
    except (ValueError, OverflowError):
        return None


def keep_alive(transport: asyncio.BaseTransport | None) -> None:
    """Let the system notice a dead line where our own deadlines do not look."""
    sock = transport.get_extra_info("socket") if transport is not None else None
    if sock is not None:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)


def is_loopback(host: str) -> bool:
    """Whether a host is this very machine, the only one that is spoken to without TLS."""
    return host == "localhost" or host.startswith("127.") or host in ("::1", "[::1]")
