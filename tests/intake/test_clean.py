"""Zones: what in a message is not the request itself."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.intake.clean import ZoneKind, find_zones, is_closing, sentence_kind
from bot.intake.text import fold


def zones(text: str) -> list[tuple[ZoneKind, str]]:
    return [(zone.kind, text[zone.start : zone.end]) for zone in find_zones(text)]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Доброго дня!", ZoneKind.GREETING),
        ("Добрий день, пані Ганно.", ZoneKind.GREETING),
        ("Hi team,", ZoneKind.GREETING),
        ("всем привет", ZoneKind.GREETING),
        ("Дякую!", ZoneKind.THANKS),
        ("дякую за швидку допомогу", ZoneKind.THANKS),
        ("ок", ZoneKind.THANKS),
        ("Отримала, спасибі", ZoneKind.THANKS),
        ("Передзвоніть мені, будь ласка", ZoneKind.CALL_BACK),
        ("ви там є?", ZoneKind.CALL_BACK),
        ("Перезвоните, пожалуйста, на 044 000 00 00", ZoneKind.CALL_BACK),
        ("is anyone there?", ZoneKind.CALL_BACK),
        ("вже не треба, розібралась", ZoneKind.WITHDRAWN),
        ("привіт! не друкує чек", None),
        ("Дякую, але каса знову не працює", None),
        ("Каса не відкриває зміну", None),
        ("як передзвонити клієнту з картки контрагента", None),
        ("Добрий день, не можу провести накладну", None),
    ],
)
def test_a_sentence_is_recognised_for_what_it_is(text: str, kind: ZoneKind | None) -> None:
    assert sentence_kind(fold(text)) is kind


@pytest.mark.parametrize(
    "tail",
    [
        "> Доброго дня! Перевірте, будь ласка.\n> Чи працює?",
        "чт, 2 жовт. 2025 р. о 17:44 Сервіс <desk@example.com> пише:\n> перевірте",
        "On Mon, Oct 6, 2025 at 10:12 AM Desk wrote:\n> please check",
        "-----Исходное сообщение-----\nОт: Сервис\nТема: касса\n\nПроверьте, пожалуйста.",
        "From: Desk <desk@example.com>\nSent: Monday\nTo: Client\nSubject: till\n\nPlease check.",
    ],
)
def test_an_older_letter_at_the_end_is_a_quotation(tail: str) -> None:
    text = "Доброго дня!\n\nКаса не друкує чек.\n\n" + tail
    found = zones(text)
    assert {kind for kind, _ in found} == {ZoneKind.QUOTE}
    assert "Каса" not in "".join(words for _, words in found)


def test_a_letter_passed_on_to_be_handled_is_no_quotation() -> None:
    text = (
        "Прошу опрацювати лист нижче.\n\n---------- Forwarded message ---------\n"
        "Від: Склад <w@example.com>\nТема: ваги\n\nВаги не передають вагу."
    )
    kinds = {words.strip(): kind for kind, words in zones(text)}
    assert kinds["Ваги не передають вагу."] is ZoneKind.FORWARDED


def test_a_signature_after_a_farewell_is_a_zone() -> None:
    text = "Не проводиться накладна.\n\nЗ повагою,\nОлена Приклад\nТОВ «Приклад»\n+380 44 000 00 00\n\nНадіслано з iPhone"
    assert [kind for kind, _ in zones(text)] == [ZoneKind.SIGNATURE, ZoneKind.MOBILE_FOOTER]


@pytest.mark.parametrize(
    "request_", ["не друкує чек", "Зависає звіт", "Завис звіт П0003", "Білий екран у касира Марії", "База на складі ніяка"]
)
def test_a_request_in_the_last_line_is_no_signature(request_: str) -> None:
    assert zones(f"Доброго дня!\n\n{request_}") == []


def test_a_bare_name_under_a_greeting_is_a_signature() -> None:
    assert [kind for kind, _ in zones("Доброго дня!\n\nОлена Приклад")] == [ZoneKind.SIGNATURE]


def test_news_that_asks_for_nothing_closes_a_message() -> None:
    assert is_closing([fold("Питання знімаю, каса запрацювала сама")])
    assert not is_closing([fold("Каса запрацювала, але чек не друкує")])
    assert not is_closing([fold("Рахунок оплатили, баланс не сходиться")])


@given(st.text(st.characters(codec=None), max_size=300))
def test_zones_lie_in_any_text_sorted_and_disjoint(text: str) -> None:
    last = 0
    for zone in find_zones(text):
        assert last <= zone.start < zone.end <= len(text)
        last = zone.end
