"""Geometry of charts: nothing leaves the picture, heights are proportional, the promise stands where it belongs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.site.charts import HEIGHT, LEFT, RIGHT, WIDTH, Chart, Group, Share, columns, histogram, shares

counts = st.integers(0, 100_000)
groups = st.lists(st.builds(Group, label=st.just("x"), kept=counts, late=counts, open=counts), max_size=40)


def inside(chart: Chart) -> bool:
    bars = all(
        bar.x >= 0 and bar.y >= -0.1 and bar.x + bar.width <= chart.width and bar.y + bar.height <= chart.height + 0.2 for bar in chart.bars
    )
    return bars and all(0 <= word.x <= chart.width and 0 <= word.y <= chart.height for word in chart.words)


@given(groups)
def test_nothing_leaves_the_picture(found: list[Group]) -> None:
    assert inside(columns(found, name="a", title="a", told="a"))
    assert inside(histogram(found, name="a", title="a", told="a", mark_at=len(found) / 2, mark="m"))


@given(st.lists(st.floats(0, 1), max_size=20))
def test_nor_does_a_share(found: list[float]) -> None:
    assert inside(shares([Share(label="а" * 40, share=each, value="") for each in found], name="a", title="a", told="a"))


@pytest.mark.parametrize(("most", "ticks"), [(0, ["0", "1"]), (4, ["0", "1", "2", "3", "4"]), (23, ["0", "5", "10", "15", "20", "25"])])
def test_the_axis_has_few_round_numbers(most: int, ticks: list[str]) -> None:
    chart = columns([Group(label="", kept=most, late=0)], name="a", title="a", told="a")
    assert [word.text for word in chart.words if word.anchor == "end"] == ticks


def test_parts_are_stacked_in_proportion() -> None:
    chart = columns([Group(label="x", kept=20, late=10, open=5)], name="a", title="a", told="a")
    kept, late, rest = chart.bars
    assert (kept.look, late.look, rest.look) == ("kept", "late", "open")
    assert kept.height == pytest.approx(2 * late.height, abs=0.2) == pytest.approx(4 * rest.height, abs=0.4)
    assert kept.y == pytest.approx(late.y + late.height, abs=0.2)
    assert [word.text for word in chart.words if word.look == "value"] == ["35"]


def test_the_promise_stands_between_its_columns() -> None:
    chart = histogram([Group(label=str(n), kept=1, late=0) for n in range(10)], name="a", title="a", told="a", mark_at=6.0, mark="1 год")
    [mark] = [line for line in chart.lines if line.look == "mark"]
    assert mark.x1 == pytest.approx(LEFT + (WIDTH - LEFT - RIGHT) * 0.6, abs=0.1)
    assert chart.bars[5].x + chart.bars[5].width < mark.x1 < chart.bars[6].x
    assert mark.y2 < HEIGHT
