"""Charts as plain geometry for inline SVG: columns, a histogram with the promise as a line, rows of shares. Pure; templates draw them.

A chart reads without colour: what was late is hatched, what is not decided is an outline, every column carries its number. It has a title
and a sentence for who does not see it, and the page puts the table of the same numbers beside it. Units are those of the viewBox.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import count

WIDTH = 560
HEIGHT = 230
LEFT, RIGHT, TOP, BOTTOM = 36, 12, 26, 30
WIDEST_COLUMN = 72
ROW = 34
NAME_WIDTH = 118
VALUE_WIDTH = 130
MOST_LINES = 5

KEPT, LATE, OPEN = "kept", "late", "open"
LOOKS = (KEPT, LATE, OPEN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A column: what stands under it, and how many were kept, late and not decided."""

    label: str
    kept: int
    late: int
    open: int = 0

    @property
    def total(self) -> int:
        return self.kept + self.late + self.open


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """A row: 0 to 1 of something (None: nothing to tell), and the words at its end."""

    label: str
    share: float | None
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A rectangle; `look` is one of `LOOKS` or "track"."""

    x: float
    y: float
    width: float
    height: float
    look: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """A text at a point; `anchor` as in SVG. `look` is "axis", "value" or "mark"."""

    x: float
    y: float
    text: str
    anchor: str = "middle"
    look: str = "axis"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A straight line; `look` is "grid", "base" or "mark"."""

    x1: float
    y1: float
    x2: float
    y2: float
    look: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """What to draw, in this order: lines, bars, words. `name` makes ids of the page unique."""

    name: str
    title: str
    told: str
    height: float
    lines: tuple[Line, ...]
    bars: tuple[Bar, ...]
    words: tuple[Word, ...]
    width: float = WIDTH


def columns(groups: Sequence[Group], *, name: str, title: str, told: str) -> Chart:
    """Stacked columns with their totals above."""
    slot = (WIDTH - LEFT - RIGHT) / max(1, len(groups))
    return _columns(groups, name=name, title=title, told=told, slot=slot, width=min(WIDEST_COLUMN, slot * 0.66))


def histogram(groups: Sequence[Group], *, name: str, title: str, told: str, mark_at: float | None, mark: str) -> Chart:
    """Columns side by side, a label at the left edge of every other one; `mark_at` is where the promise lies, in columns from the left."""
    slot = (WIDTH - LEFT - RIGHT) / max(1, len(groups))
    bare = [replace(group, label="") for group in groups]
    chart = _columns(bare, name=name, title=title, told=told, slot=slot, width=slot - 3)
    edges = tuple(
        Word(x=_round(LEFT + slot * number + 2), y=HEIGHT - BOTTOM + 18, text=group.label, anchor="middle")
        for number, group in enumerate(groups)
        if number % 2 == 0
    )
    chart = replace(chart, words=(*chart.words, *edges))
    if mark_at is None:
        return chart
    x = _round(LEFT + slot * mark_at)
    line = Line(x1=x, y1=TOP - 12, x2=x, y2=HEIGHT - BOTTOM, look="mark")
    is_right = x > WIDTH * 0.6
    word = Word(x=x + (-6 if is_right else 6), y=TOP - 6, text=mark, anchor="end" if is_right else "start", look="mark")
    return replace(chart, lines=(*chart.lines, line), words=(*chart.words, word))


def shares(rows: Sequence[Share], *, name: str, title: str, told: str) -> Chart:
    """A row each: the whole as an outline, the share filled, its number at the end."""
    width = WIDTH - NAME_WIDTH - VALUE_WIDTH
    bars, words = [], []
    for number, row in enumerate(rows):
        y = number * ROW + 7
        middle = y + 14
        bars.append(Bar(x=NAME_WIDTH, y=y, width=width, height=19, look="track"))
        if row.share:
            bars.append(Bar(x=NAME_WIDTH, y=y, width=_round(width * row.share), height=19, look=KEPT))
        words.append(Word(x=NAME_WIDTH - 10, y=middle, text=_shortened(row.label), anchor="end"))
        words.append(Word(x=WIDTH - VALUE_WIDTH + 10, y=middle, text=row.value, anchor="start", look="value"))
    return Chart(name=name, title=title, told=told, height=max(1, len(rows)) * ROW + 6, lines=(), bars=tuple(bars), words=tuple(words))


def _columns(groups: Sequence[Group], *, name: str, title: str, told: str, slot: float, width: float) -> Chart:
    step = _step(max((group.total for group in groups), default=0))
    top = step * max(1, -(-max((group.total for group in groups), default=0) // step))
    scale = (HEIGHT - TOP - BOTTOM) / top
    bars: list[Bar] = []
    words: list[Word] = [
        Word(x=LEFT - 7, y=_round(HEIGHT - BOTTOM - value * scale + 4), text=str(value), anchor="end") for value in range(0, top + 1, step)
    ]
    for number, group in enumerate(groups):
        x = _round(LEFT + slot * number + (slot - width) / 2)
        y = float(HEIGHT - BOTTOM)
        for look in LOOKS:
            height = getattr(group, look) * scale
            if height:
                y -= height
                bars.append(Bar(x=x, y=_round(y), width=_round(width), height=_round(height), look=look))
        if group.label:
            words.append(Word(x=_round(x + width / 2), y=HEIGHT - BOTTOM + 18, text=group.label))
        if group.total:
            words.append(Word(x=_round(x + width / 2), y=_round(y - 5), text=str(group.total), look="value"))
    return Chart(
        name=name, title=title, told=told, height=HEIGHT, lines=tuple(_grid(top, step, scale)), bars=tuple(bars), words=tuple(words)
    )


def _grid(top: int, step: int, scale: float) -> Iterator[Line]:
    for value in range(0, top + 1, step):
        y = _round(HEIGHT - BOTTOM - value * scale)
        yield Line(x1=LEFT, y1=y, x2=WIDTH - RIGHT, y2=y, look="base" if value == 0 else "grid")


def _step(most: int) -> int:
    """1, 2, 5, 10, 20, 50, …: the least that needs no more than five lines."""
    for power in count():
        for digit in (1, 2, 5):
            if most <= digit * 10**power * MOST_LINES:
                return int(digit * 10**power)
    raise AssertionError("every number has its step")


def _shortened(label: str) -> str:
    return label if len(label) <= 17 else label[:16] + "…"


def _round(value: float) -> float:
    return round(value, 1)
