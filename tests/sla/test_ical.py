"""Days off from calendar files, and Ukraine's holidays as a suggestion."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import Misconfigured
from bot.sla.holidays import holidays, orthodox_easter
from bot.sla.ical import days_off

YEARS = range(2026, 2028)


def calendar(*events: str) -> str:
    inside = "".join(f"BEGIN:VEVENT\r\n{event}\r\nEND:VEVENT\r\n" for event in events)
    return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{inside}END:VCALENDAR\r\n"


def found(*events: str) -> list[tuple[str, str]]:
    read = days_off(calendar(*events), years=YEARS)
    assert read.left_out == ()
    return [(each.on.isoformat(), each.label) for each in read.days]


def test_a_whole_day_is_a_day_off() -> None:
    assert found("DTSTART;VALUE=DATE:20261225\r\nDTEND;VALUE=DATE:20261226\r\nSUMMARY:Різдво") == [("2026-12-25", "Різдво")]


def test_the_end_is_exclusive_and_may_be_missing() -> None:
    days = found("DTSTART;VALUE=DATE:20261230\r\nDTEND;VALUE=DATE:20270103\r\nSUMMARY:Свята", "DTSTART:20260301\r\nSUMMARY:Весна")
    assert [day for day, _ in days] == ["2026-03-01", "2026-12-30", "2026-12-31", "2027-01-01", "2027-01-02"]


def test_a_yearly_one_comes_every_year_until_it_ends() -> None:
    events = [
        "DTSTART;VALUE=DATE:20200824\r\nRRULE:FREQ=YEARLY\r\nSUMMARY:Незалежність",
        "DTSTART;VALUE=DATE:20200628\r\nRRULE:FREQ=YEARLY;UNTIL=20261231\r\nSUMMARY:Конституція",
        "DTSTART;VALUE=DATE:20250101\r\nRRULE:FREQ=YEARLY;COUNT=2\r\nSUMMARY:Новий рік",
        "DTSTART;VALUE=DATE:20240229\r\nRRULE:FREQ=YEARLY\r\nSUMMARY:Високосний",
        "DTSTART;VALUE=DATE:20200308\r\nRRULE:FREQ=YEARLY\r\nEXDATE;VALUE=DATE:20260308\r\nSUMMARY:Березень",
    ]
    assert [day for day, _ in found(*events)] == ["2026-01-01", "2026-06-28", "2026-08-24", "2027-03-08", "2027-08-24"]


def test_lines_are_unfolded_escapes_undone_and_alarms_ignored() -> None:
    event = (
        "DTSTART;VALUE=DATE:20261225\r\nSUMMARY;LANGUAGE=uk:Різдво\\, день\r\n  перший\\nдругий\r\n"
        "BEGIN:VALARM\r\nSUMMARY:Дзвінок\r\nEND:VALARM\r\nX-WR:\x07"
    )
    assert found(event) == [("2026-12-25", "Різдво, день перший другий")]


def test_what_is_cancelled_is_no_day_off_and_a_date_is_named_once() -> None:
    events = ["DTSTART:20261225\r\nSTATUS:CANCELLED\r\nSUMMARY:Ні", "DTSTART:20261226\r\nSUMMARY:Так", "DTSTART:20261226\r\nSUMMARY:Теж"]
    assert found(*events) == [("2026-12-26", "Так")]


@pytest.mark.parametrize(
    ("event", "why"),
    [
        ("DTSTART:20261231T130000Z\r\nSUMMARY:Короткий", "не на цілий день"),
        ("DTSTART:20260101\r\nRRULE:FREQ=WEEKLY\r\nSUMMARY:Щотижня", "не підтримується"),
        ("DTSTART:20260101\r\nRRULE:FREQ=YEARLY;BYDAY=2SU\r\nSUMMARY:Неділя", "не підтримується"),
        ("DTSTART:20260101\r\nRRULE:FREQ=YEARLY;COUNT=x\r\nSUMMARY:Лічба", "не підтримується"),
        ("DTSTART:20260101\r\nRRULE:FREQ=YEARLY;BYMONTH=2\r\nSUMMARY:Лютий", "не підтримується"),
        ("DTSTART:20260101\r\nDTEND:20260301\r\nSUMMARY:Зима", "понад 31 день"),
        ("DTSTART:20260102\r\nDTEND:20260101\r\nSUMMARY:Назад", "менше за день"),
        ("DTSTART:20261332\r\nSUMMARY:Дата", "немає дати"),
        ("SUMMARY:Без дати", "немає дати"),
    ],
)
def test_what_is_not_understood_is_told_and_the_rest_is_taken(event: str, why: str) -> None:
    read = days_off(calendar(event, "DTSTART:20261225\r\nSUMMARY:Різдво"), years=YEARS)
    assert [each.label for each in read.days] == ["Різдво"]
    [mistake] = read.left_out
    assert why in str(mistake)


def test_what_is_no_calendar_says_so() -> None:
    with pytest.raises(Misconfigured, match=r"Потрібен файл \.ics"):
        days_off("date,label\n2026-12-25,Різдво\n", years=YEARS)


LINES = st.sampled_from(
    [
        "BEGIN:VEVENT",
        "END:VEVENT",
        "BEGIN:VALARM",
        "END:VALARM",
        "DTSTART:20260101",
        "DTSTART:99991231",
        "DTSTART:00010101",
        "RRULE:FREQ=YEARLY;COUNT=0;;",
        "DTEND:99991231",
        "RRULE:FREQ=YEARLY;UNTIL=1",
        "RRULE:=;;",
        "SUMMARY:\\",
    ]
)


@given(st.lists(LINES | st.text(max_size=30), max_size=20))
def test_no_text_breaks_it(lines: list[str]) -> None:
    read = days_off("\r\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", *lines]), years=YEARS)
    assert all(each.on.year in YEARS for each in read.days)


# --- holidays of Ukraine ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("year", "easter"),
    [(2023, "04-16"), (2024, "05-05"), (2025, "04-20"), (2026, "04-12"), (2027, "05-02"), (2028, "04-16"), (2030, "04-28")],
)
def test_easter_is_where_the_church_has_it(year: int, easter: str) -> None:
    assert orthodox_easter(year) == date.fromisoformat(f"{year}-{easter}")


@pytest.mark.parametrize("year", range(2024, 2041))
def test_every_year_has_eleven_days_off_that_are_working_days_otherwise(year: int) -> None:
    days = holidays(year)
    assert len({each.on for each in days}) == len(days) == 11
    assert all(each.on.weekday() < 5 and not each.intervals for each in days)


# Article 73 of the Labour Code as it stands since 2023, and the days that its article 67 moves to; the dates of the holidays themselves
# are those of the package holidays 0.109 (categories public and workday), asked on 2026-11-25.
@pytest.mark.parametrize(
    ("year", "days"),
    [
        (2024, "01-01 03-08 05-01 05-06 05-08 06-24 06-28 07-15 08-26 10-01 12-25"),
        (2025, "01-01 03-10 04-21 05-01 05-08 06-09 06-30 07-15 08-25 10-01 12-25"),
        (2026, "01-01 03-09 04-13 05-01 05-08 06-01 06-29 07-15 08-24 10-01 12-25"),
        (2027, "01-01 03-08 05-03 05-04 05-10 06-21 06-28 07-15 08-24 10-01 12-27"),
    ],
)
def test_the_days_off_of_a_year_in_peace(year: int, days: str) -> None:
    assert [f"{each.on:%m-%d}" for each in holidays(year)] == days.split()


def test_a_holiday_on_a_weekend_gives_the_next_working_day() -> None:
    days = {each.on.isoformat(): each.label for each in holidays(2027)}
    # In 2027 Labour Day is a Saturday and Easter the Sunday after it: both move, one after the other.
    assert days["2027-05-03"] == "День праці (перенесено)"
    assert days["2027-05-04"] == "Великдень (перенесено)"
    assert days["2027-12-27"] == "Різдво Христове (перенесено)"
    assert days["2027-01-01"] == "Новий рік"
