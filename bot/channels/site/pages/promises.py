"""What the desk promises: examples for its own hours, the rules beside the usual promises, the roster, and when the desk is closed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from fastapi import APIRouter, Request
from fastapi.responses import Response

from bot.channels.site.context import page, site_of
from bot.channels.site.gate import AsAgent
from bot.channels.site.words import CHANNEL_WORDS
from bot.duty import read_roster, who_is_on_duty
from bot.model import Closure
from bot.sla.examples import Column, columns, lines, receipts
from bot.sla.policy import Policy
from bot.sla.rules import Rule, strangers
from bot.texts import CATEGORY_WORDS, PRIORITY_WORDS, Translator, explain

router = APIRouter(prefix="/staff/promises")
_WEEKS = 2
# Closings of this long ago explain deadlines that still run.
_REMEMBERED = timedelta(days=14)


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """A date with its hours by each calendar of the policy, in their order, and what is special about it."""

    on: date
    hours: tuple[str, ...]
    label: str


@router.get("")
async def promises(request: Request, visitor: AsAgent) -> Response:
    site = site_of(request)
    policy, now = site.desk.policy, site.clock.now()
    async with site.storage.read() as uow:
        roster = await read_roster(uow, policy.desk_calendar.zone, now)
        closures = await uow.closures.all()
        clients = await uow.people.clients() if policy.names_people else []
    asked, reader = columns(policy), site.reader(request)
    return page(
        request,
        "promises.html",
        visitor=visitor,
        headings=[_heading(column, reader.say) for column in asked],
        lines=lines(policy, asked, receipts(policy, now)),
        mistakes=[explain(each, reader.language) for each in strangers(policy.rules, clients)],
        rules=[(rule.name, _conditions(rule, reader.say)) for rule in policy.rules],
        days=_days(policy, policy.desk_calendar.local(receipts(policy, now)[0]).date()),
        calendars=list(policy.calendars),
        duty=who_is_on_duty(roster, policy.desk_calendar, now=now, language=reader.language),
        closures=_recent(closures, now - _REMEMBERED),
    )


def _heading(column: Column, say: Translator) -> str:
    return f"«{column.rule}»" if column.rule else say(PRIORITY_WORDS[column.subject.priority])


def _conditions(rule: Rule, say: Translator) -> str:
    parts = (
        (say("клієнт"), rule.clients),
        (say("тариф"), rule.plans),
        (say("категорія"), [say(CATEGORY_WORDS[each]) for each in rule.categories]),
        (say("канал"), [say(CHANNEL_WORDS.get(each, each)) for each in rule.channels]),
        (say("критичність"), [say(PRIORITY_WORDS[each]) for each in rule.priorities]),
    )
    return "; ".join(f"{what}: {', '.join(values)}" for what, values in parts if values)


def _days(policy: Policy, monday: date) -> list[Day]:
    return [_day(policy, monday + timedelta(days=number)) for number in range(7 * _WEEKS)]


def _day(policy: Policy, on: date) -> Day:
    exception = policy.desk_calendar.exception_on(on)
    return Day(
        on=on,
        hours=tuple(", ".join(map(str, each.intervals_on(on))) or "—" for each in policy.calendars.values()),
        label=exception.label if exception else "",
    )


def _recent(closures: Sequence[Closure], since: datetime) -> list[Closure]:
    return [each for each in closures if each.ends_at > since and not each.is_void]
