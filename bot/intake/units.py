"""A text as numbered units: the smallest pieces a ticket can be made of.

Units are lines, list items, sentences and clauses. They tile the text: each character lies in exactly one unit, in
order, so a partition of unit numbers is a partition of the text and nothing can be lost between them (research of
the project: partition numbers, never text). What a unit means is decided elsewhere.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from bot.intake.lexicon.joints import ABBREVIATIONS, CLAUSE_OPENERS
from bot.intake.text import fold

# Beyond this many characters a text is not cut any more: the rest belongs to the last unit. Keeps hostile input cheap.
LIMIT = 12_000
MOST = 500  # units; likewise


class Joint(StrEnum):
    """What stands between a unit and the one before it, strongest first."""

    START = "start"
    PARAGRAPH = "paragraph"
    LINE = "line"
    ITEM = "item"
    SENTENCE = "sentence"
    SEMICOLON = "semicolon"
    SLASH = "slash"
    COLON = "colon"
    DASH = "dash"
    COMMA = "comma"
    WORD = "word"


STRENGTH = {joint: len(Joint) - rank for rank, joint in enumerate(Joint)}


class Marker(StrEnum):
    """The list mark a unit begins with."""

    NONE = ""
    NUMBER = "number"
    LETTER = "letter"
    BULLET = "bullet"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """Characters `start` to `end` of the text; `body_start` to `body_end` without list mark and outer blanks.

    `number` is the value of a numbered mark (1 for "1.", "а)", "a)"), 0 without one; `indent` counts the blanks that
    stand before it in its line.
    """

    start: int
    end: int
    body_start: int
    body_end: int
    joint: Joint
    marker: Marker = Marker.NONE
    number: int = 0
    indent: int = 0


_EMOJI = "\U0001f300-\U0001faff\u2600-\u27bf\u2b50"
_LETTER = re.compile(r"[^\W_]")
_LINE = re.compile(r"[\r\n\v\f\x85\u2028\u2029]\s*")
_SENTENCE = re.compile(
    rf"(?:(?P<dot>\.)(?![.!?…])|[.!?…]{{1,9}}|\){{2,9}}|\({{2,9}}|[{_EMOJI}]{{1,9}}\ufe0f?)[)\"'»”\]]{{0,3}}\s+"
    r"|[^\W\d_]{2}[.!?](?=[A-ZА-ЯІЇЄҐ][^\W\d_])"
)
_MARK = re.compile(r"(?P<comma>,)[\"»)]?\s+|(?P<semicolon>;)\s*|(?P<colon>:)\s+|\s(?P<dash>[—–-]{1,2})\s+|(?P<slash>\s[/|+]{1,2}\s*|/\s+)")
_OPENER = re.compile(r"(?<=\S)\s+(?=(?:" + "|".join(sorted(CLAUSE_OPENERS, key=len, reverse=True)) + r")\s)")
_INLINE = re.compile(r"(?<=\s)(?:\(?(?P<number>\d{1,2})[.)](?=\s|[^\W\d_])|(?P<keycap>\d)\ufe0f?\u20e3|(?P<letter>[а-зa-h])\)(?=\s))")
_CONJUNCTION = re.compile(r"(?:і|й|та|а|и|ну|о|ой|але|но|and|so|but|oh)\s+")
_SHELTER = re.compile(r"«[^«»\n]{0,200}»|\"[^\"\n]{0,120}\"|“[^”\n]{0,200}”|\([^()\n]{0,200}\)|https?://\S{1,300}")
_ITEM = re.compile(
    r"(?:\(?(?P<number>\d{1,2})(?:[.)](?!\d)|\s?[-–—:|](?=\s)|(?=️?⃣)️?⃣)\.?|(?P<letter>[а-яa-zіїє])\)|"
    rf"(?P<bullet>[-–—*•·▪◦●○■□►▸➤→+~✓✔✗☐☑‣∙]{{1,3}}\ufe0f?|[{_EMOJI}]\ufe0f?))\s*"
)
_LETTERS = {letter: index for row in ("абвгдежз", "abcdefgh") for index, letter in enumerate(row, 1)}
_LINE_JOINTS = frozenset({Joint.START, Joint.PARAGRAPH, Joint.LINE, Joint.ITEM})


def split_units(text: str) -> tuple[Unit, ...]:
    """The units of a text, in order, tiling it; empty only for an empty text. Never raises; linear time."""
    if not text:
        return ()
    head = text[:LIMIT]
    folded = fold(head)
    cuts = _cuts(head, folded)
    starts: list[tuple[int, Joint]] = [(0, Joint.START)]
    seen = _after_mark(head, 0, Joint.START)
    for position in sorted(cuts):
        if len(starts) == MOST:
            break
        joint = cuts[position]
        if joint is Joint.WORD and _CONJUNCTION.fullmatch(folded, starts[-1][0], position):
            continue  # "і ще …" begins with its conjunction
        if _LETTER.search(head, seen, position):
            starts.append((position, joint))
            seen = _after_mark(head, position, joint)
            continue
        # A piece without letters (a lone bullet, a smiley) belongs to what follows it.
        seen = max(seen, position)
        last, weaker = starts[-1]
        if weaker is not Joint.START and STRENGTH[joint] > STRENGTH[weaker]:
            starts[-1] = (last, joint)
    if len(starts) > 1 and not _LETTER.search(text, starts[-1][0]):
        starts.pop()
    ends = [start for start, _ in starts[1:]] + [len(text)]
    return tuple(_unit(text, start, end, joint) for (start, joint), end in zip(starts, ends, strict=True))


def _cuts(head: str, folded: str) -> dict[int, Joint]:
    """Possible unit starts with the strongest joint that stands at each."""
    cuts: dict[int, Joint] = {}
    sheltered = bytearray(len(head))
    for match in _SHELTER.finditer(head):
        sheltered[match.start() : match.end()] = b"\x01" * (match.end() - match.start())

    def add(position: int, joint: Joint) -> None:
        if 0 < position < len(head):
            known = cuts.get(position)
            if known is None or STRENGTH[joint] > STRENGTH[known]:
                cuts[position] = joint

    for match in _LINE.finditer(head):
        breaks = match.group().replace("\r\n", "\n").strip(" \t")
        add(match.end(), Joint.PARAGRAPH if len(breaks) > 1 else Joint.LINE)
    for match in _SENTENCE.finditer(head):
        if not sheltered[match.start()] and not (match["dot"] and _abbreviated(folded, match.start())):
            add(match.end(), Joint.SENTENCE)
    for match in _MARK.finditer(head):
        if not sheltered[match.start()]:
            kind = match.lastgroup or "comma"
            add(match.end(), Joint(kind))
    for match in _OPENER.finditer(folded):
        if not sheltered[match.start()]:
            add(match.end(), Joint.WORD)
    for position in _inline_items(folded):
        add(position, Joint.ITEM)
    return cuts


def _abbreviated(folded: str, dot: int) -> bool:
    """Whether the full stop at `dot` ends an abbreviation or an initial rather than a sentence."""
    start = dot
    while start > 0 and dot - start < 12 and (folded[start - 1].isalnum() or folded[start - 1] in "-'"):
        start -= 1
    word = folded[start:dot]
    if word in ABBREVIATIONS or (len(word) == 1 and word.isalpha()):
        return True
    return word.isdigit() and len(word) <= 2 and (start == 0 or folded[start - 1] in "\n\r(")


def _inline_items(folded: str) -> list[int]:
    """Starts of list marks inside a line, kept only when they count upwards from one ("1) … 2) …")."""
    found: list[int] = []
    expected = 1
    for match in _INLINE.finditer(" " + folded):
        value = int(match["number"] or match["keycap"] or _LETTERS.get(match["letter"] or "", 0))
        if value == expected or value == 1:
            expected = value + 1
            found.append(match.start() - 1)
    return found if expected > 2 else []


def _after_mark(text: str, start: int, joint: Joint) -> int:
    """Where the words of the unit that begins at `start` begin, after its list mark."""
    if joint not in _LINE_JOINTS:
        return start
    match = _ITEM.match(text, start)
    return match.end() if match else start


def _unit(text: str, start: int, end: int, joint: Joint) -> Unit:
    first = start
    while first < end and text[first].isspace():
        first += 1
    line = max(text.rfind("\n", max(0, first - 40), first), text.rfind("\r", max(0, first - 40), first)) + 1
    indent = first - line if line and joint in _LINE_JOINTS and text[line:first].isspace() else 0
    marker, number, body = Marker.NONE, 0, first
    match = _ITEM.match(text, first, min(end, first + 16)) if joint in _LINE_JOINTS else None
    if match:
        body = match.end()
        if match["number"]:
            marker, number = Marker.NUMBER, int(match["number"])
        elif match["letter"]:
            marker, number = Marker.LETTER, _LETTERS.get(match["letter"], 0)
        else:
            marker = Marker.BULLET
    last = end
    while last > body and text[last - 1].isspace():
        last -= 1
    return Unit(start=start, end=end, body_start=body, body_end=max(last, body), joint=joint, marker=marker, number=number, indent=indent)
