"""Which promise a ticket gets: rules beside the desk's usual ones, for a client, a plan, a category, a channel or a priority. Pure.

The most specific rule that fits wins. A rule that names the client beats one that names a plan, that one beats all others; among equals
the one with more conditions; among these the one written first. Each kind of clock is looked up on its own: a rule about solutions alone
leaves reactions as they are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.errors import Misconfigured
from bot.model import Category, Client, ClockKind, Priority

if TYPE_CHECKING:
    from bot.sla.policy import Target


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What a promise may depend on. `client` and `plan` are names, "" while nobody knows them; `category` None fits no rule that asks."""

    priority: Priority
    category: Category | None = None
    channel: str = ""
    client: str = ""
    plan: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A promise of its own for what fits all its conditions; an empty condition asks nothing. Names compare without case and outer space.

    A target of zero promises nothing: no clock for these.
    """

    name: str
    targets: Mapping[ClockKind, Target]
    clients: tuple[str, ...] = ()
    plans: tuple[str, ...] = ()
    categories: tuple[Category, ...] = ()
    channels: tuple[str, ...] = ()
    priorities: tuple[Priority, ...] = ()

    @property
    def names_people(self) -> bool:
        """Whether it can be judged only by who the client is."""
        return bool(self.clients or self.plans)

    @property
    def weight(self) -> tuple[bool, bool, int]:
        """Greater is more specific."""
        named = (self.clients, self.plans, self.categories, self.channels, self.priorities)
        return bool(self.clients), bool(self.plans), sum(map(bool, named))

    def fits(self, subject: Subject) -> bool:
        return (
            (not self.priorities or subject.priority in self.priorities)
            and (not self.categories or subject.category in self.categories)
            and (not self.channels or subject.channel in self.channels)
            and (not self.clients or _is_named(subject.client, self.clients))
            and (not self.plans or _is_named(subject.plan, self.plans))
        )

    def conditions(self, subject: Subject) -> Iterator[tuple[str, str]]:
        """Why it fits: what it asks for, and what the subject has."""
        if self.clients:
            yield "client", subject.client
        if self.plans:
            yield "plan", subject.plan
        if self.categories and subject.category:
            yield "category", subject.category.value
        if self.channels:
            yield "channel", subject.channel
        if self.priorities:
            yield "priority", subject.priority.value


def fitting(rules: Sequence[Rule], kind: ClockKind, subject: Subject) -> list[Rule]:
    """The rules that promise this kind to this subject, the winner first."""
    found = [rule for rule in rules if kind in rule.targets and rule.fits(subject)]
    return sorted(found, key=lambda rule: rule.weight, reverse=True)


def strangers(rules: Sequence[Rule], clients: Sequence[Client]) -> Iterator[Misconfigured]:
    """Names in rules that no client or plan has: a slip of the pen would promise nothing to nobody and say so to nobody."""
    known = {name_key(client.name) for client in clients}
    plans = {name_key(client.plan.name) for client in clients if client.plan}
    for rule in rules:
        for name in rule.clients:
            if name_key(name) not in known:
                yield Misconfigured("правило «{rule}»: клієнта «{name}» серед клієнтів немає", rule=rule.name, name=name)
        for name in rule.plans:
            if name_key(name) not in plans:
                yield Misconfigured("правило «{rule}»: тарифу «{name}» немає в жодного клієнта", rule=rule.name, name=name)


def name_key(name: str) -> str:
    """Two names that differ in case or outer space alone are one."""
    return " ".join(name.split()).casefold()


def _is_named(name: str, names: Sequence[str]) -> bool:
    return bool(name) and name_key(name) in map(name_key, names)
