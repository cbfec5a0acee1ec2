"""The deadlines that eighteen desks and calendar libraries state in their own tests, and those of this desk's hours."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.sla.calendars import parse_calendar, preset_calendars
from bot.sla.hours import Calendar

VECTORS = Path(__file__).resolve().parents[2].parent / "shared" / "vectors"


def cases(name: str) -> list[dict[str, Any]]:
    file = VECTORS / name
    if not file.exists():
        pytest.skip(f"no ../shared/vectors/{name} beside the repository: put the vectors there to run this")
    found: list[dict[str, Any]] = json.loads(file.read_text(encoding="utf-8"))
    return found


def calendar_of(case: dict[str, Any]) -> Calendar:
    described = case["calendar"]
    dated = {day: [] for day in described["holidays"]} | described.get("exceptions", {})
    return parse_calendar(
        "vector",
        zone=described["tz"],
        weekly={day: _written(intervals) for day, intervals in described["weekly"].items()},
        exceptions={day: (_written(intervals), "") for day, intervals in dated.items()},
    )


def _written(intervals: list[list[str]]) -> list[str]:
    return [f"{start}-{end}" for start, end in intervals]


@pytest.mark.parametrize(("name", "least"), [("sla_deadlines.json", 178), ("sla_kyiv.json", 40)])
def test_every_published_deadline_is_met_to_the_second(name: str, least: int) -> None:
    found = cases(name)
    wrong = []
    for case in found:
        calendar, start = calendar_of(case), datetime.fromisoformat(case["start"])
        due = calendar.deadline(start, timedelta(seconds=case["business_seconds"]))
        if due != datetime.fromisoformat(case["expected_deadline"]):
            wrong.append((case["source"], case["start"], case["business_seconds"], case["expected_deadline"], due))
    assert wrong == []
    assert len(found) >= least


@pytest.mark.parametrize("name", ["sla_deadlines.json", "sla_kyiv.json"])
def test_the_time_to_every_published_deadline_is_what_was_allowed(name: str) -> None:
    for case in cases(name):
        start, due = datetime.fromisoformat(case["start"]), datetime.fromisoformat(case["expected_deadline"])
        assert calendar_of(case).open_time(start, due) == timedelta(seconds=case["business_seconds"]), case["source"]


def test_the_desk_preset_is_the_calendar_of_the_vectors() -> None:
    case = cases("sla_kyiv.json")[0]
    desk = preset_calendars()["desk"]
    assert calendar_of(case).weekly == desk.weekly
    assert case["calendar"]["tz"] == desk.zone
    assert desk.exception_on(date(2026, 12, 25)) is None
