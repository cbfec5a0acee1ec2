"""What each method takes, refuses and answers. Wording of refusals as the real server words them."""

import base64

import aiohttp
import pytest

from bot.channels.telegram.sandbox import Sandbox
from tests.channels.telegram.conftest import OLENA, PETRO, STAFF_CHAT

BUTTON = {"inline_keyboard": [[{"text": "Беру", "callback_data": "claim:1"}]]}


@pytest.fixture(autouse=True)
def started(telegram: Sandbox):
    """Olena has written first, as every client must."""
    telegram.world.write(OLENA, OLENA, "/start")


@pytest.mark.parametrize(
    ("parameters", "description"),
    [
        ({"text": "x"}, "parameter 'chat_id' is required for sendMessage"),
        ({"chat_id": OLENA}, "message text is empty"),
        ({"chat_id": OLENA, "text": "  \n "}, "message text is empty"),
        ({"chat_id": OLENA, "text": "<b></b>", "parse_mode": "HTML"}, "message text is empty"),
        ({"chat_id": "багато", "text": "x"}, "parameter 'chat_id' must be of type Integer"),
        ({"chat_id": 7, "text": "x"}, "chat not found"),
        ({"chat_id": PETRO, "text": "x"}, "chat not found"),
        (
            {"chat_id": OLENA, "text": "x", "parse_mod": "HTML"},
            "unknown parameter 'parse_mod' for sendMessage (the sandbox is strict about this)",
        ),
        ({"chat_id": OLENA, "text": "x", "parse_mode": "Word"}, "unsupported parse_mode"),
        ({"chat_id": OLENA, "text": "а" * 4097}, "message is too long"),
        ({"chat_id": OLENA, "text": "🙂" * 2049}, "message is too long"),
        ({"chat_id": OLENA, "text": "\ud83d"}, "strings must be encoded in UTF-8 (text)"),
        ({"chat_id": OLENA, "text": "x", "reply_parameters": {"message_id": 99}}, "message to be replied not found"),
        ({"chat_id": OLENA, "text": "x", "message_thread_id": 5}, "message thread not found"),
        (
            {"chat_id": OLENA, "text": "<b>x", "parse_mode": "HTML"},
            "can't parse entities: Can't find end tag corresponding to start tag \"b\"",
        ),
        ({"chat_id": OLENA, "text": "ї<br>x", "parse_mode": "HTML"}, 'can\'t parse entities: Unsupported start tag "br" at byte offset 2'),
        ({"chat_id": OLENA, "text": "a < b", "parse_mode": "HTML"}, "can't parse entities: Unclosed start tag at byte offset 2"),
        (
            {"chat_id": OLENA, "text": "<b><i>x</b></i>", "parse_mode": "HTML"},
            'can\'t parse entities: Unmatched end tag at byte offset 7, expected "</i>", found "</b>"',
        ),
        (
            {"chat_id": OLENA, "text": "x", "reply_markup": {"inline_keyboard": [[{"text": "a", "callback_data": "ї" * 33}]]}},
            "BUTTON_DATA_INVALID",
        ),
        (
            {"chat_id": OLENA, "text": "x", "reply_markup": {"inline_keyboard": [[{"text": "a"}]]}},
            "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard",
        ),
    ],
)
async def test_send_message_refuses(ask, parameters, description):
    answer = await ask("sendMessage", **parameters)
    assert answer == {"ok": False, "error_code": 400, "description": f"Bad Request: {description}"}


async def test_the_longest_text_and_the_longest_button_pass(ask):
    markup = {"inline_keyboard": [[{"text": "a", "callback_data": "ї" * 32}]]}
    assert (await ask("sendMessage", chat_id=OLENA, text="а" * 4094 + "🙂", reply_markup=markup))["ok"]
    assert (await ask("sendMessage", chat_id=OLENA, text=f"<b>{'&amp;' * 4096}</b>", parse_mode="HTML"))["ok"]


