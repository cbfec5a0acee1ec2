"""From the [sla] section to the policy that the desk keeps. What the section leaves out is as the regulation has it (R1, R10)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from bot.config.tree import CalendarSettings, ExceptionSettings, RuleSettings, SlaSettings, Targets, TargetSettings
from bot.config.values import Rhythm
from bot.errors import Misconfigured
from bot.model import ClockKind, Priority
from bot.sla.calendars import ALWAYS, DESK, WORKDAYS, parse_calendar, preset_calendars, round_the_clock
from bot.sla.hours import Calendar
from bot.sla.intervals import WEEKDAYS, InvalidCalendar
from bot.sla.policy import CALM_LADDER, PRESETS, URGENT_LADDER, InvalidPolicy, Ladder, Policy, Target
from bot.sla.rules import Rule
from bot.texts import translator

# Marks sentences for the catalogue; they are looked up when they are told.
_ = translator("uk")

Spans = dict[Priority, Target]
# Up to this long a promise is as pressing as an urgent one's.
SHORT = timedelta(hours=4)


def build_policy(sla: SlaSettings, *, zone: str) -> Policy:
    """The policy; raises InvalidPolicy with every mistake in it at once."""
    mistakes: list[Misconfigured] = []
    calendars = _calendars(sla, zone, mistakes)
    usual = PRESETS[sla.preset]
    reaction = {**usual, **_targets(sla.targets, usual, "targets", mistakes)}
    next_answer = {**reaction, **_targets(sla.next_answer, reaction, "next_answer", mistakes)} if sla.next_answer else None
    solution = _targets(sla.solution, {}, "solution", mistakes)
    rules = tuple(_rules(sla.policy, reaction, mistakes))
    mistakes.extend(_unknown_calendars(calendars, {"targets": reaction, "next_answer": next_answer or {}, "solution": solution}))
    mistakes.extend(_unknown_calendars_of(calendars, rules))
    if not mistakes:
        try:
            return Policy(
                calendars=calendars,
                reaction=reaction,
                next_answer=next_answer,
                solution=solution,
                rules=rules,
                claim_is_reaction=sla.reaction == "claim",
            )
        except InvalidPolicy as invalid:
            mistakes.extend(Misconfigured("sla: {mistake}", mistake=each) for each in invalid.mistakes)
    raise InvalidPolicy(tuple(mistakes))


def _calendars(sla: SlaSettings, zone: str, mistakes: list[Misconfigured]) -> dict[str, Calendar]:
    """The presets, with what the section says instead of them or beside them. Exceptions change every calendar but `always`."""
    exceptions = _exceptions(sla.exceptions, mistakes)
    presets = preset_calendars(zone=zone)
    described = {name: _weekly(each) for name, each in sla.calendars.items()}
    if DESK not in described:
        described[DESK] = {day: tuple(map(str, hours)) for day, hours in zip(WEEKDAYS, presets[DESK].weekly, strict=True)}
    found = {ALWAYS: presets[ALWAYS]}
    for name, weekly in described.items():
        dated = {} if name == ALWAYS else exceptions
        try:
            found[name] = parse_calendar(name, zone=zone, weekly=weekly, exceptions=dated)
        except InvalidCalendar as invalid:
            mistakes.extend(Misconfigured("sla.calendars.{name}: {mistake}", name=name, mistake=each) for each in invalid.mistakes)
            found[name] = presets[ALWAYS]
    if WORKDAYS not in found:
        found[WORKDAYS] = round_the_clock(found[DESK])
    return found


def _weekly(calendar: CalendarSettings) -> dict[str, tuple[str, ...]]:
    return {day: getattr(calendar, day) for day in WEEKDAYS}


def _exceptions(days: tuple[ExceptionSettings, ...], mistakes: list[Misconfigured]) -> dict[str, tuple[tuple[str, ...], str]]:
    """By ISO date; a mistake in hours is told once here rather than once for every calendar."""
    found: dict[str, tuple[tuple[str, ...], str]] = {}
    for number, each in enumerate(days):
        where, day = f"sla.exceptions[{number}]", each.date.isoformat()
        if day in found:
            mistakes.append(Misconfigured("{key}: дата {day} описана двічі. Залиште один запис.", key=where, day=day))
        try:
            parse_calendar(day, weekly={}, exceptions={day: (each.hours, each.label)})
            found[day] = (each.hours, each.label)
        except InvalidCalendar as invalid:
            mistakes.extend(Misconfigured("{key}: {mistake}", key=where, mistake=mistake) for mistake in invalid.mistakes)
    return found


def _targets(written: Targets, defaults: Mapping[Priority, Target], table: str, mistakes: list[Misconfigured]) -> Spans:
    found: Spans = {}
    for priority, each in written.items():
        default = defaults.get(priority)
        if default is None and (each.target is None or each.calendar is None):
            missing = [name for name in ("target", "calendar") if getattr(each, name) is None]
            mistakes.append(
                Misconfigured("sla.{table}.{name}: бракує {missing}.", table=table, name=priority.value, missing=", ".join(missing))
            )
            continue
        found[priority] = target = _target(each, default or Target(time=timedelta(0), calendar=DESK, ladder=_usual_ladder(priority)))
        if target.time and any(span >= target.time for span in target.ladder.before):
            mistakes.append(
                Misconfigured("sla.{table}.{name}.before: нагадування мають бути коротші за сам строк.", table=table, name=priority.value)
            )
    return found


def _rules(written: Sequence[RuleSettings], usual: Mapping[Priority, Target], mistakes: list[Misconfigured]) -> Iterator[Rule]:
    """What a rule leaves out of a target is as for the priority that it is about, or the calm ones'."""
    names: set[str] = set()
    for number, each in enumerate(written):
        where = f"sla.policy[{number}]"
        if each.name in names:
            mistakes.append(Misconfigured("{key}.name: назва «{name}» уже є. Дайте кожному правилу свою.", key=where, name=each.name))
        names.add(each.name)
        if not (each.client or each.plan or each.category or each.channel or each.priority):
            sentence = _("{key}: правило без умов. Впишіть client, plan, category, channel чи priority; спільне — у [sla.targets].")
            mistakes.append(Misconfigured(sentence, key=where))
        targets = dict(_rule_targets(each, usual, where, mistakes))
        if not targets:
            mistakes.append(Misconfigured("{key}: правило нічого не обіцяє. Впишіть reaction, next_answer або solution.", key=where))
        yield Rule(
            name=each.name,
            targets=targets,
            clients=each.client,
            plans=each.plan,
            categories=each.category,
            channels=each.channel,
            priorities=each.priority,
        )


