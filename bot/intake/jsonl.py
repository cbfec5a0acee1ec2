"""`deskbot analyze`: JSON lines in, JSON lines out (DESIGN.md 9). What the intake would do; nothing is stored."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from bot.intake.analysis import Analysis, Part, analyse, analyse_followup

Json = dict[str, Any]


def analyse_lines(lines: Iterable[str]) -> Iterator[str]:
    """One answer line for each input line that is not blank, in order.

    A line that is no JSON object with a text is answered with `{"line", "error"}`; it stops nothing.
    """
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            answer = answer_one(_read(line))
        except ValueError as error:
            answer = {"line": number, "error": str(error)}
        yield _dump(answer)


def answer_one(message: Json) -> Json:
    """The answer to one message: tickets and labels, or a verdict when it is an answer in a running ticket.

    Raises ValueError with a sentence that says what is missing or of the wrong type.
    """
    text = _text(message, "text")
    if "ticket_title" in message and "last_staff_message" in message:
        verdict = analyse_followup(text, _text(message, "ticket_title"), _text(message, "last_staff_message"))
        return {"id": message.get("id"), "verdict": verdict.verdict.value, "new_tasks": [list(span) for span in verdict.new_tasks]}
    channel = message.get("channel", "chat")
    if not isinstance(channel, str):
        raise ValueError("'channel' must be a string")
    return {"id": message.get("id"), **_tell(analyse(text, channel=channel))}


def _read(line: str) -> Json:
    try:
        message = json.loads(line)
    except (json.JSONDecodeError, RecursionError) as error:
        raise ValueError(f"not JSON: {error}") from error
    if not isinstance(message, dict):
        raise ValueError("not a JSON object")
    return message


def _text(message: Json, key: str) -> str:
    value = message.get(key)
    if not isinstance(value, str):
        raise ValueError(f"'{key}' is missing" if key not in message else f"'{key}' must be a string")
    return value


def _tell(analysis: Analysis) -> Json:
    return {
        "kind": analysis.kind.value,
        "tickets": [_ticket(part) for part in analysis.parts],
        "noise": [list(span) for span in analysis.noise],
        "shared": [list(span) for span in analysis.shared],
        "confidence": round(analysis.confidence, 3),
        "act": analysis.act,
        "because": analysis.because,
    }


def _ticket(part: Part) -> Json:
    return {
        "spans": [list(span) for span in part.spans],
        "title": part.title,
        "category": part.category.value,
        "priority": part.priority_guess.value,
        "urgent": part.urgent,
        "reason": None if part.reason is None else int(part.reason),
        "evidence": None if part.evidence is None else list(part.evidence),
    }


def _dump(answer: Json) -> str:
    """One line of JSON; half a character (a lone surrogate), which no UTF-8 stream can carry, is told in ASCII escapes."""
    line = json.dumps(answer, ensure_ascii=False)
    try:
        line.encode()
    except UnicodeEncodeError:
        return json.dumps(answer)
    return line
