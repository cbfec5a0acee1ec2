"""The staff chat, over HTTP against the sandbox: cards, buttons, replies, notes, phone entries, and who may do what."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.channels.telegram.parse import external_id
from bot.model import MessageKind, Outcome, Priority, Turn
from bot.ports import RawEvent
from bot.sla.service import Ticker
from bot.storage.memory import MemoryStorage
from tests.channels.telegram.house import IRYNA, PETRO, STAFF_CHAT, House, open_house

PRINTER = "Не друкує принтер на складі, видає помилку 5."
URGENT = "Терміново! Каса не пробиває чеки, черга людей стоїть."


@pytest.fixture
async def house() -> AsyncIterator[House]:
    async with open_house(MemoryStorage()) as house:
        yield house


async def ticket(house: House, number: int = 1):
    async with house.world.storage.read() as uow:
        return await uow.tickets.get(number)


async def card_of(house: House, text: str = PRINTER):
    """A ticket's card in the staff chat."""
    house.say(text)
    return await house.gets(text.split(",")[0].split("!")[-1].strip(), chat=STAFF_CHAT)


def cards(house: House):
    return [message for message in house.sent(STAFF_CHAT) if message["text"][1:].startswith(" №")]


async def test_a_claim_turns_the_card_yellow_and_tells_the_client_who_has_it(house: House) -> None:
    card = await card_of(house)
    callback = house.agent_presses(card, "Беру")
    assert await house.toast(callback) == "№1 ваше."
    await house.gets("займається Олена")
    await house.until(lambda: cards(house)[0]["text"].startswith("🟡"))
    labels = [button["text"] for row in cards(house)[0]["reply_markup"]["inline_keyboard"] for button in row]
    assert "🙋 Беру" not in labels
    assert len(cards(house)) == 1


async def test_of_two_claims_one_wins_and_the_other_is_told_who_has_it(house: House) -> None:
    card = await card_of(house)
    first, second = house.agent_presses(card, "Беру", "olena"), house.agent_presses(card, "Беру", "taras")
    words = sorted([await house.toast(first), await house.toast(second)])
    assert words == ["Звернення №1 вже веде Олена.", "№1 ваше."] or words == ["Звернення №1 вже веде Тарас.", "№1 ваше."]


async def test_a_reply_to_the_card_answers_the_client_and_to_the_answer_comes_back(house: House) -> None:
    card = await card_of(house)
    said = house.agent_says("Увімкнули чергу друку.\nПеревірте <b>зараз</b> & напишіть", reply_to=card["message_id"])
    answer = await house.gets("Увімкнули чергу друку")
    assert "Олена:" in answer["text"]
    assert "Перевірте <b>зараз</b> & напишіть" in answer["text"]
    await house.until(lambda: house.telegram.world.chat(STAFF_CHAT).reactions.get(said))
    assert (await ticket(house)).turn is Turn.CLIENT_APPROVAL
    house.say("Не допомогло, на папері ієрогліфи", reply_to=answer["message_id"])
    word = await house.gets("ієрогліфи", chat=STAFF_CHAT)
    house.agent_says("Оновлюємо драйвер", reply_to=word["message_id"])
    await house.gets("Оновлюємо драйвер")


async def test_two_slashes_are_a_note_that_the_client_never_sees(house: House) -> None:
    card = await card_of(house)
    house.agent_says("// клієнт платить із затримкою", reply_to=card["message_id"])
    await house.settled()
    async with house.world.storage.read() as uow:
        note = (await uow.tickets.messages(1))[-1]
    assert (note.kind, note.text) == (MessageKind.NOTE, "клієнт платить із затримкою")
    assert house.sent(IRYNA, "затримкою") == []
    house.say("/my")
    listing = await house.gets("Ваші звернення")
    house.press(listing, "№1")
    page = await house.gets("Щоб написати в це звернення")
    assert "затримкою" not in page["text"]
    house.agent_says("/ticket 1")
    await house.gets("(нотатка)", chat=STAFF_CHAT)


