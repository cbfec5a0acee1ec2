"""`accounts`: who works at the desk, and one-time links to come in to the Site. There are no passwords."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from bot.clock import SystemClock
from bot.commands.store import with_storage
from bot.commands.terminal import ConfigOption, command_line, load_settings, note, out, table, words
from bot.errors import NotFound, Rejected
from bot.model import Address, Agent, Contact, Role

if TYPE_CHECKING:
    from pathlib import Path

    from bot.config import Settings
    from bot.ports import People, Storage

_ = words()

app = typer.Typer(help=_("Співробітники, ролі, одноразові посилання для входу."), no_args_is_help=True)
MailOption = Annotated[str, typer.Option(metavar=_("АДРЕСА"), help=_("Пошта."))]
TelegramOption = Annotated[str, typer.Option(metavar=_("НОМЕР"), help=_("Номер облікового запису Telegram, лише цифри."))]
NameArgument = Annotated[str, typer.Argument(metavar=_("ІМ'Я"), help=_("Ім'я співробітника або його пошта."))]
ROLE_WORDS = {Role.AGENT: _("співробітник"), Role.LEAD: _("керівник"), Role.ADMIN: _("адміністратор")}


@app.command("add", help=_("Додати співробітника."))
def add(
    name: Annotated[str, typer.Argument(metavar=_("ІМ'Я"))],
    role: Annotated[Role, typer.Option(help=_("agent, lead (керівник) або admin."))] = Role.AGENT,
    mail: MailOption = "",
    telegram: TelegramOption = "",
    config: ConfigOption = None,
) -> None:
    name = _checked_name(name)
    _check_addresses(mail, telegram)

    async def work(storage: Storage, _settings: Settings) -> Agent:
        async with storage.write() as uow:
            if known := await uow.people.agent_named(name):
                sentence = _('Співробітник «{name}» вже є. Змінити номер у Telegram, пошту чи роль: deskbot accounts change "{name}"')
                raise Rejected(sentence, name=known.name)
            agent = await uow.people.add_agent(name=name, role=role.value, telegram_id=telegram or None, mail=mail.lower() or None)
            await uow.commit()
        return agent

    agent = with_storage(config, work)
    out(_("Додано: {name}, {role}.").format(name=agent.name, role=_(ROLE_WORDS[agent.role])))
    note(_("Посилання для входу дасть {command}").format(command=command_line("accounts", "link", agent.name, config=config)))


@app.command("change", help=_("Змінити номер у Telegram, пошту, роль або ім'я співробітника; чого не названо, лишається."))
def change(
    name: NameArgument,
    telegram: TelegramOption = "",
    mail: MailOption = "",
    role: Annotated[Role | None, typer.Option(help=_("agent, lead (керівник) або admin."))] = None,
    new_name: Annotated[str, typer.Option("--name", metavar=_("ІМ'Я"), help=_("Нове ім'я."))] = "",
    config: ConfigOption = None,
) -> None:
    if not (telegram or mail or role or new_name):
        raise typer.BadParameter(_("назвіть, що змінити: --telegram, --mail, --role або --name"))
    _check_addresses(mail, telegram)
    new_name = _checked_name(new_name) if new_name else ""

    async def work(storage: Storage, _settings: Settings) -> Agent:
        from bot.desk_staffing import keep_an_admin

        async with storage.write() as uow:
            agent = await _known(uow.people, name)
            if role not in (None, Role.ADMIN):
                await keep_an_admin(uow.people, without=agent)
            for address in (Address(channel="telegram", value=telegram), Address(channel="mail", value=mail.lower())):
                await _refuse_a_clients(uow.people, address)
            changed = replace(
                agent,
                name=new_name or agent.name,
                role=role or agent.role,
                telegram_id=telegram or agent.telegram_id,
                mail=mail.lower() or agent.mail,
            )
            await uow.people.save_agent(changed)
            await uow.commit()
        return changed

    agent = with_storage(config, work)
    sentence = _("Змінено: {name}, {role}; пошта {mail}, Telegram {telegram}.")
    out(sentence.format(name=agent.name, role=_(ROLE_WORDS[agent.role]), mail=agent.mail or "–", telegram=agent.telegram_id or "–"))


def _checked_name(name: str) -> str:
    name = " ".join(name.split())
    if not name:
        raise typer.BadParameter(_("ім'я не може бути порожнім"))
    return name


def _check_addresses(mail: str, telegram: str) -> None:
    from bot.config.values import MAIL

    if mail and not MAIL.fullmatch(mail):
        raise typer.BadParameter(_("«{text}» не є адресою пошти").format(text=mail))
    if telegram and not (telegram.isascii() and telegram.isdigit()):
        raise typer.BadParameter(_("номер Telegram складається з цифр; свій номер показує бот на команду /start"))


async def _refuse_a_clients(people: People, address: Address) -> None:
    """A slip would give a client's person an agent's rights. Whom no company knows may be an agent who wrote before being added."""
    contact = await people.contact_at(address) if address.value else None
    client = await people.client(contact.client_id) if contact and contact.client_id else None
    if contact and client:
        sentence = _("{value} належить людині клієнта: {name}, компанія «{company}».")
        raise Rejected(sentence, value=address.value, name=contact.name, company=client.name)


@app.command("list", help=_("Показати всіх співробітників."))
def show(config: ConfigOption = None) -> None:
    async def work(storage: Storage, _settings: Settings) -> list[Agent]:
        async with storage.read() as uow:
            return await uow.people.agents()

    agents = with_storage(config, work)
    heading = (_("ім'я"), _("роль"), _("пошта"), "Telegram", _("стан"))
    rows = [
        (each.name, _(ROLE_WORDS[each.role]), each.mail or "–", each.telegram_id or "–", _("працює") if each.is_active else _("вимкнено"))
        for each in agents
    ]
    table(heading, rows)
    if not agents:
        note(_('Ще нікого немає. Додати: deskbot accounts add "Ім\'я Прізвище" --role admin'))


@app.command(
    "disable",
    help=_("Вимкнути співробітника: він не зможе ні ввійти, ні працювати; його відкриті звернення повертаються в чергу."),
)
def disable(
    name: NameArgument,
    to: Annotated[str, typer.Option("--to", metavar=_("ІМ'Я"), help=_("Кому передати його відкриті звернення; інакше — в чергу."))] = "",
    config: ConfigOption = None,
) -> None:
    count = asyncio.run(_dismiss(name, to, config))
    out(_("Вимкнено. Усі входи цієї людини на Сайт закрито, кнопки в чаті більше не діють."))
    if count:
        note((_("Передано звернень: {n}.") if to else _("Повернуто в чергу звернень: {n}.")).format(n=count))


async def _dismiss(name: str, to: str, config: Path | None) -> int:
    """How many tickets changed hands."""
    from bot.app import open_house
    from bot.channels.site.access import LOGIN, SESSION
    from bot.model import BOT

    house = await open_house(load_settings(config), only=())
    try:
        async with house.storage.write() as uow:
            agent, heir = await _known(uow.people, name), await _known(uow.people, to) if to else None
            tickets = await house.desk.dismiss(uow, agent, BOT, heir=heir)
            for purpose in (LOGIN, SESSION):
                await uow.state.drop_tokens(purpose=purpose, subject=f"agent:{agent.id}")
            await uow.commit()
    finally:
        await house.close()
    return len(tickets)


@app.command("enable", help=_("Увімкнути співробітника знову."))
def enable(name: NameArgument, config: ConfigOption = None) -> None:
    async def work(storage: Storage, _settings: Settings) -> None:
        async with storage.write() as uow:
            await uow.people.save_agent(replace(await _known(uow.people, name), is_active=True))
            await uow.commit()

    with_storage(config, work)
    out(_("Увімкнено."))


@app.command("link", help=_("Одноразове посилання для входу на Сайт: співробітникові або клієнтові."))
def link(
    who: Annotated[str, typer.Argument(metavar=_("ХТО"), help=_("Ім'я чи пошта співробітника; пошта чи телефон контакту."))],
    config: ConfigOption = None,
) -> None:
    async def work(storage: Storage, settings: Settings) -> tuple[str, str]:
        from bot.channels.site.access import make_login_link

        if not settings.site.enabled:
            raise Rejected(_("Сайт вимкнено: site.enabled = false. Увімкніть його, щоб посилання працювало."))
        async with storage.write() as uow:
            subject, name = await _subject(uow.people, who)
            url = await make_login_link(uow, subject=subject, now=SystemClock().now(), base_url=settings.site.base_url)
            await uow.commit()
        return url, name

    url, name = with_storage(config, work)
    note(_("Посилання для входу: {name}. Діє 30 хвилин, один раз; передайте його лише цій людині.").format(name=name))
    out(url)


async def _agent(people: People, who: str) -> Agent | None:
    return await people.agent_by_mail(who.strip().lower()) if "@" in who else await people.agent_named(who)


async def _known(people: People, who: str) -> Agent:
    agent = await _agent(people, who)
    if agent is None:
        raise NotFound(_("Співробітника «{name}» немає. Усі: deskbot accounts list"), name=who)
    return agent


async def _subject(people: People, who: str) -> tuple[str, str]:
    """Whom a link is for: an agent, else a contact by mail, phone or name of their chat account."""
    if agent := await _agent(people, who):
        if not agent.is_active:
            raise Rejected(_("Обліковий запис {name} вимкнено. Увімкнути: deskbot accounts enable"), name=agent.name)
        return f"agent:{agent.id}", agent.name
    if contact := await _contact(people, who):
        return f"contact:{contact.id}", contact.name
    raise NotFound(_("Нікого не знайдено за «{who}»: ні співробітника, ні контакту."), who=who)


async def _contact(people: People, who: str) -> Contact | None:
    from bot.channels.phone.parse import normal_number

    if "@" in who:
        return await people.contact_at(Address(channel="mail", value=who.strip().lower()))
    number = normal_number(who)
    return await people.contact_at(Address(channel="phone", value=number)) if number else None
