"""What is promised: for each kind of clock and priority a target, the calendar it counts by, and the ladder of nudges; and the rules that
promise some tickets something else.

Pure values and arithmetic (R10, DESIGN 6). Which ticket has which clock is `bot.sla.clocks`, who is nudged when is `bot.sla.reminders`,
which rule wins is `bot.sla.rules`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from bot.errors import Misconfigured
from bot.model import ClockKind, Priority
from bot.sla.calendars import ALWAYS, DESK, WORKDAYS, preset_calendars
from bot.sla.hours import Calendar
from bot.sla.rules import Rule, Subject, fitting

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ladder:
    """When staff are nudged, in desk time. At the effective due there is always a nudge.

    `before` lists how long before it; `every` is the rhythm after it until somebody reacts, `claimed_every` the rhythm to the claimer
    until the first word to the client. None as a rhythm means once a working day, when the desk opens.
    """

    before: tuple[timedelta, ...]
    every: timedelta | None = None
    claimed_every: timedelta | None = None


URGENT_LADDER = Ladder(before=(30 * MINUTE, 10 * MINUTE), every=30 * MINUTE, claimed_every=60 * MINUTE)
CALM_LADDER = Ladder(before=(4 * HOUR, 1 * HOUR))


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """`time` of open time by `calendar` (a name in the policy). Zero promises nothing: no clock."""

    time: timedelta
    calendar: str
    ladder: Ladder = CALM_LADDER


Targets = Mapping[Priority, Target]

# R10. The regulation does not say which hours count: working hours for the hour, working days for the day is our reading.
REACTION: Targets = {
    Priority.LOW: Target(time=24 * HOUR, calendar=WORKDAYS),
    Priority.MEDIUM: Target(time=24 * HOUR, calendar=WORKDAYS),
    Priority.HIGH: Target(time=24 * HOUR, calendar=WORKDAYS),
    Priority.URGENT: Target(time=1 * HOUR, calendar=DESK, ladder=URGENT_LADDER),
}


# The same promise as three desks read it; which one is a line of configuration (docs/sla.md shows what each leads to).
PRESETS: Mapping[str, Targets] = {
    "regulation": REACTION,
    "literal": {priority: replace(target, calendar=ALWAYS) for priority, target in REACTION.items()},
    "working_hours": {priority: replace(target, calendar=DESK) for priority, target in REACTION.items()},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """The promise to one subject: its target, the rule it comes from (None: the desk's usual one), and the rules that fit as well."""

    target: Target
    rule: Rule | None = None
    beaten: tuple[Rule, ...] = ()

    @property
    def rule_name(self) -> str:
        return self.rule.name if self.rule else ""


class InvalidPolicy(Misconfigured):
    """A policy cannot be used; `mistakes` says everything that is wrong with it."""

    def __init__(self, mistakes: tuple[Misconfigured, ...]) -> None:
        self.mistakes = mistakes
        super().__init__("Строки реакції: {mistakes}", mistakes="; ".join(map(str, mistakes)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The promises of one desk. Nudges go out in the hours of the calendar named `desk`, whatever a target counts by.

    `next_answer` is for a client's answer in a ticket that waited for them and is the same as `reaction` unless given; `solution` is
    optional and empty by default. `claim_is_reaction`: taking a ticket meets the reaction (the client is told who took it); else only
    a word to the client does. `rules` promise some tickets something else; a rule that says nothing of next answers promises them as its
    reactions. Raises InvalidPolicy, which names every mistake at once.
    """

    calendars: Mapping[str, Calendar] = field(default_factory=preset_calendars)
    desk: str = DESK
    reaction: Targets = field(default_factory=lambda: REACTION)
    next_answer: Targets | None = None
    solution: Targets = field(default_factory=dict)
    rules: tuple[Rule, ...] = ()
    claim_is_reaction: bool = True

    def __post_init__(self) -> None:
        if mistakes := tuple(self._mistakes()):
            raise InvalidPolicy(mistakes)

    @property
    def desk_calendar(self) -> Calendar:
        """When somebody is there to be nudged."""
        return self.calendars[self.desk]

    @property
    def names_people(self) -> bool:
        """Whether some rule asks who the client is: only then a subject needs its names."""
        return any(rule.names_people for rule in self.rules)

    def chosen(self, kind: ClockKind, subject: Subject) -> Chosen | None:
        """What is promised and by which rule; None when nothing is: no target for it, a target of zero, or a calendar that is never open
        (E7, E14)."""
        rules = fitting(self.rules, kind, subject) if self.rules else []
        target = rules[0].targets[kind] if rules else self._targets(kind).get(subject.priority)
        if target is None or not target.time or self.calendars[target.calendar].is_empty:
            return None
        return Chosen(target=target, rule=rules[0] if rules else None, beaten=tuple(rules[1:]))

    def ladder(self, kind: ClockKind, priority: Priority, rule: str = "") -> Ladder:
        """The ladder for a running clock of this rule; a calm one when a later edit of the policy took its target away."""
        target = self._target_of(rule, kind) or self._targets(kind).get(priority)
        return target.ladder if target else CALM_LADDER

    def effective_due(self, due_at: datetime, *, since: datetime) -> datetime:
        """When a person must have reacted: the due itself, or the closing edge before it when the desk is closed then.

        Looks back no further than `since` (the receipt): a promise that runs out before the desk ever opens keeps its own due.
        """
        return self.desk_calendar.last_open_instant(due_at, since=since) or due_at

    def warnings(self) -> Iterator[Misconfigured]:
        """What is allowed but surely not meant."""
        for kind in ClockKind:
            if kind is ClockKind.NEXT_ANSWER and self.next_answer is None:
                continue
            for priority, target in self._targets(kind).items():
                if target.time and self.calendars[target.calendar].is_empty:
                    yield Misconfigured(
                        "у календарі «{calendar}» немає робочого часу: для {kind}.{priority} не буде жодного строку",
                        calendar=target.calendar,
                        kind=kind.value,
                        priority=priority.value,
                    )
        for number, rule in enumerate(self.rules):
            earlier = next((each for each in self.rules[:number] if _conditions(each) == _conditions(rule)), None)
            if earlier is not None and set(rule.targets) <= set(earlier.targets):
                yield Misconfigured(
                    "правило «{name}» ніколи не спрацює: «{earlier}» має ті самі умови й записане раніше",
                    name=rule.name,
                    earlier=earlier.name,
                )

    def _target_of(self, rule: str, kind: ClockKind) -> Target | None:
        return next((each.targets.get(kind) for each in self.rules if each.name == rule), None) if rule else None

    def _targets(self, kind: ClockKind) -> Targets:
        match kind:
            case ClockKind.REACTION:
                return self.reaction
            case ClockKind.NEXT_ANSWER:
                return self.reaction if self.next_answer is None else self.next_answer
            case ClockKind.SOLUTION:
                return self.solution

    def _mistakes(self) -> Iterator[Misconfigured]:
        if self.desk not in self.calendars:
            yield Misconfigured("немає календаря «{desk}», за яким працює служба", desk=self.desk)
        elif self.desk_calendar.is_empty:
            yield Misconfigured("у календарі служби «{desk}» немає робочого часу: нагадувати було б нікому", desk=self.desk)
        for kind in ClockKind:
            if kind is ClockKind.NEXT_ANSWER and self.next_answer is None:
                continue
            for priority, target in self._targets(kind).items():
                yield from self._mistakes_of(f"{kind.value}.{priority.value}", target)
        for rule in self.rules:
            for kind, target in rule.targets.items():
                yield from self._mistakes_of(f"«{rule.name}».{kind.value}", target)
        names = [rule.name for rule in self.rules]
        for name in dict.fromkeys(name for name in names if not name or names.count(name) > 1):
            yield Misconfigured("правило має мати свою назву, а «{name}» повторюється або порожня", name=name)

    def _mistakes_of(self, where: str, target: Target) -> Iterator[Misconfigured]:
        if target.calendar not in self.calendars:
            names = ", ".join(self.calendars)
            yield Misconfigured("{where}: немає календаря «{name}»; є {names}", where=where, name=target.calendar, names=names)
        if target.time < timedelta(0):
            yield Misconfigured("{where}: строк не може бути від'ємним", where=where)
        if any(span <= timedelta(0) for span in target.ladder.before):
            yield Misconfigured("{where}: нагадування «за … до строку» мають бути більші за нуль", where=where)
        if any(rhythm is not None and rhythm < MINUTE for rhythm in (target.ladder.every, target.ladder.claimed_every)):
            yield Misconfigured("{where}: повторювати нагадування можна щонайбільше раз на хвилину", where=where)


def _conditions(rule: Rule) -> Rule:
    """The rule by what it asks for alone."""
    return replace(rule, name="", targets={})
