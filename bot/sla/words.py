"""Promises, their numbers and their stories in words, for the terminal, the Site and the sheets alike. Pure: the translator comes in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from bot.model import ClockKind, Priority
from bot.sla.numbers import Line
from bot.sla.stories import ClockStory, Step, StepKind
from bot.texts import PRIORITY_WORDS, Translator

# The catalogue tool finds sentences by this name; they are looked up when they are shown.
_ = str

KIND_WORDS = {ClockKind.REACTION: _("реакція"), ClockKind.NEXT_ANSWER: _("наступна відповідь"), ClockKind.SOLUTION: _("вирішення")}
VIEW_WORDS = {"all": _("усі"), "client": _("клієнт"), "agent": _("співробітник"), "channel": _("канал"), "priority": _("критичність")}
WHY_WORDS = {"not_taken": _("до строку ніхто не взяв"), "taken_silent": _("узято, але строк минув без відповіді")}
VERDICT_WORDS = {"in_time": _("вчасно"), "late": _("із запізненням"), "running": _("ще йде"), "dropped": _("знято")}
START_WORDS = {
    "receipt": _("звернення отримано"),
    "client_spoke": _("клієнт відповів"),
    "reopened": _("звернення відкрито знову"),
}
MOVE_WORDS = {
    "calendar": _("змінився календар"),
    "policy": _("змінилися обіцянки служби"),
    "priority": _("змінено критичність"),
    "category": _("змінено категорію"),
    "client": _("визначено компанію"),
    "merged": _("приєднано звернення з ранішим строком"),
}
RUNG_WORDS = {
    "before": _("перед строком"),
    "due": _("у строк"),
    "after": _("після строку"),
    "claimed": _("тому, хто взяв"),
    "snoozed": _("після відкладення"),
}
END_WORDS = {
    "claimed": _("взято в роботу"),
    "answer": _("відповідь"),
    "question": _("уточнення"),
    "proposal": _("рішення на погодження"),
    "closed": _("звернення закрито"),
    "handed_over": _("передано розробникам"),
    "answered_call": _("на дзвінок відповіли одразу"),
    "merged": _("об'єднано з іншим"),
    "priority_set": _("для нової критичності строку не обіцяно"),
    "reason_given": _("для нової критичності строку не обіцяно"),
    "reason_denied": _("для нової критичності строку не обіцяно"),
    "category_set": _("для нової категорії строку не обіцяно"),
    "identified": _("для цієї компанії строку не обіцяно"),
    "absorbed": _("об'єднано з іншим"),
}

Moments = Callable[[datetime], str]


def promise(story: ClockStory, say: Translator, span: Callable[[timedelta], str]) -> str:
    """What was promised and by which rule: "1 год за календарем «desk», звичайна обіцянка служби"."""
    rule = say("правило «{name}»").format(name=story.rule) if story.rule else say("звичайна обіцянка служби")
    return say("{time} за календарем «{calendar}», {rule}").format(time=span(story.time), calendar=story.calendar, rule=rule)


def tell(step: Step, say: Translator, moment: Moments) -> str:
    """A step as a line without its instant."""
    until = moment(step.to_at) if step.to_at else "?"
    match step.kind:
        case StepKind.STARTED:
            return say("{why}: реагуємо до {due}").format(why=say(START_WORDS[step.because]), due=until)
        case StepKind.MOVED:
            before = moment(step.from_at) if step.from_at else "?"
            text = say("строк перенесено з {before} на {after}: {why}").format(before=before, after=until, why=_word(MOVE_WORDS, step, say))
        case StepKind.PAUSED:
            text = say("строк зупинено: чекаємо на клієнта")
        case StepKind.RESUMED:
            text = say("клієнт відповів, строк іде далі: до {due}").format(due=until)
        case StepKind.SNOOZED:
            text = say("нагадування відкладено до {at}, строк не змінився").format(at=until)
        case StepKind.WOKEN:
            text = say("нагадування знову йдуть")
        case StepKind.NUDGED if step.count > 1:
            text = say("нагадувань: {count}, останнє {at}").format(count=step.count, at=until)
        case StepKind.NUDGED:
            text = say("нагадування {rung}").format(rung=_word(RUNG_WORDS, step, say))
        case StepKind.BREACHED:
            text = say("строк порушено")
        case StepKind.MET:
            text = say("виконано: {what}").format(what=_word(END_WORDS, step, say))
        case StepKind.DROPPED:
            text = say("обіцянку знято: {what}").format(what=_word(END_WORDS, step, say))
    return f"{text} ({step.who})" if step.who else text


def outcome(story: ClockStory, say: Translator, span: Callable[[timedelta], str]) -> str:
    """How it stands, and what it took: "із запізненням: використано 1 год 20 хв, понад строк 20 хв робочого часу"."""
    parts = [say("використано {used} із {time}").format(used=span(story.used), time=span(story.time))]
    if story.reaction is not None:
        parts.append(say("реакція за {span} робочого часу").format(span=span(story.reaction)))
    if story.over:
        parts.append(say("понад строк {span} робочого часу").format(span=span(story.over)))
    if story.why is not None:
        parts.append(say(WHY_WORDS[story.why.value]))
    return f"{say(VERDICT_WORDS[story.verdict.value])}: " + ", ".join(parts)


def view_name(line: Line, say: Translator) -> str:
    """What a line of the report is about, in words; a channel by its own name."""
    if line.by == "priority":
        return say(PRIORITY_WORDS[Priority(line.name)])
    return line.name or ("" if line.by == "all" else "—")


def percent(share: float | None) -> str:
    """Rounded down: a month with a breach is never 100 %."""
    return "—" if share is None else f"{int(share * 1000) / 10:.1f} %"


def _word(words: dict[str, str], step: Step, say: Translator) -> str:
    return say(words[step.because]) if step.because in words else step.because
