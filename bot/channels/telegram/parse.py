"""A raw update into what happened: a line, a press, a change of who we can reach, a moved chat, or nothing for us.

Pure and tolerant: it takes dictionaries as they came, checks what it needs and ignores the rest, so that a new kind of content or one
broken field never stops a message. Only an update that names no chat at all raises `Permanent`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from bot.channels.telegram.content import contents
from bot.channels.telegram.text import safe
from bot.errors import Permanent
from bot.model import Attachment

Raw = Mapping[str, Any]
_ANONYMOUS_ADMIN = 1087968824
"""The account that stands for every administrator who hides behind the group's name."""
_GONE = ("left", "kicked")
_EARLIEST = datetime(2013, 8, 1, tzinfo=UTC)
"""Telegram did not exist before."""
# Messages that Telegram writes by itself about the chat.
_SERVICE = frozenset(
    {"new_chat_members", "left_chat_member", "new_chat_title", "new_chat_photo", "delete_chat_photo", "group_chat_created"}
    | {"supergroup_chat_created", "pinned_message", "message_auto_delete_timer_changed", "write_access_allowed", "boost_added"}
    | {"forum_topic_created", "forum_topic_edited", "forum_topic_closed", "forum_topic_reopened", "chat_background_set"}
    | {"video_chat_scheduled", "video_chat_started", "video_chat_ended", "video_chat_participants_invited"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Who did it. `is_anonymous`: an administrator in the group's name, whom nobody can tell apart from the others."""

    id: int
    name: str
    language: str
    is_anonymous: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where: a private chat has its person's id, groups are negative."""

    id: int
    is_private: bool
    title: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """`/call@bot text` is name "call", addressee "bot", rest "text"."""

    name: str
    rest: str
    addressee: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One message of a person, or the new text of one (`is_edit`). `at` is Telegram's own date (R10).

    `answers` is the message it replies to, `answered` that message itself as far as Telegram shows it, `own_contact` the phone of a contact
    card that is the sender's own. `topic` is the topic of a forum it is written in.
    """

    place: Place
    person: Person
    message_id: int
    at: datetime
    text: str
    attachments: tuple[Attachment, ...] = ()
    answers: int | None = None
    answered: Line | None = None
    album: str = ""
    topic: int | None = None
    is_edit: bool = False
    command: Command | None = None
    own_contact: str = ""
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Press:
    """A button. `message_id` is None when Telegram no longer shows the message."""

    callback_id: str
    place: Place
    person: Person
    message_id: int | None
    data: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """A person blocked or unblocked the bot, or a group took it in or threw it out."""

    place: Place
    person: Person
    is_reachable: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """A group became a supergroup: another id, the old one is void."""

    old_chat: int
    new_chat: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Nothing:
    """An update that asks for nothing: a service message, somebody else's bot."""

    because: str


Happening = Line | Press | Reach | Moved | Nothing


def understand(update: Raw) -> Happening:
    """What happened. `Permanent` when not even a chat can be found in it."""
    for kind in ("message", "edited_message"):
        if isinstance(message := update.get(kind), Mapping):
            return _message(message, is_edit=kind == "edited_message")
    if isinstance(callback := update.get("callback_query"), Mapping):
        return _press(callback)
    if isinstance(change := update.get("my_chat_member"), Mapping):
        status = _mapping(change, "new_chat_member").get("status")
        return Reach(place=_place(change), person=_person(change), is_reachable=status not in _GONE)
    return Nothing(because="unknown_update")


def line_of(update: Raw) -> Line | None:
    """The line in an update that has one and names its chat."""
    try:
        happening = understand(update)
    except Permanent:
        return None
    return happening if isinstance(happening, Line) else None


def read(raw: bytes) -> Happening:
    """What happened, of an update as it was stored. `Permanent` for what is no update."""
    try:
        update = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise Permanent("Оновлення Telegram не вдалося прочитати.") from error
    if not isinstance(update, Mapping) or number_of(update) is None:
        raise Permanent("Це не оновлення Telegram.")
    return understand(update)


def number_of(update: object) -> int | None:
    """The update's number; None for what is no update."""
    number = update.get("update_id") if isinstance(update, Mapping) else None
    return number if isinstance(number, int) and not isinstance(number, bool) else None


def external_id(update: Raw) -> str:
    """What makes an event unique. Message ids, not update ids: those may start anew after a week of silence."""
    for kind, letter in (("message", "m"), ("edited_message", "e")):
        if isinstance(message := update.get(kind), Mapping):
            chat, number = _mapping(message, "chat").get("id"), message.get("message_id")
            if isinstance(chat, int) and isinstance(number, int):
                return f"{letter}:{chat}:{number}" + (f":{update.get('update_id')}" if letter == "e" else "")
    if isinstance(callback := update.get("callback_query"), Mapping) and isinstance(callback.get("id"), str):
        return f"c:{callback['id']}"
    return f"u:{update.get('update_id')}"


def happened_at(update: Raw, *, now: datetime) -> datetime:
    """The moment of receipt (R10): when Telegram got the message; a press has no date of its own. Never later than `now`."""
    for kind in ("message", "edited_message", "my_chat_member"):
        if isinstance(part := update.get(kind), Mapping):
            at = _instant(part.get("edit_date") if kind == "edited_message" else part.get("date"))
            return min(at, now) if at else now
    return now


def conversation(update: Raw) -> str:
    """What keeps its order: a person in a chat. Two agents in one staff chat do not wait for each other."""
    for kind in ("message", "edited_message", "my_chat_member", "callback_query"):
        if isinstance(part := update.get(kind), Mapping):
            chat = _mapping(_mapping(part, "message") if kind == "callback_query" else part, "chat").get("id")
            person = _mapping(part, "from").get("id")
            return f"{chat}" if chat == person else f"{chat}:{person}"
    return "?"


def _message(message: Raw, *, is_edit: bool) -> Happening:
    place = _place(message)
    for key, sign in (("migrate_to_chat_id", 1), ("migrate_from_chat_id", -1)):
        if isinstance(other := message.get(key), int):
            return Moved(old_chat=place.id if sign > 0 else other, new_chat=other if sign > 0 else place.id)
    if _SERVICE & message.keys():
        return Nothing(because="service_message")
    line = _line(message, is_edit=is_edit)
    if _mapping(message, "from").get("is_bot") is True and not line.person.is_anonymous:
        return Nothing(because="another_bot")
    answered = _mapping(message, "reply_to_message")
    return replace(line, answered=_line(answered, is_edit=False)) if "chat" in answered else line


def _line(message: Raw, *, is_edit: bool) -> Line:
    place, person = _place(message), _person(message)
    text = safe(_string(message, "text") or _string(message, "caption"))
    attachments, problems = contents(message)
    answered = _mapping(message, "reply_to_message").get("message_id")
    topic = message.get("message_thread_id") if message.get("is_topic_message") is True else None
    if answered == topic:
        # What is simply written in a topic "replies" to the message that opened it.
        answered = None
    at = _instant(message.get("edit_date") if is_edit else message.get("date"))
    return Line(
        place=place,
        person=person,
        message_id=_integer(message, "message_id"),
        at=at or _EARLIEST,
        text=text,
        attachments=attachments,
        answers=answered if isinstance(answered, int) else None,
        album=_string(message, "media_group_id"),
        topic=topic if isinstance(topic, int) else None,
        is_edit=is_edit,
        command=None if is_edit else _command(text),
        own_contact=_own_contact(message, person),
        problems=problems if at else (*problems, "no_date"),
    )


def _press(callback: Raw) -> Happening:
    message = _mapping(callback, "message")
    person = _person(callback)
    place = _place(message) if "chat" in message else Place(id=person.id, is_private=True)
    number = message.get("message_id")
    return Press(
        callback_id=_string(callback, "id"),
        place=place,
        person=person,
        message_id=number if isinstance(number, int) else None,
        data=_string(callback, "data"),
    )


def _place(part: Raw) -> Place:
    chat = _mapping(part, "chat")
    if not isinstance(number := chat.get("id"), int):
        raise Permanent("В оновленні Telegram немає чату.")
    is_private = chat.get("type", "private" if number > 0 else "group") == "private"
    return Place(id=number, is_private=is_private, title=safe(_string(chat, "title")))


def _person(part: Raw) -> Person:
    sender = _mapping(part, "from")
    number = sender.get("id")
    name = " ".join(filter(None, (_string(sender, "first_name"), _string(sender, "last_name"))))
    return Person(
        id=number if isinstance(number, int) else _mapping(part, "chat").get("id", 0),
        name=safe(name).strip() or _string(sender, "username"),
        language=_string(sender, "language_code"),
        is_anonymous="sender_chat" in part or number == _ANONYMOUS_ADMIN,
    )


def _command(text: str) -> Command | None:
    if not text.startswith("/") or text.startswith("//"):
        return None
    head = text.split(None, 1)[0]
    name, _, addressee = head[1:].partition("@")
    return Command(name=name.lower(), rest=text[len(head) :].strip(), addressee=addressee) if name.isidentifier() else None


def _own_contact(message: Raw, person: Person) -> str:
    """Only the sender's own card proves whose phone it is."""
    card = _mapping(message, "contact")
    return _string(card, "phone_number") if card and card.get("user_id") == person.id else ""


def _instant(value: object) -> datetime | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 2**40:
        return None
    return max(datetime.fromtimestamp(value, UTC), _EARLIEST)


def _mapping(part: Raw, key: str) -> Raw:
    value = part.get(key)
    return value if isinstance(value, Mapping) else {}


def _string(part: Raw, key: str) -> str:
    value = part.get(key)
    return value if isinstance(value, str) else ""


def _integer(part: Raw, key: str) -> int:
    value = part.get(key)
    return value if isinstance(value, int) else 0
