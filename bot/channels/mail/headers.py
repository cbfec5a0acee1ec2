"""Header blocks as they really come: junk lines, raw 8-bit letters, encoded words cut inside a letter, RFC 2231 in pieces.

Works on bytes, in linear time, and never raises. Nothing here knows what a header means.
"""

from __future__ import annotations

import binascii
import re
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import unquote_to_bytes

from bot.channels.mail.charset import clean, decode

MAX_BLOCK = 256 * 1024
MAX_HEADERS = 2_000
MAX_HEADER = 64 * 1024

_END = re.compile(rb"\r?\n\r?\n|\r\r")
_HEADER = re.compile(rb"([!-9;-~]+)[ \t]*:[ \t]*(.*)", re.S)
_KNOWN = re.compile(
    rb"(from|to|cc|subject|date|message-id|received|return-path|content-[a-z-]+|mime-version|reply-to|sender|references"
    rb"|in-reply-to|x-[a-z-]+)[ \t]*:",
    re.I,
)
# A parameter that lost its indentation is still a part of the line above.
_STRAY = re.compile(rb"(boundary|charset|name|type|format|report-type)[ \t]*=", re.I)
_WORD = r"=\?([^?\s]{1,60})\?([bBqQ])\?([^?]*)\?="
_WORDS = re.compile(rf"{_WORD}(?:\s*{_WORD})*")
_ONE_WORD = re.compile(_WORD)
_PARAMETER = re.compile(r';\s*([^\s=;"]+)\s*=\s*("(?:[^"\\]|\\.)*"?|[^;]*)', re.S)
_CONTINUED = re.compile(r"^(.+?)\*(\d{1,4})(\*?)$")


@dataclass(frozen=True, slots=True)
class Headers:
    """Names in lower case with their unfolded raw values, in the order of the mail."""

    items: tuple[tuple[str, bytes], ...]

    def first(self, name: str) -> bytes:
        """The topmost value, b"" when there is none."""
        for each, value in self.items:
            if each == name:
                return value
        return b""

    def all(self, name: str) -> list[bytes]:
        return [value for each, value in self.items if each == name]

    def has(self, name: str) -> bool:
        return any(each == name for each, _ in self.items)

    def text(self, name: str, hint: str | None = None) -> str:
        """The topmost value for people to read: decoded, clean, on one line."""
        return decode_words(self.first(name), hint)


def split(raw: bytes, start: int, end: int) -> tuple[Headers, int, list[str]]:
    """The header block of raw[start:end], the offset where the body begins, and what was broken.

    Unlike a strict reader it looks over junk lines as long as a real header follows them; text without any header is all body.
    """
    found = _END.search(raw, start, min(end, start + MAX_BLOCK))
    starts_blank = raw[start : start + 1] in (b"\n", b"\r")
    stop = start if starts_blank else found.start() if found else min(end, start + MAX_BLOCK)
    body = found.end() if found and not starts_blank else _after_line(raw, start, end) if starts_blank else stop
    problems = [] if found or stop == end or starts_blank else ["header block longer than 256 kB: the rest was left unread"]
    lines = raw[start:stop].replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
    items: list[tuple[str, bytes]] = []
    last_known = max((number for number, line in enumerate(lines) if _KNOWN.match(line)), default=-1)
    value: list[bytes] = []
    name = ""
    for number, line in enumerate(lines):
        if line[:1] in (b" ", b"\t") or (name == "content-type" and _STRAY.match(line)):
            if name:
                value.append(line)
            continue
        if name:
            items.append((name, b"".join(value)))
        parts = _HEADER.match(line)
        name, value = ("", []) if parts is None else (parts[1].decode("ascii").lower(), [parts[2]])
        if parts is None and line.strip():
            if number > last_known:
                # Nothing but text from here on: somebody forgot the blank line.
                problems.append("no blank line after the header block")
                body = _offset_of_line(raw, start, number)
                break
            if not line.startswith((b"From ", b">From ")):
                problems.append("junk in the header block")
    if name:
        items.append((name, b"".join(value)))
    return Headers(tuple(_within_limits(items, problems))), body, _once(problems)


def _within_limits(items: list[tuple[str, bytes]], problems: list[str]) -> list[tuple[str, bytes]]:
    if len(items) > MAX_HEADERS:
        problems.append(f"more than {MAX_HEADERS} headers: the rest was left unread")
        items = items[:MAX_HEADERS]
    if any(len(value) > MAX_HEADER for _, value in items):
        problems.append("a header longer than 64 kB was cut")
        items = [(name, value[:MAX_HEADER]) for name, value in items]
    return items


