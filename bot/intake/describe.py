"""What speaks for and against each whole division of a message, as one row of numbers for each.

The order of the numbers is that of the trained weights: a change here needs `make train`. All divisions of a message are
described at once: what is counted unit by unit is a product of matrices, and a part that several divisions share is read once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bot.intake.candidates import Reading
from bot.intake.labeller import OUTSIDE, STARTS, WITHIN
from bot.intake.units import STRENGTH, Joint, Marker

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Mask = NDArray[np.bool_]
    Columns = list[NDArray[np.float64]]

_COUNTED = (Joint.COMMA, Joint.WORD, Joint.SENTENCE, Joint.PARAGRAPH, Joint.SEMICOLON, Joint.SLASH)
_OPEN_LINE = frozenset({Joint.START, Joint.PARAGRAPH, Joint.LINE, Joint.ITEM})


@dataclass(frozen=True, slots=True)
class _Places:
    """For each division (row) and unit (column) whether it starts a request, a later request, goes on with one, is left outside."""

    starts: Mask
    inner: Mask
    free: Mask
    outside: Mask


def describe(reading: Reading, options: Sequence[Sequence[int]]) -> NDArray[np.float64]:
    """A row of numbers for each division: the labeller's shares, the rules, the parts, and what was left uncut."""
    import numpy as np

    labels = np.array(options)
    starts = labels == STARTS
    places = _Places(starts, starts & (starts.cumsum(1) > 1), labels == WITHIN, labels == OUTSIDE)
    columns = [*_by_shares(reading, labels, places), *_by_rules(reading, starts), *_by_parts(reading, places)]
    return np.column_stack([*columns, *_by_joints(reading, places), *_by_signals(reading, places)]).astype(float)


def _by_shares(reading: Reading, labels: NDArray[np.int64], places: _Places) -> Columns:
    import numpy as np

    logs = np.log(np.maximum(np.array(reading.given, dtype=float), 1e-4))
    odds = np.clip(logs[:, STARTS] - logs[:, WITHIN], -3, 3)
    return [
        logs[np.arange(len(logs)), labels].sum(1),
        np.where(places.inner, odds, 3.0).min(1),
        np.where(places.free, odds, -3.0).max(1),
        places.inner @ odds,
        places.free @ np.maximum(odds + 1, 0),
        places.outside @ logs[:, OUTSIDE] / 3,
    ]


def _by_rules(reading: Reading, starts: Mask) -> Columns:
    import numpy as np

    theirs = np.array(reading.theirs) == STARTS
    count, both, wanted = starts.sum(1), (starts & theirs).sum(1), theirs.sum()
    same = count == wanted
    return [same & (both == count), same, count > wanted, (count > 1) & (both == count), count - both, wanted - both]


def _by_parts(reading: Reading, places: _Places) -> Columns:
    """What the parts of each division show, and how like the units are to the part that they go on with. A row per part, then summed."""
    import numpy as np

    count, units = places.starts.shape
    held = ~places.outside & (places.starts.cumsum(1) > 0)
    owner, first = places.starts.nonzero()
    signs = [(one.words, one.says_something, one.asks or one.question, one.fails) for one in reading.signals]
    vectors = reading.meanings * np.sqrt([[min(one.words, 16)] for one in reading.signals])
    table = np.concatenate([np.array(signs, dtype=float), vectors], 1)
    parts = np.zeros((0, table.shape[1]))
    if len(owner):
        parts = np.add.reduceat((held[:, :, None] * table).reshape(count * units, -1), owner * units + first)
    size, (says, asks, fails) = parts[:, 0], (parts[:, 1:4] > 0).T
    number = places.starts.sum(1)
    several, some, total = number > 1, np.maximum(number, 1), table[:, 0].sum() or 1.0

    member = owner == np.arange(count)[:, None]
    counted = np.array([~says, asks, fails, size < 4, size, np.minimum(size, 40)], dtype=float)
    silent, asking, failing, short, words, capped = counted @ member.T.astype(float)
    smallest = np.where(member, size, np.inf).min(1, initial=np.inf)
    largest = np.where(member, size, 0).max(1, initial=0)
    akin, strangers = np.array(_by_stems(reading, places), dtype=float)
    return [
        *(number == one for one in range(4)),
        number >= 4,
        silent,
        asking,
        failing,
        short,
        np.where(number > 0, smallest, 0) / 10,
        words / some / 20,
        capped / 40,
        np.where(several, largest / np.maximum(words, 1) - 1 / some, 0.0),
        akin,
        akin / np.maximum(number - 1, 1),
        strangers,
        several * min(units, 40) / 20,
        several * total / 100,
        (number > 2) * total / 100,
        several * (reading.channel in ("email", "mail")),
        several * (reading.channel == "phone"),
        *_by_meaning(vectors, parts[:, 4:], owner, places),
    ]


