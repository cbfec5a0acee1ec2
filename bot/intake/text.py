"""One folded copy of a text for all matching, as long as the text itself.

Everything that intake finds is told in offsets of the original text, so folding may change characters but never
their number: no stripping, no Unicode composition. The lexicons are written in the folded alphabet.
"""

from __future__ import annotations

import re

# U+0130 is the one character whose lower case is two characters long; the apostrophes of Ukrainian words come in
# five shapes; a no-break space separates words as well as any other.
_FOLD = {
    0x0130: "i",
    0x2019: "'",
    0x02BC: "'",
    0x2018: "'",
    0x0060: "'",
    0x00B4: "'",
    0x00A0: " ",
    0x202F: " ",
    0x2009: " ",
    0x200B: " ",
    0xFEFF: " ",
    ord("ё"): "е",
    ord("Ё"): "е",
    ord("ґ"): "г",
    ord("Ґ"): "г",
}

WORD = re.compile(r"[^\W_]+(?:['-][^\W_]+)*")


def fold(text: str) -> str:
    """The text in lower case with one apostrophe, one space and no ё or ґ; offsets stay those of `text`."""
    return text.translate(_FOLD).lower()


def whole(pattern: str) -> re.Pattern[str]:
    """A pattern that finds whole words only, for a folded text; `pattern` is alternatives joined by bars."""
    return re.compile(r"(?<![^\W_])(?:" + pattern + r")(?![^\W_])")
