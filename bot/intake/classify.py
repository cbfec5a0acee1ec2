"""What kind of request a ticket is, how much its author presses, and which of the three reasons the text seems to give.

These are guesses from words. They are shown as guesses, explicit fields win over them, and a guessed reason only orders
the buttons: the client or an agent chooses (R11).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from bot.intake.lexicon import category as category_words
from bot.intake.lexicon import urgency as words_of
from bot.intake.text import whole
from bot.model import Category, Priority, UrgencyReason

Span = tuple[int, int]

LIMIT = 6_000  # characters of one ticket that are read; more than any letter needs, and hostile input stays cheap


@dataclass(frozen=True, slots=True, kw_only=True)
class Urgency:
    """`pressed`: the author claims haste or work stands; `reason` with its `evidence` span in the text; `calm`: said that it can wait."""

    pressed: bool = False
    calm: bool = False
    reason: UrgencyReason | None = None
    evidence: Span | None = None

    @property
    def priority(self) -> Priority:
        """The criticality that the text seems to ask for (R9)."""
        if self.pressed:
            return Priority.URGENT
        return Priority.LOW if self.calm else Priority.MEDIUM


_CLAIM = whole(words_of.CLAIM)
_STANDING = whole(words_of.STANDING)
_TODAY = whole(words_of.TODAY)
_CALM = whole(words_of.CALM)
_LOOKALIKE = whole(words_of.LOOKALIKE)
_OPERATIONAL = whole(words_of.OPERATIONAL)
_TAX = whole(words_of.TAX_ONLY)
_EVERYBODY = whole(words_of.EVERYBODY)
_CANNOT = whole(words_of.CANNOT)
_TOP = whole(words_of.TOP)
_NOT_TOP = whole(words_of.NOT_TOP)
_CHANGE = tuple((weight, whole(pattern)) for weight, pattern in category_words.CHANGE)
_INCIDENT = tuple((weight, whole(pattern)) for weight, pattern in category_words.INCIDENT)


_URGENCY_SIGNS = {
    "claim": _CLAIM,
    "standing": _STANDING,
    "today": _TODAY,
    "calm": _CALM,
    "top": _TOP,
    "not top": _NOT_TOP,
    "everybody": _EVERYBODY,
    "operational": _OPERATIONAL,
    "tax": _TAX,
    "cannot": _CANNOT,
}


def category_signs(folded: str) -> tuple[list[str], float]:
    """The lexicon lines that a ticket's folded words match, and how far these speak for a change request (above zero)."""
    folded = folded[:LIMIT]
    found: list[str] = []
    balance = 0.0
    for sign, table in ((1, _CHANGE), (-1, _INCIDENT)):
        for number, (weight, pattern) in enumerate(table):
            if pattern.search(folded):
                found.append(f"{'C' if sign > 0 else 'I'}{number}")
                balance += sign * weight
    return found, balance


def urgency_signs(folded: str) -> list[str]:
    """The lexicon tables of urgency that folded words match, look-alikes and denials left aside."""
    words = _blank(folded[:LIMIT])
    return [name for name, pattern in _URGENCY_SIGNS.items() if pattern.search(words)]


def guess_category(folded: str) -> Category:
    """Incident or change request of one ticket's folded words; an even case is an incident, the desk sees it first."""
    return Category.CHANGE_REQUEST if category_signs(folded)[1] > 0.3 else Category.INCIDENT


def read_urgency(folded: str, spans: Sequence[Span], context: Sequence[Span] = ()) -> Urgency:
    """The urgency of the ticket that holds `spans` of a folded text; `context` are spans that speak of it as well.

    A claim in the context counts like one of its own; the context may also name who cannot work.
    """
    own = [(start, _blank(folded[start : min(end, start + LIMIT)])) for start, end in spans]
    near = [(start, _blank(folded[start : min(end, start + LIMIT)])) for start, end in context]
    calm = any(_CALM.search(folded, start, min(end, start + LIMIT)) for start, end in [*spans, *context])
    claim = _first(own + near, _CLAIM) or _first(own, _TODAY) or _first(own, _STANDING) or _first(near, _TODAY)
    if claim is None:
        return Urgency(calm=calm)
    reason, evidence = _reason(own, near)
    return Urgency(pressed=True, calm=False, reason=reason, evidence=evidence or claim)


def find_evidence(folded: str, spans: Sequence[Span], reason: UrgencyReason | None) -> Span | None:
    """The words that speak for a reason, or where none is given for the claim itself; None when no lexicon knows them."""
    parts = [(start, _blank(folded[start : min(end, start + LIMIT)])) for start, end in spans]
    if reason is None:
        return _first(parts, _CLAIM)
    facts = {
        UrgencyReason.OPERATIONAL_WORK: _OPERATIONAL,
        UrgencyReason.MOST_USERS: _EVERYBODY,
        UrgencyReason.TOP_MANAGEMENT: _TOP,
    }
    return _first(parts, facts[reason])


@lru_cache(maxsize=32)  # of one ticket the signs, the reason and its evidence are looked for in turn
def _blank(folded: str) -> str:
    """The words with look-alikes and denials of haste blanked out, length kept."""
    for pattern in (_CALM, _LOOKALIKE):
        folded = pattern.sub(lambda match: " " * len(match.group()), folded)
    return folded


def _first(parts: Sequence[tuple[int, str]], pattern: re.Pattern[str]) -> Span | None:
    for offset, words in parts:
        match = pattern.search(words)
        if match:
            return offset + match.start(), offset + match.end()
    return None


def _reason(own: Sequence[tuple[int, str]], near: Sequence[tuple[int, str]]) -> tuple[UrgencyReason | None, Span | None]:
    """The reason the words seem to give; where several fit, the wider one (2 before 1) as the regulation reads."""
    top = None if _first(own, _NOT_TOP) else _first([*own, *near], _TOP)
    if top and _first(own, _CANNOT):
        return UrgencyReason.TOP_MANAGEMENT, top
    everybody = _first(own, _EVERYBODY)
    if everybody and _first(own, _CANNOT):
        return UrgencyReason.MOST_USERS, everybody
    fact = _first(own, _OPERATIONAL)
    if fact and (_first(own, _STANDING) or _first(own, _TAX) or _first(own, _CANNOT)):
        return UrgencyReason.OPERATIONAL_WORK, fact
    return None, None
