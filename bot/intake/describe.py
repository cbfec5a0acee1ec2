"""What speaks for and against each whole division of a message, as one row of numbers for each.

The order of the numbers is that of the trained weights: a change here needs `make train`. All divisions of a message are
described at once and with few calls of numpy, since a call costs more than the small sums in it: what is counted unit by
unit is one product of matrices, and so is what is counted part by part.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bot.intake.candidates import Reading
from bot.intake.labeller import OUTSIDE, STARTS, WITHIN
from bot.intake.units import STRENGTH, Joint, Marker

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Mask = NDArray[np.bool_]
    Floats = NDArray[np.float64]
    Columns = Iterable[NDArray[Any]]

_COUNTED = (Joint.COMMA, Joint.WORD, Joint.SENTENCE, Joint.PARAGRAPH, Joint.SEMICOLON, Joint.SLASH)
_OPEN_LINE = frozenset({Joint.START, Joint.PARAGRAPH, Joint.LINE, Joint.ITEM})
_STRONG = frozenset(joint for joint in Joint if STRENGTH[joint] >= STRENGTH[Joint.SLASH])

# The facts of a unit that are summed, by their place in its row: what its joint is, what its words show, what was measured of it.
# Floats: numpy takes them over twice as fast as truths.
_JOINT_ROWS = {
    joint: tuple(map(float, (joint not in _STRONG, joint in _OPEN_LINE, joint is Joint.LINE, *(joint is one for one in _COUNTED))))
    for joint in Joint
}
_WEAK, _OPENS, _LINE, _JOINTS = 0, 1, 2, slice(3, 9)
_PARAGRAPH, _SEMICOLON, _SLASH = 6, 7, 8
_SIGNS, _ADDS, _SAYS, _WORDS, _MISSED = slice(9, 15), 11, 15, 16, 17
_ODDS, _HOPE, _NOBODYS, _STEP, _APART = range(18, 23)


@dataclass(frozen=True, slots=True)
class _Places:
    """For each division (row) and unit (column) the number of the request that it stands in (0 before the first), and whether it starts
    one, starts a later one, goes on with one, is left outside. `count` is how many requests each division has."""

    turn: NDArray[np.int64]
    starts: Mask
    inner: Mask
    free: Mask
    outside: Mask
    count: NDArray[np.int64]


def describe(reading: Reading, options: Sequence[Sequence[int]]) -> Floats:
    """A row of numbers for each division: the labeller's shares, the rules, the parts, and what was left uncut."""
    import numpy as np

    labels = np.array(options)
    starts = labels == STARTS
    turn = starts.cumsum(1)
    places = _Places(turn, starts, starts & (turn > 1), labels == WITHIN, labels == OUTSIDE, turn[:, -1])
    logs = np.log(np.maximum(np.array(reading.given, dtype=float), 1e-4))
    odds = np.minimum(np.maximum(logs[:, STARTS] - logs[:, WITHIN], -3), 3)
    vectors = reading.meanings * np.sqrt([[min(one.words, 16)] for one in reading.signals])
    step = _likeness(vectors)
    table = np.array([*_unit_facts(reading), odds, np.maximum(odds + 1, 0), logs[:, OUTSIDE], step, np.maximum(-step, 0)])
    # For each fact of a unit (row) and division (column) the sums over the units that start a later request, go on with one, are left out.
    inner, free, outside = table @ np.array([places.inner, places.free, places.outside], dtype=float).transpose(0, 2, 1)
    # The least likely start, and what of the rest is likeliest to be one: by the labeller's odds, and by not being like what stands before.
    signs = np.array([odds, -step])[:, None]
    weakest = np.where(places.inner, signs, [[[3.0]], [[1.0]]]).min(2)
    likeliest = np.where(places.free, signs, [[[-3.0]], [[-1.0]]]).max(2)
    columns = [
        *(logs[np.arange(len(logs)), labels].sum(1), weakest[0], likeliest[0]),
        *(inner[_ODDS], free[_HOPE], outside[_NOBODYS] / 3),
        *_by_rules(reading, places),
        *_by_parts(reading, places, vectors, options),
        *(inner[_STEP] / np.maximum(places.inner.sum(1), 1), -weakest[1], free[_APART], -likeliest[1]),
        *_by_marks(reading, places),
        *(inner[_WEAK], inner[_OPENS], np.minimum(free[_PARAGRAPH], 4) / 2, free[_LINE], free[_SEMICOLON], free[_SLASH], *inner[_JOINTS]),
        (reading.channel not in ("email", "mail", "phone")) * places.inner.any(1) * free[_LINE] / 3,
        *(*inner[_SIGNS], free[_ADDS], free[_MISSED], outside[_SAYS], outside[_WORDS] / (table[_WORDS].sum() or 1)),
    ]
    return np.array(columns, dtype=float).T


