"""A word on its way out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from bot.model.people import Route


class DeliveryState(StrEnum):
    """NEW → SENDING (leased) → SENT. UNSURE: outcome unknown. DEAD: given up, staff see it. SUPERSEDED: a newer edit took its place."""

    NEW = "new"
    SENDING = "sending"
    SENT = "sent"
    UNSURE = "unsure"
    DEAD = "dead"
    SUPERSEDED = "superseded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One word to make its way out. `body` is neutral JSON (see `bot.notices`); a channel renders it, nothing else may.

    `key` is unique: cause, generation, step and recipient (promise 2). `edit_key` names a message that is edited rather than
    repeated (a ticket's card): the newest unsent row supersedes older ones, and `previous_external_id` is what was sent last.
    `urgency` orders the queue, 0 first. `progress`: ids of the parts of a long word that went out already.
    """

    key: str
    route: Route
    kind: str
    body: dict[str, Any]
    created_at: datetime
    ticket_ids: tuple[int, ...] = ()
    message_id: int | None = None
    edit_key: str | None = None
    urgency: int = 5
    is_automatic: bool = True
    id: int = 0
    state: DeliveryState = DeliveryState.NEW
    attempts: int = 0
    not_before_at: datetime | None = None
    previous_external_id: str | None = None
    external_id: str | None = None
    error: str = ""
    sent_at: datetime | None = None
    progress: tuple[str, ...] = ()
