"""Watches over one mailbox: what its state is, in the database for all processes to show, and what people must hear of it, once an outage.

Silence of ten minutes is told to the staff chat, a refused login or a lost consent to the lead at once, and that it works again to
whoever heard that it did not. Everything goes through the outbox in the commit that remembers it was said: a restart says nothing twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta

import structlog

from bot import notices
from bot.channels.base import Health
from bot.clock import Clock
from bot.errors import BotError
from bot.model import Route
from bot.ports import Storage, UnitOfWork
from bot.texts import as_json, explain

SILENT_FOR = timedelta(minutes=10)
# A sync that changes nothing for anybody is written down this rarely.
WRITE_EVERY = timedelta(minutes=1)
SILENT, LOGIN, RELAY = "silent", "login", "relay"

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What is kept of a mailbox; instants are ISO 8601. `troubled_at`: since when it could not be read. `relay_troubled_at`: nor written
    from. `told`: what people heard about that."""

    synced_at: str = ""
    troubled_at: str = ""
    relay_troubled_at: str = ""
    told: tuple[str, ...] = ()


def key_of(name: str) -> str:
    return f"mail:watch:{name}"


class Watch:
    """See the module. `desk` and `leads` are where staff and leads hear of things."""

    def __init__(
        self, *, name: str, address: str, storage: Storage, clock: Clock, health: Health, desk: Sequence[Route], leads: Sequence[Route]
    ) -> None:
        self._name = name
        self._address = address
        self._storage = storage
        self._clock = clock
        self._health = health
        self._desk = tuple(desk)
        self._leads = tuple(leads)
        self._started_at = clock.now()
        self._written_at: datetime | None = None
        self._relay_is_well = False

    async def synced(self) -> None:
        """The mailbox was read to its end just now."""
        now = self._clock.now()
        self._health.facts["last_sync_at"] = now.isoformat()
        if self._written_at is not None and now - self._written_at < WRITE_EVERY:
            return
        async with self._storage.write() as uow:
            record = await self._record(uow)
            if {SILENT, LOGIN} & set(record.told):
                self._say_again(uow, record, now)
            told = tuple(what for what in record.told if what == RELAY)
            self._keep(uow, replace(record, synced_at=now.isoformat(), troubled_at="", told=told))
            await uow.commit()
        self._written_at = now

    async def failed(self, error: BotError, *, is_login: bool) -> None:
        """It could not be read. A refused login is told to the lead at once: nobody else can mend it, and waiting does not."""
        now, self._written_at = self._clock.now(), None
        async with self._storage.write() as uow:
            record = self._troubled(await self._record(uow))
            if is_login and LOGIN not in record.told:
                news = BotError("Скринька {address}: {why}", address=self._address, why=error)
                self._tell(uow, self._leads or self._desk, news, f"{LOGIN}:{record.troubled_at}", now)
                record = replace(record, told=(*record.told, LOGIN))
            self._keep(uow, record)
            await uow.commit()

    async def look(self) -> None:
        """Once in a while: has it been silent for too long? It may hang without ever failing."""
        now = self._clock.now()
        async with self._storage.write() as uow:
            record = await self._record(uow)
            since = datetime.fromisoformat(self._troubled(record).troubled_at)
            if now - since >= SILENT_FOR and SILENT not in record.told:
                record = self._troubled(record)
                self._say_silent(uow, record, now)
                record = replace(record, told=(*record.told, SILENT))
                self._written_at = None
                log.warning("mailbox_silent", mailbox=self._name, since=record.troubled_at)
            self._keep(uow, record)
            await uow.commit()

    def _troubled(self, record: Record) -> Record:
        """Trouble begins with the last time that all was well: what was before this process began is no outage of the server."""
        if record.troubled_at:
            return record
        synced_at = datetime.fromisoformat(record.synced_at) if record.synced_at else self._started_at
        return replace(record, troubled_at=max(synced_at, self._started_at).isoformat())

    async def relay_failed(self, error: BotError) -> None:
        """The outgoing server does not let us in: answers wait, and the lead must know."""
        now, self._relay_is_well = self._clock.now(), False
        async with self._storage.write() as uow:
            record = await self._record(uow)
            if RELAY in record.told:
                return
            record = replace(record, relay_troubled_at=now.isoformat(), told=(*record.told, RELAY))
            news = BotError("Листи зі скриньки {address} не надсилаються й чекають: {why}", address=self._address, why=error)
            self._tell(uow, self._leads or self._desk, news, f"{RELAY}:{record.relay_troubled_at}", now)
            self._keep(uow, record)
            await uow.commit()

    async def relay_works(self) -> None:
        """A mail went out."""
        if self._relay_is_well:
            return
        now, self._relay_is_well = self._clock.now(), True
        async with self._storage.write() as uow:
            record = await self._record(uow)
            if RELAY not in record.told:
                return
            news = BotError("Листи зі скриньки {address} знову надсилаються.", address=self._address)
            self._tell(uow, self._leads or self._desk, news, f"{RELAY}:again:{record.relay_troubled_at}", now)
            told = tuple(what for what in record.told if what != RELAY)
            self._keep(uow, replace(record, relay_troubled_at="", told=told))
            await uow.commit()

    def _say_silent(self, uow: UnitOfWork, record: Record, now: datetime) -> None:
        why = self._health.causes[0] if self._health.causes else BotError("сервер не відповідає")
        news = BotError(
            "Пошту скриньки {address} не вдається прочитати вже {minutes} хв. Листи чекають на сервері, спроби тривають. Причина: {why}",
            address=self._address,
            minutes=_minutes(record, now),
            why=why,
        )
        self._tell(uow, self._desk, news, f"{SILENT}:{record.troubled_at}", now)

    def _say_again(self, uow: UnitOfWork, record: Record, now: datetime) -> None:
        news = BotError(
            "Скринька {address} знову читається. Не читалася {minutes} хв; листи, що чекали, вже взято.",
            address=self._address,
            minutes=_minutes(record, now),
        )
        leads = self._leads or self._desk if LOGIN in record.told else ()
        desk = self._desk if SILENT in record.told else ()
        self._tell(uow, dict.fromkeys((*leads, *desk)), news, f"again:{record.troubled_at}", now)

    def _tell(self, uow: UnitOfWork, routes: Sequence[Route] | dict[Route, None], news: BotError, what: str, now: datetime) -> None:
        for row in notices.alert(tuple(routes), news, cause=f"mail:{self._name}:{what}", now=now):
            uow.outbox.add(row)

    async def _record(self, uow: UnitOfWork) -> Record:
        kept = await uow.state.get(key_of(self._name)) or {}
        known = {name: kept[name] for name in ("synced_at", "troubled_at", "relay_troubled_at") if name in kept}
        return Record(**known, told=tuple(kept.get("told", ())))

    def _keep(self, uow: UnitOfWork, record: Record) -> None:
        health = self._health
        shown = {"state": health.state, "causes": [as_json(cause) for cause in health.causes], "facts": dict(health.facts)}
        uow.state.set(key_of(self._name), asdict(record) | {"told": list(record.told), "shown": shown})


async def follow(uow: UnitOfWork, name: str, health: Health) -> None:
    """Show here what the process that reads the mailbox wrote down."""
    kept = await uow.state.get(key_of(name)) or {}
    shown = kept.get("shown")
    if not shown:
        return
    health.state, health.facts = shown["state"], dict(shown["facts"])
    health.causes = tuple(_error(cause) for cause in shown["causes"])
    health.detail = " ".join(explain(cause, "uk") for cause in health.causes)
    health.last_success_at = datetime.fromisoformat(kept["synced_at"]) if kept.get("synced_at") else None


def _error(kept: dict[str, object]) -> BotError:
    values = kept["values"] if isinstance(kept["values"], dict) else {}
    return BotError(str(kept["sentence"]), **{name: _error(value) if isinstance(value, dict) else value for name, value in values.items()})


def _minutes(record: Record, now: datetime) -> int:
    return round((now - datetime.fromisoformat(record.troubled_at)).total_seconds() / 60)
