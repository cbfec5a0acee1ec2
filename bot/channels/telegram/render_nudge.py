"""A nudge: which promises are about to run out or have, why this minute, who has the ticket, and the buttons to act at once. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from bot.channels.telegram.page import Button, Facts, Page, Reader, button, named
from bot.channels.telegram.text import MAX_TEXT, brief, visible_length
from bot.duty import why_you
from bot.model import Priority
from bot.texts import Translator, duration

Body = dict[str, Any]

# Room kept for what is around the text.
_MARGIN = 40


def nudge(body: Body, reader: Reader) -> Page:
    """One message for all that is due together in a chat, most pressing first."""
    say, tickets, lines = reader.say, body["tickets"], []
    if body["silent_since"]:
        lines.append(say("⚙️ Бот не працював із {at}; ось що настало.").format(at=reader.moment(body["silent_since"])))
    lines += [_paragraph(facts, reader) for facts in tickets]
    if body["total"] > len(tickets):
        more = say("… і ще {n}: /queue").format(n=body["total"] - len(tickets))
        room = MAX_TEXT - visible_length("\n\n".join([*lines, more])) - _MARGIN
        lines.append(f"{more}\n{_numbers(body.get('others', ()), room)}".rstrip())
    rows = _all_buttons(tickets[0], say) if len(tickets) == 1 else tuple(_short_buttons(facts) for facts in tickets)
    return Page(head="\n\n".join(lines), keyboard=rows, is_one_message=len(tickets) > 1)


def _numbers(tickets: Sequence[int], room: int) -> str:
    """Those that are told by number alone, as many as there is room for: nobody's promise goes unnamed."""
    words: list[str] = []
    for number in tickets:
        room -= len(f"№{number} ")
        if room < 0:
            return " ".join([*words, "…"])
        words.append(f"№{number}")
    return " ".join(words)


def _paragraph(facts: Facts, reader: Reader) -> str:
    say = reader.say
    owner = say("у кого: {name}").format(name=brief(facts["assignee"])) if facts.get("assignee") else say("ще ніхто не взяв")
    who = " · ".join(brief(name) for name in (facts["contact"], facts["client"]) if name)
    lines = [f"{_urgency(facts, reader)} {named(facts)}", f"👤 {who}", _because(facts["nudge"], reader), f"🧑‍💻 {owner}"]
    # Rows of before the roster have no word of it.
    if (listeners := facts["nudge"].get("listeners")) and (why := why_you(listeners, facts["assignee"], say=say, at=reader.moment)):
        lines.append(f"📅 {brief(why)}")
    return "\n".join(lines)


def _urgency(facts: Facts, reader: Reader) -> str:
    """How much time there is, in words that need no clock."""
    say, promise = reader.say, facts["nudge"]
    due = datetime.fromisoformat(promise["due_at"])
    left = due - reader.now
    match promise["rung"]:
        case "claimed":
            return say("🟡 Взято, а клієнт ще чекає на перше слово:")
        case "snoozed":
            return say("⏰ Час повернутися:")
        case _ if left > timedelta(0):
            span, at = duration(left, language=reader.language), reader.moment(promise["due_at"])
            return say("⏳ Лишилося {span}, до {at}:").format(span=span, at=at)
        case _ if left > -timedelta(minutes=1):
            return say("🔴 Строк настав:")
        case _:
            return say("🔴 Прострочено на {span}:").format(span=duration(-left, language=reader.language))


def _because(promise: Body, reader: Reader) -> str:
    """Why this minute: from when it counts, how much, and what was not counted."""
    say = reader.say
    words = {"break": say("обід"), "night": say("ніч"), "days_off": say("вихідні")}
    skipped = dict.fromkeys(_skipped_words(each, words) for each in promise["skipped"])
    counted = duration(timedelta(seconds=promise["counted"]), language=reader.language)
    told = say("⏱ з {at}, відлік {span}").format(at=reader.moment(promise["counted_from"]), span=counted)
    return told + (say(", не рахували: {what}").format(what=", ".join(skipped)) if skipped else "")


def _skipped_words(skipped: Body, words: dict[str, str]) -> str:
    labels = ", ".join(brief(label) for label in skipped["labels"])
    return f"{words[skipped['kind']]} ({labels})" if labels else words[skipped["kind"]]


def _all_buttons(facts: Facts, say: Translator) -> tuple[tuple[Button, ...], ...]:
    number = facts["id"]
    claim = () if facts.get("assignee_id") else (button(say("🙋 Беру"), "claim", number),)
    calmer = (button(say("Не терміново"), "priority", number, Priority.HIGH.value),) if facts["priority"] == Priority.URGENT else ()
    return (
        (*claim, button(say("💬 Відповісти"), "reply", number)),
        (button(say("📞 Відповіли телефоном"), "phoned", number), button(say("⏸ Відкласти"), "snooze", number)),
        *((calmer,) if calmer else ()),
    )


def _short_buttons(facts: Facts) -> tuple[Button, ...]:
    number = facts["id"]
    claim = () if facts.get("assignee_id") else (button(f"🙋 №{number}", "claim", number),)
    return (*claim, button(f"💬 №{number}", "reply", number), button(f"⏸ №{number}", "snooze", number))
