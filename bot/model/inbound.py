"""What a channel hands to the intake: one normalised message with its files and its proof of a thread."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bot.model.people import Address, Route
from bot.model.words import Category, Priority, UrgencyReason


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file that came along. `ref` says where its bytes are: "sha256:…" in our file store, or "telegram:<file_id>"; "" if not kept.

    `kind` is document, photo, voice, audio, video, video_note, animation or sticker; of what is no file it is location, contact, poll,
    checklist, dice, story, paid_media, giveaway, game, invoice or unknown. `size` is in bytes, `duration` in whole seconds.
    """

    name: str
    content_type: str = "application/octet-stream"
    size: int = 0
    kind: str = "document"
    ref: str = ""
    duration: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadEvidence:
    """What a message itself offers as proof that it continues a ticket; `bot.intake.threads` judges it.

    `chosen_ticket_id`: the sender chose it explicitly in an authenticated place (a button, a page behind login).
    `token_ticket_id`: named by a reply token whose signature was verified.
    `references`: ids of messages it answers, in the channel's own words (chat message ids, Message-IDs), strongest first.
    """

    chosen_ticket_id: int | None = None
    token_ticket_id: int | None = None
    references: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundMessage:
    """Normalised input, before anything is decided. One burst of chat lines is one of these.

    `external_ids` are the channel's ids of all lines, unique within (channel, conversation). `received_at` is the moment of
    receipt that the promise counts from (R10). `set_aside` names why no person is to be served (auto_reply, bounce, …).
    `is_answered`: a person took the call, its reaction is born met; `answered_by` is that agent's name as the log has it.
    `client_id` is the company whose conversation this is (its group chat), whoever writes in it; None: the sender's own.
    `is_revision`: the new text of a message that was sent before; it asks for nothing new.
    `is_quiet`: taken in from an archive; the tickets are made, and neither the client nor the staff chat is told.
    """

    channel: str
    conversation: str
    external_ids: tuple[str, ...]
    sender: Address
    sender_name: str
    reply_route: Route | None
    text: str
    received_at: datetime
    subject: str = ""
    quoted: str = ""
    attachments: tuple[Attachment, ...] = ()
    evidence: ThreadEvidence = field(default_factory=ThreadEvidence)
    language: str | None = None
    company_hint: str = ""
    client_id: int | None = None
    priority: Priority | None = None
    category: Category | None = None
    reason: UrgencyReason | None = None
    set_aside: str | None = None
    is_call: bool = False
    is_answered: bool = False
    answered_by: str = ""
    is_revision: bool = False
    is_quiet: bool = False
    problems: tuple[str, ...] = ()
    # What an answer needs to thread in the client's mail program: subject, message_id, references. Empty for chats.
    letter: dict[str, Any] = field(default_factory=dict)
