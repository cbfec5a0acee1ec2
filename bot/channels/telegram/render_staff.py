"""What staff read: the ticket's card that is edited at every change, a client's words, nudges, questions to an agent, lists. Pure."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from bot.channels.telegram.page import (
    Facts,
    Keyboard,
    Page,
    Reader,
    button,
    category_words,
    files_of,
    lamp,
    named,
    other_files,
    priority_words,
)
from bot.channels.telegram.render_nudge import nudge
from bot.channels.telegram.text import brief
from bot.model import Outcome, Priority, ReasonState, UrgencyReason
from bot.summary_words import heading, lines
from bot.texts import OUTCOME_WORDS, PRIORITY_WORDS, REASON_STATE_WORDS, SENDER_WORDS, SHORT_REASON_WORDS, Translator, told

Body = dict[str, Any]
SNOOZE_MINUTES = (30, 60, 180, 1440)
_VERDICTS = {"thanks": "🙏", "solved": "✅", "not_solved": "↩️", "new_task": "➕", "answer_and_new": "➕"}


def card(body: Body, reader: Reader) -> Page:
    """The ticket as the whole chat sees it: red, nobody has it; yellow, taken (R8)."""
    facts = body["ticket"]
    return Page(
        head=_card_head(facts, reader),
        text=facts.get("text") or "",
        tail=_card_tail(facts, reader),
        keyboard=main_keyboard(facts, reader.say),
        files=files_of(facts),
        is_one_message=True,
    )


def client_word(body: Body, reader: Reader) -> Page:
    """A client wrote in a running ticket. A reply to this message answers them."""
    say, facts = reader.say, body["ticket"]
    sign = say("⚠️ стороння особа") if body.get("is_third_person") else _VERDICTS.get(body.get("verdict", ""), "💬")
    head = f"{sign} {named(facts)}\n<i>{brief(body['author'])}:</i>\n"
    buttons = (button(say("💬 Відповісти"), "reply", facts["id"]), button(say("❓ Уточнити"), "ask", facts["id"]))
    files = other_files(body)
    tail = f"\n\n{files}" if files else ""
    return Page(head=head, text=body["text"], tail=tail, keyboard=(buttons,) if facts.get("is_open") else (), files=files_of(body))


def prompt(body: Body, reader: Reader) -> Page:
    """An agent pressed a button that needs words: their reply to this message is them."""
    say = reader.say
    wanted = {
        "reply": say("Напишіть відповідь клієнтові."),
        "ask": say("Напишіть запитання до клієнта."),
        "solved": say("Напишіть, що зроблено: клієнт підтвердить або відхилить."),
        "lower": say("Напишіть, чому критичність нижча: цю причину побачить клієнт."),
        "close": say("Напишіть результат одним рядком: його побачить клієнт («-» — без пояснення)."),
    }
    mention = f'<a href="tg://user?id={int(body["person"])}">{brief(body["agent"])}</a>'
    head = f"✍️ {mention}, №{body['ticket_id']} {brief(body['title'])}\n{wanted[body['what']]}"
    return Page(head=f"{head} {say('Відповідайте саме на це повідомлення.')}", answer_from=str(body["person"]))


def queue(body: Body, reader: Reader) -> Page:
    """Open tickets by nearest deadline."""
    say, rows = reader.say, body["rows"]
    title = f"<b>{brief(body['title'])}</b>"
    if not rows:
        return Page(head=f"{title}\n{say('Відкритих звернень немає.')}")
    lines = [title, *(_queue_line(row, reader) for row in rows)]
    if body["total"] > len(rows):
        lines.append(say("… усього {n}").format(n=body["total"]))
    numbers = [button(f"№{row['id']}", "show", row["id"]) for row in rows]
    return Page(head="\n".join(lines), keyboard=tuple(tuple(numbers[at : at + 5]) for at in range(0, len(numbers), 5)))


def ticket_page(body: Body, reader: Reader) -> Page:
    """`/ticket N`: the card once more, and everything that was said, notes included."""
    say, facts = reader.say, body["ticket"]
    words = (f"{reader.moment(word['at'])} · {word['author']}{_kind(word, say)}:\n{word['text']}" for word in body["words"])
    return Page(head=_card_head(facts, reader), text="\n\n".join(words), tail=_card_tail(facts, reader), keyboard=main_keyboard(facts, say))


def call_taken(body: Body, reader: Reader) -> Page:
    """A phone entry became a ticket; if it belongs to one that is open, one press joins them (R11)."""
    say, number = reader.say, body["ticket_id"]
    lines = [say("📞 Дзвінок записано: №{id} {title}").format(id=number, title=brief(body["title"]))]
    if body["open"]:
        lines.append(say("Якщо він про відкрите звернення — виберіть, і вони стануть одним:"))
    rows = tuple((button(f"№{each['id']} {each['title']}"[:60], "callto", number, each["id"]),) for each in body["open"])
    return Page(head="\n".join(lines), keyboard=rows)


def say_staff(body: Body, reader: Reader) -> Page:
    return Page(head="", text=body["text"])


def alert(body: Body, reader: Reader) -> Page:
    return Page(head="⚠️ ", text=told(body["news"], reader.language) if "news" in body else body["text"])


def summary(body: Body, reader: Reader) -> Page:
    """The morning digest, the week's summary."""
    told = lines(body, say=reader.say, at=reader.moment, language=reader.language)
    return Page(head=f"<b>{heading(body, reader.say)}</b>\n", text="\n".join(told))


