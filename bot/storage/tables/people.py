"""Client companies, their contacts, and the agents."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, SmallInteger, Table, Text

from bot import model
from bot.storage.tables.columns import metadata, one_of
from bot.storage.types import Id, Span, Words

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
    one_of("role", model.Role),
)
