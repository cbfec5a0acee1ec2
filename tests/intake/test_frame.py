"""Greeting and signature are taken off before a message is divided, so they change nothing about its requests."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.intake.analysis import analyse
from train.examples import FILES, read_corpus

GREETINGS = ("Доброго дня!", "Добрий день, пані Олено!", "Привіт,", "Здравствуйте!", "Hi,", "Вітаю.")
SIGNATURES = ("З повагою,\nОлена Приклад", "--\nІван Взірець\nТОВ «Приклад»\nтел. +380 44 000 00 00", "С уважением, Ирина")

# Messages that begin and end with their request: whatever is put around them is a frame and nothing else.
BARE = [
    (message["text"], message["channel"])
    for name in FILES
    for message in read_corpus(name)[::9]
    if message["tickets"]
    and message["tickets"][0]["spans"][0][0] == 0
    and max(span[1] for ticket in message["tickets"] for span in ticket["spans"]) >= len(message["text"]) - 1
    and "\n\n" not in message["text"]
]


def requests(text: str, channel: str) -> list[str]:
    return [" … ".join(text[start:end] for start, end in part.spans) for part in analyse(text, channel=channel).parts]


@given(st.sampled_from(BARE), st.sampled_from(GREETINGS), st.sampled_from(["\n", "\n\n"]))
@settings(max_examples=150, deadline=None)
def test_a_greeting_does_not_change_the_requests(message: tuple[str, str], greeting: str, gap: str) -> None:
    text, channel = message
    assert requests(greeting + gap + text, channel) == requests(text, channel)


@given(st.sampled_from(BARE), st.sampled_from(SIGNATURES))
@settings(max_examples=150, deadline=None)
def test_a_signature_does_not_change_the_requests(message: tuple[str, str], signature: str) -> None:
    text, channel = message
    assert requests(f"{text}\n\n{signature}", channel) == requests(text, channel)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Доброго дня, пані Олено! Не друкує чек", ["Не друкує чек"]),
        ("Добрий день, каса висить", ["каса висить"]),
        ("Привіт, Оля\nкаса висить", ["каса висить"]),
        ("Добрий день!\n\nБілий екран у касира\n\nЗ повагою, Іра", ["Білий екран у касира"]),
    ],
)
def test_what_is_framed_stays_whole(text: str, expected: list[str]) -> None:
    assert requests(text, "chat") == expected


def test_the_frame_is_labelled_noise() -> None:
    text = "Доброго дня!\nНе друкує чек\n\nЗ повагою,\nОлена Приклад"
    analysis = analyse(text, channel="email")
    assert [text[start:end] for start, end in analysis.noise] == ["Доброго дня!", "З повагою,\nОлена Приклад"]
