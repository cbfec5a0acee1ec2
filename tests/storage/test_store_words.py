"""Words that are corrected, taken back or sent in parts; answers under names; the desk in numbers: on every store."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from bot.model import (
    Actor,
    CannedAnswer,
    ClockState,
    Contact,
    DeliveryState,
    Message,
    MessageKind,
    Outcome,
    Priority,
    Revision,
    TimeEntry,
    WorkKind,
)
from bot.ports import QueueFilter, Standing, Storage
from tests.storage.making import CHAT, DAY, HOUR, MAIL, MINUTE, NOW, clock, delivery, open_tickets

LEASE = timedelta(minutes=1)


async def claim(store: Storage, *, now=NOW, limit: int = 10):
    async with store.write() as uow:
        rows = await uow.outbox.claim(now=now, limit=limit, lease=LEASE, channels=["telegram", "mail"])
        await uow.commit()
    return rows


async def withdraw(store: Storage, key: str = "word:1") -> bool:
    async with store.write() as uow:
        taken = await uow.outbox.withdraw(CHAT, key)
        await uow.commit()
    return taken


async def test_a_word_that_waits_is_taken_back_once(store: Storage) -> None:
    async with store.write() as uow:
        uow.outbox.add(delivery("a", edit_key="word:1", not_before_at=NOW + MINUTE))
        uow.outbox.add(delivery("b", edit_key="word:1", route=MAIL))
        await uow.commit()
    assert [row.key for row in await claim(store)] == ["b"]
    assert await withdraw(store)
    assert not await withdraw(store)
    assert "a" not in [row.key for row in await claim(store, now=NOW + HOUR)]


async def test_a_word_that_went_out_or_may_have_cannot_be_taken_back(store: Storage) -> None:
    async with store.write() as uow:
        uow.outbox.add(delivery("a", edit_key="word:1"))
        await uow.commit()
    [row] = await claim(store)
    assert not await withdraw(store)
    async with store.write() as uow:
        uow.outbox.unsure(row.id, until=NOW + MINUTE, error="?")
        await uow.commit()
    assert not await withdraw(store)


async def test_a_long_word_goes_on_behind_the_parts_that_went_out(store: Storage) -> None:
    async with store.write() as uow:
        uow.outbox.add(delivery("a", edit_key="word:1"))
        await uow.commit()
    [row] = await claim(store)
    assert row.progress == ()
    async with store.write() as uow:
        uow.outbox.part_sent(row.id, progress=["7", "8"])
        await uow.commit()
    async with store.write() as uow:
        uow.outbox.postpone(row.id, until=NOW + MINUTE, error="429")
        await uow.commit()
    assert not await withdraw(store)
    [again] = await claim(store, now=NOW + MINUTE)
    assert (again.progress, again.state) == (("7", "8"), DeliveryState.SENDING)


async def test_what_was_never_shown_is_found_and_superseded(store: Storage) -> None:
    async with store.write() as uow:
        for number in range(1, 6):
            uow.outbox.add(delivery(f"card{number}", kind="card", edit_key=f"card:{number}", urgency=1 if number == 4 else 3))
        uow.outbox.add(delivery("word", kind="client_word"))
        await uow.commit()
    [row] = await claim(store)
    async with store.write() as uow:
        uow.outbox.sent(row.id, external_id="70", now=NOW)
        uow.outbox.add(delivery("card4v2", kind="card", edit_key="card:4", urgency=6))
        await uow.commit()
    async with store.read() as uow:
        found = await uow.outbox.unshown(CHAT, kind="card", limit=3)
    assert [each.key for each in found] == ["card1", "card2", "card3"]
    async with store.write() as uow:
        uow.outbox.supersede([each.id for each in found])
        await uow.commit()
    async with store.read() as uow:
        assert [each.key for each in await uow.outbox.unshown(CHAT, kind="card", limit=3)] == ["card5"]


async def test_a_corrected_message_keeps_what_it_said(store: Storage, iryna: Contact) -> None:
    [ticket] = await open_tickets(store, iryna)
    async with store.write() as uow:
        [number] = await uow.tickets.allocate_messages(1)
        author = Actor.contact(iryna)
        uow.tickets.add_message(Message(id=number, ticket_id=ticket.id, kind=MessageKind.ANSWER, author=author, text="перше", at=NOW))
        await uow.tickets.revise(number, text="друге", at=NOW + MINUTE)
        await uow.tickets.revise(number, text="третє", at=NOW + HOUR)
        await uow.tickets.make_note(number)
        await uow.commit()
    async with store.read() as uow:
        word = (await uow.tickets.messages(ticket.id))[-1]
        assert (word.text, word.kind) == ("третє", MessageKind.NOTE)
        assert await uow.tickets.revisions(ticket.id) == [
            Revision(message_id=number, text="перше", at=NOW + MINUTE),
            Revision(message_id=number, text="друге", at=NOW + HOUR),
        ]


async def test_answers_have_names_that_spelling_does_not_change(store: Storage) -> None:
    async with store.write() as uow:
        first = await uow.canned.put(name="Оплата", text="Рахунок №{number}", by="Тарас", at=NOW)
        await uow.canned.put(name="вітання", text="Вітаємо!", by="Тарас", at=NOW)
        again = await uow.canned.put(name=" оплата ", text="інше", by="Олена", at=NOW + HOUR)
        await uow.commit()
    assert again == CannedAnswer(id=first.id, name="оплата", text="інше", changed_by="Олена", changed_at=NOW + HOUR)
    async with store.write() as uow:
        assert [each.name for each in await uow.canned.all()] == ["вітання", "оплата"]
        assert await uow.canned.named("ОПЛАТА") == again
        assert await uow.canned.get(first.id) == again
        assert await uow.canned.remove(first.id)
        assert not await uow.canned.remove(first.id)
        assert await uow.canned.named("оплата") is None


async def test_time_is_taken_back_once(store: Storage, iryna: Contact) -> None:
    [ticket] = await open_tickets(store, iryna)
    async with store.write() as uow:
        agent = await uow.people.add_agent(name="Олена", role="agent")
        for at in (NOW, NOW + MINUTE):
            uow.tickets.add_time(TimeEntry(ticket_id=ticket.id, agent_id=agent.id, kind=WorkKind.OTHER, spent=HOUR, at=at))
        await uow.commit()
    async with store.write() as uow:
        assert await uow.tickets.remove_time(ticket.id, agent_id=agent.id, at=NOW)
        assert not await uow.tickets.remove_time(ticket.id, agent_id=agent.id, at=NOW)
        await uow.commit()
    async with store.read() as uow:
        assert [each.at for each in await uow.tickets.time_entries(ticket.id)] == [NOW + MINUTE]


async def test_the_desk_in_numbers_and_the_filters_of_its_queue(store: Storage, iryna: Contact) -> None:
    first, second, third, fourth = await open_tickets(store, iryna, 4)
    async with store.write() as uow:
        agent = await uow.people.add_agent(name="Олена", role="agent")
        for number, due in ((first.id, NOW - MINUTE), (second.id, NOW + HOUR), (third.id, NOW + DAY)):
            uow.clocks.add(clock(number, due_at=due, state=ClockState.RUNNING))
        known = {ticket.id: ticket for ticket in await uow.tickets.get_many([first.id, second.id, third.id, fourth.id])}
        uow.tickets.save(replace(known[second.id], assignee_id=agent.id, priority=Priority.URGENT))
        uow.tickets.save(replace(known[third.id], cause_id=first.id))
        uow.tickets.save(replace(known[fourth.id], closed_at=NOW, outcome=Outcome.SOLVED, cause_id=first.id))
        await uow.commit()
    async with store.read() as uow:
        assert await uow.tickets.standing(now=NOW, since=NOW) == Standing(open=3, nobodys=2, urgent=1, overdue=1, opened=4, closed=1)
        assert dict(await uow.tickets.open_by_agent()) == {None: 2, agent.id: 1}
        assert [each.id for each in await uow.tickets.of_cause(first.id)] == [third.id, fourth.id]

        async def queue(only: QueueFilter) -> list[int]:
            return [row.ticket.id for row in await uow.tickets.queue(limit=9, only=only, now=NOW)]

        assert await queue(QueueFilter.NOBODYS) == [first.id, third.id]
        assert await queue(QueueFilter.URGENT) == [second.id]
        assert await queue(QueueFilter.OVERDUE) == [first.id]
