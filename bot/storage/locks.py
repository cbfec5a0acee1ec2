"""How several processes on PostgreSQL share one queue: whoever claims for a conversation or a route holds its advisory lock until commit.

Row locks are not enough, because "no other row of this conversation is taken" is a statement about rows that another transaction
may be taking right now. A lock that is not free is skipped, never waited for. On SQLite the one writer needs none of this.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, func, select

INBOX, OUTBOX = 1, 2


def locking(candidates: Select[Any], lane: int, first: str, second: str) -> Select[Any]:
    """The `id`s of `candidates` whose pair of columns could be locked. Materialised, so that nothing beyond its LIMIT gets locked."""
    chosen = candidates.cte("candidates").prefix_with("MATERIALIZED")
    pair = chosen.c[first] + func.chr(31) + chosen.c[second]
    return select(chosen.c.id).where(func.pg_try_advisory_xact_lock(func.hashtextextended(pair, lane)))
