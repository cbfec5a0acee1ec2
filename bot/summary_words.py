"""The digest and the week's summary in words, for all channels: a heading and lines without markup. `bot.sla.summaries` has the facts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

from bot.texts import Translator, duration, translator

Body = dict[str, Any]
Moment = Callable[[str], str]

# The catalogue tool finds sentences by this name; here it marks what is looked up later.
_ = translator("uk")

HEADINGS = {"morning": _("Доброго ранку! Що на столі"), "week": _("Підсумок тижня")}
KINDS = {"reaction": _("Реакція"), "next_answer": _("Наступні відповіді"), "solution": _("Вирішення")}


def heading(body: Body, say: Translator) -> str:
    return say(HEADINGS[body["what"]])


def lines(body: Body, *, say: Translator, at: Moment, language: str) -> list[str]:
    """`at` tells an ISO instant in the reader's words."""
    return list(_morning(body, say, at) if body["what"] == "morning" else _week(body, say, at, language))


def _morning(body: Body, say: Translator, at: Moment) -> Iterator[str]:
    if not body["open"]:
        yield say("Відкритих звернень немає.")
        return
    yield say("Відкритих: {open}; без відповідального: {nobodys}; термінових: {urgent}.").format(**body)
    yield say("Прострочено: {overdue}; строк сьогодні: {due_today}; чекають на клієнта: {waiting}.").format(**body)
    for ticket in body["pressing"]:
        sign = "🔴" if ticket["is_overdue"] else "⏳"
        who = ticket["assignee"] or say("нічиє")
        told = ticket | {"sign": sign, "who": who, "due": at(ticket["due_at"])}
        yield say("{sign} №{id} {title} ({client}): до {due}, {who}").format(**told)
    if body["more"]:
        yield say("… і ще {n}").format(n=body["more"])


def _week(body: Body, say: Translator, at: Moment, language: str) -> Iterator[str]:
    yield say("Надійшло: {opened}; закрито: {closed}; відкритих зараз: {open}, із них чекають на клієнта: {waiting}.").format(**body)
    for promise in body["promises"]:
        yield _promise(promise, say, language)
    if body["claimed_urgent"]:
        yield say("Термінових за словами клієнтів: {claimed_urgent}, підтверджено: {upheld_urgent}.").format(**body)
    if body["breaches"]:
        yield say("Порушені строки:")
    for breach in body["breaches"]:
        who = breach["agent"] or say("нічиє")
        yield say("🔴 №{id} {title} ({client}): до {due}, {who}").format(**breach | {"who": who, "due": at(breach["due_at"])})
    if body["more"]:
        yield say("… і ще {n}").format(n=body["more"])


def _promise(promise: Body, say: Translator, language: str) -> str:
    kind = say(KINDS[promise["kind"]])
    if promise["share"] is None:
        return say("{kind}: ще нічого не вирішено, строків іде: {running}.").format(kind=kind, running=promise["running"])
    # Rounded down: a week with a breach is never 100 %.
    share = f"{int(promise['share'] * 1000) / 10:.1f}"
    told = say("{kind}: вчасно {in_time} із {decided} ({share} %)").format(
        kind=kind, in_time=promise["in_time"], decided=promise["in_time"] + promise["late"], share=share
    )
    if promise["median"] is None:
        return told + "."
    return told + say(", медіана {span} робочого часу.").format(span=duration(timedelta(seconds=promise["median"]), language=language))
