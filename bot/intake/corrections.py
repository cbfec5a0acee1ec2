"""What people made of the desk's divisions, as labelled messages: the training data that a desk earns by being used (DESIGN.md 5). Pure.

A message counts when a person spoke about it: confirmed the split, undid it, split otherwise, changed category or criticality, named a
reason. What nobody touched proves nothing, and a split that was disputed and never mended is not known to be anything.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from bot.errors import Rejected
from bot.model import ActorKind, Category, Event, Priority, ReasonState, Ticket

# Events by which a person says how a message should have been read, and how the note of the labelled message names them.
SPOKEN = {
    "split_confirmed": "confirmed",
    "absorbed": "merged",
    "split": "split",
    "split_disputed": "disputed",
    "category_set": "category",
    "priority_set": "priority",
    "reason_given": "reason",
    "reason_denied": "no reason",
}
_PEOPLE = (ActorKind.AGENT, ActorKind.CONTACT)
_CHANNELS = {"mail": "email", "phone": "phone"}


def labelled(text: str, tickets: Sequence[Ticket], events: Sequence[Event]) -> Mapping[str, Any] | None:
    """The message in the form of the corpora, or None when nobody said anything about it or it cannot be told.

    `text` is what the spans of `tickets`, all of one message, speak of; `events` are those of SPOKEN of these tickets.
    """
    spoken = {SPOKEN[event.kind] for event in events if event.kind in SPOKEN and event.actor.kind in _PEOPLE}
    if not spoken or ("disputed" in spoken and not spoken & {"merged", "split"}):
        return None
    numbers = {ticket.id for ticket in tickets}
    kept = [ticket for ticket in tickets if ticket.merged_into_id not in numbers and ticket.spans]
    if not kept or not _are_spans_of(text, kept):
        return None
    return {
        "id": f"origin-{tickets[0].origin_id}",
        "lang": _language(text),
        "channel": _CHANNELS.get(tickets[0].channel, "chat"),
        "text": text,
        "tickets": [_label(ticket) for ticket in sorted(kept, key=lambda ticket: ticket.spans)],
        "noise": [],
        "shared": [],
        "note": ", ".join(sorted(spoken)),
    }


def read_labelled(lines: Sequence[str]) -> list[dict[str, Any]]:
    """The messages that `labelled` told, a JSON line each. Raises Rejected with the number of the line that is none."""
    return [_read(line, number) for number, line in enumerate(lines, 1) if line.strip()]


def _read(line: str, number: int) -> dict[str, Any]:
    try:
        message = json.loads(line)
        text = message["text"]
        spans = [span for ticket in message["tickets"] for span in ticket["spans"]] + message["noise"] + message["shared"]
        is_right = (
            isinstance(text, str)
            and isinstance(message["channel"], str)
            and all(type(a) is type(b) is int and 0 <= a < b <= len(text) for a, b in spans)
            and all(ticket["category"] in set(Category) for ticket in message["tickets"])
        )
    except (ValueError, KeyError, TypeError):
        is_right = False
    if not is_right:
        raise Rejected("Рядок {line} не є виправленим повідомленням. Візьміть файл deskbot corrections export.", line=number)
    return {**message, "id": f"desk-{number}"}


def _are_spans_of(text: str, tickets: Sequence[Ticket]) -> bool:
    """Sorted, disjoint and within the text; what was split by hand in another way is not to be learned from."""
    ends = 0
    for start, end in sorted(span for ticket in tickets for span in ticket.spans):
        if not ends <= start < end <= len(text):
            return False
        ends = end
    return True


def _label(ticket: Ticket) -> dict[str, Any]:
    claimed = ticket.priority is Priority.URGENT or ticket.reason_state is ReasonState.NONE_OF_THESE
    return {
        "spans": [list(span) for span in ticket.spans],
        "title": ticket.title,
        "category": ticket.category.value,
        "urgent": claimed,
        "reason": int(ticket.reason) if claimed and ticket.reason is not None else None,
    }


def _language(text: str) -> str:
    """uk, ru, sur or en by the letters that tell them apart.

    Right for 98 % of the labelled messages in one language; the mix (sur) mostly has Ukrainian letters alone and is called uk.
    """
    signs = set(text.casefold())
    ukrainian, russian = signs & set("іїєґ"), signs & set("ыэъё")
    if ukrainian and russian:
        return "sur"
    if ukrainian or russian:
        return "uk" if ukrainian else "ru"
    return "uk" if any("а" <= sign <= "я" for sign in signs) else "en"
