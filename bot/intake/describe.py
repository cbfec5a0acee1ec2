"""What speaks for and against each whole division of a message, as one row of numbers for each.

The order of the numbers is that of the trained weights: a change here needs `make train`. All divisions of a message are
described at once: what is counted unit by unit is a product of matrices, and a part that several divisions share is read once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

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
class _Part:
    """What one part of a division shows. `strangers` are its sentences that share no word with what stands before them in it."""

    words: int
    says_something: bool
    asks: bool
    fails: bool
    strangers: int
    stems: frozenset[str]


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
    known: dict[tuple[int, ...], _Part] = {}
    parts = np.array([_by_parts(reading, [_part(reading, each, known) for each in _parts(one)]) for one in options], dtype=float)
    columns = [*_by_shares(reading, labels, places), *_by_rules(reading, starts), *parts.T]
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


def _by_parts(reading: Reading, parts: Sequence[_Part]) -> list[float]:
    count = len(parts)
    sizes = [part.words for part in parts]
    total = sum(one.words for one in reading.signals) or 1
    seen: set[str] = set()
    akin = 0.0
    for part in parts:
        akin += len(part.stems & seen) / max(1, min(len(part.stems), 6))
        seen |= part.stems
    several = float(count > 1)
    return [
        count == 0,
        count == 1,
        count == 2,
        count == 3,
        count >= 4,
        sum(not part.says_something for part in parts),
        sum(part.asks for part in parts),
        sum(part.fails for part in parts),
        sum(size < 4 for size in sizes),
        min(sizes, default=0) / 10,
        sum(sizes) / max(len(sizes), 1) / 20,
        sum(min(size, 40) for size in sizes) / 40,
        max(sizes) / max(sum(sizes), 1) - 1 / count if count > 1 else 0.0,
        akin,
        akin / (count - 1) if count > 1 else 0.0,
        sum(part.strangers for part in parts),
        several * min(len(reading.units), 40) / 20,
        several * total / 100,
        float(count > 2) * total / 100,
        several * (reading.channel in ("email", "mail")),
        several * (reading.channel == "phone"),
    ]


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


def _parts(labels: Sequence[int]) -> list[tuple[int, ...]]:
    parts: list[list[int]] = []
    for number, label in enumerate(labels):
        if label == STARTS:
            parts.append([number])
        elif label == WITHIN and parts:
            parts[-1].append(number)
    return [tuple(part) for part in parts]


def _part(reading: Reading, numbers: tuple[int, ...], known: dict[tuple[int, ...], _Part]) -> _Part:
    if numbers not in known:
        said = [reading.signals[number] for number in numbers]
        seen: set[str] = set()
        strangers = 0
        for number, one in zip(numbers, said, strict=True):
            strangers += bool(seen) and len(one.stems) > 1 and not one.stems & seen and _is_strong(reading, number)
            seen |= one.stems
        known[numbers] = _Part(
            words=sum(one.words for one in said),
            says_something=any(one.says_something for one in said),
            asks=any(one.asks or one.question for one in said),
            fails=any(one.fails for one in said),
            strangers=strangers,
            stems=frozenset(seen),
        )
    return known[numbers]


def _is_strong(reading: Reading, number: int) -> bool:
    return STRENGTH[reading.units[number].joint] >= STRENGTH[Joint.SLASH]
