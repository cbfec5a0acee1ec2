"""The people, chats, messages and files around the bot, and everything that people do in them.

Every verb here is a person's act and leaves the updates that Telegram would send. What the bot does is in `methods`. Plain values
only: the same world serves a test in this process and another process through the control API.
"""

import base64
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from bot.channels.telegram.sandbox.answers import ApiError, Json, bad_request, forbidden, migrated
from bot.channels.telegram.sandbox.updates import UpdateQueue

ANONYMOUS_ADMIN = {"id": 1087968824, "is_bot": True, "first_name": "Group", "username": "GroupAnonymousBot"}
_COMMAND = re.compile(r"(?<!\S)/[A-Za-z0-9_]{1,32}(?:@\w+)?")
_MENTION = re.compile(r"(?<!\w)@\w{4,}")
_MEDIA_DEFAULTS: dict[str, Json] = {
    "document": {"file_name": "file.bin", "mime_type": "application/octet-stream"},
    "voice": {"duration": 42, "mime_type": "audio/ogg"},
    "audio": {"duration": 42, "mime_type": "audio/mpeg"},
    "video": {"width": 640, "height": 360, "duration": 5, "mime_type": "video/mp4"},
    "video_note": {"length": 240, "duration": 5},
    "animation": {"width": 320, "height": 240, "duration": 3},
    "sticker": {"type": "regular", "width": 512, "height": 512, "is_animated": False, "is_video": False, "emoji": "👍"},
}


@dataclass(slots=True, kw_only=True)
class Chat:
    """One conversation. `about` is the Bot API's Chat; `members` maps user ids to their status; message ids count per chat."""

    about: Json
    members: dict[int, str] = field(default_factory=dict)
    messages: dict[int, Json] = field(default_factory=dict)
    topics: dict[int, Json] = field(default_factory=dict)
    reactions: dict[int, list[Json]] = field(default_factory=dict)
    rights_taken: set[str] = field(default_factory=set)
    next_message_id: int = 1
    # The buttons under the keyboard that the bot last offered here; no message carries them.
    keyboard: list[list[Json]] = field(default_factory=list)
    is_started: bool = True
    migrated_to: int | None = None

    @property
    def id(self) -> int:
        return int(self.about["id"])

    @property
    def is_private(self) -> bool:
        return bool(self.about["type"] == "private")


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFile:
    """Bytes that went up or down, under the id that the bot knows them by."""

    content: bytes
    path: str


