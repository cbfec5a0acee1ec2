"""Dividing a message by numbers: what people choose is what is made, and nothing of the text is lost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import Conflict, NotFound, Rejected
from bot.intake import division
from bot.model import Category, Priority
from bot.storage.memory import MemoryStorage
from tests.builders import World, build_world

THREE = "1. Не друкує принтер на складі\n2. Зникли залишки по рахунку 281\n3. Додайте права касиру Коваль"


@pytest.mark.parametrize(
    ("words", "count", "cut"),
    [
        ("1 / 2-3", 3, ((0,), (1, 2))),
        ("1/2/3", 3, ((0,), (1,), (2,))),
        (" 1,3 / 2. ", 3, ((0, 2), (1,))),
        ("2–3 | 1", 3, ((1, 2), (0,))),
        ("1 / 2", 3, None),
        ("1 / 1-3", 3, None),
        ("1 / 2-4", 3, None),
        ("3-1 / 2", 3, None),
        ("1-3", 3, None),
        ("1", 3, None),
        ("24/7", 3, None),
        ("каса 1 / каса 2", 2, None),
        ("99/" * 5_000, 3, None),
    ],
)
def test_a_cut_is_read_when_it_names_each_number_once(words: str, count: int, cut: tuple[tuple[int, ...], ...] | None) -> None:
    assert division.read_cut(words, count) == cut


@given(st.text(max_size=400), st.integers(2, 12))
def test_pieces_hold_every_word_in_order(text: str, most: int) -> None:
    pieces = division.pieces_of(text, most=most)
    assert len(pieces) <= most
    assert [piece.text for piece in pieces] == [text[piece.start : piece.end] for piece in pieces]
    ends = 0
    for piece in pieces:
        assert not text[ends : piece.start].strip()
        ends = piece.end
    assert not text[ends:].strip()


@given(st.text(max_size=60))
def test_reading_a_cut_never_raises(words: str) -> None:
    division.read_cut(words, 3)


async def divided(world: World, origin_id: int, parts, contact=None):
    async with world.storage.write() as uow:
        made = await division.divide(uow, world.desk, origin_id, parts, contact or world.iryna, now=world.clock.now())
        await uow.commit()
    return [facts.ticket for facts in made]


@pytest.fixture
async def world() -> World:
    return await build_world(MemoryStorage())


async def origin_of(world: World, number: int) -> int:
    async with world.storage.read() as uow:
        return (await uow.tickets.get(number)).origin_id


async def test_a_message_is_divided_otherwise_and_keeps_its_first_number(world: World) -> None:
    numbers = await world.accept(THREE)
    assert len(numbers) == 3
    printer, stock, rights = division.pieces_of(THREE)
    made = await divided(world, await origin_of(world, numbers[0]), [[printer.span], [stock.span, rights.span]])
    assert made[0].id == numbers[0]
    assert [" ".join(THREE[s:e] for s, e in t.spans) for t in made] == [printer.text, THREE[stock.start : rights.end]]
    async with world.storage.read() as uow:
        assert [(await uow.tickets.get(number)).merged_into_id for number in numbers] == [None, numbers[0], numbers[0]]
        [event] = await uow.tickets.events_of([numbers[0]], ["split"])
    assert event.data == {"into": 2, "parts": [[list(printer.span)], [[stock.start, rights.end]]]}
    assert made[1].received_at == made[0].received_at


async def test_the_division_it_has_is_confirmed_and_nothing_changes(world: World) -> None:
    numbers = await world.accept(THREE)
    made = await divided(world, await origin_of(world, numbers[0]), [[piece.span] for piece in division.pieces_of(THREE)])
    assert [ticket.id for ticket in made] == numbers
    async with world.storage.read() as uow:
        assert len(await uow.tickets.events_of(numbers, ["split_confirmed"])) == 3


async def test_one_part_is_one_question(world: World) -> None:
    numbers = await world.accept(THREE)
    made = await divided(world, await origin_of(world, numbers[0]), [[piece.span for piece in division.pieces_of(THREE)]])
    assert [ticket.id for ticket in made] == numbers[:1]


async def test_what_was_said_explicitly_goes_along_and_guesses_are_made_anew(world: World) -> None:
    text = "Терміново! Каса не пробиває чеки, черга людей стоїть. Також додайте нову форму звіту про продажі"
    [number, *_] = await world.accept(text, category=Category.CHANGE_REQUEST, priority=Priority.LOW)
    pieces = division.pieces_of(text)
    made = await divided(world, await origin_of(world, number), [[p.span for p in pieces[:-1]], [pieces[-1].span]])
    assert {(ticket.priority, ticket.category, ticket.is_priority_guessed) for ticket in made} == {
        (Priority.LOW, Category.CHANGE_REQUEST, False)
    }


async def test_another_clients_message_is_not_there(world: World) -> None:
    numbers = await world.accept(THREE)
    origin = await origin_of(world, numbers[0])
    with pytest.raises(NotFound):
        await divided(world, origin, [[(0, 5)], [(6, 9)]], world.petro)
    async with world.storage.write() as uow:
        with pytest.raises(NotFound):
            await division.split_as_offered(uow, world.desk, numbers[0], world.petro)
        with pytest.raises(Conflict):
            await division.split_as_offered(uow, world.desk, numbers[0], world.iryna)


async def test_more_parts_than_anybody_means_are_refused(world: World) -> None:
    text = "\n".join(f"{n}. Не друкує принтер {n} на складі" for n in range(1, 13))
    numbers = await world.accept(text)
    with pytest.raises(Rejected):
        await divided(world, await origin_of(world, numbers[0]), [[piece.span] for piece in division.pieces_of(text)])
