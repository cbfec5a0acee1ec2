"""Real input (c): a call log from a file; every line is accounted for, and twice is the same as once."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.acceptance import books
from tests.acceptance.conftest import Start

pytestmark = pytest.mark.timeout(120)
LOG = """received_at;number;company;contact;agent;direction;answered;text
2026-11-24 09:30;044 000 00 01;Крамниця;Ірина;Олена;in;так;"Не друкує принтер на складі; помилка 5"
2026-11-24 09:40;+380 44 000 00 02;Млин;Петро;;in;ні;
2026-11-24 09:45;+380 44 000 00 03;Пекарня;Ніна;Олена;out;так;Передзвонили щодо рахунку за жовтень
учора ввечері;+380 44 000 00 04;Млин;Петро;Олена;in;так;Не відкривається база
"""


async def test_a_log_with_a_broken_line_is_taken_in_once(desk: Start, tmp_path: Path) -> None:
    bot = desk()
    file = tmp_path / "calls.csv"
    file.write_bytes(LOG.encode("windows-1251"))
    first = await bot.command("ingest", "phone", file)
    once = await books.read(bot.database_url)
    second = await bot.command("ingest", "phone", file)
    twice = await books.read(bot.database_url)

    # A line that cannot be read is not swallowed: it is told, kept, and the command says that not all went well.
    assert first.code == 1
    assert "Прийнято 4 = " in first.out
    assert "не вдалося 1" in first.out
    assert "replay" in first.err
    assert "нових 0, відомих раніше 4" in second.out
    total = once.balanced("phone")
    assert (total["received"], total["quarantined"]) == (4, 1)
    assert total["ticketed"] + total["set_aside"] == 3
    assert twice == once
    titles = [case.ticket.title for case in once.cases]
    assert any("принтер" in title for title in titles)
    assert any("Передзвонити" in title for title in titles)
