"""The first opinion on how a message divides: rules with list logic and ask detection.

A partition says for each unit whose it is: the number of a ticket, or NOISE, or SHARED. The rules judge sentence by
sentence whether it starts a new request: a sum of named grounds against a threshold. They prefer one ticket: a wrong
split costs the desk more than none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.intake.clean import SILENT, Zone, ZoneKind, is_closing, sentence_kind
from bot.intake.lists import list_items
from bot.intake.signals import Signals, read_signals
from bot.intake.units import STRENGTH, Joint, Unit

NOISE = -1
SHARED = -2

LIMIT = 3_000  # characters of one sentence that are read

# Grounds for and against "here begins another request".
ADDS = 2.2
JOINTS = {Joint.PARAGRAPH: 1.3, Joint.LINE: 0.7, Joint.SEMICOLON: 0.7, Joint.SLASH: 1.0}
CHAT_LINE = 0.2
ASKS = 0.8
FAILS = 0.7
BOTH_ASK = 0.6
CONTINUES = -2.2
POINTS_BACK = -1.4
SAME_WORDS = -0.7
SAYS_NOTHING = -2.0
TOO_SHORT = -1.0
NOTHING_BEFORE = -3.0
THRESHOLD = 1.6


@dataclass(frozen=True, slots=True, kw_only=True)
class Partition:
    """`labels[n]` is the ticket number of unit n (0, 1, … in text order), NOISE or SHARED; `because` explains it in a sentence.

    `kinds[n]` says what a unit is that is not part of a request: a greeting, thanks, a signature …
    """

    labels: tuple[int, ...]
    kinds: tuple[ZoneKind | None, ...]
    because: str

    @property
    def count(self) -> int:
        """How many tickets there are."""
        return max(self.labels, default=NOISE) + 1 if any(label >= 0 for label in self.labels) else 0


@dataclass(frozen=True, slots=True)
class Sentence:
    """Units `first` up to `last` (exclusive) that are read as one sentence: what it shows, what kind of stretch it is.

    `silent`: it cannot be a request or part of one.
    """

    first: int
    last: int
    joint: Joint
    signals: Signals
    kind: ZoneKind | None
    silent: bool


def divide(folded: str, units: Sequence[Unit], zones: Sequence[Zone], *, is_chat: bool) -> Partition:
    """The rules' partition of the units of a folded text."""
    silent = unit_zones(units, zones)
    items = list_items(folded, units, silent)
    sentences = _sentences(folded, units, silent, items)
    kinds = list(silent)
    for sentence in sentences:
        kinds[sentence.first : sentence.last] = [sentence.kind] * (sentence.last - sentence.first)
    spoken = [sentence for sentence in sentences if not sentence.silent]
    if is_closing([folded[units[one.first].start : units[one.last - 1].end][:LIMIT] for one in spoken]):
        return Partition(labels=(NOISE,) * len(units), kinds=tuple(kinds), because=_because(0, []))
    tickets: list[list[Sentence]] = []
    shared: list[Sentence] = []
    grounds: list[str] = []
    for sentence in spoken:
        told = [one.signals for one in tickets[-1]] if tickets else []
        item = items.get(sentence.first)
        if item and told and tickets[-1][0].first not in items and _is_lead(folded, units, tickets[-1]):
            # What leads into a list of requests is theirs in common, not one of them.
            shared += tickets.pop()
            told = []
        starts, ground = _starts_new(sentence, told, item, is_chat=is_chat)
        if starts:
            tickets.append([])
            grounds.append(ground)
        tickets[-1].append(sentence)
    labels = [NOISE] * len(units)
    for label, group in [(SHARED, shared), *enumerate(tickets)]:
        for sentence in group:
            labels[sentence.first : sentence.last] = [label] * (sentence.last - sentence.first)
    return Partition(labels=tuple(labels), kinds=tuple(kinds), because=_because(len(tickets), grounds[1:]))


