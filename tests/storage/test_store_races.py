"""Many at once, on the real databases: nothing lost, nothing taken twice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace

import pytest

from bot.errors import Conflict, Transient
from bot.model import Address, Route
from bot.ports import Disposition, InboxResult, Storage
from bot.storage import open_storage
from tests.storage.making import MINUTE, NOW, clock, delivery, event, open_tickets, person, put, send_out

LOOPS = 500
CLAIMERS = 4


@pytest.fixture
async def processes(database_url: str) -> AsyncIterator[list[Storage]]:
    """Four stores on one database, as four processes would have them."""
    async with AsyncExitStack() as stack:
        storages = [await open_storage(database_url) for _ in range(CLAIMERS)]
        for storage in storages:
            stack.push_async_callback(storage.close)
        yield storages


class TestLostUpdates:
    async def test_500_concurrent_read_then_update_loops_lose_nothing(self, processes: list[Storage]) -> None:
        """With SQLAlchemy's and the driver's defaults 488 of these 500 are lost on SQLite without an error."""
        async with processes[0].write() as uow:
            contact = await person(uow)
            await uow.commit()
        await open_tickets(processes[0], contact)
        gate = asyncio.Semaphore(40)

        async def count(storage: Storage) -> None:
            async with gate, storage.write() as uow:
                found = await uow.tickets.get(1)
                assert found is not None
                await asyncio.sleep(0)
                uow.tickets.save(replace(found, result=str(int(found.result or 0) + 1)))
                await uow.commit()

        async with asyncio.TaskGroup() as group:
            for number in range(LOOPS):
                group.create_task(count(processes[number % 2]))
        async with processes[0].read() as uow:
            found = await uow.tickets.get(1)
        assert found is not None
        assert (found.result, found.version) == (str(LOOPS), LOOPS + 1)

    async def test_stale_saves_conflict_instead_of_overwriting(self, processes: list[Storage]) -> None:
        async with processes[0].write() as uow:
            contact = await person(uow)
            await uow.commit()
        [opened] = await open_tickets(processes[0], contact)

        async def overwrite(storage: Storage) -> bool:
            try:
                async with storage.write() as uow:
                    uow.tickets.save(replace(opened, title="mine"))
                    await uow.commit()
            except Conflict:
                return False
            return True

        outcomes = await asyncio.gather(*(overwrite(storage) for storage in processes * 3))
        assert outcomes.count(True) == 1


class TestClaimers:
    async def test_inbox_rows_are_claimed_once_and_in_order(self, processes: list[Storage]) -> None:
        conversations, rows = 25, 8
        await put(processes[0], *(event(f"{n}", conversation=str(n % conversations)) for n in range(conversations * rows)))
        done: list[tuple[str, str]] = []
        working: set[str] = set()

        async def work(storage: Storage) -> None:
            idle = 0
            while idle < 5:
                async with storage.write() as uow:
                    batches = await uow.inbox.claim(now=NOW, limit=7, lease=MINUTE)
                    await asyncio.sleep(0)
                    await uow.commit()
                idle = 0 if batches else idle + 1
                items = [item for batch in batches for item in batch]
                mine = {item.conversation for item in items}
                assert not mine & working, "two workers have one conversation"
                working.update(mine)
                done.extend((item.conversation, item.external_id) for item in items)
                await asyncio.sleep(0)
                working.difference_update(mine)
                async with storage.write() as uow:
                    results = [InboxResult(item_id=item.id, disposition=Disposition.TICKETED) for item in items]
                    uow.inbox.finish(results, now=NOW)
                    await uow.commit()

        await asyncio.gather(*(work(storage) for storage in processes))
        assert len(done) == len(set(done)) == conversations * rows
        for conversation in range(conversations):
            seen = [int(external_id) for name, external_id in done if name == str(conversation)]
            assert seen == sorted(seen)

    async def test_outbox_rows_are_claimed_once_and_one_to_a_route(self, processes: list[Storage]) -> None:
        routes, rows = 20, 8
        chats = [Route(channel="telegram", recipient=str(number)) for number in range(routes)]
        await send_out(processes[0], *(delivery(f"{n}", route=chats[n % routes], urgency=n % 3) for n in range(routes * rows)))
        done: list[str] = []
        flying: set[Route] = set()

        async def work(storage: Storage) -> None:
            idle = 0
            while idle < 5:
                async with storage.write() as uow:
                    taken = await uow.outbox.claim(now=NOW, limit=7, lease=MINUTE, channels=["telegram"])
                    await asyncio.sleep(0)
                    await uow.commit()
                idle = 0 if taken else idle + 1
                mine = {each.route for each in taken}
                assert len(mine) == len(taken)
                assert not mine & flying, "two words to one chat at once"
                flying.update(mine)
                done.extend(each.key for each in taken)
                await asyncio.sleep(0)
                flying.difference_update(mine)
                async with storage.write() as uow:
                    for each in taken:
                        uow.outbox.sent(each.id, external_id=each.key, now=NOW)
                    await uow.commit()

        await asyncio.gather(*(work(storage) for storage in processes))
        assert len(done) == len(set(done)) == routes * rows

    async def test_due_clocks_are_claimed_once(self, processes: list[Storage]) -> None:
        count = 120
        async with processes[0].write() as uow:
            contact = await person(uow)
            await uow.commit()
        await open_tickets(processes[0], contact, count)
        async with processes[0].write() as uow:
            for number in range(1, count + 1):
                uow.clocks.add(clock(number, next_nudge_at=NOW))
            await uow.commit()
        nudged: list[int] = []

        async def tick(storage: Storage) -> None:
            idle = 0
            while idle < 5:
                async with storage.write() as uow:
                    due = await uow.clocks.claim_due(now=NOW, limit=9)
                    for each in due:
                        assert await uow.tickets.get(each.ticket_id) is not None
                        uow.clocks.save(replace(each, next_nudge_at=None, step=each.step + 1))
                    await asyncio.sleep(0)
                    await uow.commit()
                nudged.extend(each.id for each in due)
                idle = 0 if due else idle + 1

        await asyncio.gather(*(tick(storage) for storage in processes))
        assert len(nudged) == len(set(nudged)) == count

    async def test_of_two_that_finish_one_row_one_rolls_back(self, processes: list[Storage]) -> None:
        [item_id] = await put(processes[0], event("a"))
        assert item_id

        async def finish(storage: Storage, name: str) -> bool:
            try:
                async with storage.write() as uow:
                    uow.inbox.finish([InboxResult(item_id=item_id, disposition=Disposition.TICKETED)], now=NOW)
                    uow.state.set(name, True)
                    await uow.commit()
            except Conflict:
                return False
            return True

        assert sorted(await asyncio.gather(*(finish(storage, str(place)) for place, storage in enumerate(processes)))) == [False] * 3 + [
            True
        ]
        async with processes[0].read() as uow:
            assert [await uow.state.get(str(place)) for place in range(CLAIMERS)].count(True) == 1


class TestFirstComeFirstServed:
    async def test_one_address_makes_one_person(self, processes: list[Storage]) -> None:
        addresses = [Address(channel="mail", value="new@shop.example"), Address(channel="phone", value="+380440000000")]

        async def meet(storage: Storage, name: str) -> int:
            async with storage.write() as uow:
                contact = await uow.people.add_contact(name=name, client_id=None, language="uk", addresses=addresses)
                await asyncio.sleep(0.01)
                await uow.commit()
            return contact.id

        found = await asyncio.gather(*(meet(storage, f"{place}") for place, storage in enumerate(processes * 5)))
        assert len(set(found)) == 1
        async with processes[0].read() as uow:
            contact = await uow.people.contact(found[0])
            assert contact is not None
            assert contact.addresses == tuple(addresses)
            assert [await uow.people.contact(other) for other in range(1, 40) if other != found[0]] == [None] * 38

    async def test_one_event_is_stored_once(self, processes: list[Storage]) -> None:
        events = [event(str(number), conversation=str(number)) for number in range(30)]
        outcomes = await asyncio.gather(*(put(storage, *events) for storage in processes))
        for of_one_event in zip(*outcomes, strict=True):
            assert sum(given is not None for given in of_one_event) == 1

    async def test_one_token_opens_one_door(self, processes: list[Storage]) -> None:
        async with processes[0].write() as uow:
            await uow.state.put_token(digest="d", purpose="login", subject="contact:1", expires_at=NOW + MINUTE)
            await uow.commit()

        async def use(storage: Storage) -> bool:
            async with storage.write() as uow:
                found = await uow.state.use_token(digest="d", purpose="login", now=NOW)
                await asyncio.sleep(0.01)
                await uow.commit()
            return found is not None

        assert (await asyncio.gather(*(use(storage) for storage in processes))).count(True) == 1

    async def test_one_lease_has_one_owner(self, processes: list[Storage]) -> None:
        async def lead(storage: Storage, name: str) -> bool:
            async with storage.write() as uow:
                is_mine = await uow.state.take_lease("poller", owner=name, now=NOW, until=NOW + MINUTE)
                await uow.commit()
            return is_mine

        assert (await asyncio.gather(*(lead(storage, str(place)) for place, storage in enumerate(processes)))).count(True) == 1


async def test_opposite_locks_are_told_apart_instead_of_hanging(pg_url: str) -> None:
    """A deadlock is somebody's turn to try again (Transient), never a wait without end."""
    storage = await open_storage(pg_url)
    async with storage.write() as uow:
        contact = await person(uow)
        await uow.commit()
    await open_tickets(storage, contact, 2)
    both = asyncio.Barrier(2)

    async def hold(first: int, second: int) -> bool:
        try:
            async with storage.write() as uow:
                await uow.tickets.get(first)
                await both.wait()
                await uow.tickets.get(second)
                await uow.commit()
        except Transient:
            return False
        return True

    assert sorted(await asyncio.gather(hold(1, 2), hold(2, 1))) == [False, True]
    await storage.close()
