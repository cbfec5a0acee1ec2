"""Clients, contacts and agents on a database. They change rarely, so nothing is buffered: each call is one trip."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import BindParameter, Connection, bindparam, delete, insert, select, update

from bot.errors import Conflict
from bot.model import Address, Agent, Contact, Role
from bot.storage import companies, tables
from bot.storage.mapping import to_agent, to_contact
from bot.storage.rules import name_key
from bot.storage.session import Session
from bot.storage.statements import insert_ignoring

_contacts, _addresses, _agents = tables.contacts, tables.contact_addresses, tables.agents
_TAKEN = "Ця адреса вже належить іншій людині."
_row_id: BindParameter[Any] = bindparam("row_id")

_owner = select(_addresses.c.contact_id).where(_addresses.c.channel == bindparam("of_channel"), _addresses.c.value == bindparam("of_value"))
_contact = select(_contacts).where(_contacts.c.id == _row_id)
_contacts_of = select(_contacts).where(_contacts.c.client_id == bindparam("of_client")).order_by(_contacts.c.id)
_addresses_of = (
    select(_addresses)
    .where(_addresses.c.contact_id.in_(bindparam("ids", expanding=True)))
    .order_by(_addresses.c.contact_id, _addresses.c.position)
)
_add_contact = insert(_contacts).returning(_contacts.c.id)
_save_contact = update(_contacts).where(_contacts.c.id == _row_id)
_remove_contact = delete(_contacts).where(_contacts.c.id == _row_id)
_add_address = {dialect: insert_ignoring(_addresses, dialect).returning(_addresses.c.value) for dialect in ("sqlite", "postgresql")}
_remove_addresses = delete(_addresses).where(_addresses.c.contact_id == _row_id)

_agent = select(_agents).where(_agents.c.id == _row_id)
_agent_by = {column: select(_agents).where(_agents.c[column] == bindparam("value")) for column in ("telegram_id", "mail", "name_key")}
_all_agents = select(_agents).order_by(_agents.c.name_key)
_add_agent = insert(_agents).returning(_agents)
_save_agent = update(_agents).where(_agents.c.id == _row_id)


class SqlPeople(companies.SqlClients):
    """Everybody. The companies have a module of their own."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session = session
        # Within one transaction a person is read once: every notice asks who it is about.
        self._contacts: dict[int, Contact] = {}

    async def contact_at(self, address: Address) -> Contact | None:
        return self._known(await self._session.run(lambda connection: _contact_at(connection, address)))

    async def contact(self, contact_id: int) -> Contact | None:
        if contact_id in self._contacts:
            return self._contacts[contact_id]
        return self._known(await self._session.run(lambda connection: _read_contact(connection, contact_id)))

    def _known(self, contact: Contact | None) -> Contact | None:
        if contact is not None and self._session.is_writing:
            self._contacts[contact.id] = contact
        return contact

    async def contacts_of(self, client_id: int) -> list[Contact]:
        def work(connection: Connection) -> list[Contact]:
            return _with_addresses(connection, connection.execute(_contacts_of, {"of_client": client_id}).all())

        return await self._session.run(work)

    async def add_contact(self, *, name: str, client_id: int | None, language: str, addresses: Sequence[Address]) -> Contact:
        addresses = tuple(dict.fromkeys(addresses))
        values = {"name": name, "client_id": client_id, "language": language, "is_private": False}

        def work(connection: Connection) -> Contact:
            contact_id: int = connection.execute(_add_contact, values).scalar_one()
            taken = self._add_addresses(connection, contact_id, addresses)
            if not taken:
                return Contact(id=contact_id, name=name, client_id=client_id, language=language, addresses=addresses)
            # Somebody was first, perhaps this very moment in another process: the constraint has decided, the owner is theirs.
            connection.execute(_remove_contact, {"row_id": contact_id})
            owner = _contact_at(connection, taken[0])
            if owner is None:
                raise Conflict
            return owner

        contact = await self._session.write(work)
        self._contacts[contact.id] = contact
        return contact

    def _add_addresses(self, connection: Connection, contact_id: int, addresses: Sequence[Address]) -> list[Address]:
        """Give the addresses to the person; those that belong to somebody already."""
        taken = []
        for position, address in enumerate(addresses):
            values = {"channel": address.channel, "value": address.value, "contact_id": contact_id, "position": position}
            if connection.execute(_add_address[self._session.dialect], values).first() is None:
                taken.append(address)
        return taken

    async def save_contact(self, contact: Contact) -> None:
        values = {"name": contact.name, "client_id": contact.client_id, "language": contact.language, "is_private": contact.is_private}

        def work(connection: Connection) -> None:
            if not {None, contact.id}.issuperset(_owner_of(connection, address) for address in contact.addresses):
                raise Conflict(_TAKEN)
            if not connection.execute(_save_contact, {"row_id": contact.id, **values}).rowcount:
                raise LookupError(f"contact {contact.id} was never read from the store")
            connection.execute(_remove_addresses, {"row_id": contact.id})
            if self._add_addresses(connection, contact.id, contact.addresses):
                raise Conflict(_TAKEN)

        await self._session.write(work)
        self._contacts[contact.id] = contact

    async def agent(self, agent_id: int) -> Agent | None:
        return await self._one_agent(_agent, {"row_id": agent_id})

    async def agent_by_telegram(self, telegram_id: str) -> Agent | None:
        return await self._one_agent(_agent_by["telegram_id"], {"value": telegram_id})

    async def agent_by_mail(self, mail: str) -> Agent | None:
        return await self._one_agent(_agent_by["mail"], {"value": mail.lower()})

    async def agent_named(self, name: str) -> Agent | None:
        return await self._one_agent(_agent_by["name_key"], {"value": name_key(name)})

    async def _one_agent(self, statement: Any, values: dict[str, Any]) -> Agent | None:
        def work(connection: Connection) -> Agent | None:
            row = connection.execute(statement, values).one_or_none()
            return None if row is None else to_agent(row)

        return await self._session.run(work)

    async def agents(self) -> list[Agent]:
        return await self._session.run(lambda connection: [to_agent(row) for row in connection.execute(_all_agents)])

    async def add_agent(self, *, name: str, role: str, telegram_id: str | None = None, mail: str | None = None) -> Agent:
        values = _agent_values(Agent(id=0, name=name, role=Role(role), telegram_id=telegram_id, mail=mail))

        def work(connection: Connection) -> Agent:
            _check_agent(connection, 0, values)
            return to_agent(connection.execute(_add_agent, values).one())

        return await self._session.write(work)

    async def save_agent(self, agent: Agent) -> None:
        values = _agent_values(agent)

        def work(connection: Connection) -> None:
            _check_agent(connection, agent.id, values)
            connection.execute(_save_agent, {"row_id": agent.id, **values})

        await self._session.write(work)


