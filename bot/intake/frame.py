"""The frame of a message: the greeting above, signature, footer and quoted history below. It is taken off before anything is judged.

So the same request means the same whether its author says good day and signs, or does not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.intake.clean import SILENT, ZoneKind, sentence_kind
from bot.intake.rules import NOISE, Partition
from bot.intake.text import WORD
from bot.intake.units import Joint, Unit

LONGEST_NAME = 3  # words: "пані Олено Петрівно"


@dataclass(frozen=True, slots=True, kw_only=True)
class Framed:
    """The `inner` units of a message, the first of them as if it stood first; the kinds of those taken off above and below."""

    inner: tuple[Unit, ...]
    before: tuple[ZoneKind | None, ...]
    after: tuple[ZoneKind | None, ...]

    def put_back(self, partition: Partition) -> Partition:
        """The partition of the inner units as one of all units."""
        labels = ((NOISE,) * len(self.before), partition.labels, (NOISE,) * len(self.after))
        return replace(partition, labels=sum(labels, ()), kinds=(*self.before, *partition.kinds, *self.after))


def take_off(text: str, folded: str, units: Sequence[Unit], kinds: Sequence[ZoneKind | None]) -> Framed:
    """The units without the frame; `kinds` are the zones that they lie in."""
    last = len(units)
    while last and kinds[last - 1] in SILENT:
        last -= 1
    first = 0
    while first < last and kinds[first] is None and _greets(text, folded, units, first):
        first += 1
    inner = tuple(units[first:last])
    if first and inner:
        inner = (replace(inner[0], joint=Joint.START), *inner[1:])
    return Framed(inner=inner, before=(ZoneKind.GREETING,) * first, after=tuple(kinds[last:]))


def _greets(text: str, folded: str, units: Sequence[Unit], number: int) -> bool:
    """Whether the unit is a greeting, or the name of the one who is greeted ("Доброго дня, пані Олено!")."""
    unit = units[number]
    if sentence_kind(folded[unit.body_start : unit.body_end]) is ZoneKind.GREETING:
        return True
    words = WORD.findall(text[unit.body_start : unit.body_end])
    named = number > 0 and unit.joint is Joint.COMMA and 0 < len(words) <= LONGEST_NAME and words[-1][0].isupper()
    return named and all(word[0].isupper() or word in ("пані", "пане", "шановна", "шановний") for word in words)
