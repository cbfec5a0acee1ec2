"""The hand rules about an answer in a running ticket: its sentences, where something new begins, what the rest says about the ticket.

They are the first opinion (followups.py takes the second one and decides), and what they find is evidence for the second.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from bot.intake.clean import SILENT, ZoneKind, find_zones, looks_like_name, sentence_kind
from bot.intake.lexicon import followups as words_of
from bot.intake.lexicon.noise import THANKS
from bot.intake.rules import unit_zones
from bot.intake.settled import Outcome, is_doubtful, outcome_of
from bot.intake.signals import Signals, opening_of, read_signals
from bot.intake.text import WORD, whole
from bot.intake.units import STRENGTH, Joint, Marker, Unit, split_units

SHORT_QUESTION = 4  # words
LIMIT = 2_000  # characters of the title, the staff's message and a sentence that are read


class Verdict(StrEnum):
    """What an answer is. Only THANKS leaves the turn and the lamp where they are."""

    ANSWER = "answer"
    THANKS = "thanks"
    SOLVED = "solved"
    NOT_SOLVED = "not_solved"
    NEW_TASK = "new_task"
    ANSWER_AND_NEW = "answer_and_new"


@dataclass(frozen=True, slots=True)
class Sentence:
    """Characters `start` to `end` of the text say something; `words` are these folded, at most LIMIT of them."""

    start: int
    end: int
    words: str
    signals: Signals
    joint: Joint
    is_item: bool


_SOLVED = whole(words_of.SOLVED)
_BROKEN = whole(words_of.STILL_BROKEN)
_ASKED_BROKEN = re.compile(r"(?<![^\W_])(?:" + words_of.STAFF_ASKS_BROKEN + r")")
_ASKED_SOLVED = whole(words_of.STAFF_ASKS_SOLVED)
_ASKS_OTHERWISE = whole(words_of.STAFF_ASKS_OTHERWISE)
_DONE = whole(words_of.STAFF_TELLS_DONE)
_YES = re.compile(r"(?:" + words_of.YES + r")(?![^\W_])")
_NO = re.compile(r"(?:" + words_of.NO + r")(?![^\W_])")
_PROMISE = whole(words_of.PROMISE)
_NEW = re.compile(r"(?:" + words_of.NEW_TASK + r")(?![^\W_])")
_THANKS = whole("|".join(THANKS))
_AUTOMATIC = whole(words_of.AUTOMATIC)
_IMPERATIVE = re.compile(words_of.IMPERATIVE + r"(?![^\W_])")
_ASIDE = re.compile(r"(?:" + words_of.ASIDE + r")(?![^\W_])")
_REFUSED = re.compile(r"(?<![^\W_])не (?:допомогло|помогло|вийшло|получ\w+|змінил\w+|працю\w+|работа\w+)")


def asks_solved(staff: str) -> bool:
    """Whether the folded message of the staff names a success (and asks for it, when it asks).

    Whoever tells what was done and then asks in a few words ("Замінили кабель. Сканує?") asks for that, whatever the verb.
    """
    if _ASKED_SOLVED.search(staff):
        return True
    before, _, question = staff.rstrip(" \n?").rpartition(". ")
    short = 0 < len(WORD.findall(question)) <= SHORT_QUESTION and staff.rstrip().endswith("?")
    return short and bool(_DONE.search(before)) and not _ASKS_OTHERWISE.search(question)


def asks_broken(staff: str) -> bool:
    """Whether the staff asks if a failure is still there."""
    return bool(_ASKED_BROKEN.search(staff))


def tells_done(staff: str) -> bool:
    """Whether the staff tells that something was done."""
    return bool(_DONE.search(staff))


def thanks_in(words: str) -> bool:
    """Whether folded words hold thanks."""
    return bool(_THANKS.search(words))


def is_automatic(folded: str) -> bool:
    """Whether a machine answered for somebody who is away."""
    return bool(_AUTOMATIC.search(folded[:LIMIT]))


def opening_signs(opening: str) -> tuple[bool, ...]:
    """What the first words of a sentence are: an addition, an aside, an imperative, yes, no."""
    return tuple(bool(each.match(opening)) for each in (_NEW, _ASIDE, _IMPERATIVE, _YES, _NO))


def sentences_of(text: str, folded: str) -> list[Sentence]:
    """The sentences that say something: without quotations, signatures and greetings."""
    units = split_units(text)
    kinds = unit_zones(units, find_zones(text))
    found: list[Sentence] = []
    group: list[Unit] = []
    for number, unit in enumerate(units):
        cut = STRENGTH[unit.joint] >= STRENGTH[Joint.SEMICOLON] or _cuts_in(folded, group, unit)
        if group and (cut or kinds[number] in SILENT):
            found += _read(folded, group)
            group = []
        if kinds[number] not in SILENT and kinds[number] is not ZoneKind.SUBJECT:
            group.append(unit)
    found += _read(folded, group)
    while len(found) > 1 and found[-1].joint in (Joint.LINE, Joint.PARAGRAPH) and looks_like_name(found[-1].words):
        found.pop()
    return found


def _cuts_in(folded: str, group: Sequence[Unit], unit: Unit) -> bool:
    """Whether a clause begins something new in the middle of a sentence that has said something before it."""
    if not group or not _NEW.match(opening_of(folded[unit.body_start : unit.body_end])):
        return False
    return unit.joint is not Joint.WORD or len(WORD.findall(folded, group[0].body_start, unit.body_start)) >= 4


def _read(folded: str, group: Sequence[Unit]) -> list[Sentence]:
    if not group:
        return []
    start, end = group[0].body_start, group[-1].body_end
    words = folded[start : min(end, start + LIMIT)]
    if sentence_kind(words) is ZoneKind.GREETING or not words.strip():
        return []
    return [Sentence(start, end, words, read_signals(words), group[0].joint, group[0].marker is not Marker.NONE)]


def new_from(sentences: Sequence[Sentence], title: str, staff: str) -> int | None:
    """The first sentence from which on the answer asks for something new, or None."""
    known = read_signals(title + " " + staff).stems
    about_this = any(map(_about_this, sentences))
    items = [one for one in sentences if one.joint is Joint.ITEM or one.is_item]
    listed = len(items) > 1 and all(one.signals.says_something and not one.signals.stems & known for one in items)
    for place, sentence in enumerate(sentences):
        akin = len(sentence.signals.stems & known)
        if listed and sentence is items[0] and "?" not in staff:
            return place
        if _is_addition(sentence, akin) or (place and akin == 0 and _is_other(sentence)):
            return place
        if place == 0 and akin == 0 and not about_this and _is_foreign(sentences, staff):
            return place
    return None


def _is_addition(sentence: Sentence, akin: int) -> bool:
    """Whether a sentence opens as an addition and holds an ask of its own."""
    signals, opening = sentence.signals, opening_of(sentence.words)
    if _ASIDE.match(opening):
        return signals.words >= 5 and signals.says_something and not signals.points_back and akin < 2
    return bool(_NEW.match(opening)) and signals.words >= 3 and (signals.says_something or signals.words >= 5) and akin < 2


def _is_other(sentence: Sentence) -> bool:
    """Whether a later sentence that shares no word with the ticket asks for something by itself."""
    signals = sentence.signals
    if signals.points_back or signals.continues or signals.words < 4:
        return False
    if _IMPERATIVE.match(opening_of(sentence.words)):
        return signals.words >= 6
    return signals.words >= 5 and signals.asks and not _about_this(sentence)


def _about_this(sentence: Sentence) -> bool:
    return bool(_PROMISE.search(sentence.words) or _SOLVED.search(sentence.words) or _BROKEN.search(sentence.words))


def _is_foreign(sentences: Sequence[Sentence], staff: str) -> bool:
    """Whether an answer speaks of something else from its first word on: the staff asked nothing, and it asks or tells a failure."""
    first = sentences[0]
    said = first.signals
    if (
        said.words < 4
        or said.points_back
        or _about_this(first)
        or _YES.match(opening_of(first.words))
        or _NO.match(opening_of(first.words))
    ):
        return False
    if "?" in staff and not said.asks:
        return False
    return (said.asks or said.fails) and len(said.stems) >= 3


def state_of(sentences: Sequence[Sentence], staff: str, known: frozenset[str]) -> Verdict:
    """What an answer says about the ticket itself; `known` are the stems of its title and of the staff's message."""
    words = " ".join(one.words for one in sentences)
    said = WORD.findall(words)
    if not said or _AUTOMATIC.search(words):
        return Verdict.THANKS
    if len(said) <= 3 and "?" in staff:
        bare = bare_answer(words, staff)
        if bare is not None:
            return bare
    told = " ".join(one.words for one in sentences if not one.signals.question)
    outcome = outcome_of(told, known)
    done = _DONE.search(staff)
    if outcome is Outcome.BROKEN and (done or _REFUSED.search(words) or _SOLVED.search(told)):
        return Verdict.NOT_SOLVED
    if outcome is Outcome.UNSURE:
        return Verdict.NOT_SOLVED if done else Verdict.ANSWER
    if outcome is Outcome.SETTLED:
        # Who asks something with the good news still waits for an answer.
        return Verdict.ANSWER if any(one.signals.question for one in sentences) else Verdict.SOLVED
    return Verdict.THANKS if is_receipt(sentences, staff) and not is_doubtful(told) else Verdict.ANSWER


