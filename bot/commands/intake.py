"""`analyze` and `read-mail`: what the intake makes of a text or a mail, without storing anything."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.commands.terminal import language, note, read_bytes, words
from bot.errors import Rejected
from bot.texts import explain

if TYPE_CHECKING:
    from bot.channels.mail.values import ParsedMail

_ = words()


def analyze(
    source: Annotated[Path | None, typer.Argument(metavar=_("[ФАЙЛ]"), help=_("Рядки JSON; без файлу читається стандартний вхід."))] = None,
) -> None:
    from bot.intake.jsonl import analyse_lines

    for line in analyse_lines(read_bytes(source).decode("utf-8", "replace").split("\n") if source else _standard_input()):
        _write(line)


def read_mail(
    files: Annotated[list[Path], typer.Argument(metavar=_("ФАЙЛ…"), help=_("Файли .eml, mbox або теки з листами."))],
) -> None:
    from bot.channels.mail.files import read
    from bot.channels.mail.parse import parse
    from bot.clock import SystemClock

    now = SystemClock().now()
    failed = False
    for file in files:
        try:
            for mail in read(file, now=now):
                _write(json.dumps(as_json(mail.origin, parse(mail.raw, with_content=False)), ensure_ascii=False))
        except Rejected as error:
            note(explain(error, language()))
            failed = True
    if failed:
        raise typer.Exit(1)


def as_json(file: str, mail: ParsedMail) -> dict[str, Any]:
    """A mail in the shape that DESIGN 9 fixes for other tools. `date` is ISO 8601 in UTC or null; message ids keep their brackets."""
    return {
        "file": file,
        "kind": mail.kind.value,
        "from": mail.sender.address if mail.sender else "",
        "from_name": mail.sender.name if mail.sender else "",
        "to": [each.address for each in mail.to],
        "subject": mail.subject,
        "date": mail.date.isoformat() if mail.date else None,
        "message_id": mail.message_id,
        "in_reply_to": mail.in_reply_to,
        "references": list(mail.references),
        "text": mail.text,
        "quoted": mail.quoted,
        "signature": mail.signature,
        "attachments": [{"filename": each.filename, "content_type": each.content_type, "size": each.size} for each in mail.files],
        "problems": list(mail.problems),
    }


def _standard_input() -> Iterable[str]:
    sys.stdin.reconfigure(encoding="utf-8", errors="replace")  # type: ignore[union-attr]  # TextIO does not promise what stdin has
    return sys.stdin


def _write(line: str) -> None:
    """At once: another program may wait for this very answer before it asks again."""
    sys.stdout.buffer.write(line.encode() + b"\n")
    sys.stdout.buffer.flush()