def _owner_of(connection: Connection, address: Address) -> int | None:
    return connection.scalar(_owner, {"of_channel": address.channel, "of_value": address.value})


def _contact_at(connection: Connection, address: Address) -> Contact | None:
    contact_id = _owner_of(connection, address)
    return None if contact_id is None else _read_contact(connection, contact_id)


def _read_contact(connection: Connection, contact_id: int) -> Contact | None:
    return next(iter(_with_addresses(connection, connection.execute(_contact, {"row_id": contact_id}).all())), None)


def _with_addresses(connection: Connection, rows: Sequence[Any]) -> list[Contact]:
    if not rows:
        return []
    addresses: dict[int, list[Any]] = {row.id: [] for row in rows}
    for address in connection.execute(_addresses_of, {"ids": list(addresses)}):
        addresses[address.contact_id].append(address)
    return [to_contact(row, addresses[row.id]) for row in rows]


def _agent_values(agent: Agent) -> dict[str, Any]:
    return {
        "name": agent.name,
        "name_key": name_key(agent.name),
        "role": agent.role.value,
        "telegram_id": agent.telegram_id or None,
        "mail": agent.mail.lower() if agent.mail else None,
        "is_active": agent.is_active,
    }


def _check_agent(connection: Connection, agent_id: int, values: dict[str, Any]) -> None:
    """Say in words what the unique constraints would say in code; they still decide when two come at once."""
    for column, statement in _agent_by.items():
        other = connection.execute(statement, {"value": values[column]}).one_or_none() if values[column] else None
        if other is None or other.id == agent_id:
            continue
        if column == "name_key":
            raise Conflict("Співробітник «{name}» вже є.", name=other.name)
        raise Conflict("Ця адреса вже належить співробітникові «{name}».", name=other.name)
