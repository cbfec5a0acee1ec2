"""Whether a division of an example is right as a whole: each labelled request matched one to one, overlap 0.7 or more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from bot.intake.labeller import OUTSIDE, STARTS
from train.examples import Example

OVERLAP = 0.7


def is_exact(example: Example, labels: Sequence[int]) -> bool:
    """The measure "exact": letters and digits count; those labelled noise or shared are left out on both sides."""
    gold, found = _gold(example), _found(example, labels)
    if len(gold) != len(found):
        return False
    return sum(any(_overlap(one, other) >= OVERLAP for other in found) for one in gold) == len(gold)


def _overlap(one: set[int], other: set[int]) -> float:
    union = len(one | other)
    return len(one & other) / union if union else 0.0


def _letters(example: Example) -> set[int]:
    message = example.message
    text = message["text"]
    silent = {at for start, end in [*message["noise"], *message["shared"]] for at in range(start, end)}
    return {at for at, sign in enumerate(text) if sign.isalnum() and at not in silent}


def _gold(example: Example) -> list[set[int]]:
    letters = _letters(example)
    return [{at for start, end in ticket["spans"] for at in range(start, end)} & letters for ticket in example.message["tickets"]]


def _found(example: Example, labels: Sequence[int]) -> list[set[int]]:
    letters = _letters(example)
    parts: list[set[int]] = []
    for number, label in zip(example.spoken, labels, strict=True):
        if label == STARTS:
            parts.append(set())
        if label != OUTSIDE and parts:
            unit = example.units[number]
            parts[-1] |= set(range(unit.body_start, unit.body_end))
    return [part & letters for part in parts]


@dataclass(slots=True)
class Tally:
    """Figures over many messages, counted like the project's scorer counts them."""

    messages: int = 0
    exact: int = 0
    over: int = 0
    under: int = 0
    gold: int = 0
    found: int = 0
    hits: int = 0
    letters: int = 0
    lost: int = 0
    acted: int = 0
    acted_right: int = 0
    kinds: dict[str, list[int]] = field(default_factory=dict)

    def add(self, example: Example, labels: Sequence[int], *, act: bool) -> None:
        """Counts one division of one example; `act`: it would be carried out without asking."""
        gold, found = _gold(example), _found(example, labels)
        hits = sum(any(_overlap(one, other) >= OVERLAP for other in found) for one in gold)
        right = len(gold) == len(found) == hits
        kind = "none" if not gold else "single" if len(gold) == 1 else "several"
        counted = self.kinds.setdefault(kind, [0, 0])
        counted[0] += right
        counted[1] += 1
        self.messages += 1
        self.exact += right
        self.over += len(found) > len(gold)
        self.under += len(found) < len(gold)
        self.gold += len(gold)
        self.found += len(found)
        self.hits += hits
        self.letters += sum(map(len, gold))
        self.lost += sum(len(one - set().union(*found)) for one in gold)
        self.acted += act
        self.acted_right += act and right

    def row(self) -> str:
        """The figures as cells of a table."""
        kinds = [self.kinds.get(kind, [0, 0]) for kind in ("single", "several", "none")]
        cells = [self.exact / self.messages, *(right / total if total else None for right, total in kinds)]
        cells += [2 * self.hits / max(self.gold + self.found, 1), self.over / self.messages, self.under / self.messages]
        cells += [self.lost / max(self.letters, 1), self.acted / self.messages if self.acted else None]
        cells += [self.acted_right / self.acted if self.acted else None]
        return " | ".join("–" if cell is None else f"{cell:.3f}" for cell in cells)
