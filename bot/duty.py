"""The duty roster as people see it: read from the store, told in words. The rules are in `bot.sla.roster`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from bot.ports import UnitOfWork
from bot.sla.hours import Calendar
from bot.sla.roster import Away, OnDuty, Roster, Why
from bot.texts import Translator, moment, translator


async def read_roster(uow: UnitOfWork, zone: str, now: datetime) -> Roster:
    """The roster as it stands: who works here, their shifts, and the absences that have not ended by `now`."""
    return Roster(
        zone=zone,
        agents=tuple(await uow.people.agents()),
        shifts=tuple(await uow.duty.shifts()),
        absences=tuple(await uow.duty.absences(since=now)),
    )


def who_is_on_duty(roster: Roster, desk: Calendar, *, now: datetime, language: str) -> list[str]:
    """Lines for a chat or a terminal: whether the desk is open, who is on duty and until when, who is away and who stands in."""
    say, zone = translator(language), ZoneInfo(desk.zone)
    lines = []
    if not desk.is_open(now):
        opens = desk.next_opening(now)
        lines.append(
            say("Зараз неробочий час.")
            if opens is None
            else say("Зараз неробочий час, до {at}.").format(at=moment(opens, zone=zone, language=language, now=now))
        )
    if not roster.is_kept:
        lines.append(say("Чергувань не розписано: відповідає вся зміна."))
    people = roster.on_duty(now)
    lines += [_on_duty(each, say, zone, language, now) for each in people]
    if not people:
        names = ", ".join(agent.name for agent in roster.leads(now))
        lines.append(say("На зміні нікого немає; нагадування йдуть керівникам: {names}.").format(names=names or "—"))
    absent = [away for agent in roster.agents if agent.is_active and (away := roster.away(agent.id, now)) and away.why is Why.ABSENT]
    lines += [_away(each, roster, say, zone, language, now) for each in absent]
    return lines


def why_you(listeners: Mapping[str, Any], owner: str, *, say: Translator, at: Callable[[str], str]) -> str:
    """The line of a nudge that says why it reaches its reader, when that is not plain: `listeners` as `bot.notices` wrote them; "" else."""
    parts = []
    until = at(listeners["away_until"]) if listeners["away_until"] else "—"
    if listeners["away_why"] == Why.ABSENT:
        because = f" ({listeners['away_because']})" if listeners["away_because"] else ""
        parts.append(say("{name} не на роботі до {until}").format(name=owner, until=until) + because)
    elif listeners["away_why"] == Why.OFF_SHIFT:
        parts.append(say("{name} не на зміні до {until}").format(name=owner, until=until))
    if listeners["stand_in"]:
        parts.append(say("замість: {name}").format(name=listeners["stand_in"]))
    if listeners["on_duty"]:
        parts.append(say("на зміні: {names}").format(names=", ".join(listeners["on_duty"])))
    if listeners["is_unattended"]:
        parts.append(say("на зміні нікого, тож це для керівника"))
    return "; ".join(parts)


def _on_duty(each: OnDuty, say: Translator, zone: ZoneInfo, language: str, now: datetime) -> str:
    text = each.agent.name
    if each.until is not None:
        text = say("{name}, до {at}").format(name=text, at=moment(each.until, zone=zone, language=language, now=now))
    if each.instead_of:
        text = say("{name}, замість: {others}").format(name=text, others=", ".join(agent.name for agent in each.instead_of))
    return say("На зміні: {who}.").format(who=text)


def _away(away: Away, roster: Roster, say: Translator, zone: ZoneInfo, language: str, now: datetime) -> str:
    assert away.agent is not None
    until = moment(away.until, zone=zone, language=language, now=now) if away.until else "—"
    text = say("Немає: {name}, до {at}").format(name=away.agent.name, at=until) + (f" ({away.because})" if away.because else "")
    instead = roster.stand_in(away.agent.id, now)
    return text + (say("; замість: {name}.").format(name=instead.name) if instead else ".")
