"""Labelled answers as samples, and answers made from them: what the trained reading of answers learns from."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from bot.intake.answer_features import STATES, Talk, make_talk, sentence_features, state_features
from bot.intake.answer_rules import Sentence, Verdict, opening_signs, sentences_of
from bot.intake.signals import opening_of
from bot.intake.text import fold
from train.examples import CORPUS, Message

FOLLOWUPS = tuple(sorted(path.stem for path in CORPUS.glob("followups*.jsonl")))
MADE_WEIGHT = 0.35  # of an answer that was made up of others, beside 1 for a written one

Case = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """Buckets and row of one sentence or one answer; `allowed` are the classes that may be right, one 0 or 1 for each."""

    ids: Sequence[int]
    row: Sequence[float]
    allowed: Sequence[int]
    weight: float


def read_cases(name: str) -> list[Case]:
    """The answers of one file."""
    return [json.loads(line) for line in (CORPUS / f"{name}.jsonl").read_text("utf-8").splitlines() if line.strip()]


def make_samples(cases: Sequence[Case]) -> tuple[list[Sample], list[Sample]]:
    """The samples of either question: for each sentence "is it new?", for each answer "what does it say about the ticket?"."""
    new: list[Sample] = []
    states: list[Sample] = []
    for case in cases:
        talk = make_talk(fold(case["ticket_title"]), fold(case["last_staff_message"]))
        sentences = sentences_of(case["text"], fold(case["text"]))
        if not sentences:
            continue
        weight, labels = case.get("weight", 1.0), _labels(case, sentences)
        for ids, row, label in zip(*sentence_features(sentences, talk), labels, strict=True):
            if label is not None:
                new.append(Sample(ids=ids, row=row, allowed=(0, 1) if label else (1, 0), weight=weight))
        state = _state_sample(case, [one for one, label in zip(sentences, labels, strict=True) if label is False], talk, weight)
        states += [state] if state else []
    return new, states


def _state_sample(case: Case, own: Sequence[Sentence], talk: Talk, weight: float) -> Sample | None:
    """Before something new, mere thanks count as THANKS, an answer as any of the others: the label does not tell which."""
    verdict = Verdict(case["verdict"])
    if verdict is Verdict.NEW_TASK:
        if not own:
            return None
        allowed = {Verdict.THANKS}
    elif verdict is Verdict.ANSWER_AND_NEW:
        allowed = {Verdict.ANSWER, Verdict.SOLVED, Verdict.NOT_SOLVED}
    else:
        allowed = {verdict}
    ids, row = state_features(own, talk)
    return Sample(ids=ids, row=row, allowed=[state in allowed for state in STATES], weight=weight)


def _labels(case: Case, sentences: Sequence[Sentence]) -> list[bool | None]:
    """Whether each sentence belongs to a new request; None for a lead-in that announces one and is neither."""
    text, labels = case["text"], []
    spans = [(text.find(quote), text.find(quote) + len(quote)) for quote in case["new_tasks"]]
    for sentence in sentences:
        mine = _letters(text, sentence.start, sentence.end)
        common = [_letters(text, max(start, sentence.start), min(end, sentence.end)) for start, end in spans]
        labels.append(any(2 * part >= min(mine, _letters(text, *span)) > 0 for part, span in zip(common, spans, strict=True)))
    found: list[bool | None] = list(labels)
    for place, (sentence, following) in enumerate(zip(sentences, labels[1:], strict=False)):
        short = sentence.signals.words <= 5 and opening_signs(opening_of(sentence.words))[0]
        if following and not labels[place] and (short or sentence.words.rstrip().endswith(":")):
            found[place] = None
    return found


def _letters(text: str, start: int, end: int) -> int:
    return sum(map(str.isalnum, text[start:end])) if end > start else 0


def made_cases(cases: Sequence[Case], messages: Sequence[Message], count: int, seed: int) -> list[Case]:
    """Answers that go on about their own ticket for longer: none of them asks for anything new.

    They are made of written answers and sentences of messages that hold a single request, whose title becomes the ticket's.
    """
    rng = Random(seed)
    single = [message for message in messages if len(message["tickets"]) == 1]
    made: list[Case] = []
    while len(made) < count:
        message = rng.choice(single)
        told = [part for part in _told(message) if 10 < len(part) < 220]
        asked = [case for case in cases if case["lang"] == message["lang"] and case["verdict"] in ("answer", "not_solved")]
        if not told or not asked:
            continue
        case = rng.choice(asked)
        title = message["tickets"][0]["title"]
        if "?" in case["last_staff_message"] and case["verdict"] == "answer" and rng.random() < 0.5:
            text = " ".join(told[-rng.randint(1, 3) :])
        else:
            text = case["text"].rstrip() + rng.choice((". ", " ", "\n")) + rng.choice(told)
        made.append({**case, "ticket_title": title, "text": text, "new_tasks": [], "weight": MADE_WEIGHT})
    return made


def _told(message: Message) -> list[str]:
    """The sentences of the one request of a message."""
    (start, _), *_, (_, end) = [message["tickets"][0]["spans"][0], message["tickets"][0]["spans"][-1]]
    text = message["text"][start:end]
    return [text[one.start : one.end] for one in sentences_of(text, fold(text))]
