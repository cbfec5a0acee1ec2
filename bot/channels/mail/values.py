"""What a mail says, once it is read: values without a foreign type, safe to store, to send to another process and to show.

All text is clean (no NUL, no lone surrogate, no other control character than newline and tab) and all instants are aware UTC.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class MailKind(StrEnum):
    """Who speaks: a person, or one of the four ways in which a machine does. Only MESSAGE opens a ticket."""

    MESSAGE = "message"
    AUTO_REPLY = "auto_reply"
    BOUNCE = "bounce"
    BULK = "bulk"
    LOOP = "loop"


@dataclass(frozen=True, slots=True, kw_only=True)
class MailAddress:
    """One mailbox of an address header. `name` is decoded, `address` is as written (compare it in lower case)."""

    name: str
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MailFile:
    """A file that came with a mail. `filename` is safe as a name (no path, no control characters, at most 120 characters)
    and never to be used as a path. `content` is empty when the mail was read without contents; `size` (bytes) is right anyway.
    `ref` is where it is kept ("sha256:…"), "" when it is not."""

    filename: str
    content_type: str
    size: int
    content: bytes = b""
    ref: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Forwarded:
    """The mail that this mail passes on, as far as its header block says it."""

    sender: MailAddress | None
    subject: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounced:
    """What a delivery report tells: whom it could not reach (as written), the status ("5.1.1"), and the returned mail's Message-ID."""

    recipient: str = ""
    status: str = ""
    message_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedMail:
    """A mail, read. Nothing is discarded: `full_text` holds the whole body, and `text`, `quoted` and `signature` divide it.

    `text` is what the sender wrote now. Message ids keep their angle brackets; `references` is oldest first. `date` is what the
    sender claims; `received_at` is what the topmost Received header claims. `because` names the rule that decided `kind`.
    `may_be_answered` is False for whoever must not get an automatic reply, which is more than the machines (RFC 3834).
    `recipients` are all addresses that the mail was sent or delivered to: reply tokens travel there.
    `oversize` is the size in bytes of a mail of which only the beginning was fetched, 0 for a whole one.
    `problems` are short English notes on what was broken and how it was read all the same.
    """

    kind: MailKind
    because: str = ""
    may_be_answered: bool = True
    sender: MailAddress | None = None
    reply_to: MailAddress | None = None
    to: tuple[MailAddress, ...] = ()
    cc: tuple[MailAddress, ...] = ()
    recipients: tuple[str, ...] = ()
    subject: str = ""
    date: datetime | None = None
    received_at: datetime | None = None
    message_id: str = ""
    in_reply_to: str = ""
    references: tuple[str, ...] = ()
    text: str = ""
    quoted: str = ""
    signature: str = ""
    full_text: str = ""
    forwarded: Forwarded | None = None
    bounced: Bounced | None = None
    files: tuple[MailFile, ...] = ()
    problems: tuple[str, ...] = ()
    oversize: int = 0
