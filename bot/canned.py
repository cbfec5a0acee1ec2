"""Canned answers: the places in them that a ticket fills, and the words for what is wrong with one. Pure.

A place is a name in braces. What nobody knows how to fill is told when the answer is written, and again when it is used: a client never
reads "{contact}".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.errors import Rejected
from bot.model import Agent
from bot.notices import Facts
from bot.texts import moment

PLACES = ("contact", "client", "number", "title", "due", "agent")
LONGEST_NAME = 40
LONGEST_TEXT = 3500
_PLACE = re.compile(r"\{([^{}\n]{0,40})\}")


def checked(name: str, text: str) -> tuple[str, str]:
    """The name and the text as they may be kept. Raises Rejected with what is wrong and what would be right."""
    name, text = " ".join(name.split()), text.strip()
    if not name or not text:
        raise Rejected("Шаблон має назву й текст: /answers add Оплата: Рахунок надіслано, {contact}.", contact="{contact}")
    if len(name) > LONGEST_NAME or len(text) > LONGEST_TEXT:
        raise Rejected("Назва шаблону — до {name} символів, текст — до {text}.", name=LONGEST_NAME, text=LONGEST_TEXT)
    if unknown := [place for place in _PLACE.findall(text) if place not in PLACES]:
        known = ", ".join(f"{{{place}}}" for place in PLACES)
        wrong = ", ".join(f"{{{place}}}" for place in dict.fromkeys(unknown))
        raise Rejected("Шаблон «{name}»: невідомі підстановки {wrong}. Відомі: {known}.", name=name, wrong=wrong, known=known)
    return name, text


def filled(name: str, text: str, values: Mapping[str, str]) -> str:
    """The answer for one ticket. Rejected when a place cannot be filled here."""
    missing = [place for place in dict.fromkeys(_PLACE.findall(text)) if not values.get(place)]
    if missing:
        raise Rejected(
            "Шаблон «{name}»: у цьому зверненні нема чим заповнити {places}.",
            name=name,
            places=", ".join(f"{{{place}}}" for place in missing),
        )
    return _PLACE.sub(lambda match: values[match[1]], text)


def values_of(facts: Facts, agent: Agent, *, zone: ZoneInfo, now: datetime) -> dict[str, str]:
    """What a ticket puts into the places, in its contact's language; "" where it has nothing."""
    due = moment(facts.due_at, zone=zone, language=facts.contact.language, now=now) if facts.due_at else ""
    return {
        "contact": facts.contact.name,
        "client": facts.client_name,
        "number": str(facts.ticket.id),
        "title": facts.ticket.title,
        "due": due,
        "agent": agent.name,
    }
