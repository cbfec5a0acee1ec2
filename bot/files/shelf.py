"""The bytes of files on disk, each content once, under the name of its SHA-256. Blocking: a caller in an event loop goes to a thread.

What `put` names is there for good before it is named: written aside, synchronised, renamed, its folder synchronised. So a file is kept
first and the row that speaks of it is committed after; a process killed in between leaves a file that nobody speaks of, which the next
attempt finds again and `sweep` takes away. Nothing a sender chose is ever part of a path.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

from bot.errors import Transient

# How a reference to a kept file begins (`Attachment.ref`).
PREFIX = "sha256:"

_DIGEST = re.compile(r"[0-9a-f]{64}")
_ASIDE = "incoming"
# A process that was killed while it wrote leaves a piece; one that still writes is not that slow.
_STALE = timedelta(days=1)


class Shelf:
    """See the module. The folder is made at the first file."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def put(self, pieces: bytes | Iterable[bytes]) -> str:
        """Keep the bytes; their reference, "sha256:…". The same bytes again are the same file. Transient: the disk is full or refuses."""
        try:
            return self._put([pieces] if isinstance(pieces, bytes) else pieces)
        except OSError as error:
            raise Transient("Файл не вдалося зберегти на диску ({reason}).", reason=type(error).__name__) from error

    def _put(self, pieces: Iterable[bytes]) -> str:
        aside = self.root / _ASIDE / secrets.token_hex(16)
        aside.parent.mkdir(parents=True, exist_ok=True)
        digest = hashlib.sha256()
        try:
            with aside.open("xb") as file:
                for piece in pieces:
                    digest.update(piece)
                    file.write(piece)
                file.flush()
                os.fsync(file.fileno())
            place = self._place(digest.hexdigest())
            if place.exists():
                os.utime(place)  # somebody speaks of it again: no orphan for `sweep`
            else:
                place.parent.mkdir(exist_ok=True)
                aside.chmod(0o440)
                aside.rename(place)
            for folder in (place.parent, self.root):
                _synchronise(folder)
            return PREFIX + digest.hexdigest()
        finally:
            aside.unlink(missing_ok=True)

    def path(self, ref: str) -> Path | None:
        """Where the bytes of a reference are; None for a foreign reference, or a file that is not there."""
        digest = digest_of(ref)
        place = self._place(digest) if digest else None
        return place if place is not None and place.is_file() else None

    def read(self, ref: str) -> bytes | None:
        """All of it, or None as `path`."""
        place = self.path(ref)
        return place.read_bytes() if place is not None else None

    def _place(self, digest: str) -> Path:
        return self.root / digest[:2] / digest

    def refs(self) -> Iterator[str]:
        """What is kept."""
        for folder in sorted(self.root.glob("[0-9a-f][0-9a-f]")):
            yield from (PREFIX + file.name for file in sorted(folder.iterdir()) if _DIGEST.fullmatch(file.name))

    def sweep(self, known: Collection[str], *, now: datetime) -> int:
        """Take away what no row speaks of (`known` are references) and pieces left by a killed process, if older than a day; how many."""
        before, swept = (now - _STALE).timestamp(), 0
        orphans = (place for ref in self.refs() if ref not in known and (place := self.path(ref)))
        for file in (*(self.root / _ASIDE).glob("*"), *orphans):
            with suppress(FileNotFoundError):
                if file.stat().st_mtime < before:
                    file.unlink()
                    swept += 1
        return swept


def digest_of(ref: str) -> str:
    """The hexadecimal digest of "sha256:…"; "" for anything else."""
    digest = ref.removeprefix(PREFIX)
    return digest if ref.startswith(PREFIX) and _DIGEST.fullmatch(digest) else ""


def _synchronise(folder: Path) -> None:
    """A new name is durable when its folder is. Systems that cannot open a folder need no such thing."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except PermissionError:
        return
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
