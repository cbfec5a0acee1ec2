"""The files that go out with an answer: their bytes from the shelf, as much as mail servers take; what does not go along is named."""

from __future__ import annotations

import asyncio
import binascii
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from email.message import EmailMessage
from typing import Any

from bot.errors import Transient
from bot.files import MEGABYTE, Shelf, safe_name
from bot.ports import Storage

# What nearly every server takes is 25 MB; base64 makes four letters of three bytes.
LIMIT = 17 * MEGABYTE
# An agent's file from a chat is fetched in seconds. Longer than this an answer does not wait for it.
PATIENCE = 10
# Bytes; its base64 is one line without padding.
_STAND_IN = 48
_LINE = 57
_LINES = 2_000
_WAIT = timedelta(seconds=15)


@dataclass(frozen=True, slots=True, kw_only=True)
class Enclosure:
    """One file with its bytes."""

    name: str
    content_type: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Enclosed:
    """`sent` go along; the names in `left` do not: too large together, or lost."""

    sent: tuple[Enclosure, ...] = ()
    left: tuple[str, ...] = ()


async def gather(files: Sequence[Mapping[str, Any]], *, storage: Storage, shelf: Shelf, attempts: int) -> Enclosed:
    """The files of a notice. Transient while one is still being fetched, for the first PATIENCE attempts."""
    if not files:
        return Enclosed()
    async with storage.read() as uow:
        kept = await uow.files.kept([file["ref"] for file in files if file.get("ref")])
    if attempts < PATIENCE and any(file.get("ref") and file["ref"] not in kept for file in files):
        raise Transient("Файл до відповіді ще завантажується.", retry_after=_WAIT)
    return await asyncio.to_thread(_read, files, kept, shelf)


def _read(files: Sequence[Mapping[str, Any]], kept: Mapping[str, str], shelf: Shelf) -> Enclosed:
    sent: list[Enclosure] = []
    left: list[str] = []
    total = 0
    for number, file in enumerate(files, start=1):
        path = shelf.path(kept.get(file.get("ref") or "", ""))
        name = safe_name(str(file.get("name") or ""), str(file.get("content_type") or ""), number)
        if path is None or total + path.stat().st_size > LIMIT:
            left.append(name)
            continue
        total += path.stat().st_size
        sent.append(Enclosure(name=name, content_type=str(file.get("content_type") or ""), content=path.read_bytes()))
    return Enclosed(sent=tuple(sent), left=tuple(left))


# What stands in a mail for the content of a file, in base64, and the content: put in its place on the way out (`filled`).
Cargo = Mapping[bytes, bytes]


def enclose(mail: EmailMessage, enclosures: Sequence[Enclosure]) -> Cargo:
    """Attach them, each with a stand-in: the library takes a second for what `filled` does in a tenth, and holds other threads up."""
    cargo: dict[bytes, bytes] = {}
    for each in enclosures:
        stand_in = secrets.token_bytes(_STAND_IN)
        cargo[binascii.b2a_base64(stand_in, newline=False)] = each.content
        main, _, sub = each.content_type.partition("/")
        if main in ("", "message", "multipart") or not sub.isascii():
            main, sub = "application", "octet-stream"
        mail.add_attachment(stand_in, maintype=main, subtype=sub, filename=each.name, cte="base64")
    return cargo


def filled(data: bytes, cargo: Cargo) -> bytes:
    """The mail with its files in their places; lines end in CRLF. For a thread: it works in short steps."""
    pieces: list[bytes] = []
    at = 0
    for stand_in, content in cargo.items():
        place = data.index(stand_in, at)
        pieces += [data[at:place], *_encoded(content)]
        at = place + len(stand_in)
    return b"".join([*pieces, data[at:]])


def _encoded(content: bytes) -> Iterator[bytes]:
    """Base64 in lines of 76 (RFC 2045, 6.8), without the last line end."""
    for start in range(0, len(content), _LINES * _LINE):
        block = content[start : start + _LINES * _LINE]
        lines = [binascii.b2a_base64(block[place : place + _LINE], newline=False) for place in range(0, len(block), _LINE)]
        yield (b"\r\n" if start else b"") + b"\r\n".join(lines)
