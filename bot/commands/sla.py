"""`sla`: a month's promises in numbers, on the terminal, as JSON, CSV or a workbook."""

from __future__ import annotations

import json
import sys
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from bot.commands.store import with_storage
from bot.commands.terminal import ConfigOption, fail, language, out, table, words
from bot.texts import duration, moment

if TYPE_CHECKING:
    from bot.config import Settings
    from bot.ports import Storage, UnitOfWork
    from bot.sla.numbers import Entry, Line, Report
    from bot.sla.policy import Policy

_ = words()


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
        from bot.sla.sheets import as_data

        out(json.dumps(as_data(report), ensure_ascii=False, indent=1))
    elif csv:
        from bot.sla.sheets import write_csv

        write_csv(report, sys.stdout, _)
    elif xlsx is not None:
        from bot.sla.sheets import workbook

        try:
            workbook(report, zone, _).save(xlsx)
        except OSError as error:
            fail(_("Не вдалося записати {path}: {reason}.").format(path=xlsx, reason=error.strerror or error))
        out(_("Записано: {path}.").format(path=xlsx))
    else:
        _tell(report, zone)


async def _report(storage: Storage, settings: Settings, month: str, client: str | None) -> tuple[Report, ZoneInfo]:
    from bot.clock import SystemClock
    from bot.errors import NotFound
    from bot.sla.ledger import month_bounds, read_report

    zone = ZoneInfo(settings.desk.zone)
    since, until = month_bounds(month, zone)
    async with storage.read() as uow:
        policy = await policy_in_force(uow, settings)
        found = await uow.people.client_named(client) if client is not None else None
    if client is not None and found is None:
        raise NotFound("Клієнта «{name}» немає. Напишіть назву так, як у списку клієнтів.", name=client)
    name = found.name if found else None
    return await read_report(storage, policy, since=since, until=until, now=SystemClock().now(), client=name), zone


async def policy_in_force(uow: UnitOfWork, settings: Settings) -> Policy:
    """What is configured, with the emergency closings that are stored."""
    from bot.config import build_policy
    from bot.sla.closures import closed_during

    return closed_during(build_policy(settings.sla, zone=settings.desk.zone), await uow.closures.all())


def _span(span: timedelta | None) -> str:
    return "—" if span is None else duration(span, language=language())


def _tell(report: Report, zone: ZoneInfo) -> None:
    from bot.sla.sheets import claim_rows

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
        claims = claim_rows(report, _)
        table([str(each) for each in claims[0]], [[str(each) or "—" for each in row] for row in claims[1:]])


def _cells(line: Line) -> tuple[str, ...]:
    from bot.sla.words import KIND_WORDS, VIEW_WORDS, percent, view_name

    return (
        _(KIND_WORDS[line.kind]),
        _(VIEW_WORDS[line.by]),
        view_name(line, _),
        str(line.in_time),
        str(line.late),
        percent(line.share),
        _span(line.median),
        _span(line.ninth),
        str(line.running),
    )


def _breach(entry: Entry, zone: ZoneInfo) -> str:
    from bot.sla.words import WHY_WORDS

    due = moment(entry.due_at, zone=zone, language=language())
    met = moment(entry.met_at, zone=zone, language=language()) if entry.met_at else _("досі немає")
    why = _(WHY_WORDS[entry.why.value]) if entry.why else ""
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
