"""A desk's own corrections beside the corpus: would a labeller that learned from them, too, divide the desk's messages better?

The networks are learned anew; the weighing and the guesses about category and urgency stay as shipped, so that nothing is taken into use
that was not compared. Each half of the corrections is read by networks that learned from the other half.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from bot.intake.labeller import as_bags, load, shares, stack
from bot.intake.opinions import choose
from bot.intake.split import ACT_FROM
from train.examples import FILES, TEACHING, Example, Message, make_example, read_corpus
from train.held_out import SEEDS, SETTING
from train.network import Setting, train
from train.rerank import make_reading
from train.scoring import Tally
from train.stored import narrow, write

if TYPE_CHECKING:
    from bot.intake.labeller import Nets, Weights

FEWEST = 30  # corrections below which a comparison says nothing
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What the shipped labeller and one that learned from the desk make of the same corrected messages, which neither has seen."""

    shipped: Tally
    own: Tally

    @property
    def is_better(self) -> bool:
        """More messages divided right, and not more of them divided too far."""
        return self.own.exact > self.shipped.exact and self.own.over <= self.shipped.over


def learn_from(
    corrections: Sequence[Message], output: Path, say: Say, *, setting: Setting = SETTING, seeds: Sequence[int] = SEEDS
) -> Comparison:
    """Compare, and write the weights of a labeller that learned from the corpus and all corrections. `say` hears of each step."""
    base = [make_example(message) for name in (*FILES, *TEACHING) for message in read_corpus(name)]
    own = [make_example(message) for message in corrections]
    comparison = compare(base, own, say, setting, seeds)
    say("all")
    nets = [train([*base, *own], setting, seed) for seed in seeds]
    stored: dict[str, Any] = _shared_weights()
    for number, net in enumerate(nets):
        for name, value in net.items():
            stored |= narrow(f"{number}.{name}", value)
    write(output, stored)
    return comparison


def compare(base: Sequence[Example], own: Sequence[Example], say: Say, setting: Setting, seeds: Sequence[int]) -> Comparison:
    """Both labellers on every correction, two-fold."""
    shipped = load()
    assert shipped is not None, "a checkout has weights"
    nets, common = shipped
    comparison = Comparison(shipped=Tally(), own=Tally())
    for half in (0, 1):
        say(str(half + 1))
        learned = stack([train([*base, *own[1 - half :: 2]], setting, seed) for seed in seeds])
        for example in own[half::2]:
            _count(comparison.shipped, example, nets, common)
            _count(comparison.own, example, learned, common)
    return comparison


def _count(tally: Tally, example: Example, nets: Nets, common: Weights) -> None:
    if not example.spoken:
        return
    given = shares(nets, as_bags([ids.tolist() for ids in example.words]), example.facts)
    labels, confidence = choose(make_reading(example, given.tolist()), common)
    tally.add(example, labels, act=confidence >= ACT_FROM)


def _shared_weights() -> dict[str, Any]:
    """What goes with all networks, as it is shipped."""
    with resources.files("bot.intake").joinpath("data", "labeller.npz").open("rb") as stream, np.load(stream) as stored:
        return {name: stored[name] for name in stored.files if not name[0].isdigit()}
