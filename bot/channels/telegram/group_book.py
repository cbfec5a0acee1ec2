"""Which company a group chat belongs to, and whether we said hello in it: small facts in the store, followed when a group moves."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace

from bot.channels.telegram.acts import CHANNEL
from bot.ports import UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A group that the bot has been in. `client_id` None: nobody said whose it is."""

    chat: int
    title: str = ""
    client_id: int | None = None
    is_greeted: bool = False


def _key(chat: int) -> str:
    return f"{CHANNEL}:group:{chat}"


async def find(uow: UnitOfWork, chat: int) -> Group:
    """The group as it was remembered; a new one is nobody's."""
    stored = await uow.state.get(_key(chat))
    return Group(**stored) if stored else Group(chat=chat)


def remember(uow: UnitOfWork, group: Group) -> None:
    uow.state.set(_key(group.chat), asdict(group))


async def moved(uow: UnitOfWork, old: int, new: int) -> None:
    """A group that became a supergroup is the same company's."""
    group = await find(uow, old)
    if group.client_id is not None or group.is_greeted:
        remember(uow, replace(group, chat=new))
