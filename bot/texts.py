"""Sentences for people: Ukrainian in the code, English in the catalogue.

Every sentence a person reads goes through a translator: `_ = translator(contact.language)`, `_("Звернення №{number}").format(number=7)`.
The Ukrainian sentence is the key; `bot/locales/en/LC_MESSAGES/deskbot.po` holds the English one, a missing one stays Ukrainian.
Here are also the words for the model's own terms and for instants, which all channels share.
"""

from __future__ import annotations

import gettext
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from bot.errors import BotError
from bot.model import Category, Outcome, Priority, ReasonState, Turn, UrgencyReason, WorkKind

LANGUAGES = ("uk", "en")
Translator = Callable[[str], str]


@lru_cache(maxsize=len(LANGUAGES))
def translator(language: str) -> Translator:
    """The translator into a language; an unknown language means Ukrainian."""
    if language not in LANGUAGES or language == "uk":
        return _as_it_stands
    catalogue = gettext.translation("deskbot", Path(__file__).parent / "locales", [language], fallback=True)
    # gettext answers "" with the catalogue's own header.
    return lambda sentence: catalogue.gettext(sentence) if sentence else ""


def _as_it_stands(sentence: str) -> str:
    return sentence


# The catalogue tool finds sentences by this name; here it marks what is looked up later.
_ = _as_it_stands

PRIORITY_WORDS = {
    Priority.LOW: _("низька"),
    Priority.MEDIUM: _("середня"),
    Priority.HIGH: _("висока"),
    Priority.URGENT: _("термінова"),
}
CATEGORY_WORDS = {Category.INCIDENT: _("інцидент"), Category.CHANGE_REQUEST: _("запит на зміну")}
TURN_WORDS = {
    Turn.STAFF: _("у роботі"),
    Turn.CLIENT_APPROVAL: _("чекає на погодження"),
    Turn.CLIENT_CLARIFICATION: _("чекає на уточнення"),
}
OUTCOME_WORDS = {
    Outcome.SOLVED: _("вирішено"),
    Outcome.NOT_RELEVANT: _("вже не актуально"),
    Outcome.DECLINED: _("відхилено"),
    Outcome.DUPLICATE: _("дублікат"),
}
WORK_WORDS = {
    WorkKind.CONSULTATION: _("консультація"),
    WorkKind.TRAINING: _("навчання"),
    WorkKind.SMALL_CHANGE: _("дрібна зміна налаштувань"),
    WorkKind.OTHER: _("інше"),
}
REASON_WORDS = {
    UrgencyReason.OPERATIONAL_WORK: _("користувач не може виконати термінову оперативну роботу (чек на касі, відвантаження, звіт у строк)"),
    UrgencyReason.MOST_USERS: _("більшість користувачів не може нормально працювати в програмі"),
    UrgencyReason.TOP_MANAGEMENT: _("керівництво компанії не може працювати в програмі"),
}
SHORT_REASON_WORDS = {
    UrgencyReason.OPERATIONAL_WORK: _("Стоїть термінова робота"),
    UrgencyReason.MOST_USERS: _("Не може працювати більшість"),
    UrgencyReason.TOP_MANAGEMENT: _("Не може працювати керівництво"),
}
NONE_OF_THESE = _("Жодна з цих причин")
REASON_STATE_WORDS = {
    ReasonState.NOT_NEEDED: "",
    ReasonState.ASKED: _("причину не вказано"),
    ReasonState.GIVEN: _("причину вказано"),
    ReasonState.NONE_OF_THESE: _("підстав для термінового немає"),
}
# What our mail server says of a sender's address (Authentication-Results).
SENDER_WORDS = {
    "passed": _("відправника підтверджено"),
    "failed": _("відправника НЕ підтверджено: адреса може бути підробленою"),
    "unproved": _("сервер не може підтвердити відправника"),
}
# Why a message made no ticket: an inbox row keeps the code.
SET_ASIDE_WORDS = {
    "another_bot": _("повідомлення іншого бота"),
    "auto_reply": _("автовідповідь"),
    "bounce": _("звіт про недоставлення"),
    "bulk": _("масова розсилка"),
    "blocked": _("заблокований відправник"),
    "button": _("натиснута кнопка"),
    "button_refused": _("кнопка, яка вже не діє"),
    "chat_moved": _("чат переїхав"),
    "command": _("команда"),
    "command_refused": _("команда, якої не виконано"),
    "edit_unchanged": _("правка без змін у тексті"),
    "empty": _("порожнє повідомлення"),
    "foreign_group": _("чужа група"),
    "not_for_us": _("розмова в групі, не до бота"),
    "agent_in_group": _("слова співробітника в групі клієнта"),
    "greeting": _("привітання"),
    "group_membership": _("зміна складу групи"),
    "loop": _("лист самої служби"),
    "news": _("повідомлення до відома"),
    "no_sender": _("немає відправника"),
    "note": _("внутрішня нотатка"),
    "outgoing_call": _("вихідний дзвінок"),
    "own_contact": _("клієнт надіслав свій контакт"),
    "reachable": _("клієнт знову читає бота"),
    "service_message": _("службове повідомлення"),
    "spam": _("спам, за словом вашого сервера"),
    "staff_edit": _("співробітник виправив свої слова"),
    "staff_refused": _("співробітникові відмовлено"),
    "staff_talk": _("розмова співробітників"),
    "staff_unclear": _("відповідь, яка не вказує на звернення"),
    "staff_word": _("слова співробітника"),
    "sticker": _("стікер"),
    "thanks": _("подяка"),
    "unknown_command": _("невідома команда"),
    "unknown_update": _("подія невідомого виду"),
    "unreachable": _("клієнт заблокував бота"),
}
_WEEKDAYS = (_("пн"), _("вт"), _("ср"), _("чт"), _("пт"), _("сб"), _("нд"))


