"""New tickets that come faster than a chat may be told, after a downtime above all: one message for twenty of them instead of a flood.

What is folded is decided when a card's turn comes, from the rows that wait behind it: a summary takes their place in one commit, so a crash
on either side shows each ticket once.
"""

from __future__ import annotations

from collections.abc import Sequence

from bot.clock import Clock
from bot.model import Delivery
from bot.ports import Storage, UnitOfWork

SIZE = 20
"""As many cards as a group may be told in a minute: more than that never wait one by one."""
_SHOWN = ("id", "title", "lamp", "priority", "client", "contact", "due_at")


class Backlog:
    """See the module. `language` is the staff chats'."""

    def __init__(self, *, storage: Storage, clock: Clock, language: str) -> None:
        self._storage = storage
        self._clock = clock
        self._language = language

    async def holds(self, delivery: Delivery) -> bool:
        """Whether this card, never shown before, went into a summary together with those that wait behind it."""
        if delivery.kind != "card" or delivery.previous_external_id or delivery.progress:
            return False
        async with self._storage.read() as uow:
            if len(await self._waiting(uow, delivery)) < SIZE - 1:
                return False
        async with self._storage.write() as uow:
            waiting = await self._waiting(uow, delivery)
            if len(waiting) < SIZE - 1:
                return False
            uow.outbox.add(self._summary([delivery, *waiting]))
            uow.outbox.supersede([row.id for row in (delivery, *waiting)])
            await uow.commit()
        return True

    async def _waiting(self, uow: UnitOfWork, delivery: Delivery) -> list[Delivery]:
        """As urgent as this one: what is urgent is never folded in with what is not."""
        rows = await uow.outbox.unshown(delivery.route, kind="card", limit=SIZE - 1)
        return [row for row in rows if row.urgency == delivery.urgency and row.id != delivery.id]

    def _summary(self, rows: Sequence[Delivery]) -> Delivery:
        tickets = [{name: row.body["ticket"].get(name) for name in _SHOWN} for row in rows]
        return Delivery(
            key=f"backlog:{rows[0].id}:{rows[-1].id}",
            route=rows[0].route,
            kind="backlog",
            body={"language": self._language, "tickets": tickets},
            created_at=self._clock.now(),
            urgency=rows[0].urgency,
        )
