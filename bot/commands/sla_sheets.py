"""The month's numbers as CSV and as a workbook. What people typed is data there, never a formula."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, TextIO
from zoneinfo import ZoneInfo

from bot.commands.sla import KIND_WORDS, VIEW_WORDS, WHY_WORDS, percent, view_name
from bot.commands.terminal import words
from bot.model import Priority
from bot.texts import PRIORITY_WORDS

if TYPE_CHECKING:
    from openpyxl import Workbook

    from bot.sla.numbers import Entry, Report

_ = words()

Cell = str | int | float | None
VERDICT_WORDS = {"in_time": _("вчасно"), "late": _("із запізненням"), "running": _("ще йде"), "dropped": _("знято")}
# A spreadsheet runs what begins like this (CSV injection).
ACTIVE = ("=", "+", "-", "@", "\t", "\r")
WIDEST = 60


def line_rows(report: Report) -> list[Sequence[Cell]]:
    """The lines of the report under their heading; lengths in minutes of desk time."""
    heading = (
        *(_("строк"), _("розріз"), _("назва"), _("вчасно"), _("із запізненням"), _("ще йдуть"), _("знято"), _("частка")),
        *(_("медіана, хв"), _("9 із 10 до, хв")),
    )
    rows = [
        (
            *(KIND_WORDS[line.kind], VIEW_WORDS[line.by], view_name(line), line.in_time, line.late, line.running, line.dropped),
            *(percent(line.share), _minutes(line.median), _minutes(line.ninth)),
        )
        for line in report.lines
    ]
    return [heading, *rows]


def write_csv(report: Report, to: TextIO) -> None:
    writer = csv.writer(to, lineterminator="\n")
    writer.writerows([_harmless(cell) for cell in row] for row in line_rows(report))


def workbook(report: Report, zone: ZoneInfo) -> Workbook:
    """Four sheets: the lines, every promise, the breaches, the claims of urgency."""
    from openpyxl import Workbook

    book = Workbook()
    book.remove(book.worksheets[0])
    _sheet(book, _("Підсумки"), line_rows(report))
    _sheet(book, _("Строки"), _entry_rows(report.entries, zone))
    _sheet(book, _("Порушення"), _entry_rows(report.breaches, zone))
    heading = (_("клієнт"), _("заявлено"), _("підтверджено"), *("1", "2", "3"), _("без причини"), _("жодної"))
    _sheet(
        book,
        _("Термінові"),
        [heading, *((each.client, each.claimed, each.upheld, *each.reasons, each.unstated, each.denied) for each in report.urgency)],
    )
    return book


def _entry_rows(entries: Sequence[Entry], zone: ZoneInfo) -> list[Sequence[Cell]]:
    heading = (
        *(_("звернення"), _("тема"), _("клієнт"), _("канал"), _("співробітник"), _("строк"), _("критичність"), _("отримано")),
        *(_("відреагувати до"), _("відповідь"), _("підсумок"), _("пораховано, хв"), _("реакція, хв"), _("понад строк, хв"), _("чому")),
        _("перенесено разів"),
    )
    rows = [
        (
            *(
                each.ticket_id,
                each.title,
                each.client,
                each.channel,
                each.agent,
                KIND_WORDS[each.kind],
                _(PRIORITY_WORDS[Priority(each.priority)]),
            ),
            *(_local(each.started_at, zone), _local(each.due_at, zone), _local(each.met_at, zone), VERDICT_WORDS[each.verdict.value]),
            *(_minutes(each.used), _minutes(each.reaction), _minutes(each.over), WHY_WORDS[each.why.value] if each.why else "", each.moved),
        )
        for each in entries
    ]
    return [heading, *rows]


def _sheet(book: Workbook, title: str, rows: Sequence[Sequence[Cell]]) -> None:
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    sheet = book.create_sheet(title)
    for number, row in enumerate(rows, start=1):
        for column, value in enumerate(row, start=1):
            cell = sheet.cell(number, column)
            cell.value = ILLEGAL_CHARACTERS_RE.sub("\ufffd", value) if isinstance(value, str) else value
            if isinstance(value, str):
                # Text stays text, whatever it begins with.
                cell.data_type = "s"
            if number == 1:
                cell.font = Font(bold=True)
    for column in range(1, len(rows[0]) + 1):
        widest = max(len(str(row[column - 1] if row[column - 1] is not None else "")) for row in rows)
        sheet.column_dimensions[get_column_letter(column)].width = min(widest + 2, WIDEST)
    sheet.freeze_panes = "A2"
    sheet.auto_filter.ref = sheet.dimensions


def _harmless(cell: Cell) -> Cell:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(ACTIVE) else cell


def _minutes(span: timedelta | None) -> float | None:
    return None if span is None else round(span.total_seconds() / 60, 1)


def _local(at: datetime | None, zone: ZoneInfo) -> str:
    return "" if at is None else f"{at.astimezone(zone):%Y-%m-%d %H:%M:%S}"
