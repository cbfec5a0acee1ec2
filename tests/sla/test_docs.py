"""The table of docs/sla.md that explains "within 24 hours of receipt" is what the calendars say."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bot.sla.calendars import preset_calendars
from tests.sla.calendars import kyiv

PAGE = Path(__file__).resolve().parents[2] / "docs" / "sla.md"
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
ROWS = [line.strip("| ").split(" | ") for line in PAGE.read_text(encoding="utf-8").splitlines() if re.match(r"\| (Mon|Thu|Fri|Sat) ", line)]
HEADING = next(line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| received")).strip("| ").split(" | ")


def on(written: str, day: str) -> str:
    """ "Tue 10:00"; a bare time is of the day of receipt."""
    return written if written[:3] in DAYS else f"{day} {written}"


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_each_row_is_what_the_calendars_say(row: list[str]) -> None:
    day, clock = row[0].split()[:2]
    received = kyiv(f"2026-11-{23 + DAYS.index(day)} {clock}")
    for promise, written in zip(HEADING[1:], row[1:], strict=True):
        hours, name = re.fullmatch(r"(\d+) h by `(\w+)`", promise).groups()  # type: ignore[union-attr]
        due = preset_calendars()[name].deadline(received, timedelta(hours=int(hours)))
        assert due is not None
        assert shown(due) == on(written, day), promise


def shown(at: datetime) -> str:
    local = preset_calendars()["desk"].local(at)
    return f"{DAYS[local.weekday()]} {local:%H:%M}"


def test_there_are_rows() -> None:
    assert len(ROWS) == 5
