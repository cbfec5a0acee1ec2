"""Files: which reference is kept where on the shelf, and which message brought it."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, SmallInteger, Table

from bot.storage.tables.columns import at, metadata, partial, text_column
from bot.storage.types import Id, Words

# `kept_as` is the reference on the shelf ("sha256:…"), once the bytes are there. Until then `next_try_at` says when they are fetched;
# with neither, they are lost, and `error` says why.
files = Table(
    "files",
    metadata,
    Column("ref", Words(), primary_key=True),
    Column("kept_as", Words(), index=True),
    at("added_at"),
    at("next_try_at", is_optional=True),
    Column("attempts", Id, nullable=False, server_default="0"),
    text_column("error"),
    CheckConstraint("kept_as IS NULL OR next_try_at IS NULL", name="kept"),
    partial("ix_files_wanted", "next_try_at", where="next_try_at IS NOT NULL"),
)

message_files = Table(
    "message_files",
    metadata,
    Column("message_id", Id, ForeignKey("messages.id"), primary_key=True, autoincrement=False),
    Column("position", SmallInteger, primary_key=True, autoincrement=False),
    Column("ticket_id", Id, ForeignKey("tickets.id"), nullable=False),
    Column("ref", Words(), ForeignKey("files.ref"), nullable=False),
    Index("ix_message_files_ticket", "ticket_id", "message_id"),
    Index("ix_message_files_ref", "ref"),
)
