"""The month's numbers: small ones by hand, a made-up month against a second count that shares nothing with the program."""

from __future__ import annotations

import random
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.commands.deep import compare
from bot.desk import Draft, Opening
from bot.errors import Rejected
from bot.model import Actor, ClockKind, Contact, Outcome, Priority, UrgencyReason
from bot.ports import Storage, UnitOfWork
from bot.sla.ledger import month_bounds, read_report
from bot.sla.numbers import Report, Why, median, ninth_decile
from bot.sla.policy import Policy
from bot.storage import open_as_it_is, open_storage
from bot.storage.memory import MemoryStorage
from tests.builders import World, build_world, message
from tests.sla.calendars import kyiv

KYIV = ZoneInfo("Europe/Kyiv")
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
SINCE, UNTIL = month_bounds("2026-11", KYIV)
NOW = kyiv("2026-12-04 11:00")


async def opened(world: World, uow: UnitOfWork, contact: Contact, priority: Priority, *, channel: str = "telegram") -> int:
    now = world.clock.now()
    inbound = message(contact, "Не друкує", received_at=now, channel=channel)
    draft = Draft(title="Не друкує", priority=priority)
    [facts] = await world.desk.open_tickets(uow, Opening(inbound=inbound, inbox_id=1, contact=contact, drafts=(draft,)))
    return facts.ticket.id


async def month_of(world: World) -> Report:
    return await read_report(world.storage, world.promises.policy, since=SINCE, until=UNTIL, now=NOW)


# --- by hand ----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("minutes", "middle", "ninth"),
    [([], None, None), ([7], 7, 7), ([1, 3], 2, 3), ([5, 1, 3], 3, 5), (range(1, 11), 5.5, 9), (range(1, 12), 6, 10)],
)
def test_the_middle_and_the_ninth(minutes: list[int], middle: float | None, ninth: float | None) -> None:
    values = [each * MINUTE for each in minutes]
    assert median(values) == (None if middle is None else middle * MINUTE)
    assert ninth_decile(values) == (None if ninth is None else ninth * MINUTE)


@given(st.lists(st.integers(0, 10_000), min_size=1, max_size=60))
def test_nine_of_ten_are_within_the_ninth_and_one_step_less_is_too_few(values: list[int]) -> None:
    found = ninth_decile(each * MINUTE for each in values)
    assert found is not None
    assert 10 * sum(each * MINUTE <= found for each in values) >= 9 * len(values)
    assert 10 * sum(each * MINUTE < found for each in values) < 9 * len(values)


@pytest.mark.parametrize("text", ["", "2026", "2026-13", "2026-00", "0000-01", "0001-01", "1969-12", "9999-12", "листопад", "2026-11-01"])
def test_what_is_no_month_is_refused(text: str) -> None:
    with pytest.raises(Rejected, match="не є місяцем"):
        month_bounds(text, KYIV)


def test_a_month_is_the_desks_own() -> None:
    assert month_bounds("2026-12", KYIV) == (kyiv("2026-12-01 00:00"), kyiv("2027-01-01 00:00"))


async def test_a_breach_says_who_what_and_how_long() -> None:
    world = await build_world(MemoryStorage())
    world.clock.set_to(kyiv("2026-11-24 12:00"))
    async with world.storage.write() as uow:
        number = await opened(world, uow, world.iryna, Priority.URGENT)
        silent = await opened(world, uow, world.petro, Priority.URGENT)
        world.clock.set_to(kyiv("2026-11-24 14:20"))
        await world.desk.reply(uow, number, world.olena, "Перезапустіть")
        await uow.commit()
    report = await month_of(world)
    late, never = report.breaches
    assert (late.ticket_id, late.agent, late.client, late.why) == (number, "Олена", "Крамниця", Why.NOT_TAKEN)
    assert (late.reaction, late.used, late.over) == (80 * MINUTE, 80 * MINUTE, 20 * MINUTE)
    assert (never.ticket_id, never.agent, never.reaction, never.met_at) == (silent, "", None, None)
    [everything] = [line for line in report.lines if line.by == "all"]
    assert (everything.share, everything.late, everything.median, everything.ninth) == (0.0, 2, 80 * MINUTE, 80 * MINUTE)
    [only] = (await read_report(world.storage, world.promises.policy, since=SINCE, until=UNTIL, now=NOW, client="Млин")).entries
    assert only.ticket_id == silent


