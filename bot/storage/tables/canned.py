"""Answers kept under a name."""

from __future__ import annotations

from sqlalchemy import Column, Table

from bot.storage.tables.columns import at, metadata
from bot.storage.types import Id, Words

canned_answers = Table(
    "canned_answers",
    metadata,
    Column("id", Id, primary_key=True),
    Column("name", Words(), nullable=False),
    Column("name_key", Words(), nullable=False, unique=True),
    Column("text", Words(), nullable=False),
    Column("changed_by", Words(), nullable=False),
    at("changed_at"),
)
