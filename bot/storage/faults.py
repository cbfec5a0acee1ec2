"""What the stores raise when a caller has a bug, as opposed to the tree in `bot.errors`, which tells what to do next."""

from __future__ import annotations


class BrokenRow(Exception):
    """A row breaks a rule of the schema: it points at something that is not there, or holds a value that may not be."""


class ReadOnly(RuntimeError):
    """Something was to be written in a unit of work opened with `read()`."""


class NestedWrite(RuntimeError):
    """One task opened a second writing unit of work inside the first: it would wait for itself forever."""
