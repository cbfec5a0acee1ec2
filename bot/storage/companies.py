"""Client companies on a database."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import BindParameter, Connection, bindparam, delete, insert, select, update

from bot.errors import Conflict
from bot.model import Client, Plan
from bot.storage import tables
from bot.storage.mapping import to_client
from bot.storage.rules import name_key
from bot.storage.session import Session

_clients, _domains = tables.clients, tables.client_domains
_row_id: BindParameter[Any] = bindparam("row_id")
_ids: BindParameter[Any] = bindparam("ids", expanding=True)

_client = select(_clients).where(_clients.c.id == _row_id)
_by_name = select(_clients).where(_clients.c.name_key == bindparam("of_name"))
_by_domain = select(_clients).join(_domains, _domains.c.client_id == _clients.c.id).where(_domains.c.domain == bindparam("of_domain"))
_all = select(_clients).order_by(_clients.c.name_key)
_all_domains = select(_domains).order_by(_domains.c.client_id, _domains.c.position)
_domains_of = _all_domains.where(_domains.c.client_id == _row_id)
_add = insert(_clients).returning(_clients.c.id)
_save = update(_clients).where(_clients.c.id == _row_id)
_add_domains = insert(_domains)
_remove_domains = delete(_domains).where(_domains.c.client_id == _row_id)


class SqlClients:
    """The part of `bot.ports.People` that is about companies."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def client(self, client_id: int) -> Client | None:
        return await self._one(_client, {"row_id": client_id})

    async def client_named(self, name: str) -> Client | None:
        return await self._one(_by_name, {"of_name": name_key(name)})

    async def client_with_domain(self, domain: str) -> Client | None:
        return await self._one(_by_domain, {"of_domain": domain.lower()})

    async def _one(self, statement: Any, values: dict[str, Any]) -> Client | None:
        def work(connection: Connection) -> Client | None:
            row = connection.execute(statement, values).one_or_none()
            return None if row is None else to_client(row, connection.execute(_domains_of, {"row_id": row.id}).all())

        return await self._session.run(work)

    async def clients(self) -> list[Client]:
        def work(connection: Connection) -> list[Client]:
            rows = connection.execute(_all).all()
            domains: dict[int, list[Any]] = {row.id: [] for row in rows}
            for domain in connection.execute(_all_domains):
                domains.setdefault(domain.client_id, []).append(domain)
            return [to_client(row, domains[row.id]) for row in rows]

        return await self._session.run(work)

    async def add_client(
        self, *, name: str, domains: Sequence[str] = (), plan_name: str = "", plan_time: timedelta | None = None
    ) -> Client:
        plan = None if plan_time is None else Plan(name=plan_name, monthly_time=plan_time)
        client = _normal(Client(id=0, name=name, domains=tuple(domains), plan=plan))

        def work(connection: Connection) -> Client:
            _check(connection, client)
            client_id = connection.execute(_add, _values(client)).scalar_one()
            _put_domains(connection, client_id, client.domains)
            return Client(id=client_id, name=name, domains=client.domains, plan=plan)

        return await self._session.write(work)

    async def save_client(self, client: Client) -> None:
        client = _normal(client)

        def work(connection: Connection) -> None:
            _check(connection, client)
            connection.execute(_save, {"row_id": client.id, **_values(client)})
            connection.execute(_remove_domains, {"row_id": client.id})
            _put_domains(connection, client.id, client.domains)

        await self._session.write(work)


def _normal(client: Client) -> Client:
    domains = tuple(dict.fromkeys(domain.lower() for domain in client.domains))
    return Client(id=client.id, name=client.name, domains=domains, plan=client.plan)


def _values(client: Client) -> dict[str, Any]:
    return {
        "name": client.name,
        "name_key": name_key(client.name),
        "plan_name": client.plan.name if client.plan else None,
        "plan_time": client.plan.monthly_time if client.plan else None,
    }


def _put_domains(connection: Connection, client_id: int, domains: Sequence[str]) -> None:
    if domains:
        rows = [{"domain": domain, "client_id": client_id, "position": place} for place, domain in enumerate(domains)]
        connection.execute(_add_domains, rows)


def _check(connection: Connection, client: Client) -> None:
    """Say in words what the unique constraints would say in code; they still decide when two come at once."""
    other = connection.execute(_by_name, {"of_name": name_key(client.name)}).one_or_none()
    if other is not None and other.id != client.id:
        raise Conflict("Клієнт «{name}» вже є.", name=other.name)
    for domain in client.domains:
        other = connection.execute(_by_domain, {"of_domain": domain}).one_or_none()
        if other is not None and other.id != client.id:
            raise Conflict("Цей домен вже належить клієнтові «{name}».", name=other.name)
