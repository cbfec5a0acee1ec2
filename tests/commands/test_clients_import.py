"""Importing clients: every problem at once, and twice is the same as once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.commands.clients_file import Reader
from bot.commands.clients_import import Sum, conflicts, take_in
from bot.errors import Rejected
from bot.model import Address
from bot.ports import UnitOfWork
from bot.storage.memory import MemoryStorage

HEADING = "company,domains,contacts,phones,plan\n"


def read(text: str) -> Reader:
    return Reader((HEADING + text).encode())


def problems(text: str) -> list[str]:
    return [f"{each.line}: {each.sentence.format(**each.values)}" for each in read(text).problems]


def test_a_company_with_everything() -> None:
    (company,) = read(
        'ТОВ Ромашка,"romashka.example.com; @Romashka.example.net",'
        '"Олена Коваль <Olena@romashka.example.com> +380 44 000 00 01; Іван Бойко",'
        '"+380440000002 Іван Бойко; 044 000-00-03",Стандарт 10h\n'
    ).companies
    assert company.domains == ["romashka.example.com", "romashka.example.net"]
    assert company.plan_name == "Стандарт"
    assert company.plan_time == timedelta(hours=10)
    assert {person.name: [each.value for each in person.addresses] for person in company.people} == {
        "Олена Коваль": ["olena@romashka.example.com", "+380440000001"],
        "Іван Бойко": ["+380440000002"],
        "ТОВ Ромашка": ["+380440000003"],
    }


def test_a_bare_number_belongs_to_the_only_contact() -> None:
    (company,) = read("Ромашка,,Олена Коваль,+380440000001,\n").companies
    assert [(each.name, len(each.addresses)) for each in company.people] == [("Олена Коваль", 1)]


def test_lines_of_one_company_are_one_company() -> None:
    found = read("Ромашка,romashka.example.com,,,Стандарт 10h\nромашка,,Олена <o@romashka.example.com>,,\nМальва,,,,стандарт\n")
    assert [each.name for each in found.companies] == ["Ромашка", "Мальва"]
    assert found.companies[1].plan_time == timedelta(hours=10)
    assert found.problems == []


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("charset", ["utf-8", "utf-8-sig", "cp1251"])
def test_any_office_program_may_have_saved_it(separator: str, charset: str) -> None:
    text = separator.join(["company", "plan"]) + "\r\n" + separator.join(["Їжак і Ґава", "Стандарт 10 год"]) + "\r\n"
    (company,) = Reader(text.encode(charset)).companies
    assert (company.name, company.plan_time) == ("Їжак і Ґава", timedelta(hours=10))


def test_every_problem_is_told_at_once() -> None:
    assert problems(
        ",x.example.com,,,\n"
        "Ромашка,romashka,,,\n"
        "Мальва,gmail.com,olena@,12,Стандарт\n"
        "Айстра,aster.example.com,Олена <o@example.com>,,Великий 5x\n"
        "Троянда,aster.example.com,Інна <o@example.com>,,Малий 5h\n"
        "Троянда,,,,Середній 6h\n"
    ) == [
        "2: немає назви компанії (стовпець company).",
        "3: «romashka» не є доменом; очікується на зразок example.com.",
        "4: gmail.com — спільний домен: до цієї компанії потрапили б листи чужих людей. Впишіть людей у contacts.",
        "4: «olena@» не є адресою пошти.",
        "4: «12» не схоже на номер телефону; очікується на зразок +380440000001.",
        "4: для тарифу «Стандарт» ніде не вказано місячний час; додайте його, наприклад «Стандарт 10h».",
        "5: тариф «Великий 5x» незрозумілий; очікується назва й місячний час на зразок «Стандарт 10h».",
        "6: aster.example.com вже є в компанії «Айстра» (рядок 5).",
        "6: o@example.com вже є в компанії «Айстра» (рядок 5).",
        "7: два тарифи в одній компанії: «Малий» і «Середній».",
    ]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("", "немає стовпця company"),
        ("компанія,домени\n", "немає стовпця company"),
        ("company,domain\n", "«domain». Можливо, ви мали на увазі: domains"),
    ],
)
def test_what_is_no_such_file_is_said(content: str, sentence: str) -> None:
    with pytest.raises(Rejected, match=sentence):
        Reader(content.encode())


def test_a_quote_that_nobody_closed_takes_no_other_company_with_it() -> None:
    text = 'Ромашка,"romashka.example.com,,,\nМальва,malva.example.com,"Олена <o@example.com>",,\nАйстра,,,,\n'
    assert problems(text) == ["2: лапки не закрито, тож межі стовпців невідомі."]
    assert [each.name for each in read(text).companies] == ["Мальва", "Айстра"]
    assert problems('Ромашка,"' + "x" * 200_000 + "\nМальва,,,,\n") == ["2: один зі стовпців задовгий."]


def test_a_cell_may_have_lines() -> None:
    found = read('"Ромашка\nплюс",,"Олена Коваль\nІван Бойко",,\nМальва,,,,\n')
    assert found.problems == []
    assert [(each.name, len(each.people)) for each in found.companies] == [("Ромашка плюс", 2), ("Мальва", 0)]


def test_cells_too_many_are_told() -> None:
    assert problems("Ромашка,,Олена, Коваль,,Стандарт 10h\nМальва,,,,,,\n") == [
        "2: зайве після останнього стовпця: «Стандарт 10h». Текст із комою візьміть у лапки."
    ]


@pytest.mark.parametrize("domain", ["mail.ru", "ukr.net", "gmail.com", "proton.me", "yandex.ru", "rambler.ru", "i.ua", "com.ua", "co.uk"])
def test_a_domain_of_everybody_is_no_companys(domain: str) -> None:
    assert "спільний домен" in problems(f"Ромашка,{domain},,,\n")[0]


@pytest.mark.parametrize(
    "plan", ["Стандарт 0h", "Стандарт -5h", "Стандарт 745h", "Стандарт " + "9" * 30 + "h", "Стандарт " + "9" * 400 + "h"]
)
def test_a_month_has_more_than_no_hours_and_not_more_than_it_has(plan: str) -> None:
    assert "має бути більшим за нуль і не більшим за 744 години" in problems(f"Ромашка,,,,{plan}\n")[0]


@given(st.binary(max_size=200))
def test_whatever_a_file_holds_is_read_or_told(content: bytes) -> None:
    try:
        found = Reader(HEADING.encode() + content)
    except Rejected:
        return
    assert all(each.sentence.format(**each.values) for each in found.problems)


# --- taking in ---

FILE = "Ромашка,romashka.example.com,Олена Коваль <olena@romashka.example.com>,+380440000001,Стандарт 10h\nМальва,,Ганна,,\n"


@pytest.fixture
async def uow() -> AsyncIterator[UnitOfWork]:
    async with MemoryStorage().write() as opened:
        yield opened


async def bring(uow: UnitOfWork, text: str) -> Sum:
    found = read(text)
    assert found.problems == []
    assert await conflicts(uow.people, found.companies) == []
    return await take_in(uow.people, found.companies, language="uk")


async def test_companies_and_people_are_there_afterwards(uow: UnitOfWork) -> None:
    assert await bring(uow, FILE) == Sum(companies_added=2, contacts_added=2)
    client = await uow.people.client_with_domain("romashka.example.com")
    assert client is not None
    assert client.plan is not None
    assert (client.name, client.plan.name, client.plan.monthly_time) == ("Ромашка", "Стандарт", timedelta(hours=10))
    contact = await uow.people.contact_at(Address(channel="phone", value="+380440000001"))
    assert contact is not None
    assert (contact.name, contact.client_id) == ("Олена Коваль", client.id)


async def test_twice_is_the_same_as_once(uow: UnitOfWork) -> None:
    await bring(uow, FILE)
    before = await uow.people.clients()
    assert await bring(uow, FILE) == Sum()
    assert await uow.people.clients() == before


async def test_a_second_file_completes_the_first(uow: UnitOfWork) -> None:
    await bring(uow, FILE)
    more = "ромашка,r.example.com,олена коваль +380440000009; Новий Працівник,,Великий 20h\n"
    assert await bring(uow, more) == Sum(companies_changed=1, contacts_added=1, contacts_changed=1)
    client = await uow.people.client_named("Ромашка")
    assert client is not None
    assert client.domains == ("romashka.example.com", "r.example.com")
    assert client.plan is not None
    assert client.plan.name == "Великий"
    contact = await uow.people.contact_at(Address(channel="mail", value="olena@romashka.example.com"))
    assert contact is not None
    assert [each.value for each in contact.addresses] == ["olena@romashka.example.com", "+380440000001", "+380440000009"]


async def test_somebody_served_before_the_import_is_identified_by_it(uow: UnitOfWork) -> None:
    mail = Address(channel="mail", value="olena@romashka.example.com")
    stranger = await uow.people.add_contact(name="olena", client_id=None, language="uk", addresses=[mail])
    await bring(uow, FILE)
    known = await uow.people.contact(stranger.id)
    assert known is not None
    assert known.client_id is not None


async def test_what_belongs_to_somebody_else_is_told(uow: UnitOfWork) -> None:
    await bring(uow, FILE)
    found = await conflicts(uow.people, read("Інша,romashka.example.com,Х <olena@romashka.example.com>,,\n").companies)
    assert [each.sentence.format(**each.values) for each in found] == [
        "romashka.example.com вже належить: Ромашка.",
        "olena@romashka.example.com вже належить: Олена Коваль.",
    ]
