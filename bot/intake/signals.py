"""What a stretch of text seems to do: ask, tell a failure, add something, go on with something, point back.

Signals are counted by the lexicon alone, without grammar: measured on the corpora, a morphology package adds
nothing but 46 MB.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from bot.intake.lexicon import asks as words_of
from bot.intake.lexicon import table
from bot.intake.text import WORD, whole

_ASK = whole(words_of.ASK)
_PROBLEM = whole(words_of.PROBLEM)
_ADDITION = re.compile(r"(?:" + words_of.ADDITION + r")")
_ADDITION_INSIDE = re.compile(r"(?:" + words_of.ADDITION_INSIDE + r")")
_CONTINUATION = re.compile(r"(?:[іиа]\s)?(?:" + words_of.CONTINUATION + r")(?![^\W_])")
_ANAPHORA = re.compile(r"(?:" + words_of.ANAPHORA + r")$")

# Words, figures and single signs: what the trained labeller reads.
TOKEN = re.compile(r"[^\W\d_]+(?:['-][^\W\d_]+)*|\d+|[^\w\s]")
_OPENING = 60  # characters

# Word ends that carry grammar, cut to compare what two sentences speak of.
_COMMON = table("""
буде були було бути може можна треба потрібно також тільки дуже якщо коли після перед через тому який яка яке які
нужно надо можно только очень если когда после перед поэтому который которая программ програм бази базі база сьогодні
сегодня вчора вчера зараз сейчас просто всіх всем with that this have from when there
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class Signals:
    """What one sentence or clause shows. `stems` are its content words, cut short."""

    words: int
    asks: bool
    fails: bool
    question: bool
    adds: bool
    adds_inside: bool
    continues: bool
    points_back: bool
    stems: frozenset[str]

    @property
    def says_something(self) -> bool:
        """It asks, tells a failure, or wants to know: it could be a request by itself."""
        return self.asks or self.fails or self.question


def opening_of(folded: str) -> str:
    """The first words of a folded text, without what stands before them: enough for each pattern of opening words."""
    first = WORD.search(folded)
    return folded[first.start() : first.start() + _OPENING] + "\n" if first else ""


def fails(folded: str) -> bool:
    """Whether a folded text tells that something does not work as it should."""
    return bool(_PROBLEM.search(folded))


@lru_cache(maxsize=512)  # rules, features and titles ask about the same clauses of one message
def read_signals(folded: str) -> Signals:
    """The signals of one folded sentence or clause."""
    said = WORD.findall(folded)
    opening = opening_of(folded)
    adds = bool(_ADDITION.match(opening))
    return Signals(
        words=len(said),
        asks=bool(_ASK.search(folded)),
        fails=fails(folded),
        question="?" in folded,
        adds=adds,
        adds_inside=bool(_ADDITION_INSIDE.match(opening)),
        continues=not adds and bool(_CONTINUATION.match(opening)),
        points_back=any(_ANAPHORA.match(word) for word in said[:4]),
        stems=frozenset(word[:5] for word in said if len(word) > 3 and word not in _COMMON),
    )
