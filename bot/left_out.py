"""Files of a message that were not taken in, and the sentence that tells their sender. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bot.files import FileLimits
from bot.model import Attachment
from bot.texts import Translator

_NAMED = 5


def left_out(attachments: Sequence[Attachment], limits: FileLimits) -> dict[str, Any] | None:
    """What a notice carries about them: names, how many, and the limits; None when everything was taken.

    A file that has bytes and no place where they are was left out by its channel.
    """
    files = [file.name for file in attachments if file.size and not file.ref]
    return {"names": files[:_NAMED], "count": len(files), "megabytes": limits.megabytes, "most": limits.count} if files else None


def left_out_words(left: Mapping[str, Any], say: Translator) -> str:
    """In the reader's language, what to do included."""
    names = ", ".join(f"«{name}»" for name in left["names"])
    more = left["count"] - len(left["names"])
    if more > 0:
        names = say("{names} і ще {more}").format(names=names, more=more)
    sentence = say(
        "Не вдалося прийняти файли: {names}. Приймаємо до {most} файлів, кожен до {megabytes} МБ. "
        "Надішліть, будь ласка, посилання на них або менші файли окремим повідомленням."
    )
    return sentence.format(names=names, most=left["most"], megabytes=left["megabytes"])
