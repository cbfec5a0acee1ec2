"""Who is on duty, who is away, who stands in; and who therefore hears a nudge, and why it says so."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot.channels.telegram.page import Reader
from bot.channels.telegram.render_nudge import nudge as telegram_nudge
from bot.duty import who_is_on_duty
from bot.model import Absence, Agent, Delivery, Priority, Role, Shift
from bot.sla.calendars import preset_calendars
from bot.sla.roster import Roster, Why
from bot.storage.memory import MemoryStorage
from tests.builders import LEAD_CHAT, STAFF_CHAT, TUESDAY
from tests.sla.calendars import KYIV, kyiv
from tests.sla.desk import OLENAS_CHAT, TickingDesk

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
OLENA, TARAS, MARIIA = (Agent(id=n, name=name) for n, name in ((1, "Олена"), (2, "Тарас"), (3, "Марія")))
LEAD = Agent(id=4, name="Ганна", role=Role.LEAD)


def shift(agent: Agent, weekday: int, start: int = 8, end: int = 17) -> Shift:
    return Shift(agent_id=agent.id, weekday=weekday, start=start * 3600, end=end * 3600)


def absence(agent: Agent, start: str, end: str, substitute: Agent | None = None, because: str = "") -> Absence:
    return Absence(
        id=agent.id,
        agent_id=agent.id,
        starts_at=kyiv(start),
        ends_at=kyiv(end),
        substitute_id=substitute.id if substitute else None,
        because=because,
    )


def roster(*shifts: Shift, absences: tuple[Absence, ...] = ()) -> Roster:
    return Roster(zone="Europe/Kyiv", agents=(OLENA, TARAS, MARIIA, LEAD), shifts=shifts, absences=absences)


def names(of: Roster, at: str) -> list[str]:
    return [each.agent.name for each in of.on_duty(kyiv(at))]


def test_without_a_roster_everybody_is_on_duty_who_is_not_away() -> None:
    away = absence(TARAS, "2026-11-23 00:00", "2026-11-25 00:00")
    assert names(roster(absences=(away,)), "2026-11-24 10:00") == ["Ганна", "Марія", "Олена"]
    assert names(roster(absences=(away,)), "2026-11-25 00:00") == ["Ганна", "Марія", "Олена", "Тарас"]


def test_shifts_are_the_desks_wall_clock_and_end_exclusively() -> None:
    of = roster(shift(OLENA, 1, 8, 13), shift(TARAS, 1, 13, 17))
    assert [names(of, f"2026-11-24 {at}") for at in ("07:59", "08:00", "12:59", "13:00", "16:59", "17:00")] == [
        [], ["Олена"], ["Олена"], ["Тарас"], ["Тарас"], [],
    ]  # fmt: skip
    assert of.on_duty(kyiv("2026-11-24 09:00"))[0].until == kyiv("2026-11-24 13:00")


def test_a_shift_that_lasts_until_midnight_ends_at_the_next_day() -> None:
    [each] = roster(shift(OLENA, 1, 20, 24)).on_duty(kyiv("2026-11-24 23:59"))
    assert each.until == kyiv("2026-11-25 00:00")


def test_the_clocks_change_inside_a_shift() -> None:
    # Sunday 29 March 2026, 03:00 becomes 04:00: the shift of 0 to 6 lasts five hours.
    of = roster(shift(OLENA, 6, 0, 6))
    assert names(of, "2026-03-29 05:59") == ["Олена"]
    assert of.on_duty(kyiv("2026-03-29 04:30"))[0].until == kyiv("2026-03-29 06:00")


def test_a_substitute_stands_in_and_says_for_whom() -> None:
    of = roster(shift(OLENA, 1), absences=(absence(OLENA, "2026-11-24 00:00", "2026-11-26 00:00", TARAS),))
    [each] = of.on_duty(kyiv("2026-11-24 10:00"))
    assert (each.agent, each.instead_of, each.until) == (TARAS, (OLENA,), kyiv("2026-11-26 00:00"))


def test_a_substitute_who_is_away_too_has_their_own_and_circles_end() -> None:
    away = absence(OLENA, "2026-11-24 00:00", "2026-11-26 00:00", TARAS)
    too = absence(TARAS, "2026-11-24 00:00", "2026-11-25 00:00", MARIIA)
    assert roster(absences=(away, too)).stand_in(OLENA.id, kyiv("2026-11-24 10:00")) == MARIIA
    assert roster(absences=(away, too)).stand_in(OLENA.id, kyiv("2026-11-25 10:00")) == TARAS
    circle = replace(too, substitute_id=OLENA.id)
    assert roster(absences=(away, circle)).stand_in(OLENA.id, kyiv("2026-11-24 10:00")) is None


def test_a_substitute_who_left_is_nobody() -> None:
    of = roster(shift(OLENA, 1), absences=(absence(OLENA, "2026-11-24 00:00", "2026-11-26 00:00", TARAS),))
    of = replace(of, agents=(OLENA, replace(TARAS, is_active=False), LEAD))
    assert of.stand_in(OLENA.id, kyiv("2026-11-24 10:00")) is None
    assert of.on_duty(kyiv("2026-11-24 10:00")) == ()


def test_away_says_why_and_until_when() -> None:
    of = roster(shift(OLENA, 1), shift(OLENA, 3), absences=(absence(TARAS, "2026-11-24 00:00", "2026-11-26 00:00", because="відпустка"),))
    off = of.away(OLENA.id, kyiv("2026-11-24 18:00"))
    assert off is not None
    assert (off.why, off.until) == (Why.OFF_SHIFT, kyiv("2026-11-26 08:00"))
    gone = of.away(TARAS.id, kyiv("2026-11-24 10:00"))
    assert gone is not None
    assert (gone.why, gone.until, gone.because) == (Why.ABSENT, kyiv("2026-11-26 00:00"), "відпустка")
    assert of.away(MARIIA.id, kyiv("2026-11-24 10:00")) is None
    nobody = of.away(99, kyiv("2026-11-24 10:00"))
    assert nobody is not None
    assert nobody.why is Why.GONE


def test_absences_that_follow_one_another_are_one() -> None:
    one = absence(OLENA, "2026-11-24 00:00", "2026-11-25 00:00")
    of = roster(absences=(one, replace(one, id=9, starts_at=one.ends_at, ends_at=one.ends_at + DAY)))
    away = of.away(OLENA.id, kyiv("2026-11-24 10:00"))
    assert away is not None
    assert away.until == kyiv("2026-11-26 00:00")


@pytest.mark.parametrize("language", ["uk", "en"])
def test_who_is_on_duty_in_words(language: str) -> None:
    of = roster(shift(OLENA, 1), absences=(absence(OLENA, "2026-11-24 00:00", "2026-11-26 00:00", TARAS, "відпустка"),))
    desk = preset_calendars()["desk"]
    lines = who_is_on_duty(of, desk, now=kyiv("2026-11-24 10:00"), language=language)
    assert len(lines) == 2
    assert "Тарас" in lines[0]
    assert "відпустка" in lines[1]
    night = who_is_on_duty(of, desk, now=kyiv("2026-11-24 18:00"), language=language)
    assert "Ганна" in night[1]
    assert "08:00" in night[0]


# --- nudges ---


async def keep(desk: TickingDesk, *shifts: Shift) -> None:
    async with desk.world.storage.write() as uow:
        for each in shifts:
            await uow.duty.set_shifts(each.agent_id, [each])
        await uow.commit()


async def leave(desk: TickingDesk, agent: Agent, *, substitute: Agent | None, until: datetime = TUESDAY + 3 * DAY) -> None:
    async with desk.world.storage.write() as uow:
        await uow.duty.add_absence(
            agent_id=agent.id,
            starts_at=TUESDAY - DAY,
            ends_at=until,
            substitute_id=substitute.id if substitute else None,
            because="відпустка",
        )
        await uow.commit()


async def nudged(desk: TickingDesk) -> list[Delivery]:
    """What is heard of a ticket half an hour before its due."""
    await desk.tick(after=30 * MINUTE)
    return await desk.heard()


def listeners(row: Delivery) -> dict[str, object]:
    found = row.body["tickets"][0]["nudge"]["listeners"]
    assert isinstance(found, dict)
    return found


async def test_an_owner_who_is_away_is_stood_in_for_and_it_says_so() -> None:
    desk = await TickingDesk.on(MemoryStorage())
    world = desk.world
    await leave(desk, world.olena, substitute=world.taras)
    await desk.arrive(Priority.URGENT, to=world.olena)
    [row] = await nudged(desk)
    assert row.route.recipient == world.taras.telegram_id
    assert (listeners(row)["away_why"], listeners(row)["stand_in"]) == ("absent", "Тарас")
    page = telegram_nudge(row.body, Reader(language="uk", zone=KYIV, now=world.clock.now()))
    assert "📅 Олена не на роботі до пт 27.11 10:00 (відпустка); замість: Тарас" in page.head


async def test_an_owner_who_is_away_with_nobody_in_their_place_leaves_it_to_everybody() -> None:
    desk = await TickingDesk.on(MemoryStorage())
    await leave(desk, desk.world.olena, substitute=None)
    await desk.arrive(Priority.URGENT, to=desk.world.olena)
    [row] = await nudged(desk)
    assert (row.route, listeners(row)["away_why"]) == (STAFF_CHAT, "absent")


async def test_an_owner_off_shift_still_hears_it_and_so_do_those_who_are_there() -> None:
    desk = await TickingDesk.on(MemoryStorage())
    world = desk.world
    await keep(desk, shift(world.olena, 1, 13, 17), shift(world.taras, 1, 8, 13))
    await desk.arrive(Priority.URGENT, to=world.olena)
    rows = await nudged(desk)
    assert {row.route for row in rows} == {STAFF_CHAT, OLENAS_CHAT}
    assert listeners(rows[0])["on_duty"] == ["Тарас"]


async def test_nobodys_ticket_names_the_people_of_the_shift() -> None:
    desk = await TickingDesk.on(MemoryStorage())
    await keep(desk, shift(desk.world.olena, 1))
    await desk.arrive(Priority.URGENT)
    [row] = await nudged(desk)
    assert (row.route, listeners(row)["on_duty"]) == (STAFF_CHAT, ["Олена"])


async def test_with_nobody_on_duty_the_lead_hears_it_before_the_due() -> None:
    desk = await TickingDesk.on(MemoryStorage())
    await keep(desk, shift(desk.world.olena, 4))
    await desk.arrive(Priority.URGENT)
    rows = await nudged(desk)
    assert {row.route for row in rows} == {STAFF_CHAT, LEAD_CHAT}
    assert all(listeners(row)["is_unattended"] for row in rows)


async def test_a_desk_without_a_roster_is_nudged_as_ever() -> None:
    desk = await TickingDesk.on(MemoryStorage())
    await desk.arrive(Priority.URGENT)
    [row] = await nudged(desk)
    assert (row.route, listeners(row)["on_duty"], listeners(row)["is_unattended"]) == (STAFF_CHAT, [], False)


async def test_back_early_the_owner_hears_it_again() -> None:
    desk = await TickingDesk.on(MemoryStorage())
    world = desk.world
    await leave(desk, world.olena, substitute=world.taras)
    async with world.storage.write() as uow:
        await uow.duty.end_absences(world.olena.id, at=TUESDAY)
        await uow.commit()
    await desk.arrive(Priority.URGENT, to=world.olena)
    [row] = await nudged(desk)
    assert row.route == OLENAS_CHAT
