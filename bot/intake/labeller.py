"""The second opinion on how a message divides: a small trained network over the units.

For each spoken unit it gives three shares: outside of any request, starts one, goes on with one. Weights are shipped as
data (bot/intake/data, written by `make train`); numpy is imported on first use. Without the file there is no second
opinion and the rules stand alone.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import lru_cache
from importlib import resources
from itertools import chain
from typing import TYPE_CHECKING

from bot.intake.clean import SILENT, ZoneKind

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float32]
    Weights = dict[str, Array]
    Bags = tuple[NDArray[np.int64], NDArray[np.int64], Array]

OUTSIDE, STARTS, WITHIN = 0, 1, 2
NEAR = (-2, -1, 0, 1, 2)
FAR = (-4, -2, 0, 2, 4)
PADDING = 4  # blank rows around a message, as many as the widest window looks away


def spoken_units(zones: Sequence[ZoneKind | None]) -> list[int]:
    """The numbers of the units that may hold a request: quotations, signatures and the like are not even read."""
    return [number for number, zone in enumerate(zones) if zone not in SILENT]


def as_bags(words: Sequence[Sequence[int]]) -> Bags:
    """The buckets of each unit (never none) as arrays for `shares`: all buckets in a row, where each unit's begin, the root of how many."""
    import numpy as np

    sizes = np.array([len(ids) for ids in words])
    buckets = np.fromiter(chain.from_iterable(words), np.int64, int(sizes.sum()))
    return buckets, sizes.cumsum() - sizes, np.sqrt(sizes.astype(np.float32))[:, None]


def shares(weights: Weights, words: Bags, rows: Array) -> Array:
    """For each unit of one message the shares of OUTSIDE, STARTS, WITHIN; they sum to 1."""
    import numpy as np

    buckets, begins, roots = words
    said = np.add.reduceat(weights["words"].take(buckets, axis=0), begins) / roots
    before = np.zeros_like(said)
    before[1:] = said[:-1]
    unit = np.maximum(np.concatenate([said, said * before, rows], 1) @ weights["unit"] + weights["unit_bias"], 0)
    near = _windows(unit, NEAR) @ weights["near"] + unit.max(0) @ weights["whole"] + weights["near_bias"]
    near = np.maximum(near, 0)
    far = np.maximum(_windows(near, FAR) @ weights["far"] + weights["far_bias"], 0)
    logits = np.concatenate([near + far, unit], 1) @ weights["out"] + weights["out_bias"]
    odds = np.exp(logits - logits.max(1, keepdims=True))
    result: Array = odds / odds.sum(1, keepdims=True)
    return result


def _windows(value: Array, offsets: Sequence[int]) -> Array:
    import numpy as np

    padded = np.zeros((len(value) + 2 * PADDING, value.shape[1]), np.float32)
    padded[PADDING : PADDING + len(value)] = value
    return np.concatenate([padded[PADDING + offset : PADDING + offset + len(value)] for offset in offsets], 1)


@lru_cache(maxsize=1)
def load() -> tuple[tuple[Weights, ...], Weights] | None:
    """The shipped networks, and what goes with all of them; None when no file is shipped. Takes about 0.1 s once."""
    file = resources.files("bot.intake").joinpath("data", "labeller.npz")
    if not file.is_file():
        return None
    # The matrices are small: threads of the linear algebra would wait for one another more than work (measured: twice the time).
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    import numpy as np

    with file.open("rb") as stream, np.load(stream, allow_pickle=False) as stored:
        arrays = {name: stored[name] for name in stored.files}
    nets: list[Weights] = []
    while f"{len(nets)}.words" in arrays:
        prefix = f"{len(nets)}."
        names = [name.removeprefix(prefix) for name in arrays if name.startswith(prefix) and not name.endswith(".scale")]
        nets.append({name: _wide(arrays[prefix + name], arrays.get(f"{prefix}{name}.scale")) for name in names})
    return tuple(nets), {name: value for name, value in arrays.items() if not name[0].isdigit()}


def _wide(narrow: NDArray[np.int8], scale: Array | None) -> Array:
    """Weights as they were before they were cut to whole numbers for the file: a scale for each row or column block."""
    import numpy as np

    return narrow.astype(np.float32) * scale if scale is not None else narrow.astype(np.float32)
