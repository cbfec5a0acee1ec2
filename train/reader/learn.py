"""python -m train.reader.learn OUT: trains the reader on what `teach` wrote and writes bot/intake/data/reader.npz."""

from __future__ import annotations

import argparse
import pickle
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from bot.intake.meaning import BUCKETS, STEPS, buckets_of
from bot.intake.signals import TOKEN
from bot.intake.text import fold
from train.stored import narrow, write

OUTPUT = Path(__file__).resolve().parents[2] / "bot" / "intake" / "data" / "reader.npz"
WIDTH = 96
KEPT = 64  # directions that the reader says; the others only teach it
SIZE = 1.34  # by which the vectors are scaled, so that they are as large as the facts beside them
STEPS_OF_TRAINING = 6_000
TOKENS = 5_000  # in one step
RATE = 2.5e-3

_buckets = lru_cache(maxsize=None)(buckets_of)  # a million words, a tenth of them different


@dataclass(frozen=True, slots=True)
class Lesson:
    """One text: its tokens' buckets, the word (parted by blanks) that each token lies in, and a row to be said for each word."""

    buckets: list[tuple[int, ...]]
    words: list[int]
    rows: NDArray[np.float16]


class Pupil(torch.nn.Module):
    """The network of bot/intake/meaning.py."""

    def __init__(self) -> None:
        super().__init__()
        self.words = torch.nn.EmbeddingBag(BUCKETS, WIDTH, mode="sum")
        torch.nn.init.normal_(self.words.weight, 0, 0.15)
        self.layers = torch.nn.ParameterList([torch.nn.Parameter(torch.randn(3 * WIDTH, 2 * WIDTH) / (3 * WIDTH) ** 0.5) for _ in STEPS])
        self.biases = torch.nn.ParameterList([torch.nn.Parameter(torch.zeros(2 * WIDTH)) for _ in STEPS])
        self.out = torch.nn.Parameter(torch.randn(2 * WIDTH, WIDTH) * 0.1 / WIDTH**0.5)
        self.out_bias = torch.nn.Parameter(torch.zeros(WIDTH))

    def forward(self, lessons: Sequence[Lesson]) -> Any:
        """The vectors of all tokens of the lessons."""
        buckets = [each for lesson in lessons for each in lesson.buckets]
        sizes = torch.tensor([len(each) for each in buckets])
        flat = torch.from_numpy(np.fromiter((one for each in buckets for one in each), np.int64))
        alone = self.words(flat, sizes.cumsum(0) - sizes) / sizes.sqrt()[:, None]
        edge = STEPS[-1]
        counts = torch.tensor([len(lesson.buckets) for lesson in lessons])
        place = torch.arange(len(buckets)) + edge * torch.repeat_interleave(torch.arange(1, len(lessons) + 1), counts)
        value = alone
        for step, layer, bias in zip(STEPS, self.layers, self.biases, strict=True):
            padded = torch.zeros(int(place[-1]) + 1 + edge, WIDTH).index_copy(0, place, value)
            told, gate = (torch.cat([padded[place - step], value, padded[place + step]], 1) @ layer + bias).chunk(2, 1)
            value = value + told * torch.sigmoid(gate)
        return torch.cat([value, alone], 1) @ self.out + self.out_bias


def main() -> None:
    """Trains and writes; prints how much of the vectors' spread is not said yet (0.17 at the end)."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("taught", type=Path)
    args = parser.parse_args()
    torch.manual_seed(0)
    torch.set_num_threads(1)
    rng, pupil = np.random.default_rng(0), Pupil()
    lessons = [lesson(*each) for path in sorted(args.taught.glob("*.pkl")) for each in pickle.loads(path.read_bytes())]
    spread = float(np.concatenate([each.rows for each in lessons[:300]]).astype(np.float32).std())
    optimizer = torch.optim.Adam(pupil.parameters(), betas=(0.9, 0.98))
    for step in range(STEPS_OF_TRAINING):
        some: list[Lesson] = []
        while sum(len(each.words) for each in some) < TOKENS:
            some.append(lessons[rng.integers(len(lessons))])
        done = step / STEPS_OF_TRAINING
        for group in optimizer.param_groups:
            group["lr"] = RATE * min(1, (step + 1) / 100) * (0.5 * (1 + np.cos(np.pi * done)) + 0.02)
        loss = _missing(pupil, some, spread)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if step % 200 == 0:
            print(step, round(loss.item(), 4), flush=True)
    write(OUTPUT, as_stored({name: value.detach().numpy() for name, value in pupil.state_dict().items()}))


def lesson(text: str, rows: NDArray[np.float16]) -> Lesson:
    """A text as the reader sees it: folded, cut into tokens."""
    tokens = [(token, place) for place, word in enumerate(fold(text).split()) for token in TOKEN.findall(word)]
    return Lesson([_buckets(token) for token, _ in tokens], [place for _, place in tokens], rows)


def _missing(pupil: Pupil, lessons: Sequence[Lesson], spread: float) -> Any:
    said = pupil(lessons)
    firsts = np.cumsum([0, *(len(each.rows) for each in lessons)])
    words = torch.tensor([first + word for first, each in zip(firsts, lessons, strict=False) for word in each.words])
    wanted = torch.tensor(np.concatenate([each.rows for each in lessons]).astype(np.float32)) / spread
    counts = torch.zeros(len(wanted)).index_add(0, words, torch.ones(len(words)))
    means = torch.zeros_like(wanted).index_add(0, words, said) / counts.clamp(min=1)[:, None]
    return ((means - wanted)[counts > 0] ** 2).mean()


def as_stored(state: dict[str, NDArray[np.float32]]) -> dict[str, NDArray[np.generic]]:
    """The weights as bot/intake/meaning.py reads them: whole numbers of eight bits with a scale for each column."""
    named = {"words": state["words.weight"], "out": state["out"][:, :KEPT] * SIZE, "out_bias": state["out_bias"][:KEPT] * SIZE}
    for number in range(len(STEPS)):
        named |= {f"layer{number}": state[f"layers.{number}"], f"layer{number}_bias": state[f"biases.{number}"]}
    return {name: value for each, weights in named.items() for name, value in narrow(each, weights).items()}


if __name__ == "__main__":
    main()
