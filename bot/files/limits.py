"""How large a file may be, and how many may come with one message. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

MEGABYTE = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class FileLimits:
    """`size` is for one file, in bytes; `count` for one message."""

    size: int = 20 * MEGABYTE
    count: int = 50

    @property
    def megabytes(self) -> int:
        return self.size // MEGABYTE

    def accepted(self, sizes: Iterable[int]) -> Iterator[bool]:
        """For each file of a message in its order, whether it is taken in. What is too large does not count towards the number."""
        taken = 0
        for size in sizes:
            fits = size <= self.size and taken < self.count
            taken += fits
            yield fits
