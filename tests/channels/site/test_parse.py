"""What is posted becomes a raw event and comes back the same; nothing a page can send breaks it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.site import parse
from bot.errors import Permanent
from bot.model import Category, Priority, Route, UrgencyReason
from bot.ports import InboxItem
from tests.builders import TUESDAY

ANY_TEXT = st.text(alphabet=st.characters(exclude_categories=()))


def posted(text: str, **fields: object) -> parse.Posted:
    return parse.Posted(contact_id=7, name="Ірина", language="uk", text=text, **fields)  # type: ignore[arg-type]


def stored(raw: bytes, *, source: str = parse.CHAT) -> InboxItem:
    return InboxItem(
        id=1, channel="site", source=source, external_id="7:x", conversation="site:7", raw=raw, received_at=TUESDAY, arrived_at=TUESDAY
    )


def event(what: parse.Posted, source: str = parse.CHAT) -> InboxItem:
    gap, limit = timedelta(seconds=5), timedelta(minutes=2)
    made = parse.event(what, source=source, external_id="abcdef123", now=TUESDAY, quiet_gap=gap, burst_limit=limit)
    return stored(made.raw, source=made.source)


@given(ANY_TEXT)
def test_any_text_can_be_stored_and_read(text: str) -> None:
    read = parse.read(event(posted(text)))
    assert read.text == parse.tidy(text)
    read.text.encode()  # no lone surrogates
    assert "\x00" not in read.text


@given(ANY_TEXT)
def test_tidying_twice_is_tidying_once(text: str) -> None:
    assert parse.tidy(parse.tidy(text)) == parse.tidy(text)


def test_tidying_keeps_what_people_wrote() -> None:
    assert parse.tidy("  Перше\r\nдруге\tз табуляцією 🙂\r\n") == "Перше\nдруге\tз табуляцією 🙂"
    assert parse.tidy("а\x00б\x1bв\ud83dг\x85д") == "абв\ufffdгд"


def test_explicit_fields_survive() -> None:
    what = posted("т", ticket_id=5, priority=Priority.URGENT, category=Category.CHANGE_REQUEST, reason=UrgencyReason.MOST_USERS)
    assert parse.read(event(what, parse.FORM)) == what


def test_only_chat_lines_wait_for_more() -> None:
    gap, limit = timedelta(seconds=5), timedelta(minutes=2)
    kinds = {
        source: parse.event(posted("т"), source=source, external_id="abcdef123", now=TUESDAY, quiet_gap=gap, burst_limit=limit).quiet_gap
        for source in (parse.CHAT, parse.FORM)
    }
    assert kinds == {parse.CHAT: gap, parse.FORM: timedelta(0)}


def test_one_contact_cannot_take_the_id_of_another() -> None:
    gap, limit = timedelta(seconds=5), timedelta(minutes=2)
    mine = parse.event(posted("т"), source=parse.CHAT, external_id="abcdef123", now=TUESDAY, quiet_gap=gap, burst_limit=limit)
    assert mine.external_id == "7:abcdef123"
    assert mine.conversation == "site:7"


@pytest.mark.parametrize(
    "raw", [b"", b"\xff", b"[]", b"{}", b'{"contact_id": "x"}', b'{"contact_id":7,"name":"","language":"uk","text":"","reason":9}']
)
def test_what_is_not_ours_goes_to_quarantine(raw: bytes) -> None:
    with pytest.raises(Permanent):
        parse.read(stored(raw))


def test_lines_become_one_message_received_with_the_first() -> None:
    lines = [posted("Добрий день"), posted("Не друкує чек")]
    message = parse.inbound([event(line) for line in lines], lines)
    assert message.text == "Добрий день\nНе друкує чек"
    assert message.received_at == TUESDAY
    assert message.reply_route == Route(channel="site", recipient="contact:7")
    assert message.sender.value == "7"


@pytest.mark.parametrize(("value", "fits"), [("a" * 8, True), ("a" * 64, True), ("a" * 7, False), ("a" * 65, False), ("abc'; --x", False)])
def test_ids_of_pages(value: str, fits: bool) -> None:
    assert parse.is_external_id(value) is fits
