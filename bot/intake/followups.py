"""What an answer in a running ticket is (R6): it goes on with the ticket, ends it, says thanks, or asks for something new.

"Thanks" must be right when it is said: it neither reopens the ticket nor moves a lamp, so an answer that was taken for
thanks would leave a person waiting. Where the words leave a doubt, the verdict is `answer`.
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
from bot.intake.text import WORD, fold, whole
from bot.intake.units import STRENGTH, Joint, Marker, Unit, split_units

Span = tuple[int, int]


LIMIT = 2_000  # characters of the title, the staff's message and a sentence that are read


class Verdict(StrEnum):
    """What an answer is. Only THANKS leaves the turn and the lamp where they are."""

    ANSWER = "answer"
    THANKS = "thanks"
    SOLVED = "solved"
    NOT_SOLVED = "not_solved"
    NEW_TASK = "new_task"
    ANSWER_AND_NEW = "answer_and_new"


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowupVerdict:
    """The verdict and the spans of the text that ask for something new, in order; `because` explains it."""

    verdict: Verdict
    new_tasks: tuple[Span, ...] = ()
    because: str


@dataclass(frozen=True, slots=True)
class _Sentence:
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


def read_followup(text: str, ticket_title: str, last_staff_message: str) -> FollowupVerdict:
    """The verdict on an answer. Never raises; linear in the length of the text."""
    folded, title, staff = fold(text), fold(ticket_title[:LIMIT]), fold(last_staff_message[:LIMIT])
    if text.strip(" .!+") == "" and "+" in text and "?" in staff:
        state = Verdict.SOLVED if _ASKED_SOLVED.search(staff) else Verdict.ANSWER
        return FollowupVerdict(verdict=state, because=_BECAUSE[state])
    sentences = _sentences(text, folded)
    new = None if _AUTOMATIC.search(folded[:LIMIT]) else _new_from(sentences, title, staff)
    before = sentences[:new] if new is not None else sentences
    state = _state(before, staff, read_signals(title + " " + staff).stems)
    if new is None:
        return FollowupVerdict(verdict=state, because=_BECAUSE[state])
    spans = _task_spans(text, sentences[new:])
    verdict = Verdict.NEW_TASK if state is Verdict.THANKS else Verdict.ANSWER_AND_NEW
    return FollowupVerdict(verdict=verdict, new_tasks=spans, because=_BECAUSE[verdict])


_BECAUSE = {
    Verdict.ANSWER: "йдеться про це звернення",
    Verdict.THANKS: "подяка, підтвердження або обіцянка: робити нічого не треба",
    Verdict.SOLVED: "клієнт пише, що питання вирішено",
    Verdict.NOT_SOLVED: "клієнт пише, що проблема залишилася",
    Verdict.NEW_TASK: "клієнт просить того, чого немає у зверненні",
    Verdict.ANSWER_AND_NEW: "клієнт відповідає і просить того, чого немає у зверненні",
}


def _sentences(text: str, folded: str) -> list[_Sentence]:
    """The sentences that say something: without quotations, signatures and greetings."""
    units = split_units(text)
    kinds = unit_zones(units, find_zones(text))
    found: list[_Sentence] = []
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


def _read(folded: str, group: Sequence[Unit]) -> list[_Sentence]:
    if not group:
        return []
    start, end = group[0].body_start, group[-1].body_end
    words = folded[start : min(end, start + LIMIT)]
    if sentence_kind(words) is ZoneKind.GREETING or not words.strip():
        return []
    return [_Sentence(start, end, words, read_signals(words), group[0].joint, group[0].marker is not Marker.NONE)]


def _new_from(sentences: Sequence[_Sentence], title: str, staff: str) -> int | None:
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


def _is_addition(sentence: _Sentence, akin: int) -> bool:
    """Whether a sentence opens as an addition and holds an ask of its own."""
    signals, opening = sentence.signals, opening_of(sentence.words)
    if _ASIDE.match(opening):
        return signals.words >= 5 and signals.says_something and not signals.points_back and akin < 2
    return bool(_NEW.match(opening)) and signals.words >= 3 and (signals.says_something or signals.words >= 5) and akin < 2


def _is_other(sentence: _Sentence) -> bool:
    """Whether a later sentence that shares no word with the ticket asks for something by itself."""
    signals = sentence.signals
    if signals.points_back or signals.continues or signals.words < 4:
        return False
    if _IMPERATIVE.match(opening_of(sentence.words)):
        return signals.words >= 6
    return signals.words >= 5 and signals.asks and not _about_this(sentence)


def _about_this(sentence: _Sentence) -> bool:
    return bool(_PROMISE.search(sentence.words) or _SOLVED.search(sentence.words) or _BROKEN.search(sentence.words))


def _is_foreign(sentences: Sequence[_Sentence], staff: str) -> bool:
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


def _state(sentences: Sequence[_Sentence], staff: str, known: frozenset[str]) -> Verdict:
    """What an answer says about the ticket itself; `known` are the stems of its title and of the staff's message."""
    words = " ".join(one.words for one in sentences)
    said = WORD.findall(words)
    if not said or _AUTOMATIC.search(words):
        return Verdict.THANKS
    if len(said) <= 3 and "?" in staff:
        bare = _bare_answer(words, staff)
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
    return Verdict.THANKS if _is_receipt(sentences, staff) and not is_doubtful(told) else Verdict.ANSWER


def _bare_answer(words: str, staff: str) -> Verdict | None:
    """What a bare yes or no means after the staff's question; None when the words are more than that."""
    opening = opening_of(words)
    if is_doubtful(words) or not (_YES.match(opening) or _NO.match(opening)):
        return None
    if _ASKED_BROKEN.search(staff):
        return Verdict.NOT_SOLVED if _YES.match(opening) else Verdict.SOLVED
    if not _ASKED_SOLVED.search(staff):
        return Verdict.ANSWER
    return Verdict.SOLVED if _YES.match(opening) else Verdict.NOT_SOLVED


def _is_receipt(sentences: Sequence[_Sentence], staff: str) -> bool:
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


def _task_spans(text: str, sentences: Sequence[_Sentence]) -> tuple[Span, ...]:
    """The spans of the new requests: a list item, a paragraph or an addition begins another one."""
    spans: list[Span] = []
    lead = False
    for sentence in sentences:
        kind = sentence_kind(sentence.words)
        if kind is not None and kind is not ZoneKind.CALL_BACK:
            continue
        opens = sentence.words.rstrip().endswith(":") or (
            sentence.signals.words <= 4 and not sentence.signals.asks and not sentence.signals.fails
        )
        apart = (
            lead or sentence.joint in (Joint.ITEM, Joint.PARAGRAPH) or (sentence.joint is Joint.LINE and sentence.signals.says_something)
        )
        if opens and not spans:
            lead = True
            continue
        if not spans or (apart and sentence.signals.says_something):
            spans.append((sentence.start, sentence.end))
        else:
            spans[-1] = (spans[-1][0], sentence.end)
        lead = False
    if not spans and sentences:
        spans.append((sentences[0].start, sentences[-1].end))
    return tuple(spans)
