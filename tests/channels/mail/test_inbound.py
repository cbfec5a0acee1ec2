"""Where the answers to a mail go."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bot.channels.mail.inbound import inbound
from bot.channels.mail.parse import parse
from bot.channels.mail.tokens import Tokens
from bot.ports import InboxItem

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)


def recipient(sender: str, reply_to: str) -> str:
    raw = f"From: {sender}\r\nReply-To: {reply_to}\r\nSubject: x\r\nMessage-ID: <1@x.example>\r\n\r\nНе друкує принтер".encode()
    item = InboxItem(id=1, channel="mail", source="support", external_id="1", conversation=sender, raw=raw, received_at=NOW, arrived_at=NOW)
    route = inbound(item, parse(raw), tokens=Tokens(b"0123456789abcdef"), mailbox="support").reply_route
    assert route is not None
    return route.recipient


@pytest.mark.parametrize(
    ("sender", "reply_to", "goes_to"),
    [
        ("anna@shop.example", "books@shop.example", "books@shop.example"),
        ("anna@shop.example", "thief@other.example", "anna@shop.example"),
        # Anybody may have an address at a public provider: the same domain is not the same people.
        ("anna@gmail.com", "thief@gmail.com", "anna@gmail.com"),
        ("anna@ukr.net", "thief@ukr.net", "anna@ukr.net"),
    ],
)
def test_answers_are_not_drawn_elsewhere(sender: str, reply_to: str, goes_to: str) -> None:
    assert recipient(sender, reply_to) == goes_to
