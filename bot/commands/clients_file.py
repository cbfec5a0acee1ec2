"""Client companies as a CSV file has them, and everything that is wrong with it. Pure: no file, no database.

Columns: company, domains, contacts, phones, plan. Several values in one cell are separated by `;`, `|` or a new line:

* contacts: "Олена Коваль <olena@example.com> +380440000001";
* phones: "+380440000002 Олена Коваль", or a bare number, which belongs to the only contact or else to the company's common one;
* plan: name and monthly time, "Стандарт 10h"; the time once for each name is enough.

Several lines of one company are one company.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta

from bot.channels.phone.parse import normal_number
from bot.channels.phone.table import TOO_LONG, UNCLOSED, Row, decoded, read_rows
from bot.config.values import MAIL, parse_duration
from bot.domains import is_public
from bot.errors import Rejected
from bot.model import Address
from bot.texts import translator

# Marks sentences for the catalogue; they are looked up when they are told.
_ = translator("uk")

COLUMNS = ("company", "domains", "contacts", "phones", "plan")
# Nobody can be served for longer than a month has hours.
LONGEST_PLAN = timedelta(hours=31 * 24)
DOMAIN = re.compile(r"(?!-)[\w-]+(\.[\w-]+)+")
NUMBER = re.compile(r"\+?\d[\d ()./-]{5,}\d")
WHOLE_PLAN = re.compile(r"(?P<name>.*?)[\s:=/,(]*(?P<time>\d[\d.,]*\s*[^\W\d]+\.?)\)?")

MINUS = re.compile(r"(?:^|\s)[-−–]$")
MISTAKES = {
    UNCLOSED: _("лапки не закрито, тож межі стовпців невідомі."),
    TOO_LONG: _("один зі стовпців задовгий."),
}


@dataclass(slots=True)
class Person:
    """A contact as the file has them; `addresses` grow while its lines are read."""

    name: str
    addresses: list[Address] = field(default_factory=list)


@dataclass(slots=True)
class Company:
    """One company of the file. `line` is where it first stands; 1 is the heading."""

    name: str
    line: int
    domains: list[str] = field(default_factory=list)
    people: list[Person] = field(default_factory=list)
    plan_name: str = ""
    plan_time: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What is wrong in which line, as a sentence with braces for `values`."""

    line: int
    sentence: str
    values: dict[str, str] = field(default_factory=dict)


