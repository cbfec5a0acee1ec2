"""Who plays in the demo: invented companies, people and agents (`build_cast` stores them)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from bot.model import Address, Agent, Contact
from bot.ports import UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class Cast:
    """Iryna keeps books and writes mail; Petro stands at a till and chats on the Site; Oksana writes in Telegram; Nina phones.
    Olena and Taras are agents, Maria leads them."""

    iryna: Contact
    petro: Contact
    oksana: Contact
    nina: Contact
    olena: Agent
    taras: Agent
    maria: Agent


async def build_cast(uow: UnitOfWork) -> Cast:
    """Store everybody; the caller commits."""
    shop = await uow.people.add_client(
        name="Крамниця «Каштан»", domains=("kashtan.example",), plan_name="Базовий", plan_time=timedelta(hours=5)
    )
    mill = await uow.people.add_client(
        name="ТОВ «Вітряк»", domains=("vitriak.example",), plan_name="Розширений", plan_time=timedelta(hours=12)
    )
    school = await uow.people.add_client(name="Школа «Сова»", plan_name="Базовий", plan_time=timedelta(hours=3))
    return Cast(
        iryna=await _contact(uow, "Ірина Бондар", mill.id, "mail", "iryna@vitriak.example"),
        petro=await _contact(uow, "Петро Гончар", shop.id, "phone", "+380440000011"),
        oksana=await _contact(uow, "Оксана Журба", mill.id, "telegram", "501"),
        nina=await _contact(uow, "Ніна Лисенко", school.id, "phone", "+380440000012"),
        olena=await uow.people.add_agent(name="Олена", role="agent", telegram_id="901"),
        taras=await uow.people.add_agent(name="Тарас", role="agent", telegram_id="902"),
        maria=await uow.people.add_agent(name="Марія", role="lead", telegram_id="903"),
    )


async def _contact(uow: UnitOfWork, name: str, client_id: int, channel: str, value: str) -> Contact:
    address = Address(channel=channel, value=value)
    return await uow.people.add_contact(name=name, client_id=client_id, language="uk", addresses=(address,))
