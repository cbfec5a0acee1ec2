"""The conversation with a client, over HTTP against the sandbox."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.model import Address, Outcome, Priority, ReasonState, UrgencyReason
from bot.storage import open_storage, upgrade
from bot.storage.memory import MemoryStorage
from tests.channels.telegram.house import IRYNA, NEWCOMER, PETRO, STAFF_CHAT, House, make_house, open_house, running

PRINTER = "Не друкує принтер на складі, видає помилку 5."
THREE = "1. Не друкує принтер на складі\n2. Зникли залишки по рахунку 281\n3. Додайте права касиру Коваль"
URGENT = "Терміново! Каса не пробиває чеки, черга людей стоїть."


@pytest.fixture
async def house() -> AsyncIterator[House]:
    async with open_house(MemoryStorage()) as house:
        yield house


async def ticket(house: House, number: int):
    async with house.world.storage.read() as uow:
        return await uow.tickets.get(number)


async def test_a_line_gets_eyes_at_once_and_a_receipt_with_number_and_deadline(house: House) -> None:
    said = house.say(PRINTER)
    receipt = await house.gets("Звернення зареєстровано")
    assert "№1 Не друкує принтер на складі" in receipt["text"]
    assert "відреагуємо до: завтра 10:00" in receipt["text"]
    await house.until(lambda: house.telegram.world.chat(IRYNA).reactions.get(said) == [{"type": "emoji", "emoji": "👀"}])
    card = await house.gets("Не друкує", chat=STAFF_CHAT)
    assert card["text"].startswith("🔴 №1")
    assert "Ірина" in card["text"]
    assert (await house.accounting())["ticketed"] == 1


async def test_what_waited_while_the_desk_was_down_gets_no_eyes(house: House) -> None:
    house.say(PRINTER, at=int(house.world.clock.now().timestamp()) - 3600)
    await house.gets("Звернення зареєстровано")
    await house.settled()
    assert house.telegram.journal.counts["setMessageReaction"] == 0


async def test_a_burst_of_three_lines_becomes_tickets_with_undo() -> None:
    async with open_house(MemoryStorage(), quiet_gap=timedelta(seconds=20)) as house:
        for line in ("Добрий день! Не друкує принтер на складі", "ще зникли залишки по рахунку 281", "і додайте права касиру Коваль"):
            house.say(line)
            house.world.clock.advance(timedelta(seconds=5))
        await house.until(lambda: not house.telegram.world.updates.pending)
        await house.inbox.drain()
        assert house.sent() == []
        house.world.clock.advance(timedelta(seconds=20))
        house.inbox.wake.set()
        receipt = await house.gets("№1")
        assert (await house.accounting())["ticketed"] == 3
        async with house.world.storage.read() as uow:
            made = await uow.tickets.siblings((await uow.tickets.get(1)).origin_id)
        assert all(f"№{one.id}" in receipt["text"] for one in made)


async def test_a_restart_in_the_middle_of_a_burst_keeps_it_one_message(tmp_path: Path) -> None:
    """The lines wait in the database, not in the process."""
    file = f"sqlite:///{tmp_path / 'desk.db'}"
    await upgrade(file)
    storage = await open_storage(file)
    async with open_house(storage, quiet_gap=timedelta(seconds=20), is_running=False) as house:
        async with running(house):
            house.say("Не друкує принтер на складі")
            house.telegram.world.send_album(IRYNA, IRYNA, count=2)
            await house.until(lambda: not house.telegram.world.updates.pending)
            await house.inbox.drain()
        await storage.close()
        storage = await open_storage(file)
        options = house.channel._options
        again = make_house(house.telegram, replace(house.world, storage=storage), options)
        async with running(again):
            again.say("видає помилку 5")
            await again.until(lambda: not again.telegram.world.updates.pending)
            house.world.clock.advance(timedelta(seconds=21))
            again.inbox.wake.set()
            await again.gets("Звернення зареєстровано")
        async with storage.read() as uow:
            assert await uow.tickets.open_count() == 1
            [first] = await uow.tickets.messages(1)
        assert first.text == "Не друкує принтер на складі\nвидає помилку 5"
        assert len(first.attachments) == 2
        await again.channel.close()
    await storage.close()


async def test_fifty_presses_are_one(house: House) -> None:
    house.say(PRINTER)
    receipt = await house.gets("Звернення зареєстровано")
    for _ in range(50):
        house.press(receipt, "Це терміново")
    await house.gets("Прийнято як термінове")
    await house.settled()
    assert len(house.sent(contains="Прийнято як термінове")) == 1
    async with house.world.storage.read() as uow:
        assert [event.kind for event in await uow.tickets.events(1)].count("priority_set") == 1
    assert (await house.accounting())["quarantined"] == 0
    assert house.telegram.journal.counts["answerCallbackQuery"] >= 1


async def test_a_client_who_blocks_and_unblocks_the_bot_is_told_of_to_staff(house: House) -> None:
    house.say(PRINTER)
    await house.gets("Звернення зареєстровано")
    house.telegram.world.set_bot_status(IRYNA, "kicked")
    await house.gets("заблоковано", chat=STAFF_CHAT)
    house.telegram.world.set_bot_status(IRYNA, "member")
    await house.gets("знову читає бота", chat=STAFF_CHAT)
    house.say("Зникли залишки по рахунку 281")
    await house.gets("Зникли залишки")


async def test_four_megabytes_of_text_as_a_file_are_a_ticket_with_the_file(house: House) -> None:
    text = base64.b64encode(("Не друкує принтер. " * 220_000).encode()[: 4 * 2**20]).decode()
    house.telegram.world.send_media(IRYNA, IRYNA, "document", data_base64=text, file_name="журнал.txt", mime_type="text/plain")
    await house.gets("Файл без тексту: журнал.txt")
    async with house.world.storage.read() as uow:
        [first] = await uow.tickets.messages(1)
    assert first.attachments[0].size == 4 * 2**20


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("<b>Хакер</b> & Ко", "<b>Хакер</b> & Ко"),
        ("\u202eанетлО\u202c", "анетлО"),
        ("З" + "\u0351\u034c\u0334" * 40 + "алго", "З\u0351\u034c\u0334алго"),
    ],
)
async def test_odd_names_and_titles_do_no_harm_to_what_stands_around_them(house: House, name: str, shown: str) -> None:
    house.telegram.world.add_user(777, name)
    house.say(f"Не друкує принтер {name} на складі", chat=777, user=777)
    receipt = await house.gets("№1", chat=777)
    assert name not in receipt["text"] or name == shown
    card = await house.gets("№1", chat=STAFF_CHAT)
    assert f"👤 {shown}" in card["text"]


async def test_one_question_undoes_a_split(house: House) -> None:
    house.say(THREE)
    receipt = await house.gets("кілька питань, тож кожне")
    assert [f"№{n}" in receipt["text"] for n in (1, 2, 3)] == [True] * 3
    callback = house.press(receipt, "Це одне питання")
    assert await house.toast(callback) == "Гаразд, це одне питання."
    await house.gets("це одне звернення: №1")
    assert [(await ticket(house, n)).merged_into_id for n in (1, 2, 3)] == [None, 1, 1]
    await house.until(lambda: "reply_markup" not in house.sent()[0])


async def test_everything_right_is_remembered_and_takes_the_buttons_away(house: House) -> None:
    house.say(THREE)
    house.press(await house.gets("кілька питань, тож кожне"), "Усе правильно")
    await house.until(lambda: "reply_markup" not in house.sent()[0])
    async with house.world.storage.read() as uow:
        assert [event.kind for event in await uow.tickets.events(2)][-1] == "split_confirmed"


async def test_split_otherwise_cuts_by_buttons(house: House) -> None:
    house.say(THREE)
    house.press(await house.gets("кілька питань, тож кожне"), "Розділити інакше")
    shown = await house.gets("Зараз вийде звернень: 3")
    house.press(shown, "✂️ 3")
    await house.until(lambda: house.sent(contains="Зараз вийде звернень: 2"))
    house.press(house.sent(contains="Зараз вийде звернень: 2")[0], "Готово")
    receipt = await house.gets("№4", timeout=10)
    assert "№1" in receipt["text"]
    made = [await ticket(house, number) for number in (1, 2, 3, 4)]
    assert [one.merged_into_id for one in made] == [None, 1, 1, None]
    assert [THREE[start:end] for start, end in made[0].spans] == ["1. Не друкує принтер на складі"]
    assert made[3].received_at == made[0].received_at
    await house.until(lambda: "reply_markup" not in house.sent(contains="Зараз вийде звернень: 2")[0])


async def test_cutting_nowhere_is_one_question_and_the_same_cut_is_a_yes(house: House) -> None:
    house.say(THREE)
    receipt = await house.gets("кілька питань, тож кожне")
    house.press(receipt, "Розділити інакше")
    shown = await house.gets("Зараз вийде звернень: 3")
    assert "залишаємо" in await house.toast(house.press(shown, "Готово"))
    async with house.world.storage.read() as uow:
        assert len(await uow.tickets.events_of([1, 2, 3], ["split_confirmed"])) == 3
    house.press(receipt, "Розділити інакше")
    shown = await house.gets("Зараз вийде звернень: 3", count=2)
    for button, left in (("✂️ 2", 2), ("✂️ 3", 1)):
        house.press(house.telegram.world.chat(IRYNA).messages[shown["message_id"]], button)
        await house.until(lambda left=left: house.sent(contains=f"Зараз вийде звернень: {left}"))
    house.press(house.sent(contains="Зараз вийде звернень: 1")[0], "Готово")
    await house.gets("це одне звернення: №1")


@pytest.mark.parametrize("argument", ["", "zzz!", "1", "8", "-2", "9" * 40])
async def test_a_forged_cut_is_refused(house: House, argument: str) -> None:
    house.say(THREE)
    receipt = await house.gets("кілька питань, тож кожне")
    for verb in ("divide", "dodivide"):
        callback = house.telegram.world.press(IRYNA, IRYNA, receipt["message_id"], data=f"{verb}:1:{argument}", forged=True)
        assert await house.toast(callback)
    house.say("/help", chat=PETRO, user=PETRO)
    message = await house.gets("/my", chat=PETRO)
    stranger = house.telegram.world.press(PETRO, PETRO, message["message_id"], data="dodivide:1:2", forged=True)
    assert "Таких звернень немає" in await house.toast(stranger)
    assert [(await ticket(house, number)).is_open for number in (1, 2, 3)] == [True] * 3


async def test_who_cannot_cut_explains_in_words_and_staff_are_told(house: House) -> None:
    house.say(THREE)
    house.press(await house.gets("кілька питань, тож кожне"), "Розділити інакше")
    house.press(await house.gets("Зараз вийде звернень: 3"), "Поясню словами")
    question = await house.gets("як розділити правильно")
    await house.gets("розділено не так", chat=STAFF_CHAT)
    house.say("принтер і права — це одне", reply_to=question["message_id"])
    await house.gets("принтер і права", chat=STAFF_CHAT)
    assert (await house.accounting())["follow_ups"] == 1


async def test_criticality_and_category_are_set_by_buttons(house: House) -> None:
    house.say(PRINTER)
    receipt = await house.gets("Звернення зареєстровано")
    house.press(receipt, "критичність")
    house.press(await house.gets("Наскільки це терміново"), "низька")
    house.press(receipt, "категорія")
    house.press(await house.gets("нова можливість"), "запит на зміну")
    await house.settled()
    changed = await ticket(house, 1)
    assert (changed.priority, changed.is_priority_guessed) == (Priority.LOW, False)
    assert (changed.category.value, changed.is_category_guessed) == ("change_request", False)
    async with house.world.storage.read() as uow:
        kinds = [event.kind for event in await uow.tickets.events(1)]
    assert {"priority_set", "category_set"} <= set(kinds)


@pytest.mark.parametrize(("label", "reason", "priority"), [("1. ", 1, Priority.URGENT), ("Жодна з цих причин", None, Priority.HIGH)])
async def test_the_urgency_question_takes_one_of_four_answers(house: House, label: str, reason: int | None, priority: Priority) -> None:
    house.say(URGENT)
    question = await house.gets("Прийнято як термінове")
    assert len(question["reply_markup"]["inline_keyboard"]) == 4
    house.press(question, label)
    await house.settled()
    changed = await ticket(house, 1)
    assert changed.reason == (UrgencyReason(reason) if reason else None)
    assert changed.priority is priority
    if reason is None:
        assert changed.reason_state is ReasonState.NONE_OF_THESE
        await house.gets("Дякуємо за відповідь!")
    card = (await house.gets("Каса не пробиває", chat=STAFF_CHAT))["text"]
    assert ("термінова: Стоїть термінова робота" if reason else "підстав для термінового немає") in card


async def test_a_reply_to_the_receipt_continues_the_ticket(house: House) -> None:
    house.say(PRINTER)
    receipt = await house.gets("Звернення зареєстровано")
    house.say("Модель HP 1102, якщо це важливо", reply_to=receipt["message_id"])
    word = await house.gets("Модель HP 1102", chat=STAFF_CHAT)
    assert "№1" in word["text"]
    assert (await house.accounting())["follow_ups"] == 1


async def test_a_reply_to_ones_own_line_continues_its_ticket_too(house: House) -> None:
    said = house.say(PRINTER)
    await house.gets("Звернення зареєстровано")
    house.say("Перезавантаження не допомогло", reply_to=said)
    await house.gets("Перезавантаження не допомогло", chat=STAFF_CHAT)
    assert (await house.accounting()) == {"received": 2, "ticketed": 1, "follow_ups": 1, "set_aside": 0, "waiting": 0, "quarantined": 0}


async def test_an_edit_becomes_a_word_in_the_ticket_and_the_same_text_again_does_not(house: House) -> None:
    said = house.say(PRINTER)
    await house.gets("Звернення зареєстровано")
    house.telegram.world.edit(IRYNA, said, PRINTER)
    await house.settled()
    house.telegram.world.edit(IRYNA, said, PRINTER + " Серійний номер ABC-17.")
    await house.gets("ABC-17", chat=STAFF_CHAT)
    await house.settled()
    assert (await house.accounting())["follow_ups"] == 1
    assert (await house.accounting())["set_aside"] == 1


async def test_an_edit_asks_for_nothing_new(house: House) -> None:
    """Spelling put right in a long message must not be split again, nor close its ticket."""
    said = house.say(THREE)
    await house.gets("кілька питань, тож кожне")
    house.telegram.world.edit(IRYNA, said, THREE + "\n4. Також зробіть новий звіт про продажі. Дякую, все працює!")
    word = await house.gets("новий звіт", chat=STAFF_CHAT)
    assert word["text"].startswith("✏️")
    await house.settled()
    counts = await house.accounting()
    assert (counts["ticketed"], counts["follow_ups"]) == (1, 1)
    assert [(await ticket(house, number)).is_open for number in (1, 2, 3)] == [True] * 3
    assert await ticket(house, 4) is None


async def test_a_line_edited_within_its_burst_is_one_message() -> None:
    async with open_house(MemoryStorage(), quiet_gap=timedelta(seconds=20)) as house:
        said = house.say("Не друкує прінтер")
        house.telegram.world.edit(IRYNA, said, "Не друкує принтер на складі")
        await house.until(lambda: not house.telegram.world.updates.pending)
        house.world.clock.advance(timedelta(seconds=21))
        await house.settled()
        assert (await ticket(house, 1)).title == "Не друкує принтер на складі"
        assert await ticket(house, 2) is None
        assert (await house.accounting())["ticketed"] == 2


async def test_a_voice_note_is_a_ticket_with_the_file_and_a_sticker_is_none(house: House) -> None:
    house.telegram.world.send_media(IRYNA, IRYNA, "sticker")
    await house.gets("Дякуємо за настрій")
    house.telegram.world.send_media(IRYNA, IRYNA, "voice", duration=42)
    await house.gets("Голосове повідомлення 0:42")
    await house.until(lambda: any("voice" in message for message in house.sent(STAFF_CHAT)))
    counts = await house.accounting()
    assert (counts["ticketed"], counts["set_aside"]) == (1, 1)


async def test_an_album_is_one_ticket_with_all_its_photos() -> None:
    async with open_house(MemoryStorage()) as house:
        house.telegram.world.send_album(IRYNA, IRYNA, count=3, caption="Помилка на касі, дивіться фото")
        await house.until(lambda: not house.telegram.world.updates.pending)
        house.world.clock.advance(timedelta(seconds=3))
        await house.settled()
        counts = await house.accounting()
        assert (counts["received"], counts["ticketed"]) == (3, 3)
        async with house.world.storage.read() as uow:
            assert await uow.tickets.open_count() == 1
            [message] = await uow.tickets.messages(1)
        assert [file.kind for file in message.attachments] == ["photo"] * 3


async def test_commands(house: House) -> None:
    house.say("/start")
    greeting = await house.gets("Вітаємо! Це Служба підтримки.")
    assert "пн–пт 08:00-12:30, 13:30-17:00" in greeting["text"]
    assert "+380 44 000 00 00" in greeting["text"]
    house.say("/help")
    await house.gets("/my — мої звернення")
    house.say("/site")
    await house.gets(f"/login/contact:{house.world.iryna.id}")
    house.say("/щось")
    await house.gets("Такої команди немає.")
    assert (await house.accounting())["set_aside"] == 4


async def test_my_lists_with_lamps_and_opens_one(house: House) -> None:
    house.say("/my")
    await house.gets("Відкритих звернень немає")
    house.say(PRINTER)
    await house.gets("Звернення зареєстровано")
    house.say("/my")
    listing = await house.gets("Ваші звернення")
    assert "🟢 №1 Не друкує принтер" in listing["text"]
    house.press(listing, "№1")
    page = await house.gets("дайте відповідь на це повідомлення", count=1)
    assert PRINTER in page["text"]
    house.say("Ще одна подробиця: після оновлення", reply_to=page["message_id"])
    await house.gets("після оновлення", chat=STAFF_CHAT)


async def test_close_ends_the_only_open_ticket_and_it_can_be_reopened(house: House) -> None:
    house.say(PRINTER)
    await house.gets("Звернення зареєстровано")
    house.say("/close")
    notice = await house.gets("Закрито: вирішено")
    assert (await ticket(house, 1)).outcome is Outcome.SOLVED
    await house.until(lambda: house.sent(STAFF_CHAT)[0]["text"].startswith("⚪"))
    house.press(notice, "Відкрити знову")
    await house.gets("Знову в роботі")
    assert (await ticket(house, 1)).is_open


async def test_close_by_number_is_refused_for_somebody_elses_ticket(house: House) -> None:
    house.say(PRINTER)
    await house.gets("Звернення зареєстровано")
    house.say("/close 1", chat=PETRO, user=PETRO)
    await house.gets("Звернення №1 не знайдено.", chat=PETRO)
    assert (await ticket(house, 1)).is_open


async def test_a_forged_button_of_somebody_elses_ticket_is_refused(house: House) -> None:
    house.say(PRINTER)
    await house.gets("Звернення зареєстровано")
    house.say("/start", chat=PETRO, user=PETRO)
    greeting = await house.gets("Вітаємо", chat=PETRO)
    forged = house.telegram.world.press
    wishes = "done:1 open:1 join:1:1 reason:1:1 reason:1:9 one:1 claim:1 close:1:solved x done:99999999999999999999 done:-1"
    for data in wishes.split():
        callback = forged(PETRO, PETRO, greeting["message_id"], data=data, forged=True)
        assert await house.toast(callback)
    assert (await ticket(house, 1)).is_open
    assert (await ticket(house, 1)).assignee_id is None
    assert len(house.sent(PETRO)) == 1


async def test_a_newcomer_is_served_first_and_known_by_an_own_contact_card(house: House) -> None:
    async with house.world.storage.write() as uow:
        await uow.people.add_contact(
            name="Каса", client_id=house.world.shop.id, language="uk", addresses=(Address(channel="phone", value="+380440000017"),)
        )
        await uow.commit()
    house.say(PRINTER, chat=NEWCOMER, user=NEWCOMER)
    await house.gets("Звернення зареєстровано", chat=NEWCOMER)
    house.telegram.world.send_contact(NEWCOMER, NEWCOMER, "+380 44 000 00 17", contact_user=IRYNA)
    await house.settled()
    assert (await ticket(house, 1)).client_id is None
    house.telegram.world.send_contact(NEWCOMER, NEWCOMER, "380440000017", contact_user=NEWCOMER)
    await house.gets("Номер збережено", chat=NEWCOMER)
    assert (await ticket(house, 1)).client_id == house.world.shop.id


async def test_english_after_it_was_chosen(house: House) -> None:
    house.say("/language")
    house.press(await house.gets("Which language"), "English")
    await house.settled()
    async with house.world.storage.read() as uow:
        assert (await uow.people.contact(house.world.iryna.id)).language == "en"


async def test_a_block_is_told_to_staff_while_tickets_wait(house: House) -> None:
    house.say(PRINTER)
    await house.gets("Звернення зареєстровано")
    house.telegram.world.set_bot_status(IRYNA, "kicked")
    await house.gets("Ірина: бота в Telegram заблоковано", chat=STAFF_CHAT)
    house.telegram.world.set_bot_status(IRYNA, "member")
    await house.gets("знову читає бота", chat=STAFF_CHAT)


async def test_a_word_that_solves_it_closes_and_says_so_with_a_way_back(house: House) -> None:
    house.say(PRINTER)
    card = await house.gets("Не друкує", chat=STAFF_CHAT)
    house.agent_says("Увімкнули чергу друку, перевірте.", reply_to=card["message_id"])
    answer = await house.gets("Увімкнули чергу друку")
    house.say("Дякую, все працює, можна закривати", reply_to=answer["message_id"])
    closed = await house.gets("Закрито: вирішено")
    house.press(closed, "Відкрити знову")
    await house.gets("Знову в роботі")


async def test_answers_can_be_approved_or_sent_back(house: House) -> None:
    house.say(PRINTER)
    card = await house.gets("Не друкує", chat=STAFF_CHAT)
    house.agent_says("Увімкнули чергу друку, перевірте.", reply_to=card["message_id"])
    answer = await house.gets("Увімкнули чергу друку")
    house.press(answer, "Ще не вирішено")
    await house.gets("знову в роботі")
    await house.until(lambda: house.sent(STAFF_CHAT)[0]["text"].startswith("🟡"))
    house.agent_says("А тепер?", reply_to=card["message_id"])
    second = await house.gets("А тепер?")
    house.press(second, "Вирішено, закрити")
    await house.gets("Закрито: вирішено")
    assert not (await ticket(house, 1)).is_open


@pytest.mark.parametrize("rest", ["²", "9" * 30, "9" * 3000, "-1", "7,", "не треба", "0"])
async def test_close_with_what_is_no_number_asks_which_one(house: House, rest: str) -> None:
    house.say(PRINTER)
    await house.gets("Звернення зареєстровано")
    house.say(f"/close {rest}")
    await house.gets("Яке звернення закрити? Напишіть його номер, наприклад /close 1.")
    await house.gets("Ваші звернення")
    assert (await ticket(house, 1)).is_open
    assert (await house.accounting())["quarantined"] == 0


@pytest.mark.parametrize("number", ["²", "9" * 30])
async def test_a_forged_join_with_an_odd_number_is_refused(house: House, number: str) -> None:
    house.say(PRINTER)
    receipt = await house.gets("Звернення зареєстровано")
    callback = house.telegram.world.press(IRYNA, IRYNA, receipt["message_id"], data=f"join:1:{number}", forged=True)
    assert await house.toast(callback) == "Такого звернення немає."
