"""Header blocks, encoded words, parameters and addresses."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.mail import addresses
from bot.channels.mail.headers import decode_words, parameters, split


def pairs(value: bytes) -> list[tuple[str, str]]:
    return [(each.name, each.address) for each in addresses.parse(value)]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b"iryna@shop.example", [("", "iryna@shop.example")]),
        (b"Iryna Bondar <iryna@shop.example>", [("Iryna Bondar", "iryna@shop.example")]),
        (b'"Bondar, Iryna" <i@s.example>, petro@mill.example', [("Bondar, Iryna", "i@s.example"), ("", "petro@mill.example")]),
        (b"i@s.example (Iryna)", [("Iryna", "i@s.example")]),
        (b"Team: a@b.example, c@d.example;", [("", "a@b.example"), ("", "c@d.example")]),
        (b"Undisclosed recipients:;", []),
        (b"a@b.example; c@d.example", [("", "a@b.example"), ("", "c@d.example")]),
        (b"=?utf-8?Q?a=40b.example?= <real@c.example>", [("a@b.example", "real@c.example")]),
        (b"=?utf-8?B?" + b"0IbRgNC40L3QsCwg0LHRg9GF0LPQsNC70YLQtdGA?= <i@s.example>", [("Ірина, бухгалтер", "i@s.example")]),
        ("Ірина <i@s.example>".encode("cp1251"), [("Ірина", "i@s.example")]),
        (b"<@relay.example:i@s.example>", [("", "i@s.example")]),
        (b"mailto:i@s.example", [("", "i@s.example")]),
        (b'"i@s.example" <i@s.example>', [("", "i@s.example")]),
        (b'"very odd"@s.example', [("", '"very odd"@s.example')]),
        (b"no address here", []),
        (b"i@s.example\r\nRCPT TO:<z@z.example>", [("", "i@s.example")]),
        (b"", []),
    ],
)
def test_addresses(value: bytes, expected: list[tuple[str, str]]) -> None:
    assert pairs(value)[: len(expected) or None] == expected


@pytest.mark.parametrize("value", [b'"' * 20_000, b"a," * 20_000, b"(" * 20_000, b"<" * 20_000, b"=?" * 20_000, b"a@b " * 10_000])
def test_hostile_address_headers_cost_no_time(value: bytes) -> None:
    started = time.perf_counter()
    addresses.parse(value)
    assert time.perf_counter() - started < 1


@given(st.binary(max_size=400))
def test_any_bytes_are_survived(value: bytes) -> None:
    for each in addresses.parse(value):
        assert "@" in each.address
        assert "\n" not in each.address + each.name
    decode_words(value).encode()
    parameters(value)
    headers, body, _ = split(value, 0, len(value))
    assert 0 <= body <= len(value)
    assert all(name == name.lower() for name, _ in headers.items)


def test_twenty_thousand_encoded_words_cost_no_time() -> None:
    started = time.perf_counter()
    assert len(decode_words(b"=?utf-8?Q?a?= " * 20_000)) == 20_000
    assert time.perf_counter() - started < 2


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b"=?utf-8?Q?=D0=9D=D0?= =?utf-8?Q?=B5?=", "Не"),
        (b'"=?koi8-u?B?7sU=?=" x', '"Не" x'),
        (b"=?x-none?Q?abc?=", "abc"),
        (b"=?utf-8*uk?Q?=D0=9D?=", "Н"),
        (b"=?utf-8?B?0J0?=", "Н"),
        (b"=?utf-8?Q?not closed", "=?utf-8?Q?not closed"),
        (b"a\r\n\tb   c", "a b c"),
    ],
)
def test_encoded_words(value: bytes, expected: str) -> None:
    assert decode_words(value) == expected


@pytest.mark.parametrize(
    ("value", "name", "expected"),
    [
        (b'text/plain; charset="utf-8"', "charset", "utf-8"),
        (b"a/b; name*0*=windows-1251''%E7%E2; name*1=it.pdf", "name", "звit.pdf"),
        (b"a/b; name*=utf-8''%D0%B7.pdf", "name", "з.pdf"),
        (b'a/b; name="=?utf-8?B?0Lc=?=.pdf"', "name", "з.pdf"),
        ("a/b; name=звіт.pdf".encode("cp1251"), "name", "звіт.pdf"),
        (rb'a/b; name="C:\Temp\a\"b.pdf"', "name", 'C:\\Temp\\a"b.pdf'),
        (b"a/b; name=unquoted name.pdf; x=y", "name", "unquoted name.pdf"),
    ],
)
def test_parameters(value: bytes, name: str, expected: str) -> None:
    assert parameters(value)[1][name] == expected
