"""Nudges: who hears a reminder, and what is due together as one message."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.model import Delivery, Route
from bot.notices.facts import NUDGE_URGENCY, Facts
from bot.sla.explain import Account


@dataclass(frozen=True, slots=True, kw_only=True)
class Listeners:
    """Why a nudge reaches those whom it reaches. `on_duty` are the people of the shift, where everybody should hear it and a roster is
    kept; `is_unattended`: there is nobody, so the leads hear it. Where the owner is away: `away_why` (absent or off_shift), until when,
    what was written about it, and who stands in.
    """

    on_duty: tuple[str, ...] = ()
    is_unattended: bool = False
    away_why: str = ""
    away_until: datetime | None = None
    away_because: str = ""
    stand_in: str = ""

    def body(self) -> dict[str, Any]:
        return {
            "on_duty": list(self.on_duty),
            "is_unattended": self.is_unattended,
            "away_why": self.away_why,
            "away_until": self.away_until.isoformat() if self.away_until else None,
            "away_because": self.away_because,
            "stand_in": self.stand_in,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Reminder:
    """One clock's part of a nudge: the ticket, the promise, why this minute. `rung` is before, due, after, claimed or snoozed.

    `counted_from` is what the promise counts from, `account` what it counted and skipped on the way to `due_at`.
    """

    facts: Facts
    rung: str
    kind: str
    due_at: datetime
    effective_due_at: datetime
    planned_at: datetime
    account: Account
    claimed_at: datetime | None = None
    listeners: Listeners = Listeners()

    def body(self) -> dict[str, Any]:
        """The facts for staff, and under "nudge" the promise: instants in ISO 8601, `counted` in seconds, `skipped` as kinds and labels."""
        return self.facts.for_staff() | {
            "nudge": {
                "rung": self.rung,
                "clock": self.kind,
                "counted_from": self.account.start.isoformat(),
                "due_at": self.due_at.isoformat(),
                "effective_due_at": self.effective_due_at.isoformat(),
                "planned_at": self.planned_at.isoformat(),
                "claimed_at": self.claimed_at.isoformat() if self.claimed_at else None,
                "listeners": self.listeners.body(),
                "counted": int(self.account.counted.total_seconds()),
                "skipped": [{"kind": each.kind.value, "labels": list(each.labels)} for each in self.account.skipped],
            }
        }


def nudge(
    route: Route,
    reminders: Sequence[Reminder],
    *,
    cause: str,
    total: int,
    now: datetime,
    others: Sequence[int] = (),
    silent_since: datetime | None = None,
    edit_key: str | None = None,
) -> Delivery:
    """What is due together for one chat, in one message, most pressing first; `total` may be more than the reminders shown, and
    `others` are the tickets behind them by number.

    `silent_since` is set when the desk was not running for a while before this.
    """
    return Delivery(
        key=f"{cause}:nudge:{route.channel}:{route.recipient}",
        route=route,
        kind="nudge",
        body={
            "tickets": [each.body() for each in reminders],
            "total": total,
            "others": list(others),
            "silent_since": silent_since.isoformat() if silent_since else None,
        },
        created_at=now,
        ticket_ids=tuple(dict.fromkeys(each.facts.ticket.id for each in reminders)),
        edit_key=edit_key,
        urgency=NUDGE_URGENCY,
    )
