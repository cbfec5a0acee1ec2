"""Learns to weigh whole divisions: which candidate is right, and how often none is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bot.intake.candidates import Reading, candidates, describe_doubt, rules_labels
from bot.intake.describe import describe
from bot.intake.signals import read_signals
from bot.intake.text import fold
from train.examples import Example
from train.network import Weights
from train.scoring import is_exact

Floats = NDArray[np.float64]

HIDDEN = 24
ROUNDS = 25
BATCH = 64
RATE = 3e-3
DROP = 0.2
RIDGE = 1e-4


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One message's candidates: their descriptions, which are right, and the description of doubt."""

    labels: tuple[tuple[int, ...], ...]
    rows: Floats
    right: NDArray[np.bool_]
    doubt: Floats


def make_reading(example: Example, given: Sequence[Sequence[float]]) -> Reading:
    """The example with the labeller's shares for it."""
    folded = fold(example.message["text"])
    units = [example.units[number] for number in example.spoken]
    return Reading(
        units=units,
        given=given,
        meanings=example.meanings,
        signals=[read_signals(folded[unit.body_start : min(unit.body_end, unit.body_start + 1000)]) for unit in units],
        theirs=rules_labels(example.spoken, example.rules),
        channel=example.message["channel"],
    )


def make_choice(example: Example, given: Sequence[Sequence[float]]) -> Choice:
    """The candidates of one example, each judged against its labels."""
    reading = make_reading(example, given)
    options = candidates(reading)
    return Choice(
        labels=tuple(options),
        rows=describe(reading, options),
        right=np.array([is_exact(example, labels) for labels in options]),
        doubt=np.array(describe_doubt(reading)),
    )


def learn(choices: Sequence[Choice], seeds: Sequence[int] = (0, 1)) -> Weights:
    """The weights of `bot.intake.opinions.weigh`: small networks of different seeds, averaged."""
    every = np.concatenate([choice.rows for choice in choices])
    mean, spread = every.mean(0), every.std(0) + 1e-6
    rows = [np.clip((choice.rows - mean) / spread, -4, 4) for choice in choices]
    nets = [_learn_one(choices, rows, seed) for seed in seeds]
    stored = {
        "weigh.mean": mean,
        "weigh.spread": spread,
        "weigh.inner": np.stack([net["inner"] for net in nets]),
        "weigh.inner_bias": np.stack([net["inner_bias"] for net in nets]),
        "weigh.outer": np.stack([net["outer"] for net in nets]),
        "weigh.straight": np.mean([net["straight"] for net in nets], axis=0),
        "weigh.doubt": np.mean([net["doubt"] for net in nets], axis=0),
    }
    return {name: value.astype(np.float32) for name, value in stored.items()}


def _learn_one(choices: Sequence[Choice], rows: Sequence[Floats], seed: int) -> dict[str, Floats]:
    """One network, by Adam on the likelihood of "one of the right candidates, or none when none is right"."""
    rng = np.random.default_rng(seed)
    width = rows[0].shape[1]
    doubts = np.stack([choice.doubt for choice in choices])
    net: dict[str, Floats] = {
        "inner": rng.standard_normal((width, HIDDEN)) / np.sqrt(width),
        "inner_bias": np.zeros(HIDDEN),
        "outer": np.zeros(HIDDEN),
        "straight": np.zeros(width),
        "doubt": np.zeros(doubts.shape[1]),
    }
    first = {name: np.zeros_like(value) for name, value in net.items()}
    second = {name: np.zeros_like(value) for name, value in net.items()}
    steps, step = ROUNDS * -(-len(choices) // BATCH), 0
    for _ in range(ROUNDS):
        order = rng.permutation(len(choices))
        for at in range(0, len(order), BATCH):
            step += 1
            some = order[at : at + BATCH]
            right = np.concatenate([choices[number].right for number in some])
            pull = _pull(net, [rows[number] for number in some], right, doubts[some], rng)
            rate = RATE * max(0.05, 1 - step / steps)
            for name, gradient in pull.items():
                first[name] = 0.9 * first[name] + 0.1 * gradient
                second[name] = 0.99 * second[name] + 0.01 * gradient**2
                mean, spread = first[name] / (1 - 0.9**step), second[name] / (1 - 0.99**step)
                net[name] = net[name] - rate * mean / (np.sqrt(spread) + 1e-8)
    return net


def _pull(
    net: dict[str, Floats], rows: Sequence[Floats], right: NDArray[np.bool_], doubts: Floats, rng: np.random.Generator
) -> dict[str, Floats]:
    """The gradients of one batch."""
    count = len(rows)
    sizes = np.array([len(some) for some in rows])
    firsts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    owner = np.repeat(np.arange(count), sizes)
    table = np.concatenate(rows)
    kept = (rng.random((len(table), HIDDEN)) > DROP) / (1 - DROP)
    before = table @ net["inner"] + net["inner_bias"]
    hidden = np.maximum(before, 0) * kept
    score, doubt = hidden @ net["outer"] + table @ net["straight"], doubts @ net["doubt"]
    top = np.maximum(np.maximum.reduceat(score, firsts), doubt)
    odds, doubt_odds = np.exp(score - top[owner]), np.exp(doubt - top)
    total = np.add.reduceat(odds, firsts) + doubt_odds
    good = np.where(right, odds, 0.0)
    good_total = np.add.reduceat(good, firsts)
    hopeful = good_total > 0
    wanted = np.where(hopeful[owner], good / np.maximum(good_total, 1e-12)[owner], 0.0)
    back = (odds / total[owner] - wanted) / count
    doubt_back = (doubt_odds / total - ~hopeful) / count
    hidden_back = back[:, None] * net["outer"] * kept * (before > 0)
    return {
        "inner": table.T @ hidden_back + RIDGE * net["inner"],
        "inner_bias": hidden_back.sum(0),
        "outer": hidden.T @ back + RIDGE * net["outer"],
        "straight": table.T @ back + 10 * RIDGE * net["straight"],
        "doubt": doubts.T @ doubt_back,
    }