def _rule_targets(
    rule: RuleSettings, usual: Mapping[Priority, Target], where: str, mistakes: list[Misconfigured]
) -> Iterator[tuple[ClockKind, Target]]:
    # The most pressing of the priorities that it is about decides what is usual.
    most = max(rule.priority, key=lambda priority: priority.rank, default=Priority.MEDIUM)
    for kind in ClockKind:
        written: TargetSettings | None = getattr(rule, kind.value)
        if written is None:
            continue
        key = f"{where}.{kind.value}"
        # A short promise needs nudges that come close together, whatever the priority.
        ladder = URGENT_LADDER if written.target and written.target <= SHORT else _usual_ladder(most)
        default = replace(usual.get(most) or Target(time=timedelta(0), calendar=DESK), ladder=ladder)
        if written.target is None:
            mistakes.append(Misconfigured("{key}: бракує target.", key=key))
        elif written.target and any(span >= written.target for span in written.before or ()):
            mistakes.append(Misconfigured("{key}.before: нагадування мають бути коротші за сам строк.", key=key))
        yield kind, (target := _target(written, default))
        if kind is ClockKind.REACTION and rule.next_answer is None:
            yield ClockKind.NEXT_ANSWER, target


def _unknown_calendars_of(calendars: Mapping[str, Calendar], rules: Sequence[Rule]) -> Iterator[Misconfigured]:
    for number, rule in enumerate(rules):
        for kind, target in rule.targets.items():
            is_repeated = kind is ClockKind.NEXT_ANSWER and target is rule.targets.get(ClockKind.REACTION)
            if target.calendar not in calendars and not is_repeated:
                yield Misconfigured(
                    "sla.policy[{number}].{kind}.calendar: немає календаря «{calendar}»; є {known}.",
                    number=number,
                    kind=kind.value,
                    calendar=target.calendar,
                    known=", ".join(sorted(calendars)),
                )


def _target(written: TargetSettings, default: Target) -> Target:
    time = default.time if written.target is None else written.target
    # Usual nudges that a short promise has no room for are left out; written ones are a mistake.
    usual = tuple(span for span in default.ladder.before if span < time)
    ladder = replace(
        default.ladder,
        before=usual if written.before is None else tuple(sorted(written.before, reverse=True)),
        every=_rhythm(written.every, default.ladder.every),
        claimed_every=_rhythm(written.claimed_every, default.ladder.claimed_every),
    )
    return Target(
        time=time,
        calendar=default.calendar if written.calendar is None else written.calendar,
        ladder=ladder,
    )


def _usual_ladder(priority: Priority) -> Ladder:
    return URGENT_LADDER if priority is Priority.URGENT else CALM_LADDER


def _rhythm(written: Rhythm | None, default: timedelta | None) -> timedelta | None:
    """A policy writes "once a working day, at opening" as None."""
    return default if written is None else None if written == "opening" else written


def _unknown_calendars(calendars: Mapping[str, Calendar], tables: Mapping[str, Mapping[Priority, Target]]) -> Iterator[Misconfigured]:
    for table, targets in tables.items():
        for priority, target in targets.items():
            if target.calendar not in calendars:
                yield Misconfigured(
                    "sla.{table}.{name}.calendar: немає календаря «{calendar}»; є {known}.",
                    table=table,
                    name=priority.value,
                    calendar=target.calendar,
                    known=", ".join(sorted(calendars)),
                )
