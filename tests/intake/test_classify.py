"""Category, urgency and the reason that the words seem to give."""

from __future__ import annotations

import pytest

from bot.intake.classify import guess_category, read_urgency
from bot.intake.text import fold
from bot.model import Category, UrgencyReason


@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("Не друкується чек, пише помилка", Category.INCIDENT),
        ("Як правильно провести повернення?", Category.INCIDENT),
        ("Скиньте, будь ласка, пароль касиру", Category.INCIDENT),
        ("Додайте у звіт нову колонку «Менеджер»", Category.CHANGE_REQUEST),
        ("Хочемо, щоб програма сама надсилала нагадування у Telegram", Category.CHANGE_REQUEST),
        ("Потрібна нова форма договору", Category.CHANGE_REQUEST),
        ("We need a new report on returns", Category.CHANGE_REQUEST),
    ],
)
def test_category_is_guessed_from_the_words(text: str, category: Category) -> None:
    assert guess_category(fold(text)) is category


@pytest.mark.parametrize(
    ("text", "pressed"),
    [
        ("Терміново! Каса висить", True),
        ("горить, допоможіть", True),
        ("люди стоять у черзі, чек не йде", True),
        ("сьогодні останній день здачі декларації", True),
        ("please fix it asap", True),
        ("не горить, коли буде час", False),
        ("Не терміново: перейменуйте склад", False),
        ("Де вказати термін дії договору?", False),
        ("Термінал не бачить мережу", False),
        ("Терміновий договір не друкується", False),
        ("Дякую, що так терміново вчора відреагували. Як змінити ціну?", False),
        ("Звіт порожній", False),
    ],
)
def test_a_claim_of_urgency_is_told_from_its_look_alikes(text: str, pressed: bool) -> None:
    assert read_urgency(fold(text), [(0, len(text))]).pressed is pressed


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("терміново, каса не пробиває чек, черга", UrgencyReason.OPERATIONAL_WORK),
        ("ніхто в офісі не може зайти в базу, терміново", UrgencyReason.MOST_USERS),
        ("наш директор не може увійти в програму, негайно", UrgencyReason.TOP_MANAGEMENT),
        ("терміново перейменуйте картку", None),
    ],
)
def test_the_reason_follows_the_facts(text: str, reason: UrgencyReason | None) -> None:
    urgency = read_urgency(fold(text), [(0, len(text))])
    assert urgency.reason is reason
    assert urgency.evidence is not None


def test_a_claim_in_the_shared_words_is_everybodys() -> None:
    text = "Усе терміново. Каса висить"
    assert read_urgency(fold(text), [(15, len(text))], [(0, 14)]).pressed
    assert not read_urgency(fold(text), [(15, len(text))]).pressed