async def test_claims_of_urgency_and_what_became_of_them() -> None:
    world = await build_world(MemoryStorage())
    world.clock.set_to(kyiv("2026-11-24 10:00"))
    agent, iryna = Actor.agent(world.olena), Actor.contact(world.iryna)
    async with world.storage.write() as uow:
        numbers = [await opened(world, uow, world.iryna, Priority.URGENT) for _ in range(4)]
        calm = [await opened(world, uow, world.iryna, Priority.LOW) for _ in range(2)]
        await world.desk.set_reason(uow, numbers[0], UrgencyReason.MOST_USERS, iryna)
        await world.desk.set_reason(uow, numbers[1], None, iryna)
        await world.desk.set_priority(uow, numbers[2], Priority.MEDIUM, agent, because="друга каса працює")
        await world.desk.set_priority(uow, calm[0], Priority.URGENT, agent)
        await uow.commit()
    [line] = (await month_of(world)).urgency
    assert (line.client, line.claimed, line.upheld, line.reasons, line.unstated, line.denied) == ("Крамниця", 4, 2, (0, 1, 0), 2, 1)


async def test_a_month_without_tickets_has_no_share() -> None:
    report = await month_of(await build_world(MemoryStorage()))
    assert (report.entries, report.lines, report.urgency) == ((), (), ())


# --- a second count ---------------------------------------------------------------------------------------------------------------


async def live_a_month(world: World, *, tickets: int, seed: int) -> None:
    """Tickets at any hour; what becomes of each is drawn."""
    dice = random.Random(seed)
    start = kyiv("2026-10-30 06:00")
    async with world.storage.write() as uow:
        for _ in range(tickets):
            world.clock.set_to(start + dice.randrange(33 * 24 * 60) * MINUTE + dice.randrange(60) * timedelta(seconds=1))
            contact, channel = dice.choice([(world.iryna, "telegram"), (world.iryna, "mail"), (world.petro, "telegram")])
            number = await opened(world, uow, contact, dice.choice(list(Priority)), channel=channel)
            for _ in range(dice.randrange(6)):
                world.clock.advance(dice.choice([7, 40, 90, 600, 1500]) * MINUTE + dice.randrange(3) * timedelta(seconds=11))
                if world.clock.now() >= NOW:
                    break
                await happen(world, uow, number, contact, dice)
        await uow.commit()


async def happen(world: World, uow: UnitOfWork, number: int, contact: Contact, dice: random.Random) -> None:
    """One thing that can happen to a ticket now."""
    ticket = await uow.tickets.get(number)
    assert ticket is not None
    agent = dice.choice([world.olena, world.taras])
    what = dice.choice(["claim", "word", "word", "client", "client", "priority", "reason", "close"])
    if not ticket.is_open:
        return
    if what == "claim" and ticket.assignee_id is None:
        await world.desk.claim(uow, number, agent)
    elif what == "word":
        await dice.choice([world.desk.reply, world.desk.ask, world.desk.propose_solution])(uow, number, agent, "Спробуйте так")
    elif what == "client":
        inbound = message(contact, "Не допомогло", received_at=world.clock.now())
        await world.desk.add_client_message(uow, number, inbound, inbox_id=1, contact=contact, verdict="answer")
    elif what == "priority":
        who = dice.choice([Actor.agent(agent), Actor.contact(contact)])
        await world.desk.set_priority(uow, number, dice.choice(list(Priority)), who, because="так домовились")
    elif what == "reason" and ticket.priority is Priority.URGENT:
        await world.desk.set_reason(uow, number, dice.choice([None, UrgencyReason.MOST_USERS]), Actor.contact(contact))
    elif what == "close":
        who = dice.choice([Actor.agent(agent), Actor.contact(contact)])
        await world.desk.close(uow, number, who, outcome=Outcome.SOLVED)


@pytest.mark.parametrize("seed", [1, 2])
async def test_a_second_count_over_the_history_gives_the_same_numbers(tmp_path: Path, seed: int) -> None:
    url = f"sqlite:///{tmp_path / 'desk.db'}"
    storage = await open_storage(url)
    world = await build_world(storage)
    await live_a_month(world, tickets=250, seed=seed)
    report = await month_of(world)
    await storage.close()
    notes: list[str] = []
    async with open_as_it_is(url) as (reading, plain):
        assert await compare(reading, plain, Policy(), since=SINCE, now=NOW, note=notes.append) == []
    assert notes[-1].endswith("записано: 0)")
    kinds = {line.kind for line in report.lines}
    assert kinds == {ClockKind.REACTION, ClockKind.NEXT_ANSWER}
    assert all(line.in_time and line.late for line in report.lines if line.by == "all")
    assert any(line.dropped for line in report.lines if line.by == "all")


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str | None:
    if request.param == "memory":
        return None
    return f"sqlite:///{tmp_path / 'desk.db'}" if request.param == "sqlite" else request.getfixturevalue("pg_url")


async def test_every_store_tells_the_same_month_page_by_page(url: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.sla.ledger.PAGE", 7)
    storage: Storage = await open_storage(url) if url else MemoryStorage()
    try:
        world = await build_world(storage)
        await live_a_month(world, tickets=60, seed=4)
        report = await month_of(world)
        assert len(report.entries) > 50
        other = await build_world(MemoryStorage())
        await live_a_month(other, tickets=60, seed=4)
        assert await month_of(other) == report
    finally:
        await storage.close()
