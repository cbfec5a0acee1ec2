"""`roster`: shifts and absences from the command line."""

from __future__ import annotations

import pytest

from tests.commands.conftest import Deskbot


@pytest.fixture
def staffed(deskbot: Deskbot) -> Deskbot:
    for name in ("Олена Коваль", "Тарас Гнатюк"):
        assert deskbot("accounts", "add", name, "--role", "lead").code == 0
    return deskbot


def test_shifts_and_absences_are_shown(staffed: Deskbot) -> None:
    assert staffed("roster", "set", "Олена Коваль", "--hours", "mon-fri 08:00-12:30", "--hours", "sat,sun 10:00-24:00").code == 0
    absent = ("roster", "absent", "Олена Коваль", "--until", "2099-01-02", "--from", "2099-01-01", "--substitute", "Тарас Гнатюк")
    assert staffed(*absent, "--because", "відпустка").code == 0
    shown = staffed("roster", "show").out
    assert "08:00-12:30" in shown
    assert "10:00-24:00" in shown
    # The day that was named as the last is over with the midnight after it.
    assert "03.01 00:00" in shown
    assert "відпустка" in shown


def test_back_ends_what_was_planned_and_says_when_there_is_nothing(staffed: Deskbot) -> None:
    staffed("roster", "absent", "Олена Коваль", "--until", "2099-01-02", "--from", "2099-01-01")
    assert staffed("roster", "back", "Олена Коваль").code == 1
    assert staffed("roster", "back", "Олена Коваль", "--planned").code == 0
    again = staffed("roster", "back", "Олена Коваль")
    assert (again.code, "і так на місці" in again.err) == (1, True)


def test_without_hours_a_person_leaves_the_roster(staffed: Deskbot) -> None:
    staffed("roster", "set", "Олена Коваль", "--hours", "mon 08:00-17:00")
    assert "Прибрано" in staffed("roster", "set", "Олена Коваль").out
    assert "Чергувань не розписано" in staffed("roster", "show").out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("set", "Хтось", "--hours", "mon 08:00-17:00"), "немає"),
        (("set", "Олена Коваль", "--hours", "пн 08:00-17:00"), "не є днями тижня"),
        (("set", "Олена Коваль", "--hours", "mon 17-18"), "не схоже на проміжок"),
        (("set", "Олена Коваль", "--hours", "mon 22:00-06:00"), "переходить за північ"),
        (("set", "Олена Коваль", "--hours", "mon 08:00-12:00", "--hours", "mon-fri 11:00-17:00"), "перекриваються"),
        (("absent", "Олена Коваль", "--until", "завтра"), "не є ні датою"),
        (("absent", "Олена Коваль", "--until", "2020-01-01"), "не в минулому"),
        (("absent", "Олена Коваль", "--until", "2199-01-01"), "задовга"),
        (("absent", "Олена Коваль", "--until", "2099-01-02", "--from", "2099-01-01", "--substitute", "олена коваль"), "замість себе"),
    ],
)
def test_what_makes_no_sense_is_one_clear_sentence(staffed: Deskbot, arguments: tuple[str, ...], said: str) -> None:
    ended = staffed("roster", *arguments)
    assert (ended.code, said in ended.err) == (1, True), ended.err
