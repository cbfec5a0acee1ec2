"""The lines of a body as the quote rules look at them: in normal form, beside the line as it was. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

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
    def of(cls, raw: str) -> Line:
        shown = raw
        if not raw.isascii():
            shown = _INVISIBLE.sub("", raw).replace("\xa0", " ")
        if "&" in shown:
            shown = shown.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", '"')
        prefix = _PREFIX.match(shown) if ">" in shown or "|" in shown else None
        plain = (shown[prefix.end() :] if prefix else shown).strip()
        return cls(raw, plain, bool(prefix), _key_of(plain) if ":" in plain[:_KEY_REACH] else None)


_KEY_REACH = 40


def _key_of(plain: str) -> str | None:
    found = words.HEADER_LINE.match(plain)
    return words.KEY_OF.get(found[1].strip().lower()) if found else None


def has_words(lines: Sequence[Line]) -> bool:
    return any(any(sign.isalnum() for sign in line.plain) for line in lines)


def filled(lines: Sequence[Line], start: int) -> list[Line]:
    return [line for line in lines[start:] if not line.is_blank]


def join(lines: Sequence[Line]) -> str:
    return "\n".join(line.raw.rstrip() for line in lines).strip("\n")
