"""The files of a message as a page names them: a link, or why there is none. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.files import MEGABYTE
from bot.model import Attachment, Message
from bot.ports import TicketFile
from bot.texts import Translator


@dataclass(frozen=True, slots=True, kw_only=True)
class FileLink:
    """A file as a page names it. `url` is "" when there is nothing to download; `note` says why, or how large it is."""

    name: str
    url: str = ""
    note: str = ""


def links(message: Message, files: Sequence[TicketFile], *, base: str, say: Translator) -> tuple[FileLink, ...]:
    """The files of a message of the ticket whose page is at `base`; `files` are what the store knows of the ticket's."""
    known = {file.position: file for file in files if file.message_id == message.id}
    return tuple(
        _link(attachment, known.get(position), f"{base}/files/{message.id}/{position}", say)
        for position, attachment in enumerate(message.attachments)
    )


def _link(attachment: Attachment, file: TicketFile | None, url: str, say: Translator) -> FileLink:
    if file is None:
        note = say("не прийнято: завеликий або зайвий") if attachment.size else ""
        return FileLink(name=attachment.name, note=note)
    if not file.kept_as:
        return FileLink(name=attachment.name, note=say("не вдалося отримати") if file.error else say("ще завантажується"))
    return FileLink(name=attachment.name, url=url, note=size_words(attachment.size, say))


def size_words(size: int, say: Translator) -> str:
    """ "1,2 МБ", "340 КБ"; "" when it is not known."""
    if not size:
        return ""
    if size >= MEGABYTE:
        return say("{n} МБ").format(n=f"{size / MEGABYTE:.1f}".replace(".", ","))
    return say("{n} КБ").format(n=max(1, round(size / 1024)))


def named(body: Mapping[str, Any], base: str = "") -> tuple[FileLink, ...]:
    """The files of a notice. With the `base` of their ticket's page and a message in the notice they lead to the files."""
    message_id = body.get("message_id")
    return tuple(
        FileLink(name=file["name"], url=f"{base}/files/{message_id}/{place}" if base and message_id and file.get("ref") else "")
        for place, file in enumerate(body.get("attachments", ()))
    )
