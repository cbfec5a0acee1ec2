"""What is new and what is quoted: rules at their edges, and that no line is ever lost."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.mail.quote_words import REPLY_MARKER
from bot.channels.mail.quotes import divide


@pytest.mark.parametrize(
    ("text", "own"),
    [
        ("Так.\n\nср, 19 лют. 2025 р. о 17:56 Ім'я <a@b.ua> пише:\n\n> Питання", "Так."),
        ("Да.\n\nпн, 4 нояб. 2024 г. в 10:15, Имя <a@b.ua>:\n\n> Вопрос", "Да."),
        ("Yes.\n\nOn Nov 4, 2024, at 10:15, A B <a@b.example> wrote:\n\nWhat?", "Yes."),
        (f"Так.\n\n> {REPLY_MARKER}\n> Наше", "Так."),
        ("👍\n\nпн, 4 нояб. 2024 г. в 10:15, Имя <a@b.ua>:\n> Вопрос", "👍"),
        ("Версія 8.3\n\nВи писали 24 листопада 2026 р., 10:15:\n\nІП> Яка?\nІП> Коли?", "Версія 8.3"),
        ("Так.\n\nПетро Дуб <p@m.example> написав:\n\nСтаре без знаків", "Так."),
        ('Так.\n\n10:15, 4 листопада 2024, "Петро" <p@m.example>:\n\nСтаре без знаків', "Так."),
        ("> Версія?\n\n8.3\n\n> ОС?\n\nWindows 11", "8.3\n\n\nWindows 11"),
        (f"Так.\n\n24.11.2026 10:00, Служба пише:\n> {REPLY_MARKER}\n> Наше", "Так."),
        (f"Так.\n{REPLY_MARKER}\n\nНаше без знаків цитати", "Так."),
        ("Так.\n\nПетро написав:\n> раз\n> два", "Так."),
        ("Так.\n\nВід: Петро <p@m.example>\nДата: 4 листопада 2024\n\nСтаре", "Так."),
    ],
)
def test_quotes_are_cut(text: str, own: str) -> None:
    division = divide(text)
    assert division.text == own
    assert division.quoted


@pytest.mark.parametrize(
    "text",
    [
        "Програма пише:\n> Помилка 404\nЩо робити?",
        "Програма пише:\n> Помилка 404",
        "Від: якого числа діє ліцензія?\nТема: оновлення.",
        "4 листопада 2024 р. о 10:15 програма зависла.\nДопоможіть",
        "From: our database\nTo: the report\nit takes an hour.",
        "- перше\n- друге\n-- третє",
        "Sent from my desk, which is easier than from my phone.",
        "As regards the timeline: we need it on Friday.",
        "> цитата без нічого",
        "Перша:\n> Помилка 404\n\nДруга:\n> Помилка 500\n\nЩо робити?",
        "Команди:\nC> dir\nне працює",
        "Підсумок\n---\nтелефон у касі дзвонить?\nтак",
        "1. Як оновити?\n2. Скільки коштує?\n\nЗ повагою до вашої праці, чекаємо відповіді на обидва питання?",
    ],
)
def test_own_text_is_left_alone(text: str) -> None:
    assert divide(text).text == text


@pytest.mark.parametrize(
    ("text", "own", "signature"),
    [
        ("Каса.\n\n-- \nІван\n+380 44 000 00 00", "Каса.", "-- \nІван\n+380 44 000 00 00"),
        ("Каса.\n\nЗ повагою, Іван Петренко", "Каса.", "З повагою, Іван Петренко"),
        ("Каса.\n\nЗ повагою,\nІван\n\nP.S. І звіт теж.", "Каса.\n\nP.S. І звіт теж.", "З повагою,\nІван"),
        ("Каса.\n\n———\nІван Петренко\n+380 44 000 00 00", "Каса.", "———\nІван Петренко\n+380 44 000 00 00"),
        (
            "Каса.\n\nЦе повідомлення надіслано з мого Android-пристрою за допомогою K-9 Mail.",
            "Каса.",
            "Це повідомлення надіслано з мого Android-пристрою за допомогою K-9 Mail.",
        ),
        ("Каса.\n\nНадіслано з мого Samsung Galaxy", "Каса.", "Надіслано з мого Samsung Galaxy"),
        ("Каса.\n\nЗ повагою,\nІван\n1. Ще одне питання\n2. І ще", "Каса.\n\nЗ повагою,\nІван\n1. Ще одне питання\n2. І ще", ""),
        ("Каса.\n\nОтправлено из мобильной Яндекс Почты", "Каса.", "Отправлено из мобильной Яндекс Почты"),
    ],
)
def test_signatures(text: str, own: str, signature: str) -> None:
    division = divide(text)
    assert division.text == own
    assert division.signature.rstrip() == signature.replace("-- \n", "--\n")


def test_answers_between_quoted_lines_stay_together_with_what_stands_above() -> None:
    text = 'Відповіді нижче.\n\n24.11.2026, 10:15, "Служба" <s@d.example>:\n> Версія?\n5.2\n> ОС?\nWindows 11\n'
    assert divide(text).text == "Відповіді нижче.\n\n5.2\nWindows 11"


def test_a_forward_alone_is_read_for_its_text() -> None:
    head = "Від: Петро <petro@mill.example>\nDate: ср, 27 жовт. 2021 о 09:31\nSubject: Каса\nTo: <i@s.example>\n"
    text = f"---------- Forwarded message ---------\n{head}\nНе друкує.\n"
    division = divide(text)
    assert division.text == "Не друкує."
    assert division.forwarded is not None
    assert division.forwarded.sender is not None
    assert division.forwarded.sender.address == "petro@mill.example"
    assert division.forwarded.subject == "Каса"


_TEMPTING = f"""Привіт
> цитата

{"-- "}
З повагою,
Іван
Від: a@b.ua
Тема: x
Дата: 1.1.2024
04.11.2024 10:15, Х пише:
________
1. раз
P.S. ще
-----Original Message-----
On Mon, Nov 4, 2024 A <a@b.example> wrote:
Надіслано з iPhone
{REPLY_MARKER}"""
_LINES = st.sampled_from(_TEMPTING.split("\n"))


@given(st.lists(_LINES, max_size=14))
def test_no_line_is_lost_or_invented(lines: list[str]) -> None:
    division = divide("\n".join(lines))
    kept = Counter(line.strip("> ") for part in (division.text, division.quoted, division.signature) for line in part.split("\n"))
    sent = Counter(line.strip("> ") for line in lines)
    kept.pop("", None)
    sent.pop("", None)
    assert kept == sent


@given(st.text(max_size=400))
def test_any_text_is_divided(text: str) -> None:
    divide(text)
