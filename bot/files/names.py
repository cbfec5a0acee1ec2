"""What a file may be called when it is shown and saved: a name, never a path. Pure."""

from __future__ import annotations

import re
import unicodedata

LONGEST = 120

_FORBIDDEN = re.compile(r'[\x00-\x1f\x7f-\x9f<>:"|?*\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]')
_RESERVED = re.compile(r"^(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.I)
_ENDINGS = {
    "text/plain": ".txt",
    "text/html": ".html",
    "text/calendar": ".ics",
    "message/rfc822": ".eml",
    "message/delivery-status": ".txt",
    "text/rfc822-headers": ".txt",
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "image/gif": ".gif",
    "application/pdf": ".pdf",
    "application/ms-tnef": ".dat",
}


def safe_name(given: str, content_type: str, number: int) -> str:
    """A file name that is only a name: no path, no control or direction marks, no reserved words, at most LONGEST characters.
    `number` names a file whose own name says nothing."""
    name = unicodedata.normalize("NFC", given).replace("\\", "/").rpartition("/")[2]
    name = _FORBIDDEN.sub("_", name).strip(" .")
    if not name or not any(sign.isalnum() for sign in name):
        name = f"file-{number}"
    if _RESERVED.match(name):
        name = "_" + name
    stem, dot, ending = name.rpartition(".")
    if not dot or len(ending) > 10 or not stem:
        name += _ENDINGS.get(content_type, "")
        stem, dot, ending = name.rpartition(".")
    if len(name) > LONGEST:
        name = f"{stem[: LONGEST - 1 - len(ending)]}.{ending}" if dot else name[:LONGEST]
    return name


def once(name: str, taken: dict[str, int]) -> str:
    """The name, or with a number behind it when it is `taken` already (which is brought up to date)."""
    count = taken.get(name.lower(), 0) + 1
    taken[name.lower()] = count
    if count == 1:
        return name
    stem, dot, ending = name.rpartition(".")
    return f"{stem} ({count}).{ending}" if dot else f"{name} ({count})"
