"""The verbs of the desk, on the in-memory store."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.desk import Draft
from bot.errors import Conflict, NotFound, Rejected
from bot.lamps import client_lamp
from bot.model import (
    Actor,
    Address,
    Category,
    ClockKind,
    ClockState,
    Lamp,
    Outcome,
    Priority,
    ReasonState,
    Team,
    ThreadEvidence,
    Turn,
    UrgencyReason,
    WorkKind,
)
from bot.storage.memory import MemoryStorage
from tests.builders import TUESDAY, World, build_world

PRINTER = "Не друкує принтер на складі, видає помилку 5."
URGENT = "Терміново! Каса не пробиває чеки, черга людей стоїть."


@pytest.fixture
async def world() -> World:
    return await build_world(MemoryStorage())


async def test_a_message_becomes_a_ticket_with_a_running_clock_a_receipt_and_a_card(world: World) -> None:
    [number] = await world.accept(PRINTER)
    async with world.storage.read() as uow:
        ticket = await uow.tickets.get(number)
        [clock] = await uow.clocks.of_ticket(number)
        [event] = await uow.tickets.events(number)
    assert ticket is not None
    assert (ticket.client_id, ticket.turn, ticket.priority) == (world.shop.id, Turn.STAFF, Priority.MEDIUM)
    assert (clock.kind, clock.state, clock.due_at) == (ClockKind.REACTION, ClockState.RUNNING, TUESDAY + timedelta(hours=24))
    assert event.kind == "opened"
    assert [row.kind for row in await world.told()] == ["card", "receipt"]


async def test_an_urgent_claim_starts_the_hour_at_once_and_asks_for_the_reason(world: World) -> None:
    [number] = await world.accept(URGENT)
    async with world.storage.read() as uow:
        ticket = await uow.tickets.get(number)
        [clock] = await uow.clocks.of_ticket(number)
    assert ticket is not None
    assert (ticket.priority, ticket.reason, ticket.reason_state) == (Priority.URGENT, None, ReasonState.ASKED)
    assert clock.due_at == TUESDAY + timedelta(hours=1)
    [question] = await world.told("urgency_question")
    assert sorted(question.body["order"]) == [1, 2, 3]


async def test_none_of_these_makes_it_high_with_a_day_from_receipt_and_says_so(world: World) -> None:
    [number] = await world.accept(URGENT)
    world.clock.advance(timedelta(minutes=20))
    for _ in range(2):
        async with world.storage.write() as uow:
            await world.desk.set_reason(uow, number, None, Actor.contact(world.iryna))
            await uow.commit()
    async with world.storage.read() as uow:
        ticket = await uow.tickets.get(number)
        [clock] = await uow.clocks.of_ticket(number)
    assert ticket is not None
    assert (ticket.priority, ticket.reason_state) == (Priority.HIGH, ReasonState.NONE_OF_THESE)
    assert clock.due_at == TUESDAY + timedelta(hours=24)
    assert len(await world.told("priority_changed")) == 1


async def test_a_reason_is_kept_with_who_gave_it(world: World) -> None:
    [number] = await world.accept(URGENT)
    async with world.storage.write() as uow:
        ticket = await world.desk.set_reason(uow, number, UrgencyReason.OPERATIONAL_WORK, Actor.contact(world.iryna))
        await uow.commit()
    assert (ticket.reason, ticket.reason_state, ticket.priority) == (
        UrgencyReason.OPERATIONAL_WORK,
        ReasonState.GIVEN,
        Priority.URGENT,
    )


async def test_a_claim_tells_the_client_meets_the_reaction_and_moves_no_lamp(world: World) -> None:
    [number] = await world.accept(PRINTER)
    world.clock.advance(timedelta(minutes=5))
    async with world.storage.write() as uow:
        ticket = await world.desk.claim(uow, number, world.olena)
        await uow.commit()
    async with world.storage.read() as uow:
        [clock] = await uow.clocks.of_ticket(number)
    assert (clock.state, clock.met_at) == (ClockState.CLAIMED, world.clock.now())
    assert client_lamp(ticket, viewer_contact_id=world.iryna.id) is Lamp.GREEN
    [told] = await world.told("claimed")
    assert told.body["agent"] == "Олена"


async def test_claiming_twice_tells_once_and_a_colleague_is_told_who_has_it(world: World) -> None:
    [number] = await world.accept(PRINTER)
    for _ in range(2):
        async with world.storage.write() as uow:
            await world.desk.claim(uow, number, world.olena)
            await uow.commit()
    assert len(await world.told("claimed")) == 1
    async with world.storage.write() as uow:
        with pytest.raises(Conflict, match="Олена"):
            await world.desk.claim(uow, number, world.taras)


async def test_an_answer_meets_the_clock_turns_the_lamp_and_an_answer_back_starts_the_next(world: World) -> None:
    [number] = await world.accept(PRINTER)
    async with world.storage.write() as uow:
        await world.desk.reply(uow, number, world.olena, "Перезавантажте, будь ласка, принтер.")
        await uow.commit()
    async with world.storage.read() as uow:
        ticket = await uow.tickets.get(number)
    assert ticket is not None
    assert (ticket.turn, ticket.assignee_id) == (Turn.CLIENT_APPROVAL, world.olena.id)
    assert client_lamp(ticket, viewer_contact_id=world.iryna.id) is Lamp.RED
    assert client_lamp(ticket, viewer_contact_id=999) is Lamp.YELLOW
    world.clock.advance(timedelta(hours=1))
    await _answer(world, number, "Перезавантажила, все одно видає помилку 5")
    async with world.storage.read() as uow:
        clocks = await uow.clocks.of_ticket(number)
    assert [(c.kind, c.state) for c in clocks] == [
        (ClockKind.REACTION, ClockState.MET),
        (ClockKind.NEXT_ANSWER, ClockState.RUNNING),
    ]
    assert clocks[1].started_at == world.clock.now()


async def _answer(world: World, number: int, text: str) -> list[int]:
    return await world.accept(text, evidence=ThreadEvidence(chosen_ticket_id=number))


async def test_a_second_message_of_the_client_moves_no_deadline(world: World) -> None:
    [number] = await world.accept(PRINTER)
    world.clock.advance(timedelta(hours=2))
    await _answer(world, number, "Помилка 5 з'являється ще й на другому аркуші")
    async with world.storage.read() as uow:
        [clock] = await uow.clocks.of_ticket(number)
    assert clock.due_at == TUESDAY + timedelta(hours=24)


async def test_thanks_neither_reopens_nor_moves_the_lamp(world: World) -> None:
    [number] = await world.accept(PRINTER)
    async with world.storage.write() as uow:
        await world.desk.close(uow, number, Actor.agent(world.olena), outcome=Outcome.SOLVED, result="Замінено кабель")
        await uow.commit()
    await _answer(world, number, "Дякую!")
    async with world.storage.read() as uow:
        ticket = await uow.tickets.get(number)
    assert ticket is not None
    assert not ticket.is_open


async def test_closing_by_staff_tells_the_client_and_a_word_reopens_within_fourteen_days(world: World) -> None:
    [number] = await world.accept(PRINTER)
    async with world.storage.write() as uow:
        await world.desk.close(uow, number, Actor.agent(world.olena), outcome=Outcome.SOLVED, result="Замінено кабель")
        await uow.commit()
    [told] = await world.told("closed")
    assert (told.body["outcome"], told.body["result"]) == ("solved", "Замінено кабель")
    world.clock.advance(timedelta(days=13))
    assert (await _answer(world, number, "Знову не друкує, та сама помилка"))[0] == number
    async with world.storage.read() as uow:
        ticket = await uow.tickets.get(number)
    assert ticket is not None
    assert ticket.is_open


async def test_after_fourteen_days_a_word_is_a_new_ticket_that_points_back(world: World) -> None:
    [number] = await world.accept(PRINTER)
    async with world.storage.write() as uow:
        await world.desk.close(uow, number, Actor.contact(world.iryna), outcome=Outcome.SOLVED)
        await uow.commit()
    world.clock.advance(timedelta(days=15))
    [later] = await _answer(world, number, "Знову не друкує принтер на складі")
    assert later != number
    async with world.storage.read() as uow:
        kinds = [event.kind for event in await uow.tickets.events(later)]
    assert "follows" in kinds


async def test_a_client_closing_is_not_told_about_it_but_staff_see_the_card_change(world: World) -> None:
    [number] = await world.accept(PRINTER)
    async with world.storage.write() as uow:
        await world.desk.close(uow, number, Actor.contact(world.iryna), outcome=Outcome.NOT_RELEVANT)
        await uow.commit()
    assert await world.told("closed") == []
    [card] = await world.told("card")
    assert (card.body["ticket"]["is_open"], card.body["ticket"]["lamp"]) == (False, "grey")


async def test_another_clients_ticket_does_not_exist(world: World) -> None:
    [number] = await world.accept(PRINTER)
    async with world.storage.write() as uow:
        for verb in (
            world.desk.close(uow, number, Actor.contact(world.petro), outcome=Outcome.SOLVED),
            world.desk.reopen(uow, number, Actor.contact(world.petro)),
            world.desk.set_priority(uow, number, Priority.URGENT, Actor.contact(world.petro)),
            world.desk.set_reason(uow, number, None, Actor.contact(world.petro)),
            world.desk.merge(uow, number, [], Actor.contact(world.petro)),
        ):
            with pytest.raises(NotFound):
                await verb


async def test_lowering_needs_a_reason_that_the_client_reads(world: World) -> None:
    [number] = await world.accept(URGENT)
    async with world.storage.write() as uow:
        with pytest.raises(Rejected, match="причину"):
            await world.desk.set_priority(uow, number, Priority.MEDIUM, Actor.agent(world.taras))
        await world.desk.set_priority(uow, number, Priority.MEDIUM, Actor.agent(world.taras), because="Каса вже працює")
        await uow.commit()
    [told] = await world.told("priority_changed")
    assert told.body["because"] == "Каса вже працює"


async def test_raising_never_makes_a_ticket_that_is_born_breached(world: World) -> None:
    [number] = await world.accept(PRINTER)
    world.clock.advance(timedelta(hours=3))
    async with world.storage.write() as uow:
        await world.desk.set_priority(uow, number, Priority.URGENT, Actor.contact(world.iryna))
        await uow.commit()
    async with world.storage.read() as uow:
        [clock] = await uow.clocks.of_ticket(number)
    assert clock.due_at > world.clock.now()
    assert len(await world.told("urgency_question")) == 1


async def test_a_split_keeps_the_first_part_and_merging_gives_its_text_back(world: World) -> None:
    [number] = await world.accept("Не друкує принтер. Потрібен новий звіт по складу.", priority=Priority.LOW)
    first, second = Draft(title="Принтер", spans=((0, 18),)), Draft(title="Звіт", spans=((19, 49),))
    async with world.storage.write() as uow:
        made = await world.desk.split(uow, number, [first, second], Actor.agent(world.olena))
        await uow.commit()
    assert [facts.text for facts in made] == ["Не друкує принтер.", "Потрібен новий звіт по складу."]
    numbers = [facts.ticket.id for facts in made]
    for _ in range(2):
        async with world.storage.write() as uow:
            merged = await world.desk.merge(uow, numbers[0], numbers[1:], Actor.contact(world.iryna))
            await uow.commit()
    assert merged.spans == ((0, 18), (19, 49))
    async with world.storage.read() as uow:
        gone = await uow.tickets.get(numbers[1])
        clocks = await uow.clocks.of_ticket(numbers[1])
    assert gone is not None
    assert (gone.merged_into_id, gone.outcome) == (numbers[0], Outcome.DUPLICATE)
    assert {clock.state for clock in clocks} == {ClockState.CANCELLED}


async def test_tickets_of_different_clients_do_not_merge(world: World) -> None:
    [mine] = await world.accept(PRINTER)
    inbound_of_petro = {"sender": world.petro.addresses[0], "sender_name": "Петро", "conversation": "502"}
    [his] = await world.accept(PRINTER, **inbound_of_petro)
    async with world.storage.write() as uow:
        with pytest.raises(Rejected):
            await world.desk.merge(uow, mine, [his], Actor.agent(world.olena))


async def test_handing_over_ends_the_desks_clocks_and_makes_it_a_change_request(world: World) -> None:
    [number] = await world.accept(PRINTER)
    async with world.storage.write() as uow:
        ticket = await world.desk.hand_over(uow, number, world.olena, because="Потрібна доробка")
        await uow.commit()
    assert (ticket.team, ticket.category) == (Team.DEVELOPMENT, Category.CHANGE_REQUEST)
    async with world.storage.read() as uow:
        [clock] = await uow.clocks.of_ticket(number)
    assert clock.state is ClockState.MET
    assert len(await world.told("handed_over")) == 1


async def test_a_snooze_is_limited_and_moves_no_deadline(world: World) -> None:
    [number] = await world.accept(PRINTER)
    async with world.storage.write() as uow:
        with pytest.raises(Rejected):
            await world.desk.snooze(uow, number, world.olena, world.clock.now() + timedelta(days=30))
        await world.desk.snooze(uow, number, world.olena, world.clock.now() + timedelta(hours=2))
        await uow.commit()
    async with world.storage.read() as uow:
        [clock] = await uow.clocks.of_ticket(number)
    assert clock.due_at == TUESDAY + timedelta(hours=24)
    assert clock.next_nudge_at == TUESDAY + timedelta(hours=2)


async def test_small_changes_over_half_an_hour_warn(world: World) -> None:
    [number] = await world.accept(PRINTER)
    warned = []
    for minutes in (20, 10, 5):
        async with world.storage.write() as uow:
            spent = timedelta(minutes=minutes)
            warned.append((await world.desk.log_time(uow, number, world.olena, WorkKind.SMALL_CHANGE, spent))[1])
            await uow.commit()
    assert warned == [False, False, True]


async def test_a_note_reaches_no_client(world: World) -> None:
    [number] = await world.accept(PRINTER)
    before = await world.told(recipient="501")
    async with world.storage.write() as uow:
        await world.desk.note(uow, number, world.olena, "клієнт знов нервує")
        await uow.commit()
    assert await world.told(recipient="501") == before


async def test_a_dismissed_agent_may_do_nothing(world: World) -> None:
    [number] = await world.accept(PRINTER)
    gone = replace(world.olena, is_active=False)
    async with world.storage.write() as uow:
        with pytest.raises(Rejected, match="вимкнено"):
            await world.desk.claim(uow, number, gone)


async def test_identifying_a_person_moves_their_open_tickets(world: World) -> None:
    stranger = {"sender": Address(channel="telegram", value="777"), "sender_name": "Хтось", "conversation": "777"}
    [number] = await world.accept(PRINTER, **stranger)
    async with world.storage.write() as uow:
        ticket = await uow.tickets.get(number)
        assert ticket is not None
        assert ticket.client_id is None
        await world.desk.identify(uow, ticket.contact_id, world.mill.id, Actor.agent(world.olena))
        await uow.commit()
    async with world.storage.read() as uow:
        ticket = await uow.tickets.get(number)
        contact = await uow.people.contact_at(Address(channel="telegram", value="777"))
    assert ticket is not None
    assert contact is not None
    assert (ticket.client_id, contact.client_id) == (world.mill.id, world.mill.id)
