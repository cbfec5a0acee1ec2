"""`closed`: the desk does not work for some hours (a blackout, an air raid), or works again, or when that was.

The service that runs finds it within a tick: deadlines move, clients who wait are told.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer

from bot.commands.terminal import ConfigOption, language, load_settings, out, table, words
from bot.texts import moment

if TYPE_CHECKING:
    from pathlib import Path

    from bot.app import House
    from bot.model import Closure

_ = words()


def closed(
    until: Annotated[
        str | None, typer.Option(metavar=_("ЧАС"), help=_("До якого часу зачинено: 14:00 або «25.11 09:00», за часом служби."))
    ] = None,
    because: Annotated[str, typer.Option(metavar=_("ПРИЧИНА"), help=_("Чому: це прочитають клієнти, які чекають."))] = "",
    undo: Annotated[bool, typer.Option("--undo", help=_("Відкрити службу знову, хоч до якого часу її зачинено."))] = False,
    config: ConfigOption = None,
) -> None:
    if undo and until is not None:
        raise typer.BadParameter(_("--until і --undo разом не мають сенсу."))
    if undo:
        asyncio.run(_open_again(config))
        out(_("Служба знову працює. Строки буде перераховано."))
    elif until is not None:
        asyncio.run(_close(config, until, because))
        out(_("Службу зачинено. Строки буде перенесено, клієнтів, які чекають, буде повідомлено."))
    else:
        asyncio.run(_show(config))


async def _close(config: Path | None, until: str, because: str) -> None:
    from bot.model import BOT

    house = await _house(config)
    try:
        async with house.storage.write() as uow:
            await house.desk.close_until(uow, house.desk.instant_of(until), BOT, because=because)
            await uow.commit()
    finally:
        await house.close()


async def _open_again(config: Path | None) -> None:
    from bot.model import BOT

    house = await _house(config)
    try:
        async with house.storage.write() as uow:
            await house.desk.open_again(uow, BOT)
            await uow.commit()
    finally:
        await house.close()


async def _show(config: Path | None) -> None:
    house = await _house(config)
    try:
        async with house.storage.read() as uow:
            closures = [each for each in await uow.closures.all() if not each.is_void]
        table((_("від"), _("до"), _("причина"), _("хто")), [_row(each, house) for each in closures])
    finally:
        await house.close()


def _row(closure: Closure, house: House) -> tuple[str, ...]:
    start, end = (moment(at, zone=house.zone, language=language()) for at in (closure.starts_at, closure.ends_at))
    return start, end, closure.because, closure.by


async def _house(config: Path | None) -> House:
    """The desk alone: no channel is built."""
    from bot.app import open_house

    return await open_house(load_settings(config), only=())
