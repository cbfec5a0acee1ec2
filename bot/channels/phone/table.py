"""A CSV file that people made, row by row. Pure.

A quote that nobody closed must not swallow the rows after it: a quoted cell may span lines only when it is closed properly and none of
its lines is a row of its own. Otherwise the line is read alone, marked as broken, and the next line is a row again.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

# A cell of more lines than this is a quote that nobody closed.
MOST_LINES = 200
UNCLOSED = "unclosed"
TOO_LONG = "too_long"
# Asked with the cells of a line and the heading's.
IsRow = Callable[[list[str], list[str]], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """Cells and the number of the row's first line, 1 is the heading. With a `mistake` (UNCLOSED, TOO_LONG) the cells may be wrong."""

    number: int
    cells: list[str]
    mistake: str = ""


def read_rows(text: str, *, is_row: IsRow) -> Iterator[Row]:
    """The heading, then every row that has something in it. `is_row` says whether a line can only be a row of its own."""
    delimiter = delimiter_of(text)
    lines = list(io.StringIO(text.replace("\0", ""), newline=""))
    heading: list[str] = []
    at = 0
    while at < len(lines):
        cells, used, mistake = _row_at(lines, at, delimiter, heading, is_row)
        if not at:
            heading = cells
        if not at or mistake or any(cell.strip() for cell in cells):
            yield Row(number=at + 1, cells=cells, mistake=mistake)
        at += used


def _row_at(lines: Sequence[str], at: int, delimiter: str, heading: list[str], is_row: IsRow) -> tuple[list[str], int, str]:
    """(cells, how many lines they took, mistake)"""
    if '"' in lines[at]:
        reader = csv.reader(lines[at : at + MOST_LINES], delimiter=delimiter, strict=True)
        # Closed wrongly, never, or too far away: the line is read alone below.
        with suppress(csv.Error):
            cells = next(reader)
            if not any(is_row(_alone(line, delimiter)[0], heading) for line in lines[at + 1 : at + reader.line_num]):
                return cells, reader.line_num, ""
    cells, mistake = _alone(lines[at], delimiter)
    return cells, 1, mistake


def _alone(line: str, delimiter: str) -> tuple[list[str], str]:
    """The cells of one line by itself, and what is wrong with it."""
    # A quote that is open at the end of the line takes the empty one after it as well.
    reader = csv.reader([line.rstrip("\r\n"), ""], delimiter=delimiter)
    try:
        cells = next(reader, [])
    except csv.Error:
        return [line.rstrip("\r\n")], TOO_LONG
    return cells, UNCLOSED if reader.line_num > 1 else ""


def delimiter_of(text: str) -> str:
    """What separates the cells of a CSV text: whichever of comma, semicolon and tab its heading has most of."""
    heading = text.split("\n", 1)[0]
    return max(",;\t", key=heading.count)


def decoded(content: bytes) -> str:
    """The text of a file that an office program saved: UTF-8 or windows-1251."""
    for charset in ("utf-8-sig", "cp1251"):
        try:
            return content.decode(charset)
        except UnicodeDecodeError:
            continue
    return content.decode("utf-8", "replace")
