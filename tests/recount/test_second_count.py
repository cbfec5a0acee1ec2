"""A made-up time with everything that can happen to a ticket: both counts give the same, ticket by ticket and line by line; and a fault
in either is seen."""

from __future__ import annotations

import random
import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.commands.deep import compare
from bot.desk import Draft, Opening
from bot.errors import BotError
from bot.model import Actor, Category, ClockKind, Contact, Outcome, Priority, UrgencyReason
from bot.ports import UnitOfWork
from bot.recount.checks import Finding
from bot.sla.keeper import PolicyKeeper
from bot.sla.policy import REACTION, Policy, Target
from bot.sla.rules import Rule
from bot.sla.service import Ticker
from bot.storage import open_as_it_is, open_storage
from tests.builders import World, build_world, message
from tests.sla.calendars import kyiv

# Months of a desk on a real store.
pytestmark = pytest.mark.timeout(600)

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
START, NOW, SINCE = kyiv("2026-10-01 00:00"), kyiv("2026-11-26 11:00"), kyiv("2026-10-01 00:00")
POLICY = Policy(
    solution={Priority.URGENT: Target(time=8 * HOUR, calendar="desk"), Priority.LOW: Target(time=40 * HOUR, calendar="desk")},
    next_answer={**REACTION, Priority.HIGH: Target(time=4 * HOUR, calendar="desk")},
    rules=(
        Rule(name="млин", clients=("млин",), targets={ClockKind.REACTION: Target(time=2 * HOUR, calendar="desk")}),
        Rule(
            name="зміни поштою",
            categories=(Category.CHANGE_REQUEST,),
            channels=("mail",),
            targets={ClockKind.REACTION: Target(time=48 * HOUR, calendar="always")},
        ),
        Rule(
            name="низькі без відповіді", priorities=(Priority.LOW,), targets={ClockKind.NEXT_ANSWER: Target(time=0 * HOUR, calendar="desk")}
        ),
    ),
)


async def live(world: World, *, tickets: int, seed: int, keeper: PolicyKeeper) -> None:
    """Tickets at any hour of two months; what becomes of each is drawn. Once the desk closes in an emergency."""
    dice = random.Random(seed)
    moments = sorted(START + dice.randrange(55 * 24 * 3600) * timedelta(seconds=1) for _ in range(tickets))
    ticker = Ticker(storage=world.storage, promises=world.promises, staff=world.desk.staff, clock=world.clock, keeper=keeper)
    world.clock.set_to(START)
    waiting: list[tuple[Any, int]] = []
    is_closed = False
    for at in moments:
        while waiting and waiting[0][0] <= at:
            when, number = waiting.pop(0)
            world.clock.set_to(max(when, world.clock.now()))
            await happen(world, number, dice)
            if dice.random() < 0.75:
                waiting.append((when + dice.choice([7, 40, 90, 600, 1500]) * MINUTE + dice.randrange(3) * timedelta(seconds=11), number))
                waiting.sort()
        world.clock.set_to(max(at, world.clock.now()))
        if not is_closed and at > kyiv("2026-11-10 09:00") and world.promises.policy.desk_calendar.is_open(world.clock.now()):
            is_closed = True
            async with world.storage.write() as uow:
                until = world.clock.now() + timedelta(hours=3, seconds=17)
                await world.desk.close_until(uow, until, Actor.agent(world.taras), because="немає світла")
                await uow.commit()
        await ticker.tick()
        async with world.storage.write() as uow:
            number = await opened(world, uow, dice)
            await uow.commit()
        waiting.append((world.clock.now() + dice.choice([3, 30, 50, 300, 2000]) * MINUTE, number))
        waiting.sort()
    world.clock.set_to(NOW)
    await ticker.tick()


async def opened(world: World, uow: UnitOfWork, dice: random.Random) -> int:
    contact, channel = dice.choice([(world.iryna, "telegram"), (world.iryna, "mail"), (world.petro, "telegram")])
    is_answered = dice.random() < 0.1
    inbound = message(
        contact, "Не друкує", received_at=world.clock.now() - dice.randrange(20) * MINUTE, channel=channel, is_answered=is_answered
    )
    category = dice.choice(list(Category))
    draft = Draft(title="Не друкує", priority=dice.choice(list(Priority)), category=category)
    opening = Opening(inbound=inbound, inbox_id=1, contact=contact, drafts=(draft,), taken_by=world.olena if is_answered else None)
    [facts] = await world.desk.open_tickets(uow, opening)
    number: int = facts.ticket.id
    return number


