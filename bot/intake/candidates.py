"""Whole divisions of a message that are weighed against each other.

A labeller that judges unit by unit cannot see that one item of a list was left out or that a part holds no ask. So a few
whole divisions are formed: the one, two, three … most likely beginnings, and what the rules say. Each is described by
numbers (describe.py), and trained weights turn these into the chance that this division is right.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log

from bot.intake.labeller import OUTSIDE, STARTS, WITHIN
from bot.intake.rules import Partition
from bot.intake.signals import Signals
from bot.intake.units import Unit

MOST = 8  # requests in one message that are considered


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


def describe_doubt(reading: Reading) -> list[float]:
    """What speaks for none of the candidates being right: a long message of which the labeller is unsure."""
    unsure = sum(1 - max(share) for share in reading.given)
    return [1.0, min(unsure, 4.0), min(len(reading.units), 40) / 20, float(sum(label == STARTS for label in reading.theirs) > 1)]


def _odds(share: Sequence[float]) -> float:
    return log(max(share[STARTS], 1e-4) / max(share[WITHIN], 1e-4))
