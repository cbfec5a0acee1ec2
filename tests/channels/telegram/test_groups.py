"""Group chats: a client company's own, a stranger's, and what the bot must not hear or tell there."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.model import MessageKind
from bot.storage.memory import MemoryStorage
from tests.channels.telegram.house import IRYNA, NEWCOMER, PETRO, STAFF_CHAT, House, open_house

GROUP = -1500
PRINTER = "Не друкує принтер на складі, видає помилку 5."
ME = "@deskbot_sandbox_bot"


@pytest.fixture
async def house() -> AsyncIterator[House]:
    async with open_house(MemoryStorage()) as house:
        house.telegram.world.add_group(GROUP, "Крамниця і підтримка", members=[IRYNA, NEWCOMER, PETRO, 901], bot_status="left")
        yield house


async def ticket(house: House, number: int):
    async with house.world.storage.read() as uow:
        return await uow.tickets.get(number)


async def joined(house: House, by: int = IRYNA) -> None:
    """The bot is a plain member of the group of the shop, as privacy mode has it."""
    house.telegram.world.set_bot_status(GROUP, "member", by=by)
    await house.gets("/task", chat=GROUP)


async def test_a_contact_who_takes_the_bot_into_a_group_says_whose_it_is(house: House) -> None:
    await joined(house)
    hello = await house.gets("Крамниця", chat=GROUP)
    assert "Решти розмов не читаю" in hello["text"]
    house.telegram.world.set_bot_status(GROUP, "administrator", by=IRYNA)
    await house.settled()
    assert len(house.sent(GROUP)) == 1


async def test_an_agent_says_whose_group_it_is(house: House) -> None:
    house.telegram.world.set_bot_status(GROUP, "member", by=901)
    hello = await house.gets("скажіть, чия вона", chat=GROUP)
    assert str(GROUP) in hello["text"]
    house.say("/company Невідома", chat=GROUP, user=901)
    await house.gets("Такої компанії немає", chat=GROUP)
    house.say("/company  млин ", chat=GROUP, user=901)
    await house.gets("Це група компанії «Млин»", chat=GROUP)
    house.say("/company", chat=GROUP)
    await house.gets("вже належить іншій компанії", chat=GROUP)


async def test_a_strangers_group_hears_one_polite_sentence_and_then_nothing(house: House) -> None:
    for status in ("member", "left", "member", "administrator"):
        house.telegram.world.set_bot_status(GROUP, status, by=NEWCOMER)
    await house.gets("мені незнайома", chat=GROUP)
    for text in (PRINTER, "/task", "/my", "/help", "/company", f"{ME} {PRINTER}"):
        house.say(text, chat=GROUP, user=NEWCOMER)
    house.say("що це?", chat=GROUP, user=NEWCOMER, reply_to=house.sent(GROUP)[0]["message_id"])
    await house.settled()
    assert len(house.sent(GROUP)) == 1
    assert (await house.accounting())["set_aside"] == 11


async def test_the_bot_hears_mentions_and_replies_and_nothing_else_even_as_administrator(house: House) -> None:
    await joined(house)
    house.telegram.world.set_bot_status(GROUP, "administrator", by=IRYNA)
    house.say("Хто бачив ключі від складу? Терміново!", chat=GROUP)
    house.say("/start@some_other_bot", chat=GROUP)
    house.say("/weather", chat=GROUP)
    said = house.say(f"{ME}, {PRINTER}", chat=GROUP)
    receipt = await house.gets("Звернення зареєстровано", chat=GROUP)
    house.say("Модель HP 1102", chat=GROUP, reply_to=receipt["message_id"])
    await house.gets("Модель HP 1102", chat=STAFF_CHAT)
    house.telegram.world.edit(GROUP, said, f"{ME}, Зникли залишки по рахунку 281")
    await house.settled()
    made = await ticket(house, 1)
    assert (made.client_id, made.contact_id, made.route.recipient) == (house.world.shop.id, house.world.iryna.id, str(GROUP))
    async with house.world.storage.read() as uow:
        assert [m.text for m in await uow.tickets.messages(1)] == [PRINTER, "Модель HP 1102"]
    counts = await house.accounting()
    assert (counts["ticketed"], counts["follow_ups"]) == (1, 1)
    assert not house.telegram.world.chat(GROUP).reactions


async def test_task_makes_a_ticket_of_the_message_it_answers_once(house: House) -> None:
    await joined(house)
    said = house.telegram.world.send_media(GROUP, IRYNA, "photo", caption=PRINTER)["message_id"]
    house.say("/task на сьогодні", chat=GROUP, user=NEWCOMER, reply_to=said)
    await house.gets("Звернення зареєстровано", chat=GROUP)
    made = await ticket(house, 1)
    assert made.contact_id == house.world.iryna.id
    async with house.world.storage.read() as uow:
        [first] = await uow.tickets.messages(1)
    assert first.text == f"{PRINTER}\nна сьогодні"
    assert [file.kind for file in first.attachments] == ["photo"]
    house.say("/task@deskbot_sandbox_bot", chat=GROUP, reply_to=said)
    await house.gets("вже є звернення №1", chat=GROUP)
    assert (await house.accounting())["ticketed"] == 1


async def test_task_without_a_message_takes_its_own_words_or_explains_itself(house: House) -> None:
    await joined(house)
    house.say("/task", chat=GROUP)
    await house.gets("Надішліть /task відповіддю", chat=GROUP)
    house.say(f"/task {PRINTER}", chat=GROUP)
    await house.gets("Звернення зареєстровано", chat=GROUP)


async def test_task_on_an_agents_words_is_the_request_of_who_asked(house: House) -> None:
    await joined(house)
    said = house.say("Треба оновити конфігурацію на касі 3", chat=GROUP, user=901)
    house.say("/task", chat=GROUP, user=IRYNA, reply_to=said)
    await house.gets("Звернення зареєстровано", chat=GROUP)
    assert (await ticket(house, 1)).contact_id == house.world.iryna.id
    async with house.world.storage.read() as uow:
        assert [contact.name for contact in await uow.people.contacts_of(house.world.shop.id)] == ["Ірина"]


async def test_an_unknown_member_is_served_and_gets_to_see_no_other_ticket(house: House) -> None:
    house.say(PRINTER)
    await house.gets("Звернення зареєстровано")
    await joined(house)
    house.say(f"{ME} Зникли залишки по рахунку 281", chat=GROUP, user=NEWCOMER)
    receipt = await house.gets("Зникли залишки", chat=GROUP)
    made = await ticket(house, 2)
    assert made.client_id == house.world.shop.id
    house.say("/my", chat=NEWCOMER, user=NEWCOMER)
    listed = await house.gets("Ваші звернення", chat=NEWCOMER)
    assert "№2" in listed["text"]
    assert "№1" not in listed["text"]
    house.say("/my", chat=GROUP, user=NEWCOMER)
    await house.gets("лише особисто", chat=GROUP)
    callback = house.press(receipt, "Це терміново", user=PETRO)
    assert "не знайдено" in await house.toast(callback)
    house.press(receipt, "Це терміново", user=NEWCOMER)
    await house.gets("Прийнято як термінове", chat=GROUP)


async def test_a_colleagues_reply_continues_and_a_strangers_is_shown_to_staff_alone(house: House) -> None:
    await joined(house)
    house.say(f"{ME} {PRINTER}", chat=GROUP, user=IRYNA)
    receipt = await house.gets("Звернення зареєстровано", chat=GROUP)
    house.say("І другий теж не друкує", chat=GROUP, user=NEWCOMER, reply_to=receipt["message_id"])
    await house.gets("І другий теж", chat=STAFF_CHAT)
    async with house.world.storage.read() as uow:
        assert [m.kind for m in await uow.tickets.messages(1)] == [MessageKind.INBOUND, MessageKind.THIRD_PERSON]
    assert (await house.accounting())["follow_ups"] == 1


async def test_an_answer_goes_to_the_group_and_is_closed_there(house: House) -> None:
    await joined(house)
    house.say(f"{ME} {PRINTER}", chat=GROUP)
    card = await house.gets(PRINTER[:20], chat=STAFF_CHAT)
    house.agent_says("Перезапустіть службу друку.", reply_to=card["message_id"])
    answer = await house.gets("Перезапустіть службу", chat=GROUP, timeout=10)
    house.say("/close", chat=GROUP)
    await house.gets("відповіддю на повідомлення", chat=GROUP)
    house.say("/close", chat=GROUP, reply_to=answer["message_id"])
    await house.gets("Закрито", chat=GROUP)
    assert not (await ticket(house, 1)).is_open


async def test_close_with_other_words_shows_the_group_no_tickets_of_the_person(house: House) -> None:
    await joined(house)
    for text in ("Неправильно нараховано премію директору", "Не відкривається база у бухгалтерії"):
        house.say(text)
        await house.gets(text)
    house.say("/close принтер", chat=GROUP)
    refusal = await house.gets("відповіддю на повідомлення", chat=GROUP)
    house.say("/close ще ні", chat=GROUP, reply_to=refusal["message_id"])
    await house.settled()
    assert [message for message in house.sent(GROUP) if "премію" in message["text"] or "№" in message["text"]] == []


async def test_a_group_that_moves_stays_the_companys(house: House) -> None:
    await joined(house)
    house.telegram.world.migrate(GROUP, -1600)
    house.say(f"{ME} {PRINTER}", chat=-1600)
    await house.gets("Звернення зареєстровано", chat=-1600)


async def test_staff_hear_when_the_bot_is_thrown_out(house: House) -> None:
    await joined(house)
    house.telegram.world.set_bot_status(GROUP, "kicked", by=IRYNA)
    await house.gets("прибрали з групи «Крамниця і підтримка» компанії Крамниця", chat=STAFF_CHAT)


async def test_an_album_in_a_group_is_one_ticket_with_all_its_pictures(house: House) -> None:
    await joined(house)
    house.telegram.world.set_bot_status(GROUP, "administrator", by=IRYNA)
    house.telegram.world.send_album(GROUP, IRYNA, count=3, caption=f"{ME} {PRINTER}")
    await house.until(lambda: not house.telegram.world.updates.pending)
    await house.gets("Звернення зареєстровано", chat=GROUP, timeout=10)
    async with house.world.storage.read() as uow:
        [first] = await uow.tickets.messages(1)
    assert len(first.attachments) == 3
