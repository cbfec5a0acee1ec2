"""Raw mail → a tree of parts, with limits. Our own, because the standard library recurses once per nested message,
copies the mail at each level and takes seconds for 20,000 parts; this only keeps offsets into the one buffer.

A nested message (message/rfc822) is a leaf here: whoever wants to look inside reads its content as a mail of its own.
"""

from __future__ import annotations

import binascii
import re
from dataclasses import dataclass, field

from bot.channels.mail.headers import Headers, parameters, split, unbase64

MAX_PARTS = 500
MAX_DEPTH = 50

_TYPE = re.compile(r"^[a-z0-9!#$&^_.+-]+/[a-z0-9!#$&^_.+-]+$")


@dataclass(slots=True)
class Part:
    """One part: its headers, and where in `buffer` its body lies. `children` only when it is a multipart that could be divided."""

    headers: Headers
    content_type: str
    parameters: dict[str, str]
    buffer: bytes
    start: int
    end: int
    children: list[Part] = field(default_factory=list)

    @property
    def disposition(self) -> str:
        return parameters(self.headers.first("content-disposition"))[0]

    @property
    def filename(self) -> str:
        """The name the sender gave, decoded but not safe; "" when there is none."""
        given = parameters(self.headers.first("content-disposition"))[1]
        return given.get("filename") or self.parameters.get("name") or ""

    @property
    def charset(self) -> str | None:
        return self.parameters.get("charset")

    def content(self) -> bytes:
        """The body with its transfer encoding undone, as far as it can be."""
        data = self.buffer[self.start : self.end]
        coding = parameters(self.headers.first("content-transfer-encoding"))[0]
        if coding == "base64":
            return unbase64(data)
        if coding == "quoted-printable":
            return binascii.a2b_qp(data)
        if coding in ("x-uuencode", "uuencode", "uue", "x-uue"):
            return _unuuencode(data)
        return data


def read(raw: bytes) -> tuple[Part, list[str]]:
    """The tree of a whole mail and what was broken in it."""
    start = len(raw) - len(raw.lstrip(b"\r\n \t\xef\xbb\xbf\x00"))
    reader = _Reader(raw)
    return reader.part(start, len(raw), 0, "text/plain"), reader.problems


class _Reader:
    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        self.parts = 0
        self.problems: list[str] = []

    def part(self, start: int, end: int, depth: int, default_type: str) -> Part:
        self.parts += 1
        headers, body, problems = split(self.raw, start, end)
        self._note(*problems)
        content_type, params = parameters(headers.first("content-type"))
        if not _TYPE.match(content_type):
            content_type = "text/plain" if headers.has("content-type") else default_type
        part = Part(headers, content_type, params, self.raw, min(body, end), end)
        if content_type.startswith("multipart/"):
            self._divide(part, depth)
        return part

    def _divide(self, part: Part, depth: int) -> None:
        boundary = part.parameters.get("boundary", "")
        if depth >= MAX_DEPTH:
            self._note(f"parts nested deeper than {MAX_DEPTH}: left unread")
            return
        sections = _sections(self.raw, boundary.rstrip().encode("latin-1", "replace"), part.start, part.end) if boundary else []
        if not sections:
            self._note("a multipart without its parts was read as text")
            part.content_type = "text/plain"
            return
        default_type = "message/rfc822" if part.content_type == "multipart/digest" else "text/plain"
        for start, end in sections:
            if self.parts >= MAX_PARTS:
                self._note(f"more than {MAX_PARTS} parts: the rest was left unread")
                return
            part.children.append(self.part(start, end, depth + 1, default_type))

    def _note(self, *problems: str) -> None:
        for problem in problems:
            if problem not in self.problems:
                self.problems.append(problem)


def _sections(raw: bytes, boundary: bytes, start: int, end: int) -> list[tuple[int, int]]:
    """Offsets of the parts between the boundary lines. A missing last boundary is forgiven."""
    mark = b"--" + boundary
    sections: list[tuple[int, int]] = []
    opened = -1
    at = raw.find(mark, start, end)
    while at >= 0:
        line_end = raw.find(b"\n", at, end)
        line_end = end if line_end < 0 else line_end
        rest = raw[at + len(mark) : min(line_end, at + len(mark) + 100)].rstrip()
        if (at == start or raw[at - 1 : at] in (b"\n", b"\r")) and rest in (b"", b"--"):
            if opened >= 0:
                sections.append((opened, _before_line_end(raw, opened, at)))
            if len(sections) > MAX_PARTS or rest == b"--":
                return sections
            opened = min(line_end + 1, end)
        at = raw.find(mark, max(line_end, at + 1), end)
    if opened >= 0:
        sections.append((opened, end))
    return sections


def _before_line_end(raw: bytes, start: int, at: int) -> int:
    """The line break before a boundary belongs to the boundary (RFC 2046, 5.1.1)."""
    if at - 2 >= start and raw[at - 2 : at] == b"\r\n":
        return at - 2
    return max(start, at - 1)


def _unuuencode(data: bytes) -> bytes:
    out = bytearray()
    for line in data.splitlines():
        if line.startswith((b"begin ", b"end")) or not line.strip():
            continue
        try:
            out += binascii.a2b_uu(line)
        except binascii.Error:
            continue
    return bytes(out)
