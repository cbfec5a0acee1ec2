"""What is promised: for each kind of clock and priority a target, the calendar it counts by, and the ladder of nudges.

Pure values and arithmetic (R10, DESIGN 6). Which ticket has which clock is `bot.sla.clocks`, who is nudged when is `bot.sla.reminders`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.errors import Misconfigured
from bot.model import ClockKind, Priority
from bot.sla.calendars import DESK, WORKDAYS, preset_calendars
from bot.sla.hours import Calendar

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
    a word to the client does. Raises InvalidPolicy, which names every mistake at once.
    """

    calendars: Mapping[str, Calendar] = field(default_factory=preset_calendars)
    desk: str = DESK
    reaction: Targets = field(default_factory=lambda: REACTION)
    next_answer: Targets | None = None
    solution: Targets = field(default_factory=dict)
    claim_is_reaction: bool = True

    def __post_init__(self) -> None:
        if mistakes := tuple(self._mistakes()):
            raise InvalidPolicy(mistakes)

    @property
    def desk_calendar(self) -> Calendar:
        """When somebody is there to be nudged."""
        return self.calendars[self.desk]

    def target(self, kind: ClockKind, priority: Priority) -> Target | None:
        """What is promised, None when nothing is: no target for it, a target of zero, or a calendar that is never open (E7, E14)."""
        target = self._targets(kind).get(priority)
        return target if target and target.time and not self.calendars[target.calendar].is_empty else None

    def ladder(self, kind: ClockKind, priority: Priority) -> Ladder:
        """The ladder for a running clock; a calm one when a later edit of the policy took its target away."""
        target = self._targets(kind).get(priority)
        return target.ladder if target else CALM_LADDER

    def effective_due(self, due_at: datetime, *, since: datetime) -> datetime:
        """When a person must have reacted: the due itself, or the closing edge before it when the desk is closed then.

        Looks back no further than `since` (the receipt): a promise that runs out before the desk ever opens keeps its own due.
        """
        return self.desk_calendar.last_open_instant(due_at, since=since) or due_at

    def warnings(self) -> Iterator[Misconfigured]:
        """What is allowed but surely not meant."""
        for kind in ClockKind:
            for priority, target in self._targets(kind).items():
                if target.time and self.calendars[target.calendar].is_empty:
                    yield Misconfigured(
                        "у календарі «{calendar}» немає робочого часу: для {kind}.{priority} не буде жодного строку",
                        calendar=target.calendar,
                        kind=kind.value,
                        priority=priority.value,
                    )

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
