"""What people said of the desk's divisions, told as labelled messages: on a desk that split, asked and was corrected."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bot.commands.corrections import labelled_messages
from bot.intake.drafts import split_drafts
from bot.model import Actor, Category, Priority, UrgencyReason
from bot.storage.memory import MemoryStorage
from tests.builders import World, build_world

THREE = "1. Не друкує принтер на складі.\n2. Не відкривається звіт по касі.\n3. Додайте, будь ласка, нового користувача Сидоренко."


@pytest.fixture
async def world() -> World:
    return await build_world(MemoryStorage())


async def exported(world: World) -> list[dict[str, Any]]:
    return [dict(line) async for _read, lines in labelled_messages(world.storage) for line in lines]


def parts(line: dict[str, Any]) -> list[list[str]]:
    return [[line["text"][start:end] for start, end in ticket["spans"]] for ticket in line["tickets"]]


async def test_what_nobody_spoke_about_proves_nothing(world: World) -> None:
    await world.accept(THREE)
    assert await exported(world) == []


async def test_one_question_after_all(world: World) -> None:
    numbers = await world.accept(THREE)
    async with world.storage.write() as uow:
        origin = (await uow.tickets.get_many(numbers))[0].origin_id
        assert origin is not None
        await world.desk.undo_split(uow, origin, Actor.contact(world.iryna))
        await uow.commit()
    [line] = await exported(world)
    assert (line["text"], line["lang"], line["channel"], line["note"]) == (THREE, "uk", "chat", "merged")
    assert len(parts(line)) == 1
    assert len(parts(line)[0]) == 3


async def test_one_question_confirmed_where_the_desk_asked(world: World) -> None:
    [number] = await world.accept("Не друкує принтер на складі")
    async with world.storage.write() as uow:
        ticket = await uow.tickets.get(number)
        assert ticket is not None
        await world.desk.undo_split(uow, ticket.origin_id or 0, Actor.contact(world.iryna))
        await uow.commit()
    [line] = await exported(world)
    assert (line["note"], parts(line)) == ("confirmed", [["Не друкує принтер на складі"]])


async def test_a_ticket_cut_by_hand_keeps_its_parts_of_the_text(world: World) -> None:
    text = "Не друкує принтер, дайте доступ Петренку"
    [number] = await world.accept(text)
    drafts = split_drafts(text, channel="telegram")[:1]
    first = replace(drafts[0], spans=((0, 17),), title="Не друкує принтер", text=text[:17])
    second = replace(drafts[0], spans=((19, len(text)),), title="дайте доступ Петренку", text=text[19:])
    async with world.storage.write() as uow:
        await world.desk.split(uow, number, [first, second], Actor.agent(world.olena))
        await uow.commit()
    [line] = await exported(world)
    assert parts(line) == [["Не друкує принтер"], ["дайте доступ Петренку"]]
    assert line["note"] == "split"


async def test_category_and_urgency_as_people_set_them(world: World) -> None:
    [number] = await world.accept("Не друкує чек")
    contact = Actor.contact(world.iryna)
    async with world.storage.write() as uow:
        await world.desk.set_category(uow, number, Category.CHANGE_REQUEST, Actor.agent(world.olena))
        await world.desk.set_priority(uow, number, Priority.URGENT, contact)
        await world.desk.set_reason(uow, number, UrgencyReason(1), contact)
        await uow.commit()
    [line] = await exported(world)
    [ticket] = line["tickets"]
    assert (ticket["category"], ticket["urgent"], ticket["reason"]) == ("change_request", True, 1)
    assert line["note"] == "category, priority, reason"


async def test_none_of_the_reasons_is_a_claim_without_one(world: World) -> None:
    [number] = await world.accept("Терміново! Не друкує чек")
    async with world.storage.write() as uow:
        await world.desk.set_reason(uow, number, None, Actor.contact(world.iryna))
        await uow.commit()
    [line] = await exported(world)
    assert (line["tickets"][0]["urgent"], line["tickets"][0]["reason"]) == (True, None)


async def test_every_message_is_walked_through_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.commands.corrections.CHUNK", 2)
    for _ in range(5):
        [number] = await world.accept("Не друкує чек")
        async with world.storage.write() as uow:
            await world.desk.set_category(uow, number, Category.CHANGE_REQUEST, Actor.agent(world.olena))
            await uow.commit()
    ids = [line["id"] for line in await exported(world)]
    assert len(ids) == len(set(ids)) == 5
