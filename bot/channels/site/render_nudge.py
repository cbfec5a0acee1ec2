"""Why a nudge comes this minute: which promise, how long until it runs out, what was counted and what was not. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from bot.channels.site.render import Button, Reader
from bot.duty import why_you
from bot.model import Priority
from bot.texts import duration

SNOOZE_MINUTES = (30, 60, 180)


def promise_lines(facts: dict[str, Any], reader: Reader) -> tuple[str, ...]:
    """For a ticket in a nudge: what is the matter, how the deadline came about, and why it reaches this reader."""
    promise = facts["nudge"]
    lines = (_urgency(promise, reader), _counted(promise, reader))
    # Rows of before the roster have no word of it.
    listeners = promise.get("listeners")
    why = why_you(listeners, facts["assignee"], say=reader.say, at=reader.moment) if listeners else ""
    return (*lines, f"{why[0].upper()}{why[1:]}.") if why else lines


def nudge_buttons(facts: dict[str, Any], reader: Reader) -> tuple[Button, ...]:
    """Claim while nobody has it; answered by phone; not now."""
    say, path = reader.say, f"/staff/tickets/{facts['id']}"
    claim = () if facts.get("assignee_id") else (Button(label=say("Беру"), action=f"{path}/claim", fields=once(facts), look="main"),)
    snoozes = tuple(
        Button(
            label=say("Відкласти на {span}").format(span=duration(timedelta(minutes=minutes), language=reader.language)),
            action=f"{path}/snooze",
            fields=(("minutes", str(minutes)), *once(facts)),
        )
        for minutes in SNOOZE_MINUTES
    )
    return (*claim, Button(label=say("Відповіли телефоном"), action=f"{path}/phoned", fields=once(facts)), *snoozes)


def once(facts: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    """A button's id, the same each time the feed is drawn: pressed twice on one state of the ticket it is one deed."""
    return (("id", f"version-{facts.get('version', 0)}"),)


def is_lowerable(facts: dict[str, Any]) -> bool:
    """Whether "not urgent" may be said; the reason for it is asked on the ticket's page, because the client reads it (R11)."""
    return bool(facts["priority"] == Priority.URGENT)


def _urgency(promise: dict[str, Any], reader: Reader) -> str:
    say = reader.say
    due_at = datetime.fromisoformat(promise["due_at"])
    left = due_at - reader.now
    if promise["rung"] == "claimed":
        return say("Взято в роботу, а клієнт ще чекає на перше слово.")
    if promise["rung"] == "snoozed":
        return say("Час повернутися: нагадування було відкладено.")
    if left > timedelta(0):
        return say("Лишилося {span}, до {at}.").format(span=duration(left, language=reader.language), at=reader.moment(due_at))
    if left > -timedelta(minutes=1):
        return say("Строк настав.")
    return say("Прострочено на {span}.").format(span=duration(-left, language=reader.language))


def _counted(promise: dict[str, Any], reader: Reader) -> str:
    say = reader.say
    words = {"break": say("обід"), "night": say("ніч"), "days_off": say("вихідні")}
    skipped = dict.fromkeys(_skipped(each, words) for each in promise["skipped"])
    counted = duration(timedelta(seconds=promise["counted"]), language=reader.language)
    told = say("Рахуємо з {at}, усього {span}").format(at=reader.moment(promise["counted_from"]), span=counted)
    return told + (say("; не рахували: {what}").format(what=", ".join(skipped)) if skipped else "") + "."


def _skipped(skipped: dict[str, Any], words: dict[str, str]) -> str:
    word = words.get(skipped["kind"], skipped["kind"])
    return f"{word} ({', '.join(skipped['labels'])})" if skipped["labels"] else word
