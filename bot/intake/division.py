"""How people divide a message: in pieces that they deal out, or as the desk offered it. The one place for every channel.

Numbers choose and text is never retyped, so every part is characters of the message itself and every correction is a labelled message
(DESIGN 5). A ticket keeps what was said explicitly about it; what was guessed is guessed anew for each part.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bot import notices
from bot.desk import Desk, Draft
from bot.desk_base import TITLE_LIMIT, may_see
from bot.errors import Conflict, NotFound, Rejected
from bot.intake.analysis import analyse
from bot.intake.drafts import split_drafts
from bot.intake.units import split_units
from bot.model import Actor, Contact, Event, Message, MessageKind, Priority, ReasonState, Ticket
from bot.notices import Facts
from bot.ports import UnitOfWork

Span = tuple[int, int]
# More pieces than this are not dealt out by hand; neighbours are put together until they fit.
MOST_PIECES = 40
MOST_PARTS = 9
_CUT = re.compile(r"\d{1,2}(?:\s*[-–—,;+]\s*\d{1,2})*(?:\s*[/|]\s*\d{1,2}(?:\s*[-–—,;+]\s*\d{1,2})*)+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Characters `start` to `end` of the message, without outer blanks."""

    start: int
    end: int
    text: str

    @property
    def span(self) -> Span:
        return (self.start, self.end)


