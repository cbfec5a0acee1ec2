"""Sentences for everything that can be wrong in a configuration: the key, what is wrong, what to do.

What somebody wrote is never told back: it may be a secret in the wrong place.
"""

from __future__ import annotations

import difflib
import types
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from bot.errors import Misconfigured
from bot.texts import translator

Path = tuple[str | int, ...]

# Marks sentences for the catalogue; they are looked up when they are told.
_ = translator("uk")

UNKNOWN = _("{key}: немає такого ключа. Приберіть його або виправте назву; тут можливі: {known}.")
UNKNOWN_CLOSE = _("{key}: немає такого ключа. Можливо, ви мали на увазі «{guess}»?")
UNSUITABLE = _("{key}: значення не підходить. Подивіться приклад у config.example.toml.")

# By kind of error: pydantic's own, then ours from `bot.config.values` and `tree`. Braces take `key` and the error's own context.
SENTENCES = {
    "missing": _("{key}: обов'язковий ключ, а його немає. Додайте його."),
    "string_type": _("{key}: має бути текст у лапках."),
    "string_too_short": _("{key}: не може бути порожнім. Впишіть значення."),
    "string_too_long": _("{key}: задовгий текст, можна щонайбільше {max_length} знаків."),
    "string_pattern_mismatch": _("{key}: можна лише літери, цифри, дефіс і підкреслення."),
    "int_type": _("{key}: має бути ціле число."),
    "int_parsing": _("{key}: має бути ціле число без лапок."),
    "int_from_float": _("{key}: має бути ціле число, без дробової частини."),
    "bool_type": _("{key}: має бути true або false, без лапок."),
    "bool_parsing": _("{key}: має бути true або false, без лапок."),
    "greater_than_equal": _("{key}: замале значення, найменше можливе {ge}."),
    "less_than_equal": _("{key}: завелике значення, найбільше можливе {le}."),
    "literal_error": _("{key}: можна лише {expected}."),
    "enum": _("{key}: можна лише {expected}."),
    "tuple_type": _("{key}: має бути список у квадратних дужках."),
    "dict_type": _("{key}: має бути таблиця, тобто розділ [{table}] з ключами в ньому."),
    "model_type": _("{key}: має бути таблиця, тобто розділ [{table}] з ключами в ньому."),
    "date_type": _('{key}: має бути дата на зразок "2026-12-31".'),
    "date_parsing": _('{key}: має бути дата на зразок "2026-12-31".'),
    "date_from_datetime_parsing": _('{key}: має бути дата на зразок "2026-12-31".'),
    "date_from_datetime_inexact": _('{key}: має бути дата на зразок "2026-12-31".'),
    "path_type": _("{key}: має бути шлях у лапках."),
    "secret_type": _("{key}: має бути текст у лапках."),
    "secret_lines": _("{key}: має бути один рядок без переносів."),
    "duration": _('{key}: має бути тривалість у лапках з одиницею: "20s", "30m", "1h 30m", "2d".'),
    "duration_range": _("{key}: можна від {low} до {high}."),
    "rhythm": _('{key}: має бути тривалість у лапках ("30m", "1h") або "opening": раз на робочий день, коли служба відчиняється.'),
    "time_of_day": _('{key}: має бути час на зразок "08:05", або "", якщо не потрібно.'),
    "mail_address": _('{key}: має бути адреса пошти на зразок "support@example.com".'),
    "spam_header": _('{key}: має бути заголовок і слово на зразок "X-Spam-Flag: yes" або число на зразок "X-Spam-Score: 5+".'),
    "chat_id": _('{key}: має бути номер чату на зразок "-1001234567890".'),
    "url": _('{key}: має бути адреса з http:// чи https:// на початку, на зразок "https://desk.example.com".'),
    "network": _("{key}: потрібна адреса або мережа, наприклад 127.0.0.1 чи 10.0.0.0/24."),
    "zone": _("{key}: такого часового поясу немає. Впишіть назву на зразок Europe/Kyiv."),
    "zone_data": _("{key}: на цьому комп'ютері немає даних про часові пояси. Встановіть пакет tzdata (pip install tzdata)."),
    "bot_token": _("{key}: це не схоже на токен бота. BotFather дає рядок на зразок 123456789:AAAA…."),
    "storage_url": _('{key}: має починатися з "sqlite:///" або "postgresql://".'),
}


def dotted(path: Path) -> str:
    """("mail", "mailboxes", 0, "imap") as people write it: mail.mailboxes[0].imap"""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def _table(path: Path) -> str:
    """The same as the heading of a table in TOML, where places in a list are not written."""
    return ".".join(part for part in path if isinstance(part, str))


def mistakes_of(errors: Iterable[ErrorDetails], tree: type[BaseModel]) -> Iterator[Misconfigured]:
    """One sentence for each of pydantic's errors, in the order of the tree."""
    return (_mistake(error, tree) for error in errors)


def unknown(path: Path, known: Sequence[str]) -> Misconfigured:
    """The mistake about a key that does not exist, with the nearest of those that do."""
    guess = difflib.get_close_matches(str(path[-1]), known, n=1, cutoff=0.6)
    if guess:
        return Misconfigured(UNKNOWN_CLOSE, key=dotted(path), guess=guess[0])
    return Misconfigured(UNKNOWN, key=dotted(path), known=", ".join(known))


def _mistake(error: ErrorDetails, tree: type[BaseModel]) -> Misconfigured:
    path = error["loc"]
    context = {name: _as_text(value) for name, value in error.get("ctx", {}).items()}
    if error["type"] == "extra_forbidden":
        model = _model_at(tree, path[:-1])
        return unknown(path, tuple(model.model_fields) if model else ())
    if error["type"] == "enum" and path[-1] == "[key]":
        return unknown(path[:-1], context["expected"].split(", "))
    return Misconfigured(SENTENCES.get(error["type"], UNSUITABLE), **(context | {"key": dotted(path), "table": _table(path)}))


def _as_text(value: object) -> str:
    """A bound or a list of choices, as pydantic words it ("'a', 'b' or 'c'"), without its English and its quotes."""
    return str(value).replace(" or ", ", ").replace("'", "")


def _model_at(tree: type[BaseModel], path: Path) -> type[BaseModel] | None:
    found = _type_at(tree, path)
    return found if isinstance(found, type) and issubclass(found, BaseModel) else None


def _type_at(tree: type[BaseModel], path: Path) -> Any:
    """What kind of thing the tree holds at a path; None when it holds nothing there."""
    kind: Any = tree
    for part in path:
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            field = kind.model_fields.get(str(part))
            kind = field.annotation if field else None
        elif get_origin(kind) in (tuple, list):
            kind = get_args(kind)[0]
        elif get_origin(kind) is dict:
            kind = get_args(kind)[1]
        else:
            return None
    if get_origin(kind) in (Union, types.UnionType):
        return next((each for each in get_args(kind) if isinstance(each, type) and issubclass(each, BaseModel)), kind)
    return kind
