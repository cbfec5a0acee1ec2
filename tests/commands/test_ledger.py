"""`deskbot ledger N`: the story of a ticket's promises, as text and as JSON."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from tests.commands.conftest import Deskbot
from tests.commands.test_sla import a_month


@pytest.fixture
def month(desk: Path) -> Path:
    (desk / "data").mkdir()
    asyncio.run(a_month(desk / "data" / "deskbot.db"))
    return desk


def test_on_the_terminal(deskbot: Deskbot, month: Path) -> None:
    told = deskbot("ledger", "№1")
    assert (told.code, told.err) == (0, "")
    heading, _, promised, *steps, end = told.out.splitlines()
    assert heading.startswith("№1 ")
    assert promised == "реакція (термінова): 1 год за календарем «desk», звичайна обіцянка служби"
    assert [step.split("  ")[2] for step in steps] == [
        "звернення отримано: реагуємо до вт 24.11 11:00:00",
        "строк порушено",
        "виконано: відповідь (Олена)",
    ]
    assert end == (
        "  → із запізненням: використано 1 год 30 хв із 1 год, реакція за 1 год 30 хв робочого часу,"
        " понад строк 30 хв робочого часу, до строку ніхто не взяв"
    )


def test_as_json(deskbot: Deskbot, month: Path) -> None:
    [clock] = json.loads(deskbot("ledger", "2", "--json").out)
    assert (clock["verdict"], clock["agent"], clock["used"], clock["calendar"]) == ("in_time", "Олена", 5400, "weekdays")
    assert [step["kind"] for step in clock["steps"]] == ["started", "met"]


@pytest.mark.parametrize(
    ("number", "said"),
    [("7", "№7 не знайдено"), ("9" * 30, "не знайдено"), ("сім", "«сім» не є номером звернення"), ("", "не є номером")],
)
def test_a_mistake_is_one_sentence(deskbot: Deskbot, month: Path, number: str, said: str) -> None:
    ended = deskbot("ledger", number)
    assert ended.code == 1
    assert said in ended.err
    assert "Traceback" not in ended.err
