"""What an answer in a running ticket is (R6): it goes on with the ticket, ends it, says thanks, or asks for something new.

Two opinions: the hand rules (answer_rules.py, settled.py) and a trained reading (leanings.py) that knows what the rules
found. The trained one decides, within bounds that the rules set: "thanks" must be right when it is said, for it neither
reopens the ticket nor moves a lamp, and "solved" closes the ticket. Where there is a doubt, the verdict is `answer`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.intake import answer_rules as rules
from bot.intake.answer_features import STATES, Talk, make_talk, sentence_features, state_features
from bot.intake.answer_rules import LIMIT, Sentence, Verdict
from bot.intake.clean import ZoneKind, sentence_kind
from bot.intake.leanings import NEW, STATE, chances, load
from bot.intake.lexicon.answers import KEEP_OPEN
from bot.intake.settled import Outcome, is_doubtful, outcome_of
from bot.intake.signals import opening_of, read_signals
from bot.intake.text import WORD, fold, whole
from bot.intake.units import Joint

if TYPE_CHECKING:
    from bot.intake.leanings import Array, Weights

__all__ = ["FollowupVerdict", "Verdict", "read_followup"]

Span = tuple[int, int]
Nets = Mapping[str, Sequence["Weights"]]

MOST = 60  # sentences that the trained reading looks at
NEW_FROM = 0.5
LONGEST_THANKS = 600  # characters; who writes more says more than thanks
# Below these chances "thanks" and "solved" are not said; measured on answers that the networks had not learned from.
SURE = {Verdict.THANKS: 0.6, Verdict.SOLVED: 0.6}
SURE_WHEN_AGREED = 0.4  # of "solved", where the rules read good news as well
_KEEP_OPEN = whole(KEEP_OPEN)
_LEAD = re.compile(r"[^:\n]{0,60}:\s+(?=\S)")


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowupVerdict:
    """The verdict and the spans of the text that ask for something new, in order; `because` explains it."""

    verdict: Verdict
    new_tasks: tuple[Span, ...] = ()
    because: str


_BECAUSE = {
    Verdict.ANSWER: "йдеться про це звернення",
    Verdict.THANKS: "подяка, підтвердження або обіцянка: робити нічого не треба",
    Verdict.SOLVED: "клієнт пише, що питання вирішено",
    Verdict.NOT_SOLVED: "клієнт пише, що проблема залишилася",
    Verdict.NEW_TASK: "клієнт просить того, чого немає у зверненні",
    Verdict.ANSWER_AND_NEW: "клієнт відповідає і просить того, чого немає у зверненні",
}


def read_followup(text: str, ticket_title: str, last_staff_message: str) -> FollowupVerdict:
    """The verdict on an answer, by the trained weights when they are shipped. Never raises; linear in the length of the text."""
    return judge(text, ticket_title, last_staff_message, load())


def judge(text: str, ticket_title: str, last_staff_message: str, nets: Nets | None) -> FollowupVerdict:
    """The verdict by these networks and the rules, or by the rules alone."""
    folded, title, staff = fold(text), fold(ticket_title[:LIMIT]), fold(last_staff_message[:LIMIT])
    sentences = rules.sentences_of(text, folded)
    plain = _plain(text, folded, sentences, staff)
    if plain is not None:
        return FollowupVerdict(verdict=plain, because=_BECAUSE[plain])
    if nets is None:
        verdict, new = by_rules(sentences, title, staff)
    else:
        verdict, new = _by_both(sentences, make_talk(title, staff), nets)
    spans = () if new is None else task_spans(sentences[new:], text)
    return FollowupVerdict(verdict=verdict, new_tasks=spans, because=_BECAUSE[verdict])


def _plain(text: str, folded: str, sentences: Sequence[Sentence], staff: str) -> Verdict | None:
    """The verdict on what needs no weighing: a sign without words, an automatic answer, a bare yes or no to a question."""
    if text.strip(" .!+") == "" and "+" in text and "?" in staff:
        return Verdict.SOLVED if rules.asks_solved(staff) else Verdict.ANSWER
    words = " ".join(one.words for one in sentences)[:LIMIT]
    said = WORD.findall(words)
    if not said or rules.is_automatic(folded):
        return Verdict.THANKS
    return rules.bare_answer(words, staff) if len(said) <= 3 and "?" in staff else None


def by_rules(sentences: Sequence[Sentence], title: str, staff: str) -> tuple[Verdict, int | None]:
    """The rules' verdict and the number of the sentence from which on something new is asked."""
    new = rules.new_from(sentences, title, staff)
    state = rules.state_of(sentences[:new], staff, read_signals(title + " " + staff).stems)
    if new is None:
        return state, None
    return (Verdict.NEW_TASK if state is Verdict.THANKS else Verdict.ANSWER_AND_NEW), new


