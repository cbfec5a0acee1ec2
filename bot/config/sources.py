"""Where settings come from: the TOML file, then the environment, which wins; files with one secret each fill what is still empty."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bot.config.mistakes import dotted
from bot.errors import BotError, Misconfigured
from bot.texts import translator

# Marks sentences for the catalogue; they are looked up when they are told.
_ = translator("uk")

PREFIX = "DESKBOT_"
DEFAULT_FILE = Path("config.toml")
SECRETS = ("url", "token", "password", "metrics_token", "client_secret", "token_key", "key")

Tree = dict[str, Any]


def find_file(given: Path | None, environ: Mapping[str, str]) -> Path | None:
    """The file to read: the one given, the one DESKBOT_CONFIG names, config.toml if it is there; None: defaults."""
    if given is not None:
        return given
    if named := environ.get("DESKBOT_CONFIG"):
        return Path(named)
    return DEFAULT_FILE if DEFAULT_FILE.is_file() else None


def read_file(path: Path) -> Tree:
    """The tree in a TOML file. Raises Misconfigured when it cannot be read or is no TOML: nothing more can be said then."""
    try:
        return tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except OSError as error:
        raise Misconfigured("Не вдалося прочитати налаштування {path}: {reason}.", path=path, reason=error.strerror) from error
    except UnicodeDecodeError as error:
        raise Misconfigured("{path} має бути в кодуванні UTF-8. Збережіть файл наново в цьому кодуванні.", path=path) from error
    except tomllib.TOMLDecodeError as error:
        raise Misconfigured("{path} не читається як TOML: {reason}.", path=path, reason=_position(str(error))) from error


def _position(message: str) -> BotError:
    """tomllib's message, which never quotes more than one character of a line that may hold a secret, and the place in our words."""
    what, _place, place = message.partition(" (at ")
    if numbers := re.findall(r"\d+", place):
        return BotError("{what} (рядок {line}, знак {column})", what=what, line=numbers[0], column=numbers[-1])
    return BotError("{what} (кінець файлу)", what=what)


def overlay_environment(tree: Tree, environ: Mapping[str, str], mistakes: list[Misconfigured]) -> None:
    """DESKBOT_TELEGRAM__TOKEN sets telegram.token; a number is a place in a list: DESKBOT_MAIL__MAILBOXES__0__IMAP__PASSWORD."""
    for name, value in sorted(environ.items()):
        if not name.startswith(PREFIX) or "__" not in name:
            continue
        *tables, key = name.removeprefix(PREFIX).lower().split("__")
        place: Any = tree
        for part in tables:
            place = _step_into(place, part)
        if isinstance(place, dict):
            place[key] = _value(value)
        else:
            mistakes.append(Misconfigured("{name}: такого місця в налаштуваннях немає. Перевірте назву змінної.", name=name))


def _step_into(place: Any, part: str) -> Any:
    if isinstance(place, dict):
        return place.setdefault(part, {})
    if isinstance(place, list) and part.isdecimal() and int(part) < len(place):
        return place[int(part)]
    return None


def _value(text: str) -> Any:
    """A list is written as in TOML; everything else is text, of which numbers and booleans are read later."""
    if text.startswith("["):
        try:
            return tomllib.loads(f"value = {text}")["value"]
        except tomllib.TOMLDecodeError:
            return text
    return text


def fill_secrets(tree: Any, folder: Path, mistakes: list[Misconfigured], at: tuple[str | int, ...] = ()) -> None:
    """Where there is `token_file` and no `token`, the file's text (one line) becomes the token; paths are relative to `folder`."""
    if isinstance(tree, list):
        for number, each in enumerate(tree):
            fill_secrets(each, folder, mistakes, (*at, number))
    if not isinstance(tree, dict):
        return
    for key, value in list(tree.items()):
        fill_secrets(value, folder, mistakes, (*at, key))
        secret = key.removesuffix("_file")
        if secret in SECRETS and secret != key and isinstance(value, str) and value and not tree.get(secret):
            try:
                tree[secret] = (folder / Path(value).expanduser()).read_text(encoding="utf-8").strip()
            except (OSError, UnicodeDecodeError) as error:
                reason = error.strerror if isinstance(error, OSError) else "не UTF-8"
                sentence = _("{key}: не вдалося прочитати файл {path}: {reason}. Створіть його або дайте право на читання.")
                mistakes.append(Misconfigured(sentence, key=dotted((*at, key)), path=value, reason=reason))
