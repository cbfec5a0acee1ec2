"""The Site as a channel: rows become tickets once, bursts are one message, deliveries are done when they are stored."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.channels.site import parse, posting
from bot.channels.site.parse import CHAT, FORM
from bot.errors import Rejected
from bot.model import Delivery, Route, Ticket
from bot.ports import Storage
from bot.storage import open_storage
from bot.storage.memory import MemoryStorage
from tests.builders import TUESDAY
from tests.channels.site.house import House, build_house
from tests.fakes import AnyTime

SECOND = timedelta(seconds=1)


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
async def house(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[House]:
    """In memory, and on the real databases: what the channel asks of a store is the same."""
    built = await build_house(await _storage(request, tmp_path))
    yield built
    await built.storage.close()


async def _storage(request: pytest.FixtureRequest, folder: Path) -> Storage:
    match request.param:
        case "memory":
            return MemoryStorage()
        case "sqlite":
            return await open_storage(f"sqlite:///{folder}/desk.db")
        case _:
            return await open_storage(request.getfixturevalue("pg_url"))


async def post(house: House, name: str, text: str, *, external_id: str, source: str = CHAT, ticket_id: int | None = None) -> int | None:
    contact = house.contact(name)
    words = parse.Posted(contact_id=contact.id, name=contact.name, language="uk", text=text, ticket_id=ticket_id)
    return await posting.post(house.app.state.site, contact, words, source=source, external_id=external_id)


async def test_what_is_posted_is_in_the_inbox_before_anybody_says_thank_you(house: House) -> None:
    item_id = await post(house, "iryna", "Не друкує чек", external_id="00000001")
    assert item_id is not None
    async with house.storage.read() as uow:
        item = await uow.inbox.get(item_id)
    assert item is not None
    assert parse.read(item).text == "Не друкує чек"


async def test_the_same_line_twice_is_one(house: House) -> None:
    assert await post(house, "iryna", "Не друкує чек", external_id="00000001") is not None
    assert await post(house, "iryna", "Не друкує чек", external_id="00000001") is None
    await house.work(6 * SECOND)
    assert len(await house.tickets("iryna")) == 1
    assert [row.kind for row in await house.told("iryna")] == ["own_line", "receipt"]


async def test_two_lines_at_once_are_two(house: House) -> None:
    lines = [post(house, "iryna", f"Не друкує чек на касі {number}", external_id=f"0000000{number}") for number in range(5)]
    assert None not in await asyncio.gather(*lines)
    await house.work(6 * SECOND)
    [ticket] = await house.tickets("iryna")
    async with house.storage.read() as uow:
        [message] = await uow.tickets.messages(ticket.id)
    assert message.text.count("Не друкує") == 5


async def test_two_people_may_have_the_same_page_id(house: House) -> None:
    assert await post(house, "iryna", "Не друкує чек", external_id="00000001") is not None
    assert await post(house, "petro", "Не проводиться накладна", external_id="00000001") is not None


async def test_lines_in_quick_succession_are_one_message(house: House) -> None:
    await post(house, "iryna", "Не друкує чек", external_id="00000001")
    house.clock.advance(3 * SECOND)
    await post(house, "iryna", "на касі номер два", external_id="00000002")
    await house.work(SECOND)
    assert await house.tickets("iryna") == []
    await house.work(6 * SECOND)
    [ticket] = await house.tickets("iryna")
    assert ticket.received_at == TUESDAY
    async with house.storage.read() as uow:
        [message] = await uow.tickets.messages(ticket.id)
    assert message.text == "Не друкує чек\nна касі номер два"


async def test_after_the_gap_a_line_is_a_new_message(house: House) -> None:
    await post(house, "iryna", "Не друкує чек на касі", external_id="00000001")
    await house.work(6 * SECOND)
    await post(house, "iryna", "Як змінити пароль користувача?", external_id="00000002")
    await house.work(6 * SECOND)
    assert len(await house.tickets("iryna")) == 2


async def test_a_form_is_read_at_once_and_alone(house: House) -> None:
    await post(house, "iryna", "Не друкує чек на касі", external_id="00000001")
    await post(house, "iryna", "Як змінити пароль користувача?", external_id="00000002", source=FORM)
    await house.work()
    assert len(await house.tickets("iryna")) == 2


async def test_lines_to_different_tickets_are_different_messages(house: House) -> None:
    first, second = await open_two(house)
    await post(house, "iryna", "Каса номер два", external_id="00000011", ticket_id=first.id)
    await post(house, "iryna", "Користувач Бондар", external_id="00000012", ticket_id=second.id)
    await house.work(6 * SECOND)
    async with house.storage.read() as uow:
        words = [[message.text for message in await uow.tickets.messages(ticket.id)][1:] for ticket in (first, second)]
    assert words == [["Каса номер два"], ["Користувач Бондар"]]


async def open_two(house: House) -> tuple[Ticket, Ticket]:
    for number, text in enumerate(("Не друкує чек на касі", "Як змінити пароль користувача?")):
        await post(house, "iryna", text, external_id=f"0000000{number}", source=FORM)
    await house.work()
    second, first = await house.tickets("iryna")
    return first, second


async def test_the_answer_finds_the_person_who_wrote(house: House) -> None:
    """A contact who was imported with other addresses, or none, is the same person here."""
    await post(house, "stranger", "Не друкує чек на касі", external_id="00000001", source=FORM)
    await house.work()
    [ticket] = await house.tickets("stranger")
    assert ticket.contact_id == house.contact("stranger").id
    assert ticket.route == Route(channel="site", recipient=f"contact:{ticket.contact_id}")


async def test_sending_is_done_when_it_is_stored(house: House) -> None:
    route = Route(channel="site", recipient="contact:7")
    delivery = Delivery(key="k", route=route, kind="answer", body={}, created_at=TUESDAY, ticket_ids=(3, 4), message_id=9, id=12)
    sent = await house.channel.send(delivery, AnyTime())
    assert sent.external_id == "site:12"
    assert [(link.conversation, link.external_id, link.ticket_id, link.message_id) for link in sent.links] == [
        ("site:7", "site:12", 3, 9),
        ("site:7", "site:12", 4, 9),
    ]


async def test_the_staff_feed_has_no_links_to_answer(house: House) -> None:
    delivery = Delivery(
        key="k", route=Route(channel="site", recipient="staff"), kind="card", body={}, created_at=TUESDAY, ticket_ids=(3,), id=1
    )
    assert (await house.channel.send(delivery, AnyTime())).links == ()


@pytest.mark.parametrize("text", ["", "   \n ", "\x00\x1f"])
async def test_nothing_is_not_a_message(house: House, text: str) -> None:
    with pytest.raises(Rejected):
        await post(house, "iryna", parse.tidy(text), external_id="00000001")


async def test_a_long_text_is_read_too(house: House) -> None:
    await post(house, "iryna", "Не друкує чек на касі. " * 4_000, external_id="00000001", source=FORM)
    await house.work()
    assert await house.tickets("iryna")


async def test_every_message_is_accounted_for(house: House) -> None:
    await post(house, "iryna", "Не друкує чек на касі", external_id="00000001", source=FORM)
    await post(house, "iryna", "Дякую!", external_id="00000002", source=FORM)
    await post(house, "petro", "Не проводиться накладна", external_id="00000003")
    await house.work()
    async with house.storage.read() as uow:
        [day] = await uow.inbox.accounting(since=TUESDAY.date())
    assert (day.received, day.ticketed, day.set_aside, day.waiting) == (3, 1, 1, 1)
