"""The network and its training: hashed words summed to a vector, facts beside it, two convolutions over the units of a message.

Plain numpy with hand-written gradients: a run on two cores takes minutes, needs no other library and gives the same
weights for the same seed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bot.intake.features import BUCKETS
from bot.intake.labeller import FAR, NEAR, PADDING
from train.examples import Example

DROP_FACTS = 0.1  # share of the facts that a training step does not see

Array = NDArray[np.float32]
Weights = dict[str, Array]


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """How the network is shaped and trained."""

    width: int = 48
    hidden: int = 96
    epochs: int = 12
    batch: int = 24
    rate: float = 2.5e-3
    drop: float = 0.3
    drop_words: float = 0.25
    smooth: float = 0.05
    decay: float = 1e-5


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Several messages laid end to end: `place` are the rows of the units in an array with blank rows between messages."""

    ids: NDArray[np.int32]
    starts: NDArray[np.int64]
    facts: Array
    labels: NDArray[np.int64]
    place: NDArray[np.int64]
    firsts: NDArray[np.int64]
    owner: NDArray[np.int64]
    rows: int


def make_batch(examples: Sequence[Example]) -> Batch:
    """Lays the messages of a batch end to end."""
    words = [ids for example in examples for ids in example.words]
    sizes = np.array([len(example.labels) for example in examples])
    firsts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    owner = np.repeat(np.arange(len(examples)), sizes)
    lengths = np.array([len(ids) for ids in words])
    return Batch(
        ids=np.concatenate(words),
        starts=np.concatenate([[0], np.cumsum(lengths)[:-1]]),
        facts=np.concatenate([example.facts for example in examples]),
        labels=np.array([label for example in examples for label in example.labels]),
        place=np.arange(len(words)) + PADDING * (owner + 1),
        firsts=firsts,
        owner=owner,
        rows=len(words) + PADDING * (len(examples) + 1),
    )


def fresh_weights(setting: Setting, facts: int, rng: np.random.Generator) -> Weights:
    """Random weights for a network that reads this many facts a unit."""

    def normal(rows: int, columns: int) -> Array:
        drawn: Array = (rng.standard_normal((rows, columns)) / np.sqrt(rows)).astype(np.float32)
        return drawn

    width, hidden = setting.width, setting.hidden
    return {
        "words": (rng.standard_normal((BUCKETS, width)) * 0.2).astype(np.float32),
        "unit": normal(2 * width + facts, hidden),
        "unit_bias": np.zeros(hidden, np.float32),
        "near": normal(len(NEAR) * hidden, hidden),
        "whole": normal(hidden, hidden) * np.float32(0.5),
        "near_bias": np.zeros(hidden, np.float32),
        "far": normal(len(FAR) * hidden, hidden) * np.float32(0.5),
        "far_bias": np.zeros(hidden, np.float32),
        "out": normal(2 * hidden, 3),
        "out_bias": np.zeros(3, np.float32),
    }


