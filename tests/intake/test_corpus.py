"""The corpus in the repository is read without a loss: a floor under the rules alone, so that a slip in a lexicon shows.

The figures that count, of messages nobody learned from, come from `python -m train.cross_validate` (docs/splitting.md).
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bot.intake.analysis import analyse
from bot.intake.candidates import rules_labels
from bot.intake.followups import Verdict, judge
from bot.intake.rules import divide
from train.examples import FILES, Example, make_example, read_corpus
from train.scoring import Tally

FOLLOWUPS = Path(__file__).parent.parent / "corpus" / "requests" / "followups.jsonl"


@pytest.fixture(scope="module")
def examples() -> list[Example]:
    return [make_example(message) for name in FILES for message in read_corpus(name)]


def test_the_rules_alone_beat_never_splitting_and_split_few_too_often(examples: list[Example]) -> None:
    rules, never = Tally(), Tally()
    for example in examples:
        rules.add(example, rules_labels(example.spoken, example.rules), act=False)
        never.add(example, [1, *[2] * (len(example.spoken) - 1)][: len(example.spoken)], act=False)
    assert rules.exact / rules.messages > 0.55 > never.exact / never.messages
    assert rules.kinds["several"][0] > 150 > never.kinds["several"][0]
    assert rules.over / rules.messages <= 0.12
    assert rules.lost / rules.letters < 0.02


def test_no_message_of_the_corpus_loses_a_letter() -> None:
    for name in FILES:
        for message in read_corpus(name)[::7]:
            text = message["text"]
            analysis = analyse(text, channel=message["channel"])
            spans = [span for part in analysis.parts for span in part.spans] + [*analysis.shared, *analysis.noise]
            held = {at for start, end in spans for at in range(start, end)}
            assert sum(sign.isalpha() for at, sign in enumerate(text) if at not in held) <= text.count(")") + text.count(".")


def test_rules_alone_take_no_answer_for_thanks_that_is_more() -> None:
    cases = [json.loads(line) for line in FOLLOWUPS.read_text("utf-8").splitlines()]
    told = [(case["verdict"], judge(case["text"], case["ticket_title"], case["last_staff_message"], None).verdict) for case in cases]
    assert sum(wanted == given for wanted, given in told) / len(told) > 0.72
    wrong_thanks = [wanted for wanted, given in told if given is Verdict.THANKS and wanted != "thanks"]
    assert not wrong_thanks


def test_the_rules_need_no_trained_weights() -> None:
    assert divide("", [], [], is_chat=True).count == 0
