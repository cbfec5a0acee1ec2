"""python -m train.reader.teach MODEL ROOT OUT: what the large model says of the texts under ROOT and of our own, in files for `learn`."""

from __future__ import annotations

import argparse
import pickle
from pathlib import Path
from random import Random

import numpy as np

from train.reader.teacher import Teacher
from train.reader.texts import general_texts, own_texts

DIRECTIONS = 96
SOME = 700  # texts from which the main directions are taken
PART = 3_000


def main() -> None:
    """Writes OUT/0000.pkl and so on: lists of (text, rows of half precision), and OUT/directions.npz."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("root", type=Path)
    parser.add_argument("out", type=Path)
    args = parser.parse_args()
    rng, teacher = Random(7), Teacher(args.model)
    texts = own_texts(rng) + general_texts(args.root, rng)
    rng.shuffle(texts)
    args.out.mkdir(exist_ok=True)
    seen = np.concatenate([rows for _, rows in teacher.vectors(texts[:SOME])])
    middle = seen.mean(0)
    _, turned = np.linalg.eigh(np.cov((seen - middle).T))
    directions = turned[:, ::-1][:, :DIRECTIONS]
    np.savez(args.out / "directions.npz", middle=middle, directions=directions)
    for number, at in enumerate(range(0, len(texts), PART)):
        some = texts[at : at + PART]
        taught = [(some[place], ((rows - middle) @ directions).astype(np.float16)) for place, rows in teacher.vectors(some)]
        (args.out / f"{number:04}.pkl").write_bytes(pickle.dumps(taught))
        print(at + len(some), "of", len(texts), flush=True)


if __name__ == "__main__":
    main()
