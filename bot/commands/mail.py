"""`mail`: consent for a mailbox that wants OAuth2, and the senders nobody wants to hear from."""

from __future__ import annotations

import asyncio
import sys
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from bot.clock import SystemClock
from bot.commands.store import opened, with_storage
from bot.commands.terminal import ConfigOption, load_settings, note, out, waiting, words
from bot.errors import NotFound, Rejected

if TYPE_CHECKING:
    from bot.channels.mail.oauth.dialogue import Grant
    from bot.channels.mail.oauth.keeper import Keeper
    from bot.config import MailboxSettings, Settings
    from bot.ports import Storage

_ = words()

app = typer.Typer(help=_("Пошта: дозвіл OAuth2 на скриньку, заблоковані відправники."), no_args_is_help=True)
NameArgument = Annotated[str, typer.Argument(metavar=_("СКРИНЬКА"), help=_("Назва скриньки з налаштувань."))]
SenderArgument = Annotated[str, typer.Argument(metavar=_("ВІДПРАВНИК"), help=_("Адреса або цілий домен: @example.com."))]


@app.command("authorize", help=_("Дати службі дозвіл читати й надсилати пошту скриньки (Microsoft 365, Gmail)."))
def authorize(name: NameArgument, config: ConfigOption = None) -> None:
    settings = load_settings(config)
    box = _mailbox(settings, name)

    async def work() -> None:
        async with opened(settings) as storage:
            await _authorize(settings, box, storage)

    asyncio.run(work())


def _mailbox(settings: Settings, name: str) -> MailboxSettings:
    names = [box.name for box in settings.mail.mailboxes]
    if name not in names:
        raise NotFound("Скриньки «{name}» немає в налаштуваннях. Є: {names}", name=name, names=", ".join(names) or "—")
    box = settings.mail.mailboxes[names.index(name)]
    if box.oauth is None:
        raise Rejected("Скринька «{name}» входить за паролем: дозвіл їй не потрібен.", name=name)
    return box


async def _authorize(settings: Settings, box: MailboxSettings, storage: Storage) -> None:
    from bot.channels.mail.oauth.providers import Way
    from bot.mailboxes import token_keeper

    keeper = token_keeper(settings, box, storage=storage, clock=SystemClock())
    assert keeper is not None
    match keeper.provider.way:
        case Way.DEVICE:
            await keeper.keep(await _by_device(keeper, box))
        case Way.BROWSER:
            await keeper.keep(await _by_browser(keeper, box))
        case Way.APPLICATION:
            note(_("Застосунок має власні права: згода людини не потрібна."))
    await _try_out(settings, box, storage)
    out(_("Готово: скринька {address} під'єднана.").format(address=box.address))
    note(_("Служба, що працює, скористається дозволом сама, щонайпізніше за дві хвилини."))


async def _by_device(keeper: Keeper, box: MailboxSettings) -> Grant:
    """RFC 8628: the person goes to a page on any device; we ask in the server's rhythm until they are done."""
    from bot.channels.mail.oauth import dialogue

    code = await dialogue.device_code(keeper.provider)
    note(_("1. Відкрийте {url}").format(url=code.url))
    note(_("2. Введіть код {code}").format(code=code.user_code))
    note(_("3. Увійдіть як {user} і дозвольте доступ до пошти.").format(user=box.imap.user))
    interval, left = code.interval, code.expires_in
    with waiting(_("Чекаємо на дозвіл…")):
        while left > timedelta(0):
            await asyncio.sleep(interval.total_seconds())
            left -= interval
            try:
                return await dialogue.by_device(keeper.provider, code, now=SystemClock().now())
            except dialogue.Pending as pending:
                # RFC 8628, 3.5: five seconds more, for good.
                interval += timedelta(seconds=5) if pending.slower else timedelta(0)
    raise Rejected("Час на підтвердження минув. Почніть спочатку.")


async def _by_browser(keeper: Keeper, box: MailboxSettings) -> Grant:
    from bot.channels.mail.oauth.dialogue import by_consent
    from bot.channels.mail.oauth.providers import consent

    visit = consent(keeper.provider, user=box.imap.user)
    note(_("1. Відкрийте в браузері, увійдіть як {user} і дозвольте доступ:").format(user=box.imap.user))
    out(visit.url)
    note(_("2. Браузер покаже, що сторінка 127.0.0.1 недоступна: так і має бути."))
    note(_("3. Скопіюйте всю адресу з рядка браузера, вставте сюди й натисніть Enter:"))
    pasted = await asyncio.to_thread(sys.stdin.readline)
    with waiting(_("Міняємо код на токени…")):
        return await by_consent(keeper.provider, visit, visit.code_in(pasted), now=SystemClock().now())


async def _try_out(settings: Settings, box: MailboxSettings, storage: Storage) -> None:
    """Logs in both ways, so that what is wrong is told now and not in the night."""
    from bot.channels.mail.smtp import Relay
    from bot.channels.mail.source import MailSource
    from bot.mailboxes import mailbox

    reached = mailbox(settings, box, storage=storage, clock=SystemClock())
    assert reached.access is not None
    source, relay = MailSource(reached.access), Relay(reached.relay)
    try:
        with waiting(_("Пробуємо увійти на сервер пошти…")):
            await source.connect()
        with waiting(_("Пробуємо увійти на сервер надсилання…")):
            await relay.check()
    finally:
        await source.close()
        await relay.close()


@app.command("block", help=_("Більше не слухати відправника: його листи відкладаються вбік, їх видно й можна повернути."))
def block(sender: SenderArgument, config: ConfigOption = None) -> None:
    _change(sender, config, is_blocked=True)
    out(_("Заблоковано: {sender}. Показати відкладене: deskbot replay --set-aside").format(sender=sender.strip().lower()))


@app.command("unblock", help=_("Слухати відправника знову."))
def unblock(sender: SenderArgument, config: ConfigOption = None) -> None:
    _change(sender, config, is_blocked=False)
    out(_("Розблоковано: {sender}.").format(sender=sender.strip().lower()))


@app.command("blocked", help=_("Показати, кого заблоковано."))
def blocked(config: ConfigOption = None) -> None:
    from bot.channels.mail.senders import BLOCKED

    async def work(storage: Storage, settings: Settings) -> list[str]:
        async with storage.read() as uow:
            return sorted({*settings.mail.blocked, *(await uow.state.get(BLOCKED) or ())})

    for sender in with_storage(config, work):
        out(sender)


def _change(sender: str, config: ConfigOption, *, is_blocked: bool) -> None:
    from bot.channels.mail.senders import BLOCKED
    from bot.config.values import MAIL

    wanted = sender.strip().lower()
    if not MAIL.fullmatch(wanted.removeprefix("@") if "@" in wanted[1:] else f"x{wanted}"):
        raise typer.BadParameter(_("«{text}» не є ні адресою пошти, ні доменом (@example.com)").format(text=sender))

    async def work(storage: Storage, settings: Settings) -> None:
        async with storage.write() as uow:
            kept = set(await uow.state.get(BLOCKED) or ())
            if not is_blocked and wanted not in kept:
                if wanted in settings.mail.blocked:
                    raise Rejected("{sender} заблоковано в налаштуваннях: приберіть його з mail.blocked.", sender=wanted)
                raise NotFound("{sender} не заблоковано. Кого заблоковано: deskbot mail blocked", sender=wanted)
            uow.state.set(BLOCKED, sorted(kept | {wanted} if is_blocked else kept - {wanted}))
            await uow.commit()

    with_storage(config, work)