def _by_both(sentences: Sequence[Sentence], talk: Talk, nets: Nets) -> tuple[Verdict, int | None]:
    """The likeliest verdict that the rules allow, and where something new begins."""
    given, first = weigh(sentences[:MOST], talk, nets)
    verdict = decide(given, sentences, talk)
    return verdict, first if verdict in (Verdict.NEW_TASK, Verdict.ANSWER_AND_NEW) else None


def weigh(sentences: Sequence[Sentence], talk: Talk, nets: Nets) -> tuple[dict[Verdict, float], int]:
    """The chance of each verdict, and the sentence at which something new begins if anything new is asked."""
    asks_new = chances(nets[NEW], *sentence_features(sentences, talk))[:, 1].tolist()
    likeliest = asks_new.index(max(asks_new))
    first = next((place for place, chance in enumerate(asks_new) if chance > NEW_FROM), likeliest)
    new = asks_new[likeliest]
    whole = _states(sentences, talk, nets)
    mere = float(_states(sentences[:first], talk, nets)[STATES.index(Verdict.THANKS)]) if first else NOTHING_BEFORE
    given = {state: (1 - new) * float(chance) for state, chance in zip(STATES, whole, strict=True)}
    return given | {Verdict.NEW_TASK: new * mere, Verdict.ANSWER_AND_NEW: new * (1 - mere)}, first


NOTHING_BEFORE = 0.95  # the chance of "only something new" when the new begins with the first word


def _states(own: Sequence[Sentence], talk: Talk, nets: Nets) -> Array:
    ids, row = state_features(own, talk)
    result: Array = chances(nets[STATE], [ids], [row])[0]
    return result


def decide(given: Mapping[Verdict, float], sentences: Sequence[Sentence], talk: Talk) -> Verdict:
    """The likeliest verdict; "solved" and "thanks" only when they are likely enough and nothing speaks against them."""
    best = max(given, key=lambda verdict: given[verdict])
    if best not in SURE or (given[best] >= _least(best, sentences, talk) and not _forbidden(best, sentences, talk)):
        return best
    others = (Verdict.ANSWER, Verdict.NOT_SOLVED)
    return max(others, key=lambda verdict: given[verdict])


def _least(verdict: Verdict, sentences: Sequence[Sentence], talk: Talk) -> float:
    told = " ".join(one.words for one in sentences)
    agreed = verdict is Verdict.SOLVED and outcome_of(told, talk.known) is Outcome.SETTLED
    return SURE_WHEN_AGREED if agreed else SURE[verdict]


def _forbidden(verdict: Verdict, sentences: Sequence[Sentence], talk: Talk) -> bool:
    """Whether the words hold what "thanks" or "solved" must not hold: a question, a failure, good news with a flaw."""
    if any(one.signals.question for one in sentences):
        return True
    told = " ".join(one.words for one in sentences)
    outcome = outcome_of(told, talk.known)
    if verdict is Verdict.THANKS:
        return len(told) > LONGEST_THANKS or outcome is Outcome.UNSURE or is_doubtful(told)
    return outcome in (Outcome.BROKEN, Outcome.UNSURE) or bool(_KEEP_OPEN.search(told))


def task_spans(sentences: Sequence[Sentence], text: str) -> tuple[Span, ...]:
    """The spans of the new requests: a list item, a paragraph or an addition begins another one; the lead-in stays outside."""
    spans: list[Span] = []
    lead = False
    for sentence in sentences:
        kind = sentence_kind(sentence.words)
        if kind is not None and kind is not ZoneKind.CALL_BACK:
            continue
        said = sentence.signals
        apart = lead or sentence.joint in (Joint.ITEM, Joint.PARAGRAPH) or (sentence.joint is Joint.LINE and said.says_something)
        if not spans and (sentence.words.rstrip().endswith(":") or (said.words <= 4 and not said.asks and not said.fails)):
            lead = True
            continue
        if not spans or (apart and said.says_something):
            spans.append((_after_lead(sentence, text), sentence.end))
        else:
            spans[-1] = (spans[-1][0], sentence.end)
        lead = False
    if not spans and sentences:
        spans.append((sentences[0].start, sentences[-1].end))
    return tuple(spans)


def _after_lead(sentence: Sentence, text: str) -> int:
    """Where the request begins behind "Інше питання: "."""
    match = _LEAD.match(text, sentence.start, sentence.end)
    if not match or match.end() >= sentence.end:
        return sentence.start
    lead = sentence.words[: match.end() - sentence.start]
    announces = rules.opening_signs(opening_of(lead))[0] or len(WORD.findall(lead)) <= 4
    return match.end() if announces else sentence.start
