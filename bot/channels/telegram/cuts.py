"""Where a text is cut, chosen by buttons: the cuts travel in the buttons themselves, so a restart forgets nothing. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bot.channels.telegram.page import Button, Page, button
from bot.channels.telegram.text import brief
from bot.desk_base import Draft
from bot.errors import NotFound, Rejected
from bot.intake.division import Piece, drafts_of, pieces_of
from bot.model import Ticket
from bot.texts import Translator

LONGEST_LIST = 40
_SHOWN = 80
_IN_A_ROW = 5


def read(argument: str, count: int) -> frozenset[int]:
    """The pieces before which a cut stands, from a button's argument: a number in base 32, one bit a piece. NotFound for any other."""
    try:
        bits = int(argument, 32)
    except ValueError as error:
        raise NotFound("Такого поділу немає.") from error
    found = frozenset(at for at in range(1, count) if bits >> at & 1)
    if bits != _bits(found):
        raise NotFound("Такого поділу немає.")
    return found


def written(cuts: Iterable[int]) -> str:
    """The other way round."""
    bits, digits = _bits(cuts), ""
    while bits:
        bits, digit = divmod(bits, 32)
        digits = "0123456789abcdefghijklmnopqrstuv"[digit] + digits
    return digits or "0"


def page(ticket_id: int, pieces: Sequence[str], cuts: frozenset[int], say: Translator) -> Page:
    """The pieces with the cuts between them, a button for each place where one may stand."""
    lines = [say("✂️ №{id}: натисніть номер, перед яким почнеться нове звернення.").format(id=ticket_id)]
    for at, piece in enumerate(pieces):
        if at in cuts:
            lines.append("— — — ✂️ — — —")
        lines.append(f"<b>{at + 1}.</b> {brief(piece, _SHOWN)}")
    toggles = [_toggle(ticket_id, at, cuts) for at in range(1, len(pieces))]
    rows = [tuple(toggles[at : at + _IN_A_ROW]) for at in range(0, len(toggles), _IN_A_ROW)]
    if cuts:
        done = say("✅ Розділити на {n}").format(n=len(cuts) + 1)
        rows.append((button(done, "docut", ticket_id, written(cuts)),))
    return Page(head="\n".join(lines), keyboard=tuple(rows), is_one_message=True)


def pieces(ticket: Ticket, text: str) -> tuple[Piece, ...]:
    """The ticket's own part of the text, piece by piece."""
    return pieces_of(text, ticket.spans)


def drafts(ticket: Ticket, text: str, cuts: frozenset[int]) -> tuple[Draft, ...]:
    """The parts between the cuts. Rejected where there is none."""
    if not cuts:
        raise Rejected("Щоб розділити звернення, позначте, що належить до другого.")
    parts: list[list[tuple[int, int]]] = [[]]
    for at, piece in enumerate(pieces(ticket, text)):
        if at in cuts:
            parts.append([])
        parts[-1].append(piece.span)
    return drafts_of(ticket, text, parts)


def _toggle(ticket_id: int, at: int, cuts: frozenset[int]) -> Button:
    sign = "✂️ " if at in cuts else ""
    return button(f"{sign}{at + 1}", "cut", ticket_id, written(cuts ^ {at}))


def _bits(cuts: Iterable[int]) -> int:
    return sum(1 << at for at in cuts)
