"""The Bot API methods that the sandbox knows: what each takes, what it does to the world, what it answers.

A table, `METHODS`, names them all; a method that is not in it is a 404 as on the server. Limits are the documented ones: 4096
characters of text, 1024 of a caption, 64 bytes of callback data, 20 MB of a download.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bot.channels.telegram.sandbox.answers import Json, bad_request
from bot.channels.telegram.sandbox.markup import check_keyboard, parse_html, utf16_length
from bot.channels.telegram.sandbox.params import Upload, declared
from bot.channels.telegram.sandbox.world import Chat, World

MAX_TEXT, MAX_CAPTION, MAX_DOWNLOAD = 4096, 1024, 20 * 1024 * 1024
_NOT_MODIFIED = (
    "message is not modified: specified new message content and reply markup are exactly the same"
    " as a current content and reply markup of the message"
)
# A few of the icons that the server offers for topics.
TOPIC_ICONS = {emoji: f"53123456789{number:08}" for number, emoji in enumerate(("❗️", "🔥", "👀", "💬", "✅"))}
_ACTIONS = frozenset(
    {"typing", "upload_photo", "record_video", "upload_video", "record_voice", "upload_voice", "upload_document"}
    | {"choose_sticker", "find_location", "record_video_note", "upload_video_note"}
)
_REACTIONS = frozenset(
    "👍👎❤🔥🥰👏😁🤔🤯😱🤬😢🎉🤩🤮💩🙏👌🕊🤡🥱🥴😍🐳🌚🌭💯🤣⚡🍌🏆💔🤨😐🍓🍾💋🖕😈😴😭🤓👻👀🎃🙈😇😨🤝✍🤗🫡🎅🎄☃💅🤪🗿🆒💘🙉🦄😘💊🙊😎👾😡"
)
_SEND = "message_thread_id:int disable_notification:bool protect_content:bool reply_parameters:json reply_markup:json"
_ABOUT_MEDIA = (
    "duration:int width:int height:int thumbnail:file title:str performer:str has_spoiler:bool supports_streaming:bool"
    " disable_content_type_detection:bool show_caption_above_media:bool"
)
_EDIT = "parse_mode:str entities:json link_preview_options:json reply_markup:json"
_CAPTION = "caption:str parse_mode:str caption_entities:json"


@dataclass(frozen=True, slots=True)
class Method:
    """One method: its required and optional parameters with their types, and its act."""

    required: Mapping[str, str]
    optional: Mapping[str, str]
    act: Callable[[World, Json], object]


def _get_me(world: World, _: Json) -> Json:
    rights = {"can_join_groups": True, "can_read_all_group_messages": False, "supports_inline_queries": False}
    return world.bot | rights


def _send_message(world: World, given: Json) -> Json:
    text, entities = _formatted(given, "text", "entities", MAX_TEXT, "message is too long")
    if not text.strip():
        raise bad_request("message text is empty")
    return _send(world, given, {"text": text} | ({"entities": entities} if entities else {}))


def _send_media(kind: str) -> Callable[[World, Json], Json]:
    def act(world: World, given: Json) -> Json:
        world.open_chat(given["chat_id"])
        caption, entities = _formatted(given, "caption", "caption_entities", MAX_CAPTION, "message caption is too long")
        content: Json = {kind: _media(world, kind, given[kind])} | ({"caption": caption} if caption else {})
        return _send(world, given, content | ({"caption_entities": entities} if entities else {}))

    return act


def _edit_message_text(world: World, given: Json) -> Json:
    chat, message = _own_message(world, given)
    if "text" not in message:
        raise bad_request("there is no text in the message to edit")
    text, entities = _formatted(given, "text", "entities", MAX_TEXT, "message is too long")
    if not text.strip():
        raise bad_request("message text is empty")
    return _replace(world, chat, message, {"text": text} | ({"entities": entities} if entities else {}), given.get("reply_markup"))


def _edit_reply_markup(world: World, given: Json) -> Json:
    chat, message = _own_message(world, given)
    kept: Json = {key: message[key] for key in ("text", "entities", "caption", "caption_entities") if key in message}
    return _replace(world, chat, message, kept, given.get("reply_markup"))


def _delete_message(world: World, given: Json) -> bool:
    chat = world.open_chat(given["chat_id"])
    if given["message_id"] not in chat.messages:
        raise bad_request("message to delete not found")
    del chat.messages[given["message_id"]]
    return True


def _answer_callback(world: World, given: Json) -> bool:
    if utf16_length(given.get("text", "")) > 200:
        raise bad_request("MESSAGE_TOO_LONG")
    if given["callback_query_id"] not in world.callbacks:
        raise bad_request("query is too old and response timeout expired or query ID is invalid")
    pressed = world.callbacks.pop(given["callback_query_id"])
    if given.get("text"):
        world.toasts.append({"user": pressed["from"]["id"], "text": given["text"], "is_alert": given.get("show_alert", False)})
    return True


def _set_reaction(world: World, given: Json) -> bool:
    chat = world.open_chat(given["chat_id"])
    if given["message_id"] not in chat.messages:
        raise bad_request("message to react not found")
    reactions = given.get("reaction", [])
    if not isinstance(reactions, list) or len(reactions) > 1:
        raise bad_request("REACTIONS_TOO_MANY")
    if any(reaction.get("type") != "emoji" or reaction.get("emoji") not in _REACTIONS for reaction in reactions):
        raise bad_request("REACTION_INVALID")
    chat.reactions[given["message_id"]] = reactions
    return True


def _chat_action(world: World, given: Json) -> bool:
    world.open_chat(given["chat_id"])
    if given["action"] not in _ACTIONS:
        raise bad_request("wrong parameter action in request")
    return True


def _get_chat(world: World, given: Json) -> Json:
    gifts = {f"{kind}_gifts": False for kind in ("unlimited", "limited", "unique")} | {
        "premium_subscription": False,
        "gifts_from_channels": False,
    }
    return world.open_chat(given["chat_id"]).about | {"accent_color_id": 0, "max_reaction_count": 11, "accepted_gift_types": gifts}


def _get_chat_member(world: World, given: Json) -> Json:
    chat = world.open_chat(given["chat_id"])
    if given["user_id"] not in world.users and given["user_id"] != world.bot["id"]:
        raise bad_request("PARTICIPANT_ID_INVALID")
    return world.member(chat, given["user_id"])


def _get_file(world: World, given: Json) -> Json:
    stored = world.files.get(given["file_id"])
    if stored is None:
        raise bad_request("invalid file_id")
    if len(stored.content) > MAX_DOWNLOAD:
        raise bad_request("file is too big")
    unique = f"u{given['file_id']}"
    return {"file_id": given["file_id"], "file_unique_id": unique, "file_size": len(stored.content), "file_path": stored.path}


def _set_webhook(world: World, given: Json) -> bool:
    if given.get("url") and not str(given["url"]).startswith(("https://", "http://127.0.0.1")):
        raise bad_request("bad webhook: An HTTPS URL must be provided for webhook")
    if not re.fullmatch(r"[A-Za-z0-9_-]{0,256}", given.get("secret_token", "")):
        raise bad_request("secret token contains unallowed characters")
    world.updates.allow(given.get("allowed_updates"))
    world.updates.set_webhook(given.get("url", ""), given.get("secret_token", ""))
    return _dropped(world, given)


def _delete_webhook(world: World, given: Json) -> bool:
    world.updates.set_webhook("", "")
    return _dropped(world, given)


def _webhook_info(world: World, _: Json) -> Json:
    updates = world.updates
    info: Json = {"url": updates.webhook_url, "has_custom_certificate": False, "pending_update_count": len(updates.pending)}
    if updates.webhook_error:
        info |= {"last_error_date": updates.webhook_failed_at, "last_error_message": updates.webhook_error}
    return info


def _set_commands(world: World, given: Json) -> bool:
    for command in given["commands"]:
        if not isinstance(command, dict) or not 1 <= len(str(command.get("description", ""))) <= 256:
            raise bad_request("BOT_COMMAND_DESCRIPTION_INVALID")
        if not str(command.get("command", "")).replace("_", "a").isalnum() or str(command["command"]).lower() != command["command"]:
            raise bad_request("BOT_COMMAND_INVALID")
    return True


def _create_topic(world: World, given: Json) -> Json:
    chat = world.open_chat(given["chat_id"])
    if not chat.about.get("is_forum"):
        raise bad_request("the chat is not a forum")
    world.check_right(chat, "manage_topics", "not enough rights to create a topic")
    if not 1 <= utf16_length(given["name"]) <= 128:
        raise bad_request("TOPIC_TITLE_EMPTY")
    _check_icon(given)
    service = world.place(chat, world.bot, {"forum_topic_created": {"name": given["name"], "icon_color": 7322096}})
    topic = {"message_thread_id": service["message_id"], "name": given["name"], "icon_color": 7322096}
    topic |= {"icon_custom_emoji_id": given["icon_custom_emoji_id"]} if given.get("icon_custom_emoji_id") else {}
    chat.topics[service["message_id"]] = topic | {"is_closed": False}
    return topic


def _change_topic(change: str) -> Callable[[World, Json], bool]:
    def act(world: World, given: Json) -> bool:
        chat = world.open_chat(given["chat_id"])
        topic = world.topic(chat, given["message_thread_id"])
        world.check_right(chat, "manage_topics", "not enough rights to manage topics")
        if change == "delete":
            world.delete_topic(chat.id, given["message_thread_id"])
        elif change == "edit":
            _check_icon(given)
            fresh: Json = {key: given[key] for key in ("name", "icon_custom_emoji_id") if key in given}
            if fresh == {key: topic.get(key) for key in fresh}:
                raise bad_request("TOPIC_NOT_MODIFIED")
            topic |= fresh
        elif topic["is_closed"] == (change == "close"):
            raise bad_request("TOPIC_NOT_MODIFIED")
        else:
            topic["is_closed"] = change == "close"
        return True

    return act


def _check_icon(given: Json) -> None:
    if given.get("icon_custom_emoji_id") and given["icon_custom_emoji_id"] not in TOPIC_ICONS.values():
        raise bad_request("DOCUMENT_INVALID")


def _topic_icons(world: World, _: Json) -> list[Json]:
    """Stickers, of which their custom emoji ids count."""
    return [
        {"file_id": f"icon{number}", "file_unique_id": f"uicon{number}", "type": "custom_emoji", "width": 100, "height": 100}
        | {"is_animated": True, "is_video": False, "emoji": emoji, "custom_emoji_id": TOPIC_ICONS[emoji]}
        for number, emoji in enumerate(TOPIC_ICONS)
    ]


def _method(required: str, optional: str, act: Callable[[World, Json], object]) -> Method:
    return Method(declared(required), declared(optional), act)


METHODS: dict[str, Method] = {
    "getMe": _method("", "", _get_me),
    "sendMessage": _method("chat_id:int text:str", f"{_SEND} parse_mode:str entities:json link_preview_options:json", _send_message),
    **{
        f"send{kind.title().replace('_', '')}": _method(
            f"chat_id:int {kind}:file",
            _SEND if kind in ("sticker", "video_note") else f"{_SEND} {_CAPTION} {_ABOUT_MEDIA}",
            _send_media(kind),
        )
        for kind in ("document", "photo", "voice", "audio", "video", "animation", "sticker", "video_note")
    },
    "editMessageText": _method("chat_id:int message_id:int text:str", _EDIT, _edit_message_text),
    "editMessageReplyMarkup": _method("chat_id:int message_id:int", "reply_markup:json", _edit_reply_markup),
    "deleteMessage": _method("chat_id:int message_id:int", "", _delete_message),
    "answerCallbackQuery": _method("callback_query_id:str", "text:str show_alert:bool url:str cache_time:int", _answer_callback),
    "setMessageReaction": _method("chat_id:int message_id:int", "reaction:json is_big:bool", _set_reaction),
    "sendChatAction": _method("chat_id:int action:str", "message_thread_id:int", _chat_action),
    "getChat": _method("chat_id:int", "", _get_chat),
    "getChatMember": _method("chat_id:int user_id:int", "", _get_chat_member),
    "getFile": _method("file_id:str", "", _get_file),
    "setWebhook": _method(
        "", "url:str secret_token:str allowed_updates:json drop_pending_updates:bool max_connections:int ip_address:str", _set_webhook
    ),
    "deleteWebhook": _method("", "drop_pending_updates:bool", _delete_webhook),
    "getWebhookInfo": _method("", "", _webhook_info),
    "setMyCommands": _method("commands:json", "scope:json language_code:str", _set_commands),
    "getForumTopicIconStickers": _method("", "", _topic_icons),
    "createForumTopic": _method("chat_id:int name:str", "icon_color:int icon_custom_emoji_id:str", _create_topic),
    **{
        f"{change}ForumTopic": _method("chat_id:int message_thread_id:int", "name:str icon_custom_emoji_id:str", _change_topic(change))
        for change in ("edit", "close", "reopen", "delete")
    },
}
GET_UPDATES = _method("", "offset:int limit:int timeout:int allowed_updates:json", lambda world, given: world.updates.pending)


def _send(world: World, given: Json, content: Json) -> Json:
    chat = world.open_chat(given["chat_id"])
    topic, answered = given.get("message_thread_id"), _answered(chat, given.get("reply_parameters"))
    markup = given.get("reply_markup")
    if isinstance(markup, dict) and ("keyboard" in markup or "remove_keyboard" in markup):
        chat.keyboard = markup.get("keyboard", [])
    if topic is not None and world.topic(chat, topic)["is_closed"]:
        raise bad_request("TOPIC_CLOSED")
    return world.place(chat, world.bot, content | _keyboard(given.get("reply_markup")), reply_to=answered, topic=topic)


def _answered(chat: Chat, reply: object) -> int | None:
    if reply is None:
        return None
    if not isinstance(reply, dict) or not isinstance(reply.get("message_id"), int):
        raise bad_request("can't parse reply parameters JSON object")
    if reply["message_id"] in chat.messages:
        return int(reply["message_id"])
    if reply.get("allow_sending_without_reply"):
        return None
    raise bad_request("message to be replied not found")


def _own_message(world: World, given: Json) -> tuple[Chat, Json]:
    chat = world.open_chat(given["chat_id"])
    message = chat.messages.get(given["message_id"])
    if message is None:
        raise bad_request("message to edit not found")
    if message["from"]["id"] != world.bot["id"]:
        raise bad_request("message can't be edited")
    return chat, message


def _replace(world: World, chat: Chat, message: Json, content: Json, markup: object) -> Json:
    """Put new content in place of the old. A keyboard that is not sent again is gone, as on the server."""
    changing = ("text", "entities", "caption", "caption_entities", "reply_markup")
    fresh = content | _keyboard(markup)
    if fresh == {key: message[key] for key in changing if key in message}:
        raise bad_request(_NOT_MODIFIED)
    kept = {key: value for key, value in message.items() if key not in changing}
    chat.messages[message["message_id"]] = kept | fresh | {"edit_date": world.timestamp()}
    return chat.messages[message["message_id"]]


def _keyboard(markup: object) -> Json:
    if markup is None:
        return {}
    if not isinstance(markup, dict):
        raise bad_request("object expected as reply markup")
    check_keyboard(markup)
    return {"reply_markup": markup} if markup.get("inline_keyboard") else {}


def _formatted(given: Json, name: str, entities_name: str, limit: int, too_long: str) -> tuple[str, list[Json]]:
    text, entities = given.get(name, ""), given.get(entities_name, [])
    match given.get("parse_mode", "").lower():
        case "html":
            text, entities = parse_html(text)
        case "":
            pass
        case _:
            raise bad_request("unsupported parse_mode")
    if utf16_length(text) > limit:
        raise bad_request(too_long)
    return text, entities


def _media(world: World, kind: str, value: object) -> object:
    if isinstance(value, Upload):
        named = {"file_name": value.name, "mime_type": value.content_type} if kind == "document" else {}
        return world.media(kind, value.content, **named)
    if value not in world.files:
        raise bad_request("wrong remote file identifier specified: Wrong string length")
    return world.media(kind, world.files[str(value)].content)


def _dropped(world: World, given: Json) -> bool:
    if given.get("drop_pending_updates"):
        world.updates.drop()
    return True
