"""Whole divisions of a message that are weighed against each other, and what speaks for each of them.

A labeller that judges unit by unit cannot see that one item of a list was left out or that a part holds no ask. So a few
whole divisions are formed: the one, two, three … most likely beginnings, and what the rules say. Each is described by
numbers, and trained weights turn these into the chance that this division is right.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log

from bot.intake.labeller import OUTSIDE, STARTS, WITHIN
from bot.intake.rules import Partition
from bot.intake.signals import Signals
from bot.intake.units import STRENGTH, Joint, Marker, Unit

MOST = 8  # requests in one message that are considered
_COUNTED = (Joint.COMMA, Joint.WORD, Joint.SENTENCE, Joint.PARAGRAPH, Joint.SEMICOLON, Joint.SLASH)
_OPEN_LINE = frozenset({Joint.START, Joint.PARAGRAPH, Joint.LINE, Joint.ITEM})


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A message as both opinions see it. All sequences go by spoken unit; `given` are the labeller's shares."""

    units: Sequence[Unit]
    given: Sequence[Sequence[float]]
    signals: Sequence[Signals]
    theirs: Sequence[int]
    channel: str


def rules_labels(spoken: Sequence[int], rules: Partition) -> list[int]:
    """The rules' partition in the labeller's words."""
    seen: set[int] = set()
    labels: list[int] = []
    for number in spoken:
        ticket = rules.labels[number]
        labels.append(OUTSIDE if ticket < 0 else WITHIN if ticket in seen else STARTS)
        seen.add(ticket)
    return labels


def candidates(reading: Reading) -> list[tuple[int, ...]]:
    """Different divisions worth weighing, each as one label a unit; always at least one.

    "No request at all" is weighed only when the rules say so: a network alone may not send a client away.
    """
    given = reading.given
    asked = [number for number, share in enumerate(given) if share[OUTSIDE] < 0.5]
    found: dict[tuple[int, ...], None] = {}
    for inside in (asked, [n for n, share in enumerate(given) if share[OUTSIDE] < 0.85]):
        likely = sorted(inside[1:], key=lambda number: _odds(given[number]), reverse=True)
        for count in range(min(len(inside), MOST)):
            starts = {inside[0], *likely[:count]}
            labels = [OUTSIDE] * len(given)
            for number in inside:
                labels[number] = STARTS if number in starts else WITHIN
            found[tuple(labels)] = None
    found[tuple(reading.theirs)] = None
    return list(found)


def describe(reading: Reading, labels: Sequence[int]) -> list[float]:
    """What speaks for and against one division: the labeller's shares, the rules, the parts, and what was left uncut."""
    starts = [number for number, label in enumerate(labels) if label == STARTS]
    free = [number for number, label in enumerate(labels) if label == WITHIN]
    parts = _parts(labels)
    row = [*_by_shares(reading, labels, starts[1:], free), *_by_rules(reading, starts), *_by_parts(reading, starts, parts)]
    row += [*_by_joints(reading, labels, starts[1:], free), *_by_signals(reading, labels, starts[1:], free, parts)]
    return [float(value) for value in row]


def _by_shares(reading: Reading, labels: Sequence[int], inner: Sequence[int], free: Sequence[int]) -> list[float]:
    given = reading.given
    odds = [max(-3.0, min(3.0, _odds(share))) for share in given]
    return [
        sum(log(max(given[number][label], 1e-4)) for number, label in enumerate(labels)),
        min((odds[number] for number in inner), default=3.0),
        max((odds[number] for number in free), default=-3.0),
        sum(odds[number] for number in inner),
        sum(max(0.0, odds[number] + 1) for number in free),
        sum(log(max(given[number][OUTSIDE], 1e-4)) for number, label in enumerate(labels) if label == OUTSIDE) / 3,
    ]


def _by_rules(reading: Reading, starts: Sequence[int]) -> list[float]:
    theirs = {number for number, label in enumerate(reading.theirs) if label == STARTS}
    mine, count = set(starts), len(starts)
    return [
        mine == theirs,
        count == len(theirs),
        count > len(theirs),
        count > 1 and mine <= theirs,
        len(mine - theirs),
        len(theirs - mine),
    ]


