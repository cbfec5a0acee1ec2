"""Microseconds per deadline on the desk's hours, cold (each day worked out anew) and warm (days remembered, as in the running service).

Run: `.venv/bin/python bench/sla_deadline.py`, or `make bench`. Aim: at most 150 µs for 24 desk hours, cold.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from statistics import median

from bot.model import ClockKind, Priority
from bot.sla.calendars import preset_calendars
from bot.sla.clocks import start_clock
from bot.sla.policy import Policy
from bot.sla.reminders import judge
from bot.sla.rules import Subject

ROUNDS = 7
STARTS = [datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=7_919 * number) for number in range(3_000)]


def main() -> None:
    for hours in (1, 24, 72):
        allowed = timedelta(hours=hours)
        desk = preset_calendars()["desk"]
        warm = per_call(lambda allowed=allowed, desk=desk: [desk.deadline(start, allowed) for start in STARTS])
        cold = per_call(lambda allowed=allowed: [preset_calendars()["desk"].deadline(start, allowed) for start in STARTS])
        making = per_call(lambda: [preset_calendars()["desk"] for _ in STARTS])
        print(f"deadline of {hours:>2} desk hours: {cold - making:7.1f} µs cold, {warm:6.1f} µs warm")
    policy = Policy()
    urgent = Subject(priority=Priority.URGENT)
    clocks = [start_clock(policy, kind=ClockKind.REACTION, ticket_id=1, subject=urgent, started_at=start, now=start) for start in STARTS]
    running = [clock for clock in clocks if clock and clock.next_nudge_at]
    print(f"start of a clock (deadline and first nudge): {per_call(lambda: [_start(policy, at) for at in STARTS]):6.1f} µs")
    print(
        f"verdict on a due clock:                      "
        f"{per_call(lambda: [judge(policy, clock, now=clock.next_nudge_at, assignee_id=None) for clock in running]):6.1f} µs"
    )


def _start(policy: Policy, at: datetime) -> None:
    start_clock(policy, kind=ClockKind.REACTION, ticket_id=1, subject=Subject(priority=Priority.MEDIUM), started_at=at, now=at)


def per_call(work: Callable[[], object]) -> float:
    """The median over the rounds, in microseconds for each of the starts."""
    took = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        work()
        took.append((time.perf_counter() - began) / len(STARTS))
    return median(took) * 1_000_000


if __name__ == "__main__":
    main()
