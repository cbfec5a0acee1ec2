"""Words can be corrected, taken back and sent in parts; answers are kept under names; the desk counts what came and went."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from bot.storage.types import Id, Json, UtcDateTime, Words

revision = "20261125_words"
down_revision = "20261125_policies"

_CLOSED = sa.text("closed_at IS NOT NULL")


def upgrade() -> None:
    op.add_column("outbox", sa.Column("progress", Json(), server_default="[]", nullable=False))
    op.create_table(
        "message_revisions",
        sa.Column("id", Id, nullable=False),
        sa.Column("message_id", Id, nullable=False),
        sa.Column("text", Words(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["message_id"], ["messages.id"], name=op.f("fk_message_revisions_message_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message_revisions")),
    )
    op.create_index(op.f("ix_message_revisions_message_id"), "message_revisions", ["message_id"])
    op.create_table(
        "canned_answers",
        sa.Column("id", Id, nullable=False),
        sa.Column("name", Words(), nullable=False),
        sa.Column("name_key", Words(), nullable=False),
        sa.Column("text", Words(), nullable=False),
        sa.Column("changed_by", Words(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_canned_answers")),
        sa.UniqueConstraint("name_key", name=op.f("uq_canned_answers_name_key")),
    )
    op.create_index("ix_tickets_created", "tickets", ["created_at"])
    op.create_index("ix_tickets_closed", "tickets", ["closed_at"], sqlite_where=_CLOSED, postgresql_where=_CLOSED)
