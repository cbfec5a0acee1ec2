"""Logs keep ids and lose everything that is secret or private, whoever wrote the line."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from bot.config import LogSettings, Secret, Settings
from bot.errors import Permanent
from bot.log import Redaction, secrets_in, set_up

TOKEN = "123456789:AAbbCCddEEffGGhhIIjjKKllMMnn"
Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def lines() -> Iterator[Lines]:
    """What a service that logs JSON has said so far."""
    stream = io.StringIO()
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    set_up(LogSettings(level="info", format="json"), secrets=["s3cret-phrase"], stream=stream)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    root.handlers, root.level = handlers, level
    logging.captureWarnings(False)
    structlog.reset_defaults()


def test_an_event_has_its_fields_and_the_instant(lines: Lines) -> None:
    structlog.get_logger("bot.desk").info("ticket_opened", ticket_id=7, channel="mail")
    (line,) = lines()
    assert line["event"] == "ticket_opened"
    assert (line["ticket_id"], line["channel"], line["level"], line["logger"]) == (7, "mail", "info", "bot.desk")
    assert line["timestamp"].endswith("Z")


@pytest.mark.parametrize(
    ("field", "value", "kept"),
    [
        ("sender", "olena.koval@example.com", "o…@example.com"),
        ("phone", "+380 44 000 00 17", "+…17"),
        ("url", f"https://api.example.com/bot{TOKEN}/sendMessage", "https://api.example.com/bot***/sendMessage"),
        ("database", "postgresql://desk:pa55word@db.example.com/desk", "postgresql://***@db.example.com/desk"),
        ("path", "/login?token=abcdef&next=/my", "/login?token=***&next=/my"),
        ("header", "Authorization: Bearer abcdefghijkl", "Authorization: Bearer ***"),
        ("token", "anything", "***"),
        ("password", Secret("anything"), "***"),
        ("text", "Не працює каса", "<14>"),
        ("reason", "it said s3cret-phrase aloud", "it said *** aloud"),
        ("recipients", ["ab@example.com", "cd@example.com"], ["a…@example.com", "c…@example.com"]),
        ("data", {"to": "ab@example.com", "text": "хто там", "n": 3}, {"to": "a…@example.com", "text": "<7>", "n": 3}),
        ("raw", b"\x00\x01", "<2>"),
        ("ticket_ids", (1, 2), [1, 2]),
        ("name", "half a \udcd0 letter", "half a \\udcd0 letter"),
        ("file", "a.txt\nticket_closed ticket_id=7", "a.txt\\nticket_closed ticket_id=7"),
    ],
)
def test_a_value_is_made_fit_to_be_kept(lines: Lines, field: str, value: Any, kept: Any) -> None:
    structlog.get_logger().warning("something", **{field: value})
    assert lines()[0][field] == kept


def test_an_expected_error_has_no_traceback(lines: Lines) -> None:
    refusal = Permanent("Рядок 5: «{text}» не розпізнано.", text="таємне")
    structlog.get_logger().error("refused", exc_info=refusal)
    try:
        raise refusal
    except Permanent:
        structlog.get_logger().exception("refused")
    for line in lines():
        assert line["error"] == "Permanent"
        assert "exception" not in line
        assert "таємне" not in json.dumps(line, ensure_ascii=False)


def test_an_exception_is_told_without_what_it_quotes(lines: Lines) -> None:
    text = "Прошу терміново"
    try:
        raise ValueError(f"cannot send to olena@example.com with {TOKEN}\n[parameters: ('{text}',)]")
    except ValueError:
        structlog.get_logger().exception("failed", ticket_id=1)
    (line,) = lines()
    assert "ValueError" in line["exception"]
    assert "test_log.py" in line["exception"]
    for private in (TOKEN, "olena@example.com"):
        assert private not in line["exception"]
    assert text not in line["exception"]


def test_what_a_library_says_is_redacted_too(lines: Lines) -> None:
    logging.getLogger("somelib").warning("login of %s failed with %s", "olena@example.com", "s3cret-phrase")
    (line,) = lines()
    assert line["event"] == "login of o…@example.com failed with ***"


def test_chatty_libraries_are_quiet(lines: Lines) -> None:
    logging.getLogger("apscheduler.executors").info("Running job")
    logging.getLogger("uvicorn.access").info("GET /login?token=abc")
    logging.getLogger("aioimaplib.aioimaplib").debug("LOGIN")
    structlog.get_logger("bot").debug("detail")
    assert lines() == []


def test_people_get_one_line_an_event() -> None:
    stream = io.StringIO()
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    set_up(LogSettings(level="debug", format="console"), stream=stream)
    structlog.get_logger("bot").debug("ticket_opened", ticket_id=7, sender="olena@example.com")
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()
    assert stream.getvalue().count("\n") == 1
    assert "ticket_opened" in stream.getvalue()
    assert "o…@example.com" in stream.getvalue()


def test_every_secret_of_the_settings_is_known() -> None:
    server = {"host": "h", "user": "u"}
    settings = Settings.model_validate(
        {
            "telegram": {"token": TOKEN},
            "storage": {"url": "postgresql://u:p@h/d"},
            "mail": {
                "mailboxes": [
                    {
                        "name": "a",
                        "address": "a@example.com",
                        "imap": server | {"password": "imap-password"},
                        "smtp": server | {"password": "smtp-password"},
                    }
                ]
            },
        }
    )
    assert set(secrets_in(settings)) == {TOKEN, "postgresql://u:p@h/d", "imap-password", "smtp-password"}


@given(st.text(max_size=30), st.text(max_size=30))
def test_no_surrounding_lets_a_secret_through(before: str, after: str) -> None:
    assert "s3cret-phrase" not in Redaction(["s3cret-phrase"]).text(f"{before}s3cret-phrase{after}")
