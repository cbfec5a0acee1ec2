"""Clients who owe an answer (R7), on every store: reminded once, closed upon once where the desk wants it, in working hours only."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from bot.model import BOT, Actor, Delivery, Outcome, Route, Team, Ticket, Turn
from bot.ports import Storage, UnitOfWork
from bot.sla.waiting import PORTION, WaitingClients
from bot.storage.memory import MemoryStorage
from tests.builders import message
from tests.sla.calendars import kyiv
from tests.sla.desk import TickingDesk

DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
IRYNA = Route(channel="telegram", recipient="501")
# A Tuesday; three working days later is Friday, ten are Tuesday of the week after next.
ASKED = kyiv("2026-11-24 15:00")
FRIDAY = kyiv("2026-11-27 15:00")
TEN_DAYS = kyiv("2026-12-08 15:00")


class Waiting(TickingDesk):
    """A desk whose staff have asked, and whose clients keep silent."""

    remind_after, close_after = 3 * DAY, timedelta(0)

    def sweeper(self) -> WaitingClients:
        world = self.world
        return WaitingClients(
            storage=world.storage, desk=world.desk, promises=world.promises, remind_after=self.remind_after, close_after=self.close_after
        )

    async def asked(self, *, count: int = 1, approval: bool = False, **fields: Any) -> list[Ticket]:
        """Tickets whose turn is the client's since `ASKED`."""
        self.world.clock.set_to(ASKED)
        tickets = await self.arrive(count=count)
        async with self.world.storage.write() as uow:
            for ticket in tickets:
                found = await uow.tickets.get(ticket.id)
                assert found is not None
                uow.tickets.save(replace(found, **{"route": IRYNA, **fields}))
                say = self.world.desk.reply if approval else self.world.desk.ask
                await say(uow, ticket.id, self.world.olena, "Яка у вас версія?")
            await uow.commit()
        return tickets

    async def sweep(self, at: datetime, sweeper: WaitingClients | None = None) -> int:
        self.world.clock.set_to(at)
        return await (sweeper or self.sweeper()).sweep(at)

    async def told_client(self, *kinds: str) -> list[Delivery]:
        async with self.world.storage.read() as uow:
            return await uow.outbox.sent_to(IRYNA, limit=500, kinds=kinds or ["client_reminder", "closed"])

    async def ticket(self, ticket: Ticket) -> Ticket:
        async with self.world.storage.read() as uow:
            found = await uow.tickets.get(ticket.id)
        assert found is not None
        return found

    async def client_says(self, ticket: Ticket, text: str, verdict: str) -> None:
        async with self.world.storage.write() as uow:
            inbound = message(self.world.iryna, text, received_at=self.world.clock.now())
            await self.world.desk.add_client_message(uow, ticket.id, inbound, inbox_id=1, contact=self.world.iryna, verdict=verdict)
            await uow.commit()


class Closing(Waiting):
    close_after = 10 * DAY


@pytest.fixture
async def desk() -> Waiting:
    return await Waiting.on(MemoryStorage())  # type: ignore[return-value]


@pytest.fixture
async def closing() -> Closing:
    return await Closing.on(MemoryStorage())  # type: ignore[return-value]


async def test_on_every_store_a_silent_client_is_reminded_once_and_closed_upon_once(store: Storage) -> None:
    desk = await Closing.on(store)
    assert isinstance(desk, Closing)
    [ticket] = await desk.asked()
    assert await desk.sweep(FRIDAY) == 0
    assert await desk.sweep(FRIDAY + MINUTE) == 1
    [row] = await desk.told_client()
    assert (row.kind, row.body["text"], row.body["since"]) == ("client_reminder", "Яка у вас версія?", ASKED.isoformat())
    assert row.body["closes_at"] == (TEN_DAYS + MINUTE).isoformat()
    for days in range(1, 11):
        assert await desk.sweep(FRIDAY + days * DAY) == 0
    assert await desk.sweep(TEN_DAYS + MINUTE) == 0
    assert await desk.sweep(TEN_DAYS + 2 * MINUTE) == 1
    closed = await desk.ticket(ticket)
    assert (closed.outcome, closed.closed_at) == (Outcome.NOT_RELEVANT, TEN_DAYS + 2 * MINUTE)
    [_, notice] = await desk.told_client()
    assert (notice.kind, notice.body["result"]) == ("closed", "закрито автоматично: відповіді немає, робочих днів минуло 10")
    assert closed.result == "закрито автоматично: відповіді так і не було"
    assert await desk.sweep(TEN_DAYS + DAY) == 0
    assert [event.actor for event in await desk.events_of(ticket, "client_reminded", "closed")] == [BOT, BOT]


