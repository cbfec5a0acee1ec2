"""People and small facts, on every store."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.errors import Conflict
from bot.model import Address, Agent, Client, Contact, Plan, Role
from bot.ports import Storage
from tests.storage.making import HOUR, MINUTE, NOW, person


class TestContacts:
    async def test_a_person_is_found_by_any_address(self, store: Storage) -> None:
        phone, mail = Address(channel="phone", value="+380440000000"), Address(channel="mail", value="iryna@shop.example")
        async with store.write() as uow:
            client = await uow.people.add_client(name="Shop")
            added = await uow.people.add_contact(name="Ірина", client_id=client.id, language="en", addresses=[phone, mail, phone])
            assert added == Contact(id=added.id, name="Ірина", client_id=client.id, language="en", addresses=(phone, mail))
            await uow.commit()
        async with store.read() as uow:
            assert await uow.people.contact_at(phone) == await uow.people.contact_at(mail) == await uow.people.contact(added.id) == added
            assert await uow.people.contact_at(Address(channel="mail", value="+380440000000")) is None
            assert await uow.people.contact(99) is None
            assert await uow.people.contacts_of(client.id) == [added]
            assert await uow.people.contacts_of(99) == []

    async def test_a_taken_address_brings_its_owner(self, store: Storage) -> None:
        async with store.write() as uow:
            first = await person(uow, "501", name="First")
            again = await uow.people.add_contact(
                name="Second", client_id=None, language="uk", addresses=[Address(channel="mail", value="new@x.example"), *first.addresses]
            )
            assert again == first
            assert await uow.people.contact_at(Address(channel="mail", value="new@x.example")) is None
            await uow.commit()

    async def test_a_change_is_seen_at_once_in_the_same_unit_of_work(self, store: Storage) -> None:
        async with store.write() as uow:
            iryna = await person(uow, "1")
            assert await uow.people.contact(iryna.id) == iryna
            changed = replace(iryna, name="Ірина")
            await uow.people.save_contact(changed)
            assert await uow.people.contact(iryna.id) == await uow.people.contact_at(iryna.addresses[0]) == changed
            await uow.commit()
        async with store.read() as uow:
            assert await uow.people.contact(iryna.id) == changed

    async def test_saving_replaces_the_addresses(self, store: Storage) -> None:
        one, two = Address(channel="mail", value="one@x.example"), Address(channel="mail", value="two@x.example")
        async with store.write() as uow:
            iryna = await person(uow, "1")
            petro = await person(uow, "2")
            changed = replace(iryna, name="Ірина", is_private=True, language="en", addresses=(two, one))
            await uow.people.save_contact(changed)
            await uow.commit()
        async with store.write() as uow:
            assert await uow.people.contact(iryna.id) == changed
            assert await uow.people.contact_at(iryna.addresses[0]) is None
            with pytest.raises(Conflict):
                await uow.people.save_contact(replace(changed, addresses=(one, *petro.addresses)))
            assert await uow.people.contact_at(one) == changed
            with pytest.raises(LookupError):
                await uow.people.save_contact(replace(changed, id=99, addresses=()))


class TestClients:
    async def test_a_company_is_found_by_name_and_domain(self, store: Storage) -> None:
        async with store.write() as uow:
            shop = await uow.people.add_client(
                name="ТОВ «Ґанок»", domains=["Shop.Example", "b.example"], plan_name="S", plan_time=timedelta(hours=2)
            )
            await uow.people.add_client(name="Ателье")
            await uow.commit()
        async with store.read() as uow:
            assert shop == Client(
                id=shop.id, name="ТОВ «Ґанок»", domains=("shop.example", "b.example"), plan=Plan(name="S", monthly_time=timedelta(hours=2))
            )
            for name in ("ТОВ «Ґанок»", "  тов   «ґАНОК» "):
                assert await uow.people.client_named(name) == shop
            assert await uow.people.client_with_domain("B.EXAMPLE") == await uow.people.client(shop.id) == shop
            assert await uow.people.client_named("Ґанок") is None
            assert await uow.people.client_with_domain("c.example") is None
            assert [each.name for each in await uow.people.clients()] == ["Ателье", "ТОВ «Ґанок»"]

    async def test_names_and_domains_belong_to_one(self, store: Storage) -> None:
        async with store.write() as uow:
            shop = await uow.people.add_client(name="Shop", domains=["shop.example"])
            mill = await uow.people.add_client(name="Mill")
            with pytest.raises(Conflict, match="Shop"):
                await uow.people.add_client(name=" SHOP")
            with pytest.raises(Conflict, match="Shop"):
                await uow.people.save_client(replace(mill, domains=("SHOP.example",)))
            await uow.people.save_client(replace(shop, name="Store", domains=("new.example",), plan=Plan(name="M", monthly_time=HOUR)))
            await uow.people.save_client(replace(mill, domains=("shop.example",)))
            await uow.commit()
        async with store.read() as uow:
            assert await uow.people.client(shop.id) == Client(
                id=shop.id, name="Store", domains=("new.example",), plan=Plan(name="M", monthly_time=HOUR)
            )
            assert await uow.people.client_with_domain("shop.example") == Client(id=mill.id, name="Mill", domains=("shop.example",))


class TestAgents:
    async def test_an_agent_is_found_by_account_mail_and_name(self, store: Storage) -> None:
        async with store.write() as uow:
            olena = await uow.people.add_agent(name="Олена Їжак", role="lead", telegram_id="9001", mail="Olena@Desk.Example")
            taras = await uow.people.add_agent(name="Тарас", role="agent")
            await uow.people.save_agent(replace(taras, is_active=False))
            await uow.commit()
        async with store.read() as uow:
            assert olena == Agent(id=olena.id, name="Олена Їжак", role=Role.LEAD, telegram_id="9001", mail="olena@desk.example")
            assert await uow.people.agent_by_telegram("9001") == await uow.people.agent_by_mail("OLENA@desk.example") == olena
            assert await uow.people.agent_named("олена  їжак") == await uow.people.agent(olena.id) == olena
            assert await uow.people.agents() == [olena, replace(taras, is_active=False)]
            assert await uow.people.agent_named("Nobody") is None

    async def test_an_account_belongs_to_one(self, store: Storage) -> None:
        async with store.write() as uow:
            olena = await uow.people.add_agent(name="Олена", role="agent", telegram_id="9001", mail="olena@desk.example")
            taras = await uow.people.add_agent(name="Тарас", role="agent")
            for change in ({"telegram_id": "9001"}, {"mail": "OLENA@desk.example"}, {"name": "олена"}):
                with pytest.raises(Conflict, match="Олена"):
                    await uow.people.save_agent(replace(taras, **change))
            await uow.people.save_agent(replace(olena, role=Role.ADMIN))
            with pytest.raises(Conflict):
                await uow.people.add_agent(name="Інша", role="agent", telegram_id="9001")


class TestState:
    async def test_facts_are_json_values(self, store: Storage) -> None:
        async with store.write() as uow:
            assert await uow.state.get("cursor") is None
            uow.state.set("cursor", {"uid": [1, 2], "ї": None})
            uow.state.set("cursor", {"uid": (1, 3), "ї": "\ud83d\0"})
            assert await uow.state.get("cursor") == {"uid": [1, 3], "ї": "\ud83d\0"}
            await uow.commit()
        async with store.write() as uow:
            assert await uow.state.get("cursor") == {"uid": [1, 3], "ї": "\ud83d\0"}
            uow.state.set("cursor", 0)
            await uow.commit()
        async with store.read() as uow:
            assert await uow.state.get("cursor") == 0

    async def test_a_lease_has_one_owner(self, store: Storage) -> None:
        async with store.write() as uow:
            assert await uow.state.take_lease("poller", owner="a", now=NOW, until=NOW + MINUTE)
            assert await uow.state.take_lease("poller", owner="a", now=NOW, until=NOW + 2 * MINUTE)
            assert not await uow.state.take_lease("poller", owner="b", now=NOW + MINUTE, until=NOW + HOUR)
            assert await uow.state.take_lease("poller", owner="b", now=NOW + 2 * MINUTE, until=NOW + HOUR)
            await uow.state.give_lease("poller", owner="a")
            assert not await uow.state.take_lease("poller", owner="a", now=NOW + 3 * MINUTE, until=NOW + HOUR)
            await uow.state.give_lease("poller", owner="b")
            assert await uow.state.take_lease("poller", owner="a", now=NOW + 3 * MINUTE, until=NOW + HOUR)

    async def test_a_token_is_used_once_and_in_time(self, store: Storage) -> None:
        async with store.write() as uow:
            await uow.state.put_token(digest="d1", purpose="login", subject="contact:7", expires_at=NOW + HOUR, data={"next": "/my"})
            await uow.state.put_token(digest="d2", purpose="session", subject="contact:7", expires_at=NOW + HOUR)
            await uow.commit()
        async with store.write() as uow:
            assert await uow.state.find_token(digest="d1", purpose="session", now=NOW) is None
            assert await uow.state.find_token(digest="d1", purpose="login", now=NOW + HOUR) is None
            assert await uow.state.find_token(digest="d1", purpose="login", now=NOW) == ("contact:7", {"next": "/my"})
            assert await uow.state.use_token(digest="d1", purpose="login", now=NOW) == ("contact:7", {"next": "/my"})
            assert await uow.state.use_token(digest="d1", purpose="login", now=NOW) is None
            assert await uow.state.find_token(digest="d1", purpose="login", now=NOW) is None
            assert await uow.state.find_token(digest="d2", purpose="session", now=NOW) == ("contact:7", {})
            await uow.state.drop_tokens(purpose="session", subject="contact:7")
            assert await uow.state.find_token(digest="d2", purpose="session", now=NOW) is None
            await uow.commit()

        async def again() -> None:
            async with store.write() as uow:
                await uow.state.put_token(digest="d1", purpose="login", subject="contact:8", expires_at=NOW + HOUR)
                await uow.commit()

        with pytest.raises(Conflict):
            await again()
