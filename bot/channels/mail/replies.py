"""Short answers that are an act rather than a word: a number for the urgency question, "one question", "split". Pure.

Only a mail whose own text is nothing else (or whose first line is nothing else) is read so: what stands in a sentence is a sentence.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.model import UrgencyReason

_NUMBER = re.compile(r"^\W*(?:№\s*(?P<ticket>\d{1,18})\s*[:–—-]\s*)?(?P<answer>[0-3])\s*[.)!]*$")
_NONE = re.compile(r"^\W*(?:жодна|жодної|ніяка|никакая|ни одна|none)(?:\s+(?:з|із|из|of)\s+(?:цих|них|этих|these))?\W*$", re.I)
_ONE_QUESTION = re.compile(
    r"^\W*(?:(?:ні,?\s*)?це\s+одне\s+(?:питання|звернення)|одне\s+питання|(?:нет,?\s*)?это\s+один\s+вопрос|один\s+вопрос"
    r"|(?:no,?\s*)?(?:it\s+is\s+|it's\s+)?one\s+question)\W*$",
    re.I,
)
_SPLIT = re.compile(r"^\W*(?:(?:так,?\s*)?розділ(?:ити|іть)|(?:да,?\s*)?раздел(?:ить|ите)|(?:yes,?\s*)?split(?:\s+(?:it|them))?)\W*$", re.I)
_CUT = re.compile(r"^\d{1,2}[\d\s,;+–—-]*[/|][\d\s,;+/|–—-]*\d\s*[.!]?$")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReasonAnswer:
    """The answer to the urgency question: a reason, or None for "none of these"; for one ticket, or for all that were asked about."""

    reason: UrgencyReason | None
    ticket_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShortReply:
    """What was answered, and what was written beside it (`rest`). `cut` is a division by numbers, "1 / 2-3"."""

    reasons: tuple[ReasonAnswer, ...] = ()
    one_question: bool = False
    split: bool = False
    cut: str = ""
    rest: str = ""


def read(text: str) -> ShortReply | None:
    """The acts in a mail's own text; None when it is a word like any other."""
    lines = [line.strip() for line in text.strip().split("\n")]
    if len(text) > 2_000 or not lines[0]:
        return None
    whole = " ".join(lines).strip()
    if _ONE_QUESTION.match(whole):
        return ShortReply(one_question=True)
    if _SPLIT.match(whole):
        return ShortReply(split=True)
    if _CUT.match(whole):
        return ShortReply(cut=whole)
    answers: list[ReasonAnswer] = []
    for place, line in enumerate(lines):
        answer = _answer(line)
        if answer is None:
            rest = "\n".join(lines[place:]).strip()
            return ShortReply(reasons=tuple(answers), rest=rest) if answers else None
        answers.append(answer)
    return ShortReply(reasons=tuple(answers))


def _answer(line: str) -> ReasonAnswer | None:
    if _NONE.match(line):
        return ReasonAnswer(reason=None)
    found = _NUMBER.match(line)
    if found is None:
        return None
    number, ticket = int(found["answer"]), found["ticket"]
    return ReasonAnswer(reason=UrgencyReason(number) if number else None, ticket_id=int(ticket) if ticket else None)
