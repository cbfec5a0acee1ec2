"""The values everybody speaks in: frozen, comparable, standard library only.

They hold facts and the few rules that need nothing else (`Priority.rank`, `Ticket.is_open`). They know no database,
no network and no clock: every instant is an aware UTC datetime handed in by the caller.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum
from typing import Any


class Priority(StrEnum):
    """Criticality (R9), lowest first."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    URGENT = "urgent"

    @property
    def rank(self) -> int:
        """0 for low … 3 for urgent; compare these, never the names."""
        return list(Priority).index(self)


class Category(StrEnum):
    """R12 and R13: what the desk does itself, and what goes to Development."""

    INCIDENT = "incident"
    CHANGE_REQUEST = "change_request"


class UrgencyReason(IntEnum):
    """The three reasons the regulation allows for "urgent" (R11)."""

    OPERATIONAL_WORK = 1
    MOST_USERS = 2
    TOP_MANAGEMENT = 3


class ReasonState(StrEnum):
    """Where the dialogue about the urgency reason stands (R11)."""

    NOT_NEEDED = "not_needed"
    ASKED = "asked"
    GIVEN = "given"
    NONE_OF_THESE = "none_of_these"


class Outcome(StrEnum):
    """How a ticket ended (R4)."""

    SOLVED = "solved"
    NOT_RELEVANT = "not_relevant"
    DECLINED = "declined"
    DUPLICATE = "duplicate"


class Turn(StrEnum):
    """Whose word is awaited in an open ticket; the lamps (R8) are computed from it."""

    STAFF = "staff"
    CLIENT_CLARIFICATION = "clarification"
    CLIENT_APPROVAL = "approval"


class Lamp(StrEnum):
    """R8. What a colour means depends on who looks: see `bot.lamps`."""

    GREEN = "green"
    RED = "red"
    YELLOW = "yellow"
    GREY = "grey"


class Team(StrEnum):
    """Which queue a ticket stands in (R13)."""

    DESK = "desk"
    DEVELOPMENT = "development"


class Role(StrEnum):
    """What an agent may do: each role may all that the one before it may."""

    AGENT = "agent"
    LEAD = "lead"
    ADMIN = "admin"


