"""The one statement that the two databases spell with different classes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite


def insert_ignoring(table: Table, dialect: str) -> Any:
    """INSERT that leaves a row alone which is there already. `Any`: the dialects' Insert classes share no base with these methods."""
    insert = postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)
    return insert.on_conflict_do_nothing()


def upsert(table: Table, dialect: str, *, key: str, where: Any = None, given: Sequence[str] | None = None) -> Any:
    """INSERT that replaces the row with the same key, if `where` holds for it (a function of the table and the new row): its `given`
    columns, all but the key by default."""
    insert: Any = postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)
    names = [column.name for column in table.columns if column.name != key] if given is None else given
    changes = {name: insert.excluded[name] for name in names}
    return insert.on_conflict_do_update(index_elements=[key], set_=changes, where=where)
