"""How commands talk to the person at the terminal. Results go to standard output, everything else to standard error."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from bot.errors import BotError
from bot.texts import LANGUAGES, Translator, explain, translator

if TYPE_CHECKING:
    from rich.progress import Progress

    from bot.config import Settings


def language() -> str:
    """DESKBOT_LANGUAGE, else Ukrainian. LANG does not count: servers have it at C or en_US whoever works there."""
    wanted = os.environ.get("DESKBOT_LANGUAGE", "")
    return wanted if wanted in LANGUAGES else "uk"


def words() -> Translator:
    """The translator for this terminal."""
    return translator(language())


_ = words()

ConfigOption = Annotated[
    Path | None,
    typer.Option("--config", "-c", metavar=_("ФАЙЛ"), help=_("Файл налаштувань; без нього config.toml поточної теки.")),
]


def command_line(*arguments: str, config: Path | None = None) -> str:
    """A command of ours, of the same settings, that works when it is pasted here: deskbot need not be where the shell looks."""
    program = Path(sys.executable).with_name("deskbot")
    here = Path.cwd()
    named = str(program.relative_to(here) if program.is_relative_to(here) else program)
    return shlex.join([named, *arguments, *(("--config", str(config)) if config else ())])


def out(text: str = "") -> None:
    """A line of the result."""
    typer.echo(text)


def note(text: str) -> None:
    """A line beside the result."""
    typer.echo(text, err=True)


def fail(sentence: str) -> NoReturn:
    """Say what is wrong and end with exit code 1."""
    note(sentence)
    raise typer.Exit(1)


def say_error(error: BotError) -> None:
    """An error as a sentence; a configuration's mistakes and the like one by one."""
    mistakes = getattr(error, "mistakes", ())
    if mistakes:
        note(_("Знайдено помилок: {count}").format(count=len(mistakes)))
    for each in mistakes or (error,):
        note(f"  • {explain(each, language())}" if mistakes else explain(each, language()))


def load_settings(config: Path | None, role: str | None = None) -> Settings:
    """The settings, with the role of this process if it was given; raises InvalidConfig, which `main` tells.

    From here on a command's log is on standard error, redacted, warnings and worse; the service sets its own up afterwards.
    """
    from bot.config import load
    from bot.log import secrets_in, set_up

    settings = load(config, environ={**os.environ, "DESKBOT_RUN__ROLE": role} if role else os.environ)
    level = settings.log.level if settings.log.level == "error" else "warning"
    set_up(settings.log.model_copy(update={"level": level}), secrets=list(secrets_in(settings)))
    return settings


def table(heading: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Rows in columns, as wide as they need: plain text that a pipe can take. Nothing but the heading is printed for no rows."""
    widths = [max(len(row[column]) for row in (heading, *rows)) for column in range(len(heading))]
    for row in (heading, *rows):
        out("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


@contextmanager
def progress() -> Iterator[Progress]:
    """A progress display on standard error: a moving bar on a terminal, silence in a pipe."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not sys.stderr.isatty(), transient=False) as shown:
        yield shown


@contextmanager
def waiting(text: str) -> Iterator[None]:
    """Something that takes a while: a moving sign on a terminal, a plain line in a pipe."""
    if not sys.stderr.isatty():
        note(text)
        yield
        return
    from rich.console import Console

    with Console(stderr=True).status(text):
        yield


def read_bytes(path: Path) -> bytes:
    """A file's content; a sentence and exit code 1 when it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        fail(_("Не вдалося прочитати {path}: {reason}.").format(path=path, reason=error.strerror))
