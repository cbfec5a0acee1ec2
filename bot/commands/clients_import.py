"""Taking client companies in: what contradicts what is known already, and the change itself.

The same file twice is the same as once; nothing is ever removed. Knows no terminal and no file.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.commands.clients_file import Company, Person, Problem
from bot.model import Client, Contact, Plan
from bot.ports import People
from bot.texts import translator

# Marks sentences for the catalogue; they are looked up when they are told.
_ = translator("uk")


@dataclass(slots=True)
class Sum:
    """What taking a file in did."""

    companies_added: int = 0
    companies_changed: int = 0
    contacts_added: int = 0
    contacts_changed: int = 0


async def conflicts(people: People, companies: Sequence[Company]) -> list[Problem]:
    """What the file says against what is known already: domains and addresses of somebody else."""
    found: list[Problem] = []
    for company in companies:
        known = await people.client_named(company.name)
        for domain in company.domains:
            owner = await people.client_with_domain(domain)
            if owner is not None and (known is None or owner.id != known.id):
                found.append(_taken(company, domain, owner.name))
        for person in company.people:
            for address in person.addresses:
                contact = await people.contact_at(address)
                if contact is not None and contact.client_id is not None and (known is None or contact.client_id != known.id):
                    found.append(_taken(company, address.value, contact.name))
    return found


def _taken(company: Company, value: str, owner: str) -> Problem:
    return Problem(line=company.line, sentence=_("{value} вже належить: {owner}."), values={"value": value, "owner": owner})


async def take_in(people: People, companies: Sequence[Company], *, language: str) -> Sum:
    """Add what is new, complete what is known. The caller has seen to it that there are no problems, and commits."""
    done = Sum()
    for company in companies:
        client = await _client(people, company, done)
        for person in company.people:
            await _person(people, person, client, language, done)
    return done


async def _client(people: People, company: Company, done: Sum) -> Client:
    known = await people.client_named(company.name)
    if known is None:
        done.companies_added += 1
        return await people.add_client(name=company.name, domains=company.domains, plan_name=company.plan_name, plan_time=company.plan_time)
    domains = (*known.domains, *(each for each in company.domains if each not in known.domains))
    plan = Plan(name=company.plan_name, monthly_time=company.plan_time) if company.plan_time is not None else known.plan
    wanted = replace(known, domains=domains, plan=plan)
    if wanted != known:
        done.companies_changed += 1
        await people.save_client(wanted)
    return wanted


async def _person(people: People, person: Person, client: Client, language: str, done: Sum) -> None:
    known = await _known(people, person, client)
    if known is None:
        await people.add_contact(name=person.name, client_id=client.id, language=language, addresses=person.addresses)
        done.contacts_added += 1
        return
    # Somebody who wrote before the import was served as unknown: now it is known whose they are.
    addresses = (*known.addresses, *(each for each in person.addresses if each not in known.addresses))
    wanted = replace(known, client_id=client.id, addresses=addresses)
    if wanted != known:
        await people.save_contact(wanted)
        done.contacts_changed += 1


async def _known(people: People, person: Person, client: Client) -> Contact | None:
    for address in person.addresses:
        if found := await people.contact_at(address):
            return found
    same_company = await people.contacts_of(client.id)
    return next((each for each in same_company if each.name.casefold() == person.name.casefold()), None)
