"""What clients are told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from bot.model import Delivery, Message, Ticket, UrgencyReason
from bot.notices.facts import RECEIPT_URGENCY, WORD_URGENCY, Facts, files_body


def _to_client(facts: Facts, kind: str, cause: str, body: dict[str, Any], *, now: datetime, **extra: Any) -> list[Delivery]:
    """One delivery on the ticket's own route; none when the person cannot be written to (a phone call from an unknown number)."""
    route = facts.ticket.route
    if route is None:
        return []
    return [
        Delivery(
            key=f"{cause}:{kind}:{route.channel}:{route.recipient}",
            route=route,
            kind=kind,
            body={"language": facts.contact.language, "letter": facts.letter, **body},
            created_at=now,
            ticket_ids=(facts.ticket.id,),
            **extra,
        )
    ]


def _version(ticket: Ticket) -> str:
    return f"ticket:{ticket.id}:v{ticket.version}"


def receipt(
    made: Sequence[Facts],
    *,
    cause: str,
    now: datetime,
    act: str,
    because: str,
    offer: Sequence[str] = (),
    hints: Sequence[Ticket] = (),
    opens_at: datetime | None = None,
    phones: Sequence[str] = (),
    left: dict[str, Any] | None = None,
) -> list[Delivery]:
    """What was registered, in one message (R5). `act`: "one", "split" (undo is offered) or "ask" (`offer`: the titles of a possible split).

    `hints` are open tickets that the message may belong to. In a letter the urgency question goes along (`ask_urgency`); in a chat it is a
    message of its own, see `urgency_question`. `left`: files that were not taken in (`bot.left_out`).
    """
    first = made[0]
    body = {
        "tickets": [facts.for_client() for facts in made],
        "act": act,
        "because": because,
        "offer": list(offer),
        "origin_id": first.ticket.origin_id,
        "hints": [{"id": ticket.id, "title": ticket.title} for ticket in hints],
        "opens_at": opens_at.isoformat() if opens_at else None,
        "phones": list(phones),
        "left_out": left,
        "ask_urgency": [{"id": f.ticket.id, "order": reason_order(f.ticket)} for f in made if f.ticket.reason_state.value == "asked"],
    }
    rows = _to_client(first, "receipt", cause, body, now=now, urgency=RECEIPT_URGENCY)
    return [_with_tickets(row, tuple(facts.ticket.id for facts in made)) for row in rows]


def _with_tickets(row: Delivery, ticket_ids: tuple[int, ...]) -> Delivery:
    return replace(row, ticket_ids=ticket_ids)


def reason_order(ticket: Ticket) -> list[int]:
    """The three reasons, the guessed one first: a guess only orders the buttons (R11)."""
    order = [reason.value for reason in UrgencyReason]
    return sorted(order, key=lambda value: value != ticket.reason_guess)


def urgency_question(facts: Facts, *, cause: str, now: datetime, phones: Sequence[str] = ()) -> list[Delivery]:
    """R11: which of the three reasons is it, or none of these. `phones` are shown while the desk is open."""
    body = {"ticket": facts.for_client(), "order": reason_order(facts.ticket), "phones": list(phones)}
    return _to_client(facts, "urgency_question", f"{cause}:{facts.ticket.id}", body, now=now, urgency=RECEIPT_URGENCY)


def word_key(message_id: int) -> str:
    """The `edit_key` of a word of staff: it may be taken back while it waits, and edited after."""
    return f"word:{message_id}"


def word_to_client(
    facts: Facts, message: Message, *, not_before_at: datetime | None = None, revision: int = 0, was: str = ""
) -> list[Delivery]:
    """An answer, a question or a proposal of a person; the kind is the message's own. `revision` counts corrections, `was` is what the
    client was told before this one."""
    body = {
        "ticket": facts.for_client(),
        "text": message.text,
        "agent": message.author.name,
        "attachments": files_body(message.attachments),
        "message_id": message.id,
        "was": was,
    }
    extra = {
        "message_id": message.id,
        "urgency": WORD_URGENCY,
        "is_automatic": False,
        "edit_key": word_key(message.id),
        "not_before_at": not_before_at,
    }
    cause = f"message:{message.id}" + (f":r{revision}" if revision else "")
    return _to_client(facts, message.kind.value, cause, body, now=message.at, **extra)


def told_client(facts: Facts, kind: str, *, now: datetime, **body: Any) -> list[Delivery]:
    """A change the client hears of: claimed, closed, reopened, priority_changed, handed_over, merged, split."""
    return _to_client(facts, kind, _version(facts.ticket), {"ticket": facts.for_client(), **body}, now=now, urgency=WORD_URGENCY)


def new_task_offer(facts: Facts, *, cause: str, titles: Sequence[str], made: Sequence[Ticket], now: datetime) -> list[Delivery]:
    """R6: the answer held a new task; it was made a ticket of its own."""
    body = {"ticket": facts.for_client(), "titles": list(titles), "made": [{"id": t.id, "title": t.title} for t in made]}
    return _to_client(facts, "new_task_offer", cause, body, now=now, urgency=WORD_URGENCY)


def client_reminder(facts: Facts, *, since: datetime, text: str, closes_at: datetime | None, now: datetime) -> list[Delivery]:
    """R7: a client owes an answer `since` our last word, `text`. `closes_at`: when the ticket closes by itself without one, None never."""
    body = {
        "ticket": facts.for_client(),
        "since": since.isoformat(),
        "text": text,
        "closes_at": closes_at.isoformat() if closes_at else None,
    }
    cause = f"ticket:{facts.ticket.id}:waits:{since.isoformat()}"
    return _to_client(facts, "client_reminder", cause, body, now=now, urgency=WORD_URGENCY)
