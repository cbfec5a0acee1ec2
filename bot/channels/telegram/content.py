"""What a message holds beside words: files to keep, and everything else by its name, so that nothing that a person sent is taken for empty.

Pure and tolerant. A kind that does not exist yet is kept as a file when Telegram gives it a file's id, and named otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from bot.channels.telegram.text import safe
from bot.model import Attachment

Raw = Mapping[str, Any]
_LONGEST_NAME = 200
# Content that is a file: its name in a message, and what the desk calls it.
_FILES = {
    "document": "document",
    "animation": "animation",
    "voice": "voice",
    "audio": "audio",
    "video": "video",
    "video_note": "video_note",
    "sticker": "sticker",
}
# Fields that say something about a message and are no content.
_ABOUT_A_MESSAGE = frozenset(
    {"message_id", "from", "chat", "date", "edit_date", "sender_chat", "via_bot", "author_signature", "message_thread_id"}
    | {"is_topic_message", "reply_to_message", "external_reply", "quote", "forward_origin", "is_automatic_forward", "caption"}
    | {"caption_entities", "entities", "has_protected_content", "media_group_id", "reply_markup", "has_media_spoiler", "effect_id"}
    | {"sender_boost_count", "sender_business_bot", "business_connection_id", "is_from_offline", "link_preview_options", "text"}
    | {"reply_to_story", "reply_to_checklist_task_id", "show_caption_above_media", "sender_tag", "paid_star_count", "is_paid_post"}
    | {"forward_from", "forward_from_chat", "forward_date", "forward_from_message_id", "forward_signature", "forward_sender_name"}
    | {"direct_messages_topic", "suggested_post_info"}
)
PLAYFUL = frozenset({"sticker", "dice"})
"""Kinds that say a mood and ask for nothing."""


def contents(message: Raw) -> tuple[tuple[Attachment, ...], tuple[str, ...]]:
    """(attachments, problems) of a message. `unknown_content` is a problem that costs nobody anything: it is named and kept."""
    files = [_file(_mapping(message, key), kind) for key, kind in _FILES.items() if _is_file(message, key)]
    if isinstance(sizes := message.get("photo"), list) and (largest := _largest(sizes)):
        files.append(_file(largest, "photo"))
    # A venue comes with its location once more.
    named = [(key, name) for key, name in _NAMED.items() if message.get(key) and not (key == "location" and "venue" in message)]
    for key, name in named:
        files += name(key, _mapping(message, key))
    if files or "text" in message:
        return tuple(files), ()
    return _unknown(message), ("unknown_content",)


def _unknown(message: Raw) -> tuple[Attachment, ...]:
    key = next((key for key in message if key not in _ABOUT_A_MESSAGE), "")
    if not key:
        return ()
    about = _mapping(message, key)
    return (_file(about, "document", name=key) if _string(about, "file_id") else _thing("unknown", key),)


def _thing(kind: str, *words: object) -> Attachment:
    """Something that is no file: its kind, and a line that says what it was."""
    name = " ".join(" ".join(str(word).split()) for word in words if word not in (None, ""))
    return Attachment(name=safe(name)[:_LONGEST_NAME], kind=kind)


def _location(key: str, about: Raw) -> list[Attachment]:
    return [_thing("location", f"{about.get('latitude')}, {about.get('longitude')}")]


def _venue(key: str, about: Raw) -> list[Attachment]:
    place = _mapping(about, "location")
    where = f"({place.get('latitude')}, {place.get('longitude')})"
    return [_thing("location", _string(about, "title"), _string(about, "address"), where)]


def _contact(key: str, about: Raw) -> list[Attachment]:
    return [_thing("contact", _string(about, "first_name"), _string(about, "last_name"), _string(about, "phone_number"))]


def _poll(key: str, about: Raw) -> list[Attachment]:
    options = " / ".join(_string(option, "text") for option in _rows(about, "options"))
    return [_thing("poll", _string(about, "question"), f"({options})" if options else "")]


def _checklist(key: str, about: Raw) -> list[Attachment]:
    tasks = " / ".join(_string(task, "text") for task in _rows(about, "tasks"))
    return [_thing("checklist", _string(about, "title"), f"({tasks})" if tasks else "")]


def _dice(key: str, about: Raw) -> list[Attachment]:
    return [_thing("dice", _string(about, "emoji"), about.get("value"))]


def _story(key: str, about: Raw) -> list[Attachment]:
    chat = _mapping(about, "chat")
    return [_thing("story", _string(chat, "title") or _string(chat, "first_name"), f"@{chat['username']}" if "username" in chat else "")]


def _paid_media(key: str, about: Raw) -> list[Attachment]:
    """What can be seen of it is kept; what must be paid for is named."""
    found: list[Attachment] = []
    for media in _rows(about, "paid_media"):
        sizes = media.get("photo")
        if isinstance(sizes, list) and (largest := _largest(sizes)):
            found.append(_file(largest, "photo"))
        elif _string(_mapping(media, "video"), "file_id"):
            found.append(_file(_mapping(media, "video"), "video"))
    return found or [_thing("paid_media", f"⭐ {about.get('star_count', '?')}")]


def _giveaway(key: str, about: Raw) -> list[Attachment]:
    return [_thing("giveaway", _string(about, "prize_description"), f"× {about.get('winner_count', '?')}")]


def _titled(key: str, about: Raw) -> list[Attachment]:
    return [_thing(key, _string(about, "title"), _string(about, "description"))]


_NAMED: dict[str, Callable[[str, Raw], list[Attachment]]] = {
    "location": _location,
    "venue": _venue,
    "contact": _contact,
    "poll": _poll,
    "checklist": _checklist,
    "dice": _dice,
    "story": _story,
    "paid_media": _paid_media,
    "giveaway": _giveaway,
    "giveaway_winners": _giveaway,
    "game": _titled,
    "invoice": _titled,
}


def _is_file(message: Raw, key: str) -> bool:
    """A GIF comes as an animation and, for old clients, once more as a document."""
    return bool(_mapping(message, key)) and not (key == "document" and "animation" in message)


def _file(about: Raw, kind: str, *, name: str = "") -> Attachment:
    size, duration = about.get("file_size"), about.get("duration")
    song = " — ".join(filter(None, (_string(about, "performer"), _string(about, "title"))))
    mood = _string(about, "emoji") if kind == "sticker" else ""
    return Attachment(
        name=safe(_string(about, "file_name") or song or mood or name or kind)[:_LONGEST_NAME],
        content_type=_string(about, "mime_type") or ("image/jpeg" if kind == "photo" else "application/octet-stream"),
        size=size if isinstance(size, int) else 0,
        kind=kind,
        ref=f"telegram:{_string(about, 'file_id')}",
        duration=duration if isinstance(duration, int) else None,
    )


def _largest(sizes: Sequence[Any]) -> Raw | None:
    real = [size for size in sizes if isinstance(size, Mapping) and "file_id" in size]
    return max(real, key=lambda size: size["width"] if isinstance(size.get("width"), int) else 0, default=None)


def _rows(part: Raw, key: str) -> list[Raw]:
    value = part.get(key)
    return [row for row in value if isinstance(row, Mapping)] if isinstance(value, list) else []


def _mapping(part: Raw, key: str) -> Raw:
    value = part.get(key)
    return value if isinstance(value, Mapping) else {}


def _string(part: Raw, key: str) -> str:
    value = part.get(key)
    return value if isinstance(value, str) else ""
