"""One message → its requests: two opinions on the same numbered units, and how far to trust them.

The rules give the first opinion. A trained labeller may give a second one; agreement of the two is the confidence
(DESIGN.md 5). Whatever is decided, each character of the text stays in exactly one unit with exactly one label.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.intake.clean import Zone, find_zones
from bot.intake.features import facts, hashed_words, unit_signals
from bot.intake.frame import take_off
from bot.intake.meaning import unit_meanings
from bot.intake.opinions import decide
from bot.intake.rules import NOISE, SHARED, Partition, divide, unit_zones
from bot.intake.text import fold
from bot.intake.units import Marker, Unit, split_units

Span = tuple[int, int]

# From this confidence on the desk acts without asking first: 0.92 of such divisions of unseen messages were right.
ACT_FROM = 0.8


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """The units of a text with their labels. `folded` is the text folded, same length."""

    folded: str
    units: tuple[Unit, ...]
    zones: tuple[Zone, ...]
    partition: Partition
    confidence: float

    @property
    def act(self) -> bool:
        """Whether the desk splits (or leaves whole) without asking."""
        return self.confidence >= ACT_FROM

    def units_of(self, label: int) -> list[Unit]:
        """The units with this label: a ticket number, NOISE or SHARED."""
        return [unit for unit, given in zip(self.units, self.partition.labels, strict=True) if given == label]

    def spans_of(self, label: int) -> tuple[Span, ...]:
        """The spans of the text with this label: sorted, disjoint, without list marks and outer blanks; neighbours joined."""
        spans: list[Span] = []
        before: int | None = None
        for unit, given in zip(self.units, self.partition.labels, strict=True):
            if given == label and unit.body_start < unit.body_end:
                if before == label and spans:
                    spans[-1] = (spans[-1][0], unit.body_end)
                else:
                    spans.append((unit.body_start, unit.body_end))
            before = given
        return tuple(spans)


def split(text: str, *, channel: str) -> Split:
    """Divides a message. Never raises; linear in the length of the text."""
    folded = fold(text)
    units = split_units(text)
    zones = find_zones(text)
    framed = take_off(text, folded, units, unit_zones(units, zones))
    inner, kinds = framed.inner, unit_zones(framed.inner, zones)
    rules = divide(folded, inner, zones, is_chat=channel not in ("mail", "email"))
    signals = unit_signals(folded, inner)
    words = [hashed_words(folded[unit.body_start : unit.body_end]) for unit in inner]
    rows = facts(folded, inner, signals, kinds, rules, channel)
    second = decide(inner, words, rows, unit_meanings(folded, inner), signals, kinds, rules, channel)
    partition = rules if second is None else second.partition
    confidence = _confidence(inner, rules) if second is None else second.confidence
    return Split(folded=folded, units=units, zones=zones, partition=framed.put_back(partition), confidence=confidence)


def _confidence(units: Sequence[Unit], partition: Partition) -> float:
    """The rules alone: how often partitions like this one were right on the corpora."""
    spoken = sum(label not in (NOISE, SHARED) for label in partition.labels)
    if partition.count == 0:
        return 0.8
    if partition.count == 1:
        return 0.85 if spoken <= 3 else 0.6 if spoken <= 6 else 0.5
    firsts = [units[partition.labels.index(label)] for label in range(partition.count)]
    marked = sum(unit.marker in (Marker.NUMBER, Marker.LETTER) for unit in firsts)
    return 0.8 if marked == partition.count else 0.6 if partition.count == 2 else 0.5
