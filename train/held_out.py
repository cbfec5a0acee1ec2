"""Leave one author's file out: the shares that each example gets from networks which learned from the other files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from bot.intake.labeller import as_bags, shares
from train.examples import Example, make_example
from train.network import Setting, train
from train.recombine import recombine

SETTING = Setting(epochs=10)
# The networks that are averaged: the seed of each, and the seed of the recombined messages that it learned from.
SEEDS = ((0, 1), (1, 1), (2, 3), (3, 4))
MADE = 700  # recombined messages beside the labelled ones

Shares = dict[str, list[NDArray[np.float32]]]


def held_out_shares(examples: Mapping[str, Sequence[Example]]) -> Shares:
    """For each message id the shares by each seed's network, none of which learned from that message's file."""
    found: Shares = {}
    for name, tested in examples.items():
        print("without", name, flush=True)
        others = [example for other, some in examples.items() if other != name for example in some]
        for seed, made_seed in SEEDS:
            weights = train(with_made(others, made_seed), SETTING, seed)
            for example in tested:
                if example.labels:
                    given = shares(weights, as_bags([ids.tolist() for ids in example.words]), example.facts)
                    found.setdefault(example.message["id"], []).append(given)
    return found


def with_made(examples: Sequence[Example], seed: int) -> list[Example]:
    """The examples and messages recombined from them."""
    return [*examples, *map(make_example, recombine([example.message for example in examples], MADE, seed))]
