"""What a unit of work promises, on every store."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime

import pytest

from bot.errors import Conflict
from bot.model import Actor, ActorKind, Contact, Event, Message, MessageKind
from bot.ports import Storage
from bot.storage.faults import BrokenRow, NestedWrite, ReadOnly
from tests.storage.making import CHAT, NOW, clock, delivery, event, open_tickets, person, ticket

ACTOR = Actor(kind=ActorKind.BOT, name="deskbot")


class TestCommit:
    async def test_what_was_committed_is_there_and_what_was_not_is_not(self, store: Storage, iryna: Contact) -> None:
        for is_kept in (False, True):
            async with store.write() as uow:
                [number] = await uow.tickets.allocate(1)
                [word] = await uow.tickets.allocate_messages(1)
                uow.tickets.add(ticket(number, iryna))
                uow.tickets.add_message(Message(id=word, ticket_id=number, kind=MessageKind.INBOUND, author=ACTOR, text="a", at=NOW))
                uow.tickets.add_event(Event(ticket_id=number, kind="opened", actor=ACTOR, at=NOW))
                uow.clocks.add(clock(number))
                uow.outbox.add(delivery("k"))
                uow.state.set("cursor", 7)
                await uow.inbox.put([event("e")], now=NOW)
                assert await uow.tickets.get(number) == ticket(number, iryna)
                assert len(await uow.clocks.of_ticket(number)) == 1
                assert await uow.state.get("cursor") == 7
                if is_kept:
                    await uow.commit()
            async with store.read() as uow:
                assert (await uow.tickets.get(number) is not None) is is_kept
                assert len(await uow.tickets.messages(number)) == len(await uow.tickets.events(number)) == int(is_kept)
                assert len(await uow.clocks.of_ticket(number)) == int(is_kept)
                assert len(await uow.outbox.sent_to(CHAT, limit=5)) == int(is_kept)
                assert (await uow.state.get("cursor") is not None) is is_kept
                assert (await uow.inbox.next_ready_at() is not None) is is_kept

    async def test_an_exception_rolls_back(self, store: Storage) -> None:
        async def fail() -> None:
            async with store.write() as uow:
                uow.state.set("cursor", 1)
                await person(uow)
                raise RuntimeError

        with pytest.raises(RuntimeError):
            await fail()
        async with store.read() as uow:
            assert await uow.state.get("cursor") is None
            assert await uow.people.contact(1) is None

    async def test_a_cancelled_writer_leaves_the_store_usable(self, store: Storage) -> None:
        started = asyncio.Event()

        async def hang() -> None:
            async with store.write() as uow:
                uow.state.set("cursor", 1)
                await uow.state.get("other")
                await person(uow)
                started.set()
                await asyncio.Event().wait()

        task = asyncio.create_task(hang())
        await started.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        async with store.write() as uow:
            assert await uow.state.get("cursor") is None
            uow.state.set("cursor", 2)
            await uow.commit()
        async with store.read() as uow:
            assert await uow.state.get("cursor") == 2

    async def test_callbacks_hear_what_was_touched_after_the_commit_only(self, store: Storage, iryna: Contact) -> None:
        heard: list[frozenset[str]] = []
        store.on_commit.append(heard.append)
        [opened] = await open_tickets(store, iryna)
        assert heard == []
        async with store.write() as uow:
            uow.outbox.add(delivery("lost"))
        assert heard == []
        async with store.write() as uow:
            uow.outbox.add(delivery("k"))
            uow.clocks.add(clock(opened.id))
            await uow.inbox.put([event("e")], now=NOW)
            await uow.commit()
        assert heard == [frozenset({"inbox", "outbox", "clocks"})]

    async def test_claiming_wakes_nobody(self, store: Storage) -> None:
        async with store.write() as uow:
            await uow.inbox.put([event("e")], now=NOW)
            uow.outbox.add(delivery("k"))
            await uow.commit()
        heard: list[frozenset[str]] = []
        store.on_commit.append(heard.append)
        async with store.write() as uow:
            assert await uow.inbox.claim(now=NOW, limit=5, lease=NOW - NOW)
            assert await uow.outbox.claim(now=NOW, limit=5, lease=NOW - NOW, channels=["telegram"])
            assert not await uow.clocks.claim_due(now=NOW, limit=5)
            await uow.commit()
        assert heard == []

    async def test_a_reader_can_neither_write_nor_commit(self, store: Storage) -> None:
        async with store.read() as uow:
            with pytest.raises(ReadOnly):
                uow.state.set("cursor", 1)
            with pytest.raises(ReadOnly):
                uow.outbox.add(delivery("k"))
            with pytest.raises(ReadOnly):
                await person(uow)
            with pytest.raises(ReadOnly):
                await uow.commit()

    async def test_a_unit_of_work_commits_once(self, store: Storage) -> None:
        async with store.write() as uow:
            uow.state.set("cursor", 1)
            await uow.commit()
            with pytest.raises(ReadOnly):
                await uow.commit()

    async def test_a_reader_does_not_see_what_is_not_committed(self, store: Storage) -> None:
        async with store.write() as uow, store.read() as other:
            uow.state.set("cursor", 1)
            await person(uow)
            assert await other.state.get("cursor") is None
            assert await other.people.contact(1) is None
            await uow.commit()
        async with store.read() as other:
            assert await other.people.contact(1) is not None


class TestRefusals:
    async def test_a_naive_instant_is_refused(self, store: Storage, iryna: Contact) -> None:
        naive = datetime(2026, 11, 24, 8, 0)  # noqa: DTZ001 - that is the point

        async def add_ticket() -> None:
            async with store.write() as uow:
                uow.tickets.add(ticket(1, iryna, received_at=naive))
                await uow.commit()

        async def add_delivery() -> None:
            async with store.write() as uow:
                uow.outbox.add(delivery("k", not_before_at=naive))
                await uow.commit()

        async def put() -> None:
            async with store.write() as uow:
                await uow.inbox.put([event("e", received_at=naive)], now=NOW)
                await uow.commit()

        for act in (add_ticket, add_delivery, put):
            with pytest.raises(ValueError, match="zone"):
                await act()

    async def test_a_row_that_points_at_nothing_is_refused(self, store: Storage) -> None:
        async def orphan() -> None:
            async with store.write() as uow:
                uow.tickets.add_event(Event(ticket_id=77, kind="opened", actor=ACTOR, at=NOW))
                await uow.commit()

        with pytest.raises(BrokenRow):
            await orphan()

    async def test_a_ticket_number_is_given_once(self, store: Storage, iryna: Contact) -> None:
        [first] = await open_tickets(store, iryna)

        async def again() -> None:
            async with store.write() as uow:
                uow.tickets.add(first)
                await uow.commit()

        with pytest.raises(Conflict):
            await again()


class TestVersions:
    async def test_save_raises_the_version(self, store: Storage, iryna: Contact) -> None:
        [opened] = await open_tickets(store, iryna)
        for version in (1, 2, 3):
            async with store.write() as uow:
                found = await uow.tickets.get(opened.id)
                assert found is not None
                assert found.version == version
                uow.tickets.save(replace(found, title=f"at {version}"))
                again = await uow.tickets.get(opened.id)
                assert again == replace(found, title=f"at {version}", version=version + 1)
                await uow.commit()

    async def test_two_saves_in_one_unit_of_work_are_both_kept(self, store: Storage, iryna: Contact) -> None:
        async with store.write() as uow:
            [number] = await uow.tickets.allocate(1)
            uow.tickets.add(ticket(number, iryna))
            for title in ("one", "two"):
                found = await uow.tickets.get(number)
                assert found is not None
                uow.tickets.save(replace(found, title=title))
            await uow.commit()
        async with store.read() as uow:
            assert await uow.tickets.get(number) == ticket(number, iryna, title="two", version=3)

    @pytest.mark.parametrize("has_looked", [False, True])
    async def test_somebody_elses_change_in_between_is_a_conflict(self, store: Storage, iryna: Contact, has_looked: bool) -> None:
        [opened] = await open_tickets(store, iryna)
        async with store.write() as uow:
            uow.tickets.save(replace(opened, title="theirs"))
            await uow.commit()

        async def overwrite() -> None:
            async with store.write() as uow:
                if has_looked:
                    await uow.tickets.get(opened.id)
                uow.tickets.save(replace(opened, title="mine"))
                uow.outbox.add(delivery("must not stay"))
                await uow.commit()

        with pytest.raises(Conflict):
            await overwrite()
        async with store.read() as uow:
            found = await uow.tickets.get(opened.id)
            assert found is not None
            assert (found.title, found.version) == ("theirs", 2)
            assert await uow.outbox.sent_to(CHAT, limit=5) == []


async def test_a_second_writer_in_one_task_is_refused_where_it_would_wait_for_itself(sqlite_url: str) -> None:
    from bot.storage import open_storage
    from bot.storage.memory import MemoryStorage

    for storage in (MemoryStorage(), await open_storage(sqlite_url)):
        async with storage.write():
            with pytest.raises(NestedWrite):
                async with storage.write():
                    pass
        await storage.close()
