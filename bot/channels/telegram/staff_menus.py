"""The buttons under a ticket's card, and the choices behind each of them. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from bot.channels.telegram.page import Button, Facts, Keyboard, button
from bot.model import CannedAnswer, Outcome, Priority, Ticket, WorkKind
from bot.texts import OUTCOME_WORDS, PRIORITY_WORDS, WORK_WORDS, Translator

SNOOZE_MINUTES = (30, 60, 180, 1440)
WORK_MINUTES = (5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 240, 480)
MOST_CHOICES = 10


def main_keyboard(facts: Facts, say: Translator, now: datetime) -> Keyboard:
    """What can be done with a ticket from its card at this moment."""
    number = facts["id"]
    if not facts.get("is_open"):
        return () if facts.get("merged_into_id") else ((button(say("Відкрити знову"), "again", number),),)
    claim = () if facts.get("assignee_id") else (button(say("🙋 Беру"), "claim", number),)
    snoozed: str | None = facts.get("snoozed_until_at")
    is_snoozed = snoozed is not None and datetime.fromisoformat(snoozed) > now
    snooze = button(say("⏰ Розбудити"), "wake", number) if is_snoozed else button(say("⏸ Відкласти"), "snooze", number)
    shared = facts.get("shares_cause") or 0
    to_all = ((button(say("📣 Відповісти всім: {n}").format(n=shared + 1), "replyall", number),),) if shared else ()
    return (
        *to_all,
        (*claim, button(say("💬 Відповісти"), "reply", number), button(say("❓ Уточнити"), "ask", number)),
        (button(say("✅ Вирішено"), "solved", number), button(say("📋 Шаблон"), "canned", number), button(say("⏱ Час"), "time", number)),
        (snooze, button(say("❗ Критичність"), "priority", number)),
        (button(say("⚪ Закрити"), "close", number), button("⋯", "more", number)),
    )


def more(facts: Facts, say: Translator) -> Keyboard:
    """What is needed less often."""
    number = facts["id"]
    rows: list[tuple[Button, ...]] = []
    if facts.get("assignee_id"):
        rows.append((button(say("↩️ Повернути в чергу"), "release", number),))
    if facts.get("team") != "development":
        rows.append((button(say("🛠 Передати в розробку"), "handover", number),))
    rows.append((button(say("✂️ Розділити"), "cut", number), button(say("🔗 Об'єднати"), "merge", number)))
    if facts.get("cause_id"):
        rows.append((button(say("🧩 Причина інша, не №{id}").format(id=facts["cause_id"]), "uncause", number),))
    else:
        rows.append((button(say("🧩 Та сама причина"), "cause", number),))
    return (*rows, _back(number, say))


def snooze_menu(number: int, say: Translator) -> Keyboard:
    words = {30: say("30 хв"), 60: say("1 год"), 180: say("3 год"), 1440: say("1 день")}
    return (*((button(f"⏸ {words[minutes]}", "snooze", number, minutes),) for minutes in SNOOZE_MINUTES), _back(number, say))


def priority_menu(number: int, say: Translator) -> Keyboard:
    choices = tuple((button(say(PRIORITY_WORDS[each]), "priority", number, each.value),) for each in reversed(Priority))
    return (*choices, _back(number, say))


def close_menu(number: int, say: Translator) -> Keyboard:
    return (*((button(say(OUTCOME_WORDS[each]), "close", number, each.value),) for each in Outcome), _back(number, say))


def work_menu(number: int, say: Translator) -> Keyboard:
    """R12: on what the time went."""
    return (*((button(f"⏱ {say(WORK_WORDS[each])}", "time", number, each.value),) for each in WorkKind), _back(number, say))


def minutes_menu(number: int, kind: WorkKind, say: Translator) -> Keyboard:
    buttons = [button(say("{n} хв").format(n=minutes), "time", number, f"{kind.value}.{minutes}") for minutes in WORK_MINUTES]
    return (*(tuple(buttons[at : at + 4]) for at in range(0, len(buttons), 4)), _back(number, say))


def tickets_menu(verb: str, number: int, tickets: Sequence[Ticket], say: Translator) -> Keyboard:
    """Which other ticket: to merge with, or that stands for the cause."""
    choices = tuple((button(f"№{each.id} {each.title}"[:60], verb, number, each.id),) for each in tickets[:MOST_CHOICES])
    return (*choices, _back(number, say))


def confirm_menu(text: str, verb: str, number: int, argument: object, say: Translator) -> Keyboard:
    """What cannot be undone is asked once more."""
    return ((button(text, verb, number, argument),), _back(number, say))


def canned_menu(number: int, answers: Sequence[CannedAnswer], page: int, say: Translator) -> Keyboard:
    """Answers by name, a page of them; one tap gives the answer."""
    start = page * MOST_CHOICES
    shown = answers[start : start + MOST_CHOICES]
    choices = tuple((button(f"📋 {each.name}"[:60], "canned", number, each.id),) for each in shown)
    turns = turn_buttons("canned", number, page, has_more=len(answers) > start + MOST_CHOICES, prefix="p")
    return (*choices, *((turns,) if turns else ()), _back(number, say))


def turn_buttons(verb: str, number: int, page: int, *, has_more: bool, prefix: str = "") -> tuple[Button, ...]:
    """← and → where there is something to turn to."""
    before = (button("◀", verb, number, f"{prefix}{page - 1}"),) if page else ()
    after = (button("▶", verb, number, f"{prefix}{page + 1}"),) if has_more else ()
    return (*before, *after)


def _back(number: int, say: Translator) -> tuple[Button, ...]:
    return (button(say("← Назад"), "back", number),)


def undo(text: str, verb: str, number: int, argument: Any = "") -> Keyboard:
    return ((button(text, verb, number, argument),),)
