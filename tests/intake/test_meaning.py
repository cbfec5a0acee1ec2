"""The reader: vectors of units, the same wherever a unit stands in the text, nearer for words that mean much the same."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from bot.intake.meaning import MOST_TOKENS, as_facts, load, unit_meanings
from bot.intake.text import fold
from bot.intake.units import split_units

PIECES = st.sampled_from(["не друкує чек ", "і ще ", "1) ", "\n", ". ", "? ", "🙂 ", "\ud800", "\0", "срочно ", "please ", "'", "-", "17 "])


def meanings(text: str) -> np.ndarray:
    found = unit_meanings(fold(text), split_units(text))
    assert found is not None, "bot/intake/data/reader.npz is missing: train/reader says how it is made"
    return found


def alike(one: str, other: str) -> float:
    first, second = meanings(one)[0], meanings(other)[0]
    return float(first @ second / np.linalg.norm(first) / np.linalg.norm(second))


@given(st.one_of(st.text(st.characters(codec=None), max_size=200), st.lists(PIECES, max_size=30).map("".join)))
def test_every_unit_of_any_text_has_a_finite_row(text: str) -> None:
    found = meanings(text)
    assert len(found) == len(split_units(text))
    assert np.isfinite(as_facts(found)).all()


def test_words_that_mean_much_the_same_are_nearer_than_others() -> None:
    close = alike("принтер не друкує чеки", "принтер не печатает чеки")
    assert close > 0.5
    assert close > alike("принтер не друкує чеки", "дякую, гарних вихідних") + 0.3
    assert alike("додайте колонку у звіт", "добавьте колонку в отчет") > alike("додайте колонку у звіт", "сервер не відповідає") + 0.2


def test_likeness_is_told_of_neighbours_and_of_what_was_said_before() -> None:
    rows = np.array([[1, 0], [0, 1], [1, 0]], dtype=np.float32)
    assert as_facts(rows)[:, 2:].tolist() == [[0, 0, 0], [0, 0, 0], [0, 0, 1]]


def test_a_text_without_words_means_nothing_and_a_long_one_is_cut_off() -> None:
    assert not meanings("\n").any()
    assert meanings("каса висить. " * MOST_TOKENS).shape[0] > 100
    reader = load()
    assert reader is not None
    assert reader.words.dtype == np.int8
