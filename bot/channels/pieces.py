"""A ticket's text as pieces that an agent can deal out to several tickets, and back again: numbers choose, text is never retyped. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.desk_base import TITLE_LIMIT, Draft
from bot.errors import Rejected
from bot.intake.units import split_units
from bot.model import Ticket

# More pieces than this are not dealt out by hand; neighbours are put together until they fit.
_MOST_PIECES = 40
MOST_TICKETS = 9


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Characters `start` to `end` of the message that the ticket was made of."""

    start: int
    end: int
    text: str

    @property
    def name(self) -> str:
        """What the form calls it."""
        return f"piece-{self.start}-{self.end}"


def parts_of(ticket: Ticket, text: str) -> list[Piece]:
    """The pieces of a ticket's own part of the text; fewer than two cannot be split."""
    spans = ticket.spans or ((0, len(text)),)
    pieces = [
        Piece(start=unit.start, end=unit.end, text=text[unit.start : unit.end].strip())
        for unit in split_units(text)
        if any(start < unit.end and unit.start < end for start, end in spans)
    ]
    pieces = [piece for piece in pieces if piece.text]
    step = -(-len(pieces) // _MOST_PIECES) or 1
    groups = [pieces[at : at + step] for at in range(0, len(pieces), step)]
    return [Piece(start=g[0].start, end=g[-1].end, text=text[g[0].start : g[-1].end].strip()) for g in groups]


def drafts(ticket: Ticket, text: str, choice: Mapping[str, int]) -> list[Draft]:
    """The parts an agent dealt out: `choice` says for each piece's name which part it belongs to (1, 2, …). Rejected for fewer than two."""
    dealt: dict[int, list[Piece]] = {}
    for piece in parts_of(ticket, text):
        dealt.setdefault(choice.get(piece.name, 1), []).append(piece)
    if len(dealt) < 2:
        raise Rejected("Щоб розділити звернення, позначте, що належить до другого.")
    return [_draft(ticket, text, pieces) for _number, pieces in sorted(dealt.items())]


def _draft(ticket: Ticket, text: str, pieces: list[Piece]) -> Draft:
    words = " ".join(" ".join(piece.text for piece in pieces).split())
    return Draft(
        title=words if len(words) <= TITLE_LIMIT else words[: TITLE_LIMIT - 1].rstrip() + "…",
        spans=tuple((piece.start, piece.end) for piece in pieces),
        text=" … ".join(text[piece.start : piece.end].strip() for piece in pieces),
        priority=ticket.priority,
        is_priority_guessed=ticket.is_priority_guessed,
        category=ticket.category,
        is_category_guessed=ticket.is_category_guessed,
        reason=ticket.reason,
        reason_guess=ticket.reason_guess,
    )
