"""What staff see of a ticket: the card, and the client's words."""

from __future__ import annotations

from datetime import datetime

from bot.model import Delivery, Message, Priority, Route, Ticket
from bot.notices.clients import _version
from bot.notices.facts import CARD_URGENCY, QUIET_URGENCY, WORD_URGENCY, Facts, StaffRoutes, files_body


def _with_development(facts: Facts, staff: StaffRoutes) -> bool:
    return facts.ticket.team.value == "development" and bool(staff.development)


def card(facts: Facts, staff: StaffRoutes, *, now: datetime) -> list[Delivery]:
    """The ticket as staff see it: one message a chat, edited at every change. Handed over (R13) it is shown to Development too."""
    routes = dict.fromkeys((*staff.development, *staff.desk) if _with_development(facts, staff) else staff.desk)
    return [
        Delivery(
            key=f"{_version(facts.ticket)}:card:{route.channel}:{route.recipient}",
            route=route,
            kind="card",
            body={"ticket": facts.for_staff()},
            created_at=now,
            ticket_ids=(facts.ticket.id,),
            edit_key=f"card:{facts.ticket.id}",
            urgency=_card_urgency(facts.ticket),
        )
        for route in routes
    ]


def _hearers(facts: Facts, staff: StaffRoutes) -> tuple[Route, ...]:
    """Who answers this client: the desk, or Development's chat instead of the desk's; the Site shows it either way."""
    if not _with_development(facts, staff):
        return staff.desk
    return (*staff.development, *(route for route in staff.desk if route.channel != staff.development[0].channel))


def _card_urgency(ticket: Ticket) -> int:
    """Urgent tickets and receipts come first, edits of what is there already last."""
    if ticket.version > 1:
        return QUIET_URGENCY
    return CARD_URGENCY if ticket.priority is Priority.URGENT else WORD_URGENCY


def client_word(facts: Facts, message: Message, staff: StaffRoutes, *, verdict: str) -> list[Delivery]:
    """A client wrote in a running ticket: staff see the words under the card. `verdict` is the intake's reading of it."""
    return [
        Delivery(
            key=f"message:{message.id}:client_word:{route.channel}:{route.recipient}",
            route=route,
            kind="client_word",
            body={
                "ticket": facts.for_staff(),
                "text": message.text,
                "author": message.author.name,
                "verdict": verdict,
                "is_third_person": message.kind.value == "third_person",
                "attachments": files_body(message.attachments),
                "message_id": message.id,
            },
            created_at=message.at,
            ticket_ids=(facts.ticket.id,),
            message_id=message.id,
            urgency=WORD_URGENCY,
        )
        for route in _hearers(facts, staff)
    ]
