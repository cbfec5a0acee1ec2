"""Mails as raw events for the inbox, wherever they come from: a mailbox, a file, the demo. Twice the same mail is the same event."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from bot.channels.mail import files
from bot.channels.mail.identity import content_id, conversation
from bot.channels.mail.reading import CHANNEL
from bot.ports import RawEvent

# All mails share one source: what lies in two mailboxes, or in an archive and in a mailbox, is still one mail (promise 2).
SOURCE = CHANNEL


def mail_event(raw: bytes, *, received_at: datetime, source: str = SOURCE) -> RawEvent:
    """One mail. Its id is its content, since a sender may use one Message-ID for two different mails."""
    return RawEvent(
        channel=CHANNEL,
        source=source,
        external_id=content_id(raw),
        conversation=conversation(raw),
        raw=raw,
        received_at=received_at,
    )


def file_events(path: Path, *, now: datetime) -> Iterator[RawEvent]:
    """The mails of an mbox, a Maildir, a folder of .eml or one file. Raises Rejected for a path that holds none."""
    for mail in files.read(path, now=now):
        yield mail_event(mail.raw, received_at=min(mail.received_at, now))
