"""JSON lines in, JSON lines out."""

from __future__ import annotations

import json
import subprocess
import sys

from bot.intake.jsonl import analyse_lines


def answers(*lines: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in analyse_lines(lines)]


def test_a_message_is_answered_with_tickets_in_offsets_of_its_text() -> None:
    text = "Добрий день!\n1. Не друкує чек\n2. Дайте доступ новому касиру"
    (answer,) = answers(json.dumps({"id": "м1", "channel": "chat", "text": text}))
    tickets = answer["tickets"]
    assert answer["id"] == "м1"
    assert isinstance(tickets, list)
    assert [[text[start:end] for start, end in ticket["spans"]] for ticket in tickets] == [
        ["Не друкує чек"],
        ["Дайте доступ новому касиру"],
    ]
    assert {"spans", "title", "category", "priority", "urgent", "reason"} <= set(tickets[0])
    assert {"noise", "shared", "confidence", "act"} <= set(answer)


def test_a_line_with_the_staffs_last_word_is_answered_with_a_verdict() -> None:
    (answer,) = answers(json.dumps({"id": 1, "text": "Дякую!", "ticket_title": "Чек", "last_staff_message": "Готово."}))
    assert answer == {"id": 1, "verdict": "thanks", "new_tasks": []}


def test_a_malformed_line_is_told_and_stops_nothing() -> None:
    good = json.dumps({"id": 1, "text": "чек не друкує"})
    told = answers("{", "[1]", '{"id": 2}', '{"text": 5}', '{"text": "а", "channel": 3}', "", good)
    assert [answer.get("line") for answer in told] == [1, 2, 3, 4, 5, None]
    assert all(isinstance(answer["error"], str) for answer in told[:5])
    assert told[5]["id"] == 1


def test_half_a_character_goes_through_as_an_escape() -> None:
    (line,) = analyse_lines(['{"id": "\\ud800", "text": "чек \\ud800 не друкує"}'])
    line.encode()
    assert json.loads(line)["id"] == "\ud800"


def test_importing_is_fast_and_brings_no_heavy_library() -> None:
    code = "import sys, bot.intake.jsonl; print([name for name in ('numpy', 'aiogram', 'sqlalchemy', 'fastapi') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