def _after_line(raw: bytes, start: int, end: int) -> int:
    if raw[start : start + 2] == b"\r\n":
        return start + 2
    return min(start + 1, end)


def _offset_of_line(raw: bytes, start: int, number: int) -> int:
    offset = start
    for _ in range(number):
        found = re.compile(rb"\r\n|\n|\r").search(raw, offset)
        if found is None:
            return len(raw)
        offset = found.end()
    return offset


def _once(problems: list[str]) -> list[str]:
    return list(dict.fromkeys(problems))


def as_text(value: bytes, hint: str | None = None) -> str:
    """A raw value as text, encoded words still encoded: for whoever must first take its structure apart."""
    return value.decode("ascii") if value.isascii() else decode(value, hint)[0]


def decode_words(value: bytes | str, hint: str | None = None) -> str:
    """RFC 2047, forgiving: words inside quotes, letters cut between two words, unknown charsets. One clean line.

    `hint` is the charset of the body: it reads raw 8-bit letters when the header itself names none.
    """
    text = as_text(value, hint) if isinstance(value, bytes) else value
    if "=?" in text:
        text = _WORDS.sub(_decode_run, text)
    return " ".join(clean(text).split())


def _decode_run(run: re.Match[str]) -> str:
    """Neighbouring words of one charset are joined as bytes first: many programs cut inside a letter."""
    pieces: list[tuple[str, bytes]] = []
    rest = ""
    for charset, coding, payload in _ONE_WORD.findall(run[0]):
        charset = charset.partition("*")[0]
        if coding in "bB":
            payload, rest = rest + payload, ""
            # Some cut the base64 itself: a group that is not full goes on in the next word.
            if len(payload) % 4 and not payload.endswith("=") and not run[0].endswith(f"{payload}?="):
                keep = len(payload) - len(payload) % 4
                payload, rest = payload[:keep], payload[keep:]
            data = unbase64(payload.encode("latin-1", "replace"))
        else:
            data = _unquote(payload)
        if pieces and pieces[-1][0].lower() == charset.lower():
            pieces[-1] = (charset, pieces[-1][1] + data)
        else:
            pieces.append((charset, data))
    return "".join(decode(data, charset)[0] for charset, data in pieces)


def _unquote(payload: str) -> bytes:
    return binascii.a2b_qp(payload.encode("utf-8", "replace"), header=True)


def unbase64(data: bytes) -> bytes:
    """Base64 with wrong padding or foreign signs in it: whatever can be read of it."""
    try:
        return binascii.a2b_base64(data)
    except binascii.Error:
        letters = re.sub(rb"[^A-Za-z0-9+/]", b"", data)
        # A last group of one letter carries less than a byte: it is lost anyhow.
        letters = letters[: len(letters) - (len(letters) % 4 == 1)]
        return binascii.a2b_base64(letters + b"=" * (-len(letters) % 4))


@lru_cache(maxsize=512)
def parameters(value: bytes) -> tuple[str, dict[str, str]]:
    """`text/plain; charset="x"` → ("text/plain", {"charset": "x"}), with RFC 2231 pieces joined and every kind of letters read."""
    text = value.decode("latin-1")
    main = text.partition(";")[0].strip().lower()
    plain: dict[str, str] = {}
    pieces: dict[str, list[tuple[int, str, bool]]] = {}
    for name, raw in _PARAMETER.findall(text):
        name, raw = name.lower(), _unquoted(raw.strip())
        if found := _CONTINUED.match(name):
            pieces.setdefault(found[1], []).append((int(found[2]), raw, bool(found[3])))
        elif name.endswith("*"):
            pieces.setdefault(name[:-1], []).append((0, raw, True))
        else:
            plain.setdefault(name, decode_words(raw.encode("latin-1")))
    for name, each in pieces.items():
        plain[name] = _join_pieces(sorted(each))
    return main, plain


def _unquoted(raw: str) -> str:
    if not raw.startswith('"'):
        return raw
    inner = raw[1:-1] if raw.endswith('"') and len(raw) > 1 else raw[1:]
    # Windows programs write real paths: only a quote or a backslash is escaped.
    return re.sub(r'\\(["\\])', r"\1", inner)


def _join_pieces(pieces: list[tuple[int, str, bool]]) -> str:
    data, charset = b"", None
    for place, (_, raw, is_encoded) in enumerate(pieces):
        if is_encoded and place == 0 and raw.count("'") >= 2:
            charset, _, raw = raw.split("'", 2)
        data += unquote_to_bytes(raw.encode("latin-1")) if is_encoded else raw.encode("latin-1")
    return " ".join(clean(decode(data, charset)[0]).split())
