"""The Site's words for a ticket: what stands beside a lamp, a deadline, a line of history. Pure; colour never stands alone (R8)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from bot.lamps import client_lamp, staff_lamp
from bot.model import Category, Event, Lamp, MessageKind, Outcome, Priority, ReasonState, Ticket, Turn, UrgencyReason, WorkKind
from bot.texts import (
    CATEGORY_WORDS,
    OUTCOME_WORDS,
    PRIORITY_WORDS,
    REASON_STATE_WORDS,
    SHORT_REASON_WORDS,
    TURN_WORDS,
    WORK_WORDS,
    Translator,
    duration,
    moment,
    translator,
)

# The catalogue tool finds sentences by this name; they are looked up when they are shown.
_ = str

CHANNEL_WORDS = {
    "telegram": _("Telegram"),
    "mail": _("пошта"),
    "phone": _("телефон"),
    "site": _("сайт"),
    "chatlog": _("експорт чату"),
}
# What else has a health: the parts of the program that are no channels.
PART_WORDS = {
    "inbox": _("читання повідомлень"),
    "outbox": _("надсилання"),
    "tick": _("обхід строків"),
    "files": _("завантаження файлів"),
    "closures": _("зачинення служби"),
    "opinion": _("третя перевірка поділу"),
}
STATE_WORDS = {
    "off": _("вимкнено"),
    "starting": _("запускається"),
    "running": _("працює"),
    "standby": _("у резерві"),
    "degraded": _("працює з перешкодами"),
    "down": _("не працює"),
}
# What a part tells about itself, by name; what has no words here is for machines (/metrics, the log).
FACT_WORDS = {
    "username": _("бот: {value}"),
    "url": _("адреса: {value}"),
    "last_sync_at": _("скриньку прочитано: {value}"),
    "waits_by": _("про нові листи: {value}"),
    "backlog": _("листів ще читати: {value}"),
    "last_idle_at": _("сервер востаннє відгукнувся в очікуванні: {value}"),
    "quarantined": _("листів у карантині: {value}"),
    "relay": _("надсилання: {value}"),
    "asked": _("запитано: {value}"),
    "agreed": _("так само: {value}"),
    "differed": _("інакше: {value}"),
    "failed": _("без відповіді: {value}"),
}
FACT_VALUES = {"idle": _("сервер каже сам"), "poll": _("питаємо час від часу"), "ok": _("працює")}
MESSAGE_WORDS = {
    MessageKind.INBOUND: "",
    MessageKind.ANSWER: _("відповідь"),
    MessageKind.QUESTION: _("уточнення"),
    MessageKind.PROPOSAL: _("рішення на погодження"),
    MessageKind.NOTE: _("внутрішня нотатка"),
    MessageKind.THIRD_PERSON: _("стороння особа"),
}
EVENT_WORDS = {
    "cause_of": _("спільна причина кількох звернень"),
    "cause_unlinked": _("причина виявилася іншою"),
    "corrected": _("співробітник виправив свої слова"),
    "taken_back": _("відповідь скасовано до надсилання"),
    "time_taken_back": _("запис часу скасовано"),
    "woken": _("відкладення знято"),
    "opened": _("звернення створено"),
    "thanked": _("клієнт подякував"),
    "asked_more": _("клієнт додав нове завдання"),
    "client_spoke": _("клієнт написав"),
    "third_person": _("написала стороння особа"),
    "claimed": _("взято в роботу"),
    "answer": _("надіслано відповідь"),
    "question": _("поставлено уточнення"),
    "proposal": _("запропоновано рішення"),
    "noted": _("додано нотатку"),
    "closed": _("закрито"),
    "clock_moved": _("строк перенесено"),
    "clock_paused": _("строк вирішення чекає на клієнта"),
    "clock_resumed": _("строк вирішення йде далі"),
    "client_reminded": _("клієнтові нагадано, що чекаємо на відповідь"),
    "reopened": _("відкрито знову"),
    "assigned": _("призначено"),
    "priority_set": _("змінено критичність"),
    "reason_given": _("названо причину терміновості"),
    "reason_denied": _("підстав для термінового немає"),
    "category_set": _("змінено категорію"),
    "snoozed": _("нагадування відкладено"),
    "handed_over": _("передано розробникам"),
    "time_logged": _("записано час"),
    "split": _("розділено"),
    "merged": _("об'єднано з іншим"),
    "absorbed": _("приєднано інше звернення"),
    "cause_linked": _("пов'язано спільною причиною"),
    "identified": _("визначено компанію"),
    "follows": _("продовжує давно закрите звернення"),
    "forwarded": _("лист клієнта переслав співробітник"),
    "split_confirmed": _("клієнт підтвердив поділ"),
    "split_disputed": _("клієнт не згоден із поділом"),
    "bounced": _("лист клієнтові не доставлено"),
    "receipt_withheld": _("автоматичний лист не надіслано"),
    "nudged": _("надіслано нагадування"),
    "breached": _("строк порушено"),
}

# Codes among the reasons of events; a reason of several words stands as it is.
BECAUSE_WORDS = {
    "answer": _("клієнт відповів"),
    "answer_and_new": _("клієнт відповів і додав нове завдання"),
    "client": _("так вирішив клієнт"),
    "new_task": _("нове завдання"),
    "not_solved": _("клієнт каже, що не вирішено"),
    "one_question": _("клієнт: це одне питання"),
    "solved": _("клієнт каже, що вирішено"),
    "thanks": _("подяка"),
}

# What a page says after a deed; a page's address names one of these, never a sentence.
DONE_WORDS = {
    "opened": _("Дякуємо! Звернення зареєстровано."),
    "several": _("Дякуємо! У повідомленні кілька питань, тож кожне має своє звернення."),
    "received": _("Дякуємо! Повідомлення отримано, зараз ми його читаємо."),
    "again": _("Це повідомлення вже отримано раніше: повторно його не зареєстровано."),
    "word": _("Дякуємо! Вашу відповідь отримано."),
    "closed": _("Звернення закрито."),
    "reopened": _("Звернення знову відкрито."),
    "reason": _("Дякуємо за відповідь."),
    "changed": _("Збережено."),
    "split": _("Звернення розділено."),
    "claimed": _("Звернення у вас. Клієнтові повідомлено."),
    "sent": _("Надіслано клієнтові."),
    "noted": _("Нотатку збережено, клієнт її не бачить."),
    "snoozed": _("Нагадування відкладено. Строк не змінився."),
    "phoned": _("Записано: відповіли телефоном. Клієнтові повідомлено."),
    "assigned": _("Призначено."),
    "handed_over": _("Передано розробникам. Клієнтові повідомлено."),
    "merged": _("Об'єднано."),
    "time_logged": _("Час записано."),
    "small_change_over": _("Час записано. Дрібні зміни вже перевищили пів години: запропонуйте клієнтові запит на зміну."),
    "replayed": _("Повідомлення повернуто в роботу."),
    "nothing": _("Немає чого повторювати."),
}


def part_words(name: str, say: Translator) -> str:
    """A channel or a part of the program for people; of a mailbox, "mail:support", its own name as well."""
    part, _colon, own = name.partition(":")
    words = say((CHANNEL_WORDS | PART_WORDS).get(part, part))
    return f"{words}: {own}" if own else words


def fact_words(facts: Mapping[str, Any], *, language: str, zone: ZoneInfo) -> list[str]:
    """What a part tells about itself, for people; of several mailboxes, each one's facts after its name."""
    say = translator(language)
    told: list[str] = []
    for name, value in facts.items():
        if isinstance(value, Mapping):
            state = [say(STATE_WORDS[value["state"]])] if value.get("state") in STATE_WORDS else []
            told.append(f"{name}: " + ", ".join((*state, *fact_words(value, language=language, zone=zone))))
        elif name in FACT_WORDS:
            told.append(say(FACT_WORDS[name]).format(value=_fact(value, say, language, zone)))
    return told


