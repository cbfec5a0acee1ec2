"""Small facts, leases and one-time tokens."""

from __future__ import annotations

from sqlalchemy import Column, Index, Table

from bot.storage.tables.columns import at, metadata
from bot.storage.types import Json, Words

facts = Table("facts", metadata, Column("key", Words(), primary_key=True), Column("value", Json(), nullable=False))

leases = Table("leases", metadata, Column("name", Words(), primary_key=True), Column("owner", Words(), nullable=False), at("until"))

tokens = Table(
    "tokens",
    metadata,
    Column("digest", Words(), primary_key=True),
    Column("purpose", Words(), nullable=False),
    Column("subject", Words(), nullable=False),
    at("expires_at"),
    Column("data", Json(), nullable=False),
    at("used_at", is_optional=True),
    Index("ix_tokens_subject", "purpose", "subject"),
)
