"""The duty roster."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, SmallInteger, Table

from bot.storage.tables.columns import at, metadata
from bot.storage.types import Id, Words

shifts = Table(
    "shifts",
    metadata,
    Column("agent_id", Id, ForeignKey("agents.id"), primary_key=True, autoincrement=False),
    Column("weekday", SmallInteger, primary_key=True, autoincrement=False),
    Column("starts", Id, primary_key=True, autoincrement=False),
    Column("ends", Id, nullable=False),
    CheckConstraint("weekday BETWEEN 0 AND 6", name="weekday"),
    CheckConstraint("starts >= 0 AND starts < ends AND ends <= 86400", name="hours"),
)

absences = Table(
    "absences",
    metadata,
    Column("id", Id, primary_key=True),
    Column("agent_id", Id, ForeignKey("agents.id"), nullable=False),
    at("starts_at"),
    at("ends_at"),
    Column("substitute_id", Id, ForeignKey("agents.id")),
    Column("because", Words(), nullable=False),
    CheckConstraint("ends_at >= starts_at", name="order"),
    CheckConstraint("substitute_id <> agent_id", name="substitute"),
    Index("ix_absences_ends_at", "ends_at"),
)
