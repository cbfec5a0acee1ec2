"""Mails from files: an mbox, a Maildir, a folder of .eml, a single .eml. Streaming: one mail in memory at a time.

The time of receipt (R10) is, in this order: the topmost Received header; what the store itself says (the "From " line of an mbox,
the name of a Maildir file); the file's own time. Never the Date header: a sender writes it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path

from bot.channels.mail.identity import trace_time
from bot.errors import Rejected

_ENVELOPE = re.compile(rb"^From \S.*\b\d{4}\b")
_QUOTED_FROM = re.compile(rb"^>(>*From )")
_MAIL_ENDINGS = (".eml", ".msg", ".txt", ".mime")


@dataclass(frozen=True, slots=True, kw_only=True)
class FileMail:
    """A raw mail, the moment of its receipt (aware UTC, not later than the reading), and where it was found."""

    raw: bytes
    received_at: datetime
    origin: str


def read(path: Path, *, now: datetime) -> Iterator[FileMail]:
    """All mails of a path in order. Raises Rejected, with a sentence for people, when there is no such thing or it holds no mail."""
    if not path.exists():
        raise Rejected("Немає такого файлу чи теки: {path}", path=str(path))
    try:
        if path.is_dir():
            yield from _maildir(path, now) if (path / "cur").is_dir() or (path / "new").is_dir() else _folder(path, now)
        elif _is_mbox(path):
            yield from _mbox(path, now)
        else:
            yield _single(path, now)
    except PermissionError as error:
        raise Rejected("Немає прав на читання: {path}", path=str(error.filename or path)) from error


def count(path: Path) -> int | None:
    """How many mails a path holds, for a progress bar; None when that is not known without reading it all."""
    if path.is_dir():
        folders = [path / "cur", path / "new"] if (path / "cur").is_dir() or (path / "new").is_dir() else [path]
        return sum(1 for folder in folders for file in _files_of(folder))
    return None if path.exists() and _is_mbox(path) else 1


def _files_of(folder: Path) -> Iterator[Path]:
    if not folder.is_dir():
        return
    for root, names, files in os.walk(folder):
        names.sort()
        for name in sorted(files):
            if not name.startswith(".") and (folder.name in ("cur", "new") or name.lower().endswith(_MAIL_ENDINGS)):
                yield Path(root) / name


def _folder(path: Path, now: datetime) -> Iterator[FileMail]:
    found = False
    for file in _files_of(path):
        found = True
        yield _single(file, now)
    if not found:
        raise Rejected("У теці {path} немає листів (файлів .eml).", path=str(path))


def _maildir(path: Path, now: datetime) -> Iterator[FileMail]:
    for folder in ("cur", "new"):
        for file in _files_of(path / folder):
            stamp = file.name.partition(".")[0]
            stored_at = datetime.fromtimestamp(int(stamp), UTC) if stamp.isdigit() and len(stamp) <= 11 else None
            yield _single(file, now, stored_at)


def _single(file: Path, now: datetime, stored_at: datetime | None = None) -> FileMail:
    raw = file.read_bytes()
    at = trace_time(raw) or stored_at or datetime.fromtimestamp(file.stat().st_mtime, UTC)
    return FileMail(raw=raw, received_at=min(at, now), origin=str(file))


def _is_mbox(path: Path) -> bool:
    with path.open("rb") as stream:
        return _ENVELOPE.match(stream.readline(1_000)) is not None


def _mbox(path: Path, now: datetime) -> Iterator[FileMail]:
    """mboxrd and mboxo: a "From " line after a blank line begins a mail, one `>` before a quoted "From " is taken off."""
    envelope, after_blank, number = b"", True, 0
    lines: list[bytes] = []
    with path.open("rb") as stream:
        for line in stream:
            if after_blank and _ENVELOPE.match(line):
                if envelope:
                    number += 1
                    yield _from_mbox(path, number, envelope, lines, now)
                envelope, lines = line, []
            else:
                lines.append(_QUOTED_FROM.sub(rb"\1", line))
            after_blank = line in (b"\n", b"\r\n")
    if envelope:
        yield _from_mbox(path, number + 1, envelope, lines, now)


def _from_mbox(path: Path, number: int, envelope: bytes, lines: list[bytes], now: datetime) -> FileMail:
    raw = b"".join(lines)
    at = trace_time(raw) or _envelope_time(envelope) or datetime.fromtimestamp(path.stat().st_mtime, UTC)
    return FileMail(raw=raw, received_at=min(at, now), origin=f"{path}#{number}")


def _envelope_time(envelope: bytes) -> datetime | None:
    """ "From a@b Thu Oct  9 08:55:11 2025": ctime without a zone, by convention UTC."""
    words = envelope.decode("ascii", "replace").split()[2:]
    for format_ in ("%a %b %d %H:%M:%S %Y", "%b %d %H:%M:%S %Y"):
        try:
            return datetime.strptime(" ".join(words[:5]), format_).replace(tzinfo=UTC)
        except ValueError:
            continue
    try:
        found = parsedate_to_datetime(" ".join(words))
    except (ValueError, TypeError, IndexError):
        return None
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
