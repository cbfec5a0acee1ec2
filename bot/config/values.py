"""Kinds of values a configuration holds that TOML does not know: secrets, lengths of time, addresses."""

from __future__ import annotations

import re
from datetime import time, timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, GetCoreSchemaHandler, PlainValidator, ValidationInfo
from pydantic_core import PydanticCustomError, core_schema

from bot.sla.intervals import has_zone_data, is_zone

UNITS = {
    "s": 1, "sec": 1, "с": 1, "сек": 1,
    "m": 60, "min": 60, "хв": 60,
    "h": 3600, "год": 3600,
    "d": 86_400, "дн": 86_400,
}  # fmt: skip
PART = re.compile(r"(\d+(?:[.,]\d+)?)\s*([^\W\d]+)\.?\s*")
MAIL = re.compile(r"[^\s@<>,;]+@[^\s@<>,;]+\.[^\s@<>,;.]+|[^\s@<>,;]+@localhost")


def mistake(kind: str, **context: str) -> PydanticCustomError:
    """The sentence for a kind is in `bot.config.mistakes`. The context holds bounds and names, never a value that somebody wrote."""
    return PydanticCustomError(kind, "{kind}", {"kind": kind, **context})


class Secret:
    """A text that must not be seen: `repr`, `str` and formatting show asterisks; only `reveal()` gives it away. Empty is false."""

    __slots__ = ("_text",)

    def __init__(self, text: str = "") -> None:
        self._text = text

    def reveal(self) -> str:
        return self._text

    def __bool__(self) -> bool:
        return bool(self._text)

    def __repr__(self) -> str:
        return "Secret(***)" if self._text else "Secret()"

    __str__ = __repr__

    def __format__(self, _spec: str) -> str:
        return repr(self)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._text == self._text

    def __hash__(self) -> int:
        return hash(self._text)

    def __reduce__(self) -> Any:
        raise TypeError("a secret is not copied out of its process")

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: Any, _handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        return core_schema.no_info_before_validator_function(_to_secret, core_schema.is_instance_schema(cls))


def _to_secret(value: Any) -> Secret:
    if isinstance(value, Secret):
        return value
    if not isinstance(value, str):
        raise mistake("secret_type")
    if "\n" in value or "\x00" in value:
        raise mistake("secret_lines")
    return Secret(value)


def parse_duration(text: str) -> timedelta | None:
    """ "1h", "1h 30m", "20 s", "30 хв", "2d"; None when it is none of these. A bare number has no unit and is not accepted, except 0."""
    if text.strip() == "0":
        return timedelta(0)
    seconds, at = 0.0, 0
    text = text.strip().lower()
    while found := PART.match(text, at):
        number, unit = found.groups()
        if unit not in UNITS:
            return None
        seconds += float(number.replace(",", ".")) * UNITS[unit]
        at = found.end()
    return timedelta(seconds=seconds) if at and at == len(text) else None


def _to_duration(value: Any) -> timedelta:
    if isinstance(value, timedelta):
        return value
    try:
        parsed = parse_duration(str(value)) if isinstance(value, str | int) and not isinstance(value, bool) else None
    except OverflowError:
        parsed = None
    if parsed is None:
        raise mistake("duration")
    return parsed


def _to_mail(value: Any) -> str:
    if not isinstance(value, str) or not MAIL.fullmatch(value.strip()):
        raise mistake("mail_address")
    return value.strip().lower()


def _to_blocked(value: Any) -> str:
    """An address, or a whole domain as "@example.com"."""
    if isinstance(value, str) and re.fullmatch(r"@[^\s@<>,;]+\.[^\s@<>,;.]+", value.strip()):
        return value.strip().lower()
    return _to_mail(value)


def _to_spam_header(value: Any) -> str:
    """ "Name: word" (the header begins with the word), or "Name: 5+" (its number is 5 or more)."""
    if not isinstance(value, str) or not re.fullmatch(r"[A-Za-z0-9-]+:\s*\S[^\r\n]*", value.strip()):
        raise mistake("spam_header")
    return value.strip()


