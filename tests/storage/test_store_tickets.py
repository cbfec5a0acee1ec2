"""Tickets, links, lists and clocks, on every store."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import timedelta

import pytest

from bot.errors import Conflict
from bot.model import (
    Actor,
    ActorKind,
    Attachment,
    Category,
    ClockKind,
    ClockState,
    Contact,
    Event,
    Link,
    Message,
    MessageKind,
    Outcome,
    Priority,
    ReasonState,
    Route,
    Team,
    Ticket,
    TicketClock,
    TimeEntry,
    Turn,
    UrgencyReason,
    WorkKind,
)
from bot.ports import Storage
from tests.storage.making import CHAT, DAY, HOUR, MINUTE, NOW, SECOND, clock, open_tickets, person, ticket


def numbers(tickets: list[Ticket]) -> list[int]:
    return [each.id for each in tickets]


class TestTickets:
    async def test_every_field_comes_back(self, store: Storage, iryna: Contact) -> None:
        async with store.write() as uow:
            client = await uow.people.add_client(name="Крамниця")
            agent = await uow.people.add_agent(name="Олена", role="agent")
            [first, second] = await uow.tickets.allocate(2)
            uow.tickets.add(ticket(first, iryna))
            full = Ticket(
                id=second,
                title="Не друкує чек 🧾",
                contact_id=iryna.id,
                received_at=NOW - MINUTE,
                created_at=NOW + timedelta(microseconds=1),
                channel="mail",
                route=CHAT,
                client_id=client.id,
                priority=Priority.URGENT,
                is_priority_guessed=False,
                category=Category.CHANGE_REQUEST,
                is_category_guessed=False,
                reason=UrgencyReason.MOST_USERS,
                reason_state=ReasonState.GIVEN,
                reason_guess=UrgencyReason.OPERATIONAL_WORK,
                turn=Turn.CLIENT_APPROVAL,
                team=Team.DEVELOPMENT,
                assignee_id=agent.id,
                origin_id=12,
                spans=((0, 5), (9, 20)),
                cause_id=first,
                merged_into_id=first,
                is_private=True,
                is_call_back=True,
                snoozed_until_at=NOW + HOUR,
                last_word_at=NOW,
                client_reminded_at=NOW + HOUR,
                closed_at=NOW + DAY,
                outcome=Outcome.SOLVED,
                result="Перезавантажили",
                version=4,
            )
            plain = ticket(0, iryna)
            assert [
                each.name for each in fields(full) if each.default is not None and getattr(full, each.name) == getattr(plain, each.name)
            ] == ["contact_id"]
            uow.tickets.add(full)
            await uow.commit()
        async with store.write() as uow:
            assert await uow.tickets.get(second) == full
            uow.tickets.save(replace(full, route=None, reason=None, outcome=None, closed_at=None, client_id=None, spans=()))
            await uow.commit()
        async with store.read() as uow:
            emptied = replace(full, route=None, reason=None, outcome=None, closed_at=None, client_id=None, spans=(), version=5)
            assert await uow.tickets.get(second) == emptied

    async def test_numbers_ascend_and_are_not_given_twice(self, store: Storage, iryna: Contact) -> None:
        async with store.write() as uow:
            given = await uow.tickets.allocate(2) + await uow.tickets.allocate(3)
            words = await uow.tickets.allocate_messages(2) + await uow.tickets.allocate_messages(1)
            for number in given:
                uow.tickets.add(ticket(number, iryna))
            await uow.commit()
        assert given == [1, 2, 3, 4, 5]
        assert words == [1, 2, 3]
        async with store.write() as uow:
            assert (await uow.tickets.allocate(1))[0] > 5

    async def test_get_many_keeps_the_order_and_skips_what_is_not_there(self, store: Storage, iryna: Contact) -> None:
        opened = await open_tickets(store, iryna, 3)
        async with store.write() as uow:
            assert numbers(await uow.tickets.get_many([3, 99, 1])) == [3, 1]
            uow.tickets.save(replace(opened[1], title="new"))
            assert [each.title for each in await uow.tickets.get_many([2, 3])] == ["new", "Ticket 3"]
            assert await uow.tickets.get(99) is None

    async def test_words_history_and_time_come_back_in_order(self, store: Storage, iryna: Contact) -> None:
        [opened] = await open_tickets(store, iryna)
        actor = Actor(kind=ActorKind.AGENT, id=3, name="Олена")
        async with store.write() as uow:
            agent = await uow.people.add_agent(name="Олена", role="agent")
            one, two = await uow.tickets.allocate_messages(2)
            message = Message(
                id=one,
                ticket_id=opened.id,
                kind=MessageKind.INBOUND,
                author=actor,
                text="Привіт\r\n\tNUL next:",
                at=NOW,
                channel="mail",
                quoted="> so",
                attachments=(
                    Attachment(name="скан.pdf", content_type="application/pdf", size=5, kind="document", ref="sha256:00", duration=4),
                ),
                inbox_id=17,
                letter={"subject": "Каса", "message_id": "<q1@shop.example>", "references": ["<q0@shop.example>"]},
            )
            event = Event(
                ticket_id=opened.id, kind="opened", actor=actor, at=NOW, because="a question", data={"spans": [[0, 3]], "ї": None}
            )
            entry = TimeEntry(ticket_id=opened.id, agent_id=agent.id, kind=WorkKind.TRAINING, spent=90 * SECOND, at=NOW, comment="навчання")
            for word in (message, replace(message, id=two, kind=MessageKind.NOTE, attachments=(), inbox_id=None)):
                uow.tickets.add_message(word)
            for kind in ("opened", "noted"):
                uow.tickets.add_event(replace(event, kind=kind))
            uow.tickets.add_time(entry)
            await uow.commit()
        async with store.read() as uow:
            assert await uow.tickets.messages(opened.id) == [
                message,
                replace(message, id=two, kind=MessageKind.NOTE, attachments=(), inbox_id=None),
            ]
            assert await uow.tickets.events(opened.id) == [event, replace(event, kind="noted")]
            assert await uow.tickets.time_entries(opened.id) == [entry]

    async def test_no_text_is_refused(self, store: Storage, iryna: Contact) -> None:
        text = "lone \ud83d nul \0 bell \a rtl \u202e " + "довгий " * 20_000
        async with store.write() as uow:
            [number] = await uow.tickets.allocate(1)
            uow.tickets.add(ticket(number, iryna, title="\ud83d"))
            author = Actor(kind=ActorKind.CONTACT, id=iryna.id, name="\0")
            uow.tickets.add_message(Message(id=1, ticket_id=number, kind=MessageKind.INBOUND, author=author, text=text, at=NOW))
            uow.tickets.add_event(Event(ticket_id=number, kind="x", actor=author, at=NOW, data={"title": "\ud83d\0"}))
            await uow.commit()
        async with store.read() as uow:
            [word] = await uow.tickets.messages(number)
            [event] = await uow.tickets.events(number)
        assert len(word.text) == len(text)
        assert word.text[-100:] == text[-100:]
        assert event.data == {"title": "\ud83d\0"}


class TestLinks:
    async def test_links_are_found_in_the_order_asked_for(self, store: Storage, iryna: Contact) -> None:
        await open_tickets(store, iryna, 3)
        rows = [
            ("mail", "", "<b>", 3),
            ("mail", "", "<b>", 1),
            ("mail", "", "<a>", 2),
            ("telegram", "501", "<a>", 1),
            ("telegram", "777", "5", 1),
        ]
        async with store.write() as uow:
            for channel, conversation, external_id, number in rows:
                uow.tickets.add_link(
                    Link(channel=channel, conversation=conversation, external_id=external_id, ticket_id=number, kind="inbound")
                )
            found = await uow.tickets.find_links("mail", "", ["<a>", "<x>", "<b>"])
            assert [(link.external_id, link.ticket_id) for link in found] == [("<a>", 2), ("<b>", 1), ("<b>", 3)]
            await uow.commit()
        async with store.read() as uow:
            assert await uow.tickets.find_links("mail", "", ["<a>", "<x>", "<b>"]) == found
            assert [link.ticket_id for link in await uow.tickets.find_links("telegram", "777", ["5"])] == [1]
            assert await uow.tickets.find_links("telegram", "501", ["5"]) == []
            assert await uow.tickets.find_links("telegram", "501", []) == []

    async def test_twice_is_once(self, store: Storage, iryna: Contact) -> None:
        [opened] = await open_tickets(store, iryna)
        link = Link(channel="mail", conversation="", external_id="<a>", ticket_id=opened.id, kind="inbound", message_id=4)
        for _ in range(2):
            async with store.write() as uow:
                uow.tickets.add_link(link)
                uow.tickets.add_link(replace(link, kind="receipt"))
                await uow.commit()
        async with store.read() as uow:
            assert await uow.tickets.find_links("mail", "", ["<a>"]) == [link]


class TestLists:
    async def test_siblings_and_open_tickets_of_a_person(self, store: Storage, iryna: Contact) -> None:
        await open_tickets(store, iryna, 2, origin_id=5)
        await open_tickets(store, iryna, 1, closed_at=NOW)
        await open_tickets(store, iryna, 1)
        async with store.write() as uow:
            petro = await person(uow, "502")
            await uow.commit()
        await open_tickets(store, petro, 1)
        async with store.read() as uow:
            assert numbers(await uow.tickets.siblings(5)) == [1, 2]
            assert numbers(await uow.tickets.open_for_contact(iryna.id)) == [4, 2, 1]
            assert numbers(await uow.tickets.open_for_contact(iryna.id, limit=1)) == [4]
            assert await uow.tickets.open_count() == 4

    async def test_walking_by_inbound_messages_gives_each_whole_and_once(self, store: Storage, iryna: Contact) -> None:
        await open_tickets(store, iryna, 2, origin_id=5)
        await open_tickets(store, iryna, 1)
        await open_tickets(store, iryna, 1, origin_id=3)
        await open_tickets(store, iryna, 3, origin_id=9)
        async with store.read() as uow:
            assert numbers(await uow.tickets.of_origins(after=0, limit=2)) == [4, 1, 2]
            assert numbers(await uow.tickets.of_origins(after=5, limit=2)) == [5, 6, 7]
            assert await uow.tickets.of_origins(after=9, limit=2) == []

    async def test_lists_know_what_the_same_unit_of_work_has_just_changed(self, store: Storage, iryna: Contact) -> None:
        async with store.write() as uow:
            petro = await person(uow, "502")
            uow.tickets.add(ticket(1, iryna, origin_id=5))
            uow.tickets.add(ticket(2, petro))
            assert numbers(await uow.tickets.open_for_contact(iryna.id)) == [1]
            uow.tickets.add(ticket(3, iryna, origin_id=5))
            assert numbers(await uow.tickets.open_for_contact(petro.id)) == [2]
            assert numbers(await uow.tickets.open_for_contact(iryna.id)) == [3, 1]
            uow.tickets.save(replace(ticket(3, iryna), contact_id=petro.id))
            assert numbers(await uow.tickets.open_for_contact(iryna.id)) == [1]
            assert numbers(await uow.tickets.open_for_contact(petro.id)) == [3, 2]
            uow.tickets.save(replace(ticket(1, iryna, origin_id=5), closed_at=NOW))
            assert await uow.tickets.open_for_contact(iryna.id) == []
            assert numbers(await uow.tickets.siblings(5)) == [1]

    async def test_a_company_sees_its_tickets_but_for_private_ones(self, store: Storage) -> None:
        async with store.write() as uow:
            shop = await uow.people.add_client(name="Shop")
            mill = await uow.people.add_client(name="Mill")
            iryna = await person(uow, "1", client_id=shop.id)
            ivan = await person(uow, "2", client_id=shop.id)
            boss = await person(uow, "3", client_id=shop.id)
            boss = replace(boss, is_private=True)
            await uow.people.save_contact(boss)
            petro = await person(uow, "4", client_id=mill.id)
            stranger = await person(uow, "5")
            for number, (contact, more) in enumerate(
                [
                    (iryna, {}),
                    (ivan, {}),
                    (ivan, {"is_private": True}),
                    (boss, {}),
                    (petro, {}),
                    (stranger, {}),
                    (iryna, {"closed_at": NOW}),
                    (ivan, {"closed_at": NOW}),
                    (iryna, {"is_private": True}),
                ],
                start=1,
            ):
                uow.tickets.add(ticket(number, contact, client_id=contact.client_id, **more))
            await uow.commit()
        async with store.read() as uow:

            async def seen(contact: Contact, *, include_closed: bool = True, limit: int = 99, before_id: int | None = None) -> list[int]:
                return numbers(await uow.tickets.visible_to(contact, include_closed=include_closed, limit=limit, before_id=before_id))

            assert await seen(iryna) == [9, 8, 7, 2, 1]
            assert await seen(iryna, include_closed=False) == [9, 2, 1]
            assert await seen(iryna, limit=2) == [9, 8]
            assert await seen(iryna, limit=2, before_id=8) == [7, 2]
            assert await seen(boss) == [8, 7, 4, 2, 1]
            assert await seen(petro) == [5]
            assert await seen(stranger) == [6]

    async def test_the_queue_goes_by_nearest_deadline(self, store: Storage) -> None:
        async with store.write() as uow:
            shop = await uow.people.add_client(name="Shop")
            olena = await uow.people.add_agent(name="Олена", role="agent")
            iryna = await person(uow, client_id=shop.id)
            stranger = await person(uow, "5", name="Хтось")
            for number in range(1, 8):
                who = stranger if number == 5 else iryna
                more = {"assignee_id": olena.id} if number in (3, 5) else {}
                more |= {"team": Team.DEVELOPMENT} if number == 4 else {}
                more |= {"closed_at": NOW} if number == 7 else {}
                uow.tickets.add(ticket(number, who, client_id=who.client_id, **more))
            for number, due, state in (
                (2, 3, "running"),
                (3, 1, "running"),
                (3, 2, "running"),
                (4, 2, "running"),
                (6, 0, "met"),
                (7, 0, "running"),
            ):
                kind = ClockKind.SOLUTION if due == 2 and number == 3 else ClockKind.REACTION
                uow.clocks.add(clock(number, due_at=NOW + due * HOUR, state=ClockState(state), kind=kind))
            rows = await uow.tickets.queue(limit=9)
            await uow.commit()
        assert [(row.ticket.id, row.clock and row.clock.due_at) for row in rows] == [
            (3, NOW + HOUR),
            (4, NOW + 2 * HOUR),
            (2, NOW + 3 * HOUR),
            (1, None),
            (5, None),
            (6, None),
        ]
        assert [(row.client_name, row.contact_name, row.assignee_name) for row in rows if row.ticket.id in (3, 5)] == [
            ("Shop", "Person 501", "Олена"),
            ("", "Хтось", "Олена"),
        ]
        async with store.read() as uow:
            assert await uow.tickets.queue(limit=9) == rows
            assert await uow.tickets.queue(limit=4) == rows[:4]
            assert [row.ticket.id for row in await uow.tickets.queue(limit=9, assignee_id=olena.id)] == [3, 5]
            assert [row.ticket.id for row in await uow.tickets.queue(limit=9, team="development")] == [4]
            assert [row.ticket.id for row in await uow.tickets.queue(limit=2, team="desk")] == [3, 2]

    async def test_tickets_that_wait_for_the_client(self, store: Storage, iryna: Contact) -> None:
        await open_tickets(store, iryna, 1, turn=Turn.CLIENT_APPROVAL, last_word_at=NOW - DAY)
        await open_tickets(store, iryna, 1, turn=Turn.CLIENT_CLARIFICATION, last_word_at=NOW - 2 * DAY)
        await open_tickets(store, iryna, 1, turn=Turn.CLIENT_CLARIFICATION, last_word_at=NOW)
        await open_tickets(store, iryna, 1, turn=Turn.STAFF, last_word_at=NOW - 2 * DAY)
        await open_tickets(store, iryna, 1, turn=Turn.CLIENT_APPROVAL, last_word_at=NOW - 2 * DAY, closed_at=NOW)
        async with store.read() as uow:
            assert numbers(await uow.tickets.awaiting_client(before=NOW, limit=9)) == [2, 1]
            assert numbers(await uow.tickets.awaiting_client(before=NOW, limit=1)) == [2]
            assert await uow.tickets.reminded_clients(before=NOW + DAY, limit=9) == []

    async def test_clients_who_were_reminded_wait_in_a_list_of_their_own(self, store: Storage, iryna: Contact) -> None:
        route = Route(channel="telegram", recipient="501")
        waits = {"turn": Turn.CLIENT_APPROVAL, "last_word_at": NOW - 2 * DAY, "route": route}
        await open_tickets(store, iryna, 1, **waits, client_reminded_at=NOW - HOUR)
        await open_tickets(store, iryna, 1, **waits, client_reminded_at=NOW - DAY)
        await open_tickets(store, iryna, 1, **waits, client_reminded_at=NOW - 3 * DAY)
        await open_tickets(store, iryna, 1, **waits, client_reminded_at=NOW - 2 * DAY)
        await open_tickets(store, iryna, 1, **waits, client_reminded_at=NOW - DAY, team=Team.DEVELOPMENT)
        await open_tickets(store, iryna, 1, **waits, team=Team.DEVELOPMENT)
        await open_tickets(store, iryna, 1, **waits, client_reminded_at=NOW - DAY, closed_at=NOW)
        await open_tickets(store, iryna, 1, **waits | {"turn": Turn.STAFF}, client_reminded_at=NOW - DAY)
        await open_tickets(store, iryna, 1, **waits | {"route": None}, client_reminded_at=NOW - DAY)
        async with store.read() as uow:
            assert numbers(await uow.tickets.awaiting_client(before=NOW, limit=9)) == [3]
            assert numbers(await uow.tickets.reminded_clients(before=NOW, limit=9)) == [4, 2, 1]
            assert numbers(await uow.tickets.reminded_clients(before=NOW - HOUR, limit=9)) == [4, 2]
            assert numbers(await uow.tickets.reminded_clients(before=NOW, limit=1)) == [4]


class TestClocks:
    async def test_every_field_comes_back_and_ids_are_given(self, store: Storage, iryna: Contact) -> None:
        [opened] = await open_tickets(store, iryna)
        full = TicketClock(
            id=0,
            ticket_id=opened.id,
            kind=ClockKind.SOLUTION,
            priority=Priority.HIGH,
            calendar="weekdays",
            target=timedelta(hours=3, microseconds=7),
            started_at=NOW,
            due_at=NOW + HOUR,
            ordinal=2,
            state=ClockState.CLAIMED,
            generation=3,
            step=4,
            next_nudge_at=NOW + MINUTE,
            met_at=NOW,
            breached_at=NOW + SECOND,
        )
        async with store.write() as uow:
            uow.clocks.add(clock(opened.id))
            uow.clocks.add(full)
            first, second = await uow.clocks.of_ticket(opened.id)
            assert 0 < first.id < second.id
            assert replace(second, id=0) == full
            uow.clocks.save(replace(first, state=ClockState.MET, met_at=NOW, next_nudge_at=None, generation=2))
            assert (await uow.clocks.of_ticket(opened.id))[0].generation == 2
            await uow.commit()
        async with store.read() as uow:
            [met, same] = await uow.clocks.of_ticket(opened.id)
            assert (met.state, met.met_at, met.generation, same) == (ClockState.MET, NOW, 2, second)

    async def test_one_promise_is_made_once(self, store: Storage, iryna: Contact) -> None:
        [opened] = await open_tickets(store, iryna)

        async def twice() -> None:
            async with store.write() as uow:
                uow.clocks.add(clock(opened.id))
                uow.clocks.add(clock(opened.id))
                await uow.commit()

        with pytest.raises(Conflict):
            await twice()

    async def test_due_clocks_earliest_first(self, store: Storage, iryna: Contact) -> None:
        await open_tickets(store, iryna, 5)
        async with store.write() as uow:
            for number, minutes, state in ((1, 5, "running"), (2, 2, "claimed"), (3, 0, "running"), (4, 1, "met"), (5, 6, "running")):
                uow.clocks.add(clock(number, next_nudge_at=NOW + minutes * MINUTE, state=ClockState(state)))
            uow.clocks.add(clock(5, ordinal=2))
            await uow.commit()
        async with store.write() as uow:
            due = await uow.clocks.claim_due(now=NOW + 5 * MINUTE, limit=9)
            assert [each.ticket_id for each in due] == [3, 2, 1]
            assert [each.ticket_id for each in await uow.clocks.claim_due(now=NOW + 5 * MINUTE, limit=1)] == [3]
            uow.clocks.save(replace(due[0], next_nudge_at=None, step=1))
            await uow.commit()
        async with store.write() as uow:
            assert [each.ticket_id for each in await uow.clocks.claim_due(now=NOW + 5 * MINUTE, limit=9)] == [2, 1]

    async def test_running_clocks_in_chunks(self, store: Storage, iryna: Contact) -> None:
        await open_tickets(store, iryna, 5)
        async with store.write() as uow:
            for number, state in ((1, "running"), (2, "claimed"), (3, "met"), (4, "cancelled"), (5, "running")):
                uow.clocks.add(clock(number, state=ClockState(state)))
            await uow.commit()
        async with store.read() as uow:
            chunk = await uow.clocks.running(after_id=0, limit=2)
            assert [each.ticket_id for each in chunk] == [1, 2]
            assert [each.ticket_id for each in await uow.clocks.running(after_id=chunk[-1].id, limit=2)] == [5]
