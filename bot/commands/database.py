"""`db upgrade` and `replay`: the database itself, and what in it could not be worked on."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer

from bot.clock import SystemClock
from bot.commands.store import with_storage
from bot.commands.terminal import ConfigOption, fail, load_settings, note, out, table, words
from bot.texts import SET_ASIDE_WORDS

if TYPE_CHECKING:
    from pathlib import Path

    from bot.config import Settings
    from bot.ports import Quarantined, SetAside, Storage

_ = words()
SHOWN = 1000

app = typer.Typer(help=_("База даних."), no_args_is_help=True)


@app.callback()
def database() -> None:
    """Keeps `upgrade` a subcommand although it is the only one."""


@app.command("upgrade", help=_("Оновити таблиці до цієї версії програми. run робить це й сам."))
def upgrade(config: ConfigOption = None) -> None:
    from bot.storage import upgrade as bring_up

    revision = asyncio.run(bring_up(load_settings(config).database_url.reveal()))
    out(_("База даних готова, версія {revision}.").format(revision=revision))


@app.command("files", help=_("Файли людей: скільки їх, чи всі на місці, чи є нічиї."))
def files(
    sweep: Annotated[bool, typer.Option("--sweep", help=_("Забрати файли, про які база не знає й старші за добу."))] = False,
    config: ConfigOption = None,
) -> None:
    from bot.files import Shelf

    shelf = Shelf(load_settings(config).desk.data_dir / "files")

    async def work(storage: Storage, _settings: Settings) -> set[str]:
        async with storage.read() as uow:
            return await uow.files.shelved()

    known, kept = with_storage(config, work), set(shelf.refs())
    missing = len(known - kept)
    counts = {"count": len(kept), "missing": missing, "orphans": len(kept - known)}
    out(_("Файлів: {count}. Бракує: {missing}. Нічиїх: {orphans}.").format(**counts))
    if sweep:
        out(_("Забрано нічиїх: {count}.").format(count=shelf.sweep(known, now=SystemClock().now())))
    if missing:
        raise typer.Exit(1)


def replay(
    ids: Annotated[list[int] | None, typer.Argument(metavar=_("[НОМЕР…]"), help=_("Які записи; без номерів — усі."))] = None,
    only_list: Annotated[bool, typer.Option("--list", help=_("Лише показати, що в карантині."))] = False,
    set_aside: Annotated[
        bool,
        typer.Option("--set-aside", help=_("Відкладені листи (спам, заблоковані, автовідповіді): показати або впустити номери.")),
    ] = False,
    config: ConfigOption = None,
) -> None:
    if set_aside:
        _let_in(config, ids or [])
        return
    if only_list:
        _show(with_storage(config, _quarantined))
        return

    async def work(storage: Storage, _settings: Settings) -> int:
        async with storage.write() as uow:
            count = await uow.inbox.replay(ids or None, now=SystemClock().now())
            await uow.commit()
        return count

    count = with_storage(config, work)
    if ids and not count:
        fail(_("У карантині немає записів із такими номерами. Що там є: deskbot replay --list"))
    out(_("Повернуто в роботу: {count}.").format(count=count))
    if count:
        note(_("Служба, що працює, візьме їх одразу; якщо її зупинено, вони чекатимуть на запуск."))


def _let_in(config: Path | None, ids: list[int]) -> None:
    """Without numbers: what was set aside, newest first. With numbers: these are heard as if a person had written them."""

    async def work(storage: Storage, _settings: Settings) -> tuple[int, list[SetAside]]:
        async with storage.write() as uow:
            count = await uow.inbox.let_in("mail", ids, now=SystemClock().now()) if ids else 0
            await uow.commit()
        async with storage.read() as uow:
            return count, await uow.inbox.set_aside("mail", limit=SHOWN)

    count, rows = with_storage(config, work)
    if not ids:
        heading = (_("запис"), _("від кого"), _("отримано"), _("чому відкладено"))
        shown = [(str(row.id), row.conversation, f"{row.received_at:%Y-%m-%d %H:%M}Z", _because(row.because)) for row in rows]
        table(heading, shown)
        return
    if not count:
        fail(_("Серед відкладених листів таких номерів немає. Що там є: deskbot replay --set-aside"))
    out(_("Повернуто в роботу: {count}.").format(count=count))


def _because(code: str) -> str:
    return _(SET_ASIDE_WORDS.get(code, code))


async def _quarantined(storage: Storage, _settings: Settings) -> list[Quarantined]:
    async with storage.read() as uow:
        return await uow.inbox.quarantined(limit=SHOWN)


def _show(rows: list[Quarantined]) -> None:
    heading = (_("запис"), _("канал"), _("отримано"), _("спроб"), _("чому в карантині"))
    table(heading, [(str(row.id), row.channel, f"{row.received_at:%Y-%m-%d %H:%M}Z", str(row.attempts), row.error) for row in rows])
