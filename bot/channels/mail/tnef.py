"""winmail.dat: what Outlook wraps text and files in when it believes that the other side is Outlook too (MS-OXTNEF). Pure.

Tolerant: what cannot be read ends the reading, and what was read until then counts. Our own, because it is two hundred lines, the one
library for it is under the LGPL with no release for years, and a parser of hostile bytes had better be ours to bound.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from bot.channels.mail.charset import clean, decode
from bot.channels.mail.rtf import rtf_to_text, unpacked

SIGNATURE = 0x223E9F78
MAX_ATTRIBUTES = 5_000
MAX_PROPERTIES = 5_000
MAX_FILES = 500
MAX_DEPTH = 5

_BODY, _CODEPAGE, _PROPERTIES, _SUBJECT = 0x0002800C, 0x00069007, 0x00069003, 0x00018004
_NEW_FILE, _FILE_NAME, _FILE_DATA, _FILE_PROPERTIES = 0x00069002, 0x00018010, 0x0006800F, 0x00069005
_TEXT, _HTML, _RTF = 0x1000, 0x1013, 0x1009
_LONG_NAME, _SHORT_NAME, _SHOWN_NAME, _MIME, _OBJECT = 0x3707, 0x3704, 0x3001, 0x370E, 0x3701
# Bytes of a value by its type; what is not here has its length in front of it.
_FIXED = {2: 4, 3: 4, 4: 4, 5: 8, 6: 8, 7: 8, 10: 4, 11: 4, 20: 8, 64: 8, 72: 16}
_STRING, _UNICODE, _EMBEDDED = 0x1E, 0x1F, 0x0D


@dataclass(slots=True)
class Enclosed:
    """One file in it. The name is as the sender wrote it, decoded but not safe."""

    filename: str = ""
    content_type: str = "application/octet-stream"
    data: bytes = b""

    def content(self) -> bytes:
        return self.data


@dataclass(slots=True)
class Tnef:
    """What a winmail.dat holds: its text, or its HTML when it has only that, and its files."""

    subject: str = ""
    text: str = ""
    html: str = ""
    files: list[Enclosed] = field(default_factory=list)


def read(data: bytes, *, depth: int = 0) -> Tnef | None:
    """None when it is none. Never raises."""
    if len(data) < 6 or struct.unpack_from("<I", data)[0] != SIGNATURE:
        return None
    found, codepage = Tnef(), "cp1252"
    for name, value in _attributes(data):
        match name:
            case _ if name == _CODEPAGE and len(value) >= 4:
                codepage = f"cp{struct.unpack_from('<I', value)[0]}"
            case _ if name == _SUBJECT:
                found.subject = _words(value, codepage)
            case _ if name == _BODY:
                found.text = found.text or _words(value, codepage)
            case _ if name == _PROPERTIES:
                _take_body(found, value, codepage)
            case _ if name == _NEW_FILE:
                if len(found.files) >= MAX_FILES:
                    break
                found.files.append(Enclosed())
            case _ if found.files:
                _take_file(found, name, value, codepage, depth)
    found.files = [file for file in found.files if file.data]
    return found


def _attributes(data: bytes) -> Iterator[tuple[int, bytes]]:
    at = 6
    for _ in range(MAX_ATTRIBUTES):
        if at + 9 > len(data):
            return
        _, name, size = struct.unpack_from("<BII", data, at)
        if at + 9 + size > len(data):
            return
        yield name, data[at + 9 : at + 9 + size]
        at += 9 + size + 2


def _take_body(found: Tnef, value: bytes, codepage: str) -> None:
    for kind, name, raw in _properties(value):
        if name == _TEXT and kind in (_STRING, _UNICODE):
            found.text = found.text or _string(kind, raw, codepage)
        elif name == _HTML:
            found.html = found.html or (_string(kind, raw, codepage) if kind in (_STRING, _UNICODE) else _words(raw, codepage))
        elif name == _RTF and not found.text.strip():
            found.text = rtf_to_text(unpacked(raw))


def _take_file(found: Tnef, name: int, value: bytes, codepage: str, depth: int) -> None:
    file = found.files[-1]
    if name == _FILE_NAME:
        file.filename = file.filename or _words(value, codepage)
    elif name == _FILE_DATA:
        file.data = value
    elif name == _FILE_PROPERTIES:
        _take_properties(found, file, value, codepage, depth)


def _take_properties(found: Tnef, file: Enclosed, value: bytes, codepage: str, depth: int) -> None:
    names: dict[int, str] = {}
    for kind, name, raw in _properties(value):
        if name in (_LONG_NAME, _SHORT_NAME, _SHOWN_NAME) and kind in (_STRING, _UNICODE):
            names[name] = _string(kind, raw, codepage)
        elif name == _MIME and kind in (_STRING, _UNICODE):
            file.content_type = _string(kind, raw, codepage).lower() or file.content_type
        elif name == _OBJECT and not file.data:
            # An object begins with the sixteen bytes that name its interface.
            file.data = raw[16:] if kind == _EMBEDDED else raw
    file.filename = next((names[name] for name in (_LONG_NAME, _SHORT_NAME) if names.get(name)), "") or file.filename
    file.filename = file.filename or names.get(_SHOWN_NAME, "")
    inner = read(file.data, depth=depth + 1) if depth < MAX_DEPTH else None
    if inner is not None:
        _open_message(found, file, inner)


def _open_message(found: Tnef, file: Enclosed, inner: Tnef) -> None:
    """A message attached to the message: its text as a file of its own, its files beside the others."""
    file.data = (inner.text or inner.html).encode()
    file.content_type = "text/plain" if inner.text else "text/html"
    file.filename = f"{inner.subject or file.filename or 'message'}{'.txt' if inner.text else '.html'}"
    found.files += inner.files[: MAX_FILES - len(found.files)]


def _properties(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    """(type, id, value) of a MAPI property list; of several values the first. Ends where it is broken."""
    try:
        yield from _read_properties(data)
    except struct.error:
        return


def _read_properties(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    at = 4
    for _ in range(min(struct.unpack_from("<I", data)[0], MAX_PROPERTIES)):
        kind, name = struct.unpack_from("<HH", data, at)
        at += 4
        if name >= 0x8000:
            at = _after_name(data, at)
        single = kind & 0x0FFF
        count = 1
        if kind & 0x1000 or single not in _FIXED:
            count = struct.unpack_from("<I", data, at)[0]
            at += 4
        first = b""
        for place in range(min(count, MAX_PROPERTIES)):
            size = _FIXED.get(single)
            if size is None:
                size = struct.unpack_from("<I", data, at)[0]
                at += 4
            if at + size > len(data):
                return
            first = first if place else data[at : at + size]
            at += -(-size // 4) * 4
        yield single, name, first


def _after_name(data: bytes, at: int) -> int:
    """A named property: a GUID, then a number or a padded string."""
    kind, size = struct.unpack_from("<II", data, at + 16)
    return at + 24 + (-(-size // 4) * 4 if kind else 0)


def _string(kind: int, raw: bytes, codepage: str) -> str:
    if kind == _UNICODE:
        return clean(raw.decode("utf-16-le", "replace").partition("\0")[0])
    return _words(raw, codepage)


def _words(raw: bytes, codepage: str) -> str:
    return clean(decode(raw.partition(b"\0")[0], codepage)[0])
