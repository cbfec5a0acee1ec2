"""How each channel is built from the configuration: one function and one line in the table each.

Imports are inside, because a channel's libraries are heavy (aiogram alone is 3.5 s and 165 MB). A channel that is not configured stays off
and its health says how to switch it on.
"""

from __future__ import annotations

import hmac
import os
import secrets
import socket
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from bot.channels.base import Health
from bot.clock import Clock
from bot.config.tree import OpinionSettings
from bot.errors import BotError
from bot.house import House, database_url
from bot.intake.adviser import Adviser
from bot.ports import UnitOfWork

if TYPE_CHECKING:
    from fastapi import FastAPI


async def _site(house: House) -> None:
    from bot.channels.site.access import site_key
    from bot.channels.site.channel import SiteChannel
    from bot.channels.site.options import SiteOptions

    settings = house.settings
    if not settings.site.enabled:
        house.health.append(Health(name="site", detail="Сайт вимкнено: [site] enabled = true."))
        return
    options = SiteOptions(
        host=settings.site.host,
        port=settings.site.port,
        base_url=settings.site.base_url,
        desk_name=settings.desk.name,
        language=settings.desk.language,
        phones=settings.desk.phones,
        quiet_gap=settings.intake.gap,
        burst_limit=settings.intake.limit,
        metrics_token=settings.site.metrics_token.reveal(),
        trusted_proxies=settings.site.trusted_proxies,
    )
    async with house.storage.write() as uow:
        secret = await site_key(uow)
        await uow.commit()

    def application() -> FastAPI:
        from bot.channels.site.app import create_app
        from bot.channels.site.filing import Filing

        app = create_app(
            storage=house.storage,
            desk=house.desk,
            clock=house.clock,
            options=options,
            health=house.health,
            secret=secret,
            zone=house.zone,
            filing=Filing(shelf=house.shelf, limits=house.file_limits, full_text=getattr(house.channels.get("mail"), "full_text", None)),
        )
        for path, door in _doors(house).items():
            app.router.add_route(path, door)
        return app

    house.add(SiteChannel(intake=house.intake, clock=house.clock, options=options, application=application))


def _doors(house: House) -> dict[str, Any]:
    """What the Site serves for other channels, by path."""
    door = getattr(house.channels.get("telegram"), "door", None)
    if door is None:
        return {}
    from bot.channels.telegram.webhook import PATH

    return {PATH: door}


async def _telegram(house: House) -> None:
    from bot.channels.site.access import make_login_link

    settings = house.settings
    if not settings.telegram.is_on:
        house.health.append(Health(name="telegram", detail="Telegram вимкнено. Щоб увімкнути, впишіть telegram.token_file."))
        return
    from bot.channels.telegram.channel import TelegramChannel
    from bot.channels.telegram.options import TelegramOptions
    from bot.channels.telegram.reception import Reception

    async def make_link(uow: UnitOfWork, subject: str) -> str:
        return await make_login_link(uow, subject=subject, now=house.clock.now(), base_url=settings.site.base_url)

    chats = (settings.telegram.staff_chat, settings.telegram.lead_chat, settings.telegram.development_chat)
    options = TelegramOptions(
        token=settings.telegram.token.reveal(),
        api_base=settings.telegram.api_base,
        staff_chats=tuple(int(chat) for chat in chats if chat),
        zone=house.zone,
        language=settings.desk.language,
        quiet_gap=settings.intake.gap,
        burst_limit=settings.intake.limit,
        answer_delay=settings.telegram.answer_delay,
        with_topics=settings.telegram.topics,
        owner=_owner(house),
        webhook_url=settings.telegram.webhook_url,
        webhook_secret=await _webhook_secret(house),
    )
    house.add(
        TelegramChannel(
            options=options,
            storage=house.storage,
            desk=house.desk,
            intake=house.intake,
            clock=house.clock,
            reception=Reception(name=settings.desk.name, phones=settings.desk.phones, hours=house.promises.policy.desk_calendar),
            make_link=make_link if settings.site.enabled else None,
            shelf=house.shelf,
        )
    )


