"""The lines of a body as the quote rules look at them: in normal form, beside the line as it was. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from unicodedata import category

from bot.channels.mail import quote_words as words

_INVISIBLE = re.compile("[\ufeff\u200b-\u200f\u202a-\u202e\u2060-\u2069\xad]")
_PREFIX = re.compile(r"^\s{0,3}(?:[>|]\s?)+")


@dataclass(frozen=True, slots=True)
class Line:
    """`plain` is without quote prefix, odd spaces and entities; `is_quoted` when there was a prefix; `raw` is the line itself;
    `key` names the kind of a header line (from, to, date, subject, other)."""

    raw: str
    plain: str
    is_quoted: bool
    key: str | None

    @property
    def is_blank(self) -> bool:
        return not self.plain

    @classmethod
    def of(cls, raw: str, *, after: int = 0) -> Line:
        """`after`: so many signs of it are initials before the quote sign."""
        shown = raw[after:]
        if not shown.isascii():
            shown = _INVISIBLE.sub("", shown).replace("\xa0", " ")
        if "&" in shown:
            shown = shown.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", '"')
        prefix = _PREFIX.match(shown) if ">" in shown or "|" in shown else None
        plain = (shown[prefix.end() :] if prefix else shown).strip()
        return cls(raw, plain, bool(prefix), _key_of(plain) if ":" in plain[:_KEY_REACH] else None)


_KEY_REACH = 40
_INITIALS = re.compile(r"\s{0,3}([A-ZА-ЯІЇЄҐ]{1,4})>+(?: |$|>)")
_INITIALS_REACH = 10
_LOOKED_AT = 2_000


def _key_of(plain: str) -> str | None:
    found = words.HEADER_LINE.match(plain)
    return words.KEY_OF.get(found[1].strip().lower()) if found else None


def has_words(lines: Sequence[Line]) -> bool:
    """Letters, digits, or a picture that stands for a word: many an answer is 👍 alone."""
    return any(sign.isalnum() or (sign > "\u2000" and category(sign) == "So") for line in lines for sign in line.plain)


def holds_address(text: str) -> bool:
    """Looking for the sign first takes a hundredth of the time, and most lines have none."""
    return "@" in text and words.ADDRESS.search(text) is not None


def lines_of(text: str) -> list[Line]:
    """The lines of a body. Initials before the sign ("ІП> …", as The Bat! writes) quote like the sign itself, if they do so again."""
    raws = text.split("\n")
    found = Counter(match[1] for raw in raws[:_LOOKED_AT] if ">" in raw[:_INITIALS_REACH] and (match := _INITIALS.match(raw)))
    known = {initials for initials, count in found.items() if count > 1}
    if not known:
        return [Line.of(raw) for raw in raws]
    return [Line.of(raw, after=match.end(1) if (match := _INITIALS.match(raw)) and match[1] in known else 0) for raw in raws]


def filled(lines: Sequence[Line], start: int) -> list[Line]:
    return [line for line in lines[start:] if not line.is_blank]


def join(lines: Sequence[Line]) -> str:
    return "\n".join(line.raw.rstrip() for line in lines).strip("\n")
