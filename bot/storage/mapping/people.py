"""Companies, contacts and agents out of their rows."""

from __future__ import annotations

from collections.abc import Sequence

from bot.model import Address, Agent, Client, Contact, Plan, Role
from bot.storage.mapping.rows import AnyRow


def to_contact(row: AnyRow, addresses: Sequence[AnyRow]) -> Contact:
    """`addresses` are the person's rows of `contact_addresses`, in their order."""
    return Contact(
        id=row.id,
        name=row.name,
        client_id=row.client_id,
        language=row.language,
        is_private=row.is_private,
        addresses=tuple(Address(channel=each.channel, value=each.value) for each in addresses),
    )


def to_client(row: AnyRow, domains: Sequence[AnyRow]) -> Client:
    """`domains` are the company's rows of `client_domains`, in their order."""
    plan = Plan(name=row.plan_name or "", monthly_time=row.plan_time) if row.plan_time is not None else None
    return Client(id=row.id, name=row.name, domains=tuple(each.domain for each in domains), plan=plan)


def to_agent(row: AnyRow) -> Agent:
    return Agent(id=row.id, name=row.name, role=Role(row.role), telegram_id=row.telegram_id, mail=row.mail, is_active=row.is_active)
