"""What the promises mean for one's own hours: receipts of a week that people ask about, and the deadlines they lead to. Pure.

Admins read examples, not rules: "received Friday 16:30, react by Monday 16:30". The command line and the Site show the same table.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.model import ClockKind, Priority
from bot.sla.explain import example
from bot.sla.policy import Policy
from bot.sla.rules import Rule, Subject

# Weekday, hour, minute: a morning, lunch, an evening, the end of the week, a day off.
ASKED_ABOUT = ((0, 10, 0), (0, 12, 45), (3, 21, 0), (4, 16, 30), (5, 11, 0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """Whom a column of the table is about. `rule` is "" for the desk's usual promise to this priority."""

    subject: Subject
    rule: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A receipt, and the reaction's deadline for each column; None where nothing is promised."""

    received_at: datetime
    due_at: tuple[datetime | None, ...]


def receipts(policy: Policy, now: datetime) -> list[datetime]:
    """The instants asked about, in the week of `now` on the desk's wall clock."""
    local = policy.desk_calendar.local(now).replace(hour=0, minute=0, second=0, microsecond=0)
    monday = local - timedelta(days=local.weekday())
    return [(monday + timedelta(days=day)).replace(hour=hour, minute=minute) for day, hour, minute in ASKED_ABOUT]


def columns(policy: Policy, about: Subject | None = None) -> list[Column]:
    """One for each priority, as `about` is otherwise; and, when nobody in particular is asked about, one for each rule of reactions."""
    found = [Column(subject=replace(about or Subject(priority=priority), priority=priority)) for priority in Priority]
    if about is not None:
        return found
    return found + [Column(subject=_typical(rule), rule=rule.name) for rule in policy.rules if ClockKind.REACTION in rule.targets]


def lines(policy: Policy, columns: Sequence[Column], received: Sequence[datetime]) -> list[Line]:
    """The table. A column of a rule shows what that rule promises, even where a more specific one would win."""
    found = []
    for at in received:
        cells = []
        for column in columns:
            only = policy if not column.rule else replace(policy, rules=tuple(rule for rule in policy.rules if rule.name == column.rule))
            told = example(only, subject=column.subject, received_at=at, nudges=0)
            cells.append(told.due_at if told else None)
        found.append(Line(received_at=at, due_at=tuple(cells)))
    return found


def _typical(rule: Rule) -> Subject:
    """A subject that the rule is about."""
    return Subject(
        priority=rule.priorities[0] if rule.priorities else Priority.MEDIUM,
        category=rule.categories[0] if rule.categories else None,
        channel=rule.channels[0] if rule.channels else "",
        client=rule.clients[0] if rule.clients else "",
        plan=rule.plans[0] if rule.plans else "",
    )
