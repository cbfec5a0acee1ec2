"""A delivery's neutral body into Bot API calls. Pure: the same delivery at the same moment gives the same calls.

Long words go on in a second and third message, cut on paragraph borders; what is longer still goes along as a file. Escaping happens here
for words, in the pages for everything around them.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from html import unescape
from typing import Any

from bot.channels.telegram import render_client, render_staff
from bot.channels.telegram.page import KEPT, MOST_FILES, File, Keyboard, Page, Reader
from bot.channels.telegram.text import MAX_TEXT, TAG, escape, markup_pieces, pieces, safe, shortened, utf16_length, visible_length
from bot.errors import Permanent
from bot.files import PREFIX
from bot.model import Delivery

_MOST_MESSAGES = 3
_LONGEST_HEAD = 3000
# A file that Telegram keeps goes out again as the kind that it is, under the parameter of its name.
_METHODS_OF_FILES = {
    "photo": "sendPhoto",
    "voice": "sendVoice",
    "audio": "sendAudio",
    "video": "sendVideo",
    "video_note": "sendVideoNote",
    "animation": "sendAnimation",
    "sticker": "sendSticker",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One method with its parameters, chat_id left to the sender. `text_file`: that text goes up as a file, `kept_file`:
    that file of our shelf does."""

    method: str
    parameters: dict[str, Any] = field(default_factory=dict)
    text_file: str = ""
    kept_file: File | None = None


def calls(delivery: Delivery, reader: Reader, *, is_staff: bool) -> list[Call]:
    """What to send for this delivery, in order. Permanent for a kind without words."""
    page = page_of(delivery, reader, is_staff=is_staff)
    if page.is_one_message:
        return [_message(page.head + escape(_fitting(page)) + page.tail, page), *_file_calls(page.files)]
    *before, head = markup_pieces(page.head, _LONGEST_HEAD)
    page = replace(page, head=head)
    room = MAX_TEXT - visible_length(page.head) - visible_length(page.tail)
    parts = pieces(safe(page.text), room)
    file = [Call(method="sendDocument", text_file=page.text)] if len(parts) > _MOST_MESSAGES else []
    if file:
        parts = [shortened(page.text, room)]
    bodies = [escape(part) for part in parts]
    bodies[0] = page.head + bodies[0]
    bodies[-1] += page.tail
    messages = [Call(method="sendMessage", parameters=_text(body)) for body in (*before, *bodies[:-1]) if body.strip()]
    return [*messages, _message(bodies[-1], page), *file, *_file_calls(page.files)]


def edit(delivery: Delivery, reader: Reader, message_id: int, *, is_staff: bool) -> Call | None:
    """The newest state of a message that is edited rather than repeated; None for words that need, or needed, more than one message."""
    page = page_of(delivery, reader, is_staff=is_staff)
    room = MAX_TEXT - visible_length(page.head) - visible_length(page.tail)
    if not page.is_one_message and max(utf16_length(safe(page.text)), utf16_length(delivery.body.get("was") or "")) > room:
        return None
    body = page.head + escape(_fitting(page)) + page.tail
    return Call(method="editMessageText", parameters={"message_id": message_id, **_text(body), **_markup(page)})


def page_of(delivery: Delivery, reader: Reader, *, is_staff: bool) -> Page:
    """The page for a kind; one that this version does not know still shows its text."""
    first, second = (render_staff.KINDS, render_client.KINDS) if is_staff else (render_client.KINDS, render_staff.KINDS)
    name = delivery.kind.partition(":")[0]
    make = first.get(name) or second.get(name)
    if make is not None:
        return make(delivery.body, reader)
    if isinstance(text := delivery.body.get("text"), str):
        return Page(head="", text=text)
    raise Permanent("Telegram не знає, як сказати «{kind}».", kind=delivery.kind)


def unadorned(markup: str) -> str:
    """Our HTML as the text it shows."""
    return unescape(TAG.sub("", markup))


def inline(keyboard: Keyboard) -> dict[str, Any]:
    return {"inline_keyboard": [[each.json() for each in row] for row in keyboard]}


def _fitting(page: Page) -> str:
    return shortened(safe(page.text), MAX_TEXT - visible_length(page.head) - visible_length(page.tail))


def _message(body: str, page: Page) -> Call:
    return Call(method="sendMessage", parameters={**_text(body), **_markup(page)})


def _text(body: str) -> dict[str, Any]:
    """Telegram refuses a message without a visible character."""
    body = body if unadorned(body).strip() else "…"
    return {"text": body, "parse_mode": "HTML", "link_preview_options": {"is_disabled": True}}


def _markup(page: Page) -> dict[str, Any]:
    if page.answer_from:
        return {"reply_markup": {"force_reply": True, "selective": True}}
    if page.contact_button:
        button = {"text": page.contact_button, "request_contact": True}
        return {"reply_markup": {"keyboard": [[button]], "resize_keyboard": True, "one_time_keyboard": True}}
    if page.hides_button:
        return {"reply_markup": {"remove_keyboard": True}}
    return {"reply_markup": inline(page.keyboard)} if page.keyboard else {}


def _file_calls(files: tuple[File, ...]) -> list[Call]:
    """Files that Telegram has are sent again by their id, those on our shelf go up; more than a few stay with the ticket."""
    there = [file for file in files if file.ref.startswith((KEPT, PREFIX))]
    return [_file_call(file) for file in there[:MOST_FILES]]


def _file_call(file: File) -> Call:
    if file.ref.startswith(PREFIX):
        return Call(method="sendDocument", kept_file=file)
    kind = file.kind if file.kind in _METHODS_OF_FILES else "document"
    return Call(method=_METHODS_OF_FILES.get(kind, "sendDocument"), parameters={kind: file.ref.removeprefix(KEPT)})
