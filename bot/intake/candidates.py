"""Whole divisions of a message that are weighed against each other.

A labeller that judges unit by unit cannot see that one item of a list was left out or that a part holds no ask. So a few
whole divisions are formed: the one, two, three … most likely beginnings, and what the rules say. Each is described by
numbers (describe.py), and trained weights turn these into the chance that this division is right.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log
from typing import TYPE_CHECKING

from bot.intake.labeller import OUTSIDE, STARTS, WITHIN
from bot.intake.rules import Partition
from bot.intake.signals import Signals
from bot.intake.units import Joint, Unit

if TYPE_CHECKING:
    from bot.intake.labeller import Array

LEADING = frozenset({Joint.COMMA, Joint.COLON, Joint.DASH})  # what stands behind words that lead into a request
MOST = 8  # requests in one message that are considered
SURELY_OUTSIDE = 0.9  # the labeller's share from which a unit may stay outside of all requests


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A message as both opinions see it, all by spoken unit; `given` are the labeller's shares, `meanings` the units' vectors."""

    units: Sequence[Unit]
    given: Sequence[Sequence[float]]
    meanings: Array
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


def take_in(reading: Reading, labels: Sequence[int], sure: float = SURELY_OUTSIDE) -> tuple[int, ...]:
    """The division with the words taken in that it leaves outside and the labeller is not sure of: nothing of a request may fall out.

    They go on with the request before; words that lead into the next one ("По-друге,") and those before the first begin that one.
    """
    taken = list(labels)
    for number in reversed(range(len(taken))):
        if taken[number] != OUTSIDE or reading.given[number][OUTSIDE] >= sure:
            continue
        following = number + 1 < len(taken) and taken[number + 1] == STARTS
        if following and (reading.units[number + 1].joint in LEADING or STARTS not in taken[:number]):
            taken[number], taken[number + 1] = STARTS, WITHIN
        elif STARTS in taken[:number]:
            taken[number] = WITHIN
    return tuple(taken)


def describe_doubt(reading: Reading) -> list[float]:
    """What speaks for none of the candidates being right: a long message of which the labeller is unsure."""
    unsure = sum(1 - max(share) for share in reading.given)
    return [1.0, min(unsure, 4.0), min(len(reading.units), 40) / 20, float(sum(label == STARTS for label in reading.theirs) > 1)]


def _odds(share: Sequence[float]) -> float:
    return log(max(share[STARTS], 1e-4) / max(share[WITHIN], 1e-4))
