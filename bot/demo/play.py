"""Puts the demo on: builds the stage, plays the scenes, and leaves the desk open for whoever wants to try it."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from bot.app import House, open_house, run_house
from bot.clock import FastClock, SystemClock
from bot.config import Settings
from bot.demo.cast import build_cast
from bot.demo.chatroom import ChatRoom
from bot.demo.letters import SUPPORT
from bot.demo.postbox import Postbox
from bot.demo.script import SCENES
from bot.demo.stage import Stage, morning, wait_for
from bot.welcome import trouble_of_site

Tell = Callable[[str], None]
SPEED = 60.0
TYPING_GAP = timedelta(seconds=2)
# A task that nobody holds may be collected while it runs.
_PLAYING: set[asyncio.Task[None]] = set()


async def demo(settings: Settings, *, tell: Tell, speed: float = SPEED) -> None:
    """Play the demo until a signal comes. `settings` gives the Site's address and the desk's name; nothing else of it is touched."""
    clock = FastClock(start=morning(SystemClock().now(), ZoneInfo(settings.desk.zone)), factor=speed)
    postbox, chatroom = Postbox(), ChatRoom(clock.now)
    await postbox.open()
    await chatroom.open()
    with tempfile.TemporaryDirectory(prefix="deskbot-demo-") as folder:
        house = await open_house(_settings(settings, Path(folder), postbox, chatroom, speed), clock=clock, speed=speed)
        try:
            await run_house(house, ready=lambda opened: _begin(opened, clock, postbox, chatroom, tell), deaf={"mail"})
        finally:
            await house.close()
            await postbox.close()
            await chatroom.close()


def _settings(settings: Settings, folder: Path, postbox: Postbox, chatroom: ChatRoom, speed: float) -> Settings:
    # Visitors type by the wall: the quiet gap of a burst is theirs, not the fast clock's.
    gap = min(TYPING_GAP * speed, timedelta(minutes=5))
    mailbox = {
        "name": "demo",
        "address": SUPPORT,
        "imap": {"host": "127.0.0.1", "user": "demo", "password": "demo-password", "security": "plain"},
        "smtp": {"host": "127.0.0.1", "port": postbox.port, "security": "plain", "auth": False},
    }
    return Settings.model_validate(
        {
            "desk": settings.desk.model_dump() | {"data_dir": folder, "phones": ("+380 44 000 00 00",)},
            "site": settings.site.model_dump() | {"enabled": True},
            "mail": {"mailboxes": [mailbox]},
            "telegram": chatroom.settings,
            "intake": {"gap": f"{gap.total_seconds():.0f}s", "limit": "20m"},
            "log": {"level": "warning"},
        }
    )


async def _begin(house: House, clock: FastClock, postbox: Postbox, chatroom: ChatRoom, tell: Tell) -> None:
    """Called when everything runs: the people come in, and the scenes go on beside the desk."""
    from bot.channels.mail.events import mail_event

    async with house.storage.write() as uow:
        cast = await build_cast(uow)
        await uow.commit()
    chatroom.seat(cast)
    await trouble_of_site(house)
    stage = Stage(
        house=house,
        cast=cast,
        postbox=postbox,
        chatroom=chatroom,
        mail_event=lambda raw, at: mail_event(raw, received_at=at, source="demo"),
    )
    await _tell_links(stage, tell)
    playing = asyncio.create_task(_play(stage, clock, tell), name="demo")
    _PLAYING.add(playing)

    def ended(task: asyncio.Task[None]) -> None:
        _PLAYING.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            tell(f"Виставу перервано ({type(error).__name__}: {error}); служба працює далі.")

    playing.add_done_callback(ended)


async def _tell_links(stage: Stage, tell: Tell) -> None:
    cast = stage.cast
    tell("Відкрийте в переглядачі (кожне посилання впускає один раз):")
    for who, subject in (
        (f"чергова {cast.maria.name}: черга, стрічка, стан", f"agent:{cast.maria.id}"),
        (f"клієнт {cast.petro.name}: чат і список", f"contact:{cast.petro.id}"),
        (f"клієнтка {cast.iryna.name}: список з листа", f"contact:{cast.iryna.id}"),
    ):
        tell(f"  {who}\n    {await stage.link(subject)}")
    tell(f"  Telegram, обидва боки (справжній бот, несправжній сервер)\n    {stage.chatroom.page}")


async def _play(stage: Stage, clock: FastClock, tell: Tell) -> None:
    start = clock.now()
    async with AsyncExitStack() as stack:
        await stage.seat(stack)
        for scene in SCENES:
            await wait_for(clock, start + timedelta(minutes=scene.minute))
            tell(f"{clock.now().astimezone(stage.house.zone):%H:%M}  {scene.says}")
            await scene.play(stage)
    tell("Виставу закінчено; служба працює далі, пробуйте самі. Зупинити: Ctrl+C.")