async def _webhook_secret(house: House) -> str:
    """What Telegram proves itself with at our door: nobody has to invent it, all processes know it, a new token makes a new one."""
    if not house.settings.telegram.webhook_url:
        return ""
    async with house.storage.write() as uow:
        own = await instance_secret(uow, "telegram")
        await uow.commit()
    return hmac.new(own, house.settings.telegram.token.reveal().encode(), "sha256").hexdigest()


async def _mail(house: House) -> None:
    """Always built, because `deskbot ingest mail` needs no mailbox; without one it neither listens nor writes."""
    from bot.channels.answers import reason_link
    from bot.channels.mail.channel import MailChannel
    from bot.channels.mail.isolation import Parser
    from bot.channels.mail.options import MailOptions
    from bot.channels.mail.parse import Keeping, Own
    from bot.channels.site.access import site_key
    from bot.mailboxes import mailbox

    settings = house.settings
    async with house.storage.write() as uow:
        secret, link_key = await instance_secret(uow, "mail"), await site_key(uow)
        await uow.commit()
    boxes = tuple(mailbox(settings, box, storage=house.storage, clock=house.clock) for box in settings.mail.mailboxes)
    options = MailOptions(
        mailboxes=boxes,
        secret=secret,
        desk_name=settings.desk.name,
        zone=house.zone,
        owner=_owner(house),
        plus_addressing=settings.mail.plus_addressing,
        authserv_id=settings.mail.authserv_id,
        blocked=settings.mail.blocked,
        spam_headers=settings.mail.spam_headers,
        reason_link=partial(reason_link, link_key, settings.site.base_url) if settings.site.enabled else None,
    )
    health = Health(name="mail") if boxes else Health(name="mail", detail="Пошту вимкнено: додайте скриньку, [[mail.mailboxes]].")
    own = Own(addresses=options.own_addresses, zone=house.settings.desk.zone)
    house.add(
        MailChannel(
            options=options,
            storage=house.storage,
            desk=house.desk,
            intake=house.intake,
            clock=house.clock,
            health=health,
            parser=Parser(own, Keeping(shelf=house.shelf, limits=house.file_limits)),
            shelf=house.shelf,
        )
    )


async def instance_secret(uow: UnitOfWork, purpose: str) -> bytes:
    """A secret of this desk, made once and kept with its data, so that restarts and all processes share it. The caller commits."""
    key = f"secret:{purpose}"
    stored = await uow.state.get(key)
    if stored is None:
        stored = secrets.token_hex(32)
        uow.state.set(key, stored)
    return bytes.fromhex(stored)


def _owner(house: House) -> str:
    """This process's name in leases: always the same on SQLite, where there is one process, so that a restart need not wait for itself."""
    if database_url(house.settings).startswith("sqlite"):
        return "deskbot"
    return f"{socket.gethostname()}:{os.getpid()}"


async def _phone(house: House) -> None:
    from bot.channels.phone.channel import PhoneChannel

    house.add(PhoneChannel(intake=house.intake, zone=house.zone, clock=house.clock))


async def _chatlog(house: House) -> None:
    from bot.channels.chatlog.channel import ChatlogChannel

    settings = house.settings.intake
    house.add(ChatlogChannel(intake=house.intake, zone=house.zone, gap=settings.gap, limit=settings.limit))


def make_adviser(settings: OpinionSettings, clock: Clock, health: list[Health]) -> Adviser | None:
    """The third opinion, where one is configured; how often it agreed, differed or failed is shown under "opinion"."""
    if not settings.is_on:
        return None
    from bot.endpoint import Endpoint

    own = Health(name="opinion", state="running")
    health.append(own)

    def report(error: BotError | None) -> None:
        if error is None:
            own.up(clock.now())
        else:
            own.trouble(error, state="degraded")

    endpoint = Endpoint(url=settings.url, model=settings.model, key=settings.key.reveal(), timeout=settings.timeout)
    return Adviser(endpoint, clock, own.facts, report)


# One line a channel.
BUILDERS: dict[str, Callable[[House], Awaitable[None]]] = {
    "site": _site,
    "telegram": _telegram,
    "mail": _mail,
    "phone": _phone,
    "chatlog": _chatlog,
}