async def test_four_sweepers_at_once_remind_each_client_once(store: Storage) -> None:
    desk = await Waiting.on(store)
    assert isinstance(desk, Waiting)
    tickets = await desk.asked(count=20)
    await asyncio.gather(*(desk.sweep(FRIDAY + MINUTE) for _ in range(4)))
    told = Counter(row.ticket_ids for row in await desk.told_client())
    assert told == {(ticket.id,): 1 for ticket in tickets}


@pytest.mark.parametrize(
    ("at", "happens"),
    [
        ("2026-11-27 22:00", False),
        ("2026-11-28 11:00", False),
        ("2026-11-30 07:59", False),
        ("2026-11-30 12:30", False),
        ("2026-11-30 13:29", False),
        ("2026-11-30 08:00", True),
        ("2026-11-30 12:29", True),
        ("2026-11-30 13:30", True),
    ],
)
async def test_nothing_is_said_at_night_at_lunch_or_on_a_weekend(desk: Waiting, at: str, happens: bool) -> None:
    await desk.asked()
    assert await desk.sweep(kyiv(at)) == happens
    assert len(await desk.told_client()) == happens


async def test_working_days_are_counted_not_days(desk: Waiting) -> None:
    desk.world.clock.set_to(kyiv("2026-11-26 09:00"))
    [ticket] = await desk.asked()
    async with desk.world.storage.write() as uow:
        found = await uow.tickets.get(ticket.id)
        assert found
        uow.tickets.save(replace(found, last_word_at=kyiv("2026-11-26 16:00")))
        await uow.commit()
    assert await desk.sweep(kyiv("2026-12-01 16:00")) == 0
    assert await desk.sweep(kyiv("2026-12-01 16:01")) == 1


async def test_a_client_who_answered_is_left_alone(desk: Waiting) -> None:
    [ticket] = await desk.asked()
    await desk.client_says(ticket, "Версія 3.1", "answer")
    assert await desk.sweep(FRIDAY + MINUTE) == 0


async def test_a_new_question_is_a_new_wait(closing: Closing) -> None:
    [ticket] = await closing.asked()
    await closing.sweep(FRIDAY + MINUTE)
    await closing.client_says(ticket, "Не знаю", "answer")
    async with closing.world.storage.write() as uow:
        await closing.world.desk.ask(uow, ticket.id, closing.world.olena, "А де ви це бачите?")
        await uow.commit()
    assert await closing.sweep(TEN_DAYS + 2 * MINUTE) == 1
    assert [row.body["text"] for row in await closing.told_client()] == ["Яка у вас версія?", "А де ви це бачите?"]
    assert (await closing.ticket(ticket)).is_open


async def test_silence_after_an_answer_means_solved(closing: Closing) -> None:
    [ticket] = await closing.asked(approval=True)
    await closing.sweep(FRIDAY + MINUTE)
    await closing.sweep(TEN_DAYS + 2 * MINUTE)
    assert (await closing.ticket(ticket)).outcome is Outcome.SOLVED


async def test_a_desk_that_was_down_for_weeks_still_warns_before_it_closes(closing: Closing) -> None:
    [ticket] = await closing.asked()
    late = TEN_DAYS + 21 * DAY
    assert await closing.sweep(late) == 1
    [row] = await closing.told_client()
    assert row.kind == "client_reminder"
    assert datetime.fromisoformat(row.body["closes_at"]) == late + 9 * DAY
    assert await closing.sweep(late + 8 * DAY) == 0
    assert await closing.sweep(late + 9 * DAY + MINUTE) == 1
    assert not (await closing.ticket(ticket)).is_open


async def test_whom_no_word_reaches_staff_call_and_nothing_is_closed(closing: Closing) -> None:
    [ticket] = await closing.asked(route=None)
    assert await closing.sweep(FRIDAY + MINUTE) == 1
    [alert] = await closing.world.told("alert")
    assert f"№{ticket.id}" in alert.body["text"]
    assert await closing.sweep(TEN_DAYS + DAY) == 0
    assert (await closing.ticket(ticket)).is_open


async def test_what_development_works_on_does_not_wait_for_the_client(desk: Waiting) -> None:
    await desk.asked(team=Team.DEVELOPMENT)
    assert await desk.sweep(FRIDAY + MINUTE) == 0


