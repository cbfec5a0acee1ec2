"""`run`, `demo` and `check`: the service itself, the service playing, and whether it would work."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Coroutine
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.commands.terminal import ConfigOption, command_line, language, load_settings, note, out, words
from bot.texts import explain

if TYPE_CHECKING:
    from bot.app import House
    from bot.config import Settings

_ = words()


LEAVE_WITHIN_S = 1.0


class Role(StrEnum):
    """What a process does; as [run] role."""

    ALL = "all"
    WEB = "web"
    WORKER = "worker"


def run(
    config: ConfigOption = None,
    role: Annotated[Role | None, typer.Option(help=_("Що робить цей процес: all, web або worker; інакше як у [run] role."))] = None,
) -> None:
    settings = load_settings(config, role.value if role else None)
    _set_up_log(settings)
    _say_warnings(settings)
    from bot.app import run as serve
    from bot.welcome import welcome

    def link_command(name: str) -> str:
        return command_line("accounts", "link", name, config=config)

    async def ready(house: House) -> None:
        await welcome(house, tell=out, link_command=link_command, language=language())
        await _say_strangers(house)

    _until_stopped(serve(settings, ready=ready))


def demo(
    speed: Annotated[float, typer.Option(min=1, max=3600, help=_("У скільки разів швидше за годинник іде час."))] = 60,
    port: Annotated[int | None, typer.Option(min=1, max=65535, help=_("Порт Сайту."))] = None,
) -> None:
    from bot.config import load

    # No file is read: a demo must not touch anybody's desk, whatever config.toml lies here.
    settings = load(Path(os.devnull), environ={"DESKBOT_LOG__LEVEL": "warning"} | ({"DESKBOT_SITE__PORT": str(port)} if port else {}))
    _set_up_log(settings)
    from bot.demo.play import demo as play

    _until_stopped(play(settings, tell=out, speed=speed))


def _until_stopped(service: Coroutine[None, None, None]) -> None:
    """Run it. Once it has closed everything, a thread that cannot be stopped (half-way through importing a channel's library, waiting for
    a name server) may not hold the process up."""

    async def work() -> None:
        await service
        leave = threading.Timer(LEAVE_WITHIN_S, os._exit, args=(0,))
        leave.daemon = True
        leave.start()

    asyncio.run(work())


def check(
    deep: Annotated[
        bool, typer.Option("--deep", help=_("Ще й перерахувати строки другим способом і перевірити саму базу; лише читає."))
    ] = False,
    months: Annotated[int, typer.Option(min=1, max=120, help=_("Скільки місяців перераховує --deep, разом із цим."))] = 3,
    config: ConfigOption = None,
) -> None:
    settings = load_settings(config)
    out(_("Налаштування прочитано, помилок немає."))
    _say_warnings(settings)
    from bot.commands.connections import try_all

    failed = 0
    for name, error in asyncio.run(try_all(settings)):
        failed += error is not None
        out(f"{'✗' if error else '✓'} {name}" + (f": {explain(error, language())}" if error else ""))
    _say_promises(settings)
    if deep:
        failed += _check_deep(settings, months)
    if failed:
        note(_("Невдалих перевірок: {count}.").format(count=failed))
        raise typer.Exit(1)


def _check_deep(settings: Settings, months: int) -> int:
    """How many findings."""
    from bot.clock import SystemClock
    from bot.commands.deep import deep
    from bot.commands.terminal import progress
    from bot.errors import NotFound

    out()
    notes: dict[str, str] = {}
    with progress() as shown:
        task = shown.add_task(_("Друга перевірка…"), total=None)

        def note(text: str) -> None:
            notes[text.partition(":")[0]] = text
            shown.update(task, description=text)

        try:
            found = asyncio.run(deep(settings, months=months, now=SystemClock().now(), note=note))
        except NotFound as nothing:
            out(f"✓ {explain(nothing, language())}")
            return 0
    for text in notes.values():
        out(f"  {text}")
    for sentence in found:
        out(f"✗ {sentence}")
    if not found:
        out(_("✓ Два підрахунки збігаються, зайвого в базі не знайдено."))
    return len(found)


def _say_promises(settings: Settings) -> None:
    from bot.commands.promises import say_examples
    from bot.config import build_policy

    out()
    say_examples(build_policy(settings.sla, zone=settings.desk.zone))


def _set_up_log(settings: Settings) -> None:
    from bot.log import secrets_in, set_up

    set_up(settings.log, secrets=list(secrets_in(settings)))


async def _say_strangers(house: House) -> None:
    """Rules that name whom the desk does not know."""
    from bot.sla.rules import strangers

    policy = house.promises.policy
    if policy.names_people:
        async with house.storage.read() as uow:
            clients = await uow.people.clients()
        for each in strangers(policy.rules, clients):
            note(_("Зверніть увагу: ") + explain(each, language()))


def _say_warnings(settings: Settings) -> None:
    from bot.config import build_policy, warnings

    policy = build_policy(settings.sla, zone=settings.desk.zone)
    for each in (*warnings(settings), *policy.warnings()):
        note(_("Зверніть увагу: ") + explain(each, language()))