@pytest.mark.parametrize(
    ("label", "words", "heard", "turn"),
    [
        ("Відповісти", "Перезавантажте службу друку", "Перезавантажте службу друку", Turn.CLIENT_APPROVAL),
        ("Уточнити", "Яка модель?", "Яка модель?", Turn.CLIENT_CLARIFICATION),
        ("Вирішено", "Замінили картридж", "Замінили картридж", Turn.CLIENT_APPROVAL),
    ],
)
async def test_buttons_that_need_words_ask_for_them(house: House, label: str, words: str, heard: str, turn: Turn) -> None:
    card = await card_of(house)
    house.agent_presses(card, label)
    prompt = await house.gets("Відповідайте саме на це повідомлення", chat=STAFF_CHAT)
    sends = house.telegram.journal.select(method="sendMessage", chat=STAFF_CHAT)
    assert sends[-1].params["reply_markup"] == {"force_reply": True, "selective": True}
    house.agent_says(words, reply_to=prompt["message_id"])
    await house.gets(heard)
    assert (await ticket(house)).turn is turn


async def test_close_takes_an_outcome_and_a_result_that_the_client_reads(house: House) -> None:
    card = await card_of(house)
    house.agent_presses(card, "Закрити")
    await house.until(lambda: "вирішено" in str(cards(house)[0]["reply_markup"]))
    house.agent_presses(cards(house)[0], "відхилено")
    prompt = await house.gets("Напишіть результат", chat=STAFF_CHAT)
    house.agent_says("Не входить в абонплату", reply_to=prompt["message_id"])
    closed = await house.gets("Закрито: відхилено")
    assert "Результат: Не входить в абонплату" in closed["text"]
    assert (await ticket(house)).outcome is Outcome.DECLINED
    await house.until(lambda: cards(house)[0]["text"].startswith("⚪"))
    house.agent_presses(cards(house)[0], "Відкрити знову")
    await house.gets("Знову в роботі")


async def test_raising_is_done_at_once_and_lowering_asks_for_the_reason_that_the_client_reads(house: House) -> None:
    card = await card_of(house)
    house.agent_presses(card, "Критичність")
    await house.until(lambda: "термінова" in str(cards(house)[0]["reply_markup"]))
    house.agent_presses(cards(house)[0], "висока")
    await house.gets("Критичність тепер «висока»")
    await house.until(lambda: "Критичність" in str(cards(house)[0]["reply_markup"]))
    house.agent_presses(cards(house)[0], "Критичність")
    await house.until(lambda: "низька" in str(cards(house)[0]["reply_markup"]))
    house.agent_presses(cards(house)[0], "низька")
    prompt = await house.gets("чому критичність нижча", chat=STAFF_CHAT)
    house.agent_says("Є другий принтер", reply_to=prompt["message_id"])
    told = await house.gets("Критичність тепер «низька»")
    assert "Причина: Є другий принтер" in told["text"]
    assert (await ticket(house)).priority is Priority.LOW


async def test_snooze_is_chosen_from_a_menu_and_shown_on_the_card(house: House) -> None:
    card = await card_of(house)
    house.agent_presses(card, "Відкласти")
    await house.until(lambda: "1 год" in str(cards(house)[0]["reply_markup"]))
    house.agent_presses(cards(house)[0], "1 год")
    await house.until(lambda: "⏸ відкладено до сьогодні 11:00" in cards(house)[0]["text"])
    assert await house.toast(house.agent_presses(cards(house)[0], "Розбудити")) == "Нагадування знову йдуть."
    await house.until(lambda: "⏸ відкладено" not in cards(house)[0]["text"] and "Відкласти" in str(cards(house)[0]["reply_markup"]))
    house.agent_presses(cards(house)[0], "Відкласти")
    await house.until(lambda: "Назад" in str(cards(house)[0]["reply_markup"]))
    house.agent_presses(cards(house)[0], "Назад")
    await house.until(lambda: "Беру" in str(cards(house)[0]["reply_markup"]))


