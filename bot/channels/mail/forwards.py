"""What a forwarded mail says of itself: sender, subject and text, read from the lines that introduce it. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.channels.mail import quote_words as words
from bot.channels.mail.addresses import parse
from bot.channels.mail.quote_lines import Line
from bot.channels.mail.values import Forwarded


def read_forwarded(introduction: Sequence[Line], below: Sequence[Line]) -> Forwarded | None:
    """None when the introduction names no sender."""
    fields = _fields(introduction)
    told = fields.get("from") or " ".join(line.plain for line in introduction)
    # "Name [mailto:a@b]" and "Name <a@b<mailto:a@b>>" are Outlook's; an attribution has its date before the name.
    told = re.sub(r"<mailto:[^>]*>", "", re.sub(r"\[mailto:([^\]]+)\]", r"<\1>", told))
    senders = parse(told.encode("utf-8"))
    if not senders and "from" not in fields:
        return None
    plain = [line.plain if line.is_quoted else line.raw for line in below]
    return Forwarded(sender=senders[-1] if senders else None, subject=fields.get("subject", ""), text="\n".join(plain).strip())


def _fields(introduction: Sequence[Line]) -> dict[str, str]:
    """The header block of a forwarded mail, by kind."""
    fields: dict[str, str] = {}
    for line in introduction:
        found = words.HEADER_LINE.match(line.plain)
        if found and (kind := line.key):
            fields.setdefault(kind, found[2].strip())
        elif len(inline := words.INLINE_KEY.split(line.plain)) > 4:
            for key, value in zip(inline[1::2], inline[2::2], strict=True):
                fields.setdefault(words.KEY_OF[key.lower()], value.strip())
    return fields