def _fact(value: Any, say: Translator, language: str, zone: ZoneInfo) -> str:
    if not isinstance(value, str):
        return str(value)
    try:
        return moment(datetime.fromisoformat(value), zone=zone, language=language)
    except ValueError:
        return say(FACT_VALUES.get(value, value))


def client_words(ticket: Ticket, *, viewer_id: int, language: str) -> tuple[Lamp, str]:
    """The lamp and the words beside it, for a contact (R8)."""
    say = translator(language)
    lamp = client_lamp(ticket, viewer_contact_id=viewer_id)
    return lamp, _client_words(say, lamp, ticket.turn, ticket.outcome)


def _client_words(say: Translator, lamp: Lamp, turn: Turn, outcome: Outcome | None) -> str:
    if lamp is Lamp.GREY:
        return say("закрито: {outcome}").format(outcome=say(OUTCOME_WORDS[outcome])) if outcome else say("закрито")
    words = say(TURN_WORDS[turn])
    if lamp is Lamp.YELLOW:
        return say("{state} від колеги").format(state=words)
    return words


def staff_words(ticket: Ticket, *, viewer_id: int, assignee: str, language: str) -> tuple[Lamp, str]:
    """The lamp and the words beside it, for an agent (R8)."""
    say = translator(language)
    lamp = staff_lamp(ticket, viewer_agent_id=viewer_id)
    if lamp is Lamp.GREY:
        return lamp, _client_words(say, lamp, ticket.turn, ticket.outcome)
    if lamp is Lamp.GREEN:
        waits = say("погодження") if ticket.turn is Turn.CLIENT_APPROVAL else say("уточнення")
        return lamp, say("чекаємо на клієнта: {what}").format(what=waits)
    if ticket.assignee_id is None:
        return lamp, say("клієнт чекає, нічиє")
    if lamp is Lamp.RED:
        return lamp, say("клієнт чекає на вас")
    return lamp, say("клієнт чекає, веде {name}").format(name=assignee or "?")