def _by_stems(reading: Reading, places: _Places) -> tuple[list[float], list[int]]:
    """For each division how many stems its parts share with those before, and how many strong units share none with their own part.

    The stems of a message are counted as the bits of a number.
    """
    bits = {stem: 1 << place for place, stem in enumerate(sorted(frozenset().union(*(one.stems for one in reading.signals))))}
    said = [sum(bits[stem] for stem in one.stems) for one in reading.signals]
    strong = [_is_strong(reading, number) and len(one.stems) > 1 for number, one in enumerate(reading.signals)]
    likeness, loners = [], []
    for starts, outside in zip(places.starts.tolist(), places.outside.tolist(), strict=True):
        akin, strangers, before, mine = 0.0, 0, 0, 0
        for number, stems in enumerate(said):
            if starts[number]:
                akin += _akin(mine, before)
                before |= mine
                mine = 0
            elif outside[number]:
                continue
            elif mine and strong[number] and not stems & mine:
                strangers += 1
            mine |= stems
        likeness.append(akin + _akin(mine, before))
        loners.append(strangers)
    return likeness, loners


def _akin(mine: int, before: int) -> float:
    return (mine & before).bit_count() / max(1, min(mine.bit_count(), 6))


def _by_meaning(vectors: NDArray[Any], parts: NDArray[Any], owner: NDArray[np.int64], places: _Places) -> Columns:
    """How like in meaning each part is to the one before, and each unit to the one before it."""
    import numpy as np

    count = len(places.starts)
    means = _unit_length(parts)
    beside = owner[1:] == owner[:-1]
    alike = (means[1:] * means[:-1]).sum(1)[beside]
    pairs = np.bincount(owner[1:][beside], minlength=count)
    nearest = np.full(count, -1.0)
    np.maximum.at(nearest, owner[1:][beside], alike)
    own = _unit_length(vectors)
    step = np.append(0.0, (own[1:] * own[:-1]).sum(1))
    return [
        np.bincount(owner[1:][beside], alike, count) / np.maximum(pairs, 1),
        np.where(pairs > 0, nearest, 0.0),
        places.inner @ step / np.maximum(places.inner.sum(1), 1),
        np.where(places.inner, step, -1.0).max(1),
        places.free @ np.maximum(-step, 0),
        np.where(places.free, step, 1.0).min(1),
    ]


def _unit_length(vectors: NDArray[Any]) -> NDArray[Any]:
    import numpy as np

    scaled: NDArray[Any] = vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-6)
    return scaled


def _by_joints(reading: Reading, places: _Places) -> Columns:
    import numpy as np

    units = reading.units
    marked = ~places.outside & [unit.marker is not Marker.NONE for unit in units]
    size, begun = marked.sum(1), (marked & places.starts).sum(1)
    chat = reading.channel not in ("email", "mail", "phone")
    at = {joint: np.array([float(unit.joint is joint) for unit in units]) for joint in (*_COUNTED, Joint.LINE)}
    lines = places.free @ at[Joint.LINE]
    return [
        (begun > 0) & (begun < size),
        (size > 1) & (begun == size),
        (size > 1) & (begun == 0),
        places.inner @ np.array([not _is_strong(reading, number) for number in range(len(units))], dtype=float),
        places.inner @ np.array([unit.joint in _OPEN_LINE for unit in units], dtype=float),
        np.minimum(places.free @ at[Joint.PARAGRAPH], 4) / 2,
        lines,
        places.free @ at[Joint.SEMICOLON],
        places.free @ at[Joint.SLASH],
        *(places.inner @ at[joint] for joint in _COUNTED),
        chat * places.inner.any(1) * lines / 3,
    ]


def _by_signals(reading: Reading, places: _Places) -> Columns:
    import numpy as np

    signals = reading.signals
    inner = [(one.continues, one.points_back, one.adds, one.asks, one.fails, one.question) for one in signals]
    missed = [
        _is_strong(reading, number) and one.says_something and not one.continues and not one.points_back
        for number, one in enumerate(signals)
    ]
    free = np.array([[one.adds for one in signals], missed], dtype=float)
    outside = np.array([[one.says_something for one in signals], [one.words for one in signals]], dtype=float)
    silent, unread = outside @ places.outside.T
    return [*(places.inner @ np.array(inner, dtype=float)).T, *(free @ places.free.T), silent, unread / (outside[1].sum() or 1)]


def _is_strong(reading: Reading, number: int) -> bool:
    return STRENGTH[reading.units[number].joint] >= STRENGTH[Joint.SLASH]
