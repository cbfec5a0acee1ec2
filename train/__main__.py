"""make train: learns from tests/corpus/requests and writes bot/intake/data/labeller.npz.

First every file is read by a network that did not learn from it; from what comes out the weighing of divisions is learned.
Then the networks that are shipped learn from all files. One thread, fixed seeds: the same file again on the same machine.
"""

from __future__ import annotations

import argparse
import pickle
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from train.examples import FILES, TEACHING, make_example, read_corpus
from train.heads import learn_heads, make_samples
from train.held_out import SEEDS, SETTING, held_out_shares
from train.network import train
from train.rerank import learn, make_choice
from train.stored import narrow, write

TOGETHER = 2  # authors that are left out at the same time: half the time, and the weighing learns the same
OUTPUT = Path(__file__).resolve().parent.parent / "bot" / "intake" / "data" / "labeller.npz"


def main() -> None:
    """Trains and writes; `--held-out PATH` takes shares saved by `train.cross_validate --together 2` instead of learning seven times."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--held-out", type=Path)
    args = parser.parse_args()
    examples = {name: [make_example(message) for message in read_corpus(name)] for name in (*FILES, *TEACHING)}
    held_out = pickle.loads(args.held_out.read_bytes()) if args.held_out else held_out_shares(examples, TOGETHER)
    every = [example for some in examples.values() for example in some]
    choices = [make_choice(one, np.mean(held_out[one.message["id"]], 0).tolist()) for one in every if one.message["id"] in held_out]
    stored: dict[str, NDArray[np.generic]] = dict(learn(choices))
    stored |= learn_heads([sample for example in every for sample in make_samples(example.message)])
    for number, seed in enumerate(SEEDS):
        print("network", seed, flush=True)
        for name, value in train(every, SETTING, seed).items():
            stored |= narrow(f"{number}.{name}", value)
    write(OUTPUT, stored)
    print(f"{OUTPUT.name}: {OUTPUT.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
