"""Clients, contacts and agents in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from bot.errors import Conflict
from bot.model import Address, Agent, Client, Contact, Plan, Role
from bot.storage.memory.shelves import Session
from bot.storage.rules import name_key


class MemoryPeople:
    def __init__(self, session: Session) -> None:
        self._session = session

    async def contact_at(self, address: Address) -> Contact | None:
        shelves = self._session.look()
        contact_id = shelves.addresses.get((address.channel, address.value))
        return None if contact_id is None else shelves.contacts[contact_id]

    async def contact(self, contact_id: int) -> Contact | None:
        return self._session.look().contacts.get(contact_id)

    async def contacts_of(self, client_id: int) -> list[Contact]:
        return [each for _, each in sorted(self._session.look().contacts.items()) if each.client_id == client_id]

    async def add_contact(self, *, name: str, client_id: int | None, language: str, addresses: Sequence[Address]) -> Contact:
        for address in addresses:
            owner = await self.contact_at(address)
            if owner is not None:
                return owner
        contact_id = self._session.next_id("contacts")
        contact = Contact(id=contact_id, name=name, client_id=client_id, language=language, addresses=tuple(dict.fromkeys(addresses)))
        self._put_contact(contact)
        return contact

    async def save_contact(self, contact: Contact) -> None:
        shelves = self._session.change()
        if contact.id not in shelves.contacts:
            raise LookupError(f"contact {contact.id} was never read from the store")
        for address in contact.addresses:
            if shelves.addresses.get((address.channel, address.value), contact.id) != contact.id:
                raise Conflict("Ця адреса вже належить іншій людині.")
        for address in shelves.contacts[contact.id].addresses:
            shelves.addresses.pop((address.channel, address.value), None)
        self._put_contact(contact)

    def _put_contact(self, contact: Contact) -> None:
        shelves = self._session.change()
        self._session.need(shelves.clients, contact.client_id, "client")
        shelves.contacts[contact.id] = contact
        for address in contact.addresses:
            shelves.addresses[address.channel, address.value] = contact.id

    async def client(self, client_id: int) -> Client | None:
        return self._session.look().clients.get(client_id)

    async def client_named(self, name: str) -> Client | None:
        return next((each for each in await self.clients() if name_key(each.name) == name_key(name)), None)

    async def client_with_domain(self, domain: str) -> Client | None:
        return next((each for each in await self.clients() if domain.lower() in each.domains), None)

    async def clients(self) -> list[Client]:
        return sorted(self._session.look().clients.values(), key=lambda client: name_key(client.name))

    async def add_client(
        self, *, name: str, domains: Sequence[str] = (), plan_name: str = "", plan_time: timedelta | None = None
    ) -> Client:
        plan = None if plan_time is None else Plan(name=plan_name, monthly_time=plan_time)
        client = Client(id=self._session.next_id("clients"), name=name, domains=tuple(domains), plan=plan)
        return self._put_client(client)

    async def save_client(self, client: Client) -> None:
        self._put_client(client)

    def _put_client(self, client: Client) -> Client:
        client = replace(client, domains=tuple(dict.fromkeys(domain.lower() for domain in client.domains)))
        for other in self._session.change().clients.values():
            if other.id != client.id and name_key(other.name) == name_key(client.name):
                raise Conflict("Клієнт «{name}» вже є.", name=other.name)
            if other.id != client.id and set(other.domains) & set(client.domains):
                raise Conflict("Цей домен вже належить клієнтові «{name}».", name=other.name)
        self._session.shelves.clients[client.id] = client
        return client

    async def agent(self, agent_id: int) -> Agent | None:
        return self._session.look().agents.get(agent_id)

    async def agent_by_telegram(self, telegram_id: str) -> Agent | None:
        return next((each for each in await self.agents() if each.telegram_id == telegram_id), None)

    async def agent_by_mail(self, mail: str) -> Agent | None:
        return next((each for each in await self.agents() if each.mail == mail.lower()), None)

    async def agent_named(self, name: str) -> Agent | None:
        return next((each for each in await self.agents() if name_key(each.name) == name_key(name)), None)

    async def agents(self) -> list[Agent]:
        return sorted(self._session.look().agents.values(), key=lambda agent: name_key(agent.name))

    async def add_agent(self, *, name: str, role: str, telegram_id: str | None = None, mail: str | None = None) -> Agent:
        agent = Agent(id=self._session.next_id("agents"), name=name, role=Role(role), telegram_id=telegram_id, mail=mail)
        return self._put_agent(agent)

    async def save_agent(self, agent: Agent) -> None:
        self._put_agent(agent)

    def _put_agent(self, agent: Agent) -> Agent:
        agent = replace(agent, mail=agent.mail.lower() if agent.mail else None, telegram_id=agent.telegram_id or None)
        for other in self._session.change().agents.values():
            if other.id == agent.id:
                continue
            if name_key(other.name) == name_key(agent.name):
                raise Conflict("Співробітник «{name}» вже є.", name=other.name)
            if (agent.mail and other.mail == agent.mail) or (agent.telegram_id and other.telegram_id == agent.telegram_id):
                raise Conflict("Ця адреса вже належить співробітникові «{name}».", name=other.name)
        self._session.shelves.agents[agent.id] = agent
        return agent
