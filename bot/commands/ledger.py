"""`ledger`: the story of each promise of a ticket: started, moved and why, kept or broken and by whom."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from bot.commands.store import with_storage
from bot.commands.terminal import ConfigOption, language, out, words
from bot.texts import duration, moment

if TYPE_CHECKING:
    from bot.config import Settings
    from bot.model import Ticket
    from bot.ports import Storage
    from bot.sla.stories import ClockStory

_ = words()

# Numbers above it fit no column.
LARGEST_ID = 2**53


def ledger(
    number: Annotated[str, typer.Argument(metavar=_("НОМЕР"), help=_("Номер звернення."))],
    as_json: Annotated[bool, typer.Option("--json", help=_("Те саме як JSON."))] = False,
    config: ConfigOption = None,
) -> None:
    async def work(storage: Storage, settings: Settings) -> tuple[Ticket, list[ClockStory], ZoneInfo]:
        return (*await _read(storage, settings, number), ZoneInfo(settings.desk.zone))

    ticket, stories, zone = with_storage(config, work)
    if as_json:
        from bot.sla.sheets import story_data

        out(json.dumps([story_data(each) for each in stories], ensure_ascii=False, indent=1))
        return
    out(f"№{ticket.id} {ticket.title}")
    if not stories:
        out(_("За цим зверненням нічого не обіцяно."))
    for each in stories:
        _tell(each, zone)


async def _read(storage: Storage, settings: Settings, number: str) -> tuple[Ticket, list[ClockStory]]:
    from bot.clock import SystemClock
    from bot.commands.sla import policy_in_force
    from bot.errors import NotFound, Rejected
    from bot.sla.stories import stories

    digits = number.strip().lstrip("№#").strip()
    if not digits.isdecimal() or not digits.isascii():
        raise Rejected("«{text}» не є номером звернення.", text=number)
    ticket_id = int(digits)
    async with storage.read() as uow:
        ticket = await uow.tickets.get(ticket_id) if ticket_id < LARGEST_ID else None
        if ticket is None:
            raise NotFound("Звернення №{id} не знайдено.", id=ticket_id)
        policy = await policy_in_force(uow, settings)
        clocks, events = await uow.clocks.of_ticket(ticket_id), await uow.tickets.events(ticket_id)
    return ticket, stories(clocks, events, policy, now=SystemClock().now())


def _tell(story: ClockStory, zone: ZoneInfo) -> None:
    from bot.sla.words import KIND_WORDS, outcome, promise, tell
    from bot.texts import PRIORITY_WORDS

    def span(length: timedelta) -> str:
        return duration(length, language=language())

    def at(instant: datetime) -> str:
        return f"{moment(instant, zone=zone, language=language())}:{instant.astimezone(zone):%S}"

    out()
    out(f"{_(KIND_WORDS[story.kind])} ({_(PRIORITY_WORDS[story.priority])}): {promise(story, _, span)}")
    for step in story.steps:
        out(f"  {at(step.at)}  {tell(step, _, at)}")
    out(f"  → {outcome(story, _, span)}")
