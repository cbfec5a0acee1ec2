"""What happens when the store refuses what a client posted (a full disk, a database that is gone).

The client reads a sentence for clients. What an administrator has to do goes to the log, to the status page and, as 503, to /healthz.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from bot.channels.base import Health
from bot.errors import RateLimited, Transient
from bot.texts import explain

# For so long nobody tries whether the store writes again but those who have something to say.
TRIED_AGAIN_AFTER = timedelta(minutes=1)

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Refusals:
    """When a commit was refused; None once one went through again."""

    last_at: datetime | None = None

    @contextmanager
    def watched(self, health: Health | None, now: datetime) -> Iterator[None]:
        """Around a write for a client. A Transient of the store comes out as one that a client may read."""
        try:
            yield
        except RateLimited:
            raise
        except Transient as error:
            self.last_at = now
            if health is not None:
                health.trouble(error)
            log.warning("site_write_refused", error=type(error).__name__, detail=explain(error, "uk"))
            raise Transient(
                "Зараз ми не можемо зберегти повідомлення. Спробуйте, будь ласка, за кілька хвилин або зателефонуйте."
            ) from error
        if self.last_at is not None:
            self.last_at = None
            if health is not None:
                health.up(now)

    def is_recent(self, now: datetime) -> bool:
        return self.last_at is not None and now - self.last_at < TRIED_AGAIN_AFTER
