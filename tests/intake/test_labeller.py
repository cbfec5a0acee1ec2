"""The second opinion: decoding, the shipped file, and the decision that both opinions make."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from bot.intake.candidates import Reading, candidates
from bot.intake.describe import describe
from bot.intake.labeller import OUTSIDE, STARTS, WITHIN, load
from bot.intake.opinions import as_partition, choose
from bot.intake.rules import NOISE, SHARED, Partition
from bot.intake.signals import read_signals
from bot.intake.split import split
from bot.intake.units import split_units


def reading(*shares: tuple[float, float, float], theirs: list[int]) -> Reading:
    units = split_units("\n".join("не друкує чек" for _ in shares))
    signals = [read_signals("не друкує чек") for _ in shares]
    meanings = np.eye(len(shares), 8, dtype=np.float32)
    return Reading(units=units, given=shares, meanings=meanings, signals=signals, theirs=theirs, channel="chat")


UNSURE = (0.1, 0.45, 0.45)


@given(st.lists(st.tuples(*[st.floats(0.01, 1)] * 3), min_size=1, max_size=30))
def test_every_candidate_is_a_division_that_starts_before_it_goes_on(shares: list[tuple[float, float, float]]) -> None:
    one = reading(*shares, theirs=[STARTS] + [WITHIN] * (len(shares) - 1))
    options = candidates(one)
    assert len(options) == len(set(options)) >= 1
    assert len(describe(one, options)) == len(options)
    for labels in options:
        assert len(labels) == len(shares)
        spoken = [label for label in labels if label != OUTSIDE]
        assert not spoken or spoken[0] == STARTS


def test_the_network_alone_cannot_say_that_nothing_is_asked() -> None:
    silent = (0.99, 0.005, 0.005)
    assert (OUTSIDE, OUTSIDE) not in candidates(reading(silent, silent, theirs=[STARTS, WITHIN]))
    assert (OUTSIDE, OUTSIDE) in candidates(reading(silent, silent, theirs=[OUTSIDE, OUTSIDE]))


def test_the_rules_division_is_always_weighed() -> None:
    theirs = [STARTS, OUTSIDE, STARTS]
    assert tuple(theirs) in candidates(reading(UNSURE, UNSURE, UNSURE, theirs=theirs))


def test_confidence_is_a_chance() -> None:
    one = reading(UNSURE, UNSURE, theirs=[STARTS, WITHIN])
    size = describe(one, [[STARTS, WITHIN]]).shape[1]
    weights = {
        "weigh.mean": np.zeros(size, np.float32),
        "weigh.spread": np.ones(size, np.float32),
        "weigh.inner": np.zeros((1, size, 2), np.float32),
        "weigh.inner_bias": np.zeros((1, 2), np.float32),
        "weigh.outer": np.zeros((1, 2), np.float32),
        "weigh.straight": np.zeros(size, np.float32),
        "weigh.doubt": np.zeros(4, np.float32),
    }
    labels, confidence = choose(one, weights)
    assert labels in candidates(one)
    assert confidence < 1 / len(candidates(one))  # "none is right" keeps its share


def test_what_the_labeller_leaves_outside_is_shared_only_beside_several_requests() -> None:
    rules = Partition(labels=(0, 0, 1), kinds=(None,) * 3, because="")
    several = as_partition([0, 1, 2], [OUTSIDE, STARTS, STARTS], rules)
    assert several.labels == (SHARED, 0, 1)
    one = as_partition([0, 1, 2], [OUTSIDE, STARTS, WITHIN], rules)
    assert one.labels == (NOISE, 0, 0)


def test_the_shipped_file_is_small_and_is_used() -> None:
    shipped = load()
    assert shipped is not None, "bot/intake/data/labeller.npz is missing: make train writes it"
    divided = split("Не друкується чек на касі. І ще дайте, будь ласка, доступ новому комірнику.", channel="chat")
    assert divided.partition.count == 2
    assert "перевір" in divided.partition.because
