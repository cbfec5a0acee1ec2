"""Calendars that changed while the desk was down, or while it runs."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from bot.errors import Transient
from bot.model import Priority
from bot.sla.calendars import preset_calendars
from bot.sla.intervals import DayException
from bot.sla.policy import Policy
from bot.sla.recompute import fingerprint, recompute_all, recompute_if_changed
from bot.storage.memory import MemoryStorage
from tests.builders import TUESDAY
from tests.sla.calendars import kyiv
from tests.sla.desk import TickingDesk

RESTED = Policy(calendars=preset_calendars(exceptions=(DayException(on=date(2026, 11, 25), label="свято"),)))


@pytest.fixture
async def desk() -> TickingDesk:
    return await TickingDesk.on(MemoryStorage())


async def test_a_holiday_moves_every_running_clock_once(desk: TickingDesk) -> None:
    tickets = await desk.arrive(Priority.LOW, count=130)
    storage = desk.world.storage
    assert await recompute_if_changed(storage, desk.world.promises.policy, now=TUESDAY) == 0
    assert await recompute_if_changed(storage, RESTED, now=TUESDAY) == 130
    assert await recompute_if_changed(storage, RESTED, now=TUESDAY) == 0
    assert {(await desk.clock_of(ticket)).due_at for ticket in tickets} == {kyiv("2026-11-26 10:00")}
    assert {(await desk.clock_of(ticket)).generation for ticket in tickets} == {2}
    assert await recompute_all(storage, RESTED, now=TUESDAY) == 0


async def test_e25_the_next_tick_after_an_edit_keeps_the_new_calendar(desk: TickingDesk) -> None:
    [ticket] = await desk.arrive(Priority.LOW)
    await desk.tick()
    desk.world.promises.policy = RESTED
    await desk.tick(at=kyiv("2026-11-25 10:00"))
    assert (await desk.clock_of(ticket)).due_at == kyiv("2026-11-26 10:00")
    assert await desk.heard() == []
    await desk.tick(at=kyiv("2026-11-26 08:00"))
    assert [row.body["tickets"][0]["nudge"]["rung"] for row in await desk.heard()] == ["before"]


async def test_a_snooze_outlives_a_recompute(desk: TickingDesk) -> None:
    [ticket] = await desk.arrive()
    async with desk.world.storage.write() as uow:
        await desk.world.desk.snooze(uow, ticket.id, desk.world.olena, TUESDAY + timedelta(minutes=55))
        await uow.commit()
    await recompute_all(desk.world.storage, RESTED, now=TUESDAY + timedelta(minutes=5))
    assert (await desk.clock_of(ticket)).next_nudge_at == TUESDAY + timedelta(minutes=55)


def test_a_fingerprint_knows_hours_exceptions_and_the_zones_own_rules() -> None:
    plain = Policy()
    seen = {fingerprint(plain, year=2026), fingerprint(RESTED, year=2026)}
    seen.add(fingerprint(Policy(calendars=preset_calendars(zone="Europe/Helsinki")), year=2026))
    assert len(seen) == 3
    assert fingerprint(Policy(), year=2026) == fingerprint(plain, year=2026)
    # The same hours under zone rules that differ only later: what a new tzdata would bring.
    assert fingerprint(Policy(calendars=preset_calendars(zone="Africa/Casablanca")), year=2026) != fingerprint(
        Policy(calendars=preset_calendars(zone="Africa/Casablanca")), year=2027
    )


async def test_a_bug_in_recomputing_is_told_once_and_does_not_silence_the_nudges(desk: TickingDesk) -> None:
    await desk.arrive()
    await desk.tick()

    class Broken(Policy):
        @property
        def desk_calendar(self):  # type: ignore[no-untyped-def]
            if self.is_broken:
                raise ZeroDivisionError
            return self.calendars["desk"]

        is_broken = False

    policy = Broken(calendars=RESTED.calendars)
    Broken.is_broken = True
    desk.world.promises.policy = policy
    with pytest.raises(ZeroDivisionError):
        await desk.tick()
    Broken.is_broken = False
    assert (await desk.tick(after=timedelta(minutes=30))).nudged == 1


async def test_a_database_that_is_busy_while_recomputing_is_asked_again(desk: TickingDesk) -> None:
    [ticket] = await desk.arrive(Priority.LOW)
    await desk.tick()

    class Busy:
        is_busy = True

        def write(self):  # type: ignore[no-untyped-def]
            if self.is_busy:
                raise Transient()
            return desk.world.storage.write()

        def read(self):  # type: ignore[no-untyped-def]
            return desk.world.storage.read()

    busy = Busy()
    desk.world.promises.policy = RESTED
    ticker = desk.another_ticker(busy)  # type: ignore[arg-type]
    with pytest.raises(Transient):
        await ticker.tick()
    busy.is_busy = False
    await ticker.tick()
    assert (await desk.clock_of(ticket)).due_at == kyiv("2026-11-26 10:00")
