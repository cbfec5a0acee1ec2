"""`deadline`: what is promised for a message that came at some instant, when staff are nudged, and why just then."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from bot.commands.terminal import ConfigOption, fail, language, load_settings, out, words
from bot.model import Priority
from bot.texts import PRIORITY_WORDS, duration, moment

if TYPE_CHECKING:
    from bot.sla.explain import Example, Skipped

_ = words()


def deadline(
    received: Annotated[
        str, typer.Option(metavar=_("ЧАС"), help=_("Коли отримано: 2026-11-27T16:30; без зсуву це час служби. now: саме зараз."))
    ],
    priority: Annotated[Priority, typer.Option(help=_("Критичність."))] = Priority.MEDIUM,
    config: ConfigOption = None,
) -> None:
    from bot.config import build_policy
    from bot.sla.explain import example

    settings = load_settings(config)
    zone = ZoneInfo(settings.desk.zone)
    found = example(build_policy(settings.sla, zone=settings.desk.zone), priority=priority, received_at=_instant(received, zone))
    if found is None:
        fail(_("Для критичності «{priority}» строку не передбачено.").format(priority=_(PRIORITY_WORDS[priority])))
    _tell(found, zone)


def _instant(text: str, zone: ZoneInfo) -> datetime:
    from bot.clock import SystemClock

    if text == "now":
        return SystemClock().now()
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(_("«{text}» не є часом; напишіть, наприклад, 2026-11-27T16:30").format(text=text)) from None
    return found if found.tzinfo else found.replace(tzinfo=zone)


def _tell(found: Example, zone: ZoneInfo) -> None:
    def at(instant: datetime) -> str:
        return moment(instant, zone=zone, language=language())

    out(_("Отримано {at}, критичність {priority}.").format(at=at(found.received_at), priority=_(PRIORITY_WORDS[found.priority])))
    out(_("Відреагувати до {at}.").format(at=at(found.due_at)))
    if found.effective_due_at != found.due_at:
        out(_("Останній робочий час перед строком: {at}.").format(at=at(found.effective_due_at)))
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