KINDS: dict[str, Callable[[Body, Reader], Page]] = {
    "card": card,
    "client_word": client_word,
    "queue": queue,
    "ticket_page": ticket_page,
    "call_taken": call_taken,
    "say": say_staff,
    "alert": alert,
    "summary": summary,
    "nudge": nudge,
    **{f"prompt_{what}": prompt for what in ("reply", "ask", "solved", "lower", "close")},
}


def main_keyboard(facts: Facts, say: Translator) -> Keyboard:
    """What can be done with a ticket from its card."""
    number = facts["id"]
    if not facts.get("is_open"):
        return () if facts.get("merged_into_id") else ((button(say("Відкрити знову"), "again", number),),)
    claim = () if facts.get("assignee_id") else (button(say("🙋 Беру"), "claim", number),)
    return (
        (*claim, button(say("💬 Відповісти"), "reply", number), button(say("❓ Уточнити"), "ask", number)),
        (button(say("✅ Вирішено"), "solved", number), button(say("⏸ Відкласти"), "snooze", number)),
        (button(say("❗ Критичність"), "priority", number), button(say("⚪ Закрити"), "close", number)),
    )


def menu(verb: str, number: int, say: Translator) -> Keyboard:
    """The choices behind a button of the card, shown in its place until one is pressed."""
    back = (button(say("← Назад"), "back", number),)
    if verb == "snooze":
        words = {30: say("30 хв"), 60: say("1 год"), 180: say("3 год"), 1440: say("1 день")}
        return (*((button(f"⏸ {words[minutes]}", "snooze", number, minutes),) for minutes in SNOOZE_MINUTES), back)
    if verb == "priority":
        return (*((button(say(PRIORITY_WORDS[each]), "priority", number, each.value),) for each in reversed(Priority)), back)
    return (*((button(say(OUTCOME_WORDS[each]), "close", number, each.value),) for each in Outcome), back)


def _card_head(facts: Facts, reader: Reader) -> str:
    say = reader.say
    channels = {"telegram": "Telegram", "mail": say("пошта"), "phone": say("телефон"), "site": say("сайт")}
    who = [facts["contact"], facts["client"], channels.get(facts["channel"], facts["channel"])]
    lines = [
        f"{lamp(facts)} {named(facts)}",
        f"👤 {' · '.join(brief(word) for word in who if word)}",
        f"❗ {_urgency(facts, say)} · {category_words(facts, say)}",
        f"⏰ {_deadline(facts, reader)}",
        f"🧑‍💻 {brief(facts['assignee']) if facts.get('assignee') else say('ще ніхто не взяв')}",
    ]
    return "\n".join(lines) + "\n\n"


def _card_tail(facts: Facts, reader: Reader) -> str:
    say, lines = reader.say, [other_files(facts)]
    snoozed = facts.get("snoozed_until_at")
    if snoozed and datetime.fromisoformat(snoozed) > reader.now:
        lines.append(say("⏸ відкладено до {at}").format(at=reader.moment(snoozed)))
    if facts.get("merged_into_id"):
        lines.append(say("↪️ об'єднано з №{id}").format(id=facts["merged_into_id"]))
    elif facts.get("outcome"):
        outcome = say(OUTCOME_WORDS[Outcome(facts["outcome"])])
        lines.append(say("⚪ закрито: {outcome}").format(outcome=outcome) + f" {brief(facts.get('result') or '', 500)}".rstrip())
    return "".join(f"\n\n{line}" for line in lines if line)


def _urgency(facts: Facts, say: Translator) -> str:
    words, state = priority_words(facts, say), ReasonState(facts["reason_state"])
    if facts.get("reason"):
        return f"{words}: {say(SHORT_REASON_WORDS[UrgencyReason(facts['reason'])])}"
    if state is ReasonState.NOT_NEEDED:
        return words
    told = [say(REASON_STATE_WORDS[state])]
    if state is ReasonState.ASKED and facts.get("reason_guess"):
        told.append(say("за текстом: {reason}").format(reason=say(SHORT_REASON_WORDS[UrgencyReason(facts["reason_guess"])])))
    return f"{words} ({', '.join(told)})"


def _deadline(facts: Facts, reader: Reader) -> str:
    say = reader.say
    received = say("отримано {at}").format(at=reader.moment(facts["received_at"]))
    return f"{say('до {at}').format(at=reader.moment(facts['due_at']))}, {received}" if facts.get("due_at") else received


def _queue_line(row: Body, reader: Reader) -> str:
    say = reader.say
    due = say("до {at}").format(at=reader.moment(row["due_at"])) if row.get("due_at") else say("без строку")
    owner = f" · {brief(row['assignee'])}" if row.get("assignee") else ""
    return f"{lamp(row)} {named(row)} — {due}{owner} · {brief(row['client'] or row['contact'])}"


def _kind(word: Body, say: Translator) -> str:
    return {"note": f" ({say('нотатка')})", "third_person": f" ({say('стороння особа')})"}.get(word["kind"], "")
