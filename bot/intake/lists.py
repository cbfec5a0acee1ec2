"""List logic: which list items begin requests of their own, and which are steps, names or demands of one request."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.intake.clean import SILENT, ZoneKind
from bot.intake.lexicon.asks import SEVERAL_HEAD, STEPS_HEAD
from bot.intake.signals import read_signals
from bot.intake.text import whole
from bot.intake.units import Joint, Marker, Unit

_STEPS = whole(STEPS_HEAD)
_SEVERAL = whole(SEVERAL_HEAD)
_FIRST_PERSON = re.compile(
    r"(?:[а-яіїєґ']{1,40}(?:юю|аю|яю|ую|юся|уюсь|ював|увала|ила)|open|press|click|enter|select|відкри\w+|натис\w+|вибира\w+)(?![^\W_])"
)
_ONE_THING = re.compile(r"(?<![^\W_])(?:звіт\w*|отчет\w*|форм\w+|друк\w+|документ\w*|довідник\w*|обробк\w+|report|form)(?![^\W_])")


def list_items(folded: str, units: Sequence[Unit], zones: Sequence[ZoneKind | None]) -> dict[int, bool]:
    """Unit number → whether it begins a request of its own, for each unit that begins an item of a list of two or more."""
    verdicts: dict[int, bool] = {}
    for family in _families(units, zones):
        apart = _is_several(folded, units, family)
        for number in family:
            # The outer list wins over a list inside one of its items.
            verdicts.setdefault(number, apart)
    return verdicts


def _families(units: Sequence[Unit], zones: Sequence[ZoneKind | None]) -> list[list[int]]:
    """Runs of items with one kind of mark, outer families first; a deeper kind inside an item is a family of its own."""
    runs: dict[tuple[Marker, int], list[list[int]]] = {}
    order: list[Marker] = []
    for number, unit in enumerate(units):
        if unit.marker is Marker.NONE or zones[number] in SILENT:
            continue
        key = (unit.marker, min(unit.indent, 1))
        if unit.marker not in order:
            order.append(unit.marker)
        open_runs = runs.setdefault(key, [[]])
        last = open_runs[-1]
        if last and unit.number and unit.number <= units[last[-1]].number and unit.marker is not Marker.BULLET:
            open_runs.append([number])
        else:
            last.append(number)
    families = [run for key_runs in runs.values() for run in key_runs if len(run) > 1]
    outer = order[0] if order else Marker.NONE
    kept: list[list[int]] = []
    for family in sorted(families, key=lambda run: (units[run[0]].marker is not outer, units[run[0]].indent, run[0])):
        inside = any(other[0] < family[0] and units[other[0]].marker is not units[family[0]].marker for other in kept)
        kept.append(family)
        if inside or (units[family[0]].indent and len(families) > 1 and family is not families[0]):
            kept[-1] = []
    return [family for family in kept if family]


def _is_several(folded: str, units: Sequence[Unit], family: Sequence[int]) -> bool:
    """Whether the items of a list are requests of their own."""
    head = folded[: units[family[0]].start]
    lead = head[max(head.rfind("\n\n"), len(head) - 220, 0) :].strip()
    sentence = re.split(r"[.!?\n]\s", lead)[-1]
    items = [_item_text(folded, units, family, index) for index in range(len(family))]
    signals = [read_signals(item) for item in items]
    speaking = sum(one.says_something for one in signals) / len(items)
    if _SEVERAL.search(lead):
        return True
    if units[family[0]].joint is Joint.ITEM and sum(bool(_FIRST_PERSON.match(item)) for item in items) * 2 >= len(items):
        return False
    if _STEPS.search(sentence) and lead.endswith((":", "-", "—")):
        return speaking >= 0.99 and not read_signals(sentence).asks
    own = sum(one.asks or one.fails for one in signals) / len(items)
    if lead.endswith(":") and read_signals(sentence).asks and (_ONE_THING.search(sentence) or own < 0.5):
        return False
    if sum(bool(_FIRST_PERSON.match(item)) for item in items) * 2 > len(items):
        return False
    short = sum(one.words <= 4 for one in signals) / len(items)
    if short > 0.7 and speaking < 0.5:
        return False
    return speaking >= 0.4


def _item_text(folded: str, units: Sequence[Unit], family: Sequence[int], index: int) -> str:
    number = family[index]
    start = units[number].body_start
    if index + 1 < len(family):
        return folded[start : units[family[index + 1]].start]
    end = number + 1
    while end < len(units) and units[end].joint not in (Joint.LINE, Joint.PARAGRAPH):
        end += 1
    return folded[start : units[end - 1].end]
