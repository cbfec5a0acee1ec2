"""The second opinion on how a message divides: a small trained network over the units.

For each spoken unit it gives three shares: outside of any request, starts one, goes on with one. Weights are shipped as
data (bot/intake/data, written by `make train`); numpy is imported on first use. Without the file there is no second
opinion and the rules stand alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from importlib import resources
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING
from zipfile import BadZipFile

from bot.errors import Misconfigured
from bot.intake.clean import SILENT, ZoneKind
from bot.intake.meaning import as_facts, keep_to_one_thread

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float32]
    Weights = dict[str, Array]
    Nets = dict[str, Array]
    Bags = tuple[NDArray[np.int64], NDArray[np.int64], Array]

OUTSIDE, STARTS, WITHIN = 0, 1, 2
NEAR = (-2, -1, 0, 1, 2)
FAR = (-4, -2, 0, 2, 4)
PADDING = 4  # blank rows around a message, as many as the widest window looks away


def spoken_units(zones: Sequence[ZoneKind | None]) -> list[int]:
    """The numbers of the units that may hold a request: quotations, signatures and the like are not even read."""
    return [number for number, zone in enumerate(zones) if zone not in SILENT]


def unit_table(rows: Sequence[Sequence[float]], meanings: Array) -> Array:
    """What is read of each spoken unit of one message beside its words: its facts and its meaning (meaning.py), a row each."""
    import numpy as np

    return np.concatenate([np.array(rows, dtype=np.float32), as_facts(meanings)], 1)


def as_bags(words: Sequence[Sequence[int]]) -> Bags:
    """The buckets of each unit (never none) as arrays for `shares`: all buckets in a row, where each unit's begin, the root of how many."""
    import numpy as np

    sizes = np.array([len(ids) for ids in words])
    buckets = np.fromiter(chain.from_iterable(words), np.int64, int(sizes.sum()))
    return buckets, sizes.cumsum() - sizes, np.sqrt(sizes.astype(np.float32))[:, None]


def shares(nets: Nets, words: Bags, rows: Array) -> Array:
    """For each unit of one message the shares of OUTSIDE, STARTS, WITHIN, averaged over the networks; they sum to 1."""
    import numpy as np

    buckets, begins, roots = words
    count, width = len(begins), nets["unit_words"].shape[1]
    together = np.add.reduceat(nets["words"].take(buckets, axis=0).astype(np.float32), begins) * (nets["words.scale"] / roots)
    said = np.ascontiguousarray(together.reshape(count, -1, width).transpose(1, 0, 2))
    before = np.zeros_like(said)
    before[:, 1:] = said[:, :-1]
    unit = said @ nets["unit_words"] + (said * before) @ nets["unit_pairs"] + rows @ nets["unit_rows"] + nets["unit_bias"]
    unit = np.maximum(unit, 0)
    near = _windows(unit, NEAR) @ nets["near"] + unit.max(1, keepdims=True) @ nets["whole"] + nets["near_bias"]
    near = np.maximum(near, 0)
    far = np.maximum(_windows(near, FAR) @ nets["far"] + nets["far_bias"], 0)
    logits = np.concatenate([near + far, unit], 2) @ nets["out"] + nets["out_bias"]
    odds = np.exp(logits - logits.max(2, keepdims=True))
    result: Array = (odds / odds.sum(2, keepdims=True)).mean(0)
    return result


def stack(nets: Sequence[Weights]) -> Nets:
    """Networks of one shape side by side, so that they read a message at once; the first axis tells them apart.

    Their words stand in one table, each network's columns beside those of the one before: as whole numbers when they are shipped so.
    """
    import numpy as np

    width = nets[0]["words"].shape[1]
    ones = np.ones(width, np.float32)
    stacked = {name: np.stack([net[name] for net in nets]) for name in nets[0] if not name.startswith("words")}
    unit = stacked.pop("unit")
    return {
        "words": np.concatenate([net["words"] for net in nets], 1),
        "words.scale": np.concatenate([net.get("words.scale", ones) for net in nets]),
        "unit_words": unit[:, :width],
        "unit_pairs": unit[:, width : 2 * width],
        "unit_rows": unit[:, 2 * width :],
        **{name: value[:, None] if name.endswith("_bias") else value for name, value in stacked.items()},
    }


def _windows(value: Array, offsets: Sequence[int]) -> Array:
    import numpy as np

    nets, count, width = value.shape
    padded = np.zeros((nets, count + 2 * PADDING, width), np.float32)
    padded[:, PADDING : PADDING + count] = value
    return np.concatenate([padded[:, PADDING + offset : PADDING + offset + count] for offset in offsets], 2)


_own_file: Path | None = None


def use(file: Path | None) -> None:
    """From now on read this file of `deskbot train` in place of the shipped one; None: the shipped one. Once, before the first message.

    Raises Misconfigured when it cannot be read or is none of ours.
    """
    global _own_file
    if file == _own_file:
        return
    shipped = _fit()
    _own_file = file
    load.cache_clear()
    if file is None:
        return
    try:
        if _fit() != shipped:
            raise ValueError("weights of another version")
    except (OSError, EOFError, ValueError, LookupError, AttributeError, BadZipFile) as error:
        _own_file = None
        load.cache_clear()
        raise Misconfigured(
            "intake.labeller_file: {path} не читається як файл навчання цієї версії. Створіть його знову: deskbot train.", path=file
        ) from error


def _fit() -> dict[str, tuple[int, ...]]:
    """The sizes by which weights fit what the code gives them: buckets of words, facts of a unit, and all that goes with the networks."""
    loaded = load()
    if loaded is None:
        return {}
    nets, common = loaded
    return {"words": nets["words"].shape[:1], "facts": nets["unit_rows"].shape[1:2]} | {name: value.shape for name, value in common.items()}


def own_file() -> Path | None:
    """The file of `deskbot train` in use, if any: other processes of the desk are told of it."""
    return _own_file


@lru_cache(maxsize=1)
def load() -> tuple[Nets, Weights] | None:
    """The networks in use, and what goes with all of them; None when no file is shipped. Takes about 0.1 s once."""
    file = _own_file or resources.files("bot.intake").joinpath("data", "labeller.npz")
    if _own_file is None and not file.is_file():
        return None
    keep_to_one_thread()
    import numpy as np

    with file.open("rb") as stream, np.load(stream, allow_pickle=False) as stored:
        arrays = {name: stored[name] for name in stored.files}
    nets: list[Weights] = []
    while f"{len(nets)}.words" in arrays:
        prefix = f"{len(nets)}."
        names = [name.removeprefix(prefix) for name in arrays if name.startswith(prefix) and not name.endswith(".scale")]
        net = {name: _wide(arrays[prefix + name], arrays.get(f"{prefix}{name}.scale")) for name in names if name != "words"}
        nets.append({**net, "words": arrays[f"{prefix}words"], "words.scale": arrays[f"{prefix}words.scale"]})
    return stack(nets), {name: value for name, value in arrays.items() if not name[0].isdigit()}


def _wide(narrow: NDArray[np.int8], scale: Array | None) -> Array:
    """Weights as they were before they were cut to whole numbers for the file: a scale for each row or column block."""
    import numpy as np

    return narrow.astype(np.float32) * scale if scale is not None else narrow.astype(np.float32)
