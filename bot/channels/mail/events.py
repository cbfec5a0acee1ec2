"""Mails as raw events for the inbox, wherever they come from: a mailbox, a file, the demo. Twice the same mail is the same event."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from bot.channels.mail import files
from bot.channels.mail.identity import content_id, conversation
from bot.channels.mail.reading import CHANNEL
from bot.ports import RawEvent

# Mails from files share one source, so that a copy of an archive in another folder is still the same mails.
FILES = "files"


def mail_event(raw: bytes, *, received_at: datetime, source: str) -> RawEvent:
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
        yield mail_event(mail.raw, received_at=min(mail.received_at, now), source=FILES)
