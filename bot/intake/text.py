"""One folded copy of a text for all matching, as long as the text itself.

Everything that intake finds is told in offsets of the original text, so folding may change characters but never
their number: no stripping, no Unicode composition. The lexicons are written in the folded alphabet.
"""

from __future__ import annotations

import re

# U+0130 is the one character whose lower case is two characters long; the apostrophes of Ukrainian words come in
# five shapes; a no-break space separates words as well as any other.
_FOLD = (
    ("\u0130", "i"),
    *((apostrophe, "'") for apostrophe in "\u2019\u02bc\u2018`\u00b4"),
    *((blank, " ") for blank in "\u00a0\u202f\u2009\u200b\ufeff"),
    *(("ё", "е"), ("Ё", "е"), ("ґ", "г"), ("Ґ", "г")),
)

WORD = re.compile(r"[^\W_]+(?:['-][^\W_]+)*")


def fold(text: str) -> str:
    """The text in lower case with one apostrophe, one space and no ё or ґ; offsets stay those of `text`."""
    for sign, folded in _FOLD:  # most texts hold none of them: to look for each is ten times faster than to translate
        if sign in text:
            text = text.replace(sign, folded)
    return text.lower()


def whole(pattern: str) -> re.Pattern[str]:
    """A pattern that finds whole words only, for a folded text; `pattern` is alternatives joined by bars."""
    return re.compile(r"(?<![^\W_])(?:" + pattern + r")(?![^\W_])")