def _by_parts(reading: Reading, starts: Sequence[int], parts: Sequence[Sequence[int]]) -> list[float]:
    signals, count = reading.signals, len(starts)
    sizes = [sum(signals[number].words for number in part) for part in parts]
    total = sum(one.words for one in signals) or 1
    stems = [frozenset().union(*(signals[number].stems for number in part)) for part in parts]
    seen: set[str] = set()
    akin = 0.0
    for place, some in enumerate(stems):
        akin += len(some & seen) / max(1, min(len(some), 6)) if place else 0
        seen |= some
    several = float(count > 1)
    return [
        count == 0,
        count == 1,
        count == 2,
        count == 3,
        count >= 4,
        sum(not any(signals[number].says_something for number in part) for part in parts),
        sum(any(signals[number].asks or signals[number].question for number in part) for part in parts),
        sum(any(signals[number].fails for number in part) for part in parts),
        sum(size < 4 for size in sizes),
        min(sizes, default=0) / 10,
        sum(sizes) / max(len(sizes), 1) / 20,
        sum(min(size, 40) for size in sizes) / 40,
        max(sizes) / max(sum(sizes), 1) - 1 / count if count > 1 else 0.0,
        akin,
        akin / (count - 1) if count > 1 else 0.0,
        _strangers(reading, parts),
        several * min(len(reading.units), 40) / 20,
        several * total / 100,
        float(count > 2) * total / 100,
        several * (reading.channel in ("email", "mail")),
        several * (reading.channel == "phone"),
    ]


def _by_joints(reading: Reading, labels: Sequence[int], inner: Sequence[int], free: Sequence[int]) -> list[float]:
    units = reading.units
    marked = [number for number, unit in enumerate(units) if unit.marker is not Marker.NONE and labels[number] != OUTSIDE]
    begun = sum(labels[number] == STARTS for number in marked)
    chat = reading.channel not in ("email", "mail", "phone")

    def count(numbers: Sequence[int], joint: Joint) -> int:
        return sum(units[number].joint is joint for number in numbers)

    return [
        0 < begun < len(marked),
        len(marked) > 1 and begun == len(marked),
        len(marked) > 1 and begun == 0,
        sum(STRENGTH[units[number].joint] < STRENGTH[Joint.SLASH] for number in inner),
        sum(units[number].joint in _OPEN_LINE for number in inner),
        min(count(free, Joint.PARAGRAPH), 4) / 2,
        count(free, Joint.LINE),
        count(free, Joint.SEMICOLON),
        count(free, Joint.SLASH),
        *(count(inner, joint) for joint in _COUNTED),
        chat * bool(inner) * count(free, Joint.LINE) / 3,
    ]


def _by_signals(
    reading: Reading, labels: Sequence[int], inner: Sequence[int], free: Sequence[int], parts: Sequence[Sequence[int]]
) -> list[float]:
    signals = reading.signals
    outside = [number for number, label in enumerate(labels) if label == OUTSIDE]
    missed = [number for number in free if _is_strong(reading, number) and signals[number].says_something]
    return [
        sum(signals[number].continues for number in inner),
        sum(signals[number].points_back for number in inner),
        sum(signals[number].adds for number in inner),
        sum(signals[number].asks for number in inner),
        sum(signals[number].fails for number in inner),
        sum(signals[number].question for number in inner),
        sum(signals[number].adds for number in free),
        sum(not signals[number].continues and not signals[number].points_back for number in missed),
        sum(signals[number].says_something for number in outside),
        sum(signals[number].words for number in outside) / (sum(one.words for one in signals) or 1),
    ]


def _strangers(reading: Reading, parts: Sequence[Sequence[int]]) -> int:
    """How many sentences share no word with what stands before them in their part."""
    found = 0
    for part in parts:
        seen: set[str] = set()
        for number in part:
            stems = reading.signals[number].stems
            found += bool(seen) and len(stems) > 1 and not stems & seen and _is_strong(reading, number)
            seen |= stems
    return found


def _is_strong(reading: Reading, number: int) -> bool:
    return STRENGTH[reading.units[number].joint] >= STRENGTH[Joint.SLASH]


def describe_doubt(reading: Reading) -> list[float]:
    """What speaks for none of the candidates being right: a long message of which the labeller is unsure."""
    unsure = sum(1 - max(share) for share in reading.given)
    return [1.0, min(unsure, 4.0), min(len(reading.units), 40) / 20, float(sum(label == STARTS for label in reading.theirs) > 1)]


def _odds(share: Sequence[float]) -> float:
    return log(max(share[STARTS], 1e-4) / max(share[WITHIN], 1e-4))


def _parts(labels: Sequence[int]) -> list[list[int]]:
    parts: list[list[int]] = []
    for number, label in enumerate(labels):
        if label == STARTS:
            parts.append([number])
        elif label == WITHIN and parts:
            parts[-1].append(number)
    return parts
