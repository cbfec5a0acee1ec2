"""`deskbot closed`: closing, opening and the list, against a desk's own database."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.commands.conftest import Deskbot

# Open round the clock, so that the test may run at any hour.
ALWAYS_OPEN = "[sla.calendars.desk]\n" + "\n".join(f'{day} = ["00:00-24:00"]' for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun"))


@pytest.fixture(autouse=True)
def _open_desk(desk: Path) -> None:
    (desk / "config.toml").write_text(ALWAYS_OPEN, encoding="utf-8")


def in_an_hour() -> str:
    from datetime import UTC, datetime, timedelta

    return (datetime.now(UTC) + timedelta(hours=1)).isoformat()


def test_it_closes_lists_and_opens(deskbot: Deskbot) -> None:
    closed = deskbot("closed", "--until", in_an_hour(), "--because", "немає світла")
    assert (closed.code, closed.err) == (0, "")
    assert "Службу зачинено" in closed.out
    listed = deskbot("closed").out.splitlines()
    assert len(listed) == 2
    assert "немає світла" in listed[1]
    assert deskbot("closed", "--undo").code == 0
    again = deskbot("closed", "--undo")
    assert (again.code, again.err.strip()) == (1, "Службу не зачинено.")


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("--until", "колись", "--because", "x"), 1, "«колись» не є часом"),
        (("--until", "2020-01-01T10:00", "--because", "x"), 1, "уже минув"),
        (("--until", "14:00", "--undo"), 2, "разом не мають сенсу"),
    ],
)
def test_a_mistake_is_told_in_one_sentence(deskbot: Deskbot, arguments: tuple[str, ...], code: int, said: str) -> None:
    ended = deskbot("closed", *arguments)
    assert ended.code == code
    assert said in " ".join(ended.err.replace("│", " ").split())


def test_clients_read_the_reason_so_there_must_be_one(deskbot: Deskbot) -> None:
    ended = deskbot("closed", "--until", in_an_hour())
    assert (ended.code, ended.err.strip()) == (1, "Напишіть причину: її прочитають клієнти, які чекають.")
