"""Where a signature begins: the delimiter, a closing with a name, "sent from my phone". Conservative: when in doubt it is text. Pure."""

from __future__ import annotations

import re

from bot.channels.mail import quote_words as words
from bot.channels.mail.quote_lines import Line, filled

_LIST_ITEM = re.compile(r"^\s*(?:\d{1,2}[.)]|[-*•])\s")
# Windows Mail links to itself: "Sent from [Mail](https://…) for Windows 10".
_LINK = re.compile(r"\(https?://[^)\s]*\)|<https?://[^>\s]*>|https?://\S+")
_MAX_SIGNATURE = 15
_MAX_CONTACT = 8
_SIGNATURE_REACH = 80


def split_signature(lines: list[Line]) -> tuple[list[Line], list[Line]]:
    """Own lines and signature lines. The signature stands at the end; a postscript below it is the sender's word again."""
    for number in range(max(0, len(lines) - _SIGNATURE_REACH), len(lines)):
        line = lines[number]
        if words.DELIMITER.match(line.plain) and len(filled(lines, number + 1)) <= _MAX_SIGNATURE:
            return _trim_mobile(lines[:number], lines[number:])
        if words.LINE.match(line.plain) and filled(lines[:number], 0) and _is_contact(filled(lines, number + 1)):
            return _trim_mobile(lines[:number], lines[number:])
        closing = words.CLOSING.match(line.plain)
        if closing and _is_signature(closing["rest"], filled(lines, number + 1)):
            end = next((place for place in range(number, len(lines)) if words.POSTSCRIPT.match(lines[place].plain)), len(lines))
            return _trim_mobile([*lines[:number], *lines[end:]], lines[number:end])
    return _trim_mobile(lines, [])


def _is_signature(same_line: str, rest: list[Line]) -> bool:
    """A closing with a name behind or below it; alone it may well be followed by nothing else worth taking away."""
    below = [line.plain for line in rest]
    for place, plain in enumerate(below):
        if words.POSTSCRIPT.match(plain):
            below = below[:place]
            break
    name = same_line.strip(" ,.!*–—-")
    if len(name) > 60 or len(below) > _MAX_SIGNATURE or not (name or below):
        return False
    return not any(len(plain) > 100 or plain.endswith("?") or _LIST_ITEM.match(plain) for plain in [name, *below])


def _is_contact(rest: list[Line]) -> bool:
    """Below a drawn line: a few short lines, a telephone number or an address among them, and no question."""
    below = [line.plain for line in rest]
    if not 1 < len(below) <= _MAX_CONTACT or any(len(plain) > 80 or plain.endswith("?") or _LIST_ITEM.match(plain) for plain in below):
        return False
    return any(words.PHONE.search(plain) or words.ADDRESS.search(plain) for plain in below)


def _trim_mobile(own: list[Line], signature: list[Line]) -> tuple[list[Line], list[Line]]:
    """ "Надіслано з iPhone" at the end of the own text, and drawn lines left hanging there."""
    last = len(own)
    while last:
        line = own[last - 1]
        if not (line.is_blank or is_mobile(line) or words.RULE.match(line.plain) or words.DELIMITER.match(line.plain)):
            break
        last -= 1
    if not any(not line.is_blank for line in own[last:]):
        return own, signature
    return own[:last], [*own[last:], *signature]


def is_mobile(line: Line) -> bool:
    """ "Sent from my phone" in any language: short, and about a device or a mail program."""
    plain = _LINK.sub("", line.plain).rstrip(" .")
    if len(plain) < len(line.plain.rstrip(" .")) and words.SENT_FROM.match(plain):
        return True
    return len(plain) <= 160 and words.MOBILE.match(plain) is not None
