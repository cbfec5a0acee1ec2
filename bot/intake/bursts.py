"""Which short chat lines of one sender are one message (DESIGN.md 5): people send one thought in several lines."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

GAP = timedelta(seconds=20)
LIMIT = timedelta(minutes=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One incoming chat line. `at` is an aware UTC instant; `album` joins the parts of one album.

    `is_burstable` is False for what stands alone: a command, a button, a reply to one of our messages.
    """

    conversation: str
    sender: str
    at: datetime
    text: str = ""
    album: str | None = None
    is_burstable: bool = True


def ready_at(first: datetime, last: datetime, gap: timedelta = GAP, limit: timedelta = LIMIT) -> datetime:
    """When a burst that began at `first` and so far ended at `last` is complete: after a quiet gap, at the limit at the latest."""
    return min(last + gap, first + limit)


def group_lines(lines: Iterable[Line], gap: timedelta = GAP, limit: timedelta = LIMIT) -> tuple[tuple[Line, ...], ...]:
    """The lines as bursts: each line in exactly one, each burst in order of time, the bursts in order of their first line.

    A line joins the open burst of its sender in its conversation while that is not yet ready when the line arrives. The
    parts of an album stay together however slowly they come within the limit. A line that is not burstable stands alone
    and ends the burst before it.
    """
    bursts: list[list[Line]] = []
    open_at: dict[tuple[str, str], int] = {}
    for line in sorted(lines, key=lambda one: one.at):
        who = (line.conversation, line.sender)
        place = open_at.get(who)
        if place is not None and line.is_burstable and _joins(bursts[place], line, gap, limit):
            bursts[place].append(line)
            continue
        bursts.append([line])
        if line.is_burstable:
            open_at[who] = len(bursts) - 1
        else:
            open_at.pop(who, None)
    return tuple(map(tuple, bursts))


def join_texts(burst: Sequence[Line]) -> str:
    """The burst as one text, a line each; empty lines (a picture without words) leave none."""
    return "\n".join(line.text for line in burst if line.text)


def _joins(burst: Sequence[Line], line: Line, gap: timedelta, limit: timedelta) -> bool:
    first, last = burst[0].at, burst[-1].at
    same_album = line.album is not None and any(one.album == line.album for one in burst)
    return line.at < ready_at(first, last, gap, limit) or (same_album and line.at <= first + limit)
