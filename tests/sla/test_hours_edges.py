"""The named edge cases of calendar arithmetic, E1-E14 and E26, each on this desk's hours or in the zone that is known for it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.sla.calendars import parse_calendar, preset_calendars
from bot.sla.hours import Calendar
from bot.sla.intervals import DayException, Interval, InvalidCalendar
from tests.sla.calendars import KYIV, kyiv, kyiv_desk

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
DAILY = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def every_day(zone: str, *intervals: str) -> Calendar:
    return parse_calendar("daily", zone=zone, weekly=dict.fromkeys(DAILY, intervals))


@pytest.mark.parametrize(
    ("received", "due"),
    [
        ("2026-11-24 08:00", "2026-11-24 09:00"),  # at the opening
        ("2026-11-24 17:00", "2026-11-25 09:00"),  # at the closing
        ("2026-11-24 12:30", "2026-11-24 14:30"),  # as lunch starts
        ("2026-11-24 13:30", "2026-11-24 14:30"),  # as lunch ends
    ],
)
def test_e01_received_exactly_at_an_edge(received: str, due: str) -> None:
    assert kyiv_desk().deadline(kyiv(received), HOUR) == kyiv(due)


@pytest.mark.parametrize(("received", "due"), [("2026-11-24 11:30", "2026-11-24 12:30"), ("2026-11-24 16:00", "2026-11-24 17:00")])
def test_e02_a_full_duration_ends_at_the_closing_edge(received: str, due: str) -> None:
    assert kyiv_desk().deadline(kyiv(received), HOUR) == kyiv(due)


def test_e03_received_in_lunch() -> None:
    assert kyiv_desk().deadline(kyiv("2026-11-24 12:45"), HOUR) == kyiv("2026-11-24 14:30")


@pytest.mark.parametrize("received", ["2026-11-28 11:00", "2026-11-29 23:59:59", "2026-11-27 21:00", "2026-11-30 03:00"])
def test_e04_received_while_closed_counts_from_the_opening(received: str) -> None:
    assert kyiv_desk().deadline(kyiv(received), HOUR) == kyiv("2026-11-30 09:00")


def test_e05_a_holiday_inside_the_span_counts_nothing() -> None:
    rested = kyiv_desk(DayException(on=date(2026, 11, 25), label="свято"))
    assert rested.deadline(kyiv("2026-11-24 16:30"), HOUR) == kyiv("2026-11-26 08:30")


def test_e06_a_working_saturday_and_a_short_day() -> None:
    desk = kyiv_desk(
        DayException(on=date(2026, 12, 19), intervals=(Interval.parse("09:00-14:00"),), label="робоча субота"),
        DayException(on=date(2026, 12, 31), intervals=(Interval.parse("08:00-12:00"),)),
    )
    assert desk.deadline(kyiv("2026-12-18 16:30"), HOUR) == kyiv("2026-12-19 09:30")
    assert desk.deadline(kyiv("2026-12-31 11:30"), HOUR) == kyiv("2027-01-01 08:30")


def test_e07_an_empty_calendar_has_no_deadline_and_says_so_at_once() -> None:
    empty = parse_calendar("empty", weekly={})
    began = time.perf_counter()
    assert empty.deadline(kyiv("2026-11-24 10:00"), HOUR) is None
    assert empty.before(kyiv("2026-11-24 10:00"), HOUR) is None
    assert empty.next_opening(kyiv("2026-11-24 10:00")) is None
    assert empty.next_day_opening(kyiv("2026-11-24 10:00")) is None
    assert empty.last_open_instant(kyiv("2026-11-24 10:00"), since=kyiv("2020-01-01 10:00")) is None
    assert empty.open_time(kyiv("2020-01-01 10:00"), kyiv("2026-11-24 10:00")) == timedelta(0)
    assert time.perf_counter() - began < 0.05
    assert empty.is_empty


def test_e07_a_calendar_that_was_open_once_gives_up_after_ten_years() -> None:
    once = parse_calendar("once", weekly={}, exceptions={"2020-01-01": (["08:00-17:00"], "")})
    assert once.deadline(kyiv("2019-12-31 10:00"), HOUR) == kyiv("2020-01-01 09:00")
    assert once.deadline(kyiv("2020-01-02 10:00"), HOUR) is None
    assert once.before(kyiv("2020-01-02 10:00"), HOUR) == kyiv("2020-01-01 16:00")
    assert once.before(kyiv("2035-01-02 10:00"), HOUR) is None
    assert not once.is_empty


def test_e07_more_than_ten_years_of_calendar_hold_is_no_deadline() -> None:
    assert kyiv_desk().deadline(kyiv("2026-11-24 10:00"), timedelta(days=3_000)) is None


def test_e08_days_may_end_at_24_00() -> None:
    shift = every_day("Europe/Kyiv", "00:00-06:00", "22:00-24:00")
    assert shift.deadline(kyiv("2026-11-24 23:00"), 3 * HOUR) == kyiv("2026-11-25 02:00")
    assert shift.spans(kyiv("2026-11-24 12:00"), kyiv("2026-11-25 12:00")) == ((kyiv("2026-11-24 22:00"), kyiv("2026-11-25 06:00")),)
    assert shift.next_day_opening(kyiv("2026-11-24 23:00")) == kyiv("2026-11-25 22:00")
    always = preset_calendars()["always"]
    assert always.deadline(kyiv("2026-11-24 23:00"), 50 * HOUR) == kyiv("2026-11-27 01:00")
    assert always.next_day_opening(kyiv("2026-11-24 23:00")) is None


def test_e09_intervals_that_touch_are_one_and_that_overlap_are_refused() -> None:
    touching = every_day("Europe/Kyiv", "08:00-12:00", "12:00-16:00")
    assert touching.spans(kyiv("2026-11-24 00:00"), kyiv("2026-11-25 00:00")) == ((kyiv("2026-11-24 08:00"), kyiv("2026-11-24 16:00")),)
    with pytest.raises(InvalidCalendar, match="перекриваються"):
        every_day("Europe/Kyiv", "08:00-12:00", "11:59-16:00")


def test_e10_a_missing_hour_counts_nothing_and_a_repeated_one_twice() -> None:
    night = every_day("Europe/Kyiv", "02:00-05:00")
    assert night.open_time(kyiv("2026-03-29 00:00"), kyiv("2026-03-29 12:00")) == 2 * HOUR
    assert night.open_time(kyiv("2026-10-25 00:00"), kyiv("2026-10-25 12:00")) == 4 * HOUR
    inside = every_day("Europe/Kyiv", "03:10-03:50")
    assert inside.open_time(kyiv("2026-03-29 00:00"), kyiv("2026-03-29 12:00")) == timedelta(0)
    assert inside.deadline(kyiv("2026-03-29 01:00"), 40 * MINUTE) == kyiv("2026-03-30 03:50")


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("America/Sao_Paulo", date(2018, 11, 4), 23.0),  # 00:00 never was
        ("America/Sao_Paulo", date(2018, 2, 17), 25.0),  # 23:00 twice
        ("Asia/Tehran", date(2022, 3, 22), 23.0),
        ("Australia/Lord_Howe", date(2026, 10, 4), 23.5),
        ("Australia/Lord_Howe", date(2026, 4, 5), 24.5),
        ("Antarctica/Troll", date(2026, 3, 29), 22.0),
        ("Pacific/Apia", date(2011, 12, 30), 0.0),  # skipped, over the date line
        ("Europe/Kyiv", date(2026, 11, 24), 24.0),
    ],
)
def test_e11_a_local_date_is_as_long_as_it_was(zone: str, day: date, hours: float) -> None:
    only = parse_calendar("only", zone=zone, weekly={}, exceptions={day.isoformat(): (["00:00-24:00"], "")})
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    assert only.open_time(noon - timedelta(days=3), noon + timedelta(days=3)) == timedelta(hours=hours)


def test_e12_the_two_half_past_threes_of_an_autumn_night_are_two_instants() -> None:
    night = every_day("Europe/Kyiv", "03:00-05:00")
    first, second = kyiv("2026-10-25 03:30"), kyiv("2026-10-25 03:30*")
    assert second - first == HOUR
    assert night.deadline(first, HOUR) == second
    assert night.deadline(second, HOUR) == kyiv("2026-10-25 04:30")


def test_e13_seconds_and_less_are_kept() -> None:
    start = kyiv("2026-11-24 16:59:59.250000")
    assert kyiv_desk().deadline(start, timedelta(seconds=2)) == kyiv("2026-11-25 08:00:01.250000")


def test_e14_nothing_allowed_is_the_start_itself_and_less_is_refused() -> None:
    assert kyiv_desk().deadline(kyiv("2026-11-28 11:00"), timedelta(0)) == kyiv("2026-11-28 11:00")
    with pytest.raises(ValueError, match="negative"):
        kyiv_desk().deadline(kyiv("2026-11-24 10:00"), -MINUTE)
    with pytest.raises(ValueError, match="negative"):
        kyiv_desk().before(kyiv("2026-11-24 10:00"), -MINUTE)


def test_e26_the_zone_data_comes_along_and_the_old_spelling_of_kyiv_is_known() -> None:
    old = every_day("Europe/Kiev", "08:00-17:00")
    assert old.deadline(kyiv("2026-11-24 16:30"), HOUR) == kyiv("2026-11-25 08:30")
    asked = "from bot.sla.calendars import preset_calendars as p; print(p()['desk'].zone)"
    bare = subprocess.run(
        [sys.executable, "-c", asked], env={**os.environ, "PYTHONTZPATH": ""}, capture_output=True, text=True, check=False
    )
    assert bare.stdout.strip() == "Europe/Kyiv", bare.stderr


@pytest.mark.parametrize("at", [datetime.max.replace(tzinfo=UTC), datetime.min.replace(tzinfo=UTC), datetime(9999, 12, 31, 23, tzinfo=UTC)])
def test_the_ends_of_time_are_closed_and_break_nothing(at: datetime) -> None:
    desk = kyiv_desk()
    assert not desk.is_open(at)
    assert desk.deadline(at, HOUR) is None or at.year == 1
    assert desk.before(at, HOUR) is None or at.year == 9999
    assert desk.open_time(at, at) == timedelta(0)


def test_a_naive_instant_is_refused() -> None:
    with pytest.raises(ValueError, match="without a zone"):
        kyiv_desk().is_open(datetime(2026, 11, 24, 10))  # noqa: DTZ001 - that is the point


def test_open_time_backwards_is_none_at_all() -> None:
    assert kyiv_desk().open_time(kyiv("2026-11-24 10:00"), kyiv("2026-11-24 09:00")) == timedelta(0)


def test_a_working_day_starts_once() -> None:
    desk = kyiv_desk(DayException(on=date(2026, 11, 25)))
    assert desk.next_day_opening(kyiv("2026-11-24 07:59:59")) == kyiv("2026-11-24 08:00")
    assert desk.next_day_opening(kyiv("2026-11-24 08:00")) == kyiv("2026-11-26 08:00")
    assert desk.next_day_opening(kyiv("2026-11-24 12:45")) == kyiv("2026-11-26 08:00")
    assert desk.next_day_opening(kyiv("2026-11-27 18:00")) == kyiv("2026-11-30 08:00")


def test_the_wider_presets_follow_the_desks_exceptions() -> None:
    rested = DayException(on=date(2026, 11, 25), label="свято")
    saturday = DayException(on=date(2026, 11, 28), intervals=(Interval.parse("09:00-14:00"),))
    weekdays = preset_calendars(exceptions=(rested, saturday))["weekdays"]
    assert weekdays.deadline(kyiv("2026-11-24 16:30"), 24 * HOUR) == kyiv("2026-11-26 16:30")
    assert weekdays.deadline(kyiv("2026-11-27 16:30"), 24 * HOUR) == kyiv("2026-11-28 16:30")
    assert preset_calendars(exceptions=(rested,))["always"].deadline(kyiv("2026-11-24 16:30"), 24 * HOUR) == kyiv("2026-11-25 16:30")


def test_every_mistake_of_a_calendar_is_told_at_once() -> None:
    with pytest.raises(InvalidCalendar) as caught:
        parse_calendar(
            "зламаний",
            zone="Europe/Kyjiw",
            weekly={
                "mon": ["8-17"],
                "tue": ["22:00-06:00"],
                "wed": ["08:00-08:00"],
                "thu": ["08:00-25:00"],
                "fry": [],
                "fri": ["08:60-17:00"],
            },
            exceptions={"2026-02-30": ([], ""), "2026-12-31": (["09:00-11:00", "10:00-12:00"], "")},
        )
    told = str(caught.value)
    assert len(caught.value.mistakes) == 9
    for word in ("зламаний", "Kyjiw", "«8-17»", "за північ", "порожній", "25:00", "fry", "хвилин", "2026-02-30", "перекриваються"):
        assert word in told


def test_a_calendar_made_without_the_parser_is_checked_too() -> None:
    with pytest.raises(InvalidCalendar, match="сім днів"):
        Calendar(name="x", zone="UTC", weekly=())
    with pytest.raises(InvalidCalendar, match="за порядком"):
        Calendar(name="x", zone="UTC", weekly=((Interval(7200, 9000), Interval(0, 3600)),) + ((),) * 6)
    twice = DayException(on=date(2026, 1, 1))
    with pytest.raises(InvalidCalendar, match="двічі"):
        Calendar(name="x", zone="UTC", weekly=((),) * 7, exceptions=(twice, twice))


def test_calendars_are_values() -> None:
    assert kyiv_desk() == kyiv_desk()
    assert hash(kyiv_desk()) == hash(kyiv_desk())
    assert str(Interval.parse("08:00–12:30")) == "08:00-12:30"
    assert kyiv_desk().local(datetime(2026, 11, 24, 10, tzinfo=UTC)).tzinfo == ZoneInfo("Europe/Kyiv") == KYIV
