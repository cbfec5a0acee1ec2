"""Clocks know by which rule they were promised, and may pause."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from bot.storage.types import Id, Json, Span, UtcDateTime, Words

revision = "20261125_policies"
down_revision = "20261125_files"

_STATES = "state IN ('running', 'claimed', 'paused', 'met', 'cancelled')"
_INDEXES = {
    "ix_ticket_clocks_nudge": (["next_nudge_at", "id"], "next_nudge_at IS NOT NULL"),
    "ix_ticket_clocks_started": (["started_at", "id"], None),
    "ix_ticket_clocks_running": (["due_at", "id"], "state = 'running'"),
    "ix_ticket_clocks_unfinished": (["id"], "state IN ('running', 'claimed')"),
}


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        for column in _new_columns():
            op.add_column("ticket_clocks", column)
        op.drop_constraint(op.f("ck_ticket_clocks_state"), "ticket_clocks", type_="check")
        op.create_check_constraint(op.f("ck_ticket_clocks_state"), "ticket_clocks", _STATES)
    else:
        _rebuild()


def _new_columns() -> tuple[sa.Column[Any], ...]:
    return (
        sa.Column("terms", Json(), server_default="null", nullable=False),
        sa.Column("pauses", Json(), server_default="[]", nullable=False),
    )


def _rebuild() -> None:
    """SQLite changes no constraint: the rows move into a table that has the new one."""
    for name in _INDEXES:
        op.drop_index(name, "ticket_clocks")
    op.rename_table("ticket_clocks", "old_clocks")
    columns: tuple[sa.Column[Any], ...] = (
        sa.Column("id", Id, nullable=False),
        sa.Column("ticket_id", Id, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("ordinal", sa.SmallInteger(), nullable=False),
        sa.Column("priority", sa.Text(), nullable=False),
        sa.Column("calendar", Words(), nullable=False),
        sa.Column("target", Span(), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("generation", Id, nullable=False),
        sa.Column("step", Id, nullable=False),
        sa.Column("next_nudge_at", UtcDateTime()),
        sa.Column("met_at", UtcDateTime()),
        sa.Column("breached_at", UtcDateTime()),
    )
    op.create_table(
        "ticket_clocks",
        *columns,
        *_new_columns(),
        sa.CheckConstraint("kind IN ('reaction', 'next_answer', 'solution')", name=op.f("ck_ticket_clocks_kind")),
        sa.CheckConstraint("priority IN ('low', 'medium', 'high', 'urgent')", name=op.f("ck_ticket_clocks_priority")),
        sa.CheckConstraint(_STATES, name=op.f("ck_ticket_clocks_state")),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name=op.f("fk_ticket_clocks_ticket_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ticket_clocks")),
        sa.UniqueConstraint("ticket_id", "kind", "ordinal", name=op.f("uq_ticket_clocks_ticket_id_kind_ordinal")),
    )
    names = [column.name for column in columns]
    new, old = sa.table("ticket_clocks", *map(sa.column, names)), sa.table("old_clocks", *map(sa.column, names))
    op.execute(sa.insert(new).from_select(names, sa.select(*(old.c[name] for name in names))))
    op.drop_table("old_clocks")
    for name, (on, where) in _INDEXES.items():
        op.create_index(name, "ticket_clocks", on, sqlite_where=sa.text(where) if where else None)
