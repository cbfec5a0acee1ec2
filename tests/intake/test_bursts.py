"""Lines of one sender within a quiet gap are one message."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from bot.intake.bursts import GAP, LIMIT, Line, group_lines, join_texts, ready_at

START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


def line(seconds: float, text: str = "рядок", *, sender: str = "ганна", album: str | None = None, alone: bool = False) -> Line:
    return Line(conversation="чат", sender=sender, at=START + timedelta(seconds=seconds), text=text, album=album, is_burstable=not alone)


def texts(lines: list[Line]) -> list[list[str]]:
    return [[one.text for one in burst] for burst in group_lines(lines)]


def test_lines_within_the_gap_are_one_message() -> None:
    assert texts([line(0, "привіт"), line(12, "каса висить"), line(30, "чек не друкує")]) == [["привіт", "каса висить", "чек не друкує"]]


def test_a_longer_silence_begins_another_message() -> None:
    assert texts([line(0, "каса"), line(20, "чек")]) == [["каса"], ["чек"]]


def test_a_burst_ends_at_the_limit_however_fast_the_lines_come() -> None:
    bursts = group_lines([line(10 * number) for number in range(20)])
    assert len(bursts[0]) == 12
    assert all(burst[-1].at - burst[0].at < LIMIT for burst in bursts)


def test_two_senders_in_one_chat_do_not_mix() -> None:
    assert texts([line(0, "а"), line(1, "б", sender="олег"), line(2, "в")]) == [["а", "в"], ["б"]]


def test_an_album_stays_together_although_its_parts_come_slowly() -> None:
    assert len(group_lines([line(0, "фото", album="7"), line(45, "", album="7")])) == 1


def test_a_line_that_stands_alone_ends_the_burst_before_it() -> None:
    assert texts([line(0, "а"), line(1, "/call", alone=True), line(2, "б")]) == [["а"], ["/call"], ["б"]]


def test_joined_text_has_a_line_each_and_none_for_a_bare_picture() -> None:
    assert join_texts([line(0, "каса"), line(1, ""), line(2, "висить")]) == "каса\nвисить"


def test_ready_after_the_gap_and_at_the_limit_at_the_latest() -> None:
    assert ready_at(START, START) == START + GAP
    assert ready_at(START, START + LIMIT - timedelta(seconds=1)) == START + LIMIT


@given(st.lists(st.tuples(st.integers(0, 300), st.sampled_from("аб"), st.booleans()), max_size=40))
def test_each_line_is_in_exactly_one_burst(rows: list[tuple[int, str, bool]]) -> None:
    lines = [line(seconds, str(number), sender=sender, alone=alone) for number, (seconds, sender, alone) in enumerate(rows)]
    bursts = group_lines(lines)
    assert sorted(one.text for burst in bursts for one in burst) == sorted(one.text for one in lines)
    for burst in bursts:
        assert len({one.sender for one in burst}) == 1
        assert all(later.at - earlier.at < GAP for earlier, later in pairwise(burst))
