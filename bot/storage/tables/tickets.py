"""Tickets and what belongs to them."""

from __future__ import annotations

from sqlalchemy import Boolean, CheckConstraint, Column, ForeignKey, Index, Sequence, SmallInteger, Table, Text

from bot import model
from bot.storage.tables.columns import at, author, metadata, one_of, partial, text_column
from bot.storage.types import Id, Json, Span, Words

# PostgreSQL gives numbers from sequences; on SQLite the one writer takes the next number itself.
ticket_numbers = Sequence("ticket_numbers", metadata=metadata)
message_numbers = Sequence("message_numbers", metadata=metadata)
# R7: a client of the desk owes an answer, and was not, or was, reminded of it since the staff's last word.
_AWAITING = "closed_at IS NULL AND turn <> 'staff' AND team = 'desk'"
AWAITING_UNREMINDED = f"{_AWAITING} AND (client_reminded_at IS NULL OR client_reminded_at < last_word_at)"
# Only whom a word can reach: nobody's ticket is closed unheard.
AWAITING_REMINDED = f"{_AWAITING} AND client_reminded_at >= last_word_at AND route_channel IS NOT NULL"

tickets = Table(
    "tickets",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("title", Words(), nullable=False),
    Column("contact_id", Id, ForeignKey("contacts.id"), nullable=False),
    at("received_at"),
    at("created_at"),
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
    at("snoozed_until_at", is_optional=True),
    at("last_word_at", is_optional=True),
    at("client_reminded_at", is_optional=True),
    at("closed_at", is_optional=True),
    Column("outcome", Text),
    text_column("result"),
    Column("version", Id, nullable=False),
    one_of("priority", model.Priority),
    one_of("category", model.Category),
    one_of("reason", model.UrgencyReason),
    one_of("reason_state", model.ReasonState),
    one_of("reason_guess", model.UrgencyReason),
    one_of("turn", model.Turn),
    one_of("team", model.Team),
    one_of("outcome", model.Outcome),
    CheckConstraint("(route_channel IS NULL) = (route_recipient IS NULL)", name="route"),
    Index("ix_tickets_contact", "contact_id", "id"),
    partial("ix_tickets_contact_open", "contact_id", "id", where="closed_at IS NULL"),
    partial("ix_tickets_client", "client_id", "id", where="client_id IS NOT NULL"),
    partial("ix_tickets_client_open", "client_id", "id", where="closed_at IS NULL AND client_id IS NOT NULL"),
    partial("ix_tickets_open", "id", where="closed_at IS NULL"),
    partial("ix_tickets_team_open", "team", "id", where="closed_at IS NULL"),
    partial("ix_tickets_assignee_open", "assignee_id", "id", where="closed_at IS NULL AND assignee_id IS NOT NULL"),
    partial("ix_tickets_awaiting", "last_word_at", "id", where=AWAITING_UNREMINDED),
    partial("ix_tickets_reminded", "client_reminded_at", "id", where=AWAITING_REMINDED),
    partial("ix_tickets_origin", "origin_id", where="origin_id IS NOT NULL"),
    partial("ix_tickets_cause", "cause_id", where="cause_id IS NOT NULL"),
    Index("ix_tickets_created", "created_at"),
    partial("ix_tickets_closed", "closed_at", where="closed_at IS NOT NULL"),
    partial("ix_tickets_route", "route_recipient", where="route_recipient IS NOT NULL"),
)


messages = Table(
    "messages",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("ticket_id", Id, ForeignKey("tickets.id"), nullable=False),
    Column("kind", Text, nullable=False),
    *author("author"),
    Column("text", Words(), nullable=False),
    at("at"),
    text_column("channel"),
    text_column("quoted"),
    Column("attachments", Json(), nullable=False),
    # No foreign key: the inbox may be pruned one day, the words stay.
    Column("inbox_id", Id),
    Column("letter", Json(), nullable=False),
    one_of("kind", model.MessageKind),
    one_of("author_kind", model.ActorKind),
    Index("ix_messages_ticket", "ticket_id", "id"),
)

message_revisions = Table(
    "message_revisions",
    metadata,
    Column("id", Id, primary_key=True),
    Column("message_id", Id, ForeignKey("messages.id"), nullable=False, index=True),
    Column("text", Words(), nullable=False),
    at("at"),
)

events = Table(
    "events",
    metadata,
    Column("id", Id, primary_key=True),
    Column("ticket_id", Id, ForeignKey("tickets.id"), nullable=False),
    Column("kind", Words(), nullable=False),
    *author("actor"),
    at("at"),
    text_column("because"),
    Column("data", Json(), nullable=False),
    one_of("actor_kind", model.ActorKind),
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
    at("at"),
    text_column("comment"),
    one_of("kind", model.WorkKind),
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
