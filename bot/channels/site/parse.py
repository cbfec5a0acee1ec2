"""What a person posted on the Site, as a raw event and back, and as an `InboundMessage`. Pure.

The raw event holds what the page knew (who is logged in, which ticket's page it was), because interpreting it later must need nothing else.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from bot.errors import Permanent
from bot.model import Address, Attachment, Category, InboundMessage, Priority, Route, ThreadEvidence, UrgencyReason
from bot.ports import InboxItem, RawEvent

CHANNEL = "site"
CHAT = "chat"
FORM = "form"
_ID = re.compile(r"[0-9a-zA-Z-]{8,64}")
# Everything below the blank except tab and line feed, DEL and C1, and lone surrogates: no database and no page can carry them.
_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """One text from a page behind login. `ticket_id` is the ticket it was written to, None for a new matter."""

    contact_id: int
    name: str
    language: str
    text: str
    ticket_id: int | None = None
    priority: Priority | None = None
    category: Category | None = None
    reason: UrgencyReason | None = None
    files: tuple[Attachment, ...] = ()


def tidy(text: str) -> str:
    """The text with line feeds for line ends and without characters that nothing can show; lone surrogates become U+FFFD."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\x0b", "\n").replace("\x0c", "\n")
    return _UNPRINTABLE.sub(lambda found: "\ufffd" if found[0] >= "\ud800" else "", text).strip()


def is_external_id(value: str) -> bool:
    """Whether a page's own id of a message can be one: long enough not to collide, short enough to store."""
    return _ID.fullmatch(value) is not None


def conversation(contact_id: int) -> str:
    return f"site:{contact_id}"


def route(contact_id: int) -> Route:
    """Where the web chat of a contact reads its words."""
    return Route(channel=CHANNEL, recipient=f"contact:{contact_id}")


def event(posted: Posted, *, source: str, external_id: str, now: datetime, quiet_gap: timedelta, burst_limit: timedelta) -> RawEvent:
    """A raw event for the inbox. The contact is part of the id: nobody can take a place that somebody else's page will ask for."""
    raw: dict[str, Any] = {
        "contact_id": posted.contact_id,
        "name": posted.name,
        "language": posted.language,
        "text": posted.text,
        "ticket_id": posted.ticket_id,
        "priority": posted.priority,
        "category": posted.category,
        "reason": posted.reason,
        "files": [asdict(file) for file in posted.files],
    }
    return RawEvent(
        channel=CHANNEL,
        source=source,
        external_id=f"{posted.contact_id}:{external_id}",
        conversation=conversation(posted.contact_id),
        raw=json.dumps(raw, ensure_ascii=True).encode(),
        received_at=now,
        quiet_gap=quiet_gap if source == CHAT else timedelta(0),
        burst_limit=burst_limit,
    )


def read(item: InboxItem) -> Posted:
    """What an inbox row says. Permanent: it is not one of ours."""
    try:
        raw = json.loads(item.raw)
        return Posted(
            contact_id=int(raw["contact_id"]),
            name=str(raw["name"]),
            language=str(raw["language"]),
            text=tidy(str(raw["text"])),
            ticket_id=int(raw["ticket_id"]) if raw.get("ticket_id") else None,
            priority=Priority(raw["priority"]) if raw.get("priority") else None,
            category=Category(raw["category"]) if raw.get("category") else None,
            reason=UrgencyReason(raw["reason"]) if raw.get("reason") else None,
            files=tuple(Attachment(**file) for file in raw.get("files", ())),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise Permanent("Подію сайту не вдалося прочитати: {error}", error=str(error)) from error


def inbound(items: Sequence[InboxItem], lines: Sequence[Posted]) -> InboundMessage:
    """Some rows of one contact as one message: the lines below one another, received with the first (R10)."""
    first = lines[0]
    return InboundMessage(
        channel=CHANNEL,
        conversation=items[0].conversation,
        external_ids=tuple(item.external_id for item in items),
        sender=Address(channel=CHANNEL, value=str(first.contact_id)),
        sender_name=first.name,
        reply_route=route(first.contact_id),
        text="\n".join(line.text for line in lines if line.text),
        received_at=items[0].received_at,
        attachments=tuple(file for line in lines for file in line.files),
        evidence=ThreadEvidence(chosen_ticket_id=first.ticket_id),
        language=first.language,
        priority=first.priority,
        category=first.category,
        reason=first.reason,
    )
