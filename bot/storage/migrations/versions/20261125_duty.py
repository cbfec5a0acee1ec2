"""The duty roster: weekly shifts and absences."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from bot.storage.types import Id, UtcDateTime, Words

revision = "20261125_duty"
down_revision = "20261125_set_aside"


def upgrade() -> None:
    op.create_table(
        "shifts",
        sa.Column("agent_id", Id, nullable=False, autoincrement=False),
        sa.Column("weekday", sa.SmallInteger(), nullable=False, autoincrement=False),
        sa.Column("starts", Id, nullable=False, autoincrement=False),
        sa.Column("ends", Id, nullable=False),
        sa.CheckConstraint("weekday BETWEEN 0 AND 6", name=op.f("ck_shifts_weekday")),
        sa.CheckConstraint("starts >= 0 AND starts < ends AND ends <= 86400", name=op.f("ck_shifts_hours")),
        sa.ForeignKeyConstraint(["agent_id"], ["agents.id"], name=op.f("fk_shifts_agent_id")),
        sa.PrimaryKeyConstraint("agent_id", "weekday", "starts", name=op.f("pk_shifts")),
    )
    op.create_table(
        "absences",
        sa.Column("id", Id, nullable=False),
        sa.Column("agent_id", Id, nullable=False),
        sa.Column("starts_at", UtcDateTime(), nullable=False),
        sa.Column("ends_at", UtcDateTime(), nullable=False),
        sa.Column("substitute_id", Id),
        sa.Column("because", Words(), nullable=False),
        sa.CheckConstraint("ends_at >= starts_at", name=op.f("ck_absences_order")),
        sa.CheckConstraint("substitute_id <> agent_id", name=op.f("ck_absences_substitute")),
        sa.ForeignKeyConstraint(["agent_id"], ["agents.id"], name=op.f("fk_absences_agent_id")),
        sa.ForeignKeyConstraint(["substitute_id"], ["agents.id"], name=op.f("fk_absences_substitute_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_absences")),
    )
    op.create_index("ix_absences_ends_at", "absences", ["ends_at"])