def bare_answer(words: str, staff: str) -> Verdict | None:
    """What a bare yes or no means after the staff's question; None when the words are more than that."""
    opening = opening_of(words)
    if is_doubtful(words) or not (_YES.match(opening) or _NO.match(opening)):
        return None
    if _ASKED_BROKEN.search(staff):
        return Verdict.NOT_SOLVED if _YES.match(opening) else Verdict.SOLVED
    if not asks_solved(staff):
        return Verdict.ANSWER
    return Verdict.SOLVED if _YES.match(opening) else Verdict.NOT_SOLVED


def is_receipt(sentences: Sequence[Sentence], staff: str) -> bool:
    """Whether each sentence is thanks, a receipt or a promise, and the staff did not wait for an answer to a question."""
    if any(one.signals.question for one in sentences):
        return False
    for sentence in sentences:
        if sentence_kind(sentence.words) in (ZoneKind.THANKS, ZoneKind.CALLER) or not WORD.search(sentence.words):
            continue
        thanks = _THANKS.match(opening_of(sentence.words)) and not sentence.signals.fails
        if not (thanks or _PROMISE.search(sentence.words)) or sentence.signals.words > 16:
            return False
    asked = "?" in staff and not _DONE.search(staff)
    return not (asked and len(sentences) == 1 and sentences[0].signals.words <= 2)
