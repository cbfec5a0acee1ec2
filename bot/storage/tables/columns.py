"""What all tables are made with: the naming of constraints, and the kinds of columns and indexes used again and again."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import CheckConstraint, Column, ColumnElement, Index, MetaData, Text, literal_column, text

from bot.storage.types import Id, UtcDateTime, Words

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def is_one_of(column: ColumnElement[Any], values: Iterable[str]) -> ColumnElement[bool]:
    """`column IN ('a', 'b')`, or `column = 'a'`, with the values in the text of the statement: the form that partial indexes answer."""
    known: list[ColumnElement[str]] = [literal_column(f"'{value}'") for value in values]
    return column == known[0] if len(known) == 1 else column.in_(known)


def one_of(column: str, values: Iterable[Any], *, name: str | None = None) -> CheckConstraint:
    """The column holds one of these words and no other."""
    known = ", ".join(repr(getattr(value, "value", value)) for value in values)
    return CheckConstraint(f"{column} IN ({known})", name=name or column)


def at(name: str, *, is_optional: bool = False) -> Column[Any]:
    """An instant, aware UTC."""
    return Column(name, UtcDateTime(), nullable=is_optional)


def partial(name: str, *columns: str, where: str) -> Index:
    """An index of those rows alone that the literal predicate names."""
    return Index(name, *columns, sqlite_where=text(where), postgresql_where=text(where))


def text_column(name: str) -> Column[Any]:
    """Words, empty rather than absent."""
    return Column(name, Words(), nullable=False, server_default="")


def author(prefix: str) -> tuple[Column[Any], ...]:
    """Whose deed it is: the kind of actor, its id where it has one, and its name at that time."""
    return (
        Column(f"{prefix}_kind", Text, nullable=False),
        Column(f"{prefix}_id", Id),
        Column(f"{prefix}_name", Words(), nullable=False),
    )
