"""What the units of a message mean: a vector for each, read by a small network that knows the languages, not our labels.

The reader was taught, without any label, to give each word of a text the vector that a large multilingual model gives it in
that place (train/reader says how). Words that the labelled messages never used so come near those that they did. Its weights
are shipped as data; numpy is imported on first use. A gated convolution over the words, a few words to either side.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import resources
from itertools import chain
from typing import TYPE_CHECKING
from zlib import crc32

from bot.intake.signals import TOKEN
from bot.intake.units import Unit

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float32]

BUCKETS = 1 << 16
STEPS = (1, 2, 4, 8)  # how far to either side each layer looks
MOST_TOKENS = 2_500  # of one message; further units mean nothing
LONGEST_WORD = 40
MOST_KNOWN = 10_000  # words; their vectors take 5 MB


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """The weights. The rows of `words` are whole numbers, `scale` goes with their columns; a layer is a matrix and what is added to it.

    `known` grows: the vectors of words that were read before, each by itself.
    """

    words: NDArray[np.int8]
    scale: Array
    layers: tuple[tuple[Array, Array], ...]
    out: Array
    out_bias: Array
    known: dict[str, Array] = field(default_factory=dict)


def unit_meanings(folded: str, units: Sequence[Unit]) -> Array | None:
    """A row for each unit: the mean vector of its words, zeros without words; None when no reader is shipped."""
    reader = load()
    if reader is None:
        return None
    import numpy as np

    rows = np.zeros((len(units), reader.out.shape[1]), np.float32)
    words: list[str] = []
    spoken: list[tuple[int, int]] = []  # the units that hold words, and how many
    for number, unit in enumerate(units):
        said = TOKEN.findall(folded, unit.body_start, unit.body_end)[: MOST_TOKENS - len(words)]
        if said:
            words += said
            spoken.append((number, len(said)))
    if words:
        numbers, sizes = np.array(spoken).T
        rows[numbers] = np.add.reduceat(read(reader, words), sizes.cumsum() - sizes) / sizes.astype(np.float32)[:, None]
    return rows


def read(reader: Reader, words: Sequence[str]) -> Array:
    """The vectors of the words of one text, each seen beside its neighbours."""
    import numpy as np

    value = alone = _alone(reader, words)
    count, width = alone.shape
    edge = STEPS[-1]
    padded = np.zeros((count + 2 * edge, width), np.float32)
    for step, (layer, bias) in zip(STEPS, reader.layers, strict=True):
        padded[edge : edge + count] = value
        near = np.concatenate([padded[edge - step : edge - step + count], value, padded[edge + step : edge + step + count]], 1)
        mixed: Array = near @ layer
        mixed += bias
        closed: Array = np.exp(-mixed[:, width:])
        closed += 1
        value = value + mixed[:, :width] / closed
    result: Array = np.concatenate([value, alone], 1) @ reader.out
    result += reader.out_bias
    return result


def _alone(reader: Reader, words: Sequence[str]) -> Array:
    """The vectors of the words, each by itself: looked up, or made and kept, for the words of one desk return."""
    import numpy as np

    rows = {word: reader.known.get(word) for word in words}
    fresh = [word for word, row in rows.items() if row is None]
    if fresh:
        if len(reader.known) > MOST_KNOWN:
            reader.known.clear()
        made = dict(zip(fresh, _made(reader, fresh), strict=True))
        rows.update(made)
        # A word of a hundred thousand letters comes but once.
        reader.known.update((word, row) for word, row in made.items() if len(word) <= LONGEST_WORD)
    return np.concatenate([rows[word] for word in words]).reshape(len(words), -1)


def _made(reader: Reader, words: Sequence[str]) -> Array:
    """The vector of each word by itself: the sum of its buckets' rows."""
    import numpy as np

    buckets = [buckets_of(word) for word in words]
    sizes = np.fromiter(map(len, buckets), np.int64, len(buckets))
    flat = np.fromiter(chain.from_iterable(buckets), np.int64, int(sizes.sum()))
    made: Array = np.add.reduceat(reader.words.take(flat, axis=0).astype(np.float32), sizes.cumsum() - sizes)
    made *= reader.scale / np.sqrt(sizes.astype(np.float32))[:, None]
    return made


def as_facts(meanings: Array) -> Array:
    """The meanings of the units of one message in a row, and beside them how like each is to its neighbours and to what was said before.

    Three columns: the cosine with the unit before, with the one after, with the likest before; 0 where there is none.
    """
    import numpy as np

    unit = meanings / np.maximum(np.sqrt((meanings * meanings).sum(1, keepdims=True)), 1e-6)
    found = np.zeros((len(meanings), 3), np.float32)
    if len(meanings) > 1:
        found[1:, 0] = found[:-1, 1] = (unit[1:] * unit[:-1]).sum(1)
        place = np.arange(len(unit))
        found[1:, 2] = np.where(place[:, None] > place, unit @ unit.T, -2)[1:].max(1)
    return np.concatenate([meanings, found], 1)


def buckets_of(word: str) -> tuple[int, ...]:
    """The buckets of a token: itself, its beginnings, its ends, its runs of three and four letters; figures by their length."""
    if word.isdigit():
        return (_bucket(f"#{min(len(word), 6)}"),)
    if not word[0].isalpha():
        return (_bucket("." + word),)
    word = word[:LONGEST_WORD]
    framed = f"<{word}>"
    names = ["w" + word[:16], "p" + word[:4], "q" + word[:5], "r" + word[:6], "s" + word[-3:], "t" + word[-2:]]
    names += ["g" + framed[at : at + 3] for at in range(min(len(framed) - 2, 10))]
    names += ["g" + framed[at : at + 4] for at in range(min(len(framed) - 3, 10))]
    return tuple(map(_bucket, names))


def _bucket(name: str) -> int:
    return crc32(name.encode("utf-8", "surrogatepass")) % BUCKETS


def keep_to_one_thread() -> None:
    """To be called before numpy is first imported: the matrices are small, threads would wait for one another (twice the time)."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


@lru_cache(maxsize=1)
def load() -> Reader | None:
    """The shipped reader; None when there is no file. The words stay whole numbers: a scale for each column goes with them."""
    file = resources.files("bot.intake").joinpath("data", "reader.npz")
    if not file.is_file():
        return None
    keep_to_one_thread()
    import numpy as np

    with file.open("rb") as stream, np.load(stream, allow_pickle=False) as stored:
        arrays = {name: stored[name] for name in stored.files}
    wide = {name: value.astype(np.float32) * arrays.get(f"{name}.scale", 1) for name, value in arrays.items() if name != "words"}
    layers = tuple((wide[f"layer{number}"], wide[f"layer{number}_bias"]) for number in range(len(STEPS)))
    return Reader(words=arrays["words"], scale=wide["words.scale"], layers=layers, out=wide["out"], out_bias=wide["out_bias"])
