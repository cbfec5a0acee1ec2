"""`roster`: who is on duty now, the shifts of a week, and who is away with whom in their place.

The running service reads the roster anew with every nudge: nothing is to be restarted.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Awaitable, Callable, Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from bot.commands.store import with_storage
from bot.commands.terminal import ConfigOption, language, note, out, table, words
from bot.errors import NotFound, Rejected
from bot.model import Agent, Shift
from bot.texts import moment

if TYPE_CHECKING:
    from bot.config import Settings
    from bot.ports import Storage, UnitOfWork
    from bot.sla.roster import Roster

_ = words()

app = typer.Typer(help=_("Чергування: хто на зміні, хто відсутній і хто замість."), no_args_is_help=True)

NameArgument = Annotated[str, typer.Argument(metavar=_("ІМ'Я"), help=_("Ім'я співробітника або його пошта."))]
DAY_WORDS = (_("пн"), _("вт"), _("ср"), _("чт"), _("пт"), _("сб"), _("нд"))
LONGEST = timedelta(days=400)


@app.command("show", help=_("Хто на зміні зараз, розклад тижня й відсутності."))
def show(config: ConfigOption = None) -> None:
    async def work(storage: Storage, settings: Settings) -> Roster:
        from bot.clock import SystemClock
        from bot.duty import read_roster

        async with storage.read() as uow:
            return await read_roster(uow, settings.desk.zone, SystemClock().now())

    roster = with_storage(config, work)
    _tell_now(roster, config)
    people = {agent.id: agent.name for agent in roster.agents}
    if roster.shifts:
        out()
        names = dict.fromkeys(shift.agent_id for shift in roster.shifts)
        table(("", *DAY_WORDS), [(people[each], *_week(roster.shifts, each)) for each in names])
    if roster.absences:
        out()
        zone = ZoneInfo(roster.zone)
        table(
            (_("хто"), _("від"), _("до"), _("замість"), _("причина")),
            [
                (
                    people[each.agent_id],
                    moment(each.starts_at, zone=zone, language=language()),
                    moment(each.ends_at, zone=zone, language=language()),
                    people[each.substitute_id] if each.substitute_id else "—",
                    each.because,
                )
                for each in roster.absences
            ],
        )


@app.command("set", help=_("Записати зміни співробітника, замість попередніх. Без --hours: прибрати з розкладу."))
def set_shifts(
    name: NameArgument,
    hours: Annotated[
        list[str] | None,
        typer.Option(metavar=_("ДНІ ГОДИНИ"), help=_("На зразок «mon-fri 08:00-12:30» або «sat,sun 10:00-14:00»; можна кілька разів.")),
    ] = None,
    config: ConfigOption = None,
) -> None:
    parsed = _shifts(hours or [])

    async def change(uow: UnitOfWork, agent: Agent, _zone: ZoneInfo) -> None:
        await uow.duty.set_shifts(agent.id, [Shift(agent_id=agent.id, weekday=day, start=start, end=end) for day, start, end in parsed])

    agent = _change(name, config, change)
    if parsed:
        out(_("Записано зміни: {name}.").format(name=agent.name))
    else:
        out(_("Прибрано з розкладу: {name}.").format(name=agent.name))


@app.command("absent", help=_("Записати відсутність: нагадування піде тому, хто замість, або всім."))
def absent(
    name: NameArgument,
    until: Annotated[str, typer.Option(metavar=_("ДАТА"), help=_("Останній день, 2026-12-04, або час, 2026-12-04T14:00."))],
    since: Annotated[str, typer.Option("--from", metavar=_("ДАТА"), help=_("Перший день або час; інакше від цієї миті."))] = "",
    substitute: Annotated[str, typer.Option(metavar=_("ІМ'Я"), help=_("Хто замість."))] = "",
    because: Annotated[str, typer.Option(metavar=_("ПРИЧИНА"), help=_("Наприклад, відпустка: це видно в нагадуваннях."))] = "",
    config: ConfigOption = None,
) -> None:
    async def change(uow: UnitOfWork, agent: Agent, zone: ZoneInfo) -> None:
        now = _now()
        starts_at = _instant(since, zone) if since else now
        ends_at = _instant(until, zone, is_end=True)
        if ends_at <= max(starts_at, now):
            raise Rejected("Відсутність має закінчуватися пізніше, ніж починається, і не в минулому.")
        if ends_at - starts_at > LONGEST:
            raise Rejected("Відсутність задовга: щонайбільше 400 днів. Того, хто пішов, вимикає deskbot accounts disable.")
        other = await _agent(uow, substitute) if substitute else None
        if other is not None and other.id == agent.id:
            raise Rejected("{name} не може бути замість себе.", name=agent.name)
        await uow.duty.add_absence(
            agent_id=agent.id, starts_at=starts_at, ends_at=ends_at, substitute_id=other.id if other else None, because=_one_line(because)
        )

    agent = _change(name, config, change)
    out(_("Записано відсутність: {name}.").format(name=agent.name))


@app.command("back", help=_("Співробітник повернувся: відсутність, що триває, закінчується."))
def back(
    name: NameArgument,
    planned: Annotated[bool, typer.Option("--planned", help=_("Скасувати й заплановані відсутності."))] = False,
    config: ConfigOption = None,
) -> None:
    async def change(uow: UnitOfWork, agent: Agent, _zone: ZoneInfo) -> None:
        if not await uow.duty.end_absences(agent.id, at=_now(), is_planned_too=planned):
            raise Rejected("{name} і так на місці: такої відсутності не записано.", name=agent.name)

    agent = _change(name, config, change)
    out(_("Знову на місці: {name}.").format(name=agent.name))


def _change(name: str, config: Path | None, change: Callable[[UnitOfWork, Agent, ZoneInfo], Awaitable[None]]) -> Agent:
    async def work(storage: Storage, settings: Settings) -> Agent:
        async with storage.write() as uow:
            agent = await _agent(uow, name)
            await change(uow, agent, ZoneInfo(settings.desk.zone))
            await uow.commit()
        return agent

    return with_storage(config, work)


async def _agent(uow: UnitOfWork, name: str) -> Agent:
    found = await uow.people.agent_named(name) or await uow.people.agent_by_mail(name)
    if found is None or not found.is_active:
        raise NotFound("Співробітника «{name}» немає. Список: deskbot accounts list", name=name)
    return found


def _shifts(texts: Sequence[str]) -> list[tuple[int, int, int]]:
    """(weekday, start, end) of each; the mistakes of all together."""
    from bot.sla.intervals import WEEKDAYS, Interval, mistakes_in

    found: list[tuple[int, Interval]] = []
    for text in texts:
        days, _space, hours = text.strip().partition(" ")
        found += [(day, Interval.parse(hours)) for day in _days(days, WEEKDAYS)]
    week = tuple(tuple(sorted(interval for day, interval in found if day == number)) for number in range(7))
    if mistakes := list(mistakes_in("UTC", week, ())):
        raise Rejected("Так не записати: {mistakes}.", mistakes="; ".join(map(str, mistakes)))
    return [(day, interval.start, interval.end) for day, interval in found]


def _days(text: str, known: Sequence[str]) -> list[int]:
    """ "mon-fri" or "sat,sun" as numbers."""
    found: list[int] = []
    for part in text.lower().split(","):
        first, dash, last = part.partition("-")
        if first not in known or (dash and last not in known):
            raise Rejected("«{text}» не є днями тижня; очікується на зразок mon-fri або sat,sun.", text=text)
        start, end = known.index(first), known.index(last) if dash else known.index(first)
        found += range(start, end + 1) if start <= end else [*range(start, 7), *range(end + 1)]
    return found


def _instant(text: str, zone: ZoneInfo, *, is_end: bool = False) -> datetime:
    """A date is its beginning, or, as the end of something, the midnight after it."""
    try:
        if len(text) <= 10:
            return datetime.combine(date.fromisoformat(text) + timedelta(days=is_end), time(), tzinfo=zone)
        found = datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        raise Rejected("«{text}» не є ні датою, ні часом. Напишіть, наприклад, 2026-12-04 або 2026-12-04T14:00.", text=text) from None
    return found if found.tzinfo else found.replace(tzinfo=zone)


def _now() -> datetime:
    from bot.clock import SystemClock

    return SystemClock().now()


def _week(shifts: Sequence[Shift], agent_id: int) -> list[str]:
    from bot.sla.intervals import Interval

    return [
        ", ".join(str(Interval(each.start, each.end)) for each in shifts if (each.agent_id, each.weekday) == (agent_id, day)) or "—"
        for day in range(7)
    ]


def _tell_now(roster: Roster, config: Path | None) -> None:
    from bot.commands.terminal import load_settings
    from bot.config import build_policy
    from bot.duty import who_is_on_duty

    settings = load_settings(config)
    desk = build_policy(settings.sla, zone=settings.desk.zone).desk_calendar
    for line in who_is_on_duty(roster, desk, now=_now(), language=language()):
        out(line)
    if not roster.agents:
        note(_('Ще нікого немає. Додати: deskbot accounts add "Ім\'я Прізвище" --role admin'))


def _one_line(text: str) -> str:
    """What stands in a table and in nudges: one line, and no marks that turn the direction of what follows."""
    return " ".join("".join(sign for sign in text if unicodedata.category(sign) != "Cf").split())
