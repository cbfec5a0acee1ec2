"""A ticket, and what is written down of it: messages, events, work, links to what people see elsewhere."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from bot.model.inbound import Attachment
from bot.model.people import Actor, Route
from bot.model.words import Category, Outcome, Priority, ReasonState, Team, Turn, UrgencyReason, WorkKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """One question, one owner, one clock (R5). `id` is the number people see. `version` grows by one with every change.

    `origin_id` groups the tickets made of one inbound message; `spans` are this ticket's parts of its text.
    `cause_id` links tickets that share one cause; `merged_into_id` tells where the story of a merged ticket goes on.
    `is_call_back`: no question yet, but a person waits for a call. `client_reminded_at` is when a client who owes an answer was last
    reminded of it (R7); a wait that began after it has not been spoken of yet.
    """

    id: int
    title: str
    contact_id: int
    received_at: datetime
    created_at: datetime
    channel: str
    route: Route | None = None
    client_id: int | None = None
    priority: Priority = Priority.MEDIUM
    is_priority_guessed: bool = True
    category: Category = Category.INCIDENT
    is_category_guessed: bool = True
    reason: UrgencyReason | None = None
    reason_state: ReasonState = ReasonState.NOT_NEEDED
    reason_guess: UrgencyReason | None = None
    turn: Turn = Turn.STAFF
    team: Team = Team.DESK
    assignee_id: int | None = None
    origin_id: int | None = None
    spans: tuple[tuple[int, int], ...] = ()
    cause_id: int | None = None
    merged_into_id: int | None = None
    is_private: bool = False
    is_call_back: bool = False
    snoozed_until_at: datetime | None = None
    last_word_at: datetime | None = None
    client_reminded_at: datetime | None = None
    closed_at: datetime | None = None
    outcome: Outcome | None = None
    result: str = ""
    version: int = 1

    @property
    def is_open(self) -> bool:
        return self.closed_at is None


class MessageKind(StrEnum):
    """What a message in a ticket is. Only ANSWER, QUESTION and PROPOSAL are a human word to the client (R10)."""

    INBOUND = "inbound"
    ANSWER = "answer"
    QUESTION = "question"
    PROPOSAL = "proposal"
    NOTE = "note"
    THIRD_PERSON = "third_person"


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One word in a ticket. `text` is verbatim; for INBOUND of a split message it is the whole text, the ticket holds its spans."""

    id: int
    ticket_id: int
    kind: MessageKind
    author: Actor
    text: str
    at: datetime
    channel: str = ""
    quoted: str = ""
    attachments: tuple[Attachment, ...] = ()
    inbox_id: int | None = None
    letter: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """What a message said before its author changed it at `at`; the message itself holds the newest text."""

    message_id: int
    text: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One line of a ticket's history: who did what, when and why. `data` is JSON: before/after values, never bodies."""

    ticket_id: int
    kind: str
    actor: Actor
    at: datetime
    because: str = ""
    data: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeEntry:
    """Time spent on a ticket (R12, R14)."""

    ticket_id: int
    agent_id: int
    kind: WorkKind
    spent: timedelta
    at: datetime
    comment: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A message id of a channel that belongs to a ticket: how replies find their way. `conversation` is "" where ids are global (mail)."""

    channel: str
    conversation: str
    external_id: str
    ticket_id: int
    kind: str
    message_id: int | None = None


def link_scope(channel: str, conversation: str) -> str:
    """The `Link.conversation` of a message: mail ids are global, the ids of a chat belong to their chat."""
    return "" if channel == "mail" else conversation