def _to_chat(value: Any) -> str:
    """A Telegram chat id, kept as text: "-1001234567890" (TOML may write it as a number)."""
    text = str(value).strip() if isinstance(value, str | int) and not isinstance(value, bool) else "?"
    if text and not re.fullmatch(r"-?\d{1,20}", text):
        raise mistake("chat_id")
    return text


def _to_url(value: Any) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"https?://[^\s/?#@]+(/[^\s?#]*)?", value.strip()):
        raise mistake("url")
    return value.strip().rstrip("/")


def between(low: str, high: str) -> AfterValidator:
    """A check that a duration lies between two others, both allowed."""
    least, most = parse_duration(low), parse_duration(high)
    assert least is not None
    assert most is not None

    def check(value: timedelta) -> timedelta:
        if not least <= value <= most:
            raise mistake("duration_range", low=low, high=high)
        return value

    return AfterValidator(check)


def _to_rhythm(value: Any) -> timedelta | Literal["opening"]:
    if value == "opening":
        return "opening"
    try:
        return _to_duration(value)
    except PydanticCustomError:
        raise mistake("rhythm") from None


def _to_time(value: Any) -> time | None:
    """ "08:05"; "" is no time at all. TOML's own 08:05:00 is taken too."""
    if value is None or value == "":
        return None
    if isinstance(value, time):
        return value
    found = re.fullmatch(r"(\d{1,2}):(\d{2})", value.strip()) if isinstance(value, str) else None
    if not found or int(found[1]) > 23 or int(found[2]) > 59:
        raise mistake("time_of_day")
    return time(int(found[1]), int(found[2]))


def _bot_token(token: Secret) -> Secret:
    if token and not re.fullmatch(r"\d+:[\w-]+", token.reveal()):
        raise mistake("bot_token")
    return token


def _storage_url(url: Secret, info: ValidationInfo) -> Secret:
    """A relative SQLite path, like all paths, is meant from the folder of the configuration file."""
    scheme, slashes, path = url.reveal().partition(":///")
    if scheme == "sqlite" and path and not path.startswith("/"):
        return Secret(f"{scheme}{slashes}{in_folder(Path(path), info)}")
    if url and not url.reveal().startswith(("sqlite:///", "postgresql://")):
        raise mistake("storage_url")
    return url


def in_folder(path: Path, info: ValidationInfo) -> Path:
    """Where a path of the configuration lies, wherever the program was started."""
    return Path((info.context or {}).get("folder", Path())) / path.expanduser()


def _zone(name: str) -> str:
    if not is_zone(name):
        raise mistake("zone" if has_zone_data() else "zone_data")
    return name


def _network(text: str) -> str:
    try:
        ip_network(text)
    except ValueError:
        raise mistake("network") from None
    return text


Folder = Annotated[Path, AfterValidator(in_folder)]
FolderOrNone = Annotated[Folder | None, BeforeValidator(lambda value: value or None)]
BotToken = Annotated[Secret, AfterValidator(_bot_token)]
StorageUrl = Annotated[Secret, AfterValidator(_storage_url)]
Zone = Annotated[str, AfterValidator(_zone)]
Network = Annotated[str, AfterValidator(_network)]
Duration = Annotated[timedelta, BeforeValidator(_to_duration)]
Rhythm = Annotated[timedelta | Literal["opening"], PlainValidator(_to_rhythm)]
TimeOfDay = Annotated[time | None, PlainValidator(_to_time)]
MailAddress = Annotated[str, BeforeValidator(_to_mail)]
BlockedSender = Annotated[str, BeforeValidator(_to_blocked)]
SpamHeader = Annotated[str, BeforeValidator(_to_spam_header)]
ChatId = Annotated[str, BeforeValidator(_to_chat)]
Url = Annotated[str, BeforeValidator(_to_url)]
UrlOrEmpty = Annotated[str, BeforeValidator(lambda value: value if value == "" else _to_url(value))]
