"""The rules that both stores must agree on: when a burst is ready, where a batch may be cut, what counts as the same name."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from itertools import groupby
from typing import Any, Generic, TypeVar

from bot.ports import RawEvent

T = TypeVar("T")
# The reason of a row that waits again because a person let it in.
LET_IN = "let_in"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A waiting inbox row as the burst rule sees it. `is_open`: a burst line that nobody has taken or tried yet."""

    id: int
    is_open: bool
    arrived_at: datetime


def ready_times(tail: Sequence[Line], event: RawEvent, new_id: int, *, now: datetime) -> dict[int, datetime]:
    """When a new row, and the burst at the end of its conversation that it joins or ends, become ready.

    Times are those of arrival, not of receipt: the lines that an outage held back arrive together and must wait for each other.
    """
    burst: list[Line] = []
    for line in reversed(tail):
        if not line.is_open:
            break
        burst.append(line)
    if event.quiet_gap:
        first_at = burst[-1].arrived_at if burst else now
        at = min(now + event.quiet_gap, first_at + event.burst_limit)
    else:
        at = now
    return {line.id: at for line in burst} | {new_id: at}


@dataclass(frozen=True, slots=True)
class Ready(Generic[T]):
    """A ready inbox row on its way into a batch."""

    conversation: tuple[str, str]
    is_burst: bool
    row: T


def batches(rows: Iterable[Ready[T]], *, limit: int) -> list[list[T]]:
    """One list per conversation, at most `limit` rows together. `rows` come conversation by conversation.

    The cut never falls inside a burst (its lines are one thought), unless the first burst alone is longer than `limit`.
    """
    taken: list[list[T]] = []
    room = limit
    for _, group in groupby(rows, key=lambda ready: ready.conversation):
        ready = list(group)
        cut = min(len(ready), room)
        while 0 < cut < len(ready) and ready[cut].is_burst and ready[cut - 1].is_burst:
            cut -= 1
        if not cut and not taken:
            cut = room
        if not cut:
            break
        taken.append([each.row for each in ready[:cut]])
        room -= cut
        if not room:
            break
    return taken


def name_key(name: str) -> str:
    """What two spellings of one name share: case and spacing do not count (SQLite's own lower() knows ASCII only)."""
    return " ".join(name.split()).casefold()


def as_json(value: Any) -> str:
    """JSON text that any database takes: a lone surrogate, which no UTF-8 column can hold, goes in escaped."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text if _is_encodable(text) else json.dumps(value, separators=(",", ":"))


def _is_encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def storable(text: str) -> str:
    """The text with what no database can hold (NUL, lone surrogates) shown as U+FFFD; everything else stays as it is."""
    if "\0" in text:
        text = text.replace("\0", "\ufffd")
    if text.isascii() or _is_encodable(text):
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def refuse_naive(value: Any) -> None:
    """Raise ValueError if an instant in this dataclass has no zone; the databases refuse it by the type of the column."""
    for each in fields(value):
        instant = getattr(value, each.name)
        if isinstance(instant, datetime) and instant.tzinfo is None:
            raise ValueError(f"{each.name} {instant!r} has no zone: only aware instants are stored")