def train(examples: Sequence[Example], setting: Setting, seed: int) -> Weights:
    """Weights learned from the examples; the same for the same examples, setting and seed."""
    rng = np.random.default_rng(seed)
    usable = [example for example in examples if example.labels]
    weights = fresh_weights(setting, usable[0].facts.shape[1], rng)
    first = {name: np.zeros_like(value) for name, value in weights.items()}
    second = {name: np.zeros_like(value) for name, value in weights.items()}
    steps = setting.epochs * -(-len(usable) // setting.batch)
    step = 0
    for _ in range(setting.epochs):
        order = rng.permutation(len(usable))
        for at in range(0, len(order), setting.batch):
            step += 1
            batch = make_batch([usable[n] for n in order[at : at + setting.batch]])
            gradients, rows = _gradients(weights, batch, setting, rng)
            rate = setting.rate * min(1.0, step / 60) * max(0.03, 1 - step / steps)
            _adam(weights, first, second, gradients, rows, rate, step)
    return weights


def _gradients(weights: Weights, batch: Batch, setting: Setting, rng: np.random.Generator) -> tuple[Weights, NDArray[np.int32]]:
    """The gradients of the mean loss; that of "words" only for the rows returned beside them."""

    def dropped(value: Array, share: float) -> tuple[Array, Array]:
        mask: Array = ((rng.random(value.shape, dtype=np.float32) >= share) / np.float32(1 - share)).astype(np.float32)
        return value * mask, mask

    count = len(batch.labels)
    kept = (rng.random(len(batch.ids), dtype=np.float32) >= setting.drop_words).astype(np.float32)
    sums = np.add.reduceat(weights["words"][batch.ids] * kept[:, None], batch.starts)
    scale = 1 / np.sqrt(np.maximum(np.add.reduceat(kept, batch.starts), 1))
    said: Array = (sums * scale[:, None]).astype(np.float32)
    said, said_mask = dropped(said, setting.drop)
    before = np.zeros_like(said)
    before[1:] = said[:-1]
    before[batch.firsts] = 0
    facts, _ = dropped(batch.facts, DROP_FACTS)
    read = np.concatenate([said, said * before, facts], 1)
    unit = np.maximum(read @ weights["unit"] + weights["unit_bias"], 0)
    unit_on = unit > 0
    unit, unit_mask = dropped(unit, setting.drop)
    top = np.maximum.reduceat(unit, batch.firsts)
    near_in = _windows(unit, batch, NEAR)
    near = np.maximum(near_in @ weights["near"] + (top @ weights["whole"])[batch.owner] + weights["near_bias"], 0)
    near_on = near > 0
    near, near_mask = dropped(near, setting.drop)
    far_in = _windows(near, batch, FAR)
    far = np.maximum(far_in @ weights["far"] + weights["far_bias"], 0)
    far_on = far > 0
    both = near + far
    both, both_mask = dropped(both, setting.drop * 0.7)
    last = np.concatenate([both, unit], 1)
    logits = last @ weights["out"] + weights["out_bias"]
    logits -= logits.max(1, keepdims=True)
    shares = np.exp(logits)
    shares /= shares.sum(1, keepdims=True)
    target = np.full((count, 3), setting.smooth / 3, np.float32)
    target[np.arange(count), batch.labels] += 1 - setting.smooth

    back = (shares - target) / np.float32(60)
    hidden = unit.shape[1]
    gradients: Weights = {"out": last.T @ back, "out_bias": back.sum(0)}
    last_back = back @ weights["out"].T
    both_back = last_back[:, :hidden] * both_mask
    unit_back = last_back[:, hidden:]
    far_back = both_back * far_on
    gradients["far"], gradients["far_bias"] = far_in.T @ far_back, far_back.sum(0)
    near_back = (both_back + _unwind(far_back @ weights["far"].T, batch, FAR)) * near_mask * near_on
    gradients["near"], gradients["near_bias"] = near_in.T @ near_back, near_back.sum(0)
    per_message = np.add.reduceat(near_back, batch.firsts)
    gradients["whole"] = top.T @ per_message
    top_back = (per_message @ weights["whole"].T)[batch.owner] * (unit == top[batch.owner])
    unit_back = (unit_back + _unwind(near_back @ weights["near"].T, batch, NEAR) + top_back) * unit_mask * unit_on
    gradients["unit"], gradients["unit_bias"] = read.T @ unit_back, unit_back.sum(0)
    read_back = unit_back @ weights["unit"].T
    width = said.shape[1]
    pair_back = read_back[:, width : 2 * width]
    said_back = read_back[:, :width] + pair_back * before
    earlier = pair_back * said
    earlier[batch.firsts] = 0
    said_back[:-1] += earlier[1:]
    said_back *= said_mask * scale[:, None]
    lengths = np.diff(np.append(batch.starts, len(batch.ids)))
    word_back = np.repeat(said_back, lengths, axis=0) * kept[:, None]
    order = np.argsort(batch.ids, kind="stable")
    rows, begin = np.unique(batch.ids[order], return_index=True)
    gradients["words"] = np.add.reduceat(word_back[order], begin)
    return gradients, rows


def _windows(value: Array, batch: Batch, offsets: Sequence[int]) -> Array:
    """Each unit's row beside the rows at these offsets; blank beyond its message."""
    padded = np.zeros((batch.rows, value.shape[1]), np.float32)
    padded[batch.place] = value
    return np.concatenate([padded[batch.place + offset] for offset in offsets], 1)


def _unwind(back: Array, batch: Batch, offsets: Sequence[int]) -> Array:
    """The gradient of `_windows`."""
    hidden = back.shape[1] // len(offsets)
    padded = np.zeros((batch.rows, hidden), np.float32)
    for number, offset in enumerate(offsets):
        padded[batch.place + offset] += back[:, number * hidden : (number + 1) * hidden]
    return padded[batch.place]


def _adam(weights: Weights, first: Weights, second: Weights, gradients: Weights, rows: NDArray[np.int32], rate: float, step: int) -> None:
    """One step of Adam; the rows of "words" that this batch did not touch stay as they are."""
    norm = np.sqrt(sum(float((value**2).sum()) for value in gradients.values()))
    clip = np.float32(min(1.0, 5.0 / max(norm, 1e-9)))
    for name, gradient in gradients.items():
        at: NDArray[np.int32] | slice = rows if name == "words" else slice(None)
        gradient = gradient * clip
        first[name][at] = 0.9 * first[name][at] + 0.1 * gradient
        second[name][at] = 0.99 * second[name][at] + 0.01 * gradient**2
        mean = first[name][at] / (1 - 0.9**step)
        spread = second[name][at] / (1 - 0.99**step)
        weights[name][at] -= np.float32(rate) * mean / (np.sqrt(spread) + 1e-8)