def moment(at: datetime, *, zone: ZoneInfo, language: str, now: datetime | None = None) -> str:
    """An instant as people say it: "сьогодні 14:30", "пн 30.11 16:30". Without `now` the date is always there."""
    say = translator(language)
    local = at.astimezone(zone)
    if now is not None:
        days = (local.date() - now.astimezone(zone).date()).days
        if days in (0, 1):
            return f"{say('сьогодні') if days == 0 else say('завтра')} {local:%H:%M}"
    return f"{say(_WEEKDAYS[local.weekday()])} {local:%d.%m %H:%M}"


def duration(span: timedelta, *, language: str) -> str:
    """A length as people say it: "1 год 30 хв"."""
    say = translator(language)
    minutes = round(span.total_seconds() / 60)
    hours, minutes = divmod(minutes, 60)
    parts = [say("{n} год").format(n=hours)] if hours else []
    if minutes or not hours:
        parts.append(say("{n} хв").format(n=minutes))
    return " ".join(parts)


def explain(error: BotError, language: str) -> str:
    """An error as a sentence in the reader's language; an error among its values is explained in the same way."""
    values = {name: explain(value, language) if isinstance(value, BotError) else value for name, value in error.values.items()}
    return _filled(error.sentence, values, language)


def as_json(error: BotError) -> dict[str, Any]:
    """An error as neutral JSON {"sentence", "values"}, for `told` to tell later, in a language that is not known yet."""
    values = {name: as_json(value) if isinstance(value, BotError) else _plain(value) for name, value in error.values.items()}
    return {"sentence": error.sentence, "values": values}


def told(kept: dict[str, Any], language: str) -> str:
    """What `as_json` kept, as a sentence in the reader's language."""
    values = {name: told(value, language) if isinstance(value, dict) else value for name, value in kept["values"].items()}
    return _filled(kept["sentence"], values, language)


def _plain(value: Any) -> str | int | float:
    return value if isinstance(value, str | int | float) else str(value)


def _filled(sentence: str, values: dict[str, Any], language: str) -> str:
    """Without values, braces are the sentence's own, as in BotError itself."""
    say = translator(language)
    return say(sentence).format(**values) if values else say(sentence)
