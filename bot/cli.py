"""The command line. It knows which commands there are and how a run ends: 0 done, 1 a problem was told, 2 used wrongly.

Importing this module is cheap: a command imports what it needs when it runs.
"""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from bot.commands import (
    accounts,
    answers,
    backup,
    calendar,
    clients,
    closing,
    corrections,
    database,
    ingest,
    intake,
    ledger,
    mail,
    promises,
    roster,
    service,
    sla,
    training,
)
from bot.commands.terminal import out, say_error, words
from bot.errors import BotError

_ = words()

app = typer.Typer(
    name="deskbot",
    help=_("Звернення клієнтів з чату, пошти й телефону: прийняти, розібрати, відповісти вчасно."),
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command("run", help=_("Запустити службу."))(service.run)
app.command("demo", help=_("Показати роботу на вигаданих клієнтах, у прискореному часі, без жодних облікових записів."))(service.demo)
app.command("check", help=_("Перевірити налаштування, всі помилки разом, і кожне з'єднання."))(service.check)
app.command("analyze", help=_("Рядки JSON на вході й на виході: що зробив би розбір. Нічого не зберігається."))(intake.analyze)
app.command("read-mail", help=_("Прочитати листи (.eml): один рядок JSON на лист."))(intake.read_mail)
app.command("deadline", help=_("Строк реакції, нагадування і чому саме тоді."))(promises.deadline)
app.command("sla", help=_("Строки за місяць у числах: частка вчасних, медіана, порушення й хто називав терміновим."))(sla.sla)
app.command("ledger", help=_("Облік строків звернення: коли почалися, чому перенесені, чи виконані і ким."))(ledger.ledger)
app.command("closed", help=_("Зачинити службу до певного часу (немає світла, тривога) або відкрити знову; без параметрів — список."))(
    closing.closed
)
app.command("replay", help=_("Ще раз опрацювати повідомлення, які потрапили в карантин."))(database.replay)
app.command("backup", help=_("Зберегти базу даних і файли в один архів; служба може працювати."))(backup.backup)
app.command("restore", help=_("Відновити базу даних і файли з архіву; нічого не перезаписується."))(backup.restore)
app.add_typer(ingest.app, name="ingest")
app.add_typer(database.app, name="db")
app.add_typer(accounts.app, name="accounts")
app.add_typer(answers.app, name="answers")
app.add_typer(calendar.app, name="calendar")
app.add_typer(clients.app, name="clients")
app.add_typer(roster.app, name="roster")
app.add_typer(mail.app, name="mail")
app.add_typer(corrections.app, name="corrections")
app.command("train", help=_("Навчити розбір на власних виправленнях і порівняти його зі штатним."))(training.train)


def _tell_version(is_asked: bool) -> None:
    if is_asked:
        from importlib.metadata import version

        out(f"deskbot {version('deskbot')}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[bool, typer.Option("--version", callback=_tell_version, is_eager=True, help=_("Показати версію."))] = False,
) -> None:
    """What stands before a command."""


def main() -> None:
    """Run a command. An error of ours is one clear sentence; anything else is a bug and shows its traceback."""
    try:
        app()
    except BotError as error:
        say_error(error)
        sys.exit(1)
    except BrokenPipeError:
        # Whoever read our output has gone (`deskbot analyze | head`); what Python would flush at exit has nowhere to go.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