async def test_html_becomes_text_and_entities_in_utf16(ask):
    text = '🙂 <b>Звернення <a href="https://example.com/7">№&nbsp;7</a></b> &lt;1&gt; R&D'
    message = (await ask("sendMessage", chat_id=OLENA, text=text, parse_mode="HTML"))["result"]
    assert message["text"] == "🙂 Звернення №&nbsp;7 <1> R&D"
    assert message["entities"] == [
        {"type": "bold", "offset": 3, "length": 18},
        {"type": "text_link", "offset": 13, "length": 8, "url": "https://example.com/7"},
    ]


async def test_an_edit_without_the_keyboard_takes_it_away(telegram: Sandbox, ask):
    sent = (await ask("sendMessage", chat_id=OLENA, text="один", reply_markup=BUTTON))["result"]
    assert sent["reply_markup"] == BUTTON
    same = await ask("editMessageText", chat_id=OLENA, message_id=sent["message_id"], text="один", reply_markup=BUTTON)
    assert same["description"].startswith("Bad Request: message is not modified")
    edited = (await ask("editMessageText", chat_id=OLENA, message_id=sent["message_id"], text="два"))["result"]
    assert edited["text"] == "два"
    assert "reply_markup" not in edited
    back = (await ask("editMessageReplyMarkup", chat_id=OLENA, message_id=sent["message_id"], reply_markup=BUTTON))["result"]
    assert (back["text"], back["reply_markup"]) == ("два", BUTTON)


async def test_only_own_and_existing_messages_can_be_edited(ask):
    missing = await ask("editMessageText", chat_id=OLENA, message_id=77, text="x")
    assert missing["description"] == "Bad Request: message to edit not found"
    theirs = await ask("editMessageText", chat_id=OLENA, message_id=1, text="x")
    assert theirs["description"] == "Bad Request: message can't be edited"


async def test_a_press_carries_the_buttons_data_and_is_answered_once(telegram: Sandbox, ask):
    sent = (await ask("sendMessage", chat_id=OLENA, text="один", reply_markup=BUTTON))["result"]
    callback = telegram.world.press(OLENA, OLENA, sent["message_id"], text="Беру")
    update = (await ask("getUpdates"))["result"][-1]["callback_query"]
    assert (update["id"], update["data"], update["message"]["message_id"]) == (callback, "claim:1", sent["message_id"])
    assert (await ask("answerCallbackQuery", callback_query_id=callback, text="ваше"))["ok"]
    assert "query is too old" in (await ask("answerCallbackQuery", callback_query_id=callback))["description"]


async def test_reactions_and_actions_are_checked(telegram: Sandbox, ask):
    eyes = [{"type": "emoji", "emoji": "👀"}]
    assert (await ask("setMessageReaction", chat_id=OLENA, message_id=1, reaction=eyes))["ok"]
    assert telegram.world.chat(OLENA).reactions[1] == eyes
    snail = [{"type": "emoji", "emoji": "🐌"}]
    assert (await ask("setMessageReaction", chat_id=OLENA, message_id=1, reaction=snail))["description"] == "Bad Request: REACTION_INVALID"
    assert (await ask("setMessageReaction", chat_id=OLENA, message_id=9, reaction=eyes))["error_code"] == 400
    assert (await ask("sendChatAction", chat_id=OLENA, action="typing"))["ok"]
    assert (await ask("sendChatAction", chat_id=OLENA, action="dancing"))["error_code"] == 400


