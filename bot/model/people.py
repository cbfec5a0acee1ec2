"""Who writes and who serves: addresses, client companies, contacts, agents, and the actor behind a change."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from bot.model.words import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where a person writes from: `channel` is telegram, mail, phone or site; `value` is normalised by its channel.

    telegram: the user id in digits; mail: lower-case address; phone: +380440000000; site: the contact id in digits.
    """

    channel: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Where a word goes to: a Telegram chat id, a mail address, a Site contact ("contact:7"), the Site's staff feed ("staff")."""

    channel: str
    recipient: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A client's subscription: the monthly minutes that the fee holds (R14)."""

    name: str
    monthly_time: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """A company with a subscription. Its contacts see all its tickets that are not private (R4)."""

    id: int
    name: str
    domains: tuple[str, ...] = ()
    plan: Plan | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """A person who asks. `client_id` is None until somebody said which company it is: served first, identified after."""

    id: int
    name: str
    client_id: int | None = None
    language: str = "uk"
    is_private: bool = False
    addresses: tuple[Address, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    """A staff member who answers. `telegram_id` is the account that the staff chat knows the person by."""

    id: int
    name: str
    role: Role = Role.AGENT
    telegram_id: str | None = None
    mail: str | None = None
    is_active: bool = True


class ActorKind(StrEnum):
    """Who did a thing."""

    CONTACT = "contact"
    AGENT = "agent"
    BOT = "bot"
    THIRD_PERSON = "third_person"


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """The doer of a verb, as the ticket's history names them; `id` is a contact or agent id, None for the bot."""

    kind: ActorKind
    id: int | None = None
    name: str = ""

    @classmethod
    def agent(cls, agent: Agent) -> Actor:
        return cls(kind=ActorKind.AGENT, id=agent.id, name=agent.name)

    @classmethod
    def contact(cls, contact: Contact) -> Actor:
        return cls(kind=ActorKind.CONTACT, id=contact.id, name=contact.name)


BOT = Actor(kind=ActorKind.BOT, name="deskbot")
