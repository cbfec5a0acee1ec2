"""What the conversation modules get and give back: interpreted rows in, the end of a row and what to do after the commit out."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bot.channels.telegram.parse import Happening, Line
from bot.intake.service import Planned
from bot.model import Delivery, Route
from bot.ports import Disposition, InboxItem, InboxResult, UnitOfWork

CHANNEL = "telegram"


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A client's message: one burst of lines, planned already."""

    lines: tuple[Line, ...]
    items: tuple[InboxItem, ...]
    planned: Planned


@dataclass(frozen=True, slots=True, kw_only=True)
class Single:
    """Anything that stands alone: a command, a press, a line in the staff chat (or an album there), a moved chat.

    `call` is a phone entry of the staff chat, planned already.
    """

    happening: Happening
    items: tuple[InboxItem, ...]
    call: Planned | None = None

    @property
    def item(self) -> InboxItem:
        return self.items[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupSaid:
    """A line, or an album, in a group that is not the staff's; `planned` already where it asks something of the desk."""

    line: Line
    items: tuple[InboxItem, ...]
    planned: Planned | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """A call that is made once, after the commit, and may fail without harm: a toast, a reaction, a keyboard taken away."""

    method: str
    parameters: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """How a row ended."""

    because: str
    ticket_ids: tuple[int, ...] = ()
    effects: tuple[Effect, ...] = ()
    disposition: Disposition = Disposition.SET_ASIDE

    def result(self, item_id: int) -> InboxResult:
        return InboxResult(item_id=item_id, disposition=self.disposition, because=self.because, ticket_ids=self.ticket_ids)


def route(chat: int) -> Route:
    return Route(channel=CHANNEL, recipient=str(chat))


def tell(
    uow: UnitOfWork,
    chat: int,
    kind: str,
    body: dict[str, Any],
    *,
    item: InboxItem,
    now: datetime,
    ticket_ids: tuple[int, ...] = (),
    urgency: int = 3,
) -> None:
    """A word of this channel's own conversation; unique by the row that caused it."""
    uow.outbox.add(
        Delivery(
            key=f"inbox:{item.id}:{kind}:{CHANNEL}:{chat}",
            route=route(chat),
            kind=kind,
            body=body,
            created_at=now,
            ticket_ids=ticket_ids,
            urgency=urgency,
        )
    )


def toast(callback_id: str, text: str = "", *, loud: bool = False) -> Effect:
    """What the presser of a button sees, for a moment or (`loud`) until they close it. Telegram allows 200 characters."""
    words = {"text": text[:200], "show_alert": loud} if text else {}
    return Effect(method="answerCallbackQuery", parameters={"callback_query_id": callback_id, **words})


def without_buttons(chat: int, message_id: int | None) -> tuple[Effect, ...]:
    """The buttons of a message that has been answered go away."""
    if message_id is None:
        return ()
    return (Effect(method="editMessageReplyMarkup", parameters={"chat_id": chat, "message_id": message_id}),)


def reaction(chat: int, message_id: int, emoji: str) -> Effect:
    return Effect(
        method="setMessageReaction",
        parameters={"chat_id": chat, "message_id": message_id, "reaction": [{"type": "emoji", "emoji": emoji}]},
    )
