"""An answer in a running ticket: thanks move nothing, a new request is told apart (R6)."""

from __future__ import annotations

import pytest

from bot.intake.followups import Verdict, read_followup

TITLE = "Не друкується чек"
DONE = "Перезапустили службу, перевірте, будь ласка."


@pytest.mark.parametrize(
    ("text", "staff", "verdict"),
    [
        ("Дякую!", DONE, Verdict.THANKS),
        ("👍", DONE, Verdict.THANKS),
        ("Ок, дякую, чекаю", "Взяли в роботу.", Verdict.THANKS),
        ("Завтра перевірю і напишу", DONE, Verdict.THANKS),
        ("Запрацювало, дякую!", DONE, Verdict.SOLVED),
        ("так", "Чи все працює?", Verdict.SOLVED),
        ("не допомогло, те саме", DONE, Verdict.NOT_SOLVED),
        ("дякую, але чек знову не друкується", DONE, Verdict.NOT_SOLVED),
        ("ага", "По-прежнему двоит?", Verdict.NOT_SOLVED),
        ("HP 1020, стоїть на касі", "Який у вас принтер?", Verdict.ANSWER),
        ("Дякую! А ще потрібно завести нового комірника", DONE, Verdict.NEW_TASK),
    ],
)
def test_an_answer_is_read_for_what_it_is(text: str, staff: str, verdict: Verdict) -> None:
    assert read_followup(text, TITLE, staff).verdict is verdict


REPAIRED = "Полагодили принтер, перевірте"


@pytest.mark.parametrize(
    "text",
    [
        "Дякую, але друкує ієрогліфи",
        "Тепер друкує самі ієрогліфи",
        "Теперь печатает одни кракозябры",
        "Працює, але дуже повільно",
        "Частково запрацювало, у касира не друкує",
        "Не зовсім: чек друкує, а звіт ні",
        "Відкривається, тільки сума інша",
        "Works now, however the totals are wrong",
        "Запрацювало на п'ять хвилин і впало",
        "З'явилося вікно з кодом 12",
        "Коли запрацює, тоді й закривайте",
        "Не можна закривати",
        "Запрацювало. А чому сума інша?",
        "друкує пусті сторінки",
    ],
)
def test_good_news_with_a_flaw_never_closes_a_ticket(text: str) -> None:
    assert read_followup(text, "Не друкує принтер", REPAIRED).verdict not in (Verdict.SOLVED, Verdict.THANKS)
    assert read_followup(text, "Не друкує принтер", "Чи все працює?").verdict not in (Verdict.SOLVED, Verdict.THANKS)


@pytest.mark.parametrize(
    "text",
    [
        "Тепер друкує нормально, дякую",
        "Не працювало, але зараз вже працює",
        "Запрацювало, але ми ще подивимось",
        "Принтер друкує, закривайте",
        "З восьмої жодного зависання, все працює",
        "It works again, thank you",
    ],
)
def test_plain_good_news_ends_a_ticket(text: str) -> None:
    assert read_followup(text, "Не друкує принтер", REPAIRED).verdict is Verdict.SOLVED


@pytest.mark.parametrize(
    ("text", "staff"), [("так, але криво", "Чи все працює?"), ("ні, не працює", "Ще не працює?"), ("ok but slow", "Does it work now?")]
)
def test_a_yes_or_no_with_more_to_it_is_no_bare_answer(text: str, staff: str) -> None:
    assert read_followup(text, TITLE, staff).verdict is not Verdict.SOLVED


def test_the_new_request_is_told_by_its_span() -> None:
    text = "Дякую, отримала. А ще потрібно завести нового комірника"
    answer = read_followup(text, TITLE, DONE)
    assert [text[start:end] for start, end in answer.new_tasks] == ["А ще потрібно завести нового комірника"]


@pytest.mark.parametrize(
    "text", ["Дякую, а чому сума інша?", "Дякую, не працює", "Спасибі, але помилка лишилась", "ок, але каса знову висить"]
)
def test_thanks_with_a_complaint_are_never_mere_thanks(text: str) -> None:
    assert read_followup(text, TITLE, DONE).verdict is not Verdict.THANKS
