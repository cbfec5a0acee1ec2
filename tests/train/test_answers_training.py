"""The training that reads answers: gradients are right, a seed gives the same weights, and it reads a file that it has not seen."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bot.intake.answer_features import STATES
from bot.intake.answer_rules import Verdict
from bot.intake.followups import judge
from bot.intake.leanings import NEW, STATE
from train.answers import FOLLOWUPS, Case, made_cases, make_samples, read_cases
from train.examples import read_corpus
from train.followups import Setting, _fit, _fresh, _gradients, count_spans, learn, write

STILL = Setting(hidden=5, epochs=2, drop_words=0.0, drop_row=0.0, drop_hidden=0.0)
SMALL = Setting(hidden=8, epochs=10)


def case(text: str, verdict: str, *new: str) -> Case:
    return {
        "lang": "uk",
        "ticket_title": "Каса не друкує",
        "last_staff_message": "Виправили, перевірте",
        "text": text,
        "verdict": verdict,
    } | {"new_tasks": list(new)}


def test_gradients_agree_with_small_steps() -> None:
    _, samples = make_samples(read_cases("followups")[:12])
    rng = np.random.default_rng(1)
    weights = _fresh(len(samples[0].row), len(STATES), STILL, rng)
    weights["words"] += rng.standard_normal(weights["words"].shape) * 0.1
    ids, table = [np.array(one.ids) for one in samples], np.array([one.row for one in samples])
    allowed, worth = np.array([one.allowed for one in samples], float), np.ones(len(samples))
    gradients, touched = _gradients(weights, ids, table, allowed, worth, STILL, rng)

    def loss() -> float:
        sums = {name: np.array([weights[name][one].sum(0) / np.sqrt(len(one)) for one in ids]) for name in ("words", "straight")}
        hidden = np.maximum(sums["words"] + table @ weights["inner"] + weights["inner_bias"], 0)
        scores = hidden @ weights["outer"] + sums["straight"] + table @ weights["past"] + weights["outer_bias"]
        logs = scores - scores.max(1, keepdims=True)
        logs -= np.log(np.exp(logs).sum(1, keepdims=True))
        together = np.log((np.exp(logs) * allowed).sum(1))
        return float(-(together * (1 - STILL.smooth) + STILL.smooth * logs.mean(1)).mean())

    for name, gradient in gradients.items():
        for _ in range(5):
            at = tuple(int(rng.integers(size)) for size in gradient.shape)
            place = (int(touched[at[0]]), *at[1:]) if name in ("words", "straight") else at
            kept = weights[name][place]
            weights[name][place] = kept + 1e-5
            above = loss()
            weights[name][place] = kept - 1e-5
            below = loss()
            weights[name][place] = kept
            assert gradient[at] == pytest.approx((above - below) / 2e-5, abs=1e-6), name


def test_one_seed_gives_one_file(tmp_path: Path) -> None:
    _, samples = make_samples(read_cases("followups")[:20])
    files = [tmp_path / "a.npz", tmp_path / "b.npz"]
    for file in files:
        write({STATE: [_fit(samples, STILL, 4)]}, file)
    assert files[0].read_bytes() == files[1].read_bytes()


def test_the_words_before_a_new_request_are_no_part_of_it() -> None:
    new, states = make_samples(
        [case("Запрацювало. Ще одне прохання:\nзаведіть Олю Грищук у касири", "answer_and_new", "заведіть Олю Грищук у касири")]
    )
    assert [tuple(one.allowed) for one in new] == [(1, 0), (0, 1)], "the lead-in teaches neither"
    assert [state for state, may in zip(STATES, states[0].allowed, strict=True) if may] == [
        Verdict.ANSWER,
        Verdict.SOLVED,
        Verdict.NOT_SOLVED,
    ]


def test_made_answers_ask_for_nothing_new_and_keep_their_verdict() -> None:
    made = made_cases(read_cases("followups"), read_corpus("dev_n"), 40, 3)
    assert len(made) == 40
    assert made == made_cases(read_cases("followups"), read_corpus("dev_n"), 40, 3)
    assert all(one["verdict"] in ("answer", "not_solved") and not one["new_tasks"] for one in made)
    assert len({one["text"] for one in made}) > 30


def test_found_requests_are_counted_by_their_letters() -> None:
    one = case("Дякую! Заведіть Олю у касири", "new_task", "Заведіть Олю у касири")
    assert count_spans(one, [(7, 28)]) == (1, 1, 0)
    assert count_spans(one, [(0, 6)]) == (0, 1, 1)


def test_a_file_that_was_left_out_is_read_better_than_by_the_rules_alone() -> None:
    left_out = read_cases("followups_more")
    others = [one for name in FOLLOWUPS if name != "followups_more" for one in read_cases(name)]
    nets = learn(others, [], SMALL, seeds=(0,), made=0)
    told = [(one["verdict"], judge(one["text"], one["ticket_title"], one["last_staff_message"], nets)) for one in left_out]
    alone = [judge(one["text"], one["ticket_title"], one["last_staff_message"], None).verdict for one in left_out]
    right = sum(wanted == given.verdict for wanted, given in told) / len(told)
    assert right > 0.75 > 0.6 > sum(one["verdict"] == given for one, given in zip(left_out, alone, strict=True)) / len(alone)
    closed = [wanted for wanted, given in told if given.verdict is Verdict.SOLVED]
    assert len(closed) > 10
    assert closed.count("solved") / len(closed) > 0.85
    assert set(nets) == {NEW, STATE}
