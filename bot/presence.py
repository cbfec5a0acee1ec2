"""Who is at work on an embedded database: a lock that the system drops with its process, however that ends.

Rows that a process works on are leased for two minutes. On one machine nobody need wait for that when the process is dead: whoever comes
and finds itself alone knows that every lease was a dead one's.
"""

from __future__ import annotations

import os
from pathlib import Path


class Presence:
    """This process's part in the work on one database file. `enter` blocks no longer than another one's `enter` takes."""

    def __init__(self, database: Path) -> None:
        self._path = database.with_name(f"{database.name}.lock")
        self._file: int | None = None

    def enter(self) -> bool:
        """Be counted in until `leave` or the end of the process; True when nobody else was there."""
        try:
            import fcntl
        except ImportError:
            # A system without such locks: leases run out as they always do.
            return False
        self._file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            fcntl.flock(self._file, fcntl.LOCK_SH)
            return False
        except OSError:
            # A disk without such locks, over a network perhaps: the same.
            self.leave()
            return False
        return True

    def let_in(self) -> None:
        """Whoever was alone has seen to what was left behind: others may come."""
        if self._file is not None:
            import fcntl

            fcntl.flock(self._file, fcntl.LOCK_SH)

    def leave(self) -> None:
        """Be counted no longer; again does nothing."""
        if self._file is not None:
            os.close(self._file)
            self._file = None
