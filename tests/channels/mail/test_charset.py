"""Charsets guessed: Cyrillic in every encoding that mails come in, declared wrongly or not at all."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.mail.charset import clean, decode, guess

SENTENCES = [
    "Не працює",
    "Їжак",
    "Ґонта",
    "НЕ ПРАЦЮЄ КАСА",
    "Доброго дня! Не можу зайти в базу BAS, помилка №5.",
    "Добрый день, не проводится накладная, помогите пожалуйста.",
    "Щось з єдиним ґанком у 1С",
    "Юлія Жук",
]

CODES = ["cp1251", "koi8-u", "cp866", "iso8859-5"]


def can_write(text: str, code: str) -> bool:
    """cp866 has no Ґ, ISO 8859-5 neither."""
    return "?" not in text.encode(code, "replace").decode(code)


@pytest.mark.parametrize(("text", "encoding"), [(text, code) for text in SENTENCES for code in CODES if can_write(text, code)])
@pytest.mark.parametrize("declared", [None, "us-ascii", "iso-8859-1", "utf-8", "x-unknown", "zip"])
def test_cyrillic_is_read_whatever_was_declared(text: str, encoding: str, declared: str | None) -> None:
    assert decode(text.encode(encoding), declared)[0] == text


@pytest.mark.parametrize("declared", [None, "windows-1251", "koi8-u", "us-ascii", "utf-8", "x-unknown"])
def test_utf8_is_utf8_whatever_was_declared(declared: str | None) -> None:
    assert decode("Що з базою? Café".encode(), declared)[0] == "Що з базою? Café"


@pytest.mark.parametrize(
    ("data", "declared", "text"),
    [
        ("Café déjà à l’hôtel".encode("cp1252"), "iso-8859-1", "Café déjà à l’hôtel"),
        ("Größe".encode("latin-1"), None, "Größe"),
        ("こんにちは世界。今日はいい天気".encode("shift_jis"), None, "こんにちは世界。今日はいい天気"),
        ("你好世界今天天气很好".encode("gb2312"), "iso-gb2312", "你好世界今天天气很好"),
        ("привіт".encode("utf-16"), "utf-16", "привіт"),
        (b"plain", "x-unknown", "plain"),
        (b"", None, ""),
    ],
)
def test_other_languages(data: bytes, declared: str | None, text: str) -> None:
    assert decode(data, declared)[0] == text


def test_damaged_utf8_stays_utf8() -> None:
    data = "Не друкується чек на другій касі".encode()
    assert decode(data[:20] + b"\xff" + data[20:], "utf-8")[0].startswith("Не друкує")


def test_what_was_wrong_is_told() -> None:
    assert decode("каса".encode("cp1251"), "x-foo")[1] == "unknown charset 'x-foo': read as cp1251"
    assert decode("каса".encode("cp1251"), "cp1251")[1] is None


@given(
    st.binary(max_size=300), st.none() | st.text(max_size=20) | st.sampled_from(["utf-7", "utf-16", "hz", "iso-2022-jp", "idna", "rot13"])
)
def test_any_bytes_become_storable_text(data: bytes, declared: str | None) -> None:
    clean(decode(data, declared)[0]).encode("utf-8")
    clean(guess(data)[0]).encode("utf-8")


def test_cleaning_removes_what_databases_refuse() -> None:
    assert clean("a\x00b\ud800c\r\nd\re\x0bf\tg") == "ab\N{REPLACEMENT CHARACTER}c\nd\nef\tg"
