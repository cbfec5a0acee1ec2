"""The title of a ticket says what is wanted, without politeness."""

from __future__ import annotations

import pytest

from bot.intake.analysis import analyse
from bot.intake.titles import LONGEST


@pytest.mark.parametrize(
    ("text", "title"),
    [
        (
            "Додайте, будь ласка, нового користувача Сидоренко Оксана з правами комірника.",
            "Додайте нового користувача Сидоренко Оксана з правами…",
        ),
        ("Добавьте, пожалуйста, нового пользователя Петренко", "Добавьте нового пользователя Петренко"),
        ("Перевірте, прошу, залишки на складі №2", "Перевірте залишки на складі №2"),
        ("Could you please add a new user", "Add a new user"),
        ("Закрийте будь ласка доступ Лупіносу", "Закрийте доступ Лупіносу"),
        ("Каса не друкує чек, будь ласка, гляньте", "Каса не друкує чек, гляньте"),
        ("Пропала кнопка «Будь ласка, зачекайте»", "Пропала кнопка «Будь ласка, зачекайте»"),
        ("Скинь пароль, будь ласка", "Скинь пароль"),
    ],
)
def test_politeness_is_cut_out_and_the_matter_stays(text: str, title: str) -> None:
    assert [part.title for part in analyse(text, channel="chat").parts] == [title]


def test_a_single_word_before_a_comma_is_no_title() -> None:
    text = "Потрібно, щоб заявки на ремонт обладнання падали в програму просто з бота у групі механіків"
    (part,) = analyse(text, channel="chat").parts
    assert part.title.startswith("Потрібно, щоб заявки на ремонт")
    assert len(part.title) <= LONGEST
