"""From what a text asks for to the tickets to make. Pure.

The decision of DESIGN 5: sure of several, several are made (undo is offered); unsure, ONE is made and the client is asked; nothing
asked for, none.
Explicit fields win over guesses; a guessed reason stays a guess (R11).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.desk_base import TITLE_LIMIT, Draft
from bot.intake.analysis import Analysis, Kind, Part, analyse
from bot.model import Attachment, Category, InboundMessage, Priority

_FILE_TITLES = {
    "voice": "Голосове повідомлення",
    "photo": "Знімок без тексту",
    "video": "Відео без тексту",
    "video_note": "Відео без тексту",
    "animation": "Відео без тексту",
}
# What is no file is said by its name.
_THING_TITLES = {
    "audio": "Аудіозапис",
    "location": "Місце на карті",
    "contact": "Контакт",
    "poll": "Опитування",
    "checklist": "Список справ",
    "story": "Історія",
    "paid_media": "Платний вміст",
    "giveaway": "Розіграш",
    "game": "Гра",
    "invoice": "Рахунок",
    "unknown": "Вміст без тексту",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """`act`: "one" and "split" are done as they stand, "ask" is one ticket whose client sees `offer`, the titles of a possible split."""

    drafts: tuple[Draft, ...]
    act: str = "one"
    offer: tuple[str, ...] = ()


def decide(inbound: InboundMessage, analysis: Analysis) -> Decision:
    """The tickets of a new message; no drafts when nothing is asked for (greeting, thanks, empty)."""
    is_missed_call = inbound.is_call and not inbound.is_answered and not analysis.parts
    if analysis.kind is Kind.CALL_BACK or is_missed_call:
        return Decision(drafts=(_call_back(inbound),))
    if not analysis.parts and inbound.attachments:
        return Decision(drafts=(_bare_file(inbound),))
    if not analysis.parts:
        return Decision(drafts=(_news(inbound),) if analysis.kind is Kind.NEWS else ())
    drafts = tuple(_draft(inbound, part, inbound.text) for part in analysis.parts)
    if len(drafts) == 1:
        return Decision(drafts=drafts)
    if analysis.act:
        return Decision(drafts=drafts, act="split")
    return Decision(drafts=(_together(drafts),), act="ask", offer=tuple(draft.title for draft in drafts))


def follow_up_drafts(inbound: InboundMessage, new_tasks: Sequence[tuple[int, int]]) -> tuple[Draft, ...]:
    """The new tasks inside an answer, each a ticket of its own (R6)."""
    return tuple(_new_task(inbound, start, end) for start, end in new_tasks)


def split_drafts(text: str, *, channel: str) -> tuple[Draft, ...]:
    """How a text would be split, whatever the confidence: for "split it otherwise" and for agents."""
    return tuple(
        Draft(
            title=part.title,
            spans=part.spans,
            text=_text_of(text, part.spans),
            priority=Priority.URGENT if part.urgent else Priority.MEDIUM,
            category=part.category,
            reason_guess=part.reason,
        )
        for part in analyse(text, channel=channel).parts
    )


def _draft(inbound: InboundMessage, part: Part, text: str) -> Draft:
    claimed = Priority.URGENT if part.urgent or inbound.reason else Priority.MEDIUM
    return Draft(
        title=part.title,
        spans=part.spans,
        text=_text_of(text, part.spans),
        priority=inbound.priority or claimed,
        is_priority_guessed=inbound.priority is None,
        category=inbound.category or part.category,
        is_category_guessed=inbound.category is None,
        reason=inbound.reason if (inbound.priority or claimed) is Priority.URGENT else None,
        reason_guess=part.reason,
    )


def _together(drafts: Sequence[Draft]) -> Draft:
    """One ticket for all of it: as urgent as its most urgent part."""
    first = drafts[0]
    most = max(drafts, key=lambda draft: draft.priority.rank)
    return replace(
        first,
        spans=tuple(sorted(span for draft in drafts for span in draft.spans)),
        text=" … ".join(draft.text for draft in drafts),
        priority=most.priority,
        reason=most.reason,
        reason_guess=most.reason_guess,
    )


def _new_task(inbound: InboundMessage, start: int, end: int) -> Draft:
    text = inbound.text[start:end]
    parts = analyse(text, channel=inbound.channel).parts
    title = parts[0].title if parts else " ".join(text.split())[:TITLE_LIMIT]
    draft = Draft(title=title, spans=((start, end),), text=text)
    if not parts:
        return draft
    urgent = any(part.urgent for part in parts)
    return replace(draft, category=parts[0].category, priority=Priority.URGENT if urgent else Priority.MEDIUM, reason_guess=parts[0].reason)


def _call_back(inbound: InboundMessage) -> Draft:
    """No question yet, but a person waits (DESIGN 2)."""
    who = inbound.sender_name or inbound.sender.value
    return Draft(
        title=f"Передзвонити: {who}"[:TITLE_LIMIT],
        text=inbound.text,
        priority=inbound.priority or Priority.HIGH,
        is_priority_guessed=inbound.priority is None,
        is_call_back=True,
    )


def _news(inbound: InboundMessage) -> Draft:
    """Words without a visible request. A person who is not served is worse than a ticket too many, so a human looks at it."""
    return Draft(
        title=" ".join(inbound.text.split())[:TITLE_LIMIT],
        text=inbound.text,
        priority=inbound.priority or Priority.LOW,
        is_priority_guessed=inbound.priority is None,
        category=inbound.category or Category.INCIDENT,
        is_category_guessed=inbound.category is None,
    )


def _bare_file(inbound: InboundMessage) -> Draft:
    """A voice note or a bare screenshot is always a ticket with the file."""
    return Draft(
        title=_file_title(inbound.attachments[0])[:TITLE_LIMIT],
        text=inbound.text,
        priority=inbound.priority or Priority.MEDIUM,
        is_priority_guessed=inbound.priority is None,
    )


def _file_title(file: Attachment) -> str:
    title = _FILE_TITLES.get(file.kind) or f"{_THING_TITLES.get(file.kind, 'Файл без тексту')}: {file.name}"
    if file.duration is None:
        return title
    return f"{title} {file.duration // 60}:{file.duration % 60:02}"


def _text_of(text: str, spans: Sequence[tuple[int, int]]) -> str:
    return " … ".join(text[start:end].strip() for start, end in spans)
