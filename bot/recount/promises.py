"""What was promised to whom, as bare data: targets by kind and priority, and rules for some."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.recount.timeline import Span, Timeline, Week

ORDER = ("low", "medium", "high", "urgent")
KINDS = ("reaction", "next_answer", "solution")


@dataclass(frozen=True)
class Promised:
    """So much open time by the calendar of this name, by a rule ("" the usual promise)."""

    time: timedelta
    calendar: str
    rule: str = ""


@dataclass(frozen=True)
class Special:
    """A rule beside the usual promises: what it asks for (empty asks nothing) and what it promises by kind."""

    name: str
    targets: Mapping[str, Promised]
    clients: Sequence[str] = ()
    plans: Sequence[str] = ()
    categories: Sequence[str] = ()
    channels: Sequence[str] = ()
    priorities: Sequence[str] = ()

    def fits(self, about: About) -> bool:
        asked = (
            (self.clients, _folded(about.client)),
            (self.plans, _folded(about.plan)),
            (self.categories, about.category),
            (self.channels, about.channel),
            (self.priorities, about.priority),
        )
        return all(not wanted or (has and has in [_folded(each) for each in wanted]) for wanted, has in asked)

    @property
    def specific(self) -> tuple[bool, bool, int]:
        return (
            bool(self.clients),
            bool(self.plans),
            sum(map(bool, (self.clients, self.plans, self.categories, self.channels, self.priorities))),
        )


@dataclass(frozen=True)
class About:
    """What a promise may depend on."""

    priority: str
    category: str = ""
    channel: str = ""
    client: str = ""
    plan: str = ""


@dataclass(frozen=True)
class Book:
    """All of it. `usual` is kind → priority → promise; `desk` names the calendar in which the desk works."""

    weeks: Mapping[str, Week]
    usual: Mapping[str, Mapping[str, Promised]]
    rules: Sequence[Special] = ()
    desk: str = "desk"
    claim_reacts: bool = True
    closings: Sequence[Span] = field(default_factory=tuple)

    def promised(self, kind: str, about: About) -> Promised | None:
        """By the most specific rule that fits, of equals the one written first; else the usual promise. None: nothing is promised."""
        fits = [each for each in self.rules if kind in each.targets and each.fits(about)]
        found = max(fits, key=lambda each: each.specific).targets[kind] if fits else self.usual[kind].get(about.priority)
        if found is None or not found.time or self.weeks[found.calendar].is_never_open:
            return None
        return found

    def timelines(self, since: datetime, until: datetime) -> dict[str, Timeline]:
        return {name: Timeline.of(week, since, until, self.closings) for name, week in self.weeks.items()}


def _folded(name: str) -> str:
    return " ".join(name.split()).casefold()
