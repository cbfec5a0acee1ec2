"""Logs: events with fields, as JSON or for people, with nothing in them that is secret or private.

Ids stay, addresses are shortened, secrets and texts of messages are taken out, in our own events and in what libraries say. Redaction
looks at every value, tracebacks included, because an exception likes to quote what it choked on.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Iterable, Iterator, MutableMapping, Sequence
from typing import Any, TextIO

import structlog
from pydantic import BaseModel

from bot.config.tree import LogSettings
from bot.config.values import Secret
from bot.errors import BotError

MASK = "***"
# Fields that hold what somebody wrote: only their length is of interest.
TEXTS = frozenset({"text", "body", "raw", "quoted", "subject", "html", "content", "caption", "title", "result", "comment"})
SECRET_NAMES = frozenset({"token", "password", "secret", "authorization", "cookie", "session", "api_key", "link"})
MANY_LINES = frozenset({"exception", "stack"})
LINE_ENDS = str.maketrans({"\n": "\\n", "\r": "\\r", "\x1b": "\\x1b", "\u2028": "\\u2028"})
# An exact secret shorter than this would mask ordinary words.
SHORTEST_SECRET = 6

PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"\d{3,}:[\w-]{16,}"), MASK),  # a bot token, in a URL of the Bot API too
    (re.compile(r"(?<=://)[^\s/@:]*:[^\s/@]*(?=@)"), MASK),  # user and password in a URL
    (re.compile(r"(?i)\b(token|password|secret|code|key)=[^\s&'\"]+"), rf"\1={MASK}"),
    (re.compile(r"(?i)\b(bearer|basic) [\w.~+/=-]{8,}"), rf"\1 {MASK}"),
    (re.compile(r"(?s)\[parameters: .*?\](?=\n|$)"), f"[parameters: {MASK}]"),  # SQLAlchemy quotes what it wrote
    (re.compile(r"\b([\w.+-])[\w.+%-]*@([\w-]+(?:\.[\w-]+)+)"), r"\1…@\2"),
    (re.compile(r"\+\d{3}[\d ()-]{5,}(\d\d)\b"), r"+…\1"),
)
# Libraries that say too much at their usual level. aioimaplib tells the login at DEBUG; uvicorn's access log holds one-time links.
QUIET = {
    "aiogram": logging.WARNING,
    "aioimaplib": logging.WARNING,
    "aiosqlite": logging.WARNING,
    "alembic": logging.WARNING,
    # A tick that takes longer than its rhythm is skipped by design; the status page tells when the last one was.
    "apscheduler": logging.ERROR,
    "asyncio": logging.WARNING,
    "sqlalchemy": logging.WARNING,
    "uvicorn": logging.WARNING,
    "uvicorn.access": logging.ERROR,
}


class Redaction:
    """A structlog processor that makes an event fit to be kept. `secrets` are texts that may appear nowhere."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        exact = sorted({re.escape(each) for each in secrets if len(each) >= SHORTEST_SECRET}, key=len, reverse=True)
        self._patterns = ((re.compile("|".join(exact)), MASK), *PATTERNS) if exact else PATTERNS

    def __call__(self, _logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        for name, value in event.items():
            event[name] = self._field(name, value)
        return event

    def _field(self, name: str, value: Any) -> Any:
        if name in SECRET_NAMES and value:
            return MASK
        if name in TEXTS and isinstance(value, str | bytes):
            return f"<{len(value)}>"
        redacted = self._value(value)
        # A value of many lines could pass for events of its own; a traceback is what it is.
        return redacted.translate(LINE_ENDS) if isinstance(redacted, str) and name not in MANY_LINES else redacted

    def _value(self, value: Any) -> Any:
        if value is None or isinstance(value, bool | int | float):
            return value
        if isinstance(value, dict):
            return {str(name): self._field(str(name), each) for name, each in value.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return [self._value(each) for each in value]
        return self.text(value if isinstance(value, str) else repr(value) if isinstance(value, Secret | bytes) else str(value))

    def text(self, text: str) -> str:
        """A text without secrets, with addresses shortened: "o…@example.com", "+…00"."""
        for pattern, instead in self._patterns:
            text = pattern.sub(instead, text)
        # Half a character (a lone surrogate) comes in broken mails and cannot be written to any log.
        return text.encode("utf-8", "backslashreplace").decode()


def set_up(settings: LogSettings, *, secrets: Sequence[str] = (), stream: TextIO | None = None) -> None:
    """Send everything that is logged, ours and the libraries', through one redacting line to `stream` (standard error)."""
    stream = stream or sys.stderr
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    finish: list[structlog.typing.Processor] = [
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        _only_bugs_have_tracebacks,
        # Plain tracebacks: a pretty one shows local variables, and they hold messages.
        structlog.processors.format_exc_info,
        Redaction(secrets),
        _renderer(settings, stream),
    ]
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=finish))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(settings.level.upper())
    for name, level in QUIET.items():
        logging.getLogger(name).setLevel(max(level, root.level))
    logging.captureWarnings(True)


def _only_bugs_have_tracebacks(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """An error of ours is expected: its kind says what to do, and its traceback would only quote what it refused."""
    given = event.get("exc_info")
    error = given if isinstance(given, BaseException) else given[1] if isinstance(given, tuple) else sys.exc_info()[1] if given else None
    if isinstance(error, BotError):
        del event["exc_info"]
        event.setdefault("error", type(error).__name__)
    return event


def _renderer(settings: LogSettings, stream: TextIO) -> structlog.typing.Processor:
    if settings.format == "json":
        return structlog.processors.JSONRenderer(ensure_ascii=False)
    return structlog.dev.ConsoleRenderer(colors=stream.isatty(), pad_event_to=28)


def secrets_in(settings: BaseModel) -> Iterator[str]:
    """Every secret that a tree of settings holds, to be masked wherever it turns up."""
    for name in type(settings).model_fields:
        yield from _secrets_of(getattr(settings, name))


def _secrets_of(value: Any) -> Iterator[str]:
    if isinstance(value, Secret) and value:
        yield value.reveal()
    elif isinstance(value, BaseModel):
        yield from secrets_in(value)
    elif isinstance(value, tuple):
        for each in value:
            yield from _secrets_of(each)
