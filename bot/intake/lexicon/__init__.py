"""Tables of word stems in the folded alphabet (see bot/intake/text.py): Ukrainian, Russian, their everyday mix, English.

A line here changes what intake recognises; the modules beside this package say what a recognition means.
"""

from __future__ import annotations


def table(words: str) -> frozenset[str]:
    """The words of a table that is written as running text."""
    return frozenset(words.split())
