"""What can be said of a raw mail in microseconds, before it is parsed: who writes (its conversation), and whether it was here before."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from datetime import datetime

from bot.channels.mail import addresses
from bot.channels.mail.headers import Headers, split
from bot.channels.mail.parse import received_instant

_GLANCE = 120
_PIECE = 256 * 1024
_SOLID = re.compile(rb"\S")


def peek(raw: bytes) -> tuple[Headers, int]:
    """The header block and where the body begins."""
    headers, body, _ = split(raw, 0, len(raw))
    return headers, body


def content_id(raw: bytes) -> str:
    """The name of a mail's content: the same mail fetched again, from another folder, or delivered over another way, has the same one.

    Message-ID, From and Date with the body make it. The same Message-ID with another body is another mail (some programs reuse ids);
    a mail without a Message-ID is named by all of its bytes.
    """
    headers, body = peek(raw)
    message_id = headers.first("message-id").strip()
    digest = hashlib.sha256()
    if message_id:
        for name in ("message-id", "from", "date"):
            digest.update(b" ".join(headers.first(name).split()) + b"\n")
    else:
        digest.update(b" ".join(raw[:body].split()) + b"\n")
    for piece in _text(raw, body):
        digest.update(piece)
    return f"sha256:{digest.hexdigest()}"


def _text(raw: bytes, body: int) -> Iterator[bytes]:
    """The body with LF line ends and without white space around it, in pieces: one long call holds up every other thread."""
    first = _SOLID.search(raw, body)
    at, end = (first.start(), len(raw)) if first else (len(raw), len(raw))
    while end > at and raw[end - 1 : end].isspace():
        end -= len(tail := raw[max(at, end - _PIECE) : end]) - len(tail.rstrip())
    while at < end:
        stop = min(at + _PIECE, end)
        if raw[stop - 1 : stop + 1] == b"\r\n" and stop < end:
            stop += 1
        yield raw[at:stop].replace(b"\r\n", b"\n")
        at = stop


def conversation(raw: bytes) -> str:
    """The sender's address in lower case: what one person sends is handled in order. "" when there is none."""
    headers, _ = peek(raw)
    found = addresses.parse(headers.first("from")[:2_000])
    return found[0].address.lower() if found else ""


def at_a_glance(raw: bytes) -> str:
    """ "iryna@shop.example: Каса", as far as the headers say it; for a mail that nobody could read."""
    headers, _ = peek(raw)
    subject = headers.text("subject")[:_GLANCE]
    return ": ".join(part for part in (conversation(raw)[:_GLANCE], subject) if part)


def recipients(raw: bytes) -> tuple[str, ...]:
    """Whom a mail was sent or delivered to, as far as its headers say."""
    headers, _ = peek(raw)
    names = ("to", "cc", "delivered-to", "x-original-to")
    return tuple(each.address for name in names for value in headers.all(name) for each in addresses.parse(value[:20_000]))


def trace_time(raw: bytes) -> datetime | None:
    """When the last server took the mail in (topmost Received), UTC; None when no header says so."""
    headers, _ = peek(raw)
    return received_instant(headers)
