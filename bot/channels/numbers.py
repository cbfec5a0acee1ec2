"""Numbers that come from outside: typed by a person ("№7", "#7"), or in a button's data. Pure; anything odd is None, never an error."""

from __future__ import annotations

# The largest whole number that every database and JavaScript hold exactly; no ticket will ever have it.
LARGEST_NUMBER = 2**53


def whole_number(text: str) -> int | None:
    """Zero or more in ASCII digits, below `LARGEST_NUMBER`; None for "²", "-1", thousands of digits."""
    if not (text.isascii() and text.isdigit()) or len(text) > len(str(LARGEST_NUMBER)):
        return None
    number = int(text)
    return number if number < LARGEST_NUMBER else None


def ticket_number(text: str) -> int | None:
    """A ticket's number as a person types it; None for words, "7," and zero."""
    return whole_number(text.strip().lstrip("№#").strip()) or None