def _unit_facts(reading: Reading) -> Floats:
    """What the joint and the words of each unit show: a row for each fact, in the order told above, a column for each unit."""
    import numpy as np

    rows = [
        (
            *_JOINT_ROWS[unit.joint],
            *(one.continues, one.points_back, one.adds, one.asks, one.fails, one.question, one.says_something, one.words),
            unit.joint in _STRONG and one.says_something and not one.continues and not one.points_back,
        )
        for unit, one in zip(reading.units, reading.signals, strict=True)
    ]
    return np.array(rows, dtype=float).T


def _by_rules(reading: Reading, places: _Places) -> Columns:
    import numpy as np

    theirs = np.array(reading.theirs) == STARTS
    count, both, wanted = places.count, (places.starts & theirs).sum(1), theirs.sum()
    same, all_theirs = count == wanted, both == count
    return same & all_theirs, same, count > wanted, (count > 1) & all_theirs, count - both, wanted - both


def _by_parts(reading: Reading, places: _Places, vectors: NDArray[Any], options: Sequence[Sequence[int]]) -> Columns:
    """What the parts of each division show, and how like in meaning each is to the one before. All parts stand in one row."""
    import numpy as np

    owner, first = places.starts.nonzero()
    held = (places.turn[owner] == places.turn[owner, first][:, None]) & ~places.outside[owner]
    signs = [(one.words, one.says_something, one.asks or one.question, one.fails) for one in reading.signals]
    table = held.astype(float) @ np.concatenate([np.array(signs, dtype=float), vectors], 1)
    size, (says, asks, fails) = table[:, 0], table[:, 1:4].T > 0
    member = owner == np.arange(len(options))[:, None]
    beside = places.turn[owner, first] > 1
    alike = _likeness(table[:, 4:]) * beside
    counted = np.array([~says, asks, fails, size < 4, size, np.minimum(size, 40), alike], dtype=float)
    silent, asking, failing, short, words, capped, likeness = counted @ member.T.astype(float)
    # Of each division the smallest, largest (minus its size) and that most like the one before (minus how like); 1 where none is before.
    extremes = np.array([size, -size, np.where(beside, -alike, 1.0)])[:, None]
    smallest, largest, nearest = np.where(member, extremes, np.inf).min(2, initial=np.inf)
    akin, strangers = np.array(_by_stems(reading, options), dtype=float)
    count, total = places.count, sum(one.words for one in reading.signals) or 1.0
    several, some, later = count > 1, np.maximum(count, 1), np.maximum(count - 1, 1)
    length = several * total / 100
    return [
        *(count == one for one in range(4)),
        count >= 4,
        *(silent, asking, failing, short),
        np.where(count > 0, smallest, 0) / 10,
        words / some / 20,
        capped / 40,
        np.where(several, -largest / np.maximum(words, 1) - 1 / some, 0.0),
        akin,
        akin / later,
        strangers,
        several * min(len(reading.units), 40) / 20,
        length,
        (count > 2) * length,
        several * (reading.channel in ("email", "mail")),
        several * (reading.channel == "phone"),
        likeness / later,
        np.where(several, -nearest, 0.0),
    ]


def _by_stems(reading: Reading, options: Sequence[Sequence[int]]) -> tuple[list[float], list[int]]:
    """For each division how many stems its parts share with those before, and how many strong units share none with their own part.

    The stems of a message are counted as the bits of a number.
    """
    bits: dict[str, int] = {}
    said = [sum(bits.setdefault(stem, 1 << len(bits)) for stem in one.stems) for one in reading.signals]
    loud = [unit.joint in _STRONG and len(one.stems) > 1 for unit, one in zip(reading.units, reading.signals, strict=True)]
    likeness, loners = [], []
    for labels in options:
        akin, strangers, before, mine = 0.0, 0, 0, 0
        for label, stems, is_loud in zip(labels, said, loud, strict=True):
            if label == OUTSIDE:
                continue
            if label == STARTS:
                akin += _akin(mine, before) if before else 0.0
                before |= mine
                mine = stems
            else:
                strangers += is_loud and mine > 0 and not stems & mine
                mine |= stems
        likeness.append(akin + _akin(mine, before))
        loners.append(strangers)
    return likeness, loners


def _akin(mine: int, before: int) -> float:
    return (mine & before).bit_count() / max(1, min(mine.bit_count(), 6))


def _by_marks(reading: Reading, places: _Places) -> Columns:
    """Whether some, all, or none of the list items begin a request."""
    marked = ~places.outside & [unit.marker is not Marker.NONE for unit in reading.units]
    size, begun = marked.sum(1), (marked & places.starts).sum(1)
    return [(begun > 0) & (begun < size), (size > 1) & (begun == size), (size > 1) & (begun == 0)]


def _likeness(vectors: NDArray[Any]) -> Floats:
    """The cosine of each vector with the one before; 0 for the first."""
    import numpy as np

    long = np.maximum(np.sqrt(np.einsum("ij,ij->i", vectors, vectors)), 1e-6)
    found = np.zeros(len(vectors))
    found[1:] = np.einsum("ij,ij->i", vectors[1:], vectors[:-1]) / (long[1:] * long[:-1])
    return found
