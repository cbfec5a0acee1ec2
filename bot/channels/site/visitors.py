"""Who is looking: sessions from cookies, one for a contact and one for an agent, so that one browser may hold both."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.channels.site.access import session_subject
from bot.model import Agent, Contact
from bot.ports import UnitOfWork

LANGUAGE_COOKIE = "deskbot_lang"
_ROLES = ("contact", "agent")


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactVisitor:
    """A contact who is logged in. `cookie` is the session's secret; forms are bound to it."""

    contact: Contact
    cookie: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentVisitor:
    """An active agent who is logged in."""

    agent: Agent
    cookie: str


def cookie_name(role: str, *, is_https: bool) -> str:
    """`__Host-` makes browsers refuse a cookie of this name that was set without TLS or by another host."""
    return f"{'__Host-' if is_https else ''}deskbot_{role}"


def role_of(subject: str) -> str:
    """ "contact" or "agent" of "contact:7"."""
    role = subject.partition(":")[0]
    if role not in _ROLES:
        raise ValueError(f"no such kind of visitor: {role!r}")
    return role


async def contact_visitor(uow: UnitOfWork, cookie: str, *, now: datetime) -> ContactVisitor | None:
    person = await _person(uow, cookie, "contact", now)
    contact = await uow.people.contact(person) if person else None
    return ContactVisitor(contact=contact, cookie=cookie) if contact else None


async def agent_visitor(uow: UnitOfWork, cookie: str, *, now: datetime) -> AgentVisitor | None:
    """None as well for an agent who has left: a session does not outlive the account."""
    person = await _person(uow, cookie, "agent", now)
    agent = await uow.people.agent(person) if person else None
    return AgentVisitor(agent=agent, cookie=cookie) if agent and agent.is_active else None


async def _person(uow: UnitOfWork, cookie: str, role: str, now: datetime) -> int | None:
    subject = await session_subject(uow, cookie, now=now) if cookie else None
    if subject is None or role_of(subject) != role:
        return None
    return int(subject.partition(":")[2])
