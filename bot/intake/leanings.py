"""The trained reading of an answer: how likely each sentence asks for something new, and what the rest says about the ticket.

Two small networks over the words and rows of answer_features.py, of a few seeds each, averaged: hashed words summed to a
vector, beside it the row, one hidden layer, and a straight way past it. The weights are a file (train/followups.py makes
it); numpy is imported on first use. What is done with the chances is decided in followups.py.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib import resources
from typing import TYPE_CHECKING

from bot.intake import meaning

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float32]
    Weights = Mapping[str, Array]

NEW, STATE = "new", "state"  # the two questions


def chances(nets: Sequence[Weights], ids: Sequence[Sequence[int]], rows: Sequence[Sequence[float]]) -> Array:
    """For each sample the chances of the classes, averaged over the networks; they sum to 1. A sample has at least one bucket."""
    import numpy as np

    sizes = np.fromiter(map(len, ids), np.int64, len(ids))
    flat = np.concatenate([np.asarray(one, np.int64) for one in ids])
    table = np.asarray(rows, np.float32)
    shared = (1 / np.sqrt(np.repeat(sizes, sizes))).astype(np.float32)[:, None]
    told = np.stack([_read(net, flat, sizes.cumsum() - sizes, shared, table) for net in nets])
    result: Array = told.mean(0)
    return result


def _read(net: Weights, flat: NDArray[np.int64], begins: NDArray[np.int64], shared: Array, table: Array) -> Array:
    import numpy as np

    said = np.add.reduceat(_rows(net, "words", flat) * shared, begins)
    straight = np.add.reduceat(_rows(net, "straight", flat) * shared, begins)
    hidden = np.maximum(said + table @ net["inner"] + net["inner_bias"], 0)
    scores = hidden @ net["outer"] + straight + table @ net["past"] + net["outer_bias"]
    odds = np.exp(scores - scores.max(1, keepdims=True))
    result: Array = odds / odds.sum(1, keepdims=True)
    return result


def _rows(net: Weights, name: str, flat: NDArray[np.int64]) -> Array:
    """The rows of a table that is shipped as whole numbers with a scale for each column, or trained as it is."""
    import numpy as np

    taken: Array = net[name].take(flat, axis=0).astype(np.float32)
    return taken * net[f"{name}.scale"] if f"{name}.scale" in net else taken


@lru_cache(maxsize=1)
def load() -> Mapping[str, Sequence[Weights]] | None:
    """The shipped networks of either question; None when their file or the reader's is not shipped. Takes about 0.03 s once."""
    file = resources.files("bot.intake").joinpath("data", "followups.npz")
    if not file.is_file() or meaning.load() is None:
        return None
    meaning.keep_to_one_thread()
    import numpy as np

    nets: dict[str, dict[str, dict[str, Array]]] = {NEW: {}, STATE: {}}
    with file.open("rb") as stream, np.load(stream, allow_pickle=False) as stored:
        for each in stored.files:
            question, number, name = each.split(".", 2)
            nets[question].setdefault(number, {})[name] = stored[each]
    return {question: [some[number] for number in sorted(some)] for question, some in nets.items()}