class World:
    """Everything outside the bot. `now` tells the instant that messages are dated with."""

    def __init__(self, now: Callable[[], datetime], *, bot_id: int, bot_username: str) -> None:
        self.now = now
        self.bot: Json = {"id": bot_id, "is_bot": True, "first_name": "Deskbot", "username": bot_username}
        self.updates = UpdateQueue(now)
        self.users: dict[int, Json] = {}
        self.chats: dict[int, Chat] = {}
        self.files: dict[str, StoredFile] = {}
        self.callbacks: dict[str, Json] = {}
        self.toasts: list[Json] = []
        self._serial = 0

    # People and places

    def add_user(self, user: int, first_name: str, *, last_name: str = "", username: str = "", language_code: str = "uk") -> Json:
        """A person with a private chat that is not started until they write."""
        about: Json = {"id": user, "is_bot": False, "first_name": first_name, "language_code": language_code}
        about |= {key: value for key, value in (("last_name", last_name), ("username", username)) if value}
        self.users[user] = about
        private = {key: about[key] for key in ("id", "first_name", "last_name", "username") if key in about} | {"type": "private"}
        self.chats[user] = Chat(about=private, is_started=False)
        return about

    def add_group(self, chat: int, title: str, *, members: list[int], bot_status: str = "administrator", is_forum: bool = False) -> Json:
        """A supergroup with the bot in it. As an ordinary `member` the bot hears only commands, mentions and replies (privacy mode)."""
        about: Json = {"id": chat, "type": "supergroup", "title": title} | ({"is_forum": True} if is_forum else {})
        self.chats[chat] = Chat(about=about, members=dict.fromkeys(members, "member") | {self.bot["id"]: bot_status})
        return about

    def set_bot_status(self, chat: int, status: str, *, by: int | None = None) -> None:
        """A person blocks (`kicked`) or unblocks (`member`) the bot, or changes what it is in a group; there `by` says who."""
        place = self.chat(chat)
        actor = self.users.get(by or chat) or next((self.users[m] for m in place.members if m in self.users), ANONYMOUS_ADMIN)
        before = place.members.get(self.bot["id"], "member")
        place.members[self.bot["id"]] = status
        change: Json = {"chat": place.about, "from": actor, "date": self.timestamp()}
        for key, value in (("old_chat_member", before), ("new_chat_member", status)):
            change[key] = self.member(place, self.bot["id"], value)
        self.updates.push("my_chat_member", change)

    def migrate(self, chat: int, new_chat: int) -> None:
        """The group becomes another supergroup: old ids are void, both sides hold a service message."""
        old = self.chat(chat)
        fresh = self.chats[new_chat] = Chat(about={**old.about, "id": new_chat, "type": "supergroup"}, members=dict(old.members))
        person = next((self.users[m] for m in old.members if m in self.users), ANONYMOUS_ADMIN)
        old.migrated_to = new_chat
        self.updates.push("message", self.place(old, person, {"migrate_to_chat_id": new_chat}))
        self.updates.push("message", self.place(fresh, person, {"migrate_from_chat_id": chat}))

    # What people do

    def write(
        self, chat: int, user: int | None, text: str, *, reply_to: int | None = None, at: int | None = None, topic: int | None = None
    ) -> Json:
        """A person writes; `user` None is an anonymous administrator, `at` a Unix time other than now. Returns the message."""
        entities = [_entity("bot_command", text, m) for m in _COMMAND.finditer(text)]
        entities += [_entity("mention", text, m) for m in _MENTION.finditer(text)]
        return self._said(chat, user, {"text": text} | ({"entities": entities} if entities else {}), reply_to=reply_to, at=at, topic=topic)

    def send_media(
        self,
        chat: int,
        user: int | None,
        kind: str,
        *,
        data_base64: str = "AAAA",
        caption: str = "",
        album: str = "",
        reply_to: int | None = None,
        at: int | None = None,
        **about: object,
    ) -> Json:
        """A person sends a photo, document, voice, video, audio, video_note, animation or sticker; `about` overrides its fields."""
        content = {kind: self.media(kind, base64.b64decode(data_base64), **about)}
        content |= {"caption": caption} if caption else {}
        return self._said(chat, user, content | ({"media_group_id": album} if album else {}), reply_to=reply_to, at=at)

    def send_album(self, chat: int, user: int, *, count: int = 3, caption: str = "") -> list[Json]:
        """Photos in one go: separate updates with one media_group_id, the caption on the first."""
        album = self.serial("album")
        return [self.send_media(chat, user, "photo", album=album, caption="" if number else caption) for number in range(count)]

    def send_content(self, chat: int, user: int, content: Json, *, reply_to: int | None = None) -> Json:
        """A person sends what is neither words nor a file of ours, a poll, a place, a story: `content` as the Bot API writes it."""
        return self._said(chat, user, content, reply_to=reply_to)

    def send_contact(self, chat: int, user: int, phone_number: str, *, first_name: str = "", contact_user: int | None = None) -> Json:
        """A contact card; only with `contact_user` equal to `user` is it the sender's own."""
        card: Json = {"phone_number": phone_number, "first_name": first_name or self.users[user]["first_name"]}
        return self._said(chat, user, {"contact": card | ({"user_id": contact_user} if contact_user else {})})

    def edit(self, chat: int, message: int, text: str) -> Json:
        """A person edits their text: the same message_id in an edited_message update."""
        place = self.chat(chat)
        edited = place.messages[message] = {**place.messages[message], "text": text, "edit_date": self.timestamp()}
        self.updates.push("edited_message", edited)
        return edited

    def press(
        self, chat: int, user: int | None, message: int, *, data: str = "", text: str = "", forged: bool = False, inaccessible: bool = False
    ) -> str:
        """A person presses a button, named by its data or a part of its text. Returns the callback's id.

        `forged` sends data that no button holds; `inaccessible` sends the message as Telegram does when it is too old to show.
        """
        place = self.chat(chat)
        shown = place.messages[message]
        if not forged:
            data = _button_data(shown, data, text)
        person = self.users[user] if user else ANONYMOUS_ADMIN
        seen = {"chat": place.about, "message_id": message, "date": 0} if inaccessible else shown
        callback: Json = {"id": self.serial("callback"), "from": person, "message": seen, "chat_instance": str(place.id), "data": data}
        self.callbacks[callback["id"]] = callback
        self.updates.push("callback_query", callback)
        return str(callback["id"])

    def inject(self, update: Json) -> None:
        """Queue a raw update as it is; without an update_id it gets the next one."""
        self.updates.push_raw({"update_id": self.updates.next_id, **update})

    # What both sides need

    def chat(self, chat: int) -> Chat:
        """The chat that people act in, sane or not."""
        if chat not in self.chats:
            raise bad_request("chat not found")
        return self.chats[chat]

    def open_chat(self, chat: int) -> Chat:
        """The chat that the bot wants to act in; raises what the server answers when it may not."""
        place = self.chat(chat)
        if place.migrated_to:
            raise migrated(place.migrated_to)
        status = place.members.get(self.bot["id"], "member")
        if place.is_private:
            if not place.is_started:
                raise bad_request("chat not found")
            if status == "kicked":
                raise forbidden("bot was blocked by the user")
        elif status in ("left", "kicked"):
            raise forbidden(
                "bot was kicked from the supergroup chat" if status == "kicked" else "bot is not a member of the supergroup chat"
            )
        return place

    def place(
        self, chat: Chat, sender: Json, content: Json, *, reply_to: int | None = None, topic: int | None = None, at: int | None = None
    ) -> Json:
        """Put a message into a chat, dated and numbered; no update is sent."""
        message: Json = {"message_id": chat.next_message_id, "from": sender, "chat": chat.about, "date": at or self.timestamp()}
        if sender is ANONYMOUS_ADMIN:
            message["sender_chat"] = chat.about
        if reply_to is not None:
            answered = chat.messages.get(reply_to)
            if answered is None:
                raise bad_request("message to be replied not found")
            message["reply_to_message"] = {key: value for key, value in answered.items() if key != "reply_to_message"}
        if topic is not None:
            self.topic(chat, topic)
            message |= {"message_thread_id": topic, "is_topic_message": True}
            if reply_to is None and topic in chat.messages and sender is not self.bot:
                # As the server does: what is simply written in a topic replies to the message that opened it.
                message["reply_to_message"] = chat.messages[topic]
        chat.next_message_id += 1
        chat.messages[message["message_id"]] = message | content
        return chat.messages[message["message_id"]]

    def delete_topic(self, chat: int, topic: int) -> None:
        """A topic goes with everything in it; the bot is told nothing."""
        place = self.chat(chat)
        self.topic(place, topic)
        del place.topics[topic]
        for message_id in [each for each, message in place.messages.items() if topic in (each, message.get("message_thread_id"))]:
            del place.messages[message_id]

    def take_right(self, chat: int, right: str) -> None:
        """An administrator takes a right away from the bot."""
        self.chat(chat).rights_taken.add(right)

    def check_right(self, chat: Chat, right: str, refusal: str) -> None:
        if chat.members.get(self.bot["id"]) != "administrator" or right in chat.rights_taken:
            raise bad_request(refusal)

    def topic(self, chat: Chat, topic: int) -> Json:
        if topic not in chat.topics:
            raise bad_request("message thread not found")
        return chat.topics[topic]

    def media(self, kind: str, content: bytes, **about: object) -> object:
        """The Bot API object for stored bytes: a Voice, a Document …, for a photo its list of sizes."""
        file_id = self.serial("file")
        name = str(about.get("file_name") or f"{file_id}.{'jpg' if kind == 'photo' else 'bin'}")
        self.files[file_id] = StoredFile(content=content, path=f"{kind}s/{file_id}_{re.sub(r'[^A-Za-z0-9.]', '_', name)}")
        stored: Json = {"file_id": file_id, "file_unique_id": f"u{file_id}", "file_size": len(content)}
        if kind != "photo":
            if kind not in _MEDIA_DEFAULTS:
                raise bad_request(f"unknown kind of media: {kind}")
            return {**stored, **_MEDIA_DEFAULTS[kind], **about}
        return [{**stored, "width": 90, "height": 60}, {**stored, "width": 1280, "height": 853}]

    def member(self, chat: Chat, user: int, status: str | None = None) -> Json:
        """A ChatMember."""
        status = status or chat.members.get(user, "member" if chat.is_private else "left")
        about: Json = {"user": self.bot if user == self.bot["id"] else self.users[user], "status": status}
        if status == "administrator":
            rights = "manage_chat delete_messages manage_video_chats restrict_members promote_members change_info invite_users post_stories"
            rights += " edit_stories delete_stories send_welcome_messages pin_messages manage_topics"
            about |= {"can_be_edited": False, "is_anonymous": False}
            about |= {f"can_{right}": right not in chat.rights_taken for right in rights.split()}
        elif status == "kicked":
            about["until_date"] = 0
        elif status == "creator":
            about["is_anonymous"] = False
        return about

    def timestamp(self) -> int:
        return int(self.now().timestamp())

    def serial(self, prefix: str) -> str:
        self._serial += 1
        return f"{prefix}{self._serial}"

    def _said(
        self, chat: int, user: int | None, content: Json, *, reply_to: int | None = None, at: int | None = None, topic: int | None = None
    ) -> Json:
        place = self.chat(chat)
        place.is_started = True
        message = self.place(place, self.users[user] if user else ANONYMOUS_ADMIN, content, reply_to=reply_to, at=at, topic=topic)
        if self._bot_hears(place, message):
            self.updates.push("message", message)
        return message

    def _bot_hears(self, chat: Chat, message: Json) -> bool:
        status = chat.members.get(self.bot["id"], "member")
        if chat.is_private or status == "administrator":
            return status != "kicked"
        if status != "member":
            return False
        text, answered = str(message.get("text") or message.get("caption") or ""), message.get("reply_to_message", {})
        is_meant = text.startswith("/") or f"@{self.bot['username']}" in text
        return is_meant or answered.get("from", {}).get("id") == self.bot["id"]


def _button_data(message: Json, data: str, text: str) -> str:
    buttons = [button for row in message.get("reply_markup", {}).get("inline_keyboard", []) for button in row]
    for button in buttons:
        if "callback_data" in button and (button["callback_data"] == data if data else text in button["text"]):
            return str(button["callback_data"])
    raise ApiError(404, f"no such button: {data or text!r} among {[button['text'] for button in buttons]}")


def _entity(kind: str, text: str, match: re.Match[str]) -> Json:
    offset = len(text[: match.start()].encode("utf-16-le", "surrogatepass")) // 2
    return {"type": kind, "offset": offset, "length": len(match[0])}
