"""Which ticket does a message belong to, and by what right (DESIGN 5, threads).

A message joins a ticket when it proves it: an explicit choice behind a login, a reply to our message in a chat, in mail a valid reply
token or our Message-ID from a sender known on the ticket. A mail address can be forged, so the sender alone opens nothing. Pure: the
caller looks the tickets up, this module judges.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bot.desk_base import may_see
from bot.model import Contact, InboundMessage, Ticket


@dataclass(frozen=True, slots=True, kw_only=True)
class Joins:
    """It continues this ticket."""

    ticket: Ticket
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ThirdPerson:
    """A valid token in a stranger's hands: staff see the words, nothing is disclosed and nothing moves."""

    ticket: Ticket
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StartsNew:
    """It is a new message. `follows` is a ticket closed too long ago to be reopened (R7)."""

    because: str
    follows: Ticket | None = None


Judgement = Joins | ThirdPerson | StartsNew


def judge(
    inbound: InboundMessage,
    contact: Contact,
    *,
    chosen: Ticket | None,
    token: Ticket | None,
    linked: Sequence[Ticket],
    may_reopen: Callable[[Ticket], bool],
) -> Judgement:
    """The judgement on one message. `chosen`, `token` and `linked` are the tickets its evidence leads to, merged ones already followed.

    `linked` comes strongest reference first; of several tickets behind one reference the first open one is meant.
    """
    if chosen is not None and may_see(chosen, contact):
        return _continue(chosen, may_reopen, "вибрано клієнтом")
    mine = [ticket for ticket in linked if may_see(ticket, contact)]
    if mine:
        return _continue(next((t for t in mine if t.is_open), mine[0]), may_reopen, "відповідь на наше повідомлення")
    theirs = [ticket for ticket in linked if inbound.client_id is not None and ticket.client_id == inbound.client_id]
    if theirs:
        return ThirdPerson(ticket=theirs[0], because="відповів учасник групи клієнта, якого ми не знаємо")
    if token is not None:
        if may_see(token, contact):
            return _continue(token, may_reopen, "дійсна мітка відповіді")
        return ThirdPerson(ticket=token, because="дійсна мітка, але відправник не з цього звернення")
    return StartsNew(because="немає доказу, що це продовження")


def _continue(ticket: Ticket, may_reopen: Callable[[Ticket], bool], because: str) -> Judgement:
    if ticket.is_open or may_reopen(ticket):
        return Joins(ticket=ticket, because=because)
    return StartsNew(because="звернення закрито надто давно, щоб відкрити його знову", follows=ticket)