async def test_a_stranger_in_the_staff_chat_is_refused_politely_with_the_number_to_add(house: House) -> None:
    card = await card_of(house)
    words = await house.toast(house.press(card, "Беру", user=PETRO))
    assert "Вас немає серед співробітників (ваш номер у Telegram: 502)" in words
    house.say("я відповім", chat=STAFF_CHAT, user=PETRO, reply_to=card["message_id"])
    await house.gets("Вас немає серед співробітників", chat=STAFF_CHAT)
    house.say("просто балачка", chat=STAFF_CHAT, user=PETRO)
    await house.settled()
    assert house.sent(IRYNA, "я відповім") == []
    assert (await ticket(house)).assignee_id is None


async def test_an_anonymous_administrator_is_told_why(house: House) -> None:
    card = await card_of(house)
    callback = house.telegram.world.press(STAFF_CHAT, None, card["message_id"], text="Беру")
    assert "від імені групи" in await house.toast(callback)
    house.say("відповідь", chat=STAFF_CHAT, user=None, reply_to=card["message_id"])
    await house.gets("від імені групи", chat=STAFF_CHAT)


async def test_a_dismissed_agent_can_do_nothing(house: House) -> None:
    card = await card_of(house)
    async with house.world.storage.write() as uow:
        await uow.people.save_agent(replace(house.world.olena, is_active=False))
        await uow.commit()
    assert "вимкнено" in await house.toast(house.agent_presses(card, "Беру"))


async def test_talk_among_staff_is_left_alone(house: House) -> None:
    await card_of(house)
    said = house.agent_says("хто візьме?")
    house.agent_says("я за хвилину", "taras", reply_to=said)
    await house.settled()
    assert len(house.sent(STAFF_CHAT)) == 1
    assert (await house.accounting())["set_aside"] == 2


async def test_queue_and_mine_list_by_deadline(house: House) -> None:
    await card_of(house)
    urgent = await card_of(house, URGENT)
    house.agent_says("/queue")
    listing = (await house.gets("Черга", chat=STAFF_CHAT))["text"]
    assert listing.index("№2") < listing.index("№1")
    house.agent_says("/mine")
    await house.gets("Відкритих звернень немає", chat=STAFF_CHAT)
    house.agent_presses(urgent, "Беру")
    await house.settled()
    house.agent_says("/mine")
    mine = await house.gets("Мої звернення: Олена", chat=STAFF_CHAT, count=2)
    assert "№2" in mine["text"]
    assert "№1" not in mine["text"]
    house.agent_presses(mine, "№2")
    await house.until(lambda: len(house.sent(STAFF_CHAT, "Каса не пробиває")) >= 3)


async def test_a_phone_entry_is_a_ticket_born_answered_and_joins_an_open_one_by_one_press(house: House) -> None:
    house.agent_says("/call +380 44 000 00 17 Крамниця: не працює каса, просять передзвонити майстру")
    await house.gets("Дзвінок записано: №1", chat=STAFF_CHAT)
    first = await ticket(house)
    assert (first.channel, first.assignee_id, first.client_id) == ("phone", house.world.olena.id, house.world.shop.id)
    async with house.world.storage.read() as uow:
        assert [clock.state.value for clock in await uow.clocks.of_ticket(1)] == ["met"]
    house.agent_says("/call 044 000 00 17 знову про касу: тепер не друкує чек", "taras")
    offer = await house.gets("Дзвінок записано: №2", chat=STAFF_CHAT)
    house.press(offer, "№1", user=int(house.world.taras.telegram_id or 0))
    await house.settled()
    assert (await ticket(house, 2)).merged_into_id == 1
    house.agent_says("/call")
    await house.gets("Напишіть номер і про що дзвінок", chat=STAFF_CHAT)


async def test_a_reply_that_cannot_reach_anybody_says_so(house: House) -> None:
    house.agent_says("/call +380440000017 не працює каса")
    card = await house.gets("не працює каса", chat=STAFF_CHAT)
    house.agent_says("зробили", reply_to=card["message_id"])
    await house.gets("клієнтові немає куди написати", chat=STAFF_CHAT)


