"""`deadline`: what is promised for a message that came at some instant, by which rule, when staff are nudged, and why just then.

Without an instant: the table of examples, which `check` and `calendar show` print too.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from bot.commands.terminal import ConfigOption, fail, language, load_settings, out, table, words
from bot.model import Category, ClockKind, Priority
from bot.texts import CATEGORY_WORDS, PRIORITY_WORDS, duration, moment

if TYPE_CHECKING:
    from bot.config import Settings
    from bot.model import Client
    from bot.ports import Storage
    from bot.sla.explain import Example, Skipped
    from bot.sla.policy import Chosen, Policy
    from bot.sla.rules import Subject

_ = words()


def deadline(
    received: Annotated[
        str | None,
        typer.Option(
            metavar=_("ЧАС"),
            help=_("Коли отримано: 2026-11-27T16:30; без зсуву це час служби. now: зараз. Без нього: таблиця прикладів."),
        ),
    ] = None,
    priority: Annotated[Priority, typer.Option(help=_("Критичність."))] = Priority.MEDIUM,
    category: Annotated[Category | None, typer.Option(help=_("Категорія."))] = None,
    client: Annotated[str | None, typer.Option(metavar=_("НАЗВА"), help=_("Чиє звернення: тариф клієнта береться з бази."))] = None,
    plan: Annotated[str | None, typer.Option(metavar=_("ТАРИФ"), help=_("Тариф замість того, що в базі."))] = None,
    channel: Annotated[str, typer.Option(metavar=_("КАНАЛ"), help=_("Звідки: telegram, mail, phone або site."))] = "",
    config: ConfigOption = None,
) -> None:
    from bot.config import CHANNELS, build_policy
    from bot.sla.rules import Subject

    if channel and channel not in CHANNELS:
        raise typer.BadParameter(_("такого каналу немає; є {channels}").format(channels=", ".join(CHANNELS)))
    settings = load_settings(config)
    zone = ZoneInfo(settings.desk.zone)
    policy = build_policy(settings.sla, zone=settings.desk.zone)
    name, plan_name = _client(config, client, plan)
    subject = Subject(priority=priority, category=category, channel=channel, client=name, plan=plan_name)
    if received is None:
        is_asked = any((category, channel, name, plan_name))
        say_examples(policy, about=subject if is_asked else None)
    else:
        _say(policy, subject, _instant(received, zone), zone)


def say_examples(policy: Policy, *, about: Subject | None = None) -> None:
    """Received … → react by …, for this week; with a column for each rule when nobody in particular is asked about."""
    from bot.clock import SystemClock
    from bot.sla.examples import columns, lines, receipts

    zone, now = ZoneInfo(policy.desk_calendar.zone), SystemClock().now()
    asked = columns(policy, about)
    out(_("Приклади: отримано → відреагувати до"))
    heading = [f"«{column.rule}»" if column.rule else _(PRIORITY_WORDS[column.subject.priority]) for column in asked]

    def cell(at: datetime | None) -> str:
        return moment(at, zone=zone, language=language()) if at else "—"

    table(("", *heading), [(cell(line.received_at), *map(cell, line.due_at)) for line in lines(policy, asked, receipts(policy, now))])


def _client(config: Path | None, client: str | None, plan: str | None) -> tuple[str, str]:
    """The names of the client and of the plan. The store is opened only to look the client up."""
    if client is None:
        return "", plan or ""
    from bot.commands.store import with_storage

    async def find(storage: Storage, settings: Settings) -> Client | None:
        async with storage.read() as uow:
            return await uow.people.client_named(client)

    found = with_storage(config, find)
    if found is None:
        fail(_("Клієнта «{name}» немає. Напишіть назву так, як у списку клієнтів.").format(name=client))
    return found.name, plan or (found.plan.name if found.plan else "")


def _instant(text: str, zone: ZoneInfo) -> datetime:
    from bot.clock import SystemClock

    if text == "now":
        return SystemClock().now()
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(_("«{text}» не є часом; напишіть, наприклад, 2026-11-27T16:30").format(text=text)) from None
    return found if found.tzinfo else found.replace(tzinfo=zone)


def _say(policy: Policy, subject: Subject, received_at: datetime, zone: ZoneInfo) -> None:
    from bot.sla.explain import example

    found = example(policy, subject=subject, received_at=received_at)
    if found is None and policy.chosen(ClockKind.REACTION, subject) is not None:
        fail(_("Такий строк не вміщається в календар: за десять років робочого часу забракне."))
    if found is None:
        fail(_("Для критичності «{priority}» строку не передбачено.").format(priority=_(PRIORITY_WORDS[subject.priority])))
    _tell(found, zone)
    for kind, sentence in _OTHERS.items():
        other = example(policy, subject=subject, received_at=received_at, kind=kind, nudges=0)
        if other is not None:
            out(sentence.format(at=moment(other.due_at, zone=zone, language=language()), rule=_rule(other.chosen, subject)))


def _tell(found: Example, zone: ZoneInfo) -> None:
    def at(instant: datetime) -> str:
        return moment(instant, zone=zone, language=language())

    out(_("Отримано {at}, критичність {priority}.").format(at=at(found.received_at), priority=_(PRIORITY_WORDS[found.subject.priority])))
    out(_("Відреагувати до {at}.").format(at=at(found.due_at)))
    if found.effective_due_at != found.due_at:
        out(_("Останній робочий час перед строком: {at}.").format(at=at(found.effective_due_at)))
    out(_("Обіцянка: {rule}.").format(rule=_rule(found.chosen, found.subject)))
    if found.chosen.beaten:
        names = ", ".join(f"«{rule.name}»" for rule in found.chosen.beaten)
        out(_("Підходять, але загальніші чи записані пізніше: {names}.").format(names=names))
    out(
        _("Обіцяно {target} за календарем «{calendar}»; пораховано:").format(
            target=duration(found.target, language=language()), calendar=found.calendar
        )
    )
    for start, end in found.account.spans:
        out(f"  + {at(start)} – {at(end)}  ({duration(end - start, language=language())})")
    for skipped in found.account.skipped:
        out(f"  − {at(skipped.start)} – {at(skipped.end)}  {_why(skipped)}")
    out(_("Нагадування, якщо ніхто не відгукнеться:") if found.nudges else _("Нагадувань не буде."))
    for rung, instant in found.nudges:
        out(f"  {at(instant)}  {_RUNGS[rung.value]}")


def _rule(chosen: Chosen, subject: Subject) -> str:
    """Which rule it is, and what it fits by."""
    if chosen.rule is None:
        return _("звичайна для критичності «{priority}»").format(priority=_(PRIORITY_WORDS[subject.priority]))
    met = [f"{_CONDITIONS[what]} {_value(what, value)}" for what, value in chosen.rule.conditions(subject)]
    return _("за правилом «{name}» ({conditions})").format(name=chosen.rule.name, conditions=", ".join(met) or _("для всіх"))


def _value(what: str, value: str) -> str:
    if what == "priority":
        return _(PRIORITY_WORDS[Priority(value)])
    return _(CATEGORY_WORDS[Category(value)]) if what == "category" else value


_OTHERS = {
    ClockKind.NEXT_ANSWER: _("На наступну відповідь клієнта так само: до {at}, {rule}."),
    ClockKind.SOLUTION: _("Вирішити до {at}, якщо клієнта не чекати; {rule}."),
}
_CONDITIONS = {
    "client": _("клієнт"),
    "plan": _("тариф"),
    "category": _("категорія"),
    "channel": _("канал"),
    "priority": _("критичність"),
}
_RUNGS = {
    "before": _("до строку"),
    "due": _("строк"),
    "after": _("після строку, ще й керівнику"),
    "claimed": _("тому, хто взяв"),
    "snoozed": _("відкладене"),
}
_KINDS = {"break": _("перерва"), "night": _("неробочий час"), "days_off": _("вихідні")}


def _why(skipped: Skipped) -> str:
    return _KINDS[skipped.kind.value] + (f" ({', '.join(skipped.labels)})" if skipped.labels else "")
