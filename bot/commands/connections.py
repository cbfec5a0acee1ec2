"""Tries each connection that the settings name, all at the same time, each with a deadline. Changes nothing on the other side."""

from __future__ import annotations

import asyncio
import errno
import socket
from collections.abc import AsyncIterator, Awaitable, Iterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from bot.errors import BotError, Misconfigured, Transient

if TYPE_CHECKING:
    import aiohttp

    from bot.channels.mail.options import Mailbox
    from bot.config import MailboxSettings, Settings, SiteSettings, TelegramSettings
    from bot.config.tree import OpinionSettings

DEADLINE_S = 20.0
HEALTH_WITHIN_S = 2.0
# What /healthz of the Site says.
STATUSES = ("ok", "store unavailable")

Result = tuple[str, BotError | None]


async def try_all(settings: Settings) -> list[Result]:
    """A name and what is wrong (None: it works), in the order of the configuration."""
    attempts = list(_attempts(settings))
    results = await asyncio.gather(*(_attempt(work) for _, work in attempts))
    return [(name, error) for (name, _), error in zip(attempts, results, strict=True)]


def _attempts(settings: Settings) -> Iterator[tuple[str, Awaitable[None]]]:
    yield "storage", _storage(settings)
    if settings.site.enabled:
        yield f"site {settings.site.host}:{settings.site.port}", _site(settings.site)
    if settings.telegram.is_on:
        yield "telegram", _telegram(settings.telegram)
    if settings.intake.opinion.is_on:
        yield "intake.opinion", _opinion(settings.intake.opinion)
    for box in settings.mail.mailboxes:
        yield f"mail {box.name}: imap {box.imap.host}", _imap(settings, box)
        yield f"mail {box.name}: smtp {box.smtp.host}", _smtp(settings, box)


async def _attempt(work: Awaitable[None]) -> BotError | None:
    try:
        await asyncio.wait_for(work, DEADLINE_S)
    except BotError as error:
        return error
    except TimeoutError:
        return Transient("Немає відповіді за {seconds} с.", seconds=round(DEADLINE_S))
    return None


async def _storage(settings: Settings) -> None:
    from bot.storage import probe

    await probe(settings.database_url.reveal())


async def _site(site: SiteSettings) -> None:
    def bind() -> None:
        found = socket.getaddrinfo(site.host, site.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, kind, protocol, _name, address = found[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)

    try:
        await asyncio.to_thread(bind)
    except OSError as error:
        if error.errno == errno.EADDRINUSE and await _is_ours(site):
            return
        raise Misconfigured(
            "Порт зайнятий іншою програмою чи недоступний ({reason}). Змініть site.port або зупиніть її.",
            reason=error.strerror or str(error),
        ) from error


async def _is_ours(site: SiteSettings) -> bool:
    """Whether a service of ours is what listens there already: its /healthz answers as ours does, well or not."""
    import aiohttp

    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(site.host, site.host)  # where all addresses are taken, this machine's own is
    address = f"http://[{host}]:{site.port}/healthz" if ":" in host else f"http://{host}:{site.port}/healthz"
    try:
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=HEALTH_WITHIN_S)) as session, session.get(address) as response:
            answer = await response.json()
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError):
        return False
    return isinstance(answer, dict) and answer.get("status") in STATUSES


async def _imap(settings: Settings, box: MailboxSettings) -> None:
    from bot.channels.mail.source import MailSource

    async with _reached(settings, box) as reached:
        assert reached.access is not None
        source = MailSource(reached.access)
        try:
            await source.connect()
        finally:
            await source.close()


async def _smtp(settings: Settings, box: MailboxSettings) -> None:
    from bot.channels.mail.smtp import Relay

    async with _reached(settings, box) as reached:
        relay = Relay(reached.relay)
        try:
            await relay.check()
        finally:
            await relay.close()


@asynccontextmanager
async def _reached(settings: Settings, box: MailboxSettings) -> AsyncIterator[Mailbox]:
    """How the mailbox is reached. Only tokens need the database, which is opened as it is for the service."""
    from bot.clock import SystemClock
    from bot.mailboxes import mailbox
    from bot.storage.memory import MemoryStorage

    if box.oauth is None:
        yield mailbox(settings, box, storage=MemoryStorage(), clock=SystemClock())
        return
    from bot.commands.store import opened

    async with opened(settings) as storage:
        yield mailbox(settings, box, storage=storage, clock=SystemClock())


async def _telegram(telegram: TelegramSettings) -> None:
    """Ask who we are and look at each chat, with plain HTTP: aiogram would take longer to import than to answer."""
    import aiohttp

    base = f"{telegram.api_base}/bot{telegram.token.reveal()}"
    async with aiohttp.ClientSession() as session:
        me = await _ask(session, f"{base}/getMe", wrong=Misconfigured("Telegram не впізнав токен. Візьміть новий у BotFather."))
        chats = {"staff_chat": telegram.staff_chat, "lead_chat": telegram.lead_chat, "development_chat": telegram.development_chat}
        for key, chat in chats.items():
            if chat:
                unseen = Misconfigured("telegram.{key}: бот не бачить цього чату. Додайте його до чату й перевірте номер.", key=key)
                await _ask(session, f"{base}/getChat", wrong=unseen, chat_id=chat)
                member = await _ask(session, f"{base}/getChatMember", wrong=unseen, chat_id=chat, user_id=me["id"])
                if member.get("status") not in ("administrator", "creator"):
                    raise Misconfigured(
                        "telegram.{key}: бот у чаті не адміністратор, тож бачить лише команди та відповіді. Зробіть його адміністратором.",
                        key=key,
                    )


async def _opinion(opinion: OpinionSettings) -> None:
    """Put two invented requests to the reader: it must name both units, once each."""
    from bot.endpoint import Endpoint
    from bot.intake.split import split
    from bot.intake.third import heed, make_question

    text = "Не друкує чек. Додайте користувача."
    divided = split(text, channel="chat")
    endpoint = Endpoint(url=opinion.url, model=opinion.model, key=opinion.key.reveal(), timeout=opinion.timeout)
    heed(await endpoint.ask(make_question(text, divided)), divided)


async def _ask(session: aiohttp.ClientSession, url: str, *, wrong: BotError, **parameters: object) -> dict[str, Any]:
    """The `result`."""
    import aiohttp

    try:
        async with session.post(url, json=parameters) as response:
            answer = await response.json(content_type=None)
    except (aiohttp.ClientError, OSError, ValueError) as error:
        # The error's own text may hold the URL, and with it the token.
        raise Transient("Сервер Bot API недосяжний ({kind}).", kind=type(error).__name__) from None
    if not (isinstance(answer, dict) and answer.get("ok") and isinstance(answer.get("result"), dict)):
        raise wrong
    result: dict[str, Any] = answer["result"]
    return result