async def test_a_nudge_says_why_and_its_buttons_act(house: House) -> None:
    await card_of(house, URGENT)
    house.world.clock.advance(timedelta(minutes=31))
    ticker = Ticker(storage=house.world.storage, promises=house.world.promises, staff=house.world.desk.staff, clock=house.world.clock)
    await ticker.tick()
    nudge = await house.gets("Лишилося 29 хв", chat=STAFF_CHAT)
    assert "з сьогодні 10:00, відлік 1 год" in nudge["text"]
    house.agent_presses(nudge, "Відповіли телефоном")
    await house.gets("Відповіли вам телефоном.")
    assert (await ticket(house)).assignee_id == house.world.olena.id


async def test_a_photo_in_a_reply_goes_to_the_client(house: House) -> None:
    card = await card_of(house)
    house.telegram.world.send_media(
        STAFF_CHAT, int(house.world.olena.telegram_id or 0), "photo", caption="ось де натиснути", reply_to=card["message_id"]
    )
    await house.gets("ось де натиснути")
    await house.until(lambda: any("photo" in message for message in house.sent(IRYNA)))


async def test_an_owners_nudge_comes_privately_and_is_answered_there(house: House) -> None:
    card = await card_of(house, URGENT)
    olena = int(house.world.olena.telegram_id or 0)
    house.say("/start", chat=olena, user=olena)
    await house.gets("Відповідь на картку", chat=olena)
    house.agent_presses(card, "Беру")
    await house.settled()
    house.world.clock.advance(timedelta(minutes=61))
    ticker = Ticker(storage=house.world.storage, promises=house.world.promises, staff=house.world.desk.staff, clock=house.world.clock)
    await ticker.tick()
    nudge = await house.gets("клієнт ще чекає на перше слово", chat=olena)
    house.say("Майстер уже їде", chat=olena, user=olena, reply_to=nudge["message_id"])
    await house.gets("Майстер уже їде")
    house.say("/mine", chat=olena, user=olena)
    await house.gets("Мої звернення: Олена", chat=olena)


async def test_an_answer_given_in_private_is_corrected_there_and_not_said_again(house: House) -> None:
    card = await card_of(house, URGENT)
    olena = int(house.world.olena.telegram_id or 0)
    house.say("/start", chat=olena, user=olena)
    await house.gets("Відповідь на картку", chat=olena)
    house.agent_presses(card, "Беру")
    await house.settled()
    house.world.clock.advance(timedelta(minutes=61))
    ticker = Ticker(storage=house.world.storage, promises=house.world.promises, staff=house.world.desk.staff, clock=house.world.clock)
    await ticker.tick()
    nudge = await house.gets("клієнт ще чекає на перше слово", chat=olena)
    said = house.say("Майстер уже їде", chat=olena, user=olena, reply_to=nudge["message_id"])
    await house.gets("Майстер уже їде")
    house.telegram.world.edit(olena, said, "Майстер буде о 15:00")
    await house.gets("Майстер буде о 15:00")
    await house.settled()
    assert house.sent(IRYNA, "Майстер уже їде") == []
    assert len(house.sent(IRYNA, "Майстер")) == 1


async def test_an_owner_who_never_opened_the_bot_is_reminded_in_the_staff_chat(house: House) -> None:
    card = await card_of(house, URGENT)
    house.agent_presses(card, "Беру")
    await house.settled()
    house.world.clock.advance(timedelta(minutes=61))
    ticker = Ticker(storage=house.world.storage, promises=house.world.promises, staff=house.world.desk.staff, clock=house.world.clock)
    await ticker.tick()
    nudge = await house.gets("клієнт ще чекає на перше слово", chat=STAFF_CHAT)
    assert "у кого: Олена" in nudge["text"]
    house.agent_says("Майстер уже їде", reply_to=nudge["message_id"])
    await house.gets("Майстер уже їде")


async def test_a_command_for_another_bot_is_none_of_ours(house: House) -> None:
    house.agent_says("/queue@another_bot")
    house.agent_says("/queue@deskbot_sandbox_bot")
    await house.gets("Черга", chat=STAFF_CHAT)
    await house.settled()
    assert len(house.sent(STAFF_CHAT)) == 1


