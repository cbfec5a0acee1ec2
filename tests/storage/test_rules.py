"""The rules that the stores share, for themselves."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.storage.rules import Line, Ready, as_json, batches, name_key, ready_times, storable
from tests.storage.making import NOW, event, line

ROWS = st.lists(st.tuples(st.integers(0, 4), st.booleans()), max_size=30)


@given(rows=ROWS, limit=st.integers(1, 12))
def test_batches_are_beginnings_of_conversations_within_the_limit(rows: list[tuple[int, bool]], limit: int) -> None:
    ready = [
        Ready(("telegram", str(name)), is_burst, (place, name))
        for place, (name, is_burst) in enumerate(sorted(rows, key=lambda row: row[0]))
    ]
    taken = batches(ready, limit=limit)
    assert sum(map(len, taken)) <= limit
    assert bool(taken) == bool(ready)
    for batch in taken:
        names = {name for _, name in batch}
        assert len(names) == 1
        everything = [each.row for each in ready if each.row[1] in names]
        assert everything[: len(batch)] == batch
        rest = [each for each in ready if each.row in everything][len(batch) - 1 : len(batch) + 1]
        if len(rest) == 2 and batch is not taken[0]:
            assert not all(each.is_burst for each in rest), "a burst was cut"


@given(gaps=st.lists(st.integers(0, 40), min_size=1, max_size=12))
def test_a_burst_is_ready_together_and_never_later_than_its_limit(gaps: list[int]) -> None:
    tail: list[Line] = []
    ready = {}
    now = NOW
    for number, gap in enumerate(gaps):
        now += timedelta(seconds=gap)
        ready |= ready_times(tail, line(str(number)), number, now=now)
        tail.append(Line(id=number, is_open=True, arrived_at=now))
    assert len(set(ready.values())) == 1
    assert ready[0] == min(now + timedelta(seconds=20), tail[0].arrived_at + timedelta(minutes=2))
    ended = ready_times(tail, event("end"), 99, now=now)
    assert set(ended) == {*range(len(gaps)), 99}
    assert set(ended.values()) == {now}


@given(text=st.text(st.characters(exclude_categories=()), max_size=40) | st.text())
def test_any_text_becomes_storable_and_keeps_its_length(text: str) -> None:
    stored = storable(text)
    stored.encode()
    assert "\0" not in stored
    assert storable(stored) == stored
    if text.isprintable() and text.isascii():
        assert stored == text


def test_a_lone_surrogate_stays_json() -> None:
    assert as_json(["ї", "\ud83d"]).isascii()
    assert as_json(["ї"]) == '["ї"]'


def test_names_are_compared_without_case_and_spacing() -> None:
    assert name_key("  ТОВ\t«Ґанок» ") == name_key("тов «ґАНОК»") != name_key("тов «ганок»")
