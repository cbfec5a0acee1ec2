"""What was set aside, seen and let in again: the inbox's statements for it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, bindparam, select, update

from bot.ports import SetAside
from bot.storage import tables
from bot.storage.rules import LET_IN
from bot.storage.tables import is_one_of
from bot.storage.types import UtcDateTime

_inbox = tables.inbox
_is_set_aside = is_one_of(_inbox.c.state, ["set_aside"]) & (_inbox.c.channel == bindparam("of_channel"))
_newest = (
    select(_inbox.c.id, _inbox.c.channel, _inbox.c.conversation, _inbox.c.received_at, _inbox.c.because)
    .where(_is_set_aside)
    .order_by(_inbox.c.id.desc())
    .limit(bindparam("most"))
)
# Its reason says, while it waits, that a person let it in.
_let_in = (
    update(_inbox)
    .where(_is_set_aside, _inbox.c.id.in_(bindparam("ids", expanding=True)))
    .values(state="waiting", because=LET_IN, attempts=0, ready_at=bindparam("now", type_=UtcDateTime()), finished_at=None)
)


def newest(connection: Connection, channel: str, limit: int) -> list[SetAside]:
    rows = connection.execute(_newest, {"of_channel": channel, "most": limit})
    return [
        SetAside(id=row.id, channel=row.channel, conversation=row.conversation, received_at=row.received_at, because=row.because)
        for row in rows
    ]


def let_in(connection: Connection, channel: str, item_ids: Sequence[int], now: datetime) -> int:
    return connection.execute(_let_in, {"of_channel": channel, "ids": list(item_ids), "now": now}).rowcount
