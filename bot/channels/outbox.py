"""The outbox worker: claims due deliveries, calls their channel, and records what became of each at once.

Between "sent" and "recorded" is one delivery of a channel at a time (`turns`); a process killed just there sends that one again (marked
UNSURE, once). Each route has at most one delivery under way, so people read things in order. A refusing chat delays only itself.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta

import structlog

from bot import notices
from bot.channels.base import Channel, Health, Sent
from bot.channels.fallback import OtherWay, other_way
from bot.channels.outcomes import Outcomes
from bot.channels.supervisor import backoff
from bot.channels.turns import RowsTurn, Turns
from bot.channels.wake import Wake
from bot.clock import Clock
from bot.errors import BotError, Permanent, RateLimited, Transient, Unreachable, Unsure
from bot.model import Delivery, DeliveryState, Link, Route, link_scope
from bot.ports import Storage, UnitOfWork
from bot.texts import explain

AT_ONCE = 30
LEASE = timedelta(seconds=60)
RETRY_FROM = timedelta(seconds=2)
RETRY_AT_MOST = timedelta(hours=1)
UNSURE_WAIT = timedelta(seconds=30)
# A word that could not be delivered for a day is old news: it is given up and staff are told.
GIVE_UP_AFTER = timedelta(hours=24)
DEAD_AT_ONCE = 50
# A bug in a channel is not retried for a day.
MAX_BUGS = 5
STOP_WITHIN = timedelta(seconds=5)

log = structlog.get_logger(__name__)


class OutboxWorker:
    """See the module. `alert_routes` hear of deliveries that were given up."""

    def __init__(
        self,
        *,
        storage: Storage,
        channels: Mapping[str, Channel],
        clock: Clock,
        alert_routes: Sequence[Route] = (),
        lease: timedelta = LEASE,
        on_sent: Callable[[Delivery], None] | None = None,
    ) -> None:
        self._storage = storage
        self._channels = channels
        self._clock = clock
        self._alert_routes = alert_routes
        self._lease = lease
        self._on_sent = on_sent or (lambda delivery: None)
        outcomes = Outcomes(storage)
        self._turns: dict[str, Turns] = defaultdict(lambda: Turns(outcomes, clock, lease=lease))
        self._under_way: set[asyncio.Task[None]] = set()
        self.wake = Wake("outbox")
        self.health = Health(name="outbox", state="running")

    async def run(self) -> None:
        """Work until cancelled; then what is under way has a few seconds to end, so that it is recorded rather than unsure."""
        await self.tell_of_the_dead()
        try:
            while True:
                if not await self.step():
                    await self.wake.wait()
        finally:
            if self._under_way:
                await asyncio.wait(self._under_way, timeout=STOP_WITHIN.total_seconds())
            for task in self._under_way:
                task.cancel()

    async def tell_of_the_dead(self) -> None:
        """A delivery whose process was killed twice in the middle of it is given up by the store; staff must hear of it as of any other.

        The alert's key is the delivery's, so that telling again says nothing new.
        """
        async with self._storage.write() as uow:
            for row in await uow.outbox.dead_rows(limit=DEAD_AT_ONCE):
                self._alert_dead(uow, row, row.error)
            await uow.commit()

    async def drain(self) -> None:
        """Deliver until nothing is due and nothing is under way."""
        while await self.step() or self._under_way:
            if self._under_way:
                await asyncio.wait(self._under_way, return_when=asyncio.FIRST_COMPLETED)

    async def step(self) -> int:
        """Claim what there is room for and start sending it; how many were claimed."""
        room = AT_ONCE - len(self._under_way)
        if room <= 0:
            return 0
        async with self._storage.write() as uow:
            rows = await uow.outbox.claim(now=self._clock.now(), limit=room, lease=self._lease, channels=list(self._channels))
            turns = [self._turns[row.route.channel].of(row) for row in rows]
            if turns:
                await self._commit(uow, turns)
        self.health.up(self._clock.now())
        for turn in turns:
            task = asyncio.create_task(self._deliver(turn), name=f"deliver-{turn.row.id}")
            self._under_way.add(task)
            task.add_done_callback(self._ended)
        return len(turns)

    async def _commit(self, uow: UnitOfWork, claimed: Sequence[RowsTurn]) -> None:
        """The most urgent word of a channel that nobody is speaking to goes on at once, without a commit of its own for that."""
        reserved = []
        for turn in claimed:
            turns = self._turns[turn.row.route.channel]
            # An edit may be made twice, so it needs no turn.
            if turn.row.previous_external_id is None and turns.reserve(turn):
                reserved.append(turn)
                turns.mark(turn)(uow)
        try:
            await uow.commit()
        except BaseException:
            for turn in reserved:
                turn.end()
            raise

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.error("delivery_outcome_lost", task=task.get_name(), exc_info=task.exception())
        self.wake.set()

    async def _deliver(self, turn: RowsTurn) -> None:
        try:
            if await self._attempt(turn.row, turn):
                self._on_sent(turn.row)
        finally:
            turn.end()

    async def _attempt(self, row: Delivery, turn: RowsTurn) -> bool:
        """Whether it was sent; recorded, whatever came of it."""
        try:
            sent = await self._channels[row.route.channel].send(row, turn)
        except Exception as error:
            failure = error
            instead = await self._instead(row, error)
            await turn.record(lambda uow: self._not_sent(uow, row, failure, instead))
            return False
        await turn.record(lambda uow: self._sent(uow, row, sent))
        return True

    def _sent(self, uow: UnitOfWork, row: Delivery, sent: Sent) -> None:
        uow.outbox.sent(row.id, external_id=sent.external_id, now=self._clock.now())
        for link in (*_links(row, sent.external_id), *sent.links):
            uow.tickets.add_link(link)

    async def _instead(self, row: Delivery, error: Exception) -> OtherWay | None:
        """Another way to whom this channel does not reach, if the house has one."""
        if not isinstance(error, Unreachable) or "mail" not in self._channels:
            return None
        try:
            return await other_way(self._storage, row, now=self._clock.now())
        except Transient:
            # The database is busy: the word is given up with an alert rather than kept in flight.
            return None

    def _not_sent(self, uow: UnitOfWork, row: Delivery, error: Exception, instead: OtherWay | None = None) -> None:
        now, words = self._clock.now(), _words(error)
        if instead is not None:
            log.info("delivery_by_mail_instead", delivery_id=row.id, kind=row.kind, channel=row.route.channel)
            uow.outbox.supersede([row.id])
            instead.write(uow, self._alert_routes, now)
            return
        if isinstance(error, RateLimited):
            uow.outbox.postpone(row.id, until=now + (error.retry_after or RETRY_FROM), error=words, counts=False)
        elif isinstance(error, Unsure) and row.state is not DeliveryState.UNSURE:
            uow.outbox.unsure(row.id, until=now + (error.retry_after or UNSURE_WAIT), error=words)
        elif self._is_hopeless(row, error):
            log.warning("delivery_dead", delivery_id=row.id, kind=row.kind, channel=row.route.channel, error=type(error).__name__)
            self._bury(uow, row, error)
        else:
            if not isinstance(error, Transient):
                log.error("delivery_failed", delivery_id=row.id, kind=row.kind, exc_info=error)
            wait = backoff(row.attempts, shortest=RETRY_FROM, longest=RETRY_AT_MOST)
            after = error.retry_after if isinstance(error, Transient) and error.retry_after else timedelta(0)
            uow.outbox.postpone(row.id, until=now + max(wait, after), error=words)

    def _is_hopeless(self, row: Delivery, error: Exception) -> bool:
        if isinstance(error, Permanent | Unsure):
            return True
        if isinstance(error, Transient):
            return self._clock.now() - row.created_at > GIVE_UP_AFTER
        return row.attempts >= MAX_BUGS

    def _bury(self, uow: UnitOfWork, row: Delivery, error: Exception) -> None:
        uow.outbox.dead(row.id, error=_words(error))
        self._alert_dead(uow, row, error if isinstance(error, BotError) else type(error).__name__)

    def _alert_dead(self, uow: UnitOfWork, row: Delivery, why: BotError | str) -> None:
        if row.kind == "alert":
            return
        numbers = ", ".join(f"№{ticket_id}" for ticket_id in row.ticket_ids) or "—"
        news = BotError(
            "Повідомлення не доставлено ({channel}). Звернення: {numbers}. Причина: {why}",
            channel=row.route.channel,
            numbers=numbers,
            why=why,
        )
        for alert in notices.alert(self._alert_routes, news, cause=f"dead:{row.id}", now=self._clock.now()):
            uow.outbox.add(alert)


def _links(row: Delivery, external_id: str | None) -> list[Link]:
    """An answer to what we sent finds its ticket by these."""
    if external_id is None:
        return []
    scope = link_scope(row.route.channel, row.route.recipient)
    return [
        Link(
            channel=row.route.channel,
            conversation=scope,
            external_id=external_id,
            ticket_id=ticket_id,
            kind=row.kind,
            message_id=row.message_id,
        )
        for ticket_id in row.ticket_ids
    ]


def _words(error: Exception) -> str:
    return explain(error, "uk") if isinstance(error, BotError) else type(error).__name__
