"""Whether an answer says that all is well now. That closes the ticket, so a wrong yes leaves a person alone: in doubt it is no.

"Друкує" is good news, "друкує ієрогліфи" is not: words that tell what a thing does count only when nothing unexpected follows
them in their clause; an "але" must be followed by good news again; half a success is none.
"""

from __future__ import annotations

import re
from enum import Enum, auto

from bot.intake.lexicon import followups as words_of
from bot.intake.text import WORD, whole


class Outcome(Enum):
    """What the words say: all is well; it is not; well, perhaps (some good news that is not sure to be all); nothing about it."""

    SETTLED = auto()
    BROKEN = auto()
    UNSURE = auto()
    UNTOLD = auto()


_SOLVED = whole(words_of.SOLVED)
_BROKEN = whole(words_of.STILL_BROKEN)
_PROMISE = whole(words_of.PROMISE)
_DOUBT = whole(words_of.DOUBT)
_BUT = whole(words_of.BUT)
_DOES = re.compile(words_of.DOES)
_FINE = re.compile(r"(?:" + words_of.FINE + r"|\d+)$")
_DENIED = re.compile(r"(?<![^\W_])(?:" + words_of.DENIED + r")\s(?:[^\W_]+\s)?$")
_SPARED = re.compile(r"(?<![^\W_])(?:" + words_of.SPARED + r")\s$")
_IF = re.compile(r"(?<![^\W_])(?:" + words_of.IF + r")(?![^\W_])[^.!?\n]*$")
_PAST = re.compile(r"(?:л[оаи](?:ся|сь)?|лся|вся|знову|снова|опять)$")
_CLAUSE_END = re.compile(r"[^\w\s'-]|\n|\s-+\s|$")
_SENTENCE_END = re.compile(r"[.!?\n]|$")


def outcome_of(told: str, known: frozenset[str]) -> Outcome:
    """What folded words (questions left out) say; `known` are the stems of the ticket's title and the staff's message."""
    hopes = [match for match in _SOLVED.finditer(told) if not _DENIED.search(told, 0, match.start())]
    good = [match for match in hopes if not _IF.search(told, 0, match.start()) and _ends_well(told, match, known)]
    bad = [
        match
        for match in _BROKEN.finditer(told)
        if not _SPARED.search(told, 0, match.start()) and not any(one.start() <= match.start() < one.end() for one in good)
    ]
    if bad and not (good and good[-1].start() > bad[-1].start() and all(_PAST.search(match.group()) for match in bad)):
        return Outcome.BROKEN
    if not hopes:
        return Outcome.UNTOLD
    if _DOUBT.search(told) or not all(_goes_on_well(told, match.end(), good) for match in _BUT.finditer(told)):
        return Outcome.UNSURE
    return Outcome.SETTLED if len(good) == len(hopes) else Outcome.UNSURE


def is_doubtful(told: str) -> bool:
    """Whether short folded words hold a "but" or a failure, so that the yes or no before them is not the whole answer."""
    return bool(_BUT.search(told) or _DOUBT.search(told) or _BROKEN.search(told))


def _ends_well(told: str, match: re.Match[str], known: frozenset[str]) -> bool:
    """Whether nothing unexpected follows good news in its clause."""
    if not _DOES.match(match.group()):
        return True
    end = _CLAUSE_END.search(told, match.end())
    following = WORD.findall(told, match.end(), end.start() if end else len(told))
    return all(_FINE.match(word) or word[:5] in known for word in following)


def _goes_on_well(told: str, start: int, good: list[re.Match[str]]) -> bool:
    """Whether good news or a promise follows a "but" in its sentence."""
    end = _SENTENCE_END.search(told, start)
    last = end.start() if end else len(told)
    return any(start <= match.start() < last for match in good) or bool(_PROMISE.search(told, start, last))
