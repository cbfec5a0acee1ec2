"""Units tile a text at the places where a request may begin."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.intake.units import LIMIT, MOST, Joint, Marker, split_units

ANY_TEXT = st.text(st.characters(codec=None), max_size=400)


def bodies(text: str) -> list[str]:
    return [text[unit.body_start : unit.body_end] for unit in split_units(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("каса висить", ["каса висить"]),
        ("Каса висить. Чек не друкує.", ["Каса висить.", "Чек не друкує."]),
        ("Купили на 12.5 тис. грн. у ТОВ. Де акт?", ["Купили на 12.5 тис. грн. у ТОВ.", "Де акт?"]),
        ("Звіт за 15.11.2024 порожній", ["Звіт за 15.11.2024 порожній"]),
        ("каса висить, принтер мовчить", ["каса висить,", "принтер мовчить"]),
        ("«каса, принтер» висить", ["«каса, принтер» висить"]),
        ("1) каса висить 2) чек порожній 3) дайте доступ", ["каса висить", "чек порожній", "дайте доступ"]),
        ("- каса\n- чек", ["каса", "чек"]),
        ("1️⃣ каса\n2️⃣ чек", ["каса", "чек"]),
        ("каса висить і ще чек порожній", ["каса висить", "і ще чек порожній"]),
        ("каса висить / чек порожній", ["каса висить /", "чек порожній"]),
    ],
)
def test_a_text_is_cut_where_a_request_may_begin(text: str, expected: list[str]) -> None:
    assert bodies(text) == expected


def test_list_marks_carry_their_number_and_stay_out_of_the_body() -> None:
    units = split_units("Питання:\n1. каса\n2. чек\n  а) зверху\n  б) знизу")
    assert [(unit.marker, unit.number) for unit in units] == [
        (Marker.NONE, 0),
        (Marker.NUMBER, 1),
        (Marker.NUMBER, 2),
        (Marker.LETTER, 1),
        (Marker.LETTER, 2),
    ]
    assert units[3].indent == 2


def test_a_blank_line_is_a_stronger_joint_than_a_line_break() -> None:
    assert [unit.joint for unit in split_units("каса\nчек\n\nакт")] == [Joint.START, Joint.LINE, Joint.PARAGRAPH]


@given(ANY_TEXT)
def test_units_tile_any_text(text: str) -> None:
    units = split_units(text)
    assert "".join(text[unit.start : unit.end] for unit in units) == text
    for unit in units:
        assert unit.start <= unit.body_start <= unit.body_end <= unit.end
        assert unit.start < unit.end


@given(
    st.lists(
        st.sampled_from(["каса. ", "1) ", "\n", "- ", "і ще ", ", ", "«", "»", "(", "?! ", "🙂 ", "12.11.2024 ", "\r\n", "а) "]),
        max_size=60,
    )
)
def test_units_tile_texts_made_of_marks(pieces: list[str]) -> None:
    text = "".join(pieces)
    assert "".join(text[unit.start : unit.end] for unit in split_units(text)) == text


def test_beyond_the_limits_the_rest_belongs_to_the_last_unit() -> None:
    text = "каса висить. " * (LIMIT // 4)
    units = split_units(text)
    assert len(units) <= MOST
    assert units[-1].end == len(text)
