"""The steps of docs/telegram.md, one after another: a real process against the Bot API server, and nothing but what the guide says."""

from __future__ import annotations

import pytest

from tests.acceptance import books
from tests.acceptance.chats import STAFF_CHAT, Telegram, buttons
from tests.acceptance.conftest import Start
from tests.acceptance.process import eventually

IRYNA, OLENA = 501, 901
GROUP = -1500
pytestmark = pytest.mark.timeout(240)


async def test_a_bot_is_set_up_step_by_step(desk: Start, telegram: Telegram) -> None:
    bot = desk(telegram=telegram.base_url, token=telegram.token)
    await telegram.do("add_user", user=OLENA, first_name="Олена")
    await telegram.do("add_user", user=IRYNA, first_name="Ірина")
    await bot.started()

    # 2. The bot tells one's own number.
    await telegram.says(OLENA, "/start")
    assert str(OLENA) in (await telegram.gets(OLENA, "Ваш номер у Telegram"))["text"]
    assert (await bot.command("accounts", "add", "Олена", "--telegram", str(OLENA))).code == 0

    # 3. The bot tells the group's number.
    await telegram.do("add_group", chat=STAFF_CHAT, title="Підтримка", members=[OLENA], bot_status="left")
    await telegram.do("set_bot_status", chat=STAFF_CHAT, status="member", by=OLENA)
    assert str(STAFF_CHAT) in (await telegram.gets(STAFF_CHAT, "Номер цієї групи"))["text"]
    await bot.stop()
    bot.config.write_text(bot.config.read_text("utf-8").replace("[telegram]", f'[telegram]\nstaff_chat = "{STAFF_CHAT}"'), "utf-8")

    # 4. Without rights the check says what is missing; with them it does not.
    assert "адміністратор" in (checked := await bot.command("check")).out + checked.err
    await telegram.do("set_bot_status", chat=STAFF_CHAT, status="administrator", by=OLENA)
    assert "не адміністратор" not in (checked := await bot.command("check")).out + checked.err
    await bot.started()

    # 5. A client's message goes the whole way.
    await telegram.says(IRYNA, "Не друкує принтер на складі")
    card = await telegram.gets(STAFF_CHAT, "№1")
    await telegram.press(card, next(label for label in buttons(card) if "Беру" in label), user=OLENA)
    await telegram.gets(IRYNA, "ним займається Олена")

    # 6. A client's group.
    assert (await bot.command("clients", "import", str(_clients(bot.folder)))).code == 0
    await telegram.do("add_group", chat=GROUP, title="Ромашка і підтримка", members=[IRYNA, OLENA], bot_status="left")
    await telegram.do("set_bot_status", chat=GROUP, status="member", by=OLENA)
    await telegram.gets(GROUP, "/company")
    await telegram.says(OLENA, "/company ТОВ Ромашка", chat=GROUP)
    await telegram.gets(GROUP, "Це група компанії «ТОВ Ромашка»")
    said = await telegram.says(IRYNA, "Зникли залишки по рахунку 281", chat=GROUP)
    await telegram.says(IRYNA, "/task", chat=GROUP, reply_to=said["message_id"])
    await telegram.gets(GROUP, "Звернення зареєстровано")
    await bot.stop()
    assert (await books.read(bot.database_url)).case(2).ticket.client_id is not None


def _clients(folder):
    file = folder / "clients.csv"
    file.write_text("company,domains,contacts,phones,plan\nТОВ Ромашка,romashka.example.com,,,Стандарт 10h\n", encoding="utf-8")
    return file


async def test_a_webhook_is_switched_on_and_off_again(desk: Start, telegram: Telegram) -> None:
    bot = desk(telegram=telegram.base_url, token=telegram.token)
    await telegram.do("add_user", user=IRYNA, first_name="Ірина")
    await bot.started()
    await telegram.says(IRYNA, "Не друкує принтер на складі")
    await telegram.gets(IRYNA, "№1")
    await bot.stop()
    polling = bot.config.read_text("utf-8")
    await telegram.says(IRYNA, "Зникли залишки по рахунку 281")
    bot.config.write_text(polling.replace("[telegram]", f'[telegram]\nwebhook_url = "{bot.site}/telegram/webhook"'), "utf-8")
    await bot.started()
    await telegram.gets(IRYNA, "№2")
    polls = (await telegram.do("counts"))["getUpdates"]
    await telegram.says(IRYNA, "Додайте права касиру Коваль")
    await telegram.gets(IRYNA, "№3")
    assert (await telegram.do("counts"))["getUpdates"] == polls
    await bot.stop()
    await telegram.says(IRYNA, "Зависає звіт про продажі")
    bot.config.write_text(polling, "utf-8")
    await bot.started()
    await telegram.gets(IRYNA, "№4")

    async def confirmed() -> bool:
        return int(await telegram.do("pending")) == 0

    await eventually(confirmed, what="everything confirmed")
    await bot.stop()
    assert len((await books.read(bot.database_url)).cases) == 4
