"""`clients import`: client companies from a CSV file. The rules are in `clients_file` and `clients_import`; here is what a person sees."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.commands.store import with_storage
from bot.commands.terminal import ConfigOption, fail, note, out, read_bytes, words

if TYPE_CHECKING:
    from bot.commands.clients_file import Problem, Reader
    from bot.commands.clients_import import Sum
    from bot.config import Settings
    from bot.ports import Storage

_ = words()

app = typer.Typer(help=_("Компанії-клієнти, їхні люди, домени й тарифи."), no_args_is_help=True)


@app.callback()
def clients() -> None:
    """Keeps `import` a subcommand although it is the only one."""


@app.command("import", help=_("Завантажити компанії з CSV: company, domains, contacts, phones, plan. Двічі — те саме, що раз."))
def bring(
    file: Annotated[Path, typer.Argument(metavar=_("ФАЙЛ.csv"))],
    dry_run: Annotated[bool, typer.Option("--dry-run", help=_("Лише перевірити: всі помилки разом, нічого не записувати."))] = False,
    config: ConfigOption = None,
) -> None:
    from bot.commands.clients_file import Reader

    reader = Reader(read_bytes(file))
    problems, done = with_storage(config, lambda storage, settings: _work(storage, settings, reader, dry_run=dry_run))
    for problem in problems:
        note(_("рядок {line}: ").format(line=problem.line) + _(problem.sentence).format(**problem.values))
    if problems:
        fail(_("Помилок: {count}. Нічого не записано.").format(count=len(problems)))
    sentence = _("Компаній нових {0}, доповнених {1}; людей нових {2}, доповнених {3}.")
    out(sentence.format(done.companies_added, done.companies_changed, done.contacts_added, done.contacts_changed))
    if dry_run:
        note(_("Це була перевірка: нічого не записано."))


async def _work(storage: Storage, settings: Settings, reader: Reader, *, dry_run: bool) -> tuple[list[Problem], Sum]:
    from bot.commands.clients_import import Sum, conflicts, take_in

    async with storage.write() as uow:
        problems = [*reader.problems, *await conflicts(uow.people, reader.companies)]
        if problems:
            return problems, Sum()
        # A dry run does the whole work and leaves without a commit: what it says is what would happen.
        done = await take_in(uow.people, reader.companies, language=settings.desk.language)
        if not dry_run:
            await uow.commit()
        return [], done
