"""A line of a call log as an inbound message. Pure; knows no file and no database.

Columns: received_at, number, company, contact, agent, direction, answered, text. A line that cannot be read raises `Permanent` with a
sentence that says what is wrong with it; the line itself is kept by the caller.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from bot.channels.phone.table import TOO_LONG, UNCLOSED, Row, decoded, read_rows
from bot.errors import Permanent, Rejected
from bot.model import Address, InboundMessage

# The catalogue tool finds sentences by this name; they are looked up when they are told.
_ = str

COLUMNS = ("received_at", "number", "company", "contact", "agent", "direction", "answered", "text")
_REQUIRED = ("received_at", "number")
_YES = {"yes", "y", "1", "true", "так", "т", "да", "+"}
_NO = {"no", "n", "0", "false", "ні", "н", "нет", "-", ""}
_IN = {"in", "incoming", "вхідний", "вх", "входящий", ""}
_OUT = {"out", "outgoing", "вихідний", "вих", "исходящий"}
_FORMATS = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%d.%m.%Y %H:%M:%S", "%d.%m.%Y %H:%M", "%d/%m/%Y %H:%M")


# The exchange's clock may be ahead of ours.
CLOCK_SKEW = timedelta(minutes=5)
_EARLIEST_YEAR = 2000
_MISTAKES = {
    UNCLOSED: _("Рядок {line}: лапки не закрито, тож межі стовпців невідомі. Виправте рядок і завантажте файл ще раз."),
    TOO_LONG: _("Рядок {line}: один зі стовпців задовгий. Скоротіть його й завантажте файл ще раз."),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class LogLine:
    """A line of the file as it stands. `number` is its number in the file, 1 is the heading; `cells` has only known columns.

    `mistake` is one of bot.channels.phone.table: the line is kept aside whatever its cells say.
    """

    number: int
    cells: Mapping[str, str]
    mistake: str = ""

    @property
    def key(self) -> str:
        """The same call in another export has the same key: taking a file in twice is the same as once."""
        # A broken line and the same line mended are two: the second is a call.
        mistake = [self.mistake] if self.mistake else []
        told = json.dumps([self.cells.get(name, "").strip() for name in COLUMNS] + mistake, ensure_ascii=False)
        return hashlib.sha256(told.encode("utf-8", "surrogatepass")).hexdigest()[:32]

    @property
    def conversation(self) -> str:
        return normal_number(self.cells.get("number", "")) or f"line:{self.key}"

    def raw(self) -> bytes:
        """How the inbox keeps it."""
        kept = {"line": self.number, "cells": dict(self.cells), "mistake": self.mistake}
        return json.dumps(kept, ensure_ascii=True).encode()

    @classmethod
    def from_raw(cls, raw: bytes) -> LogLine:
        kept = json.loads(raw)
        return cls(number=kept["line"], cells=kept["cells"], mistake=kept.get("mistake", ""))


def read_log(content: bytes) -> Iterator[LogLine]:
    """The lines of a CSV file, UTF-8 or windows-1251, separated by comma, semicolon or tab. Raises Rejected without our columns."""
    rows = read_rows(decoded(content), is_row=_is_call)
    first = next(rows, None)
    heading = _names(first.cells if first else [])
    if missing := [name for name in _REQUIRED if name not in heading]:
        raise Rejected(
            "У файлі немає стовпців: {missing}. Перший рядок має бути таким: {columns}.",
            missing=", ".join(missing),
            columns=",".join(COLUMNS),
        )
    for row in rows:
        yield _line(row, heading)


def _names(cells: list[str]) -> list[str]:
    return [name.strip().lower() for name in cells]


def _is_call(cells: list[str], heading: list[str]) -> bool:
    """A line with a call's time in its place, or a whole line with a number in its place."""
    known = dict(zip(_names(heading), cells, strict=False))
    has_time = _moment(known.get("received_at", "").strip()) is not None
    return has_time or (len(cells) >= len(heading) and bool(normal_number(known.get("number", ""))))


def _line(row: Row, heading: list[str]) -> LogLine:
    if row.mistake == TOO_LONG:
        return LogLine(number=row.number, cells={"text": row.cells[0]}, mistake=row.mistake)
    known = {name: cell for name, cell in zip(heading, row.cells, strict=False) if name in COLUMNS}
    if len(row.cells) > len(heading):
        # A comma inside an unquoted text: the rest belongs to the last column rather than nowhere.
        known[heading[-1]] = ",".join(row.cells[len(heading) - 1 :])
    return LogLine(number=row.number, cells=known, mistake=row.mistake)


