"""A plain sentence, a digest, and what went wrong."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from bot.errors import BotError
from bot.model import Delivery, Route
from bot.notices.facts import WORD_URGENCY
from bot.texts import as_json, explain


def say(route: Route, text: str, *, cause: str, language: str, now: datetime, letter: dict[str, Any] | None = None) -> Delivery:
    """A plain sentence, already in the reader's language."""
    return Delivery(
        key=f"{cause}:say:{route.channel}:{route.recipient}",
        route=route,
        kind="say",
        body={"language": language, "text": text, "letter": letter or {}},
        created_at=now,
        urgency=WORD_URGENCY,
    )


def summary(routes: Sequence[Route], body: dict[str, Any], *, cause: str, now: datetime) -> list[Delivery]:
    """The morning digest or the week's summary, as `bot.sla.summaries` makes them; `cause` holds the day, so that it is said once."""
    return [
        Delivery(
            key=f"{cause}:summary:{route.channel}:{route.recipient}",
            route=route,
            kind="summary",
            body=body,
            created_at=now,
            urgency=WORD_URGENCY,
        )
        for route in routes
    ]


def alert(routes: Sequence[Route], news: BotError, *, cause: str, now: datetime) -> list[Delivery]:
    """Something staff must know about the desk itself. `cause` makes it unique: put the day or the episode into it.

    The body holds {"news": {"sentence", "values"}}, which `bot.texts.told` tells in the reader's language, and the Ukrainian "text".
    """
    return [
        Delivery(
            key=f"{cause}:alert:{route.channel}:{route.recipient}",
            route=route,
            kind="alert",
            body={"news": as_json(news), "text": explain(news, "uk")},
            created_at=now,
            urgency=WORD_URGENCY,
        )
        for route in routes
    ]
