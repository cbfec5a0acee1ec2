"""`sla`: a month's promises in numbers, on the terminal, as JSON, CSV or a workbook."""

from __future__ import annotations

import json
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from bot.commands.store import with_storage
from bot.commands.terminal import ConfigOption, fail, language, out, table, words
from bot.model import ClockKind, Priority
from bot.texts import PRIORITY_WORDS, duration, moment

if TYPE_CHECKING:
    from bot.config import Settings
    from bot.ports import Storage
    from bot.sla.numbers import Entry, Line, Report

_ = words()

KIND_WORDS = {ClockKind.REACTION: _("реакція"), ClockKind.NEXT_ANSWER: _("наступна відповідь"), ClockKind.SOLUTION: _("вирішення")}
VIEW_WORDS = {"all": _("усі"), "client": _("клієнт"), "agent": _("співробітник"), "channel": _("канал"), "priority": _("критичність")}
WHY_WORDS = {"not_taken": _("до строку ніхто не взяв"), "taken_silent": _("узято, але строк минув без відповіді")}


def sla(
    month: Annotated[str, typer.Option(metavar=_("РРРР-ММ"), help=_("Який місяць, за часом служби."))],
    client: Annotated[str | None, typer.Option(metavar=_("НАЗВА"), help=_("Лише цей клієнт."))] = None,
    as_json: Annotated[bool, typer.Option("--json", help=_("Усе як JSON."))] = False,
    csv: Annotated[bool, typer.Option("--csv", help=_("Підсумки як CSV."))] = False,
    xlsx: Annotated[Path | None, typer.Option(metavar=_("ФАЙЛ"), help=_("Книга: підсумки, строки, порушення, термінові."))] = None,
    config: ConfigOption = None,
) -> None:
    async def work(storage: Storage, settings: Settings) -> tuple[Report, ZoneInfo]:
        return await _report(storage, settings, month, client)

    report, zone = with_storage(config, work)
    if as_json:
        out(json.dumps(as_data(report), ensure_ascii=False, indent=1))
    elif csv:
        from bot.commands.sla_sheets import write_csv

        write_csv(report, sys.stdout)
    elif xlsx is not None:
        from bot.commands.sla_sheets import workbook

        try:
            workbook(report, zone).save(xlsx)
        except OSError as error:
            fail(_("Не вдалося записати {path}: {reason}.").format(path=xlsx, reason=error.strerror or error))
        out(_("Записано: {path}.").format(path=xlsx))
    else:
        _tell(report, zone)


async def _report(storage: Storage, settings: Settings, month: str, client: str | None) -> tuple[Report, ZoneInfo]:
    from bot.clock import SystemClock
    from bot.config import build_policy
    from bot.errors import NotFound
    from bot.sla.closures import closed_during
    from bot.sla.ledger import month_bounds, read_report

    zone = ZoneInfo(settings.desk.zone)
    since, until = month_bounds(month, zone)
    async with storage.read() as uow:
        closures = await uow.closures.all()
        found = await uow.people.client_named(client) if client is not None else None
    if client is not None and found is None:
        raise NotFound("Клієнта «{name}» немає.", name=client)
    policy = closed_during(build_policy(settings.sla, zone=settings.desk.zone), closures)
    name = found.name if found else None
    return await read_report(storage, policy, since=since, until=until, now=SystemClock().now(), client=name), zone


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
                "claimed": each.claimed,
                "upheld": each.upheld,
                "reasons": dict(zip(("1", "2", "3"), each.reasons, strict=True)),
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
        "used": _seconds(entry.used),
        "reaction": _seconds(entry.reaction),
        "over": _seconds(entry.over),
        "why": entry.why.value if entry.why else None,
        "moved": entry.moved,
    }


def _seconds(span: timedelta | None) -> float | None:
    return None if span is None else span.total_seconds()


def _iso(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()


def view_name(line: Line) -> str:
    """What a line is about, in words."""
    if line.by == "priority":
        return _(PRIORITY_WORDS[Priority(line.name)])
    return line.name or ("" if line.by == "all" else "—")


def percent(share: float | None) -> str:
    """Rounded down: a month with a breach is never 100 %."""
    return "—" if share is None else f"{int(share * 1000) / 10:.1f} %"


def _span(span: timedelta | None) -> str:
    return "—" if span is None else duration(span, language=language())


def _tell(report: Report, zone: ZoneInfo) -> None:
    if not report.lines:
        out(_("За цей місяць немає жодного строку."))
        return
    heading = (_("строк"), _("розріз"), "", _("вчасно"), _("із запізненням"), _("частка"), _("медіана"), _("9 із 10 до"), _("ще йдуть"))
    table(heading, [_cells(line) for line in report.lines])
    if report.breaches:
        out()
        out(_("Порушені строки:"))
        for each in report.breaches:
            out(f"  {_breach(each, zone)}")
    if report.urgency:
        out()
        out(_("Термінові за словами клієнтів:"))
        claims = (_("клієнт"), _("заявлено"), _("підтверджено"), "1", "2", "3", _("без причини"), _("жодної"))
        rows = [
            (each.client or "—", *(str(n) for n in (each.claimed, each.upheld, *each.reasons, each.unstated, each.denied)))
            for each in report.urgency
        ]
        table(claims, rows)


def _cells(line: Line) -> tuple[str, ...]:
    return (
        KIND_WORDS[line.kind],
        VIEW_WORDS[line.by],
        view_name(line),
        str(line.in_time),
        str(line.late),
        percent(line.share),
        _span(line.median),
        _span(line.ninth),
        str(line.running),
    )


def _breach(entry: Entry, zone: ZoneInfo) -> str:
    due = moment(entry.due_at, zone=zone, language=language())
    met = moment(entry.met_at, zone=zone, language=language()) if entry.met_at else _("досі немає")
    why = WHY_WORDS[entry.why.value] if entry.why else ""
    return _("№{id} {title} ({client}): до {due}, відповідь: {met}, {agent}; понад строк {over} робочого часу, {why}").format(
        id=entry.ticket_id,
        title=entry.title,
        client=entry.client or "—",
        due=due,
        met=met,
        agent=entry.agent or "—",
        over=_span(entry.over),
        why=why,
    )
