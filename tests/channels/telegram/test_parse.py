"""Parsing takes anything: no update stops it but one that names no chat, and what it understood is true."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.telegram import parse
from bot.channels.telegram.parse import Line, Moved, Nothing, Press, Reach, understand
from bot.errors import Permanent

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
STAMP = int(NOW.timestamp()) - 60
CHAT = {"id": 501, "type": "private", "first_name": "Ірина"}
PERSON = {"id": 501, "is_bot": False, "first_name": "Ірина", "last_name": "Приклад", "language_code": "uk"}
GROUP = {"id": -1001, "type": "supergroup", "title": "Підтримка"}


def message(**content: Any) -> dict[str, Any]:
    return {"update_id": 7, "message": {"message_id": 3, "from": PERSON, "chat": CHAT, "date": STAMP, **content}}


def line(**content: Any) -> Line:
    happening = understand(message(**content))
    assert isinstance(happening, Line)
    return happening


def test_a_plain_line() -> None:
    said = line(text="Не друкує", reply_to_message={"message_id": 2, "chat": CHAT, "date": 1})
    assert (said.text, said.answers, said.message_id, said.person.name) == ("Не друкує", 2, 3, "Ірина Приклад")
    assert said.at == datetime.fromtimestamp(STAMP, UTC)
    assert said.place.is_private
    assert said.problems == ()


@pytest.mark.parametrize(
    ("text", "name", "rest", "addressee"),
    [
        ("/my", "my", "", ""),
        ("/My@deskbot all ", "my", "all", "deskbot"),
        ("/call\n+380 44", "call", "+380 44", ""),
        ("//нотатка", None, None, None),
        ("/opt/1c не запускається", None, None, None),
        ("/", None, None, None),
    ],
)
def test_commands(text: str, name: str | None, rest: str | None, addressee: str | None) -> None:
    command = line(text=text).command
    assert (command and (command.name, command.rest, command.addressee)) == (None if name is None else (name, rest, addressee))


@pytest.mark.parametrize(
    ("content", "kind", "name"),
    [
        ({"document": {"file_id": "f", "file_name": "акт.pdf", "mime_type": "application/pdf", "file_size": 9}}, "document", "акт.pdf"),
        ({"voice": {"file_id": "f", "duration": 42}}, "voice", "voice"),
        ({"video_note": {"file_id": "f", "duration": 5, "length": 240}}, "video_note", "video_note"),
        ({"sticker": {"file_id": "f", "emoji": "👍"}}, "sticker", "👍"),
        ({"photo": [{"file_id": "small", "width": 90}, {"file_id": "f", "width": 1280}]}, "photo", "photo"),
        ({"animation": {"file_id": "f"}, "document": {"file_id": "same"}}, "animation", "animation"),
    ],
)
def test_files(content: dict[str, Any], kind: str, name: str) -> None:
    [file] = line(**content, caption="підпис").attachments
    assert (file.kind, file.name, file.ref) == (kind, name, "telegram:f")


def test_places_and_cards_are_named_and_only_an_own_card_proves_a_phone() -> None:
    card = {"phone_number": "+380440000000", "first_name": "Ірина"}
    assert line(contact=card | {"user_id": 501}).own_contact == "+380440000000"
    assert line(contact=card | {"user_id": 502}).own_contact == ""
    assert line(contact=card).attachments[0].name == "Ірина +380440000000"
    assert line(location={"latitude": 50.4, "longitude": 30.5}).attachments[0].kind == "location"


def test_content_that_nobody_knows_yet_is_a_line_with_a_problem() -> None:
    said = line(hologram={"file_id": "f"})
    assert said.problems == ("unknown_content",)
    assert [file.name for file in said.attachments] == ["hologram"]
    assert line().attachments == ()


def test_the_origin_that_breaks_whole_batches_elsewhere_is_no_trouble() -> None:
    assert line(text="переслано", forward_origin={"type": "hidden_user", "date": STAMP}).text == "переслано"


def test_nul_and_lone_surrogates_become_something_that_can_be_stored() -> None:
    said = line(text="a\x00b\ud83dc")
    assert said.text == "a\ufffdb\ufffdc"
    said.text.encode()


def test_who_is_anonymous() -> None:
    hidden = {"update_id": 1, "message": {"message_id": 1, "chat": GROUP, "date": STAMP, "text": "x", "sender_chat": GROUP}}
    happening = understand(hidden | {"message": hidden["message"] | {"from": {"id": 1087968824, "is_bot": True, "first_name": "Group"}}})
    assert isinstance(happening, Line)
    assert happening.person.is_anonymous


def test_other_happenings() -> None:
    callback = {"id": "c", "from": PERSON, "data": "claim:1", "chat_instance": "1", "message": {"message_id": 5, "chat": GROUP, "date": 0}}
    assert understand({"update_id": 1, "callback_query": callback}) == Press(
        callback_id="c",
        place=parse.Place(id=-1001, is_private=False, title="Підтримка"),
        person=parse.Person(id=501, name="Ірина Приклад", language="uk"),
        message_id=5,
        data="claim:1",
    )
    change = {"chat": CHAT, "from": PERSON, "date": STAMP, "new_chat_member": {"status": "kicked"}}
    reach = understand({"update_id": 1, "my_chat_member": change})
    assert isinstance(reach, Reach)
    assert not reach.is_reachable
    assert understand(message(migrate_to_chat_id=-9)) == Moved(old_chat=501, new_chat=-9)
    assert understand(message(migrate_from_chat_id=-9)) == Moved(old_chat=-9, new_chat=501)
    assert isinstance(understand(message(new_chat_members=[PERSON])), Nothing)
    assert isinstance(understand({"update_id": 1, "poll": {}}), Nothing)
    assert isinstance(
        understand(message(text="x") | {"message": message(text="x")["message"] | {"from": PERSON | {"is_bot": True}}}), Nothing
    )


def test_an_update_without_a_chat_is_for_the_quarantine() -> None:
    with pytest.raises(Permanent):
        understand({"update_id": 1, "message": {"message_id": 1, "text": "чий я?"}})


def test_the_moment_of_receipt_is_telegrams_and_never_later_than_now() -> None:
    assert parse.happened_at(message(), now=NOW) == datetime.fromtimestamp(STAMP, UTC)
    assert parse.happened_at(message(date=STAMP + 10**6), now=NOW) == NOW
    assert parse.happened_at(message(date="учора"), now=NOW) == NOW
    assert parse.happened_at({"update_id": 1, "callback_query": {}}, now=NOW) == NOW


def test_what_makes_an_event_unique_survives_new_update_ids() -> None:
    assert parse.external_id(message() | {"update_id": 1}) == parse.external_id(message() | {"update_id": 900}) == "m:501:3"
    edits = [{"update_id": number, "edited_message": message()["message"]} for number in (1, 2)]
    assert len({parse.external_id(edit) for edit in edits}) == 2
    assert parse.external_id({"update_id": 4, "callback_query": {"id": "q"}}) == "c:q"
    assert parse.external_id({"update_id": 4, "poll": {}}) == "u:4"


def test_two_agents_in_one_chat_do_not_wait_for_each_other() -> None:
    said = message()["message"] | {"chat": GROUP}
    assert parse.conversation({"message": said}) == "-1001:501"
    assert parse.conversation(message()) == "501"


scalars = st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(st.characters(), max_size=8)
anything = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3), max_leaves=8
)
keys = [
    "message_id",
    "from",
    "chat",
    "date",
    "edit_date",
    "text",
    "caption",
    "photo",
    "document",
    "voice",
    "sticker",
    "contact",
    "location",
    "reply_to_message",
    "media_group_id",
    "sender_chat",
    "migrate_to_chat_id",
    "migrate_from_chat_id",
    "forward_origin",
    "entities",
    "id",
    "type",
    "is_bot",
    "first_name",
    "last_name",
    "user_id",
    "phone_number",
    "file_id",
    "file_name",
    "file_size",
    "width",
    "duration",
    "new_chat_member",
    "status",
    "message",
    "data",
    "new_chat_members",
]
objects = st.recursive(anything, lambda inner: st.dictionaries(st.sampled_from(keys), inner, max_size=8), max_leaves=20)
updates = st.dictionaries(st.sampled_from(["message", "edited_message", "callback_query", "my_chat_member", "poll"]), objects, max_size=2)


@given(updates)
def test_no_update_whatever_is_in_it_stops_the_poller(update: dict[str, Any]) -> None:
    update = json.loads(json.dumps(update)) | {"update_id": 1}
    assert parse.external_id(update)
    assert parse.conversation(update)
    assert parse.happened_at(update, now=NOW) <= NOW
    parse.line_of(update)
    try:
        happening = understand(update)
    except Permanent:
        return
    if isinstance(happening, Line):
        happening.text.encode()
