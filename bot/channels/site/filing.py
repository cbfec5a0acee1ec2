"""Files that forms bring: kept before the form is answered, or refused with a sentence."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from starlette.datastructures import UploadFile

from bot.errors import Rejected
from bot.files import MEGABYTE, FileLimits, Shelf, safe_name
from bot.files.names import once
from bot.model import Attachment
from bot.ports import InboxItem
from bot.texts import Translator

# A form is for some files; a folder of them belongs into a mail or an archive.
FORM_FILES = 10
# All files of a form together: so many times the largest that one may be.
FORM_SIZE = 3
_PIECE = 256 * 1024
_KINDS = {"image": "photo", "audio": "voice", "video": "video"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Filing:
    """Where files are kept and how large they may be. `full_text` reads a stored mail again, whole; None for what is no mail."""

    shelf: Shelf
    limits: FileLimits
    full_text: Callable[[InboxItem], Awaitable[str | None]] | None = None

    @property
    def total(self) -> int:
        """Bytes of all files of a form together."""
        return FORM_SIZE * self.limits.size

    @property
    def form_limit(self) -> int:
        """Bytes of a whole form with its files."""
        return self.total + MEGABYTE

    @property
    def count(self) -> int:
        return min(FORM_FILES, self.limits.count)

    def rule(self, say: Translator) -> str:
        """What a form says beside its file field."""
        sentence = say("До {count} файлів, кожен до {size} МБ, разом до {total} МБ.")
        return sentence.format(count=self.count, size=self.limits.megabytes, total=self.total // MEGABYTE)

    async def take(self, uploads: Sequence[UploadFile]) -> tuple[Attachment, ...]:
        """Keep what a form brought. Rejected: too many, or one too large. Transient: the disk refuses."""
        given = [each for each in uploads if each.filename or each.size]
        if len(given) > self.count:
            raise Rejected("Файлів забагато: {given}, а можна щонайбільше {count}.", given=len(given), count=self.count)
        taken: dict[str, int] = {}
        for each in given:
            if (each.size or 0) > self.limits.size:
                name = safe_name(each.filename or "", "", 1)
                raise Rejected("Файл «{name}» завеликий: можна щонайбільше {size} МБ.", name=name, size=self.limits.megabytes)
        return tuple([await self._keep(each, number, taken) for number, each in enumerate(given, start=1)])

    async def _keep(self, upload: UploadFile, number: int, taken: dict[str, int]) -> Attachment:
        content_type = (upload.content_type or "").partition(";")[0].strip().lower() or "application/octet-stream"
        return Attachment(
            name=once(safe_name(upload.filename or "", content_type, number), taken),
            content_type=content_type[:100],
            size=upload.size or 0,
            kind=_KINDS.get(content_type.partition("/")[0], "document"),
            ref=await asyncio.to_thread(self.shelf.put, _pieces(upload.file)),
        )


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    file.seek(0)
    while piece := file.read(_PIECE):
        yield piece
