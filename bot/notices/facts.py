"""What a notice is made of: who hears it, the ticket with its names and deadline, and how soon it goes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bot.lamps import card_lamp, client_lamp
from bot.model import Attachment, Contact, Route, Ticket

CARD_URGENCY = 1
RECEIPT_URGENCY = 2
NUDGE_URGENCY = 2
WORD_URGENCY = 3
QUIET_URGENCY = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffRoutes:
    """Where staff hear of things. Empty tuples are fine: the Site's lists still show everything."""

    desk: tuple[Route, ...] = ()
    leads: tuple[Route, ...] = ()
    development: tuple[Route, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """A ticket with the names and the deadline that notices mention. `due_at` is the running clock's, None when nothing runs.

    `shares_cause`: how many open tickets are linked to this one as their common cause.
    `letter` is what the client's last mail says about itself (subject, message_id, references): answers thread by it.
    """

    ticket: Ticket
    contact: Contact
    client_name: str = ""
    assignee_name: str = ""
    due_at: datetime | None = None
    text: str = ""
    attachments: tuple[Attachment, ...] = ()
    letter: dict[str, Any] = field(default_factory=dict)
    shares_cause: int = 0

    def for_client(self) -> dict[str, Any]:
        """The facts of the ticket that `ticket_body` names, and its lamp as the requester sees it."""
        return ticket_body(self.ticket, self.due_at) | {"lamp": client_lamp(self.ticket, viewer_contact_id=self.contact.id).value}

    def for_staff(self) -> dict[str, Any]:
        """The same, and client, contact, channel, assignee, reason_guess, received_at, text, attachments, outcome, result, team, …"""
        ticket = self.ticket
        return ticket_body(ticket, self.due_at) | {
            "lamp": card_lamp(ticket).value,
            "client": self.client_name,
            "contact": self.contact.name,
            "channel": ticket.channel,
            "assignee": self.assignee_name,
            "assignee_id": ticket.assignee_id,
            "reason_guess": ticket.reason_guess.value if ticket.reason_guess else None,
            "received_at": ticket.received_at.isoformat(),
            "text": self.text,
            "attachments": files_body(self.attachments),
            "is_open": ticket.is_open,
            "outcome": ticket.outcome.value if ticket.outcome else None,
            "result": ticket.result,
            "team": ticket.team.value,
            "origin_id": ticket.origin_id,
            "sender": self.letter.get("sender", ""),
            "cause_id": ticket.cause_id,
            "shares_cause": self.shares_cause,
            "merged_into_id": ticket.merged_into_id,
            "snoozed_until_at": ticket.snoozed_until_at.isoformat() if ticket.snoozed_until_at else None,
        }


def files_body(attachments: Sequence[Attachment]) -> list[dict[str, Any]]:
    """`ref` says where a channel finds the bytes, `kind` how it shows them."""
    return [
        {"name": file.name, "kind": file.kind, "size": file.size, "content_type": file.content_type, "ref": file.ref}
        for file in attachments
    ]


def ticket_body(ticket: Ticket, due_at: datetime | None) -> dict[str, Any]:
    return {
        "id": ticket.id,
        "title": ticket.title,
        "priority": ticket.priority.value,
        "is_priority_guessed": ticket.is_priority_guessed,
        "category": ticket.category.value,
        "is_category_guessed": ticket.is_category_guessed,
        "turn": ticket.turn.value,
        "due_at": due_at.isoformat() if due_at else None,
        "reason": ticket.reason.value if ticket.reason else None,
        "reason_state": ticket.reason_state.value,
        "is_call_back": ticket.is_call_back,
    }
