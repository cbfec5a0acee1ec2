"""What every rendered word is made of: HTML around somebody's text, rows of buttons, and who reads it when. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from bot.channels.telegram import buttons
from bot.channels.telegram.text import brief
from bot.files import PREFIX
from bot.lamps import SIGNS
from bot.model import Category, Lamp, Priority
from bot.texts import CATEGORY_WORDS, PRIORITY_WORDS, Translator, moment, translator

_MOST_NAMES = 10
MOST_FILES = 5
"""So many files of a word go along; the rest is named and stays with the ticket."""
KEPT = "telegram:"
"""How a reference to a file begins that Telegram itself keeps."""
Facts = dict[str, Any]
"""A ticket as `bot.notices.Facts` puts it into a body."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    """One button: callback data, or the address it opens."""

    text: str
    data: str = ""
    url: str = ""

    def json(self) -> dict[str, str]:
        return {"text": self.text} | ({"url": self.url} if self.url else {"callback_data": self.data})


Keyboard = tuple[tuple[Button, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file to go along. `ref` is "telegram:<file_id>" for one that Telegram has already, "sha256:…" for one of our shelf."""

    name: str
    kind: str
    ref: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One word ready to be laid out: `head` and `tail` are our HTML, `text` is somebody's own words, cut and escaped later.

    `is_one_message`: it is edited later, so a long text is shortened instead of going on in a second message.
    `answer_from` asks that person (a Telegram id) for a reply to this message. `contact_button` is the label of a button under the keyboard
    that sends the person's own phone number; `hides_button` takes it away.
    """

    head: str
    text: str = ""
    tail: str = ""
    keyboard: Keyboard = ()
    files: tuple[File, ...] = ()
    is_one_message: bool = False
    answer_from: str = ""
    contact_button: str = ""
    hides_button: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """In which language, zone and moment a page is read."""

    language: str
    zone: ZoneInfo
    now: datetime

    @property
    def say(self) -> Translator:
        return translator(self.language)

    def moment(self, iso: str) -> str:
        return moment(datetime.fromisoformat(iso), zone=self.zone, language=self.language, now=self.now)


def button(text: str, verb: str, number: int, argument: object = "") -> Button:
    return Button(text=text, data=buttons.data(verb, number, argument))


def lamp(facts: Facts) -> str:
    return SIGNS[Lamp(facts["lamp"])]


def named(facts: Facts) -> str:
    """№7 and its title, in HTML."""
    return f"<b>№{facts['id']}</b> {brief(facts['title'])}"


def priority_words(facts: Facts, say: Translator) -> str:
    """R9: a guess is shown as a guess."""
    word = say(PRIORITY_WORDS[Priority(facts["priority"])])
    return say("ймовірно {word}").format(word=word) if facts.get("is_priority_guessed") else word


def category_words(facts: Facts, say: Translator) -> str:
    word = say(CATEGORY_WORDS[Category(facts["category"])])
    return say("ймовірно {word}").format(word=word) if facts.get("is_category_guessed") else word


def other_files(body: dict[str, Any]) -> str:
    """A line with the names of files that do not go along as messages: nobody has their bytes, or there are too many."""
    names, going = [], 0
    for file in body.get("attachments", ()):
        if going < MOST_FILES and str(file.get("ref", "")).startswith((KEPT, PREFIX)):
            going += 1
        else:
            names.append(brief(str(file.get("name") or "?"), 60))
    return f"📎 {', '.join(names[:_MOST_NAMES])}{' …' if len(names) > _MOST_NAMES else ''}" if names else ""


def files_of(body: dict[str, Any]) -> tuple[File, ...]:
    return tuple(
        File(name=str(file.get("name", "")), kind=str(file.get("kind", "document")), ref=str(file.get("ref", "")))
        for file in body.get("attachments", ())
    )
