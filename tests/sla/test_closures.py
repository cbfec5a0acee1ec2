"""Emergency closing: what was written, what the calendars become, who hears of it, and that clocks move and move back."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import Forbidden, Rejected
from bot.model import Actor, Agent, ClockState, Closure, Priority, Route
from bot.ports import Storage
from bot.sla.calendars import preset_calendars
from bot.sla.closures import closed_during, read_until, without
from bot.sla.explain import account
from bot.sla.hours import Calendar
from bot.sla.intervals import DayException, Interval
from bot.sla.keeper import PolicyKeeper
from bot.sla.policy import Policy
from bot.sla.service import Ticker
from bot.storage.memory import MemoryStorage
from tests.builders import LEAD_CHAT, STAFF_CHAT, TUESDAY
from tests.sla.calendars import kyiv
from tests.sla.desk import TickingDesk

KYIV = ZoneInfo("Europe/Kyiv")
MINUTE = timedelta(minutes=1)
IRYNA, PETRO = Route(channel="telegram", recipient="501"), Route(channel="telegram", recipient="502")


def closure(start: str, end: str, *, because: str = "немає світла") -> Closure:
    return Closure(id=1, starts_at=kyiv(start), ends_at=kyiv(end), because=because, by="Олена")


# --- what was written -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("14:00", "2026-11-24 14:00"),
        (" 9:05 ", "2026-11-24 09:05"),
        ("25.11 09:00", "2026-11-25 09:00"),
        ("1.12.2026 8:00", "2026-12-01 08:00"),
        ("5.01 08:00", "2027-01-05 08:00"),
        ("2026-11-25T10:30", "2026-11-25 10:30"),
    ],
)
def test_a_time_is_the_desks_wall_clock(text: str, expected: str) -> None:
    assert read_until(text, now=TUESDAY, zone=KYIV) == kyiv(expected)


def test_an_offset_is_taken_at_its_word() -> None:
    assert read_until("2026-11-25T10:30+00:00", now=TUESDAY, zone=KYIV) == kyiv("2026-11-25 12:30")


@pytest.mark.parametrize("text", ["", "завтра", "25:00", "14.00", "31.02 10:00", "14:00 14:00", "99999999999:00"])
def test_what_is_no_time_is_refused_politely(text: str) -> None:
    with pytest.raises(Rejected, match="Напишіть, наприклад, 14:00"):
        read_until(text, now=TUESDAY, zone=KYIV)


# --- what the calendars become --------------------------------------------------------------------------------------------------


def test_hours_are_taken_out_of_every_calendar_but_always() -> None:
    policy = closed_during(Policy(), [closure("2026-11-24 10:00", "2026-11-24 14:00")])
    day = date(2026, 11, 24)
    assert [str(each) for each in policy.calendars["desk"].intervals_on(day)] == ["08:00-10:00", "14:00-17:00"]
    assert [str(each) for each in policy.calendars["weekdays"].intervals_on(day)] == ["00:00-10:00", "14:00-24:00"]
    assert policy.calendars["always"] == Policy().calendars["always"]
    found = policy.calendars["desk"].exception_on(day)
    assert found is not None
    assert found.label == "немає світла"


def test_several_days_and_several_closures_add_up() -> None:
    closures = [closure("2026-11-24 16:00", "2026-11-26 09:00"), closure("2026-11-26 08:30", "2026-11-26 10:00", because="тривога")]
    desk = closed_during(Policy(), closures).calendars["desk"]
    shown = {day: [str(each) for each in desk.intervals_on(date(2026, 11, day))] for day in (24, 25, 26, 27)}
    assert shown == {24: ["08:00-12:30", "13:30-16:00"], 25: [], 26: ["10:00-12:30", "13:30-17:00"], 27: ["08:00-12:30", "13:30-17:00"]}
    labels = [each.label for each in desk.exceptions]
    assert labels == ["немає світла", "немає світла", "немає світла, тривога"]


def test_a_short_day_stays_short_and_keeps_its_name() -> None:
    short = DayException(on=date(2026, 12, 31), intervals=(Interval.parse("08:00-12:30"),), label="короткий день")
    desk = preset_calendars(exceptions=(short,))["desk"]
    changed = without(desk, [closure("2026-12-31 09:00", "2026-12-31 15:00")]).exception_on(short.on)
    assert changed is not None
    assert (changed.intervals, changed.label) == ((Interval.parse("08:00-09:00"),), "короткий день, немає світла")


def test_nothing_taken_out_leaves_the_same_policy() -> None:
    policy = Policy()
    assert closed_during(policy, []) is policy
    assert closed_during(policy, [closure("2026-11-24 10:00", "2026-11-24 10:00")]) is policy
    assert without(policy.desk_calendar, [closure("2026-11-28 10:00", "2026-11-29 10:00")]) is policy.desk_calendar


INSTANTS = st.integers(0, 9 * 24 * 60).map(lambda minute: datetime.fromisoformat("2026-10-21T00:00+03:00") + minute * MINUTE)


@given(st.lists(st.tuples(INSTANTS, INSTANTS), max_size=4), st.lists(INSTANTS, min_size=1, max_size=30))
def test_open_is_what_was_open_and_is_not_closed(spans: list[tuple[datetime, datetime]], instants: list[datetime]) -> None:
    """Over a week in which Kyiv leaves summer time; a closure that begins or ends in the repeated hour takes out both of its passes."""
    closures = [
        Closure(id=1, starts_at=min(span), ends_at=max(span), because="x", by="")
        for span in spans
        if not any(_is_repeated(edge) for edge in span)
    ]
    calendar: Calendar = Policy().calendars["weekdays"]
    changed = without(calendar, closures)
    for at in instants:
        is_shut = any(each.starts_at <= at < each.ends_at for each in closures)
        assert changed.is_open(at) == (calendar.is_open(at) and not is_shut), at


def _is_repeated(at: datetime) -> bool:
    local = at.astimezone(KYIV)
    return local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()


# --- who hears of it, and what moves --------------------------------------------------------------------------------------------


class ClosingDesk(TickingDesk):
    """A desk whose ticker minds closures."""

    def another_ticker(self, storage: Storage | None = None) -> Ticker:
        world = self.world
        keeper = PolicyKeeper(storage=world.storage, promises=world.promises)
        return Ticker(storage=storage or world.storage, promises=world.promises, staff=world.desk.staff, clock=world.clock, keeper=keeper)

    async def waits(self, priority: Priority = Priority.URGENT, **fields: Any) -> Any:
        [ticket] = await self.arrive(priority)
        async with self.world.storage.write() as uow:
            found = await uow.tickets.get(ticket.id)
            assert found is not None
            uow.tickets.save(replace(found, **{"route": IRYNA, **fields}))
            await uow.commit()
        return ticket

    async def close_until(self, at: str, because: str = "немає світла", by: Agent | None = None) -> None:
        async with self.world.storage.write() as uow:
            await self.world.desk.close_until(uow, kyiv(at), Actor.agent(by or self.world.taras), because=because)
            await uow.commit()

    async def open_again(self) -> None:
        async with self.world.storage.write() as uow:
            await self.world.desk.open_again(uow, Actor.agent(self.world.taras))
            await uow.commit()

    async def said(self, route: Route, kind: str = "say") -> list[str]:
        async with self.world.storage.read() as uow:
            return [row.body["text"] for row in await uow.outbox.sent_to(route, limit=50, kinds=[kind])]


async def desk_on(store: Storage) -> ClosingDesk:
    desk = await ClosingDesk.on(store)
    assert isinstance(desk, ClosingDesk)
    return desk


async def test_on_every_store_clocks_move_clients_hear_it_once_and_opening_moves_them_back(store: Storage) -> None:
    desk = await desk_on(store)
    first, second = await desk.waits(), await desk.waits(Priority.LOW)
    petros = await desk.waits(contact_id=desk.world.petro.id, client_id=desk.world.mill.id, route=PETRO)
    await desk.tick()
    await desk.close_until("2026-11-24 14:00")
    await desk.tick(after=15 * timedelta(seconds=1))
    assert (await desk.clock_of(first)).due_at == kyiv("2026-11-24 15:00")
    assert (await desk.clock_of(second)).due_at == kyiv("2026-11-25 14:00")
    assert await desk.said(IRYNA) == [
        f"Ми тимчасово не працюємо до сьогодні 14:00: немає світла. Звернення №{first.id}, №{second.id} у черзі: "
        "відповімо, щойно відновимо роботу."
    ]
    assert [f"№{petros.id}" in text for text in await desk.said(PETRO)] == [True]
    for _ in range(8):
        await desk.tick(after=15 * MINUTE)
    assert await desk.heard() == []
    assert len(await desk.said(IRYNA)) == 1
    await desk.open_again()
    await desk.tick(after=MINUTE)
    moved = await desk.clock_of(first)
    # Opened at 12:00:15, lunch is 12:30-13:30: what was closed stays taken out.
    assert (moved.due_at, moved.generation, moved.state) == (kyiv("2026-11-24 14:00:15"), 3, ClockState.RUNNING)
    assert [event.data["to"] for event in await desk.events_of(first, "clock_moved")] == [
        kyiv("2026-11-24 15:00").isoformat(),
        moved.due_at.isoformat(),
    ]
    alerts = await desk.said(STAFF_CHAT, "alert")
    assert len(alerts) == 2
    assert "14:00: немає світла. Зачиняє Тарас." in alerts[0]
    assert "Відкриває Тарас." in alerts[1]
    assert await desk.said(LEAD_CHAT, "alert") == alerts


async def test_a_restart_keeps_what_was_closed(store: Storage) -> None:
    desk = await desk_on(store)
    ticket = await desk.waits()
    await desk.close_until("2026-11-24 14:00")
    await desk.tick(after=MINUTE)
    desk.world.promises.policy = Policy()
    desk.ticker = desk.another_ticker()
    await desk.tick(after=MINUTE)
    assert (await desk.clock_of(ticket)).due_at == kyiv("2026-11-24 15:00")
    assert len(await desk.said(IRYNA)) == 1


async def test_two_processes_tell_each_client_once(store: Storage) -> None:
    desk = await desk_on(store)
    await desk.waits()
    await desk.close_until("2026-11-24 14:00")
    other = desk.another_ticker()
    await desk.tick(after=MINUTE)
    await other.tick()
    assert len(await desk.said(IRYNA)) == 1


async def test_a_ticket_opened_by_a_process_that_did_not_know_yet_is_found_by_the_second_look() -> None:
    desk = await desk_on(MemoryStorage())
    await desk.tick()
    await desk.close_until("2026-11-24 14:00")
    await desk.tick(after=timedelta(seconds=15))
    changed, desk.world.promises.policy = desk.world.promises.policy, Policy()
    late = await desk.waits()
    desk.world.promises.policy = changed
    assert (await desk.clock_of(late)).due_at == TUESDAY + timedelta(hours=1, seconds=15)
    await desk.tick(after=2 * MINUTE)
    assert (await desk.clock_of(late)).due_at == kyiv("2026-11-24 15:00")


async def test_who_owes_us_an_answer_is_not_told() -> None:
    desk = await desk_on(MemoryStorage())
    ticket = await desk.waits()
    async with desk.world.storage.write() as uow:
        await desk.world.desk.ask(uow, ticket.id, desk.world.olena, "Яка версія?")
        await uow.commit()
    await desk.close_until("2026-11-24 14:00")
    await desk.tick(after=MINUTE)
    assert await desk.said(IRYNA) == []


async def test_a_closing_that_is_over_before_anybody_ticks_is_not_told() -> None:
    desk = await desk_on(MemoryStorage())
    await desk.waits()
    await desk.close_until("2026-11-24 10:30")
    await desk.tick(at=kyiv("2026-11-24 10:31"))
    assert await desk.said(IRYNA) == []


@pytest.mark.parametrize(
    ("at", "until", "because", "said"),
    [
        ("10:00", "2026-11-24 09:00", "світло", "уже минув"),
        ("10:00", "2026-12-24 09:00", "світло", "щонайбільше на 14 днів"),
        ("10:00", "2026-11-24 14:00", "  ", "Напишіть причину"),
        ("18:00", "2026-11-25 07:00", "світло", "й так не працює"),
    ],
)
async def test_what_makes_no_sense_is_refused(at: str, until: str, because: str, said: str) -> None:
    desk = await desk_on(MemoryStorage())
    desk.world.clock.set_to(kyiv(f"2026-11-24 {at}"))
    with pytest.raises(Rejected, match=said):
        await desk.close_until(until, because)


async def test_an_agent_is_told_politely_that_a_lead_closes_the_desk() -> None:
    desk = await desk_on(MemoryStorage())
    with pytest.raises(Forbidden) as refused:
        await desk.close_until("2026-11-24 14:00", by=desk.world.olena)
    assert "Попросіть: Тарас." in str(refused.value)
    with pytest.raises(Forbidden):
        await desk.close_until("2026-11-24 14:00", by=replace(desk.world.taras, id=999))
    await desk.close_until("2026-11-24 14:00")
    with pytest.raises(Forbidden):
        async with desk.world.storage.write() as uow:
            await desk.world.desk.open_again(uow, Actor.agent(desk.world.olena))


async def test_closed_twice_for_the_same_is_closed_and_told_once() -> None:
    desk = await desk_on(MemoryStorage())
    await desk.waits()
    for _ in range(2):
        await desk.close_until("2026-11-24 14:00")
        await desk.tick()
    await desk.close_until("2026-11-24 15:00")
    async with desk.world.storage.read() as uow:
        assert [each.ends_at for each in await uow.closures.all()] == [kyiv("2026-11-24 14:00"), kyiv("2026-11-24 15:00")]
    assert len(await desk.said(STAFF_CHAT, "alert")) == 2


async def test_an_open_desk_cannot_be_opened() -> None:
    desk = await desk_on(MemoryStorage())
    with pytest.raises(Rejected, match="не зачинено"):
        await desk.open_again()


@pytest.mark.parametrize(
    ("start", "end", "labels"),
    [
        ("2026-11-24 10:00", "2026-11-24 12:00", [("немає світла",), ()]),
        ("2026-11-24 10:00", "2026-11-24 14:00", [("немає світла",)]),
        ("2026-11-24 15:00", "2026-11-25 09:00", [(), ("немає світла",)]),
    ],
)
def test_a_nudge_names_the_closing_that_it_did_not_count_and_no_lunch_after_it(start: str, end: str, labels: list[tuple[str, ...]]) -> None:
    desk = closed_during(Policy(), [closure(start, end)]).desk_calendar
    told = account(desk, kyiv("2026-11-24 09:30"), kyiv("2026-11-25 10:00"))
    assert [each.labels for each in told.skipped][: len(labels)] == labels
