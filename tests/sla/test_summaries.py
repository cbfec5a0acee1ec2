"""The morning digest and the week's summary: when, once, and what they say."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import date, datetime, time, timedelta

import pytest

from bot import summary_words
from bot.channels.site.render import Reader as SiteReader
from bot.channels.site.render_staff import entry
from bot.channels.telegram.page import Reader
from bot.channels.telegram.render_staff import KINDS
from bot.model import Delivery, Priority
from bot.ports import Storage
from bot.sla.calendars import preset_calendars
from bot.sla.herald import Herald
from bot.sla.hours import Calendar
from bot.sla.intervals import DayException, Interval
from bot.sla.policy import Policy
from bot.sla.service import Ticker
from bot.sla.summaries import is_time, morning_slot, week_slot
from bot.storage.memory import MemoryStorage
from bot.texts import moment, translator
from tests.builders import LEAD_CHAT, STAFF_CHAT
from tests.sla.calendars import KYIV, kyiv, kyiv_desk
from tests.sla.desk import TickingDesk

MORNING, EVENING = time(8, 5), time(16, 30)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
SHORT = DayException(on=date(2026, 11, 27), intervals=(Interval.parse("08:00-12:30"),))


def off(day: int) -> DayException:
    return DayException(on=date(2026, 11, day), label="свято")


@pytest.mark.parametrize(
    ("desk", "now", "slot"),
    [
        (kyiv_desk(), "2026-11-24 06:00", "2026-11-24 08:05"),
        (kyiv_desk(), "2026-11-24 15:00", "2026-11-24 08:05"),
        (kyiv_desk(off(24)), "2026-11-24 09:00", None),
        (kyiv_desk(), "2026-11-28 09:00", None),
        # The desk opens late: closed by an emergency, or so by its hours.
        (
            kyiv_desk(DayException(on=date(2026, 11, 24), intervals=(Interval.parse("11:00-17:00"),))),
            "2026-11-24 09:00",
            "2026-11-24 11:00",
        ),
        # The clocks change that night.
        (preset_calendars()["always"], "2026-10-25 09:00", "2026-10-25 08:05"),
    ],
)
def test_the_morning_is_at_its_time_or_when_the_desk_opens(desk: Calendar, now: str, slot: str | None) -> None:
    assert morning_slot(desk, MORNING, kyiv(now)) == (kyiv(slot) if slot else None)


@pytest.mark.parametrize(
    ("desk", "now", "slot"),
    [
        (kyiv_desk(), "2026-11-27 10:00", "2026-11-27 16:30"),
        (kyiv_desk(), "2026-11-26 10:00", None),
        (kyiv_desk(off(27)), "2026-11-26 10:00", "2026-11-26 16:30"),
        (kyiv_desk(off(27)), "2026-11-27 10:00", None),
        (kyiv_desk(SHORT), "2026-11-27 10:00", "2026-11-27 12:00"),
        (kyiv_desk(*(off(day) for day in range(23, 28))), "2026-11-27 10:00", None),
    ],
)
def test_the_week_ends_on_friday_or_the_last_working_day_before_it(desk: Calendar, now: str, slot: str | None) -> None:
    assert week_slot(desk, EVENING, kyiv(now)) == (kyiv(slot) if slot else None)


def test_it_is_time_from_the_slot_on_for_four_hours_and_never_at_lunch() -> None:
    desk, slot = kyiv_desk(), kyiv("2026-11-24 08:05")
    assert [is_time(desk, slot, kyiv(f"2026-11-24 {at}")) for at in ("08:04", "08:05", "12:00", "12:45", "14:00")] == [
        False, True, True, False, False,
    ]  # fmt: skip
    assert not is_time(desk, None, slot)


# --- said ---


def herald(desk: TickingDesk, storage: Storage | None = None) -> Herald:
    world = desk.world
    return Herald(storage=storage or world.storage, promises=world.promises, staff=world.desk.staff, morning_at=MORNING, week_at=EVENING)


async def said(desk: TickingDesk) -> list[Delivery]:
    async with desk.world.storage.read() as uow:
        rows = [row for chat in (STAFF_CHAT, LEAD_CHAT) for row in await uow.outbox.sent_to(chat, limit=100, kinds=["summary"])]
    return sorted(rows, key=lambda row: row.id)


async def from_monday(*, policy: Policy | None = None, storage: Storage | None = None) -> TickingDesk:
    """A desk that has run since Sunday: nothing of it is new."""
    desk = await TickingDesk.on(storage or MemoryStorage(), policy=policy)
    desk.world.clock.set_to(kyiv("2026-11-22 12:00"))
    await herald(desk).sweep(desk.world.clock.now())
    return desk


def at(desk: TickingDesk, text: str) -> datetime:
    desk.world.clock.set_to(kyiv(text))
    return kyiv(text)


async def test_a_week_of_sweeps_says_each_once_and_nothing_on_a_day_off() -> None:
    policy = Policy(calendars=preset_calendars(exceptions=(off(25),)))
    desk = await from_monday(policy=policy)
    voice, now = herald(desk), kyiv("2026-11-23 00:00")
    while now < kyiv("2026-11-30 00:00"):
        await voice.sweep(now)
        now += 10 * MINUTE
    told = [(row.route, row.created_at) for row in await said(desk)]
    assert told == [
        (STAFF_CHAT, kyiv("2026-11-23 08:10")),
        (STAFF_CHAT, kyiv("2026-11-24 08:10")),
        (STAFF_CHAT, kyiv("2026-11-26 08:10")),
        (STAFF_CHAT, kyiv("2026-11-27 08:10")),
        (LEAD_CHAT, kyiv("2026-11-27 16:30")),
    ]


async def test_a_restart_a_second_process_and_a_clock_set_back_say_nothing_twice(store: Storage) -> None:
    desk = await from_monday(storage=store)
    now = at(desk, "2026-11-23 08:06")
    await asyncio.gather(*(herald(desk).sweep(now) for _ in range(4)))
    await herald(desk).sweep(now + HOUR)
    await herald(desk).sweep(now - MINUTE / 2)
    assert len(await said(desk)) == 1


async def test_after_a_morning_down_it_is_made_up_for_until_noon() -> None:
    desk = await from_monday()
    await herald(desk).sweep(at(desk, "2026-11-23 11:30"))
    await herald(desk).sweep(at(desk, "2026-11-24 12:10"))
    assert [row.created_at for row in await said(desk)] == [kyiv("2026-11-23 11:30")]


async def test_a_desk_that_is_new_today_begins_tomorrow() -> None:
    desk = await TickingDesk.on(MemoryStorage())
    voice = herald(desk)
    await voice.sweep(at(desk, "2026-11-24 10:00"))
    await voice.sweep(at(desk, "2026-11-24 10:01"))
    assert await said(desk) == []
    await voice.sweep(at(desk, "2026-11-25 08:05"))
    assert len(await said(desk)) == 1


async def test_off_is_off() -> None:
    desk = await from_monday()
    world = desk.world
    mute = Herald(storage=world.storage, promises=world.promises, staff=world.desk.staff, morning_at=None, week_at=None)
    await mute.sweep(at(desk, "2026-11-27 16:40"))
    assert await said(desk) == []


async def test_the_morning_counts_what_is_open_overdue_due_today_and_waiting(store: Storage) -> None:
    desk = await from_monday(storage=store)
    world = desk.world
    late, today, tomorrow, waits = [
        (await desk.arrive(priority, at=kyiv(received)))[0]
        for priority, received in (
            (Priority.URGENT, "2026-11-23 15:00"),
            (Priority.LOW, "2026-11-23 16:00"),
            (Priority.LOW, "2026-11-24 08:00"),
            (Priority.LOW, "2026-11-23 10:00"),
        )
    ]
    now = at(desk, "2026-11-24 08:05")
    async with world.storage.write() as uow:
        await world.desk.ask(uow, waits.id, world.olena, "Який номер каси?")
        await uow.commit()
    await herald(desk).sweep(now)
    [row] = [row for row in await said(desk) if row.created_at == now]
    body = row.body
    counts = {name: body[name] for name in ("open", "nobodys", "urgent", "overdue", "due_today", "waiting", "more")}
    assert counts == {"open": 4, "nobodys": 3, "urgent": 1, "overdue": 1, "due_today": 1, "waiting": 1, "more": 0}
    assert [(each["id"], each["is_overdue"]) for each in body["pressing"]] == [(late.id, True), (today.id, False)]
    assert tomorrow.id not in {each["id"] for each in body["pressing"]}


async def test_the_week_tells_the_numbers_of_the_report() -> None:
    desk = await from_monday()
    world = desk.world
    at(desk, "2026-11-24 10:00")
    [kept], [broken] = await desk.arrive(Priority.URGENT), await desk.arrive(Priority.URGENT)
    at(desk, "2026-11-24 10:20")
    async with world.storage.write() as uow:
        await world.desk.reply(uow, kept.id, world.olena, "Готово.")
        await uow.commit()
    await herald(desk).sweep(at(desk, "2026-11-27 16:30"))
    row = (await said(desk))[-1]
    assert row.route == LEAD_CHAT
    [promise] = row.body["promises"]
    assert promise == {"kind": "reaction", "in_time": 1, "late": 1, "running": 0, "share": 0.5, "median": 1200.0}
    assert [each["id"] for each in row.body["breaches"]] == [broken.id]
    told = summary_words.lines(row.body, say=translator("uk"), at=lambda iso: iso, language="uk")
    assert "Реакція: вчасно 1 із 2 (50.0 %), медіана 20 хв робочого часу." in told


@pytest.mark.parametrize("language", ["uk", "en"])
async def test_both_channels_show_both_in_both_languages(language: str) -> None:
    desk = await from_monday()
    await desk.arrive(Priority.URGENT, at=kyiv("2026-11-23 09:00"))
    await herald(desk).sweep(at(desk, "2026-11-24 08:05"))
    await herald(desk).sweep(at(desk, "2026-11-27 16:30"))
    for row in await said(desk):
        now = row.created_at
        page = KINDS["summary"](row.body, Reader(language=language, zone=KYIV, now=now))
        item = entry(row, SiteReader(language=language, zone=KYIV, now=now))
        assert "№1" in page.text
        assert page.text == "\n".join(item.lines)
        assert ("Прострочено" in page.text) == (language == "uk" and row.body["what"] == "morning")


def test_an_empty_desk_is_said_in_a_line() -> None:
    empty = {"what": "morning", "open": 0, "nobodys": 0, "urgent": 0, "overdue": 0, "due_today": 0, "waiting": 0, "pressing": [], "more": 0}
    at = kyiv("2026-11-24 08:05")
    lines = summary_words.lines(empty, say=translator("uk"), at=lambda iso: moment(at, zone=KYIV, language="uk"), language="uk")
    assert lines == ["Відкритих звернень немає."]


class Clumsy:
    async def sweep(self, now: datetime) -> int:
        raise ZeroDivisionError


async def test_the_tick_drives_it_and_a_bug_beside_it_stops_neither() -> None:
    desk = await from_monday()
    world = desk.world
    ticker = Ticker(
        storage=world.storage, promises=world.promises, staff=world.desk.staff, clock=world.clock, others=(Clumsy(), herald(desk))
    )
    at(desk, "2026-11-24 08:05")
    await ticker.tick()
    assert [row.body["what"] for row in await said(desk)] == ["morning"]


async def test_a_closed_morning_puts_it_off_until_the_desk_opens() -> None:
    desk = await from_monday()
    late = DayException(on=date(2026, 11, 24), intervals=(Interval.parse("10:00-12:30"), Interval.parse("13:30-17:00")))
    desk.world.promises.policy = replace(desk.world.promises.policy, calendars=preset_calendars(exceptions=(late,)))
    voice = herald(desk)
    for clock in ("08:05", "09:59", "10:00"):
        await voice.sweep(at(desk, f"2026-11-24 {clock}"))
    assert [row.created_at for row in await said(desk)] == [kyiv("2026-11-24 10:00")]
