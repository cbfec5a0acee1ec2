"""What people are told, as neutral JSON: the one place that knows the shape of a delivery's body.

Each function makes `Delivery` values for one occasion; a channel's render turns the body into its own words and buttons. Bodies hold
facts, never markup. Instants in a body are ISO 8601 in UTC. Keys are unique by cause, version and recipient, so that a verb that runs
twice tells once.

Kinds for a client: receipt, urgency_question, claimed, answer, question, proposal, client_reminder, closed, reopened, priority_changed,
handed_over, new_task_offer, say. Kinds for staff: card (edited, not repeated), client_word, nudge, summary, alert, say. Every client body has
`language`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from bot.errors import BotError
from bot.lamps import card_lamp, client_lamp
from bot.model import Attachment, Contact, Delivery, Message, Priority, Route, Ticket, UrgencyReason
from bot.sla.explain import Account
from bot.texts import as_json, explain

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
        """The facts of the ticket that `_ticket` names, and its lamp as the requester sees it."""
        return _ticket(self.ticket, self.due_at) | {"lamp": client_lamp(self.ticket, viewer_contact_id=self.contact.id).value}

    def for_staff(self) -> dict[str, Any]:
        """The same, and client, contact, channel, assignee, reason_guess, received_at, text, attachments, outcome, result, team, …"""
        ticket = self.ticket
        return _ticket(ticket, self.due_at) | {
            "lamp": card_lamp(ticket).value,
            "client": self.client_name,
            "contact": self.contact.name,
            "channel": ticket.channel,
            "assignee": self.assignee_name,
            "assignee_id": ticket.assignee_id,
            "reason_guess": ticket.reason_guess.value if ticket.reason_guess else None,
            "received_at": ticket.received_at.isoformat(),
            "text": self.text,
            "attachments": _files(self.attachments),
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


def _files(attachments: Sequence[Attachment]) -> list[dict[str, Any]]:
    """`ref` says where a channel finds the bytes, `kind` how it shows them."""
    return [
        {"name": file.name, "kind": file.kind, "size": file.size, "content_type": file.content_type, "ref": file.ref}
        for file in attachments
    ]


def _ticket(ticket: Ticket, due_at: datetime | None) -> dict[str, Any]:
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
        "attachments": _files(message.attachments),
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
                "attachments": _files(message.attachments),
                "message_id": message.id,
            },
            created_at=message.at,
            ticket_ids=(facts.ticket.id,),
            message_id=message.id,
            urgency=WORD_URGENCY,
        )
        for route in _hearers(facts, staff)
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Listeners:
    """Why a nudge reaches those whom it reaches. `on_duty` are the people of the shift, where everybody should hear it and a roster is
    kept; `is_unattended`: there is nobody, so the leads hear it. Where the owner is away: `away_why` (absent or off_shift), until when,
    what was written about it, and who stands in.
    """

    on_duty: tuple[str, ...] = ()
    is_unattended: bool = False
    away_why: str = ""
    away_until: datetime | None = None
    away_because: str = ""
    stand_in: str = ""

    def body(self) -> dict[str, Any]:
        return {
            "on_duty": list(self.on_duty),
            "is_unattended": self.is_unattended,
            "away_why": self.away_why,
            "away_until": self.away_until.isoformat() if self.away_until else None,
            "away_because": self.away_because,
            "stand_in": self.stand_in,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Reminder:
    """One clock's part of a nudge: the ticket, the promise, why this minute. `rung` is before, due, after, claimed or snoozed.

    `counted_from` is what the promise counts from, `account` what it counted and skipped on the way to `due_at`.
    """

    facts: Facts
    rung: str
    kind: str
    due_at: datetime
    effective_due_at: datetime
    planned_at: datetime
    account: Account
    claimed_at: datetime | None = None
    listeners: Listeners = Listeners()

    def body(self) -> dict[str, Any]:
        """The facts for staff, and under "nudge" the promise: instants in ISO 8601, `counted` in seconds, `skipped` as kinds and labels."""
        return self.facts.for_staff() | {
            "nudge": {
                "rung": self.rung,
                "clock": self.kind,
                "counted_from": self.account.start.isoformat(),
                "due_at": self.due_at.isoformat(),
                "effective_due_at": self.effective_due_at.isoformat(),
                "planned_at": self.planned_at.isoformat(),
                "claimed_at": self.claimed_at.isoformat() if self.claimed_at else None,
                "listeners": self.listeners.body(),
                "counted": int(self.account.counted.total_seconds()),
                "skipped": [{"kind": each.kind.value, "labels": list(each.labels)} for each in self.account.skipped],
            }
        }


def nudge(
    route: Route,
    reminders: Sequence[Reminder],
    *,
    cause: str,
    total: int,
    now: datetime,
    others: Sequence[int] = (),
    silent_since: datetime | None = None,
    edit_key: str | None = None,
) -> Delivery:
    """What is due together for one chat, in one message, most pressing first; `total` may be more than the reminders shown, and
    `others` are the tickets behind them by number.

    `silent_since` is set when the desk was not running for a while before this.
    """
    return Delivery(
        key=f"{cause}:nudge:{route.channel}:{route.recipient}",
        route=route,
        kind="nudge",
        body={
            "tickets": [each.body() for each in reminders],
            "total": total,
            "others": list(others),
            "silent_since": silent_since.isoformat() if silent_since else None,
        },
        created_at=now,
        ticket_ids=tuple(dict.fromkeys(each.facts.ticket.id for each in reminders)),
        edit_key=edit_key,
        urgency=NUDGE_URGENCY,
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