class Reader:
    """Reads a file: `companies` in its order and every problem in it. Raises Rejected when it is no such file at all."""

    def __init__(self, content: bytes) -> None:
        self.problems: list[Problem] = []
        self._companies: dict[str, Company] = {}
        self._owners: dict[str, Company] = {}
        self._plans: dict[str, timedelta] = {}
        heading, rows = _read(content)
        for row in rows:
            self._row(heading, row)
        for company in self.companies:
            self._settle_plan(company)
        self.problems.sort(key=lambda problem: problem.line)

    @property
    def companies(self) -> list[Company]:
        return list(self._companies.values())

    def _row(self, heading: list[str], row: Row) -> None:
        extra = [cell.strip() for cell in row.cells[len(heading) :] if cell.strip()]
        if row.mistake:
            self._say(row.number, MISTAKES[row.mistake])
        elif extra:
            self._say(row.number, _("зайве після останнього стовпця: «{value}». Текст із комою візьміть у лапки."), value=", ".join(extra))
        else:
            self._take(row.number, dict(zip(heading, row.cells, strict=False)))

    def _take(self, line: int, cells: dict[str, str]) -> None:
        name = " ".join(cells.get("company", "").split())
        if not name:
            self._say(line, _("немає назви компанії (стовпець company)."))
            return
        company = self._companies.setdefault(name.casefold(), Company(name=name, line=line))
        for domain in _parts(cells.get("domains", "")):
            self._domain(company, line, domain.lower().removeprefix("@").rstrip("."))
        for text in _parts(cells.get("contacts", "")):
            self._contact(company, line, text)
        for text in _parts(cells.get("phones", "")):
            self._phone(company, line, text)
        if plan := " ".join(cells.get("plan", "").split()):
            self._plan(company, line, plan)

    def _domain(self, company: Company, line: int, domain: str) -> None:
        if not DOMAIN.fullmatch(domain):
            self._say(line, _("«{value}» не є доменом; очікується на зразок example.com."), value=domain)
        elif is_public(domain):
            self._say(
                line, _("{value} — спільний домен: до цієї компанії потрапили б листи чужих людей. Впишіть людей у contacts."), value=domain
            )
        elif self._is_free(company, line, domain) and domain not in company.domains:
            company.domains.append(domain)

    def _contact(self, company: Company, line: int, text: str) -> None:
        rest, addresses = text, []
        if found := re.search(r"<([^<>]*)>|\S*@\S*", text):
            mail = (found[1] if found[1] is not None else found[0]).strip().lower()
            if not MAIL.fullmatch(mail):
                self._say(line, _("«{value}» не є адресою пошти."), value=mail)
                return
            addresses.append(Address(channel="mail", value=mail))
            rest = rest.replace(found[0], " ")
        if found := NUMBER.search(rest):
            addresses.append(Address(channel="phone", value=normal_number(found[0])))
            rest = rest.replace(found[0], " ")
        name = " ".join(rest.split()).strip(" ,")
        if not name and not addresses:
            self._say(line, _("«{value}» не схоже на людину; очікується на зразок «Олена Коваль <olena@example.com>»."), value=text)
        elif any(char.isdigit() for char in name) or "@" in name:
            self._say(line, _("у «{value}» зайве: {rest}. Людей розділяє крапка з комою."), value=text, rest=name)
        else:
            self._add(company, line, name or addresses[0].value, addresses)

    def _phone(self, company: Company, line: int, text: str) -> None:
        found = NUMBER.search(text)
        number = normal_number(found[0]) if found else ""
        if not found or not number:
            self._say(line, _("«{value}» не схоже на номер телефону; очікується на зразок +380440000001."), value=text)
            return
        name = " ".join(text.replace(found[0], " ").split()).strip(" ,()")
        if any(char.isdigit() for char in name):
            self._say(line, _("у «{value}» більше ніж один номер. Номери розділяє крапка з комою."), value=text)
            return
        if not name:
            name = company.people[0].name if len(company.people) == 1 else company.name
        self._add(company, line, name, [Address(channel="phone", value=number)])

    def _add(self, company: Company, line: int, name: str, addresses: Iterable[Address]) -> None:
        person = next((each for each in company.people if each.name.casefold() == name.casefold()), None)
        if person is None:
            person = Person(name)
            company.people.append(person)
        for address in addresses:
            if self._is_free(company, line, address.value) and address not in person.addresses:
                other = next((each for each in company.people if each is not person and address in each.addresses), None)
                if other is None:
                    person.addresses.append(address)
                else:
                    self._say(line, _("{value} вже записано за {other}."), value=address.value, other=other.name)

    def _is_free(self, company: Company, line: int, key: str) -> bool:
        owner = self._owners.setdefault(key, company)
        if owner is not company:
            self._say(line, _("{value} вже є в компанії «{other}» (рядок {where})."), value=key, other=owner.name, where=str(owner.line))
        return owner is company

    def _plan(self, company: Company, line: int, text: str) -> None:
        name, time = text, None
        if found := WHOLE_PLAN.fullmatch(text):
            name, time = found["name"].strip(), _length(found["time"])
            if time is not None and (not timedelta(0) < time <= LONGEST_PLAN or MINUS.search(text[: found.start("time")])):
                self._say(line, _("місячний час у «{value}» має бути більшим за нуль і не більшим за 744 години."), value=text)
                return
        if not name or (time is None and any(char.isdigit() for char in text.split()[-1])):
            self._say(line, _("тариф «{value}» незрозумілий; очікується назва й місячний час на зразок «Стандарт 10h»."), value=text)
            return
        if company.plan_name and company.plan_name.casefold() != name.casefold():
            self._say(line, _("два тарифи в одній компанії: «{one}» і «{other}»."), one=company.plan_name, other=name)
            return
        company.plan_name = company.plan_name or name
        known = self._plans.setdefault(name.casefold(), time) if time is not None else None
        if time is not None and known != time:
            self._say(line, _("тариф «{value}» має різний місячний час у різних рядках."), value=name)

    def _settle_plan(self, company: Company) -> None:
        company.plan_time = self._plans.get(company.plan_name.casefold())
        if company.plan_name and company.plan_time is None:
            self._say(
                company.line,
                _("для тарифу «{value}» ніде не вказано місячний час; додайте його, наприклад «{value} 10h»."),
                value=company.plan_name,
            )

    def _say(self, line: int, sentence: str, **values: str) -> None:
        self.problems.append(Problem(line=line, sentence=sentence, values={name: value[:60] for name, value in values.items()}))


def _read(content: bytes) -> tuple[list[str], Iterator[Row]]:
    """The names of the columns, and the rows after them."""
    rows = read_rows(decoded(content), is_row=_is_company)
    first = next(rows, None)
    heading = [cell.strip().lower() for cell in first.cells] if first else []
    if "company" not in heading:
        raise Rejected("У файлі немає стовпця company. Перший рядок має бути таким: {columns}.", columns=",".join(COLUMNS))
    for name in heading:
        if name not in COLUMNS:
            close = difflib.get_close_matches(name, COLUMNS, n=1)
            guess = close[0] if close else ", ".join(COLUMNS)
            raise Rejected("Невідомий стовпець «{name}». Можливо, ви мали на увазі: {guess}?", name=name, guess=guess)
    return heading, rows


def _is_company(cells: list[str], heading: list[str]) -> bool:
    """A whole line. One with a quote in its first cell ends a cell of several lines."""
    return 1 < len(heading) <= len(cells) and '"' not in cells[0]


def _length(text: str) -> timedelta | None:
    try:
        return parse_duration(text)
    except OverflowError:
        return timedelta.max


def _parts(cell: str) -> list[str]:
    return [part for each in re.split(r"[;|\n]", cell) if (part := each.strip())]
