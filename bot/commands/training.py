"""`train`: whether a labeller that learned from the desk's own corrections divides better, and its file if it does."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.commands.terminal import fail, note, out, read_bytes, table, waiting, words

if TYPE_CHECKING:
    from train.desk import Comparison
    from train.scoring import Tally

_ = words()
STEPS = {"1": _("учиться на першій половині"), "2": _("учиться на другій половині"), "all": _("учиться на всьому")}


def train(
    corrections: Annotated[Path, typer.Argument(metavar=_("ФАЙЛ"), help=_("Файл deskbot corrections export."))],
    output: Annotated[Path, typer.Option("--output", "-o", metavar=_("ФАЙЛ"), help=_("Куди записати навчений розбір."))] = Path(
        "labeller.npz"
    ),
) -> None:
    if find_spec("train") is None:
        fail(_("Навчання потребує вихідного коду deskbot: у встановленому пакунку немає навчальних даних. Запустіть команду в ньому."))
    from bot.intake.corrections import read_labelled
    from train.desk import FEWEST, learn_from

    messages = read_labelled(read_bytes(corrections).decode("utf-8", "replace").split("\n"))
    if len(messages) < FEWEST:
        fail(_("Виправлень {count}, а для порівняння треба щонайменше {least}.").format(count=len(messages), least=FEWEST))
    part = output.with_name(f"{output.name}.part")
    with waiting(_("Кілька хвилин: розбір учиться тричі.")):
        comparison = learn_from(messages, part, lambda step: note(STEPS[step]))
    _show(comparison)
    if not comparison.is_better:
        part.unlink()
        fail(_("Навчений розбір не кращий за штатний, тож файл не записано: працюйте зі штатним."))
    part.replace(output)
    out(_("Записано у {path}. Щоб узяти в роботу: intake.labeller_file; прибрати рядок — повернутися до штатного.").format(path=output))


def _show(comparison: Comparison) -> None:
    heading = (_("розбір"), _("повідомлень"), _("поділено правильно"), _("зайвий поділ"), _("бракує поділу"))
    table(heading, [_row(_("штатний"), comparison.shipped), _row(_("навчений тут"), comparison.own)])


def _row(name: str, tally: Tally) -> tuple[str, ...]:
    return (name, *map(str, (tally.messages, tally.exact, tally.over, tally.under)))
