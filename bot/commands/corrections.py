"""`corrections export`: how people corrected the desk's divisions, as labelled messages that a labeller can learn from."""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TextIO

import typer

from bot.commands.store import with_storage
from bot.commands.terminal import ConfigOption, fail, note, out, progress, words

if TYPE_CHECKING:
    from bot.config import Settings
    from bot.model import Event, Ticket
    from bot.ports import Storage, UnitOfWork

_ = words()
CHUNK = 200  # inbound messages read at a time

app = typer.Typer(help=_("Виправлення клієнтів і фахівців: дані, на яких розбір учиться."), no_args_is_help=True)


@app.callback()
def corrections() -> None:
    """Keeps `export` a subcommand although it is the only one."""


@app.command("export", help=_("Записати виправлені повідомлення рядками JSON, як у навчальних даних."))
def export(
    output: Annotated[
        Path,
        typer.Option("--output", "-o", metavar=_("ФАЙЛ"), help=_("Файл .jsonl. У ньому слова клієнтів: читати його зможе лише власник.")),
    ],
    config: ConfigOption = None,
) -> None:
    async def work(storage: Storage, _settings: Settings) -> int:
        count = 0
        with _private(output) as file, progress() as shown:
            task = shown.add_task(_("звернень прочитано"), total=None)
            async for read, lines in labelled_messages(storage):
                file.writelines(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
                count += len(lines)
                shown.advance(task, read)
        return count

    count = with_storage(config, work)
    out(_("Виправлених або підтверджених повідомлень: {count}. Записано у {path}.").format(count=count, path=output))
    if not count:
        note(_("Ніхто ще не підтверджував і не змінював поділу, категорії чи критичності."))


@contextmanager
def _private(path: Path) -> Iterator[TextIO]:
    """The file under its name only when it is whole, and for its owner's eyes only."""
    part = path.with_name(f"{path.name}.part")
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            yield file
        part.replace(path)
    except OSError as error:
        fail(_("Не вдалося записати {path}: {reason}.").format(path=path, reason=error.strerror))


async def labelled_messages(storage: Storage) -> AsyncIterator[tuple[int, Sequence[Mapping[str, Any]]]]:
    """How many tickets a step read, and the labelled messages among them, in the order of receipt."""
    from bot.intake.corrections import SPOKEN

    after = 0
    while True:
        async with storage.read() as uow:
            tickets = await uow.tickets.of_origins(after=after, limit=CHUNK)
            if not tickets:
                return
            events = await uow.tickets.events_of([ticket.id for ticket in tickets], list(SPOKEN))
            lines = [line async for line in _told(uow, tickets, events)]
        after = tickets[-1].origin_id or after
        yield len(tickets), lines


async def _told(uow: UnitOfWork, tickets: Sequence[Ticket], events: Sequence[Event]) -> AsyncIterator[Mapping[str, Any]]:
    from bot.intake.corrections import labelled
    from bot.model import MessageKind

    for _origin, group in groupby(tickets, key=lambda ticket: ticket.origin_id):
        siblings = list(group)
        numbers = {ticket.id for ticket in siblings}
        own = [event for event in events if event.ticket_id in numbers]
        if not own:
            continue
        first = next((m for m in await uow.tickets.messages(siblings[0].id) if m.kind is MessageKind.INBOUND), None)
        line = labelled(first.text, siblings, own) if first is not None else None
        if line is not None:
            yield line