def parse_line(line: LogLine, *, zone: ZoneInfo, now: datetime) -> InboundMessage:
    """The call as an inbound message; times without an offset are local to `zone`. Raises Permanent naming the line and the mistake.

    A call later than `now` is a mistake (R10: a promise starts when the message was received, and that is not later than now).
    """
    if line.mistake:
        raise Permanent(_MISTAKES[line.mistake], line=line.number)
    cell = {name: line.cells.get(name, "").strip() for name in COLUMNS}
    number = normal_number(cell["number"])
    if not number:
        raise Permanent("Рядок {line}: «{number}» не схоже на номер телефону.", line=line.number, number=cell["number"][:40])
    direction = cell["direction"].lower()
    if direction not in _IN | _OUT:
        raise Permanent("Рядок {line}: напрям «{value}» невідомий; має бути in або out.", line=line.number, value=direction[:40])
    return call_message(
        number=number,
        received_at=_instant(cell["received_at"], zone, line.number, now),
        text=cell["text"],
        contact=cell["contact"],
        company=cell["company"],
        agent=cell["agent"],
        is_answered=_is_answered(cell["answered"], line.number),
        is_outgoing=direction in _OUT,
        external_id=line.key,
    )


def call_message(
    *,
    number: str,
    received_at: datetime,
    text: str,
    external_id: str,
    contact: str = "",
    company: str = "",
    agent: str = "",
    is_answered: bool = True,
    is_outgoing: bool = False,
) -> InboundMessage:
    """One call. `number` is normalised ("+380…"); a call we made is set aside."""
    return InboundMessage(
        channel="phone",
        conversation=number,
        external_ids=(external_id,),
        sender=Address(channel="phone", value=number),
        sender_name=contact,
        reply_route=None,
        text=text,
        received_at=received_at,
        company_hint=company,
        is_call=True,
        is_answered=is_answered,
        answered_by=agent if is_answered else "",
        set_aside="outgoing_call" if is_outgoing else None,
    )


def normal_number(number: str) -> str:
    """A phone number as +380440000000; "" when it is none. Ukrainian numbers may come without the country."""
    digits = "".join(char for char in number if char in "0123456789")
    if not 3 <= len(digits) <= 15 or any(char.isalpha() for char in number):
        return ""
    if len(digits) == 10 and digits.startswith("0"):
        return f"+38{digits}"
    if len(digits) == 11 and digits.startswith("80"):
        return f"+3{digits}"
    if len(digits) == 9 and not number.strip().startswith("+"):
        return f"+380{digits}"
    return f"+{digits}"


def _instant(text: str, zone: ZoneInfo, line: int, now: datetime) -> datetime:
    candidate = _moment(text)
    if candidate is None:
        raise Permanent("Рядок {line}: час «{text}» не розпізнано; напишіть, наприклад, 2026-11-24 09:30.", line=line, text=text[:40])
    if candidate.year < _EARLIEST_YEAR:
        raise Permanent("Рядок {line}: час «{text}» надто давній для дзвінка; перевірте рік.", line=line, text=text[:40])
    # A year that no instant has (9999 west of Greenwich) is in the future as well.
    if candidate.year > now.year + 1 or (instant := _aware(candidate, zone)) > now + CLOCK_SKEW:
        raise Permanent("Рядок {line}: час «{text}» ще не настав; перевірте дату.", line=line, text=text[:40])
    return instant


def _aware(candidate: datetime, zone: ZoneInfo) -> datetime:
    return (candidate if candidate.tzinfo else candidate.replace(tzinfo=zone)).astimezone(UTC)


def _moment(text: str) -> datetime | None:
    """A time as it is written, with its offset if it has one."""
    return next((each for each in (_iso(text), *(_strptime(text, form) for form in _FORMATS)) if each is not None), None)


def _iso(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _strptime(text: str, form: str) -> datetime | None:
    try:
        return datetime.strptime(text, form)  # noqa: DTZ007 - the zone is put on by the caller
    except ValueError:
        return None


def _is_answered(text: str, line: int) -> bool:
    word = text.lower()
    if word in _YES:
        return True
    if word in _NO:
        return False
    raise Permanent("Рядок {line}: у стовпці answered «{text}»; має бути yes або no.", line=line, text=text[:40])