def pieces_of(text: str, spans: Sequence[Span] = (), *, most: int = MOST_PIECES) -> tuple[Piece, ...]:
    """The units of a text that lie in `spans` (all of it without any), in order; fewer than two cannot be divided."""
    chosen = [unit for unit in split_units(text) if not spans or any(start < unit.end and unit.start < end for start, end in spans)]
    cut = [piece for unit in chosen if (piece := _piece(text, unit.start, unit.end)).text]
    step = -(-len(cut) // most) or 1
    groups = [cut[at : at + step] for at in range(0, len(cut), step)]
    return tuple(_piece(text, group[0].start, group[-1].end) for group in groups)


def read_cut(words: str, count: int) -> tuple[tuple[int, ...], ...] | None:
    """ "1 / 2-3" as ((0,), (1, 2)): each of `count` numbers exactly once, a slash between the parts. None for anything else."""
    if not _CUT.fullmatch(words.strip(" .!\n\t")):
        return None
    parts = tuple(_numbers(part) for part in re.split(r"[/|]", words.strip(" .!\n\t")))
    return parts if sorted(number for part in parts for number in part) == list(range(count)) else None


def drafts_of(ticket: Ticket, text: str, parts: Sequence[Sequence[Span]]) -> tuple[Draft, ...]:
    """A ticket to make of each part, each given as spans of the message's text. Rejected for too many."""
    if len(parts) > MOST_PARTS:
        raise Rejected("Не більше {count} звернень з одного повідомлення.", count=MOST_PARTS)
    return tuple(_draft(ticket, text, _joined(text, spans)) for spans in parts)


def boundaries(pieces: Sequence[Piece], tickets: Sequence[Sequence[Span]]) -> frozenset[int]:
    """After which pieces (by index) the message is cut now: where a piece and the next belong to different tickets."""
    owners = [next((number for number, spans in enumerate(tickets) if _overlap(piece, spans)), -1) for piece in pieces]
    return frozenset(at for at in range(len(pieces) - 1) if owners[at] != owners[at + 1])


async def split_as_offered(uow: UnitOfWork, desk: Desk, ticket_id: int, contact: Contact) -> list[Facts]:
    """ "Yes, several": the ticket becomes what the receipt offered (R5). Conflict when its message was divided already."""
    ticket, first = await _seen(uow, ticket_id, contact)
    siblings = await uow.tickets.siblings(ticket.origin_id) if ticket.origin_id is not None else []
    if sum(each.is_open for each in siblings) > 1:
        raise Conflict("Це повідомлення вже розділено.")
    return await desk.split(uow, ticket_id, offered(ticket, first.text), Actor.contact(contact), because="клієнт підтвердив")


def offered(ticket: Ticket, text: str) -> tuple[Draft, ...]:
    """The parts that the receipt of an undivided message named, in its order."""
    return split_drafts(text, channel=ticket.channel)


async def divide(
    uow: UnitOfWork, desk: Desk, origin_id: int, parts: Sequence[Sequence[Span]], contact: Contact, *, now: datetime
) -> list[Facts]:
    """The message becomes these parts, whatever was made of it before; one part is "one question". Undoes a split first and splits anew:
    the first ticket keeps its number. The division that it has already is confirmed and nothing changes."""
    actor = Actor.contact(contact)
    made = [ticket for ticket in await uow.tickets.siblings(origin_id) if ticket.is_open and may_see(ticket, contact)]
    if not made:
        raise NotFound("Ці звернення вже закриті.")
    _, first = await _seen(uow, made[0].id, contact)
    drafts = drafts_of(made[0], first.text, parts)
    if _is_same(first.text, made, drafts):
        for ticket in made:
            uow.tickets.add_event(Event(ticket_id=ticket.id, kind="split_confirmed", actor=actor, at=now))
        return [await desk.facts(uow, ticket) for ticket in made]
    if len(made) > 1 or len(drafts) == 1:
        kept = await desk.undo_split(uow, origin_id, actor)
    else:
        kept = made[0]
    if len(drafts) == 1:
        return [await desk.facts(uow, kept)]
    return await desk.split(uow, kept.id, drafts, actor, because="клієнт розділив інакше")


def tell_made(uow: UnitOfWork, made: Sequence[Facts], *, cause: str, now: datetime) -> None:
    """The client sees what was made, with the way to undo it, and is asked for reasons of urgency where one is missing (R5, R11)."""
    for row in notices.receipt(made, cause=cause, now=now, act="split", because="клієнт підтвердив"):
        uow.outbox.add(row)
    for facts in made:
        if facts.ticket.reason_state is ReasonState.ASKED:
            for row in notices.urgency_question(facts, cause=cause, now=now):
                uow.outbox.add(row)


async def first_words(uow: UnitOfWork, ticket_id: int) -> Message:
    """The message a ticket was made of. NotFound for one without any."""
    first = next((m for m in await uow.tickets.messages(ticket_id) if m.kind is MessageKind.INBOUND), None)
    if first is None:
        raise NotFound("Звернення №{id} не має тексту, який можна розділити.", id=ticket_id)
    return first


async def _seen(uow: UnitOfWork, ticket_id: int, contact: Contact) -> tuple[Ticket, Message]:
    ticket = await uow.tickets.get(ticket_id)
    if ticket is None or not may_see(ticket, contact):
        raise NotFound("Звернення №{id} не знайдено.", id=ticket_id)
    return ticket, await first_words(uow, ticket_id)


def _is_same(text: str, made: Sequence[Ticket], drafts: Sequence[Draft]) -> bool:
    """The same pieces fall to the same tickets; a ticket without spans is the whole text."""
    pieces = pieces_of(text)

    def dealt(spans: Sequence[Span]) -> frozenset[int]:
        return frozenset(at for at, piece in enumerate(pieces) if _overlap(piece, spans or [(0, len(text))]))

    return {dealt(ticket.spans) for ticket in made} == {dealt(draft.spans) for draft in drafts}


def _draft(ticket: Ticket, text: str, spans: tuple[Span, ...]) -> Draft:
    words = " … ".join(text[start:end] for start, end in spans)
    guesses = analyse(words, channel=ticket.channel).parts
    guess = guesses[0] if guesses else None
    is_urgent = any(part.urgent for part in guesses)
    flat = " ".join(words.split())
    title = guess.title if guess else flat if len(flat) <= TITLE_LIMIT else flat[: TITLE_LIMIT - 1].rstrip() + "…"
    draft = Draft(
        title=title,
        spans=spans,
        text=words,
        priority=ticket.priority,
        is_priority_guessed=ticket.is_priority_guessed,
        category=ticket.category,
        is_category_guessed=ticket.is_category_guessed,
        reason=ticket.reason,
        reason_guess=guess.reason if guess else None,
    )
    if ticket.is_priority_guessed:
        draft = replace(draft, priority=Priority.URGENT if is_urgent else Priority.MEDIUM, reason=None)
    if ticket.is_category_guessed and guess is not None:
        draft = replace(draft, category=guess.category)
    return draft


def _joined(text: str, spans: Sequence[Span]) -> tuple[Span, ...]:
    """In order, those with nothing but blanks between them as one."""
    found: list[Span] = []
    for start, end in sorted(spans):
        if found and not text[found[-1][1] : start].strip():
            start = found.pop()[0]
        found.append((start, end))
    return tuple(found)


def _overlap(piece: Piece, spans: Sequence[Span]) -> bool:
    return any(start < piece.end and piece.start < end for start, end in spans)


def _piece(text: str, start: int, end: int) -> Piece:
    words = text[start:end]
    first = start + len(words) - len(words.lstrip())
    stripped = words.strip()
    return Piece(start=first, end=first + len(stripped), text=stripped)


def _numbers(part: str) -> tuple[int, ...]:
    """ "2-3, 5" as (1, 2, 4)."""
    found: list[int] = []
    for each in re.split(r"[,;+]", part):
        first, _, last = re.sub(r"\s*[-–—]\s*", "-", each.strip()).partition("-")
        found += range(int(first) - 1, int(last or first))
    return tuple(found)