async def happen(world: World, number: int, dice: random.Random) -> None:
    """One thing that can happen to a ticket now; what the desk refuses does not happen."""
    desk = world.desk
    async with world.storage.write() as uow:
        ticket = await uow.tickets.get(number)
        assert ticket is not None
        agent = dice.choice([world.olena, world.taras])
        contact: Contact = world.iryna if ticket.contact_id == world.iryna.id else world.petro
        by = dice.choice([Actor.agent(agent), Actor.contact(contact)])
        what = dice.choice(
            ["claim", "word", "word", "back", "client", "client", "priority", "reason", "category", "close", "over", "assign"]
        )
        if what in ("claim", "over") and dice.random() < 0.5:
            return
        try:
            if what == "claim":
                await desk.claim(uow, number, agent)
            elif what == "word":
                await dice.choice([desk.reply, desk.ask, desk.propose_solution])(uow, number, agent, "Спробуйте так")
            elif what == "back":
                word = await desk.reply(uow, number, agent, "Ой", hold=timedelta(seconds=30))
                world.clock.advance(timedelta(seconds=dice.randrange(20)))
                await desk.take_back(uow, number, word.id, agent)
            elif what == "client":
                said_at = world.clock.now() - dice.randrange(5) * MINUTE
                inbound = message(contact, "Не допомогло", received_at=said_at, channel=ticket.channel)
                await desk.add_client_message(uow, number, inbound, inbox_id=1, contact=contact, verdict="answer")
            elif what == "priority":
                await desk.set_priority(uow, number, dice.choice(list(Priority)), by, because="так домовились")
            elif what == "reason" and ticket.priority is Priority.URGENT:
                await desk.set_reason(uow, number, dice.choice([None, *UrgencyReason]), Actor.contact(contact))
            elif what == "category":
                await desk.set_category(uow, number, dice.choice(list(Category)), Actor.agent(agent))
            elif what == "assign":
                await desk.assign(uow, number, agent, Actor.agent(agent))
            elif what == "over" and ticket.is_open:
                await desk.hand_over(uow, number, agent)
            elif what == "close":
                await desk.close(uow, number, by, outcome=dice.choice(list(Outcome)))
        except BotError:
            return
        await uow.commit()


async def told(url: str) -> tuple[list[Finding], list[str]]:
    notes: list[str] = []
    async with open_as_it_is(url) as (storage, plain):
        findings = await compare(storage, plain, POLICY, since=SINCE, now=NOW, note=notes.append)
    return findings, notes


async def lived(url: str, *, tickets: int, seed: int) -> None:
    storage = await open_storage(url)
    world = await build_world(storage, policy=POLICY)
    await live(world, tickets=tickets, seed=seed, keeper=PolicyKeeper(storage=storage, promises=world.promises))
    await storage.close()


