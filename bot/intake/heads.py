"""Trained guesses about one ticket: change request or incident, does its author press, which of the three reasons.

Linear weights over hashed words and the lexicons' verdicts (classify.py), which therefore stay the first opinion: the
training learns how far each may be trusted. Weights come with the labeller's file; without it the lexicons stand alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, combinations, pairwise
from math import sqrt
from typing import TYPE_CHECKING
from zlib import crc32

from bot.intake.classify import LIMIT, Span, Urgency, category_signs, find_evidence, guess_category, read_urgency, urgency_signs
from bot.intake.features import BUCKETS, bucket
from bot.intake.labeller import load
from bot.intake.text import WORD
from bot.model import Category, UrgencyReason

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from bot.intake.labeller import Array

    Buckets = NDArray[np.int64]

# Scores are compared with these; chosen on messages that the weights had not learned from.
CHANGE_FROM = 0.15
PRESSED_FROM = -0.9
REASONS = (None, *UrgencyReason)
LONGEST_WORD = 24  # characters; the runs of four that are read end before


def category_features(folded: str) -> Buckets:
    """The buckets of one ticket's folded words for the question "incident or change request?"."""
    words = WORD.findall(folded[:LIMIT])[:150]
    read = [_read(word[:LONGEST_WORD]) for word in words]
    found = [one.stem for one in read]
    found += [crc32(third.four, first.before_four) % BUCKETS for first, third in zip(read, read[2:], strict=False)]
    signs, balance = category_signs(folded)
    names = [f"F{word[:6]}" for word in words[:1]] + ["F2" + " ".join(word[:5] for word in words[:2])]
    names += [*signs, f"D{round(balance)}", f"len{min(len(words) // 5, 8)}", "?" if "?" in folded else "!?"]
    return _joined(_word_buckets(folded), [*found, *map(_named, names)])


def urgency_features(own: str, context: str, rules: Urgency) -> Buckets:
    """The buckets of a ticket's folded words and of those that stand around all tickets, for urgency and its reason."""
    found = [each for word in WORD.findall(context[:LIMIT])[:60] for each in _read(word[:LONGEST_WORD]).beside]
    signs = [f"O{name}" for name in urgency_signs(own)] + [f"K{name}" for name in urgency_signs(context)]
    names = [*signs, *(one + other for one, other in combinations(signs, 2))]
    names += [f"U{rules.pressed}", f"R{rules.reason}", f"calm{rules.calm}", f"!{min(own.count('!'), 3)}"]
    return _joined(_word_buckets(own), [*found, *map(_named, names)])


def best_category(folded: str) -> Category:
    """The category of one ticket's folded words, by the trained weights when they are shipped."""
    shipped = load()
    if shipped is None:
        return guess_category(folded)
    score = head_score(shipped[1]["head.category"], category_features(folded))
    return Category.CHANGE_REQUEST if score > CHANGE_FROM else Category.INCIDENT


def best_urgency(folded: str, spans: Sequence[Span], context: Sequence[Span]) -> Urgency:
    """The urgency of the ticket that holds `spans` of a folded text; `context` speaks of it as well."""
    rules = read_urgency(folded, spans, context)
    shipped = load()
    if shipped is None:
        return rules
    features = urgency_features(_join(folded, spans), _join(folded, context), rules)
    common = shipped[1]
    if head_score(common["head.pressed"], features) <= PRESSED_FROM:
        return Urgency(calm=rules.calm)
    scores = [head_score(common[f"head.reason{int(reason or 0)}"], features) for reason in REASONS]
    reason = REASONS[scores.index(max(scores))]
    evidence = find_evidence(folded, [*spans, *context], reason) or rules.evidence
    return Urgency(pressed=True, reason=reason, evidence=evidence)


def head_score(weights: Array, features: Buckets) -> float:
    """The score of one question; the last weight is what is said without any feature."""
    return float(weights.take(features).sum()) / sqrt(len(features)) + float(weights[-1])


@lru_cache(maxsize=4)  # both questions about one ticket are asked in turn
def _word_buckets(folded: str) -> Buckets:
    """The buckets of a ticket's folded words and of the pairs of neighbours."""
    import numpy as np

    read = [_read(word[:LONGEST_WORD]) for word in WORD.findall(folded[:LIMIT])[:150]]
    pairs = [crc32(second.five, first.before_five) % BUCKETS for first, second in pairwise(read)]
    return np.array([*chain.from_iterable([one.parts for one in read]), *pairs], dtype=np.int64)


def _joined(words: Buckets, others: Sequence[int]) -> Buckets:
    """The words' buckets and the others: sorted, each once."""
    import numpy as np

    found = np.concatenate([words, np.array(others, dtype=np.int64)])
    found.sort()
    first = np.ones(len(found), dtype=bool)
    np.not_equal(found[1:], found[:-1], out=first[1:])
    once: Buckets = found[first]
    return once


@dataclass(frozen=True, slots=True, kw_only=True)
class _Word:
    """The buckets of one word: its beginnings and runs of four letters, its stem for the category, what it says beside a ticket.

    And what its pairs with others are hashed from: its own half as the second of a pair, the checksum of its half as the first.
    """

    parts: tuple[int, ...]
    stem: int
    beside: tuple[int, int]
    five: bytes
    before_five: int
    four: bytes
    before_four: int


@lru_cache(maxsize=10_000)  # the words of one desk return
def _read(word: str) -> _Word:
    framed = f"<{word}>"
    runs = ["g" + framed[at : at + 4] for at in range(min(len(framed) - 3, 16))]
    five, four = (word[:length].encode("utf-8", "surrogatepass") for length in (5, 4))
    return _Word(
        parts=tuple(map(bucket, ["w" + word[:12], "p" + word[:4], "q" + word[:5], *runs])),
        stem=bucket("r" + word[:6]),
        beside=(bucket("x" + word[:5]), bucket("X" + word[:7])),
        five=five,
        before_five=crc32(b"b" + five + b"_"),
        four=four,
        before_four=crc32(b"t" + four + b"_"),
    )


_named = lru_cache(maxsize=2_000)(bucket)  # signs and their pairs are few


def _join(folded: str, spans: Sequence[Span]) -> str:
    return "\n".join(folded[start:end] for start, end in spans)
