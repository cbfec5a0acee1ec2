"""The tables, private to this package. Invariants are constraints, and every query has its index.

Foreign keys restrict: tickets, people and their words are never deleted, so a delete that would orphan a row is a bug. Only the parts
of a person or company (addresses, domains) go with it. Predicates of partial indexes are written as literals on both sides, because
no database matches a partial index against a bound parameter.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    ColumnElement,
    ForeignKey,
    Index,
    LargeBinary,
    MetaData,
    Sequence,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    literal_column,
    text,
)

from bot import model
from bot.ports import Disposition
from bot.storage.types import Id, Json, Span, UtcDateTime, Words

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# PostgreSQL gives numbers from sequences; on SQLite the one writer takes the next number itself.
ticket_numbers = Sequence("ticket_numbers", metadata=metadata)
message_numbers = Sequence("message_numbers", metadata=metadata)

PENDING = ("new", "unsure")
UNFINISHED = ("running", "claimed")
# R7: a client of the desk owes an answer, and was not, or was, reminded of it since the staff's last word.
_AWAITING = "closed_at IS NULL AND turn <> 'staff' AND team = 'desk'"
AWAITING_UNREMINDED = f"{_AWAITING} AND (client_reminded_at IS NULL OR client_reminded_at < last_word_at)"
# Only whom a word can reach: nobody's ticket is closed unheard.
AWAITING_REMINDED = f"{_AWAITING} AND client_reminded_at >= last_word_at AND route_channel IS NOT NULL"


def is_one_of(column: ColumnElement[Any], values: Iterable[str]) -> ColumnElement[bool]:
    """`column IN ('a', 'b')`, or `column = 'a'`, with the values in the text of the statement: the form that partial indexes answer."""
    known: list[ColumnElement[str]] = [literal_column(f"'{value}'") for value in values]
    return column == known[0] if len(known) == 1 else column.in_(known)


def _one_of(column: str, values: Iterable[Any], *, name: str | None = None) -> CheckConstraint:
    known = ", ".join(repr(getattr(value, "value", value)) for value in values)
    return CheckConstraint(f"{column} IN ({known})", name=name or column)


def _at(name: str, *, is_optional: bool = False) -> Column[Any]:
    return Column(name, UtcDateTime(), nullable=is_optional)


def _partial(name: str, *columns: str, where: str) -> Index:
    return Index(name, *columns, sqlite_where=text(where), postgresql_where=text(where))


def _text(name: str) -> Column[Any]:
    return Column(name, Words(), nullable=False, server_default="")


clients = Table(
    "clients",
    metadata,
    Column("id", Id, primary_key=True),
    Column("name", Words(), nullable=False),
    Column("name_key", Words(), nullable=False, unique=True),
    Column("plan_name", Words()),
    Column("plan_time", Span()),
)

client_domains = Table(
    "client_domains",
    metadata,
    Column("domain", Words(), primary_key=True),
    Column("client_id", Id, ForeignKey("clients.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("position", SmallInteger, nullable=False),
)

contacts = Table(
    "contacts",
    metadata,
    Column("id", Id, primary_key=True),
    Column("name", Words(), nullable=False),
    Column("client_id", Id, ForeignKey("clients.id"), index=True),
    Column("language", Text, nullable=False),
    Column("is_private", Boolean, nullable=False),
)

# The primary key is what decides who was first when one person writes to two processes at once.
contact_addresses = Table(
    "contact_addresses",
    metadata,
    Column("channel", Words(), primary_key=True),
    Column("value", Words(), primary_key=True),
    Column("contact_id", Id, ForeignKey("contacts.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("position", SmallInteger, nullable=False),
)

agents = Table(
    "agents",
    metadata,
    Column("id", Id, primary_key=True),
    Column("name", Words(), nullable=False),
    Column("name_key", Words(), nullable=False, unique=True),
    Column("role", Text, nullable=False),
    Column("telegram_id", Words(), unique=True),
    Column("mail", Words(), unique=True),
    Column("is_active", Boolean, nullable=False),
    _one_of("role", model.Role),
)

tickets = Table(
    "tickets",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("title", Words(), nullable=False),
    Column("contact_id", Id, ForeignKey("contacts.id"), nullable=False),
    _at("received_at"),
    _at("created_at"),
    Column("channel", Words(), nullable=False),
    Column("route_channel", Words()),
    Column("route_recipient", Words()),
    Column("client_id", Id, ForeignKey("clients.id")),
    Column("priority", Text, nullable=False),
    Column("is_priority_guessed", Boolean, nullable=False),
    Column("category", Text, nullable=False),
    Column("is_category_guessed", Boolean, nullable=False),
    Column("reason", SmallInteger),
    Column("reason_state", Text, nullable=False),
    Column("reason_guess", SmallInteger),
    Column("turn", Text, nullable=False),
    Column("team", Text, nullable=False),
    Column("assignee_id", Id, ForeignKey("agents.id")),
    Column("origin_id", Id),
    Column("spans", Json(), nullable=False),
    # Tickets of one commit may point at each other in any order, so these two are checked at its end.
    Column("cause_id", Id, ForeignKey("tickets.id", deferrable=True, initially="DEFERRED")),
    Column("merged_into_id", Id, ForeignKey("tickets.id", deferrable=True, initially="DEFERRED")),
    Column("is_private", Boolean, nullable=False),
    Column("is_call_back", Boolean, nullable=False),
    _at("snoozed_until_at", is_optional=True),
    _at("last_word_at", is_optional=True),
    _at("client_reminded_at", is_optional=True),
    _at("closed_at", is_optional=True),
    Column("outcome", Text),
    _text("result"),
    Column("version", Id, nullable=False),
    _one_of("priority", model.Priority),
    _one_of("category", model.Category),
    _one_of("reason", model.UrgencyReason),
    _one_of("reason_state", model.ReasonState),
    _one_of("reason_guess", model.UrgencyReason),
    _one_of("turn", model.Turn),
    _one_of("team", model.Team),
    _one_of("outcome", model.Outcome),
    CheckConstraint("(route_channel IS NULL) = (route_recipient IS NULL)", name="route"),
    Index("ix_tickets_contact", "contact_id", "id"),
    _partial("ix_tickets_contact_open", "contact_id", "id", where="closed_at IS NULL"),
    _partial("ix_tickets_client", "client_id", "id", where="client_id IS NOT NULL"),
    _partial("ix_tickets_client_open", "client_id", "id", where="closed_at IS NULL AND client_id IS NOT NULL"),
    _partial("ix_tickets_open", "id", where="closed_at IS NULL"),
    _partial("ix_tickets_team_open", "team", "id", where="closed_at IS NULL"),
    _partial("ix_tickets_assignee_open", "assignee_id", "id", where="closed_at IS NULL AND assignee_id IS NOT NULL"),
    _partial("ix_tickets_awaiting", "last_word_at", "id", where=AWAITING_UNREMINDED),
    _partial("ix_tickets_reminded", "client_reminded_at", "id", where=AWAITING_REMINDED),
    _partial("ix_tickets_origin", "origin_id", where="origin_id IS NOT NULL"),
    _partial("ix_tickets_cause", "cause_id", where="cause_id IS NOT NULL"),
    _partial("ix_tickets_route", "route_recipient", where="route_recipient IS NOT NULL"),
)


def _author(prefix: str) -> tuple[Column[Any], ...]:
    return (
        Column(f"{prefix}_kind", Text, nullable=False),
        Column(f"{prefix}_id", Id),
        Column(f"{prefix}_name", Words(), nullable=False),
    )


messages = Table(
    "messages",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("ticket_id", Id, ForeignKey("tickets.id"), nullable=False),
    Column("kind", Text, nullable=False),
    *_author("author"),
    Column("text", Words(), nullable=False),
    _at("at"),
    _text("channel"),
    _text("quoted"),
    Column("attachments", Json(), nullable=False),
    # No foreign key: the inbox may be pruned one day, the words stay.
    Column("inbox_id", Id),
    Column("letter", Json(), nullable=False),
    _one_of("kind", model.MessageKind),
    _one_of("author_kind", model.ActorKind),
    Index("ix_messages_ticket", "ticket_id", "id"),
)

events = Table(
    "events",
    metadata,
    Column("id", Id, primary_key=True),
    Column("ticket_id", Id, ForeignKey("tickets.id"), nullable=False),
    Column("kind", Words(), nullable=False),
    *_author("actor"),
    _at("at"),
    _text("because"),
    Column("data", Json(), nullable=False),
    _one_of("actor_kind", model.ActorKind),
    Index("ix_events_ticket", "ticket_id", "id"),
)

time_entries = Table(
    "time_entries",
    metadata,
    Column("id", Id, primary_key=True),
    Column("ticket_id", Id, ForeignKey("tickets.id"), nullable=False),
    Column("agent_id", Id, ForeignKey("agents.id"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("spent", Span(), nullable=False),
    _at("at"),
    _text("comment"),
    _one_of("kind", model.WorkKind),
    Index("ix_time_entries_ticket", "ticket_id", "id"),
)

links = Table(
    "links",
    metadata,
    Column("channel", Words(), primary_key=True),
    Column("conversation", Words(), primary_key=True),
    Column("external_id", Words(), primary_key=True),
    Column("ticket_id", Id, ForeignKey("tickets.id"), primary_key=True),
    Column("kind", Words(), nullable=False),
    Column("message_id", Id),
)

clocks = Table(
    "ticket_clocks",
    metadata,
    Column("id", Id, primary_key=True),
    Column("ticket_id", Id, ForeignKey("tickets.id"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("ordinal", SmallInteger, nullable=False),
    Column("priority", Text, nullable=False),
    Column("calendar", Words(), nullable=False),
    Column("target", Span(), nullable=False),
    _at("started_at"),
    _at("due_at"),
    Column("state", Text, nullable=False),
    Column("generation", Id, nullable=False),
    Column("step", Id, nullable=False),
    _at("next_nudge_at", is_optional=True),
    _at("met_at", is_optional=True),
    _at("breached_at", is_optional=True),
    UniqueConstraint("ticket_id", "kind", "ordinal"),
    _one_of("kind", model.ClockKind),
    _one_of("priority", model.Priority),
    _one_of("state", model.ClockState),
    _partial("ix_ticket_clocks_nudge", "next_nudge_at", "id", where="next_nudge_at IS NOT NULL"),
    _partial("ix_ticket_clocks_running", "due_at", "id", where="state = 'running'"),
    Index("ix_ticket_clocks_started", "started_at", "id"),
    _partial("ix_ticket_clocks_unfinished", "id", where="state IN ('running', 'claimed')"),
)

closures = Table(
    "closures",
    metadata,
    Column("id", Id, primary_key=True),
    _at("starts_at"),
    _at("ends_at"),
    Column("because", Words(), nullable=False),
    Column("by", Words(), nullable=False),
    _at("announced_at", is_optional=True),
    CheckConstraint("ends_at >= starts_at", name="order"),
)

# `ready_at` is set as long as a row waits and only then: the partial indexes over it hold the work to be done, not the history.
inbox = Table(
    "inbox",
    metadata,
    Column("id", Id, primary_key=True),
    Column("channel", Words(), nullable=False),
    Column("source", Words(), nullable=False),
    Column("external_id", Words(), nullable=False),
    Column("conversation", Words(), nullable=False),
    Column("raw", LargeBinary, nullable=False),
    _at("received_at"),
    _at("arrived_at"),
    Column("is_burst", Boolean, nullable=False),
    Column("is_quiet", Boolean, nullable=False),
    Column("state", Text, nullable=False, server_default="waiting"),
    _at("ready_at", is_optional=True),
    _at("leased_until", is_optional=True),
    Column("attempts", Id, nullable=False, server_default="0"),
    _text("because"),
    _text("error"),
    Column("ticket_ids", Json(), nullable=False, server_default="[]"),
    _at("finished_at", is_optional=True),
    UniqueConstraint("channel", "source", "external_id"),
    _one_of("state", ["waiting", "quarantined", *Disposition]),
    CheckConstraint("(state = 'waiting') = (ready_at IS NOT NULL)", name="ready"),
    CheckConstraint("state <> 'set_aside' OR because <> ''", name="because"),
    _partial("ix_inbox_ready", "ready_at", "id", where="ready_at IS NOT NULL"),
    _partial("ix_inbox_conversation", "channel", "conversation", "id", where="ready_at IS NOT NULL"),
    _partial("ix_inbox_quarantined", "id", where="state = 'quarantined'"),
    Index("ix_inbox_arrived", "arrived_at"),
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", Id, primary_key=True),
    Column("key", Words(), nullable=False, unique=True),
    Column("channel", Words(), nullable=False),
    Column("recipient", Words(), nullable=False),
    Column("kind", Words(), nullable=False),
    Column("body", Json(), nullable=False),
    _at("created_at"),
    Column("ticket_ids", Json(), nullable=False),
    Column("message_id", Id),
    Column("edit_key", Words()),
    Column("urgency", SmallInteger, nullable=False),
    Column("is_automatic", Boolean, nullable=False),
    Column("state", Text, nullable=False),
    Column("attempts", Id, nullable=False),
    _at("not_before_at", is_optional=True),
    Column("previous_external_id", Words()),
    Column("external_id", Words()),
    _text("error"),
    _at("sent_at", is_optional=True),
    _at("leased_until", is_optional=True),
    Column("was_unsure", Boolean, nullable=False),
    _one_of("state", model.DeliveryState),
    CheckConstraint("(state = 'sending') = (leased_until IS NOT NULL)", name="lease"),
    _partial("ix_outbox_due", "urgency", "id", where="state IN ('new', 'unsure')"),
    _partial("ix_outbox_pending", "channel", "recipient", "urgency", "id", where="state IN ('new', 'unsure')"),
    _partial("ix_outbox_waiting", "channel", "recipient", "id", where="state IN ('new', 'unsure') AND not_before_at IS NOT NULL"),
    _partial("ix_outbox_sending", "channel", "recipient", "leased_until", where="state = 'sending'"),
    _partial("ix_outbox_backlog", "state", where="state IN ('new', 'sending', 'unsure', 'dead')"),
    _partial("ix_outbox_dead", "id", where="state = 'dead'"),
    _partial("ix_outbox_edit", "edit_key", "channel", "recipient", "id", where="edit_key IS NOT NULL"),
    _partial("ix_outbox_automatic", "channel", "created_at", where="is_automatic"),
    _partial("ix_outbox_automatic_route", "channel", "recipient", "created_at", where="is_automatic"),
    Index("ix_outbox_route", "channel", "recipient", "id"),
)

facts = Table("facts", metadata, Column("key", Words(), primary_key=True), Column("value", Json(), nullable=False))

leases = Table("leases", metadata, Column("name", Words(), primary_key=True), Column("owner", Words(), nullable=False), _at("until"))

tokens = Table(
    "tokens",
    metadata,
    Column("digest", Words(), primary_key=True),
    Column("purpose", Words(), nullable=False),
    Column("subject", Words(), nullable=False),
    _at("expires_at"),
    Column("data", Json(), nullable=False),
    _at("used_at", is_optional=True),
    Index("ix_tokens_subject", "purpose", "subject"),
)
