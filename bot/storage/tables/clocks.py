"""Running clocks, and emergency closings."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, SmallInteger, Table, Text, UniqueConstraint

from bot import model
from bot.storage.tables.columns import at, metadata, one_of, partial
from bot.storage.types import Id, Json, Span, Words

UNFINISHED = ("running", "claimed")

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
    at("started_at"),
    at("due_at"),
    Column("state", Text, nullable=False),
    Column("generation", Id, nullable=False),
    Column("step", Id, nullable=False),
    at("next_nudge_at", is_optional=True),
    at("met_at", is_optional=True),
    at("breached_at", is_optional=True),
    Column("terms", Json(), nullable=False, server_default="null"),
    Column("pauses", Json(), nullable=False, server_default="[]"),
    UniqueConstraint("ticket_id", "kind", "ordinal"),
    one_of("kind", model.ClockKind),
    one_of("priority", model.Priority),
    one_of("state", model.ClockState),
    partial("ix_ticket_clocks_nudge", "next_nudge_at", "id", where="next_nudge_at IS NOT NULL"),
    partial("ix_ticket_clocks_running", "due_at", "id", where="state = 'running'"),
    Index("ix_ticket_clocks_started", "started_at", "id"),
    partial("ix_ticket_clocks_unfinished", "id", where="state IN ('running', 'claimed')"),
)

closures = Table(
    "closures",
    metadata,
    Column("id", Id, primary_key=True),
    at("starts_at"),
    at("ends_at"),
    Column("because", Words(), nullable=False),
    Column("by", Words(), nullable=False),
    at("announced_at", is_optional=True),
    CheckConstraint("ends_at >= starts_at", name="order"),
)