@pytest.mark.parametrize(("store", "seed"), [("sqlite", 1), ("sqlite", 2), ("postgresql", 3)])
async def test_both_counts_agree_whatever_happened(store: str, seed: int, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    url: str = f"sqlite:///{tmp_path / 'desk.db'}" if store == "sqlite" else request.getfixturevalue("pg_url")
    await lived(url, tickets=70, seed=seed)
    findings, notes = await told(url)
    assert findings == []
    assert int(notes[-1].split(":")[1].split("(")[0]) > 80
    assert notes[-1].endswith("записано: 0)"), "a deadline was not counted but taken from its row"


ONE = "(SELECT min(id) FROM ticket_clocks WHERE {where})"
FAULTS = (
    (
        "UPDATE ticket_clocks SET breached_at = NULL, met_at = started_at WHERE id = {one}",
        "breached_at IS NOT NULL AND met_at > started_at",
    ),
    (
        "UPDATE ticket_clocks SET met_at = datetime(met_at, '+9 days') || '.000000' WHERE id = {one}",
        "state = 'met' AND breached_at IS NULL",
    ),
    (
        "UPDATE ticket_clocks SET due_at = datetime(due_at, '+1 hour') || '.000000' WHERE id = {one}",
        "state = 'running' AND due_at > '2026-11-27'",
    ),
    ("UPDATE ticket_clocks SET priority = 'urgent' WHERE id = {one}", "priority = 'low'"),
    ("UPDATE ticket_clocks SET kind = 'solution', ordinal = 9 WHERE id = {one}", "kind = 'next_answer'"),
    ("DELETE FROM ticket_clocks WHERE id = {one}", "kind = 'reaction'"),
)


async def test_a_row_or_a_sum_that_says_otherwise_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "desk.db"
    await lived(f"sqlite:///{file}", tickets=70, seed=4)
    for place, (change, where) in enumerate(FAULTS):
        spoilt = tmp_path / f"{place}.db"
        shutil.copy(file, spoilt)
        one = ONE.format(where=where)
        with closing(sqlite3.connect(spoilt)) as database, database:
            [number] = database.execute(f"SELECT ticket_id FROM ticket_clocks WHERE id = {one}").fetchone()
            database.execute(change.format(one=one))
        [finding], _ = await told(f"sqlite:///{spoilt}")
        assert (finding.code, finding.which) == ("differs", (f"№{number}",)), change
    monkeypatch.setattr("bot.sla.numbers.ninth_decile", lambda values: max(values, default=None))
    [finding], _ = await told(f"sqlite:///{file}")
    assert finding.code == "sum_differs"
    assert "reaction all " in finding.which


async def test_what_was_promised_under_other_settings_is_taken_as_it_was(tmp_path: Path) -> None:
    file = tmp_path / "desk.db"
    await lived(f"sqlite:///{file}", tickets=20, seed=5)
    stricter = replace(POLICY, reaction={**REACTION, Priority.MEDIUM: Target(time=3 * HOUR, calendar="desk")})
    notes: list[str] = []
    async with open_as_it_is(f"sqlite:///{file}") as (storage, plain):
        assert await compare(storage, plain, stricter, since=SINCE, now=NOW, note=notes.append) == []
    assert not notes[-1].endswith("записано: 0)")


async def closed_desk(
    url: str, *, ticks: tuple[str, ...], answered: str | None = None, opened_again: str | None = None, now: str = "18:00"
) -> list[Finding]:
    """An urgent ticket of 10:00, a closing from 10:50 until 14:00, perhaps a word of staff and the desk open again; what the check says."""
    storage = await open_storage(url)
    world = await build_world(storage, policy=POLICY)
    keeper = PolicyKeeper(storage=storage, promises=world.promises)
    ticker = Ticker(storage=storage, promises=world.promises, staff=world.desk.staff, clock=world.clock, keeper=keeper)
    lead = Actor.agent(world.taras)
    deeds: list[tuple[str, str]] = [("10:00", "open"), ("10:50", "shut"), *((at, "tick") for at in ticks)]
    deeds += [(answered, "answer")] if answered else []
    deeds += [(opened_again, "undo")] if opened_again else []
    for at, deed in sorted(deeds):
        world.clock.set_to(kyiv(f"2026-11-24 {at}"))
        if deed == "tick":
            await ticker.tick()
            continue
        async with world.storage.write() as uow:
            if deed == "open":
                draft = Draft(title="Не друкує", priority=Priority.URGENT, category=Category.INCIDENT)
                inbound = message(world.iryna, "Не друкує", received_at=world.clock.now())
                await world.desk.open_tickets(uow, Opening(inbound=inbound, inbox_id=1, contact=world.iryna, drafts=(draft,)))
            elif deed == "shut":
                await world.desk.close_until(uow, kyiv("2026-11-24 14:00"), lead, because="немає світла")
            elif deed == "answer":
                await world.desk.reply(uow, 1, world.olena, "Перезапустіть")
            else:
                await world.desk.open_again(uow, lead)
            await uow.commit()
    await storage.close()
    async with open_as_it_is(url) as (storage, plain):
        return await compare(storage, plain, POLICY, since=SINCE, now=kyiv(f"2026-11-24 {now}"), note=lambda _: None)


@pytest.mark.parametrize(
    ("answered", "opened_again", "ticks"),
    [
        ("10:40", None, ("10:51", "17:59")),
        ("11:05", None, ("10:45", "11:10", "17:59")),
        ("11:10", "11:12", ("10:51", "11:13", "17:59")),
        ("11:24", "11:12", ("10:51", "17:59")),
        ("11:24", "11:12", ("10:45", "11:05", "17:59")),
    ],
    ids=[
        "met before",
        "met before it was in the rows",
        "met before it was cut short",
        "met before the cut was in the rows",
        "late in the rows",
    ],
)
async def test_what_was_met_before_a_closing_was_known_stays_as_it_was(
    answered: str, opened_again: str | None, ticks: tuple[str, ...], tmp_path: Path
) -> None:
    url = f"sqlite:///{tmp_path / 'desk.db'}"
    assert await closed_desk(url, answered=answered, opened_again=opened_again, ticks=ticks) == []


async def test_a_closing_that_no_tick_has_seen_is_told_as_that(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'desk.db'}"
    [finding] = await closed_desk(url, ticks=("10:45",), now="10:55")
    assert (finding.code, finding.which) == ("not_moved", ("№1",))
