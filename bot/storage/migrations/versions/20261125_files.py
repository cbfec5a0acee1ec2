"""Files: where their bytes are kept, and which message brought them."""

from __future__ import annotations

import json
from typing import Any

import sqlalchemy as sa
from alembic import op

from bot.storage.types import Id, UtcDateTime, Words

revision = "20261125_files"
down_revision = "20261124_first_tables"

_WANTED = sa.text("next_try_at IS NOT NULL")


def upgrade() -> None:
    op.create_table(
        "files",
        sa.Column("ref", Words(), nullable=False),
        sa.Column("kept_as", Words()),
        sa.Column("added_at", UtcDateTime(), nullable=False),
        sa.Column("next_try_at", UtcDateTime()),
        sa.Column("attempts", Id, nullable=False, server_default="0"),
        sa.Column("error", Words(), nullable=False, server_default=""),
        sa.PrimaryKeyConstraint("ref", name=op.f("pk_files")),
        sa.CheckConstraint("kept_as IS NULL OR next_try_at IS NULL", name=op.f("ck_files_kept")),
    )
    op.create_index(op.f("ix_files_kept_as"), "files", ["kept_as"])
    op.create_index("ix_files_wanted", "files", ["next_try_at"], sqlite_where=_WANTED, postgresql_where=_WANTED)
    op.create_table(
        "message_files",
        sa.Column("message_id", Id, nullable=False, autoincrement=False),
        sa.Column("position", sa.SmallInteger, nullable=False, autoincrement=False),
        sa.Column("ticket_id", Id, nullable=False),
        sa.Column("ref", Words(), nullable=False),
        sa.PrimaryKeyConstraint("message_id", "position", name=op.f("pk_message_files")),
        sa.ForeignKeyConstraint(["message_id"], ["messages.id"], name=op.f("fk_message_files_message_id")),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name=op.f("fk_message_files_ticket_id")),
        sa.ForeignKeyConstraint(["ref"], ["files.ref"], name=op.f("fk_message_files_ref")),
    )
    op.create_index("ix_message_files_ticket", "message_files", ["ticket_id", "message_id"])
    op.create_index("ix_message_files_ref", "message_files", ["ref"])
    _take_over()


def _take_over() -> None:
    """Files that messages speak of already: those of chats are fetched now, those of mails are in the stored mail."""
    bind = op.get_bind()
    messages = sa.table("messages", *map(sa.column, ("id", "ticket_id", "attachments")), sa.column("at", UtcDateTime()))
    files = sa.table("files", sa.column("ref"), sa.column("added_at", UtcDateTime()), sa.column("next_try_at", UtcDateTime()))
    places = sa.table("message_files", *map(sa.column, ("message_id", "position", "ticket_id", "ref")))
    rows: dict[str, Any] = {}
    owners = []
    for message in bind.execute(sa.select(messages).where(messages.c.attachments != "[]").order_by(messages.c.id)):
        for position, file in enumerate(json.loads(message.attachments)):
            if file["ref"]:
                wanted = message.at if file["ref"].startswith("telegram:") else None
                rows.setdefault(file["ref"], {"ref": file["ref"], "added_at": message.at, "next_try_at": wanted})
                owners.append({"message_id": message.id, "position": position, "ticket_id": message.ticket_id, "ref": file["ref"]})
    if rows:
        bind.execute(files.insert(), list(rows.values()))
        bind.execute(places.insert(), owners)
