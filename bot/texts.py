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
from zoneinfo import ZoneInfo

from bot.errors import BotError
from bot.model import Category, Lamp, Outcome, Priority, ReasonState, Turn, UrgencyReason

LANGUAGES = ("uk", "en")
Translator = Callable[[str], str]


@lru_cache(maxsize=len(LANGUAGES))
def translator(language: str) -> Translator:
    """The translator into a language; an unknown language means Ukrainian."""
    if language not in LANGUAGES or language == "uk":
        return _as_it_stands
    return gettext.translation("deskbot", Path(__file__).parent / "locales", [language], fallback=True).gettext


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
LAMP_WORDS = {Lamp.GREEN: _("зелена"), Lamp.RED: _("червона"), Lamp.YELLOW: _("жовта"), Lamp.GREY: _("сіра")}
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
    return translator(language)(error.sentence).format(**values)
