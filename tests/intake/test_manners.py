"""What looks like a machine's answer to us, and what is a person's second request."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from bot.intake.manners import answers_like_a_machine, says_the_same
from bot.model import Address, Delivery, InboundMessage, Route
from tests.builders import TUESDAY


def letter(subject: str, *, ago: timedelta) -> Delivery:
    return Delivery(
        key="k",
        route=Route(channel="mail", recipient="a@b.example"),
        kind="receipt",
        body={"letter": {"subject": subject}},
        created_at=TUESDAY - ago,
    )


def mail(sender: str, subject: str) -> InboundMessage:
    fields: dict[str, Any] = {"channel": "mail", "conversation": sender, "external_ids": ("x",), "sender_name": "", "reply_route": None}
    return InboundMessage(**fields, sender=Address(channel="mail", value=sender), text="…", subject=subject, received_at=TUESDAY)


@pytest.mark.parametrize(
    ("sender", "subject", "minutes", "is_machine"),
    [
        ("support@partner.example", "Заявка 77", 1, True),
        ("it-desk@partner.example", "Заявка 77", 9, True),
        ("support@partner.example", "Заявка 77", 11, False),
        ("olena@partner.example", "Заявка 77", 1, False),
        ("supportova@partner.example", "Заявка 77", 1, False),
        ("olena@partner.example", "Re: Не друкує каса", 5, True),
        ("olena@partner.example", "Автовідповідь: Не друкує каса", 5, True),
        ("olena@partner.example", "[Ticket#12] Не друкує каса", 5, True),
        ("olena@partner.example", "Не друкує каса", 5, False),
        ("olena@partner.example", "Re: Інша тема", 5, False),
        ("olena@partner.example", "Re: Не друкує каса", 61, False),
    ],
)
def test_who_answers_like_a_machine(sender: str, subject: str, minutes: int, is_machine: bool) -> None:
    letters = [letter("Не друкує каса", ago=timedelta(minutes=minutes))]
    assert bool(answers_like_a_machine(mail(sender, subject), letters, now=TUESDAY)) is is_machine
    assert not answers_like_a_machine(mail(sender, subject), [], now=TUESDAY)


def test_the_same_but_for_numbers() -> None:
    text = "Вітаємо! Вашу заявку №{} від {} прийнято, наш фахівець зв'яжеться з вами протягом дня."
    assert says_the_same(text.format(1, "24.11.2026"), text.format(205, "25.11.2026 14:02"))
    assert not says_the_same("Не друкує принтер номер 1", "Не друкує принтер номер 2")
    assert not says_the_same("", "")
