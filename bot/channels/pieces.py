"""A ticket's text as pieces that an agent can deal out to several tickets, and back again: what the form calls them. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.desk_base import Draft
from bot.errors import Rejected
from bot.intake import division
from bot.intake.division import MOST_PARTS as MOST_TICKETS
from bot.model import Ticket

__all__ = ["MOST_TICKETS", "Piece", "drafts", "parts_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece(division.Piece):
    """One row of the form."""

    @property
    def name(self) -> str:
        """What a form calls it."""
        return f"piece-{self.start}-{self.end}"


def parts_of(ticket: Ticket, text: str) -> list[Piece]:
    """The pieces of a ticket's own part of the text; fewer than two cannot be split."""
    return [Piece(start=piece.start, end=piece.end, text=piece.text) for piece in division.pieces_of(text, ticket.spans)]


def drafts(ticket: Ticket, text: str, choice: Mapping[str, int]) -> tuple[Draft, ...]:
    """The parts an agent dealt out: `choice` says for each piece's name which part it belongs to (1, 2, …). Rejected for fewer than two."""
    dealt: dict[int, list[tuple[int, int]]] = {}
    for piece in parts_of(ticket, text):
        dealt.setdefault(choice.get(piece.name, 1), []).append(piece.span)
    if len(dealt) < 2:
        raise Rejected("Щоб розділити звернення, позначте, що належить до другого.")
    return division.drafts_of(ticket, text, [spans for _number, spans in sorted(dealt.items())])
