"""Somebody cannot be reached where they wrote from (they blocked the bot, left): the word goes to their mail instead, and staff hear of it.

Each word tries its own channel first, so nothing needs to be put right when they come back. What no mail address can take is given up as
before. That they are unreachable is remembered, for agents to be told before they answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bot import notices
from bot.errors import BotError
from bot.model import Address, Contact, Delivery, Route
from bot.ports import Storage, UnitOfWork

_MAIL = "mail"
# What may as well be read in a letter; the conversation of a chat (menus, lists, links) stays in the chat.
_LETTERS = frozenset(
    {"receipt", "urgency_question", "claimed", "answer", "question", "proposal", "client_reminder", "closed", "reopened"}
    | {"priority_changed", "handed_over", "new_task_offer", "merged"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherWay:
    """The same word to the same person's mail."""

    row: Delivery
    letter: Delivery
    contact: Contact

    def write(self, uow: UnitOfWork, alert_routes: Sequence[Route], now: datetime) -> None:
        """The letter is to be sent; staff are told, once a day for each person."""
        uow.outbox.add(self.letter)
        numbers = ", ".join(f"№{ticket_id}" for ticket_id in self.row.ticket_ids) or "—"
        news = BotError(
            "{name}: написати сюди не можна ({channel}), тож відповідаємо листом: {mail}. Звернення: {numbers}.",
            name=self.contact.name,
            channel=self.row.route.channel,
            mail=self.letter.route.recipient,
            numbers=numbers,
        )
        for alert in notices.alert(alert_routes, news, cause=f"{unreachable_key(self.row.route)}:{now:%Y-%m-%d}", now=now):
            uow.outbox.add(alert)


def unreachable_key(route: Route) -> str:
    """The fact that says since when somebody cannot be reached there."""
    return f"unreachable:{route.channel}:{route.recipient}"


async def other_way(storage: Storage, row: Delivery, *, now: datetime) -> OtherWay | None:
    """How else to say it; None when the person is unknown or has no mail, or the word belongs to the chat alone."""
    async with storage.write() as uow:
        contact = await uow.people.contact_at(Address(channel=row.route.channel, value=row.route.recipient))
        if contact is None or row.route.channel == _MAIL:
            return None
        if await uow.state.get(unreachable_key(row.route)) is None:
            uow.state.set(unreachable_key(row.route), {"since": now.isoformat()})
            await uow.commit()
    mail = next((address.value for address in contact.addresses if address.channel == _MAIL), None)
    if mail is None or row.kind not in _LETTERS:
        return None
    route = Route(channel=_MAIL, recipient=mail)
    letter = replace(
        row,
        id=0,
        key=f"{row.key}:by_mail",
        route=route,
        created_at=now,
        edit_key=None,
        attempts=0,
        state=type(row.state).NEW,
        not_before_at=None,
        previous_external_id=None,
        error="",
        progress=(),
    )
    return OtherWay(row=row, letter=letter, contact=contact)


async def is_unreachable(uow: UnitOfWork, route: Route) -> bool:
    return await uow.state.get(unreachable_key(route)) is not None


def reachable_again(uow: UnitOfWork, route: Route) -> None:
    """They are back."""
    uow.state.set(unreachable_key(route), None)
