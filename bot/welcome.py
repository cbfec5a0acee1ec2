"""What `deskbot run` says when it is ready: where the Site is, and on an empty desk the links by which the first people come in.

A desk without any agent is new. Its first start makes an administrator, so that somebody may look inside; with nothing configured (no
Telegram, no mail) also a client to try the web chat as. Links go to the terminal of whoever started the program, a person of trust.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta

from bot.channels.site.access import make_login_link
from bot.house import House
from bot.model import Role
from bot.ports import UnitOfWork
from bot.texts import translator

# The catalogue tool finds sentences by this name; they are looked up when they are shown.
_ = str

LINK_LIFETIME = timedelta(hours=24)
SITE_PATIENCE = timedelta(seconds=15)
LOOK_EVERY = timedelta(milliseconds=50)
ADMIN = "Адміністратор"
TRIAL_CLIENT = "Пробний клієнт"
TRIAL_CONTACT = "Пробна людина"


async def welcome(house: House, *, tell: Callable[[str], None], link_command: Callable[[str], str], language: str = "uk") -> None:
    """Tell it, line by line. On a desk that has agents already: the address and how to come in, by `link_command` of somebody's name."""
    settings, say = house.settings, translator(language)
    if not settings.site.enabled:
        tell(say("Служба працює. Сайт вимкнено: site.enabled = false."))
        return
    if trouble := await trouble_of_site(house, language):
        tell(say("Служба працює, але Сайт ще ні: {trouble}").format(trouble=trouble))
    else:
        tell(say("Служба працює: {address}").format(address=settings.site.base_url))
    async with house.storage.write() as uow:
        people = await _first_people(uow, with_trial=not (settings.telegram.is_on or settings.mail.is_on))
        links = [(who, await _link(uow, house, subject)) for who, subject in people]
        admin = await _an_admin(uow)
        await uow.commit()
    for who, link in links:
        tell("  " + say("{who}: посилання впускає один раз, протягом доби.").format(who=say(who)) + f"\n    {link}")
    tell(say("Нове посилання для входу: {command}").format(command=link_command(admin)))
    tell(say("Зупинити: Ctrl+C."))


async def trouble_of_site(house: House, language: str = "uk") -> str:
    """Why the Site does not answer yet; "" once it does."""
    health = house.channels["site"].health
    for _ in range(int(SITE_PATIENCE / LOOK_EVERY)):
        if health.state not in ("off", "starting"):
            break
        await asyncio.sleep(LOOK_EVERY.total_seconds())
    say = translator(language)
    return "" if health.state == "running" else health.told(language) or say("він ще запускається")


async def _first_people(uow: UnitOfWork, *, with_trial: bool) -> list[tuple[str, str]]:
    """(who, subject) of those made just now; nobody when the desk has agents."""
    if await uow.people.agents():
        return []
    admin = await uow.people.add_agent(name=ADMIN, role=Role.ADMIN)
    made = [(_("Увійти як адміністратор"), f"agent:{admin.id}")]
    if with_trial:
        client = await uow.people.add_client(name=TRIAL_CLIENT)
        contact = await uow.people.add_contact(name=TRIAL_CONTACT, client_id=client.id, language="uk", addresses=())
        made.append((_("Спробувати як клієнт (чат і форма)"), f"contact:{contact.id}"))
    return made


async def _an_admin(uow: UnitOfWork) -> str:
    """The name to show how a link is asked for: an administrator's, who is there on every desk."""
    people = [each for each in await uow.people.agents() if each.is_active]
    return next((each.name for each in people if each.role is Role.ADMIN), people[0].name if people else ADMIN)


async def _link(uow: UnitOfWork, house: House, subject: str) -> str:
    return await make_login_link(uow, subject=subject, now=house.clock.now(), base_url=house.settings.site.base_url, lifetime=LINK_LIFETIME)
