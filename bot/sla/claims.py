"""Claims of urgency (R11): who called what urgent, with which reason, and whether it still stood when the story ended. Pure.

A claim is the client's own: an urgent message, a reason given, a raise. Staff's raising is none. It is upheld when nobody lowered it and
the client did not answer "none of these".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.model import ActorKind, Event, Priority, ReasonState, Ticket, UrgencyReason
from bot.ports import QueueRow

READ = ("opened", "priority_set", "reason_given", "reason_denied")


@dataclass(frozen=True, slots=True, kw_only=True)
class Urgency:
    """A person's claims. `reasons` and `upheld_reasons` are counts by reason 1, 2, 3; `unstated` gave none, `denied` said "none of these"
    themselves. `client` and `contact` are names, "" while nobody knows the company."""

    client: str
    contact: str
    claimed: int
    upheld: int
    reasons: tuple[int, int, int]
    upheld_reasons: tuple[int, int, int]
    unstated: int
    denied: int

    @property
    def share(self) -> float:
        """Of the claims, how many stood: 0 to 1."""
        return self.upheld / self.claimed


def urgency(rows: Sequence[tuple[QueueRow, Sequence[Event]]]) -> tuple[Urgency, ...]:
    """By company and person, from the tickets (one row each) and their events (`READ`) in order."""
    by_person: dict[tuple[str, str], list[tuple[Ticket, bool]]] = {}
    for row, events in rows:
        is_upheld = stands(events)
        if is_upheld is not None:
            by_person.setdefault((row.client_name, row.contact_name), []).append((row.ticket, is_upheld))
    return tuple(_counted(client, contact, claims) for (client, contact), claims in sorted(by_person.items()))


def stands(events: Sequence[Event]) -> bool | None:
    """Whether a claim of urgency still stands at the end; None when the client never made one."""
    found: bool | None = None
    for each in events:
        by_client = each.actor.kind is ActorKind.CONTACT
        if (each.kind == "opened" and each.data.get("priority") == Priority.URGENT) or (each.kind == "reason_given" and by_client):
            found = True
        elif each.kind == "priority_set" and each.data.get("to") == Priority.URGENT:
            found = True if by_client or found is not None else None
        elif each.kind == "reason_denied" or (each.kind == "priority_set" and each.data.get("from") == Priority.URGENT):
            found = False if found is not None else None
    return found


def _counted(client: str, contact: str, claims: Sequence[tuple[Ticket, bool]]) -> Urgency:
    tickets = [ticket for ticket, _ in claims]
    one, two, three = (sum(ticket.reason is reason for ticket in tickets) for reason in UrgencyReason)
    kept_one, kept_two, kept_three = (sum(ticket.reason is reason and kept for ticket, kept in claims) for reason in UrgencyReason)
    denied = sum(ticket.reason_state is ReasonState.NONE_OF_THESE for ticket in tickets)
    return Urgency(
        client=client,
        contact=contact,
        claimed=len(tickets),
        upheld=sum(is_upheld for _, is_upheld in claims),
        reasons=(one, two, three),
        upheld_reasons=(kept_one, kept_two, kept_three),
        unstated=len(tickets) - one - two - three - denied,
        denied=denied,
    )
