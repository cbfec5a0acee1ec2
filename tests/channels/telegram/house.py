"""A whole desk behind a sandbox: the real channel, workers and desk, on a given store; Telegram's side is played by hand.

The desk's clock starts on a Tuesday morning and then keeps pace with the wall, so that what is postponed comes due; tests move it on.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from bot.channels.inbox import InboxWorker
from bot.channels.outbox import OutboxWorker
from bot.channels.supervisor import keep_alive
from bot.channels.telegram.channel import TelegramChannel
from bot.channels.telegram.options import TelegramOptions
from bot.channels.telegram.reception import Reception
from bot.channels.telegram.sandbox import Sandbox
from bot.channels.telegram.wire import Wire
from bot.files import Shelf
from bot.model import Route
from bot.ports import Storage, UnitOfWork
from tests.builders import World, build_world

# Imported here, so that no test waits for aiogram.
assert Wire
IRYNA, PETRO, NEWCOMER = 501, 502, 503
STAFF_CHAT = -1001


@dataclass
class House:
    """What a test acts on. `say` and `press` are people's, `sent` is what the bot put into a chat, `until` waits for it."""

    telegram: Sandbox
    world: World
    channel: TelegramChannel
    inbox: InboxWorker
    outbox: OutboxWorker
    options: TelegramOptions
    tasks: list[asyncio.Task[Any]] = field(default_factory=list)

    def say(self, text: str, *, chat: int = IRYNA, user: int | None = IRYNA, **more: Any) -> int:
        """A person writes; the id of the message."""
        return int(self.telegram.world.write(chat, user, text, **more)["message_id"])

    def agent_says(self, text: str, agent: str = "olena", **more: Any) -> int:
        return self.say(text, chat=STAFF_CHAT, user=int(getattr(self.world, agent).telegram_id), **more)

    def press(self, message: dict[str, Any], text: str, *, user: int | None = None) -> str:
        """Press the button of a message whose label holds `text`."""
        chat = message["chat"]["id"]
        return self.telegram.world.press(chat, chat if user is None else user, message["message_id"], text=text)

    def agent_presses(self, message: dict[str, Any], text: str, agent: str = "olena") -> str:
        return self.press(message, text, user=int(getattr(self.world, agent).telegram_id))

    def sent(self, chat: int = IRYNA, contains: str = "") -> list[dict[str, Any]]:
        """Messages of the bot in a chat as they look now, in order."""
        messages = self.telegram.world.chat(chat).messages.values()
        return [m for m in messages if m["from"]["is_bot"] and contains in m.get("text", m.get("caption", ""))]

    async def until(self, is_true: Callable[[], Any], timeout: float = 5.0) -> None:
        await self.telegram.journal.until(lambda: bool(is_true()), timeout)

    async def gets(self, contains: str, *, chat: int = IRYNA, count: int = 1, timeout: float = 5.0) -> dict[str, Any]:
        """The `count`-th message of the bot in a chat that holds these words, waited for."""
        await self.until(lambda: len(self.sent(chat, contains)) >= count, timeout)
        return self.sent(chat, contains)[count - 1]

    async def toast(self, callback_id: str) -> str:
        """What the presser of a button was shown."""
        calls = self.telegram.journal.select
        await self.until(lambda: any(c.params["callback_query_id"] == callback_id for c in calls(method="answerCallbackQuery")))
        [call] = [c for c in calls(method="answerCallbackQuery") if c.params["callback_query_id"] == callback_id]
        return str(call.params.get("text", ""))

    async def settled(self) -> None:
        """Everything that Telegram holds was fetched, done and answered."""
        await self.until(lambda: not self.telegram.world.updates.pending)
        await self.inbox.drain()
        await self.outbox.drain()

    async def accounting(self) -> dict[str, int]:
        """received, ticketed, follow_ups, set_aside, waiting, quarantined; and that they sum up (promise 4)."""
        async with self.world.storage.read() as uow:
            days = await uow.inbox.accounting(since=self.world.clock.now().date() - timedelta(days=2))
        names = ("received", "ticketed", "follow_ups", "set_aside", "waiting", "quarantined")
        total = {name: sum(getattr(day, name) for day in days) for name in names}
        assert total["received"] == sum(total[name] for name in names[1:])
        return total


@asynccontextmanager
async def open_house(storage: Storage, *, is_running: bool = True, shelf: Shelf | None = None, **options: Any) -> AsyncIterator[House]:
    """A house whose workers run; `options` are TelegramOptions', files are kept on `shelf`."""
    world = await build_world(storage)
    async with AsyncExitStack() as stack:
        telegram = await stack.enter_async_context(Sandbox(now=world.clock.now))
        people(telegram, world)
        settings = {
            "quiet_gap": timedelta(0),
            "answer_delay": timedelta(0),
            "staff_chats": (STAFF_CHAT,),
            "token": telegram.token,
            "api_base": telegram.base_url,
        }
        house = make_house(telegram, world, TelegramOptions(**(settings | options)), shelf)
        stack.push_async_callback(house.channel.close)
        if is_running:
            await stack.enter_async_context(running(house))
        yield house


def people(telegram: Sandbox, world: World) -> None:
    """The clients, the agents and the staff group on Telegram's side."""
    telegram.world.add_user(IRYNA, "Ірина")
    telegram.world.add_user(PETRO, "Петро")
    telegram.world.add_user(NEWCOMER, "Нова", last_name="Людина")
    agents = [agent for agent in (world.olena, world.taras) if agent.telegram_id]
    for agent in agents:
        telegram.world.add_user(int(agent.telegram_id or 0), agent.name)
    telegram.world.add_group(STAFF_CHAT, "Підтримка", members=[PETRO, *(int(agent.telegram_id or 0) for agent in agents)])


def make_house(telegram: Sandbox, world: World, options: TelegramOptions, shelf: Shelf | None = None) -> House:
    async def make_link(uow: UnitOfWork, subject: str) -> str:
        return f"http://127.0.0.1:8080/login/{subject}"

    channel = TelegramChannel(
        options=options,
        storage=world.storage,
        desk=world.desk,
        intake=world.intake,
        clock=world.clock,
        reception=Reception(name="Служба підтримки", phones=("+380 44 000 00 00",), hours=world.promises.policy.desk_calendar),
        make_link=make_link,
        shelf=shelf,
    )
    alerts = (Route(channel="telegram", recipient=str(STAFF_CHAT)),)
    shared = {"storage": world.storage, "channels": {"telegram": channel}, "clock": world.clock, "alert_routes": alerts}
    house = House(
        telegram=telegram, world=world, channel=channel, inbox=InboxWorker(**shared), outbox=OutboxWorker(**shared), options=options
    )
    world.storage.on_commit += [house.inbox.wake, house.outbox.wake]
    return house


@asynccontextmanager
async def running(house: House) -> AsyncIterator[None]:
    """The channel's loop and both workers, until the end of the block."""
    runs = (
        _time(house),
        keep_alive(house.channel.receive, health=house.channel.health, clock=house.world.clock),
        house.inbox.run(),
        house.outbox.run(),
    )
    house.tasks = [asyncio.create_task(run) for run in runs]
    try:
        yield
    finally:
        for task in house.tasks:
            task.cancel()
        await asyncio.gather(*house.tasks, return_exceptions=True)


async def _time(house: House) -> None:
    """Time passes."""
    while True:
        await asyncio.sleep(0.02)
        house.world.clock.advance(timedelta(seconds=0.02))
