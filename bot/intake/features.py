"""What the trained labeller sees of a unit: hashed words and a row of plain facts.

Training and running both read this module, so a change here needs `make train`. Hashing is CRC-32: the same on every
machine and in every run.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from zlib import crc32

from bot.intake.clean import ZoneKind, sentence_kind
from bot.intake.rules import NOISE, SHARED, Partition
from bot.intake.signals import TOKEN, Signals, read_signals
from bot.intake.units import Joint, Marker, Unit

BUCKETS = 1 << 15
LONGEST = 1_000  # characters of one unit that are read
MOST_TOKENS = 50  # of one unit; a longer one says nothing new
_KINDS = (ZoneKind.GREETING, ZoneKind.THANKS, ZoneKind.CALL_BACK, ZoneKind.CALLER, ZoneKind.WITHDRAWN)
_ZONES = (ZoneKind.SUBJECT, ZoneKind.FORWARDED, ZoneKind.ERROR_TEXT)
_NEXT = (Joint.PARAGRAPH, Joint.LINE, Joint.ITEM, Joint.SENTENCE, Joint.COMMA, Joint.WORD, None)


def _one_of(each: object, all_of_them: Iterable[object]) -> tuple[float, ...]:
    """1 in the place of the one, 0 in the others. Floats: numpy takes them over twice as fast as truths."""
    return tuple(float(each is one) for one in all_of_them)


_JOINT_ROWS = {joint: _one_of(joint, Joint) for joint in Joint}
_MARKER_ROWS = {marker: _one_of(marker, Marker) for marker in Marker}
_NEXT_ROWS = {joint: _one_of(joint, _NEXT) for joint in (*Joint, None)}
_KIND_ROWS = {kind: _one_of(kind, _KINDS) for kind in (*ZoneKind, None)}
_ZONE_ROWS = {zone: _one_of(zone, _ZONES) for zone in (*ZoneKind, None)}


def bucket(name: str) -> int:
    """The bucket of a feature."""
    return crc32(name.encode("utf-8", "surrogatepass")) % BUCKETS


@lru_cache(maxsize=20_000)  # the words of one desk return
def _word(word: str) -> tuple[tuple[int, ...], bytes, int]:
    """The buckets of one token: itself, its beginning, its end, its trigrams; figures by their length. And of its pairs with others its
    half as the second, and the checksum of its half as the first, from which that of the pair goes on."""
    start = word[:5].encode("utf-8", "surrogatepass")
    return _parts(word), start, crc32(b"b" + start + b"_")


def _parts(word: str) -> tuple[int, ...]:
    if word.isdigit():
        return (bucket(f"#{min(len(word), 5)}"),)
    if not word[0].isalpha():
        return (bucket("." + word),)
    framed = f"<{word}>"
    names = ["w" + word[:14], "p" + word[:4], "q" + word[:5], "s" + word[-3:]]
    return tuple(bucket(name) for name in names + ["g" + framed[at : at + 3] for at in range(min(len(framed) - 2, 9))])


_FIRST_OF_ALL = crc32(b"b^_")


def hashed_words(folded: str) -> list[int]:
    """The buckets of a folded unit: its tokens, pairs of neighbours, and the first two by place. Never empty."""
    found: list[int] = []
    before = _FIRST_OF_ALL
    for place, token in enumerate(TOKEN.findall(folded)[:MOST_TOKENS]):
        parts, start, following = _word(token)
        found += parts
        found.append(crc32(start, before) % BUCKETS)
        if place < 2:
            found.append(bucket(f"f{place}{token[:6]}"))
        before = following
    return found or [0]


def unit_signals(folded: str, units: Sequence[Unit]) -> list[Signals]:
    """The signals of each unit's words."""
    return [read_signals(folded[unit.body_start : min(unit.body_end, unit.body_start + LONGEST)]) for unit in units]


def facts(
    folded: str,
    units: Sequence[Unit],
    all_signals: Sequence[Signals],
    zones: Sequence[ZoneKind | None],
    rules: Partition,
    channel: str,
) -> list[Sequence[float]]:
    """One row of numbers for each unit, about 0 to 1: layout, signals, the rules' opinion, likeness to what stands before."""
    rows: list[Sequence[float]] = []
    seen: set[str] = set()
    before: frozenset[str] = frozenset()
    started: set[int] = set()
    count, theirs = len(units), rules.count
    whole = (min(count, 30) / 30, channel in ("email", "mail"), channel == "phone", min(theirs, 6) / 5, theirs <= 1)
    for number, unit in enumerate(units):
        said = folded[unit.body_start : min(unit.body_end, unit.body_start + LONGEST)]
        signals = all_signals[number]
        kind = sentence_kind(said)
        label = rules.labels[number]
        following = units[number + 1].joint if number + 1 < count else None
        row = [
            *_JOINT_ROWS[unit.joint],
            *_MARKER_ROWS[unit.marker],
            *_NEXT_ROWS[following],
            *_KIND_ROWS[kind],
            *_ZONE_ROWS[zones[number]],
            signals.asks,
            signals.fails,
            signals.question,
            signals.adds,
            signals.adds_inside,
            signals.continues,
            signals.points_back,
            signals.words == 1,
            min(signals.words, 24) / 8,
            label >= 0 and label not in started,
            label == SHARED,
            label == NOISE,
            unit.number == 1,
            unit.number > 1,
            unit.indent > 0,
            number == 0,
            min(number, 10) / 10,
            *whole,
            said.endswith(":"),
            min(len(signals.stems & before), 4) / 2,
            min(len(signals.stems & seen), 6) / 3,
            min(len(signals.stems), 10) / 5,
        ]
        rows.append(row)
        started.add(label)
        before = signals.stems or before
        seen |= signals.stems
    return rows
