"""Text in Telegram's measure: UTF-16 lengths, safe characters, cuts on paragraph borders, escaping.

Pure; what it cuts it loses nothing of: the pieces joined are the text.
"""

from __future__ import annotations

import re
from html import escape as _html_escape

MAX_TEXT = 4096
"""UTF-16 units of a message after its markup is gone."""
# Best place to cut first: between paragraphs, lines, sentences, words.
_BORDERS = ("\n\n", "\n", ". ", " ")
TAG = re.compile(r"<[^>]*>")
_TURNING = re.compile("[\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069]")
_TOWER = re.compile(
    "([\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]{3})"
    "[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]+"
)
_FORBIDDEN = re.compile("[\x00\ud800-\udfff]")
"""NUL is refused by PostgreSQL, a lone surrogate by every encoder: neither is something a person wrote."""


def escape(text: str) -> str:
    """Somebody's words inside our HTML."""
    return _html_escape(_FORBIDDEN.sub("\ufffd", text), quote=False)


def brief(text: str, limit: int = 200) -> str:
    """Somebody's words where a line of them is enough: on one line, shortened, escaped, and harmless to what stands around them."""
    return escape(shortened(tame(" ".join(text.split())), limit))


def tame(text: str) -> str:
    """Without what turns the direction of the words around it, and without towers of marks: three on a letter are enough for any script."""
    return _TOWER.sub(r"\1", _TURNING.sub("", text))


def safe(text: str) -> str:
    """What can be stored everywhere and sent everywhere."""
    return _FORBIDDEN.sub("\ufffd", text)


def utf16_length(text: str) -> int:
    return len(text) + sum(1 for character in text if ord(character) > 0xFFFF)


def visible_length(markup: str) -> int:
    """An upper bound of what Telegram counts of our HTML: the tags do not count, a character reference counts as it is written."""
    return utf16_length(TAG.sub("", markup))


def pieces(text: str, limit: int) -> list[str]:
    """Cut `text` into pieces of at most `limit` UTF-16 units, on the best border in the second half of each piece."""
    cut: list[str] = []
    while utf16_length(text) > limit:
        end = _border(text, _fitting(text, limit))
        cut.append(text[:end])
        text = text[end:]
    return [*cut, text] if text or not cut else cut


def markup_pieces(markup: str, limit: int) -> list[str]:
    """Cut our own HTML between lines (our tags never cross one): at least one piece, each of at most `limit` units where lines allow."""
    found, length = [""], 0
    for line in markup.split("\n"):
        size = visible_length(line) + 1
        if length and length + size > limit:
            found, length = [*found, ""], 0
        found[-1] += ("\n" if length else "") + line
        length += size
    return found


def shortened(text: str, limit: int) -> str:
    """At most `limit` units; an ellipsis says that there is more."""
    return text if utf16_length(text) <= limit else text[: _fitting(text, limit - 1)].rstrip() + "…"


def _border(text: str, end: int) -> int:
    for mark in _BORDERS:
        at = text.rfind(mark, end // 2, end)
        if at >= 0:
            return at + len(mark)
    return end


def _fitting(text: str, limit: int) -> int:
    """How many characters of `text` fit into `limit` units."""
    if text.isascii():
        return limit
    units = 0
    for count, character in enumerate(text):
        units += 2 if ord(character) > 0xFFFF else 1
        if units > limit:
            return count
    return len(text)
