"""Alembic's entry: runs the migrations on the connection that `bot.storage.opening` hands over, inside its transaction."""

from __future__ import annotations

from alembic import context

from bot.storage.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    # SQLite cannot alter a column: the table is rebuilt instead.
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