def _is_lead(folded: str, units: Sequence[Unit], sentences: Sequence[Sentence]) -> bool:
    """Whether the words before a list only lead into it."""
    said = folded[: units[sentences[-1].last - 1].body_end].rstrip()
    return said.endswith((":", "-", "—")) or not any(one.signals.asks or one.signals.question for one in sentences)


def unit_zones(units: Sequence[Unit], zones: Sequence[Zone]) -> list[ZoneKind | None]:
    """For each unit the kind of the zone that its first words lie in."""
    kinds: list[ZoneKind | None] = []
    at = 0
    for unit in units:
        while at < len(zones) and zones[at].end <= unit.body_start:
            at += 1
        inside = at < len(zones) and zones[at].start <= unit.body_start
        kinds.append(zones[at].kind if inside else None)
    return kinds


def _sentences(folded: str, units: Sequence[Unit], silent: Sequence[ZoneKind | None], items: dict[int, bool]) -> list[Sentence]:
    """Units joined to sentences: cut at strong joints, at list items, and before clauses that add a request."""
    found: list[Sentence] = []
    first = 0
    for number in range(1, len(units) + 1):
        if number < len(units) and not _breaks(folded, units, number, items) and silent[number] == silent[first]:
            continue
        found.append(_sentence(folded, units, first, number, silent[first]))
        first = number
    return found


def _breaks(folded: str, units: Sequence[Unit], number: int, items: dict[int, bool]) -> bool:
    unit = units[number]
    if number in items or STRENGTH[unit.joint] >= STRENGTH[Joint.SLASH]:
        return True
    before, after = folded[units[number - 1].start : unit.start][:LIMIT], folded[unit.body_start : unit.body_end][:LIMIT]
    if unit.joint is Joint.COMMA and units[number - 1].joint in (Joint.START, Joint.PARAGRAPH, Joint.LINE):
        return sentence_kind(before) in (ZoneKind.GREETING, ZoneKind.THANKS)
    signals = read_signals(after)
    return signals.adds_inside and (signals.says_something or signals.words >= 3)


def _sentence(folded: str, units: Sequence[Unit], first: int, last: int, zone: ZoneKind | None) -> Sentence:
    start = units[first].body_start
    said = folded[start : min(units[last - 1].body_end, start + LIMIT)]
    signals = read_signals(said)
    kind = zone or sentence_kind(said)
    if kind is ZoneKind.WITHDRAWN and len(units) > 6:
        kind = None
    silent = kind in SILENT or kind is ZoneKind.SUBJECT or signals.words == 0
    return Sentence(first, last, units[first].joint, signals, kind, silent)


def _starts_new(sentence: Sentence, told: list[Signals], item: bool | None, *, is_chat: bool) -> tuple[bool, str]:
    """Whether the sentence starts another ticket, and on what ground."""
    if not told:
        return True, ""
    if item is not None:
        return item and any(one.says_something or one.words > 2 for one in told), "пункт списку"
    mine = sentence.signals
    score = ADDS * mine.adds + ASKS * (mine.asks or mine.question) + FAILS * mine.fails
    score += JOINTS.get(sentence.joint, 0.0) + CHAT_LINE * (is_chat and sentence.joint is Joint.LINE)
    before = frozenset().union(*(one.stems for one in told))
    score += BOTH_ASK * (mine.asks and any(one.asks or one.question for one in told))
    score += CONTINUES * mine.continues + POINTS_BACK * mine.points_back
    score += max(-2.0, SAME_WORDS * len(mine.stems & before))
    score += SAYS_NOTHING * (not mine.says_something) + TOO_SHORT * (mine.words < 3)
    score += NOTHING_BEFORE * (not any(one.says_something for one in told))
    return score >= THRESHOLD, "доповнення" if mine.adds else "ще одне прохання"


def _because(count: int, grounds: list[str]) -> str:
    if count == 0:
        return "прохання немає"
    if count == 1:
        return "одне питання: ніщо не вказує на друге"
    kinds = sorted(set(grounds))
    return f"питань: {count} (" + ", ".join(f"{grounds.count(kind)} × {kind}" for kind in kinds) + ")"
