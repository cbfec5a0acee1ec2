"""The intake on the in-memory store: what a message becomes, by what right it joins a ticket, and what the client is told."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.intake.manners import LETTERS_PER_HOUR
from bot.model import Actor, Address, Attachment, Link, MessageKind, Outcome, Priority, Route, ThreadEvidence, Turn
from bot.storage.memory import MemoryStorage
from tests.builders import World, build_world, message

PRINTER = "Не друкує принтер на складі, видає помилку 5."
THREE = "1. Не друкує принтер на складі.\n2. Не відкривається звіт по касі.\n3. Додайте, будь ласка, нового користувача Сидоренко."
MAIL = {"channel": "mail", "letter": {"subject": "Питання", "message_id": "<a@shop.example>", "references": []}}


@pytest.fixture
async def world() -> World:
    return await build_world(MemoryStorage())


async def test_three_questions_become_three_tickets_with_one_receipt_that_can_be_undone(world: World) -> None:
    numbers = await world.accept(THREE)
    assert len(numbers) == 3
    [receipt] = await world.told("receipt")
    assert (receipt.body["act"], [t["id"] for t in receipt.body["tickets"]]) == ("split", numbers)
    async with world.storage.write() as uow:
        one = await world.desk.undo_split(uow, receipt.body["origin_id"], Actor.contact(world.iryna))
        await uow.commit()
    async with world.storage.read() as uow:
        assert await uow.tickets.open_count() == 1
    assert one.id == numbers[0]
    assert len(one.spans) == 3


@pytest.mark.parametrize("text", ["Добрий день!", "Дякую!", "", "   \n "])
async def test_a_greeting_thanks_or_nothing_makes_no_ticket_and_gets_a_kind_answer(world: World, text: str) -> None:
    assert await world.accept(text) == []
    assert [row.kind for row in await world.told(recipient="501")] == ["say"]


async def test_a_bare_thanks_by_mail_is_not_answered(world: World) -> None:
    assert await world.accept("Дякую!", **MAIL) == []
    assert await world.told(channel="mail") == []


async def test_a_voice_note_or_a_bare_screenshot_is_a_ticket_with_the_file(world: World) -> None:
    [number] = await world.accept("", attachments=(Attachment(name="a.ogg", kind="voice", duration=42),))
    async with world.storage.read() as uow:
        ticket = await uow.tickets.get(number)
        [message] = await uow.tickets.messages(number)
    assert ticket is not None
    assert ticket.title == "Голосове повідомлення 0:42"
    assert message.attachments[0].name == "a.ogg"


async def test_call_me_back_is_a_card_with_a_clock(world: World) -> None:
    [number] = await world.accept("Передзвоніть мені, будь ласка")
    async with world.storage.read() as uow:
        ticket = await uow.tickets.get(number)
        clocks = await uow.clocks.of_ticket(number)
    assert ticket is not None
    assert (ticket.is_call_back, ticket.priority, len(clocks)) == (True, Priority.HIGH, 1)


async def test_words_without_a_visible_request_still_reach_a_person(world: World) -> None:
    assert len(await world.accept("Ми вчора переїхали в новий офіс на другому поверсі")) == 1


async def test_explicit_fields_win_over_guesses(world: World) -> None:
    [number] = await world.accept("Терміново! Не працює каса", priority=Priority.LOW)
    async with world.storage.read() as uow:
        ticket = await uow.tickets.get(number)
    assert ticket is not None
    assert (ticket.priority, ticket.is_priority_guessed) == (Priority.LOW, False)


async def test_an_urgent_subject_is_part_of_the_letter(world: World) -> None:
    [number] = await world.accept("Не друкує чеки, видає помилку 5.", channel="mail", subject="ТЕРМІНОВО! Каса")
    async with world.storage.read() as uow:
        ticket = await uow.tickets.get(number)
    assert ticket is not None
    assert ticket.priority is Priority.URGENT


async def test_a_letter_asks_for_the_reason_inside_the_receipt(world: World) -> None:
    [number] = await world.accept("Терміново! Каса не пробиває чеки, черга людей.", **MAIL)
    [receipt] = await world.told(channel="mail")
    assert (receipt.kind, [ask["id"] for ask in receipt.body["ask_urgency"]]) == ("receipt", [number])
    assert receipt.body["letter"]["message_id"] == "<a@shop.example>"


async def test_a_reply_to_our_message_joins_its_ticket(world: World) -> None:
    [number] = await world.accept(PRINTER)
    await _link(world, number, "telegram", "501", "77")
    assert (await world.accept("Ще й папір жує", evidence=ThreadEvidence(references=("77",))))[0] == number


async def test_a_reply_to_a_merged_ticket_finds_the_one_it_went_into(world: World) -> None:
    [first] = await world.accept(PRINTER)
    [second] = await world.accept("Зник залишок по рахунку 281")
    await _link(world, second, "telegram", "501", "88")
    async with world.storage.write() as uow:
        await world.desk.merge(uow, first, [second], Actor.agent(world.olena))
        await uow.commit()
    assert (await world.accept("Ще й папір жує", evidence=ThreadEvidence(references=("88",))))[0] == first


async def test_a_chat_id_of_another_chat_proves_nothing(world: World) -> None:
    [number] = await world.accept(PRINTER)
    await _link(world, number, "telegram", "501", "77")
    stranger = {"sender": Address(channel="telegram", value="666"), "conversation": "666", "sender_name": "Хтось"}
    assert number not in await world.accept("Зник залишок по рахунку 281", evidence=ThreadEvidence(references=("77",)), **stranger)


async def test_a_forged_from_opens_nothing_and_a_reference_of_a_stranger_neither(world: World) -> None:
    [number] = await world.accept(PRINTER, **MAIL)
    await _link(world, number, "mail", "", "<ours@desk.example>")
    evidence = ThreadEvidence(references=("<ours@desk.example>",))
    assert number not in await world.accept("Зник залишок по рахунку 281", evidence=evidence, **_stranger(world))
    [receipt] = await world.told("receipt", recipient=world.stranger_mail)
    assert receipt.body["hints"] == []


async def test_a_valid_token_in_a_strangers_hands_is_kept_discloses_nothing_and_moves_nothing(world: World) -> None:
    [number] = await world.accept(PRINTER, **MAIL)
    async with world.storage.read() as uow:
        before = (await uow.tickets.get(number), await uow.clocks.of_ticket(number))
    evidence = ThreadEvidence(token_ticket_id=number)
    assert await world.accept("Мені переслали, додам", evidence=evidence, **_stranger(world)) == [number]
    async with world.storage.read() as uow:
        assert (await uow.tickets.get(number), await uow.clocks.of_ticket(number)) == before
        kinds = [message.kind for message in await uow.tickets.messages(number)]
    assert kinds == [MessageKind.INBOUND, MessageKind.THIRD_PERSON]
    assert await world.told(recipient=world.stranger_mail) == []
    assert len(await world.told("client_word")) == 1


def _stranger(world: World) -> dict[str, object]:
    return {
        "channel": "mail",
        "sender": Address(channel="mail", value=world.stranger_mail),
        "sender_name": "Ірина",
        "reply_route": Route(channel="mail", recipient=world.stranger_mail),
    }


async def test_a_new_task_inside_an_answer_becomes_a_ticket_of_its_own(world: World) -> None:
    [number] = await world.accept(PRINTER)
    async with world.storage.write() as uow:
        await world.desk.ask(uow, number, world.olena, "Який це принтер?")
        await uow.commit()
    text = "HP 1102. І ще: додайте, будь ласка, нового користувача Сидоренко."
    touched = await world.accept(text, evidence=ThreadEvidence(chosen_ticket_id=number))
    assert touched[0] == number
    assert len(touched) == 2
    [offer] = await world.told("new_task_offer")
    assert offer.body["made"][0]["id"] == touched[1]
    async with world.storage.read() as uow:
        old = await uow.tickets.get(number)
    assert old is not None
    assert old.turn is Turn.STAFF


async def test_solved_closes_the_ticket(world: World) -> None:
    [number] = await world.accept(PRINTER)
    async with world.storage.write() as uow:
        await world.desk.propose_solution(uow, number, world.olena, "Замінили кабель, перевірте.")
        await uow.commit()
    await world.accept("Все працює, дякую!", evidence=ThreadEvidence(chosen_ticket_id=number))
    async with world.storage.read() as uow:
        ticket = await uow.tickets.get(number)
    assert ticket is not None
    assert ticket.outcome is Outcome.SOLVED


async def test_machines_are_set_aside_and_told_nothing(world: World) -> None:
    assert await world.accept(PRINTER, set_aside="auto_reply", **MAIL) == []
    assert await world.told() == []


async def test_the_machine_never_storms_one_address(world: World) -> None:
    for number in range(LETTERS_PER_HOUR + 2):
        world.clock.advance(timedelta(minutes=1))
        await world.accept(f"Не друкує принтер номер {number}", **MAIL)
    assert len(await world.told("receipt", channel="mail")) == LETTERS_PER_HOUR
    async with world.storage.read() as uow:
        assert await uow.tickets.open_count() == LETTERS_PER_HOUR + 2


async def test_a_new_sender_of_a_known_domain_belongs_to_its_client_and_a_public_one_to_nobody(world: World) -> None:
    for mail, client_id in (("new@shop.example", world.shop.id), (world.stranger_mail, None)):
        sender = {"channel": "mail", "sender": Address(channel="mail", value=mail), "sender_name": "Новий"}
        [number] = await world.accept(PRINTER, **sender)
        async with world.storage.read() as uow:
            ticket = await uow.tickets.get(number)
        assert ticket is not None
        assert ticket.client_id == client_id


async def test_outside_hours_the_receipt_says_when_the_desk_opens(world: World) -> None:
    world.clock.advance(timedelta(hours=12))
    await world.accept(PRINTER)
    [receipt] = await world.told("receipt")
    assert receipt.body["opens_at"] == "2026-11-25T06:00:00+00:00"


async def test_of_an_archive_nobody_is_told(world: World) -> None:
    [number] = await world.accept(PRINTER, is_quiet=True, **MAIL)
    await world.accept("Знову не друкує", is_quiet=True, evidence=ThreadEvidence(chosen_ticket_id=number), **MAIL)
    await world.accept("", is_quiet=True, **MAIL)
    assert await world.told() == []
    await world.accept("Знову не друкує, та сама помилка", evidence=ThreadEvidence(chosen_ticket_id=number), **MAIL)
    assert {row.kind for row in await world.told()} == {"client_word", "card"}


@pytest.mark.parametrize("text", ["\ud800 не працює принтер", "не працює\0 принтер", "\x07\x1b[31m не працює принтер", "а" * 100_000])
async def test_hostile_text_is_taken_in_like_any_other(world: World, text: str) -> None:
    await world.accept(text)
    async with world.storage.read() as uow:
        [day] = await uow.inbox.accounting(since=world.clock.now().date())
    assert (day.waiting, day.quarantined) == (0, 0)


async def _link(world: World, number: int, channel: str, conversation: str, external_id: str) -> None:
    async with world.storage.write() as uow:
        uow.tickets.add_link(Link(channel=channel, conversation=conversation, external_id=external_id, ticket_id=number, kind="answer"))
        await uow.commit()


@pytest.mark.parametrize(
    "text",
    [
        "Не працює пошта",
        "Пошта не працює",
        "Не працює 1С",
        "Срочно! Не работает 1С",
        "Server down, urgent",
        "Впав сервер",
        "Каса не працює",
        "Немає інтернету",
        "все зависло",
        "не друкує",
        "Не открывается база",
        "Потрібен доступ",
    ],
)
@pytest.mark.parametrize("channel", ["telegram", "mail"])
async def test_a_failure_told_in_a_few_words_is_always_a_request(world: World, text: str, channel: str) -> None:
    planned = world.intake.plan(message(world.iryna, text, received_at=world.clock.now(), channel=channel))
    assert planned.analysis.kind == "request"
    assert len(planned.analysis.parts) == 1
