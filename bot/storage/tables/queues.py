"""The inbox and the outbox."""

from __future__ import annotations

from sqlalchemy import Boolean, CheckConstraint, Column, Index, LargeBinary, SmallInteger, Table, Text, UniqueConstraint, false

from bot import model
from bot.ports import Disposition
from bot.storage.tables.columns import at, metadata, one_of, partial, text_column
from bot.storage.types import Id, Json, Words

PENDING = ("new", "unsure")

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
    at("received_at"),
    at("arrived_at"),
    Column("is_burst", Boolean, nullable=False),
    Column("is_quiet", Boolean, nullable=False),
    Column("state", Text, nullable=False, server_default="waiting"),
    at("ready_at", is_optional=True),
    at("leased_until", is_optional=True),
    Column("attempts", Id, nullable=False, server_default="0"),
    text_column("because"),
    text_column("error"),
    Column("ticket_ids", Json(), nullable=False, server_default="[]"),
    at("finished_at", is_optional=True),
    UniqueConstraint("channel", "source", "external_id"),
    one_of("state", ["waiting", "quarantined", *Disposition]),
    CheckConstraint("(state = 'waiting') = (ready_at IS NOT NULL)", name="ready"),
    CheckConstraint("state <> 'set_aside' OR because <> ''", name="because"),
    partial("ix_inbox_ready", "ready_at", "id", where="ready_at IS NOT NULL"),
    partial("ix_inbox_conversation", "channel", "conversation", "id", where="ready_at IS NOT NULL"),
    partial("ix_inbox_quarantined", "id", where="state = 'quarantined'"),
    partial("ix_inbox_set_aside", "channel", "id", where="state = 'set_aside'"),
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
    at("created_at"),
    Column("ticket_ids", Json(), nullable=False),
    Column("message_id", Id),
    Column("edit_key", Words()),
    Column("urgency", SmallInteger, nullable=False),
    Column("is_automatic", Boolean, nullable=False),
    Column("state", Text, nullable=False),
    Column("attempts", Id, nullable=False),
    at("not_before_at", is_optional=True),
    Column("previous_external_id", Words()),
    Column("external_id", Words()),
    text_column("error"),
    at("sent_at", is_optional=True),
    at("leased_until", is_optional=True),
    Column("was_unsure", Boolean, nullable=False),
    Column("may_be_out", Boolean, nullable=False, server_default=false()),
    Column("progress", Json(), nullable=False, server_default="[]"),
    one_of("state", model.DeliveryState),
    CheckConstraint("(state = 'sending') = (leased_until IS NOT NULL)", name="lease"),
    partial("ix_outbox_due", "urgency", "id", where="state IN ('new', 'unsure')"),
    partial("ix_outbox_pending", "channel", "recipient", "urgency", "id", where="state IN ('new', 'unsure')"),
    partial("ix_outbox_waiting", "channel", "recipient", "id", where="state IN ('new', 'unsure') AND not_before_at IS NOT NULL"),
    partial("ix_outbox_sending", "channel", "recipient", "leased_until", where="state = 'sending'"),
    partial("ix_outbox_backlog", "state", where="state IN ('new', 'sending', 'unsure', 'dead')"),
    partial("ix_outbox_dead", "id", where="state = 'dead'"),
    partial("ix_outbox_edit", "edit_key", "channel", "recipient", "id", where="edit_key IS NOT NULL"),
    partial("ix_outbox_automatic", "channel", "created_at", where="is_automatic"),
    partial("ix_outbox_automatic_route", "channel", "recipient", "created_at", where="is_automatic"),
    Index("ix_outbox_route", "channel", "recipient", "id"),
)
