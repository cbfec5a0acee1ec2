"""`answers`: canned answers, as a list and as a CSV file that office programs open. In the staff chat the same is done by /answers."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.clock import SystemClock
from bot.commands.store import with_storage
from bot.commands.terminal import ConfigOption, language, note, out, table, words
from bot.errors import Rejected
from bot.model import CannedAnswer

if TYPE_CHECKING:
    from bot.config import Settings
    from bot.ports import Storage

_ = words()

app = typer.Typer(help=_("Шаблони відповідей."), no_args_is_help=True)
COLUMNS = ("name", "text")
_LARGEST = 1_000_000
# Whose hand it was, in the table's own words.
_BY = "deskbot answers import"


@app.command("list", help=_("Показати всі шаблони."))
def show(config: ConfigOption = None) -> None:
    answers = with_storage(config, _all)
    table((_("назва"), _("текст"), _("хто змінив")), [(each.name, " ".join(each.text.split())[:80], each.changed_by) for each in answers])
    if not answers:
        note(_("Шаблонів ще немає. Додати з файлу: deskbot answers import FILE.csv (стовпці name, text)."))


@app.command("export", help=_("Записати всі шаблони у файл CSV."))
def export(
    file: Annotated[Path, typer.Argument(metavar=_("ФАЙЛ"), help=_("Файл CSV, якого ще немає."))], config: ConfigOption = None
) -> None:
    answers = with_storage(config, _all)
    if file.exists():
        raise Rejected(_("{file} уже є: виберіть інше ім'я."), file=str(file))
    written = io.StringIO(newline="")
    rows = csv.writer(written)
    rows.writerow(COLUMNS)
    rows.writerows((each.name, each.text) for each in answers)
    file.write_bytes(written.getvalue().encode("utf-8-sig"))
    out(_("Записано шаблонів: {n}.").format(n=len(answers)))


@app.command("import", help=_("Прочитати шаблони з CSV зі стовпцями name, text; однойменні замінюються. Усі помилки — разом."))
def read(
    file: Annotated[Path, typer.Argument(metavar=_("ФАЙЛ"), exists=True, dir_okay=False, help=_("Файл CSV."))], config: ConfigOption = None
) -> None:
    answers, mistakes = _answers_of(file)
    if mistakes:
        for mistake in mistakes:
            note(mistake)
        raise Rejected(_("Нічого не змінено. Помилок: {n}."), n=len(mistakes))

    async def work(storage: Storage, _settings: Settings) -> None:
        async with storage.write() as uow:
            for name, text in answers:
                await uow.canned.put(name=name, text=text, by=_BY, at=SystemClock().now())
            await uow.commit()

    with_storage(config, work)
    out(_("Прочитано шаблонів: {n}.").format(n=len(answers)))


async def _all(storage: Storage, _settings: Settings) -> list[CannedAnswer]:
    async with storage.read() as uow:
        return await uow.canned.all()


def _answers_of(file: Path) -> tuple[list[tuple[str, str]], list[str]]:
    """Names and texts, and what is wrong with which line."""
    from bot import canned
    from bot.channels.phone.table import decoded, delimiter_of
    from bot.texts import explain

    if file.stat().st_size > _LARGEST:
        raise Rejected(_("{file}: файл завеликий для шаблонів."), file=str(file))
    text = decoded(file.read_bytes()).replace("\0", "")
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter_of(text))
    heading = [cell.strip().lower() for cell in next(rows, [])]
    if missing := [column for column in COLUMNS if column not in heading]:
        raise Rejected(_("{file}: у першому рядку немає стовпців {columns}."), file=str(file), columns=", ".join(missing))
    answers: list[tuple[str, str]] = []
    mistakes: list[str] = []
    for cells in rows:
        if not any(cell.strip() for cell in cells):
            continue
        found = dict(zip(heading, cells, strict=False))
        try:
            answers.append(canned.checked(found.get("name", ""), found.get("text", "")))
        except Rejected as mistake:
            mistakes.append(_("Рядок {line}: {what}").format(line=rows.line_num, what=explain(mistake, language())))
    return answers, mistakes
