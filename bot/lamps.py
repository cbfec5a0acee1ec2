"""The coloured lamps of R8: computed for whoever looks, never stored.

Client view: green, not solved yet and the last word is the client's; red or yellow, staff wrote and wait; grey, closed.
Staff view mirrors it. A card that many see shows whether anybody has the ticket.
"""

from __future__ import annotations

from enum import StrEnum

from bot.model import Lamp, Ticket, Turn

SIGNS = {Lamp.GREEN: "🟢", Lamp.RED: "🔴", Lamp.YELLOW: "🟡", Lamp.GREY: "⚪"}


class Scheme(StrEnum):
    """What red and yellow tell a client apart: whose turn it is (default), or what is wanted."""

    PERSON = "person"
    WORD = "word"


def client_lamp(ticket: Ticket, *, viewer_contact_id: int | None, scheme: Scheme = Scheme.PERSON) -> Lamp:
    """R8 for a contact. PERSON: red waits for me, yellow for a colleague. WORD: red waits for approval, yellow for clarification."""
    if not ticket.is_open:
        return Lamp.GREY
    if ticket.turn is Turn.STAFF:
        return Lamp.GREEN
    if scheme is Scheme.WORD:
        return Lamp.RED if ticket.turn is Turn.CLIENT_APPROVAL else Lamp.YELLOW
    return Lamp.RED if ticket.contact_id == viewer_contact_id else Lamp.YELLOW


def staff_lamp(ticket: Ticket, *, viewer_agent_id: int) -> Lamp:
    """R8 for an agent: red, the client wrote last and it is mine or nobody's; yellow, a colleague has it; green, staff wrote last."""
    if not ticket.is_open:
        return Lamp.GREY
    if ticket.turn is not Turn.STAFF:
        return Lamp.GREEN
    return Lamp.RED if ticket.assignee_id in (None, viewer_agent_id) else Lamp.YELLOW


def card_lamp(ticket: Ticket) -> Lamp:
    """R8 on a card that many see: red, nobody has it; yellow, taken; green, staff wrote last."""
    if not ticket.is_open:
        return Lamp.GREY
    if ticket.turn is not Turn.STAFF:
        return Lamp.GREEN
    return Lamp.RED if ticket.assignee_id is None else Lamp.YELLOW
