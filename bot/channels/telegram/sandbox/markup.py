"""Telegram's HTML subset and keyboards, checked as strictly as the server checks them.

The rules are those of the Bot API's "HTML style" and "InlineKeyboardButton" sections: unknown tags, wrong nesting and callback data
over 64 bytes are errors, lengths are counted in UTF-16 units after the tags are gone.
"""

import re
from html import unescape

from bot.channels.telegram.sandbox.answers import Json, bad_request

_PLAIN_TAGS = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "code": "code",
    "pre": "pre",
    "blockquote": "blockquote",
    "tg-spoiler": "spoiler",
}
_ENTITY = re.compile(r"&(?:lt|gt|amp|quot|#\d+|#x[0-9a-fA-F]+);")
_ATTRIBUTE = re.compile(r"""([a-z-]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'))?""")
_BUTTON_ACTIONS = ("url", "callback_data", "web_app", "login_url", "switch_inline_query", "copy_text", "pay")


def utf16_length(text: str) -> int:
    """How long Telegram says `text` is: characters outside the basic plane count twice."""
    return len(text) + sum(1 for character in text if ord(character) > 0xFFFF)


def parse_html(source: str) -> tuple[str, list[Json]]:
    """Take Telegram HTML apart into its text and its entities; raise the server's 400 where the markup is wrong."""
    text: list[str] = []
    entities: list[Json] = []
    open_tags: list[tuple[str, Json]] = []
    length = position = 0
    while position < len(source):
        if source[position] == "<":
            end = source.find(">", position)
            if end < 0:
                raise _unparsable(f"Unclosed start tag at byte offset {_bytes(source, position)}")
            inner, at = source[position + 1 : end], _bytes(source, position)
            if inner.startswith("/"):
                _close(inner[1:].strip().lower(), at, open_tags, entities, length)
            else:
                open_tags.append((inner.split(None, 1)[0].lower() if inner.strip() else "", _opened(inner, at, length)))
            position = end + 1
            continue
        piece, position = _text_piece(source, position)
        text.append(piece)
        length += utf16_length(piece)
    if open_tags:
        raise _unparsable(f'Can\'t find end tag corresponding to start tag "{open_tags[-1][0]}"')
    return "".join(text), sorted((entity for entity in entities if entity["length"]), key=lambda e: (e["offset"], -e["length"]))


def check_keyboard(markup: Json) -> None:
    """Refuse a `reply_markup` that the server would refuse."""
    if "inline_keyboard" in markup:
        for button in _buttons(markup["inline_keyboard"]):
            _check_inline_button(button)
    elif "keyboard" in markup:
        for button in _buttons(markup["keyboard"]):
            if not (button if isinstance(button, str) else button.get("text")):
                raise bad_request("can't parse keyboard button: button text must be non-empty")
    elif not (markup.get("remove_keyboard") is True or markup.get("force_reply") is True):
        raise bad_request("object expected as reply markup")


def _buttons(rows: object) -> list[Json]:
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise bad_request("can't parse keyboard: array of arrays of buttons expected")
    return [button for row in rows for button in row]


def _check_inline_button(button: Json) -> None:
    if not isinstance(button, dict) or not isinstance(button.get("text"), str) or not button["text"].strip():
        raise bad_request("can't parse inline keyboard button: button text must be non-empty")
    if sum(action in button for action in _BUTTON_ACTIONS) != 1:
        raise bad_request("can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard")
    if "callback_data" in button and not 1 <= len(str(button["callback_data"]).encode()) <= 64:
        raise bad_request("BUTTON_DATA_INVALID")
    if "url" in button and not re.match(r"(https?|tg)://\S+$", str(button["url"])):
        raise bad_request(f"inline keyboard button URL '{button['url']}' is invalid: Wrong HTTP URL")


def _opened(inner: str, at: int, offset: int) -> Json:
    name, _, rest = inner.strip().partition(" ")
    name, attributes = name.lower(), {m[1]: unescape(m[2] or m[3] or "") for m in _ATTRIBUTE.finditer(rest)}
    if name in _PLAIN_TAGS:
        return {"type": _PLAIN_TAGS[name], "offset": offset}
    if name == "a":
        return {"type": "text_link", "offset": offset, "url": attributes.get("href", "")}
    if name == "span" and attributes.get("class") == "tg-spoiler":
        return {"type": "spoiler", "offset": offset}
    if name == "tg-emoji" and attributes.get("emoji-id", "").isdigit():
        return {"type": "custom_emoji", "offset": offset, "custom_emoji_id": attributes["emoji-id"]}
    raise _unparsable(f'Unsupported start tag "{name}" at byte offset {at}')


def _close(name: str, at: int, open_tags: list[tuple[str, Json]], entities: list[Json], length: int) -> None:
    if not open_tags:
        raise _unparsable(f"Unexpected end tag at byte offset {at}")
    expected, entity = open_tags.pop()
    if name and name != expected:
        raise _unparsable(f'Unmatched end tag at byte offset {at}, expected "</{expected}>", found "</{name}>"')
    entities.append({**entity, "length": length - entity["offset"]})


def _text_piece(source: str, position: int) -> tuple[str, int]:
    """The next run of text, or one character reference; a lone ampersand is text, as on the server."""
    if reference := _ENTITY.match(source, position):
        return unescape(reference[0]), reference.end()
    end = position + 1
    while end < len(source) and source[end] not in "<&":
        end += 1
    return source[position:end], end


def _bytes(source: str, position: int) -> int:
    return len(source[:position].encode())


def _unparsable(why: str) -> Exception:
    return bad_request(f"can't parse entities: {why}")
