"""Why this minute: what was counted, what was skipped, and the example of a receipt."""

from __future__ import annotations

from datetime import date, timedelta

from bot.model import Priority
from bot.sla.calendars import preset_calendars
from bot.sla.explain import Closed, account, example
from bot.sla.intervals import DayException
from bot.sla.policy import Policy
from bot.sla.reminders import Rung
from bot.sla.rules import Subject
from tests.sla.calendars import kyiv, kyiv_desk

HOUR = timedelta(hours=1)
HOLIDAY = DayException(on=date(2026, 11, 25), label="День міста")


def test_lunch_is_named_where_it_was_skipped() -> None:
    told = account(kyiv_desk(), kyiv("2026-11-24 12:00"), kyiv("2026-11-24 14:00"))
    assert told.counted == HOUR
    assert told.spans == ((kyiv("2026-11-24 12:00"), kyiv("2026-11-24 12:30")), (kyiv("2026-11-24 13:30"), kyiv("2026-11-24 14:00")))
    [lunch] = told.skipped
    assert (lunch.kind, lunch.start, lunch.end) == (Closed.BREAK, kyiv("2026-11-24 12:30"), kyiv("2026-11-24 13:30"))


def test_received_in_lunch_it_is_still_lunch() -> None:
    [lunch] = account(kyiv_desk(), kyiv("2026-11-24 12:45"), kyiv("2026-11-24 14:30")).skipped
    assert lunch.kind is Closed.BREAK


def test_night_days_off_and_holidays_are_told_apart() -> None:
    desk = kyiv_desk(HOLIDAY)
    kinds = [(each.kind, each.labels) for each in account(desk, kyiv("2026-11-24 16:30"), kyiv("2026-11-30 08:30")).skipped]
    assert kinds == [
        (Closed.DAYS_OFF, ("День міста",)),
        (Closed.BREAK, ()),
        (Closed.NIGHT, ()),
        (Closed.BREAK, ()),
        (Closed.DAYS_OFF, ()),
    ]


def test_before_the_opening_and_after_the_closing_it_is_night() -> None:
    [early] = account(kyiv_desk(), kyiv("2026-11-24 06:00"), kyiv("2026-11-24 09:00")).skipped
    assert early.kind is Closed.NIGHT
    [evening] = account(kyiv_desk(), kyiv("2026-11-24 16:00"), kyiv("2026-11-24 20:00")).skipped
    assert evening.kind is Closed.NIGHT


def test_nothing_is_skipped_round_the_clock() -> None:
    told = account(preset_calendars()["always"], kyiv("2026-11-28 11:00"), kyiv("2026-11-29 11:00"))
    assert (told.counted, told.skipped) == (24 * HOUR, ())


def test_counted_and_skipped_make_up_the_whole() -> None:
    told = account(kyiv_desk(HOLIDAY), kyiv("2026-11-23 06:15"), kyiv("2026-12-02 19:00"))
    assert told.counted + sum((each.end - each.start for each in told.skipped), timedelta(0)) == told.end - told.start


def test_a_wait_of_years_is_explained_by_its_beginning() -> None:
    told = account(kyiv_desk(), kyiv("2020-01-01 10:00"), kyiv("2026-11-24 10:00"))
    assert told.end - told.start == timedelta(days=60)


def test_an_example_tells_the_deadline_its_nudges_and_why() -> None:
    told = example(Policy(), subject=Subject(priority=Priority.MEDIUM), received_at=kyiv("2026-11-27 16:30"))
    assert told is not None
    assert told.due_at == told.effective_due_at == kyiv("2026-11-30 16:30")
    assert (told.calendar, told.target) == ("weekdays", 24 * HOUR)
    assert told.nudges[:4] == (
        (Rung.BEFORE, kyiv("2026-11-30 11:30")),
        (Rung.BEFORE, kyiv("2026-11-30 15:30")),
        (Rung.DUE, kyiv("2026-11-30 16:30")),
        (Rung.AFTER, kyiv("2026-12-01 08:00")),
    )
    assert Closed.DAYS_OFF in [each.kind for each in told.account.skipped]


def test_there_is_no_example_where_nothing_is_promised() -> None:
    assert example(Policy(reaction={}), subject=Subject(priority=Priority.LOW), received_at=kyiv("2026-11-27 16:30")) is None
