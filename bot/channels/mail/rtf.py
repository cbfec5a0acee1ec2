"""Compressed RTF (MS-OXRTFCP) and the plain text in it: the only body that many a winmail.dat has. Pure, bounded, never raises."""

from __future__ import annotations

import re
import struct

from bot.channels.mail.charset import clean, decode

MAX_RTF = 4 * 1024 * 1024

_DICTIONARY = (
    b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript "
    b"\\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par "
    b"\\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx"
)
_COMPRESSED, _STORED = 0x75465A4C, 0x414C454D
_WINDOW = 4096
_TOKEN = re.compile(rb"\\([a-zA-Z]{1,32})(-?\d{1,10})? ?|\\'([0-9a-fA-F]{2})|\\([^a-zA-Z])|([{}])|[\r\n]+|([^\\{}\r\n]+)", re.S)
_SILENT = frozenset(
    b"fonttbl colortbl stylesheet info pict object header footer headerl headerr footerl footerr listtable listoverridetable rsidtbl"
    b" generator themedata colorschememapping latentstyles datastore xmlnstbl mmathPr fldinst".split()
)
_SIGNS = {
    b"par": "\n", b"line": "\n", b"row": "\n", b"sect": "\n", b"page": "\n", b"tab": "\t", b"cell": "\t", b"emdash": "—", b"endash": "–",
    b"bullet": "•", b"lquote": "‘", b"rquote": "’", b"ldblquote": "“", b"rdblquote": "”",
}  # fmt: skip
_TAG = re.compile(r"<[^>]{0,2000}>")


def unpacked(data: bytes) -> bytes:
    """The RTF itself; as much of it as can be had."""
    if len(data) < 16:
        return b""
    _, raw_size, kind, _ = struct.unpack_from("<IIII", data)
    if kind == _STORED:
        return data[16 : 16 + min(raw_size, MAX_RTF)]
    return _inflate(data, min(raw_size, MAX_RTF)) if kind == _COMPRESSED else b""


def _inflate(data: bytes, size: int) -> bytes:
    window = bytearray(_DICTIONARY.ljust(_WINDOW, b"\0"))
    write, at, out = len(_DICTIONARY), 16, bytearray()
    while at < len(data) and len(out) < size:
        flags, at = data[at], at + 1
        for bit in range(8):
            if at >= len(data):
                break
            if not flags >> bit & 1:
                piece, at = data[at : at + 1], at + 1
            else:
                if at + 2 > len(data):
                    return bytes(out)
                token, at = int.from_bytes(data[at : at + 2], "big"), at + 2
                offset, length = token >> 4, (token & 15) + 2
                if offset == write:
                    return bytes(out[:size])
                piece = _copied(window, offset, length, write)
            for byte in piece:
                window[write] = byte
                write = (write + 1) % _WINDOW
            out += piece
    return bytes(out[:size])


def _copied(window: bytearray, offset: int, length: int, write: int) -> bytes:
    """A reference may run into what it is just writing."""
    distance = (write - offset) % _WINDOW or _WINDOW
    base = bytes(window[(offset + place) % _WINDOW] for place in range(min(length, distance)))
    return (base * (length // len(base) + 1))[:length]


def rtf_to_text(rtf: bytes) -> str:
    """The words, without fonts, pictures and field codes. HTML wrapped in RTF gives the HTML's words."""
    reader = _Reader(is_html=b"\\fromhtml" in rtf[:500])
    for token in _TOKEN.finditer(rtf):
        reader.take(token)
    return clean(reader.text()).strip()


class _Reader:
    def __init__(self, *, is_html: bool) -> None:
        self._is_html = is_html
        self._charset = "cp1252"
        self._out: list[str] = []
        self._bytes = bytearray()
        # (silent, skipped after \u, inside htmlrtf) by group; one entry a brace, however deep.
        self._groups: list[tuple[bool, int, bool]] = []
        self._is_silent, self._after_unicode, self._is_for_rtf = False, 1, False
        self._to_skip = 0
        self._was_starred = False

    def take(self, token: re.Match[bytes]) -> None:
        word, number, code, sign, brace, plain = token.groups()
        starred, self._was_starred = self._was_starred, sign == b"*"
        if brace == b"{":
            self._groups.append((self._is_silent, self._after_unicode, self._is_for_rtf))
        elif brace:
            if self._groups:
                self._is_silent, self._after_unicode, self._is_for_rtf = self._groups.pop()
        elif word is not None:
            self._word(word, int(number) if number else None, is_starred=starred)
        elif code is not None:
            self._byte(bytes([int(code, 16)]))
        elif sign is not None and sign != b"*":
            self._say({b"~": "\xa0", b"_": "-", b"-": ""}.get(sign, sign.decode("latin-1") if sign in b"\\{}" else ""))
        elif plain is not None:
            skipped = min(self._to_skip, len(plain))
            self._to_skip -= skipped
            if skipped < len(plain):
                self._byte(plain[skipped:])

    def _word(self, word: bytes, number: int | None, *, is_starred: bool) -> None:
        if word == b"u" and number is not None:
            self._say(chr(number % 65_536))
            self._to_skip = self._after_unicode
        elif word == b"uc":
            self._after_unicode = min(max(number or 0, 0), 10)
        elif word == b"ansicpg" and number:
            self._charset = f"cp{number}"
        elif word == b"htmlrtf":
            self._is_for_rtf = number != 0
        elif word == b"htmltag":
            self._is_silent = False
        elif word in _SILENT or (is_starred and word != b"htmltag"):
            self._is_silent = True
        elif word in _SIGNS:
            self._say(_SIGNS[word])

    def _byte(self, data: bytes) -> None:
        if self._to_skip and len(data) == 1:
            self._to_skip -= 1
        elif not (self._is_silent or self._is_for_rtf):
            self._bytes += data

    def _say(self, text: str) -> None:
        if not (self._is_silent or self._is_for_rtf):
            self._flush()
            self._out.append(text)

    def _flush(self) -> None:
        if self._bytes:
            self._out.append(decode(bytes(self._bytes), self._charset)[0])
            self._bytes.clear()

    def text(self) -> str:
        self._flush()
        # \u gives UTF-16 units: a pair is one sign.
        text = "".join(self._out).encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
        if not self._is_html:
            return text
        from bot.channels.mail.markup import to_text

        return "\n\n".join(part for part in to_text(text) if part)
