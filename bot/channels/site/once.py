"""A form of the staff does its deed once, however often it is sent: a client is never told anything twice (promise 2).

A page gives its forms an id. The same id with the same content by the same agent is the same deed; another text written into an old page is
not, so nothing that was typed is ever lost.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from datetime import datetime, timedelta

from bot.channels.site.gate import FORM_KEY, Fields
from bot.channels.site.parse import is_external_id
from bot.errors import Rejected
from bot.model import Agent
from bot.ports import UnitOfWork

# Longer than any page stays open.
_KEPT = timedelta(days=365)
# They say who sends and where to go on, not what is done.
_NOT_CONTENT = (FORM_KEY, "back")


def deed_key(agent: Agent, ticket_id: int, name: str, fields: Fields) -> str:
    """What makes two posts one deed. Rejected for a form without an id."""
    if not is_external_id(fields.raw("id")):
        raise Rejected("Сторінка застаріла: оновіть її та надішліть ще раз.")
    content = sorted((field, list(values)) for field, values in fields.values.items() if field not in _NOT_CONTENT)
    said = json.dumps([agent.id, ticket_id, name, content])
    return f"form:{hashlib.sha256(said.encode()).hexdigest()}"


async def said_before(uow: UnitOfWork, key: str, *, now: datetime) -> str | None:
    """What the deed ended with, if it is done already; None for the first, who does it in this transaction and calls `remember`.

    Of two at the same time the second waits for the first one's commit; if that is undone, the second is the first.
    """
    if await uow.state.take_lease(key, owner=secrets.token_hex(8), now=now, until=now + _KEPT):
        return None
    return str(await uow.state.get(key))


def remember(uow: UnitOfWork, key: str, said: str) -> None:
    uow.state.set(key, said)
