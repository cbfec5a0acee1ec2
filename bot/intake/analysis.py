"""What the intake makes of one text: the one entry point of the pure modules.

`analyse` reads a first message, `analyse_followup` an answer in a running ticket. Both take any string, never raise and
answer in offsets of the string they were given.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from bot.intake.classify import Urgency
from bot.intake.clean import Zone, ZoneKind
from bot.intake.followups import FollowupVerdict, read_followup
from bot.intake.heads import best_category, best_urgency
from bot.intake.rules import NOISE, SHARED
from bot.intake.split import Span, Split, split
from bot.intake.text import WORD
from bot.intake.titles import make_title
from bot.model import Category, Priority, UrgencyReason

__all__ = ["Analysis", "FollowupVerdict", "Kind", "Part", "analyse", "analyse_followup"]


LONGEST_ASIDE = 250  # characters of a stretch beside the requests that is read for urgency


class Kind(StrEnum):
    """What a message is as a whole. Only a request becomes a ticket; a call-back becomes a card with a clock."""

    REQUEST = "request"
    GREETING = "greeting"
    THANKS = "thanks"
    CALL_BACK = "call_back"
    NEWS = "news"
    EMPTY = "empty"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One request of a message: its spans of the text in order, and what was guessed about it.

    `reason` is guessed and `evidence` is the span it was guessed from; both None when nothing speaks for one.
    """

    spans: tuple[Span, ...]
    title: str
    category: Category
    priority_guess: Priority
    urgent: bool
    reason: UrgencyReason | None
    evidence: Span | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Analysis:
    """What a message holds. `confidence` is 0 to 1 for the division as a whole; `act` says that it may be carried out unasked.

    `parts` are the proposed tickets in text order, `shared` speaks of all of them, `noise` of none; `zones` label greetings,
    signatures, quotations; `because` explains the division in a sentence.
    """

    kind: Kind
    parts: tuple[Part, ...]
    shared: tuple[Span, ...]
    noise: tuple[Span, ...]
    zones: tuple[Zone, ...]
    confidence: float
    act: bool
    because: str


def analyse(text: str, *, channel: str) -> Analysis:
    """Reads a first message. `channel` is telegram, chat, mail, email, phone or site; it only weighs layouts."""
    return describe_split(text, split(text, channel=channel))


def describe_split(text: str, divided: Split) -> Analysis:
    """The requests of a text that is divided already: their titles, categories and urgency."""
    count = divided.partition.count if any(sign.isalnum() for sign in text) else 0
    return Analysis(
        kind=Kind.REQUEST if count else _kind(text, divided),
        parts=tuple(_part(text, divided, label) for label in range(count)),
        shared=divided.spans_of(SHARED),
        noise=divided.spans_of(NOISE),
        zones=_zones(divided),
        confidence=divided.confidence,
        act=divided.act,
        because=divided.partition.because,
    )


def analyse_followup(text: str, ticket_title: str, last_staff_message: str) -> FollowupVerdict:
    """Reads an answer in a running ticket (R6): does it go on with it, end it, thank, or ask for something new?"""
    return read_followup(text, ticket_title, last_staff_message)


def _part(text: str, divided: Split, label: int) -> Part:
    spans = divided.spans_of(label)
    words = "\n".join(divided.folded[start:end] for start, end in spans)
    urgency = _urgency(divided, spans)
    return Part(
        spans=spans,
        title=make_title(text, divided.folded, divided.units_of(label)),
        category=best_category(words),
        priority_guess=urgency.priority,
        urgent=urgency.pressed,
        reason=urgency.reason,
        evidence=urgency.evidence,
    )


def _urgency(divided: Split, spans: tuple[Span, ...]) -> Urgency:
    """A claim in the shared words is everybody's; who calls, and a subject line, speak of the request as well."""
    return best_urgency(divided.folded, spans, urgency_context(divided))


def urgency_context(divided: Split) -> list[Span]:
    """The spans around the requests that may say who presses and why: shared words, the caller, the subject; no quotations."""
    beside = [span for span in divided.spans_of(NOISE) if not _touches(divided, span) and span[1] - span[0] < LONGEST_ASIDE]
    subject = [(zone.start, zone.end) for zone in divided.zones if zone.kind is ZoneKind.SUBJECT]
    return [*divided.spans_of(SHARED), *beside, *(subject if divided.partition.count == 1 else [])]


def _zones(divided: Split) -> tuple[Zone, ...]:
    """The line-wise zones and the labelled sentences between them, sorted."""
    found = list(divided.zones)
    for unit, kind in zip(divided.units, divided.partition.kinds, strict=True):
        if kind is None or unit.body_start == unit.body_end or _touches(divided, (unit.body_start, unit.body_end)):
            continue
        if found and found[-1].kind is kind and not divided.folded[found[-1].end : unit.body_start].strip():
            found[-1] = Zone(start=found[-1].start, end=unit.body_end, kind=kind)
        else:
            found.append(Zone(start=unit.body_start, end=unit.body_end, kind=kind))
    return tuple(sorted(found, key=lambda zone: zone.start))


def _touches(divided: Split, span: Span) -> bool:
    return any(zone.start < span[1] and span[0] < zone.end for zone in divided.zones)


def _kind(text: str, divided: Split) -> Kind:
    """What a message without a request is."""
    if not WORD.search(divided.folded):
        return _kind_of_signs(text.strip())
    kinds = set(divided.partition.kinds)
    if ZoneKind.CALL_BACK in kinds:
        return Kind.CALL_BACK
    if ZoneKind.THANKS in kinds:
        return Kind.THANKS
    if ZoneKind.GREETING in kinds and ZoneKind.WITHDRAWN not in kinds and None not in kinds:
        return Kind.GREETING
    return Kind.NEWS


def _kind_of_signs(signs: str) -> Kind:
    """A message without words: question marks ask whether anybody is there, a smiley is a kind word."""
    if not signs:
        return Kind.EMPTY
    return Kind.CALL_BACK if "?" in signs else Kind.THANKS
