"""The report as JSON, as CSV and as a workbook. What people typed is data there, never a formula."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, TextIO
from zoneinfo import ZoneInfo

from bot.model import Priority
from bot.sla.claims import Urgency
from bot.sla.numbers import Entry, Line, Report
from bot.sla.stories import ClockStory
from bot.sla.words import KIND_WORDS, VERDICT_WORDS, VIEW_WORDS, WHY_WORDS, percent, view_name
from bot.texts import PRIORITY_WORDS, Translator

if TYPE_CHECKING:
    from openpyxl import Workbook

Cell = str | int | float | None
# A spreadsheet runs what begins like this (CSV injection).
ACTIVE = ("=", "+", "-", "@", "\t", "\r")
WIDEST = 60


def as_data(report: Report) -> dict[str, object]:
    """The report as plain JSON: instants in ISO 8601, lengths in seconds, shares 0 to 1."""
    return {
        "since": report.since.isoformat(),
        "until": report.until.isoformat(),
        "lines": [_line_data(line) for line in report.lines],
        "breaches": [_entry_data(entry) for entry in report.breaches],
        "tickets": [_entry_data(entry) for entry in report.entries],
        "urgency": [
            {
                "client": each.client,
                "contact": each.contact,
                "claimed": each.claimed,
                "upheld": each.upheld,
                "reasons": dict(zip(("1", "2", "3"), each.reasons, strict=True)),
                "upheld_by_reason": dict(zip(("1", "2", "3"), each.upheld_reasons, strict=True)),
                "unstated": each.unstated,
                "denied": each.denied,
            }
            for each in report.urgency
        ],
    }


def _line_data(line: Line) -> dict[str, object]:
    return {
        "kind": line.kind.value,
        "by": line.by,
        "name": line.name,
        "in_time": line.in_time,
        "late": line.late,
        "running": line.running,
        "dropped": line.dropped,
        "share": line.share,
        "median": _seconds(line.median),
        "ninth_decile": _seconds(line.ninth),
    }


def _entry_data(entry: Entry) -> dict[str, object]:
    return {
        "ticket": entry.ticket_id,
        "title": entry.title,
        "client": entry.client,
        "channel": entry.channel,
        "agent": entry.agent,
        "kind": entry.kind.value,
        "priority": entry.priority.value,
        "started_at": entry.started_at.isoformat(),
        "due_at": entry.due_at.isoformat(),
        "met_at": _iso(entry.met_at),
        "verdict": entry.verdict.value,
        "target": _seconds(entry.target),
        "rule": entry.rule,
        "used": _seconds(entry.used),
        "reaction": _seconds(entry.reaction),
        "allowed": _seconds(entry.allowed),
        "over": _seconds(entry.over),
        "why": entry.why.value if entry.why else None,
        "moved": entry.moved,
    }


def story_data(story: ClockStory) -> dict[str, object]:
    """The ledger of one clock as plain JSON, in the same units."""
    return {
        "clock": story.clock_id,
        "kind": story.kind.value,
        "priority": story.priority.value,
        "rule": story.rule,
        "time": _seconds(story.time),
        "calendar": story.calendar,
        "started_at": story.started_at.isoformat(),
        "due_at": story.due_at.isoformat(),
        "met_at": _iso(story.met_at),
        "agent": story.agent,
        "verdict": story.verdict.value,
        "why": story.why.value if story.why else None,
        "used": _seconds(story.used),
        "reaction": _seconds(story.reaction),
        "over": _seconds(story.over),
        "next_nudge_at": _iso(story.next_nudge_at),
        "steps": [
            {
                "kind": step.kind.value,
                "at": step.at.isoformat(),
                "who": step.who,
                "because": step.because,
                "from": _iso(step.from_at),
                "to": _iso(step.to_at),
                "count": step.count,
            }
            for step in story.steps
        ],
    }


def _seconds(span: timedelta | None) -> float | None:
    return None if span is None else span.total_seconds()


def _iso(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()


def line_rows(report: Report, say: Translator) -> list[Sequence[Cell]]:
    """The lines of the report under their heading; lengths in minutes of desk time."""
    heading = (
        say("строк"),
        say("розріз"),
        say("назва"),
        say("вчасно"),
        say("із запізненням"),
        say("ще йдуть"),
        say("знято"),
        say("частка"),
        say("медіана, хв"),
        say("9 із 10 до, хв"),
    )
    return [heading, *(_line_row(line, say) for line in report.lines)]


def _line_row(line: Line, say: Translator) -> Sequence[Cell]:
    return (
        say(KIND_WORDS[line.kind]),
        say(VIEW_WORDS[line.by]),
        view_name(line, say),
        line.in_time,
        line.late,
        line.running,
        line.dropped,
        percent(line.share),
        _minutes(line.median),
        _minutes(line.ninth),
    )


def write_csv(report: Report, to: TextIO, say: Translator) -> None:
    """The lines of the report."""
    writer = csv.writer(to, lineterminator="\n")
    writer.writerows([_harmless(cell) for cell in row] for row in line_rows(report, say))


def workbook(report: Report, zone: ZoneInfo, say: Translator) -> Workbook:
    """Four sheets: the lines, every promise, the breaches, the claims of urgency."""
    from openpyxl import Workbook

    book = Workbook()
    book.remove(book.worksheets[0])
    _sheet(book, say("Підсумки"), line_rows(report, say))
    _sheet(book, say("Строки"), _entry_rows(report.entries, zone, say))
    _sheet(book, say("Порушення"), _entry_rows(report.breaches, zone, say))
    _sheet(book, say("Термінові"), claim_rows(report, say))
    return book


def claim_rows(report: Report, say: Translator) -> list[Sequence[Cell]]:
    """Who called what urgent, under a heading; of each reason how many, and how many of these stood."""
    heading = (
        *(say("клієнт"), say("хто"), say("заявлено"), say("підтверджено"), say("частка")),
        *(cell for n in "123" for cell in (say("причина {n}").format(n=n), say("із них підтверджено"))),
        *(say("без причини"), say("жодної з причин")),
    )
    return [heading, *(_claim_row(each) for each in report.urgency)]


def _claim_row(each: Urgency) -> Sequence[Cell]:
    by_reason = [count for pair in zip(each.reasons, each.upheld_reasons, strict=True) for count in pair]
    return (each.client, each.contact, each.claimed, each.upheld, percent(each.share), *by_reason, each.unstated, each.denied)


def _entry_rows(entries: Sequence[Entry], zone: ZoneInfo, say: Translator) -> list[Sequence[Cell]]:
    heading = (
        say("звернення"),
        say("тема"),
        say("клієнт"),
        say("канал"),
        say("співробітник"),
        say("строк"),
        say("критичність"),
        say("отримано"),
        say("відреагувати до"),
        say("відповідь"),
        say("підсумок"),
        say("пораховано, хв"),
        say("реакція, хв"),
        say("понад строк, хв"),
        say("чому"),
        say("перенесено разів"),
        say("правило"),
    )
    return [heading, *(_entry_row(each, zone, say) for each in entries)]


def _entry_row(entry: Entry, zone: ZoneInfo, say: Translator) -> Sequence[Cell]:
    return (
        entry.ticket_id,
        entry.title,
        entry.client,
        entry.channel,
        entry.agent,
        say(KIND_WORDS[entry.kind]),
        say(PRIORITY_WORDS[Priority(entry.priority)]),
        _local(entry.started_at, zone),
        _local(entry.due_at, zone),
        _local(entry.met_at, zone),
        say(VERDICT_WORDS[entry.verdict.value]),
        _minutes(entry.used),
        _minutes(entry.reaction),
        _minutes(entry.over),
        say(WHY_WORDS[entry.why.value]) if entry.why else "",
        entry.moved,
        entry.rule,
    )


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
