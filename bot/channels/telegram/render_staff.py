"""What staff read: the card that is edited at every change, a client's words, questions to an agent, what waits to go out. Pure."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from bot.channels.telegram import cuts, render_lists
from bot.channels.telegram.page import (
    Facts,
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
from bot.channels.telegram.staff_menus import main_keyboard
from bot.channels.telegram.text import brief
from bot.model import Outcome, ReasonState, UrgencyReason
from bot.summary_words import heading, lines
from bot.texts import OUTCOME_WORDS, REASON_STATE_WORDS, SENDER_WORDS, SHORT_REASON_WORDS, Translator, told

Body = dict[str, Any]
PROMPTS = ("reply", "ask", "solved", "lower", "close", "handover", "replyall")
_VERDICTS = {"edited": "✏️", "thanks": "🙏", "solved": "✅", "not_solved": "↩️", "new_task": "➕", "answer_and_new": "➕"}


def card(body: Body, reader: Reader) -> Page:
    """The ticket as the whole chat sees it: red, nobody has it; yellow, taken (R8)."""
    facts = body["ticket"]
    return Page(
        head=_card_head(facts, reader),
        text=facts.get("text") or "",
        tail=_card_tail(facts, reader),
        keyboard=main_keyboard(facts, reader.say, reader.now),
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
        "handover": say("Напишіть, що має зробити розробка: клієнт теж це прочитає («-» — без пояснення)."),
        "replyall": say("Напишіть відповідь усім, у кого та сама причина."),
    }
    mention = f'<a href="tg://user?id={int(body["person"])}">{brief(body["agent"])}</a>'
    head = f"✍️ {mention}, №{body['ticket_id']} {brief(body['title'])}\n{wanted[body['what']]}"
    return Page(head=f"{head} {say('Відповідайте саме на це повідомлення.')}", answer_from=str(body["person"]))


def ticket_page(body: Body, reader: Reader) -> Page:
    """`/ticket N`: the card once more, and everything that was said, notes included."""
    say, facts = reader.say, body["ticket"]
    words = (
        f"{reader.moment(word['at'])} · {word['author']}{_kind(word, say)}:\n{word['text']}{_was(word, say)}" for word in body["words"]
    )
    return Page(
        head=_card_head(facts, reader),
        text="\n\n".join(words),
        tail=_card_tail(facts, reader),
        keyboard=main_keyboard(facts, say, reader.now),
    )


def call_taken(body: Body, reader: Reader) -> Page:
    """A phone entry became a ticket; if it belongs to one that is open, one press joins them (R11)."""
    say, number = reader.say, body["ticket_id"]
    lines = [say("📞 Дзвінок записано: №{id} {title}").format(id=number, title=brief(body["title"]))]
    if body["open"]:
        lines.append(say("Якщо він про відкрите звернення — виберіть, і вони стануть одним:"))
    rows = tuple((button(f"№{each['id']} {each['title']}"[:60], "callto", number, each["id"]),) for each in body["open"])
    return Page(head="\n".join(lines), keyboard=rows)


def held(body: Body, reader: Reader) -> Page:
    """An answer is on its way: to whom, and until when it can be taken back."""
    say = reader.say
    verb, number, *rest = body["undo"]
    until = datetime.fromisoformat(body["until"]).astimezone(reader.zone)
    keyboard = ((button(say("↩️ Не надсилати"), verb, number, *rest),),)
    if body["total"] > 1:
        listed = ", ".join(f"№{each['id']}" for each in body["tickets"]) + (" …" if body["total"] > len(body["tickets"]) else "")
        head = say("📣 Відповідь на {n} звернень ({numbers}) піде о {at}.").format(n=body["total"], numbers=listed, at=f"{until:%H:%M:%S}")
    else:
        head = say("📨 {ticket}\nВідповідь для «{name}» піде о {at}.").format(
            ticket=named(body["tickets"][0]), name=brief(body["contact"]), at=f"{until:%H:%M:%S}"
        )
    return Page(head=f"{head}\n<i>{brief(body['text'])}</i>", keyboard=keyboard, is_one_message=True)


def cut(body: Body, reader: Reader) -> Page:
    return cuts.page(body["ticket_id"], body["pieces"], frozenset(), reader.say)


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
    "queue": render_lists.queue,
    "who": render_lists.who,
    "stats": render_lists.stats,
    "answers": render_lists.answers,
    "backlog": render_lists.backlog,
    "held": held,
    "cut": cut,
    "ticket_page": ticket_page,
    "call_taken": call_taken,
    "say": say_staff,
    "alert": alert,
    "summary": summary,
    "nudge": nudge,
    **{f"prompt_{what}": prompt for what in PROMPTS},
}


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
    if facts.get("team") == "development":
        lines.append(say("🛠 у розробці"))
    if facts.get("shares_cause"):
        lines.append(say("🧩 спільна причина, ще звернень: {n}").format(n=facts["shares_cause"]))
    elif facts.get("cause_id"):
        lines.append(say("🧩 та сама причина, що в №{id}").format(id=facts["cause_id"]))
    if facts.get("sender") == "failed":
        lines.insert(2, f"⚠️ {say(SENDER_WORDS['failed'])}")
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


def _word(word: Body, reader: Reader) -> str:
    say = reader.say
    return f"{reader.moment(word['at'])} · {word['author']}{_kind(word, say)}:\n{word['text']}{_was(word, say)}"


def _was(word: Body, say: Translator) -> str:
    """What a corrected word said before."""
    return "".join(f"\n({say('було')}: {text})" for text in word.get("was", ()))


def _kind(word: Body, say: Translator) -> str:
    return {"note": f" ({say('нотатка')})", "third_person": f" ({say('стороння особа')})"}.get(word["kind"], "")
