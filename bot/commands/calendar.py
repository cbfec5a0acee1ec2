"""`calendar`: when the desk works, what that means for deadlines, and dated exceptions from a calendar file or of Ukraine's holidays.

`import` and `suggest` print what belongs into the configuration and change nothing: what a desk promises, somebody chose.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from bot.commands.promises import say_examples
from bot.commands.terminal import ConfigOption, language, load_settings, note, out, read_bytes, table, words
from bot.errors import Misconfigured
from bot.texts import explain

if TYPE_CHECKING:
    from bot.sla.intervals import DayException
    from bot.sla.policy import Policy

_ = words()

app = typer.Typer(help=_("Календар служби: робочі години, винятки, приклади строків."), no_args_is_help=True)

WEEKDAYS = (_("пн"), _("вт"), _("ср"), _("чт"), _("пт"), _("сб"), _("нд"))


@app.command("show", help=_("Години найближчих тижнів і приклади строків для них, разом із винятками й надзвичайними закриттями."))
def show(
    weeks: Annotated[int, typer.Option(min=1, max=60, help=_("Скільки тижнів показати."))] = 2,
    config: ConfigOption = None,
) -> None:
    policy = _policy(config)
    zone = ZoneInfo(policy.desk_calendar.zone)
    monday = _monday(_today(zone))
    rows = [_day(policy, monday + timedelta(days=number)) for number in range(7 * weeks)]
    table((_("день"), "", *policy.calendars, _("виняток")), rows)
    out()
    say_examples(policy)


@app.command("import", help=_("Вихідні з файлу .ics як розділи [[sla.exceptions]] для config.toml."))
def import_file(
    file: Annotated[Path, typer.Argument(metavar=_("ФАЙЛ"), help=_("Календар у форматі iCalendar."))],
    year: Annotated[
        list[int] | None, typer.Option(min=1971, max=2099, help=_("За який рік (можна кілька); інакше цей і наступний."))
    ] = None,
    config: ConfigOption = None,
) -> None:
    from bot.sla.ical import days_off

    raw = read_bytes(file)
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Misconfigured("{path} має бути в кодуванні UTF-8. Збережіть файл наново в цьому кодуванні.", path=file) from None
    settings = load_settings(config)
    this = _today(ZoneInfo(settings.desk.zone)).year
    wanted = sorted(year or [this, this + 1])
    found = days_off(text, years=range(wanted[0], wanted[-1] + 1))
    known = {each.date for each in settings.sla.exceptions}
    days = [each for each in found.days if each.on.year in wanted]
    _blocks([each for each in days if each.on not in known])
    for mistake in found.left_out:
        note(explain(Misconfigured("Пропущено {mistake}.", mistake=mistake), language()))
    if again := sum(each.on in known for each in days):
        note(_("Уже є в налаштуваннях: {count}.").format(count=again))


@app.command("suggest", help=_("Державні свята України як розділи [[sla.exceptions]]: вирішуєте ви. Під час воєнного стану вони робочі."))
def suggest(
    year: Annotated[int, typer.Option(min=2024, max=2099, help=_("За який рік."))],
    martial_law: Annotated[bool, typer.Option("--martial-law/--peace", help=_("Чи діє воєнний стан."))] = True,
) -> None:
    from bot.sla.holidays import holidays

    if martial_law:
        note(_("Під час воєнного стану святкові дні робочі й не переносяться, тож вносити нема чого. Для мирного часу: --peace."))
        return
    _blocks(holidays(year))


def _policy(config: Path | None) -> Policy:
    """The policy with the closures that are in the store."""
    from bot.commands.store import with_storage
    from bot.config import Settings, build_policy
    from bot.ports import Storage
    from bot.sla.closures import closed_during

    async def work(storage: Storage, settings: Settings) -> Policy:
        async with storage.read() as uow:
            closures = await uow.closures.all()
        return closed_during(build_policy(settings.sla, zone=settings.desk.zone), closures)

    return with_storage(config, work)


def _today(zone: ZoneInfo) -> date:
    from bot.clock import SystemClock

    return SystemClock().now().astimezone(zone).date()


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _day(policy: Policy, day: date) -> tuple[str, ...]:
    exception = policy.desk_calendar.exception_on(day)
    hours = (", ".join(map(str, each.intervals_on(day))) or "—" for each in policy.calendars.values())
    label = "" if exception is None else exception.label or _("виняток")
    return f"{day:%d.%m.%Y}", WEEKDAYS[day.weekday()], *hours, label


def _blocks(days: Sequence[DayException]) -> None:
    for each in days:
        out(f"[[sla.exceptions]]\ndate = {each.on.isoformat()}\nhours = []\nlabel = {json.dumps(each.label, ensure_ascii=False)}\n")
