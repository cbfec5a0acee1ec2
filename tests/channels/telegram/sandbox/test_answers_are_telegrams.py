"""Everything the sandbox says must be readable by aiogram's own types: they follow the Bot API's documentation."""

import pytest

from bot.channels.telegram.sandbox import Sandbox
from tests.channels.telegram.conftest import OLENA, PETRO, STAFF_CHAT

BUTTON = {"inline_keyboard": [[{"text": "Беру", "callback_data": "claim:1"}]]}


async def test_every_kind_of_update_validates(telegram: Sandbox, ask):
    types = pytest.importorskip("aiogram.types")
    world = telegram.world
    first = world.write(OLENA, OLENA, "/start і @deskbot_sandbox_bot 🙂")
    world.write(OLENA, OLENA, "відповідь", reply_to=first["message_id"])
    for kind in ("photo", "document", "voice", "audio", "video", "video_note", "animation", "sticker"):
        world.send_media(OLENA, OLENA, kind, caption="підпис")
    world.send_album(OLENA, OLENA, count=3, caption="три")
    world.send_contact(OLENA, OLENA, "+380440000000", contact_user=OLENA)
    world.edit(OLENA, first["message_id"], "виправлено")
    sent = (await ask("sendMessage", chat_id=OLENA, text="кнопка", reply_markup=BUTTON))["result"]
    world.press(OLENA, OLENA, sent["message_id"], text="Беру")
    world.press(OLENA, OLENA, sent["message_id"], text="Беру", inaccessible=True)
    world.write(STAFF_CHAT, None, "анонімно")
    for status in ("member", "left", "kicked", "administrator"):
        world.set_bot_status(STAFF_CHAT, status)
    world.migrate(STAFF_CHAT, -1009)
    raw = (await ask("getUpdates"))["result"]
    parsed = [types.Update.model_validate(update) for update in raw]
    assert len(parsed) == len(raw) == 24
    assert [update.event_type for update in parsed].count("callback_query") == 2
    assert parsed[0].message.entities[1].extract_from(parsed[0].message.text) == "@deskbot_sandbox_bot"
    assert parsed[16].callback_query.message.date == 0 or not hasattr(parsed[16].callback_query.message, "text")
    assert world.write(STAFF_CHAT, None, "ще")["sender_chat"]["id"] == STAFF_CHAT


async def test_every_answer_validates_as_the_type_the_method_promises(telegram: Sandbox):
    aiogram = pytest.importorskip("aiogram")
    from aiogram.client.session.aiohttp import AiohttpSession
    from aiogram.client.telegram import TelegramAPIServer
    from aiogram.types import BotCommand, BufferedInputFile, InlineKeyboardMarkup, ReactionTypeEmoji, ReplyParameters

    telegram.world.write(OLENA, OLENA, "/start")
    telegram.world.add_group(-1003, "Форум", members=[PETRO], is_forum=True)
    async with AiohttpSession(api=TelegramAPIServer.from_base(telegram.base_url)) as session:
        bot = aiogram.Bot(telegram.token, session=session)
        assert (await bot.get_me()).username == "deskbot_sandbox_bot"
        markup = InlineKeyboardMarkup.model_validate(BUTTON)
        sent = await bot.send_message(
            OLENA, "<b>жирно</b>", parse_mode="HTML", reply_markup=markup, reply_parameters=ReplyParameters(message_id=1)
        )
        assert sent.entities[0].type == "bold"
        assert sent.reply_to_message.text == "/start"
        assert (await bot.edit_message_text("інше", chat_id=OLENA, message_id=sent.message_id)).edit_date
        for send in (bot.send_document, bot.send_photo, bot.send_voice, bot.send_video, bot.send_sticker, bot.send_video_note):
            assert (await send(OLENA, BufferedInputFile(b"x", "файл.bin"))).message_id
        file_id = (await bot.send_document(OLENA, BufferedInputFile(b"bytes", "a.bin"))).document.file_id
        assert (await bot.download(file_id)).read() == b"bytes"
        assert (await bot.get_chat(STAFF_CHAT)).title == "Підтримка"
        assert (await bot.get_chat_member(STAFF_CHAT, bot.id)).status == "administrator"
        assert (await bot.get_chat_member(STAFF_CHAT, PETRO)).status == "member"
        assert (await bot.get_chat_member(STAFF_CHAT, OLENA)).status == "left"
        assert await bot.set_message_reaction(OLENA, 1, [ReactionTypeEmoji(emoji="👀")])
        assert await bot.set_my_commands([BotCommand(command="my", description="Мої")])
        assert (await bot.create_forum_topic(-1003, "№ 7")).name == "№ 7"
        assert (await bot.get_webhook_info()).pending_update_count == 1
        assert await bot.delete_message(OLENA, sent.message_id)
        assert len(await bot.get_updates()) == 1
        assert await bot.delete_webhook()
        with pytest.raises(aiogram.exceptions.TelegramBadRequest):
            await bot.send_chat_action(OLENA, "dancing")


async def test_aiogram_tells_our_refusals_apart(telegram: Sandbox):
    aiogram = pytest.importorskip("aiogram")
    from aiogram import exceptions
    from aiogram.client.session.aiohttp import AiohttpSession
    from aiogram.client.telegram import TelegramAPIServer

    from bot.channels.telegram.sandbox import Fault

    async with AiohttpSession(api=TelegramAPIServer.from_base(telegram.base_url)) as session:
        bot = aiogram.Bot(telegram.token, session=session)
        for fault, expected in (
            (Fault(kind="429", retry_after=3), exceptions.TelegramRetryAfter),
            (Fault(kind="403"), exceptions.TelegramForbiddenError),
            (Fault(kind="migrate", new_chat=-5), exceptions.TelegramMigrateToChat),
            (Fault(kind="500"), exceptions.TelegramServerError),
            (Fault(kind="drop"), exceptions.TelegramNetworkError),
        ):
            telegram.faults.add(fault)
            with pytest.raises(expected):
                await bot.send_message(STAFF_CHAT, "x")
        with pytest.raises(exceptions.TelegramUnauthorizedError):
            await aiogram.Bot("1:wrong-token-of-nobody", session=session).get_me()