async def test_the_desk_is_closed_and_opened_from_the_staff_chat(house: House) -> None:
    house.world.clock.set_to(house.world.clock.now().replace(hour=8, minute=0))
    said = house.agent_says("/closed до 14:00 немає світла", agent="taras")
    await house.gets("14:00: немає світла. Зачиняє Тарас.", chat=STAFF_CHAT)
    await house.until(lambda: house.telegram.world.chat(STAFF_CHAT).reactions.get(said))
    async with house.world.storage.read() as uow:
        [closure] = await uow.closures.all()
    assert (closure.because, closure.ends_at.hour) == ("немає світла", 12)
    house.agent_says("/closed off", agent="taras")
    await house.gets("Служба знову працює. Відкриває Тарас.", chat=STAFF_CHAT)


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("/closed", "Напишіть, до якого часу й чому"),
        ("/closed до 14:00", "Напишіть причину"),
        ("/closed until 31.02 14:00 x", "не є часом"),
        ("/closed off", "Службу не зачинено"),
    ],
)
async def test_a_closing_that_cannot_be_done_says_how_it_is_done(house: House, text: str, answer: str) -> None:
    house.agent_says(text, agent="taras")
    await house.gets(answer, chat=STAFF_CHAT)


@pytest.mark.parametrize("text", ["/closed до 14:00 немає світла", "/closed off"])
async def test_an_agent_who_closes_the_desk_is_told_who_may(house: House, text: str) -> None:
    house.agent_says(text)
    await house.gets("Зачинити чи відкрити службу може лише керівник, бо це рухає всі строки. Попросіть: Тарас.", chat=STAFF_CHAT)
    async with house.world.storage.read() as uow:
        assert await uow.closures.all() == []


@pytest.mark.parametrize("rest", ["²", "9" * 30, "-1"])
async def test_a_ticket_asked_for_by_what_is_no_number(house: House, rest: str) -> None:
    card = await card_of(house)
    house.agent_says(f"/ticket {rest}")
    await house.gets("Напишіть номер звернення: /ticket 7", chat=STAFF_CHAT)
    callback = house.telegram.world.press(
        STAFF_CHAT, int(house.world.olena.telegram_id), card["message_id"], data=f"callto:1:{rest}", forged=True
    )
    assert await house.toast(callback) == "Такого звернення немає."
    assert (await house.accounting())["quarantined"] == 0


async def test_an_update_that_comes_twice_is_one_word_of_an_agent(house: House) -> None:
    """Telegram repeats what it was not told of: the inbox key holds messages and presses alike."""
    card = await card_of(house)
    house.agent_says("Увімкнули чергу друку", reply_to=card["message_id"])
    await house.gets("Увімкнули чергу друку")
    await house.settled()
    async with house.world.storage.read() as uow:
        stored = [item for number in range(1, 10) if (item := await uow.inbox.get(number))]
    word = next(item for item in stored if "Увімкнули" in json.dumps(json.loads(item.raw), ensure_ascii=False))
    async with house.world.storage.write() as uow:
        [again] = await uow.inbox.put(
            [
                RawEvent(
                    channel=word.channel,
                    source=word.source,
                    external_id=external_id(json.loads(word.raw)),
                    conversation=word.conversation,
                    raw=word.raw,
                    received_at=word.received_at,
                )
            ],
            now=house.world.clock.now(),
        )
        await uow.commit()
    assert again is None
    assert len(house.sent(IRYNA, "Увімкнули чергу друку")) == 1


async def test_phoned_tapped_twice_tells_the_client_once(house: House) -> None:
    card = await card_of(house)
    first, second = (
        house.telegram.world.press(STAFF_CHAT, int(house.world.olena.telegram_id), card["message_id"], data="phoned:1", forged=True)
        for _ in range(2)
    )
    assert await house.toast(first) == await house.toast(second) == "Записано: відповіли телефоном."
    await house.gets("Відповіли вам телефоном")
    await house.settled()
    assert len(house.sent(IRYNA, "Відповіли вам телефоном")) == 1