class WorkKind(StrEnum):
    """What time was spent on (R12)."""

    CONSULTATION = "consultation"
    TRAINING = "training"
    SMALL_CHANGE = "small_change"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where a person writes from: `channel` is telegram, mail, phone or site; `value` is normalised by its channel.

    telegram: the user id in digits; mail: lower-case address; phone: +380440000000; site: the contact id in digits.
    """

    channel: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Where a word goes to: a Telegram chat id, a mail address, a Site contact ("contact:7"), the Site's staff feed ("staff")."""

    channel: str
    recipient: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A client's subscription: the monthly minutes that the fee holds (R14)."""

    name: str
    monthly_time: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """A company with a subscription. Its contacts see all its tickets that are not private (R4)."""

    id: int
    name: str
    domains: tuple[str, ...] = ()
    plan: Plan | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """A person who asks. `client_id` is None until somebody said which company it is: served first, identified after."""

    id: int
    name: str
    client_id: int | None = None
    language: str = "uk"
    is_private: bool = False
    addresses: tuple[Address, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    """A staff member who answers. `telegram_id` is the account that the staff chat knows the person by."""

    id: int
    name: str
    role: Role = Role.AGENT
    telegram_id: str | None = None
    mail: str | None = None
    is_active: bool = True


class ActorKind(StrEnum):
    """Who did a thing."""

    CONTACT = "contact"
    AGENT = "agent"
    BOT = "bot"
    THIRD_PERSON = "third_person"


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """The doer of a verb, as the ticket's history names them; `id` is a contact or agent id, None for the bot."""

    kind: ActorKind
    id: int | None = None
    name: str = ""

    @classmethod
    def agent(cls, agent: Agent) -> Actor:
        return cls(kind=ActorKind.AGENT, id=agent.id, name=agent.name)

    @classmethod
    def contact(cls, contact: Contact) -> Actor:
        return cls(kind=ActorKind.CONTACT, id=contact.id, name=contact.name)


BOT = Actor(kind=ActorKind.BOT, name="deskbot")


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file that came along. `ref` says where its bytes are: "sha256:…" in our file store, or "telegram:<file_id>"; "" if not kept.

    `kind` is document, photo, voice, video, sticker, location or contact; `size` is in bytes, `duration` in whole seconds.
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
    priority: Priority | None = None
    category: Category | None = None
    reason: UrgencyReason | None = None
    set_aside: str | None = None
    is_call: bool = False
    is_answered: bool = False
    answered_by: str = ""
    is_quiet: bool = False
    problems: tuple[str, ...] = ()
    # What an answer needs to thread in the client's mail program: subject, message_id, references. Empty for chats.
    letter: dict[str, Any] = field(default_factory=dict)


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


class ClockKind(StrEnum):
    """DESIGN 6: what a clock promises."""

    REACTION = "reaction"
    NEXT_ANSWER = "next_answer"
    SOLUTION = "solution"


class ClockState(StrEnum):
    """RUNNING: unmet. CLAIMED: met by a claim, the claimer is still nudged until the first word. MET and CANCELLED: over."""

    RUNNING = "running"
    CLAIMED = "claimed"
    MET = "met"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketClock:
    """One promise on one ticket: a row, not a timer. The unique key is (ticket_id, kind, ordinal).

    `generation` grows when the deadline moves, `step` counts the nudges written in this generation; together with the id
    they make a nudge unique. `next_nudge_at` is None when nothing more is to be said. `breached_at` once set stays.
    """

    id: int
    ticket_id: int
    kind: ClockKind
    priority: Priority
    calendar: str
    target: timedelta
    started_at: datetime
    due_at: datetime
    ordinal: int = 1
    state: ClockState = ClockState.RUNNING
    generation: int = 1
    step: int = 0
    next_nudge_at: datetime | None = None
    met_at: datetime | None = None
    breached_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Closure:
    """Time in which the desk does not work whatever its calendar says: a blackout, an air raid (DESIGN 2). `[starts_at, ends_at)`.

    Ended before its time, `ends_at` is when it was; before it began, it is empty. `by` names who closed the desk. `announced_at` is
    when the waiting clients were told, None until then.
    """

    id: int
    starts_at: datetime
    ends_at: datetime
    because: str
    by: str
    announced_at: datetime | None = None

    @property
    def is_void(self) -> bool:
        return self.ends_at <= self.starts_at


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


class DeliveryState(StrEnum):
    """NEW → SENDING (leased) → SENT. UNSURE: outcome unknown. DEAD: given up, staff see it. SUPERSEDED: a newer edit took its place."""

    NEW = "new"
    SENDING = "sending"
    SENT = "sent"
    UNSURE = "unsure"
    DEAD = "dead"
    SUPERSEDED = "superseded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One word to make its way out. `body` is neutral JSON (see `bot.notices`); a channel renders it, nothing else may.

    `key` is unique: cause, generation, step and recipient (promise 2). `edit_key` names a message that is edited rather than
    repeated (a ticket's card): the newest unsent row supersedes older ones, and `previous_external_id` is what was sent last.
    `urgency` orders the queue, 0 first.
    """

    key: str
    route: Route
    kind: str
    body: dict[str, Any]
    created_at: datetime
    ticket_ids: tuple[int, ...] = ()
    message_id: int | None = None
    edit_key: str | None = None
    urgency: int = 5
    is_automatic: bool = True
    id: int = 0
    state: DeliveryState = DeliveryState.NEW
    attempts: int = 0
    not_before_at: datetime | None = None
    previous_external_id: str | None = None
    external_id: str | None = None
    error: str = ""
    sent_at: datetime | None = None
