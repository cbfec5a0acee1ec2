"""Leave one author's file out: the shares that each example gets from networks which learned from the other files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from bot.intake.labeller import as_bags, shares, stack
from train.examples import TEACHING, Example
from train.network import Setting, train

SETTING = Setting(epochs=10)
SEEDS = (0, 1, 2)  # of the networks that are averaged

Shares = dict[str, list[NDArray[np.float32]]]


def folds(names: Iterable[str], together: int = 1) -> list[tuple[str, ...]]:
    """The files that are left out at the same time: so many authors of FILES, and those who only teach in two halves."""
    named = tuple(names)
    tested, teaching = [name for name in named if name not in TEACHING], [name for name in named if name in TEACHING]
    some = [tuple(tested[at : at + together]) for at in range(0, len(tested), together)]
    return some + [half for half in (tuple(teaching[::2]), tuple(teaching[1::2])) if half]


def held_out_shares(examples: Mapping[str, Sequence[Example]], together: int = 1) -> Shares:
    """For each message id the shares by each seed's network, none of which learned from that message's file or those left out with it."""
    found: Shares = {}
    for left in folds(examples, together):
        print("without", *left, flush=True)
        others = [example for other, some in examples.items() if other not in left for example in some]
        tested = [example for name in left for example in examples[name]]
        for seed in SEEDS:
            weights = stack([train(others, SETTING, seed)])
            for example in tested:
                if example.labels:
                    given = shares(weights, as_bags([ids.tolist() for ids in example.words]), example.facts)
                    found.setdefault(example.message["id"], []).append(given)
    return found
