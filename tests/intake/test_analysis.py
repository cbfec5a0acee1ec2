"""The entry point: properties that hold for any text, and examples of whole messages."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.intake.analysis import Kind, analyse, analyse_followup
from bot.intake.titles import LONGEST
from bot.model import Category, Priority, UrgencyReason

PIECES = st.sampled_from(
    [
        "Доброго дня! ",
        "не друкує чек ",
        "і ще ",
        "1) ",
        "2) ",
        "\n",
        "\n\n",
        "дякую ",
        "терміново ",
        "? ",
        ". ",
        "> ",
        "--\n",
        "Тема: ",
        "@",
        "\ud800",
        "\0",
        "\u0130",
        "🙂 ",
    ]
)
ANY_TEXT = st.one_of(st.text(st.characters(codec=None), max_size=300), st.lists(PIECES, max_size=40).map("".join))


def requests(text: str, channel: str = "chat") -> list[str]:
    return [" … ".join(text[start:end] for start, end in part.spans) for part in analyse(text, channel=channel).parts]


@given(ANY_TEXT, st.sampled_from(["chat", "email", "phone", "site"]))
def test_nothing_is_lost_and_spans_are_sorted_and_disjoint(text: str, channel: str) -> None:
    analysis = analyse(text, channel=channel)
    spans = sorted([span for part in analysis.parts for span in part.spans] + [*analysis.shared, *analysis.noise])
    at = 0
    for start, end in spans:
        # What stands between two spans is at most a list mark and blanks: no words.
        assert at <= start <= end <= len(text)
        assert sum(map(str.isalpha, text[at:start])) <= 1
        at = end
    assert not any(map(str.isalpha, text[at:]))
    for part in analysis.parts:
        assert list(part.spans) == sorted(part.spans)
        assert part.spans
        assert len(part.title) <= LONGEST
        assert "\n" not in part.title
        assert part.evidence is None or 0 <= part.evidence[0] < part.evidence[1] <= len(text)
    assert 0.0 <= analysis.confidence <= 1.0
    assert bool(analysis.parts) == (analysis.kind is Kind.REQUEST)


@given(ANY_TEXT, ANY_TEXT, ANY_TEXT)
def test_a_follow_up_is_read_whatever_it_is(text: str, title: str, staff: str) -> None:
    at = 0
    for start, end in analyse_followup(text, title, staff).new_tasks:
        assert at <= start < end <= len(text)
        at = end


@given(ANY_TEXT)
@settings(max_examples=30)
def test_reading_twice_gives_the_same(text: str) -> None:
    assert analyse(text, channel="chat") == analyse(text, channel="chat")


@given(st.integers(min_value=2, max_value=9))
def test_a_numbered_list_of_clear_asks_gives_as_many_requests(count: int) -> None:
    asks = ["не друкує чек", "дайте доступ новому касиру", "як провести повернення?", "зник звіт з меню", "перевірте залишки на складі"]
    text = "Доброго дня!\n" + "\n".join(f"{number}. {asks[number % 5]}" for number in range(1, count + 1))
    assert len(requests(text)) == count


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("", Kind.EMPTY),
        (" \n\t", Kind.EMPTY),
        ("Доброго дня!", Kind.GREETING),
        ("Привіт, дівчата", Kind.GREETING),
        ("Дякую!", Kind.THANKS),
        ("👍", Kind.THANKS),
        ("Добрий день. Передзвоніть мені, будь ласка", Kind.CALL_BACK),
        ("є хто?", Kind.CALL_BACK),
        ("Питання знімаю, каса запрацювала сама", Kind.NEWS),
        ("Доброго дня! Не друкує чек", Kind.REQUEST),
    ],
)
def test_a_message_is_recognised_for_what_it_is(text: str, kind: Kind) -> None:
    assert analyse(text, channel="chat").kind is kind


def test_a_mail_with_three_questions_gives_three_requests_without_greeting_and_signature() -> None:
    text = (
        "Доброго дня!\n\n1. Не друкується акт звірки, пише «помилка макета».\n"
        "2. Додайте, будь ласка, у звіт по продажах колонку «Менеджер».\n"
        "3. Підкажіть, як провести повернення від покупця?\n\nЗ повагою,\nОлена Приклад\n\n"
        "пт, 14 лист. 2025 р. о 09:31 Сервіс <desk@example.com> пише:\n> Чи все гаразд?"
    )
    analysis = analyse(text, channel="email")
    assert len(analysis.parts) == 3
    assert [part.category for part in analysis.parts] == [Category.INCIDENT, Category.CHANGE_REQUEST, Category.INCIDENT]
    assert not any(part.urgent for part in analysis.parts)
    assert analysis.parts[2].title == "Як провести повернення від покупця?"


def test_urgency_belongs_to_the_request_that_claims_it() -> None:
    text = "1. Каса не пробиває чек, терміново, черга стоїть\n2. Перейменуйте склад, це не терміново"
    first, second = analyse(text, channel="chat").parts
    assert (first.urgent, first.priority_guess, first.reason) == (True, Priority.URGENT, UrgencyReason.OPERATIONAL_WORK)
    assert first.evidence is not None
    assert text[first.evidence[0] : first.evidence[1]] in ("Каса", "чек")
    assert (second.urgent, second.priority_guess) == (False, Priority.LOW)


@pytest.mark.parametrize(
    "piece",
    [
        *(
            "а ",
            ", ",
            "? ",
            "1) ",
            "- ",
            "не ",
            "\n",
            "\r",
            " ",
            "(",
            "«",
            "@",
            "від: ",
            "> а\n",
            "--\n",
            "дякую ",
            "\ud800",
            "\0",
            "і ще ",
        ),
        # One word, one number, one sign for ever; brackets and quotes that never close, or only close, or nest.
        *(
            "а",
            "7",
            "_",
            "'",
            "-",
            ".",
            "!",
            "/",
            "\u2028",
            "\t",
            "🙂",
            "ъ'",
            "а-",
            ")",
            "]",
            "[",
            "“",
            "»",
            '"',
            "«»",
            "(«",
            "«а» ",
            '"а ',
            "(а) ",
        ),
        # List marks, dates, numbers, addresses, layouts, words that the lexicons look for.
        *(
            "1.1. ",
            "1️⃣ ",
            "а) ",
            "• а\n",
            "1. а\n",
            "  - а\n",
            "17.11.2024 ",
            "1 000,00 ",
            "9 ",
            "x@y.z ",
            "http://а",
            "Тема: а\n",
            "\r\n\r\n",
        ),
        *(
            "не працює. ",
            "терміново! ",
            "до 15:00 ",
            "прошу, ",
            "черга стоїть ",
            "also, ",
            "; ",
            " / ",
            " — ",
            ": ",
            "Добрий день, ",
            "З повагою,\n",
        ),
        *("+380 44 000 00 00\n", "at a.b(\n", "директор ", "не может ", "а ще ", "друге: ", "-----Original Message-----\n", "пише:\n", "…"),
    ],
)
def test_a_hundred_thousand_characters_are_read_in_under_a_second(piece: str) -> None:
    text = (piece * 100_000)[:100_000]
    analyse("Доброго дня", channel="chat")  # the weights are read once
    started = time.process_time()  # of this process alone: the machine may be busy
    analyse(text, channel="chat")
    analyse_followup(text, text[:100], text[:100])
    assert time.process_time() - started < 1.0