async def test_a_file_goes_down_and_up(telegram: Sandbox, ask):
    data = base64.b64encode("рахунок".encode()).decode()
    said = telegram.world.send_media(OLENA, OLENA, "document", data_base64=data, file_name="рахунок.txt", mime_type="text/plain")
    about = (await ask("getFile", file_id=said["document"]["file_id"]))["result"]
    async with aiohttp.ClientSession() as session:
        async with session.get(f"{telegram.base_url}/file/bot{telegram.token}/{about['file_path']}") as answer:
            assert (await answer.read()).decode() == "рахунок"
        form = aiohttp.FormData(
            quote_fields=False, fields={"chat_id": str(OLENA), "document": "attach://f1", "caption": "<b>ось</b>", "parse_mode": "HTML"}
        )
        form.add_field("f1", b"\x00\x01", filename="звіт.xlsx")
        async with session.post(f"{telegram.base_url}/bot{telegram.token}/sendDocument", data=form) as answer:
            sent = (await answer.json())["result"]
    assert (sent["document"]["file_name"], sent["document"]["file_size"], sent["caption"]) == ("звіт.xlsx", 2, "ось")
    again = await ask("sendDocument", chat_id=OLENA, document=sent["document"]["file_id"])
    assert again["ok"]
    assert (await ask("sendDocument", chat_id=OLENA, document="nonsense"))["error_code"] == 400
    assert (await ask("sendPhoto", chat_id=OLENA, photo=sent["document"]["file_id"], caption="x" * 1025))["description"] == (
        "Bad Request: message caption is too long"
    )


async def test_a_file_over_20_mb_cannot_be_fetched(telegram: Sandbox, ask):
    said = telegram.world.send_media(OLENA, OLENA, "video", data_base64=base64.b64encode(bytes(20 * 1024 * 1024 + 1)).decode())
    assert (await ask("getFile", file_id=said["video"]["file_id"]))["description"] == "Bad Request: file is too big"


async def test_a_blocked_bot_gets_403_and_an_update_about_it(telegram: Sandbox, ask):
    telegram.world.set_bot_status(OLENA, "kicked")
    assert (await ask("sendMessage", chat_id=OLENA, text="x")) == {
        "ok": False,
        "error_code": 403,
        "description": "Forbidden: bot was blocked by the user",
    }
    change = (await ask("getUpdates"))["result"][-1]["my_chat_member"]
    assert (change["old_chat_member"]["status"], change["new_chat_member"]["status"]) == ("member", "kicked")
    telegram.world.set_bot_status(OLENA, "member")
    assert (await ask("sendMessage", chat_id=OLENA, text="x"))["ok"]


async def test_a_migrated_group_names_its_successor(telegram: Sandbox, ask):
    telegram.world.migrate(STAFF_CHAT, -1002000000002)
    refused = await ask("sendMessage", chat_id=STAFF_CHAT, text="x")
    assert refused["parameters"] == {"migrate_to_chat_id": -1002000000002}
    assert (await ask("sendMessage", chat_id=-1002000000002, text="x"))["ok"]
    said = [u["message"] for u in (await ask("getUpdates"))["result"] if "message" in u]
    assert {"migrate_to_chat_id", "migrate_from_chat_id"} <= {key for message in said for key in message}


async def test_topics_open_close_and_vanish(telegram: Sandbox, ask):
    telegram.world.add_group(-1003, "Форум", members=[PETRO], is_forum=True)
    topic = (await ask("createForumTopic", chat_id=-1003, name="№ 7"))["result"]["message_thread_id"]
    sent = (await ask("sendMessage", chat_id=-1003, message_thread_id=topic, text="x"))["result"]
    assert sent["message_thread_id"] == topic
    assert (await ask("closeForumTopic", chat_id=-1003, message_thread_id=topic))["ok"]
    assert (await ask("sendMessage", chat_id=-1003, message_thread_id=topic, text="x"))["description"] == "Bad Request: TOPIC_CLOSED"
    assert (await ask("closeForumTopic", chat_id=-1003, message_thread_id=topic))["description"] == "Bad Request: TOPIC_NOT_MODIFIED"
    assert (await ask("deleteForumTopic", chat_id=-1003, message_thread_id=topic))["ok"]
    assert (await ask("sendMessage", chat_id=-1003, message_thread_id=topic, text="x"))[
        "description"
    ] == "Bad Request: message thread not found"
    assert (await ask("createForumTopic", chat_id=STAFF_CHAT, name="x"))["error_code"] == 400


async def test_commands_are_checked(ask):
    good = [{"command": "my", "description": "Мої звернення"}]
    assert (await ask("setMyCommands", commands=good, language_code="uk"))["ok"]
    assert (await ask("setMyCommands", commands=[{"command": "Мої", "description": "x"}]))["error_code"] == 400