async def test_zero_is_never(desk: Waiting) -> None:
    desk.remind_after = timedelta(0)
    await desk.asked()
    assert await desk.sweep(FRIDAY + DAY * 10) == 0


async def test_a_clock_set_back_reminds_nobody_again(desk: Waiting) -> None:
    await desk.asked()
    sweeper = desk.sweeper()
    assert await desk.sweep(FRIDAY + MINUTE, sweeper) == 1
    assert await desk.sweep(FRIDAY - HOUR, sweeper) == 0
    assert await desk.sweep(FRIDAY + 2 * MINUTE, sweeper) == 0
    assert len(await desk.told_client()) == 1


async def test_a_backlog_goes_out_in_portions_a_minute_apart(desk: Waiting) -> None:
    await desk.asked(count=PORTION + 5)
    sweeper = desk.sweeper()
    assert await desk.sweep(FRIDAY + MINUTE, sweeper) == PORTION
    assert await desk.sweep(FRIDAY + MINUTE + timedelta(seconds=15), sweeper) == 0
    assert await desk.sweep(FRIDAY + 2 * MINUTE, sweeper) == 5


async def test_one_ticket_that_fails_keeps_no_other_waiting(desk: Waiting, monkeypatch: pytest.MonkeyPatch) -> None:
    sick, sound = await desk.asked(count=2)
    remind = desk.world.desk.remind_client

    async def broken(uow: UnitOfWork, ticket_id: int, **more: Any) -> Ticket:
        if ticket_id == sick.id:
            raise ZeroDivisionError
        return await remind(uow, ticket_id, **more)

    monkeypatch.setattr(desk.world.desk, "remind_client", broken)
    assert await desk.sweep(FRIDAY + MINUTE) == 1
    assert [row.ticket_ids for row in await desk.told_client()] == [(sound.id,)]


async def test_a_portion_of_sick_tickets_does_not_starve_the_rest(desk: Waiting, monkeypatch: pytest.MonkeyPatch) -> None:
    sick = {ticket.id for ticket in await desk.asked(count=PORTION)}
    [sound] = await desk.asked()
    remind, is_broken = desk.world.desk.remind_client, True

    async def broken(uow: UnitOfWork, ticket_id: int, **more: Any) -> Ticket:
        if is_broken and ticket_id in sick:
            raise ZeroDivisionError
        return await remind(uow, ticket_id, **more)

    monkeypatch.setattr(desk.world.desk, "remind_client", broken)
    sweeper = desk.sweeper()
    assert [await desk.sweep(FRIDAY + minutes * MINUTE, sweeper) for minutes in (1, 2, 3)] == [0, 1, 0]
    assert [row.ticket_ids for row in await desk.told_client()] == [(sound.id,)]
    is_broken = False
    assert await desk.sweep(FRIDAY + HOUR + 2 * MINUTE, sweeper) == PORTION


async def test_the_tick_drives_it(desk: Waiting) -> None:
    await desk.asked()
    world = desk.world
    from bot.sla.service import Ticker

    ticker = Ticker(storage=world.storage, promises=world.promises, staff=world.desk.staff, clock=world.clock, waiting=desk.sweeper())
    world.clock.set_to(FRIDAY + MINUTE)
    await ticker.tick()
    assert len(await desk.told_client("client_reminder")) == 1


async def test_closing_upon_a_ticket_that_moved_on_changes_nothing(closing: Closing) -> None:
    [ticket] = await closing.asked()
    await closing.sweep(FRIDAY + MINUTE)
    await closing.client_says(ticket, "Версія 3.1", "answer")
    async with closing.world.storage.write() as uow:
        await closing.world.desk.close_unanswered(uow, ticket.id, waited=10 * DAY)
        await uow.commit()
    again = await closing.ticket(ticket)
    assert (again.is_open, again.turn) == (True, Turn.STAFF)


async def test_the_client_opens_it_again_with_a_word(closing: Closing) -> None:
    [ticket] = await closing.asked()
    await closing.sweep(FRIDAY + MINUTE)
    await closing.sweep(TEN_DAYS + 2 * MINUTE)
    await closing.client_says(ticket, "Ось знімок", "answer")
    assert (await closing.ticket(ticket)).is_open
    async with closing.world.storage.write() as uow:
        await closing.world.desk.close(uow, ticket.id, Actor.agent(closing.world.olena), outcome=Outcome.SOLVED)
        await uow.commit()
