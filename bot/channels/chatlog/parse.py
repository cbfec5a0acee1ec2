"""A message of a Telegram Desktop export as an inbound message. Pure; knows no file and no database.

The export is JSON: one chat (`messages` at the top) or a whole account (`chats.list`). A message's `text` is a string or a list of strings
and objects; service messages ("joined the group") are set aside. A message that cannot be read raises `Permanent`; the caller keeps it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from bot.errors import Permanent, Rejected
from bot.model import Address, Attachment, InboundMessage, Route

CHANNEL = "chatlog"
_FILES = {"photo": "photo", "voice_message": "voice", "video_file": "video", "video_message": "video", "sticker": "sticker"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedMessage:
    """One message with the chat it stood in; `body` is the export's own object."""

    chat_id: str
    chat_type: str
    body: dict[str, Any]

    @property
    def key(self) -> str:
        return f"{self.chat_id}:{self.body.get('id', json.dumps(self.body, sort_keys=True))}"

    @property
    def conversation(self) -> str:
        """A sender in a chat: lines of one person are one thought, lines of two are not."""
        return f"{self.chat_id}:{self.body.get('from_id', '')}"

    def raw(self) -> bytes:
        """How the inbox keeps it."""
        return json.dumps({"chat_id": self.chat_id, "chat_type": self.chat_type, "body": self.body}).encode()

    @classmethod
    def from_raw(cls, raw: bytes) -> ExportedMessage:
        kept = json.loads(raw)
        return cls(chat_id=kept["chat_id"], chat_type=kept["chat_type"], body=kept["body"])


def read_export(content: bytes) -> Iterator[ExportedMessage]:
    """The messages of an export, oldest first. Raises Rejected for a file that is none."""
    try:
        export = json.loads(content)
    except ValueError as error:
        raise Rejected("Це не файл JSON. Потрібен result.json, який Telegram Desktop зберігає як «Machine-readable JSON».") from error
    chats = _chats(export)
    if chats is None:
        raise Rejected("У файлі немає чатів. Потрібен result.json з експорту Telegram Desktop.")
    for chat in chats:
        for body in chat.get("messages", []):
            yield ExportedMessage(chat_id=str(chat.get("id", "")), chat_type=str(chat.get("type", "")), body=_object(body))


def _chats(export: Any) -> list[dict[str, Any]] | None:
    if not isinstance(export, dict):
        return None
    if isinstance(export.get("messages"), list):
        return [export]
    listed = export.get("chats", {}).get("list") if isinstance(export.get("chats"), dict) else None
    return [chat for chat in listed if isinstance(chat, dict)] if isinstance(listed, list) else None


def _object(body: Any) -> dict[str, Any]:
    return body if isinstance(body, dict) else {"broken": str(body)[:1000]}


def parse_message(message: ExportedMessage, *, zone: ZoneInfo) -> InboundMessage:
    """The inbound message; times without an offset are local to `zone`. Raises Permanent."""
    body = message.body
    sender = str(body.get("from_id", "")).removeprefix("user")
    is_service = body.get("type") == "service"
    return InboundMessage(
        channel="telegram",
        conversation=message.chat_id,
        external_ids=(str(body.get("id", message.key)),),
        sender=Address(channel="telegram", value=sender or f"export:{message.chat_id}"),
        sender_name=str(body.get("from") or ""),
        reply_route=Route(channel="telegram", recipient=message.chat_id) if message.chat_type == "personal_chat" else None,
        text=_text(body.get("text", "")),
        received_at=_instant(body, zone),
        attachments=tuple(_files(body)),
        set_aside="service_message" if is_service else None if sender else "no_sender",
    )


def _text(text: Any) -> str:
    parts = text if isinstance(text, list) else [text]
    return "".join(part if isinstance(part, str) else str(part.get("text", "")) if isinstance(part, dict) else "" for part in parts)


def _instant(body: dict[str, Any], zone: ZoneInfo) -> datetime:
    try:
        if "date_unixtime" in body:
            return datetime.fromtimestamp(int(body["date_unixtime"]), UTC)
        local = datetime.fromisoformat(str(body["date"]))
    except (KeyError, TypeError, ValueError, OverflowError, OSError) as error:
        raise Permanent("Повідомлення {id}: немає дати, яку можна прочитати.", id=str(body.get("id", "?"))[:40]) from error
    return (local if local.tzinfo else local.replace(tzinfo=zone)).astimezone(UTC)


def _files(body: dict[str, Any]) -> Iterator[Attachment]:
    for key in ("photo", "file"):
        if isinstance(body.get(key), str):
            kind = _FILES.get("photo" if key == "photo" else str(body.get("media_type", "")), "document")
            seconds = body.get("duration_seconds")
            yield Attachment(
                name=body[key].rpartition("/")[2],
                content_type=str(body.get("mime_type") or ("image/jpeg" if key == "photo" else "application/octet-stream")),
                kind=kind,
                duration=seconds if isinstance(seconds, int) else None,
            )