def card_words(facts: dict[str, Any], language: str) -> tuple[Lamp, str]:
    """The lamp and the words on a card that many see, from a notice's facts."""
    say = translator(language)
    lamp = Lamp(facts["lamp"])
    if lamp is Lamp.GREY:
        outcome = facts.get("outcome")
        return lamp, _client_words(say, lamp, Turn.STAFF, Outcome(outcome) if outcome else None)
    if lamp is Lamp.GREEN:
        waits = say("погодження") if facts["turn"] == Turn.CLIENT_APPROVAL else say("уточнення")
        return lamp, say("чекаємо на клієнта: {what}").format(what=waits)
    if lamp is Lamp.YELLOW:
        return lamp, say("у роботі: {name}").format(name=facts.get("assignee") or "?")
    return lamp, say("ніхто не взяв")


def priority_words(priority: Priority | str, is_guessed: bool, say: Translator) -> str:
    """R9: a guess is shown as one."""
    word = say(PRIORITY_WORDS[Priority(priority)])
    return say("{word} (визначено автоматично)").format(word=word) if is_guessed else word


def category_words(category: Category | str, is_guessed: bool, say: Translator) -> str:
    word = say(CATEGORY_WORDS[Category(category)])
    return say("{word} (визначено автоматично)").format(word=word) if is_guessed else word


def reason_words(reason: int | None, state: str, guess: int | None, say: Translator) -> str:
    """R11, for staff: the stated reason; or that none was stated, with what the text seems to say."""
    if reason:
        return say(SHORT_REASON_WORDS[UrgencyReason(reason)])
    words = say(REASON_STATE_WORDS[ReasonState(state)]) if state != ReasonState.NOT_NEEDED else ""
    if words and guess:
        return say("{state}, схоже: {guess}").format(state=words, guess=say(SHORT_REASON_WORDS[UrgencyReason(guess)]).lower())
    return words


def time_left(due_at: datetime | None, now: datetime, language: str) -> str:
    """How long by the wall clock until a deadline, or since."""
    say = translator(language)
    if due_at is None:
        return ""
    if due_at >= now:
        return say("ще {span}").format(span=_span(due_at - now, language))
    return say("прострочено на {span}").format(span=_span(now - due_at, language))


def _span(span: timedelta, language: str) -> str:
    if span >= timedelta(days=2):
        say = translator(language)
        return say("{n} дн").format(n=span.days)
    return duration(span, language=language)


def event_line(event: Event, *, language: str, zone: ZoneInfo, agents: dict[int, str]) -> tuple[str, str]:
    """A line of history: what happened and the particulars."""
    say = translator(language)
    what = say(EVENT_WORDS[event.kind]) if event.kind in EVENT_WORDS else event.kind
    why = say(BECAUSE_WORDS.get(event.because, event.because))
    return what, " · ".join(part for part in (_details(event, say, language, zone, agents), why) if part)


def _details(event: Event, say: Translator, language: str, zone: ZoneInfo, agents: dict[int, str]) -> str:
    data = event.data
    match event.kind:
        case "priority_set":
            return f"{_word(PRIORITY_WORDS, Priority, data.get('from'), say)} → {_word(PRIORITY_WORDS, Priority, data.get('to'), say)}"
        case "category_set":
            return f"{_word(CATEGORY_WORDS, Category, data.get('from'), say)} → {_word(CATEGORY_WORDS, Category, data.get('to'), say)}"
        case "opened":
            return say(CHANNEL_WORDS.get(data.get("channel", ""), ""))
        case "closed":
            return _word(OUTCOME_WORDS, Outcome, data.get("outcome"), say)
        case "reason_given":
            return say(SHORT_REASON_WORDS[UrgencyReason(data["reason"])])
        case "assigned":
            return agents.get(data.get("to") or 0, say("нічиє"))
        case "snoozed":
            return say("до {at}").format(at=moment(datetime.fromisoformat(data["until"]), zone=zone, language=language))
        case "time_logged":
            spent = duration(timedelta(seconds=data["seconds"]), language=language)
            return f"{_word(WORK_WORDS, WorkKind, data.get('kind'), say)}, {spent}"
        case "merged":
            return f"→ №{data.get('into')}"
        case "absorbed":
            return f"№{data.get('from')}"
        case "cause_linked" | "cause_unlinked":
            return f"№{data.get('cause')}"
        case "follows":
            return f"№{data.get('ticket')}"
        case _:
            return ""


def _word(words: dict[Any, str], kind: Any, value: str | None, say: Translator) -> str:
    try:
        return say(words[kind(value)])
    except (ValueError, KeyError):
        return str(value or "?")
