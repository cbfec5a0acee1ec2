"""`deskbot calendar`: what is shown, and that what it prints is what the configuration takes."""

from __future__ import annotations

from pathlib import Path

from tests.commands.conftest import Deskbot

ICS = (
    "BEGIN:VCALENDAR\r\n"
    'BEGIN:VEVENT\r\nDTSTART;VALUE=DATE:20261225\r\nSUMMARY:Різдво "Христове"\r\nEND:VEVENT\r\n'
    "BEGIN:VEVENT\r\nDTSTART:20261231T120000Z\r\nSUMMARY:Короткий день\r\nEND:VEVENT\r\n"
    "END:VCALENDAR\r\n"
)


def test_hours_and_examples_are_shown(deskbot: Deskbot) -> None:
    told = deskbot("calendar", "show", "--weeks", "1")
    assert (told.code, told.err) == (0, "")
    lines = told.out.splitlines()
    assert sum("08:00-12:30, 13:30-17:00" in line for line in lines) == 5
    friday = next(line for line in lines if line.startswith("пт ") and " 16:30 " in line)
    assert friday.split()[-1] == "08:30"


def test_what_is_imported_goes_into_the_configuration_once(deskbot: Deskbot, desk: Path) -> None:
    (desk / "days.ics").write_text(ICS, encoding="utf-8")
    first = deskbot("calendar", "import", "days.ics", "--year", "2026")
    assert first.code == 0
    assert "Пропущено «Короткий день»: подія не на цілий день" in first.err
    (desk / "config.toml").write_text(first.out, encoding="utf-8")
    again = deskbot("calendar", "import", "days.ics", "--year", "2026")
    assert (again.code, again.out) == (0, "")
    assert "Уже є в налаштуваннях: 1." in again.err
    told = deskbot("deadline", "--received", "2026-12-24T16:30", "--priority", "urgent")
    assert 'Різдво "Христове"' in told.out
    assert "пн 28.12 08:30" in told.out


def test_a_file_that_is_none_is_one_sentence(deskbot: Deskbot, desk: Path) -> None:
    (desk / "days.ics").write_bytes("Різдво".encode("cp1251"))
    ended = deskbot("calendar", "import", "days.ics")
    assert (ended.code, "UTF-8" in ended.err) == (1, True)
    missing = deskbot("calendar", "import", "nowhere.ics")
    assert (missing.code, "Не вдалося прочитати" in missing.err) == (1, True)


def test_holidays_are_working_days_under_martial_law_and_a_choice_in_peace(deskbot: Deskbot, desk: Path) -> None:
    law = deskbot("calendar", "suggest", "--year", "2027")
    assert (law.code, law.out) == (0, "")
    assert "воєнного стану" in law.err
    peace = deskbot("calendar", "suggest", "--year", "2027", "--peace")
    assert peace.out.count("[[sla.exceptions]]") == 11
    (desk / "config.toml").write_text(peace.out, encoding="utf-8")
    assert "08:30" in deskbot("deadline", "--received", "2027-08-23T16:30", "--priority", "urgent").out
