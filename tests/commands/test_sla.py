"""`deskbot sla`: the same month as text, JSON, CSV and a workbook, with a hostile title in it."""

from __future__ import annotations

import asyncio
import csv
import io
import json
from datetime import timedelta
from pathlib import Path

import openpyxl
import pytest

from bot.model import Priority
from bot.storage import open_storage
from tests.builders import build_world
from tests.commands.conftest import Deskbot
from tests.sla.calendars import kyiv
from tests.sla.test_numbers import opened

HOSTILE = '=HYPERLINK("http://example.com";"x")\x07'


async def a_month(file: Path) -> None:
    """One urgent ticket late, one in time; the client's name is a formula."""
    storage = await open_storage(f"sqlite:///{file}")
    world = await build_world(storage)
    world.clock.set_to(kyiv("2026-11-24 10:00"))
    async with storage.write() as uow:
        from dataclasses import replace

        await uow.people.save_client(replace(world.mill, name=HOSTILE))
        late = await opened(world, uow, world.petro, Priority.URGENT)
        kept = await opened(world, uow, world.iryna, Priority.LOW)
        world.clock.advance(timedelta(minutes=90))
        for number in (late, kept):
            await world.desk.reply(uow, number, world.olena, "Перезапустіть")
        await uow.commit()
    await storage.close()


@pytest.fixture
def month(desk: Path) -> Path:
    (desk / "data").mkdir()
    asyncio.run(a_month(desk / "data" / "deskbot.db"))
    return desk


def test_on_the_terminal(deskbot: Deskbot, month: Path) -> None:
    told = deskbot("sla", "--month", "2026-11")
    assert (told.code, told.err) == (0, "")
    total = next(line for line in told.out.splitlines() if " усі " in line)
    assert total.split() == ["реакція", "усі", "1", "1", "50.0", "%", "1", "год", "30", "хв", "1", "год", "30", "хв", "0"]
    assert "понад строк 30 хв робочого часу, до строку ніхто не взяв" in told.out


def test_as_json(deskbot: Deskbot, month: Path) -> None:
    data = json.loads(deskbot("sla", "--month", "2026-11", "--json").out)
    [total] = [line for line in data["lines"] if line["by"] == "all"]
    assert (total["in_time"], total["late"], total["share"], total["median"]) == (1, 1, 0.5, 5400)
    [breach] = data["breaches"]
    assert (breach["agent"], breach["over"], breach["why"]) == ("Олена", 1800, "not_taken")
    assert data["urgency"][0]["claimed"] == 1


def test_as_csv_that_no_spreadsheet_runs(deskbot: Deskbot, month: Path) -> None:
    rows = list(csv.reader(io.StringIO(deskbot("sla", "--month", "2026-11", "--csv").out)))
    names = [row[2] for row in rows]
    assert f"'{HOSTILE}" in names
    assert not [cell for row in rows for cell in row if cell.startswith("=")]


def test_as_a_workbook_of_text_and_numbers(deskbot: Deskbot, month: Path) -> None:
    assert deskbot("sla", "--month", "2026-11", "--xlsx", "sla.xlsx").code == 0
    book = openpyxl.load_workbook(month / "sla.xlsx")
    assert book.sheetnames == ["Підсумки", "Строки", "Порушення", "Термінові"]
    assert not [cell for sheet in book for row in sheet for cell in row if cell.data_type == "f"]
    clients = [row[2] for row in book["Порушення"].iter_rows(min_row=2, values_only=True)]
    assert clients == [HOSTILE.replace("\x07", "\ufffd")]
    assert next(book["Підсумки"].iter_rows(min_row=2, max_row=2, values_only=True))[3:5] == (1, 1)


def test_of_one_client(deskbot: Deskbot, month: Path) -> None:
    data = json.loads(deskbot("sla", "--month", "2026-11", "--client", " крамниця", "--json").out)
    assert [ticket["client"] for ticket in data["tickets"]] == ["Крамниця"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--month", "листопад"), "«листопад» не є місяцем"),
        (("--month", "2026-11", "--client", "Ніхто"), "Клієнта «Ніхто» немає."),
        (("--month", "2026-11", "--xlsx", "нема/такої/теки.xlsx"), "Не вдалося записати"),
    ],
)
def test_a_mistake_is_one_sentence(deskbot: Deskbot, month: Path, arguments: tuple[str, ...], said: str) -> None:
    ended = deskbot("sla", *arguments)
    assert ended.code == 1
    assert said in ended.err
    assert "Traceback" not in ended.err


def test_a_month_without_tickets_says_so(deskbot: Deskbot) -> None:
    assert deskbot("sla", "--month", "2020-01").out.strip() == "За цей місяць немає жодного строку."
