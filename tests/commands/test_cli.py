"""The commands that need no service: what they say, how they end, what they cost to start."""

from __future__ import annotations

import json
import subprocess
import sys
from email.message import EmailMessage
from pathlib import Path

import pytest

from tests.commands.conftest import Deskbot

FIVE_MISTAKES = """
[site]
prot = 8080
port = "many"
[telegram]
staff_chat = "agents"
[sla]
reaction = "clam"
[intake]
gap = "20"
"""


# --- how a run ends ---


def test_help_names_every_command(deskbot: Deskbot) -> None:
    told = deskbot("--help")
    assert told.code == 0
    commands = ("run", "demo", "check", "analyze", "read-mail", "ingest", "deadline", "replay", "db", "accounts", "clients")
    assert [name for name in commands if f"\n  {name} " not in told.out] == []


@pytest.mark.parametrize(
    "arguments",
    [("frob",), ("deadline", "--x"), ("deadline", "--received", "now", "--priority", "x"), ("run", "--role", "x")],
)
def test_wrong_use_ends_with_2(deskbot: Deskbot, arguments: tuple[str, ...]) -> None:
    assert deskbot(*arguments).code == 2


@pytest.mark.parametrize("command", [("check",), ("run",), ("deadline", "--received", "now"), ("accounts", "list"), ("db", "upgrade")])
def test_a_wrong_configuration_tells_every_mistake_and_ends_with_1(deskbot: Deskbot, desk: Path, command: tuple[str, ...]) -> None:
    (desk / "config.toml").write_text(FIVE_MISTAKES, encoding="utf-8")
    told = deskbot(*command)
    assert told.code == 1
    assert "Знайдено помилок: 5" in told.err
    assert "site.prot: немає такого ключа. Можливо, ви мали на увазі «port»?" in told.err
    assert told.err.count("•") == 5
    assert "Traceback" not in told.err


def test_starting_is_cheap() -> None:
    """Every command pays for what the command line imports: only what is needed to parse arguments."""
    code = "import sys, bot.cli; print(*sys.modules)"
    loaded = set(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split())
    heavy = {"aiogram", "aiohttp", "sqlalchemy", "fastapi", "uvicorn", "rich", "structlog", "numpy", "pydantic", "selectolax"}
    assert loaded & heavy == set()


def test_a_reader_that_left_is_no_error() -> None:
    line = json.dumps({"id": 1, "channel": "chat", "text": "Не друкує чек"})
    command = f"{sys.executable} -m bot analyze | head -n 1"
    done = subprocess.run(["bash", "-c", command], input=f"{line}\n" * 3000, capture_output=True, text=True, timeout=60)
    assert json.loads(done.stdout)["id"] == 1
    assert done.stderr == ""


# --- analyze, read-mail ---


def test_analyze_answers_line_by_line(deskbot: Deskbot) -> None:
    text = "Не друкує чек на касі. Ще потрібно додати поле у звіт."
    told = deskbot("analyze", stdin=json.dumps({"id": "a", "channel": "chat", "text": text}) + "\n\nнісенітниця\n")
    assert told.code == 0
    first, second = (json.loads(line) for line in told.out.splitlines())
    assert first["id"] == "a"
    assert first["tickets"]
    assert all(0 <= start < end <= len(text) for ticket in first["tickets"] for start, end in ticket["spans"])
    assert second["line"] == 3
    assert "error" in second


def test_analyze_reads_a_file(deskbot: Deskbot, desk: Path) -> None:
    (desk / "in.jsonl").write_text('{"id": 7, "text": "Дякую!"}\n', encoding="utf-8")
    told = deskbot("analyze", "in.jsonl")
    assert json.loads(told.out)["tickets"] == []


def test_read_mail_writes_a_line_a_mail(deskbot: Deskbot, desk: Path) -> None:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "Олена <olena@example.com>", "support@example.com", "Каса"
    mail["Message-ID"] = "<1@example.com>"
    mail.set_content("Не друкує чек.\n\n-- \nОлена")
    mail.add_attachment(b"\x89PNG", maintype="image", subtype="png", filename="екран.png")
    (desk / "1.eml").write_bytes(mail.as_bytes())
    told = deskbot("read-mail", "1.eml", "nowhere.eml")
    assert told.code == 1
    assert "nowhere.eml" in told.err
    read = json.loads(told.out)
    assert read.pop("file").endswith("1.eml")
    assert (read["kind"], read["from"], read["from_name"], read["to"]) == ("message", "olena@example.com", "Олена", ["support@example.com"])
    assert (read["subject"], read["message_id"], read["references"]) == ("Каса", "<1@example.com>", [])
    assert read["text"].strip() == "Не друкує чек."
    assert "Олена" in read["signature"]
    assert read["attachments"] == [{"filename": "екран.png", "content_type": "image/png", "size": 4}]
    keys = {"kind", "from", "from_name", "to", "subject", "date", "message_id", "in_reply_to", "references"}
    assert set(read) == keys | {"text", "quoted", "signature", "attachments", "problems"}


# --- deadline ---


def test_deadline_says_when_and_why(deskbot: Deskbot) -> None:
    told = deskbot("deadline", "--received", "2026-11-27T16:30", "--priority", "urgent")
    assert told.code == 0
    assert "Відреагувати до пн 30.11 08:30." in told.out
    assert "пт 27.11 17:00 – пн 30.11 08:00  вихідні" in told.out
    assert "пн 30.11 08:20  до строку" in told.out


def test_deadline_counts_by_the_configuration(deskbot: Deskbot, desk: Path) -> None:
    (desk / "config.toml").write_text('[sla.targets]\nmedium.calendar = "always"\n', encoding="utf-8")
    assert "Відреагувати до сб 28.11 16:30." in deskbot("deadline", "--received", "2026-11-27T16:30").out


def test_an_instant_with_an_offset_is_taken_as_it_is(deskbot: Deskbot) -> None:
    told = deskbot("deadline", "--received", "2026-11-27T14:30:00+00:00", "--priority", "urgent")
    assert "Отримано пт 27.11 16:30" in told.out


def test_nonsense_for_an_instant_is_said(deskbot: Deskbot) -> None:
    told = deskbot("deadline", "--received", "завтра")
    assert told.code == 2
    assert "«завтра» не є часом" in told.err


# --- accounts ---


def test_an_agent_comes_works_and_goes(deskbot: Deskbot) -> None:
    assert deskbot("accounts", "add", "Ірина Бондар", "--role", "lead", "--mail", "Iryna@example.com", "--telegram", "4200001").code == 0
    assert "керівник  iryna@example.com  4200001   працює" in deskbot("accounts", "list").out
    link = deskbot("accounts", "link", "iryna@example.com")
    assert link.out.startswith("http://127.0.0.1:8080/login/")
    assert link.out.count("\n") == 1
    assert deskbot("accounts", "disable", "ірина бондар").code == 0
    assert "вимкнено" in deskbot("accounts", "list").out
    refused = deskbot("accounts", "link", "Ірина Бондар")
    assert (refused.code, refused.out) == (1, "")
    assert "вимкнено" in refused.err
    assert deskbot("accounts", "enable", "Ірина Бондар").code == 0
    assert deskbot("accounts", "link", "Ірина Бондар").code == 0


def test_an_agent_gets_a_number_an_address_a_role_and_a_name(deskbot: Deskbot) -> None:
    deskbot("accounts", "add", "Тарас")
    told = deskbot("accounts", "change", "тарас", "--telegram", "621757")
    assert (told.code, told.out) == (0, "Змінено: Тарас, співробітник; пошта –, Telegram 621757.\n")
    assert deskbot("accounts", "change", "Тарас", "--mail", "Taras@example.com", "--role", "lead").code == 0
    assert deskbot("accounts", "change", "taras@example.com", "--name", " Тарас  Гнатюк").code == 0
    assert "Тарас Гнатюк  керівник  taras@example.com  621757    працює" in deskbot("accounts", "list").out
    # What one has already may be said again.
    assert deskbot("accounts", "change", "Тарас Гнатюк", "--telegram", "621757", "--mail", "taras@example.com").code == 0


def test_adding_whom_there_is_names_the_way_to_change(deskbot: Deskbot) -> None:
    deskbot("accounts", "add", "Тарас")
    told = deskbot("accounts", "add", "тарас", "--telegram", "621757")
    assert (told.code, told.out) == (1, "")
    assert 'deskbot accounts change "Тарас"' in told.err


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        ((), 2, "назвіть, що змінити"),
        (("--name", " "), 2, "не може бути порожнім"),
        (("--mail", "foo"), 2, "не є адресою пошти"),
        (("--telegram", "@taras"), 2, "складається з цифр"),
        (("--name", "ірина"), 1, "«Ірина» вже є"),
        (("--telegram", "4200001"), 1, "належить співробітникові «Ірина»"),
        (("--mail", "IRYNA@example.com"), 1, "належить співробітникові «Ірина»"),
        (("--mail", "Olena@romashka.example.com"), 1, "належить людині клієнта: Олена, компанія «Ромашка»"),
    ],
)
def test_a_change_that_cannot_be_leaves_all_as_it_was(
    deskbot: Deskbot, desk: Path, arguments: tuple[str, ...], code: int, sentence: str
) -> None:
    (desk / "clients.csv").write_text(CLIENTS, encoding="utf-8")
    deskbot("clients", "import", "clients.csv")
    deskbot("accounts", "add", "Ірина", "--mail", "iryna@example.com", "--telegram", "4200001")
    deskbot("accounts", "add", "Тарас")
    before = deskbot("accounts", "list").out
    told = deskbot("accounts", "change", "Тарас", *arguments)
    assert (told.code, told.out) == (code, "")
    # Typer draws its own refusals in a box and breaks their lines.
    assert sentence in " ".join(told.err.replace("│", " ").split())
    assert deskbot("accounts", "list").out == before


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (("add", "Ірина"), 1, "«Ірина» вже є"),
        (("change", "Ніхто", "--role", "lead"), 1, "«Ніхто» немає"),
        (("add", " "), 2, "не може бути порожнім"),
        (("add", "Х", "--mail", "foo"), 2, "не є адресою пошти"),
        (("add", "Х", "--telegram", "@iryna"), 2, "складається з цифр"),
        (("disable", "Ніхто"), 1, "«Ніхто» немає"),
        (("link", "+380440000099"), 1, "Нікого не знайдено"),
    ],
)
def test_what_accounts_cannot_do_is_said(deskbot: Deskbot, arguments: tuple[str, ...], code: int, sentence: str) -> None:
    deskbot("accounts", "add", "Ірина")
    told = deskbot("accounts", *arguments)
    assert told.code == code
    assert sentence in told.err


def test_no_link_when_the_site_is_off(deskbot: Deskbot, desk: Path) -> None:
    deskbot("accounts", "add", "Ірина")
    (desk / "config.toml").write_text("[site]\nenabled = false\n", encoding="utf-8")
    told = deskbot("accounts", "link", "Ірина")
    assert told.code == 1
    assert "site.enabled" in told.err


def test_the_last_administrator_stays(deskbot: Deskbot) -> None:
    for name in ("Адам", "Єва"):
        deskbot("accounts", "add", name, "--role", "admin")
    deskbot("accounts", "add", "Ірина")
    assert deskbot("accounts", "disable", "Адам").code == 0
    told = deskbot("accounts", "disable", "Єва")
    assert (told.code, told.out) == (1, "")
    assert "Єва — останній адміністратор" in told.err
    told = deskbot("accounts", "change", "Єва", "--role", "lead")
    assert (told.code, told.out) == (1, "")
    assert "Єва — останній адміністратор" in told.err
    assert deskbot("accounts", "change", "Адам", "--role", "lead").code == 0
    assert deskbot("accounts", "change", "Єва", "--role", "admin", "--telegram", "902").code == 0
    assert deskbot("accounts", "disable", "Ірина").code == 0


@pytest.mark.parametrize("folder", ["blocked", "blocked/deeper"])
def test_a_data_folder_that_is_a_file_is_told_without_a_promise(deskbot: Deskbot, desk: Path, folder: str) -> None:
    (desk / "blocked").write_text("")
    (desk / "config.toml").write_text(f'[desk]\ndata_dir = "{folder}"\n', encoding="utf-8")
    told = deskbot("accounts", "list")
    assert told.code == 1
    assert f"Теку даних {desk / folder} не створити: {desk / 'blocked'} — це файл." in told.err
    assert "повторено" not in told.err


# --- clients import ---

CLIENTS = "company,domains,contacts,phones,plan\nРомашка,romashka.example.com,Олена <olena@romashka.example.com>,,Стандарт 10h\n"


def test_clients_are_imported_once(deskbot: Deskbot, desk: Path) -> None:
    (desk / "clients.csv").write_text(CLIENTS, encoding="utf-8")
    checked = deskbot("clients", "import", "clients.csv", "--dry-run")
    assert (checked.code, "нічого не записано" in checked.err) == (0, True)
    assert "Компаній нових 1, доповнених 0; людей нових 1" in checked.out
    assert deskbot("clients", "import", "clients.csv").out == checked.out
    assert "Компаній нових 0, доповнених 0; людей нових 0" in deskbot("clients", "import", "clients.csv").out
    assert deskbot("accounts", "link", "olena@romashka.example.com").code == 0


def test_a_file_with_problems_changes_nothing(deskbot: Deskbot, desk: Path) -> None:
    (desk / "clients.csv").write_text(CLIENTS + "Мальва,gmail.com,,12,\n,,,,\nАйстра,x,,,\n", encoding="utf-8")
    told = deskbot("clients", "import", "clients.csv")
    assert told.code == 1
    assert [line.split(":")[0] for line in told.err.splitlines()[:3]] == ["рядок 3", "рядок 3", "рядок 5"]
    assert "Помилок: 3. Нічого не записано." in told.err
    assert deskbot("accounts", "link", "olena@romashka.example.com").code == 1


# --- replay, db ---


def test_nothing_to_replay(deskbot: Deskbot) -> None:
    told = deskbot("replay")
    assert (told.code, told.out) == (0, "Повернуто в роботу: 0.\n")
    assert deskbot("replay", "--list").out.startswith("запис")


def test_upgrade_twice_is_fine(deskbot: Deskbot, desk: Path) -> None:
    first, second = deskbot("db", "upgrade"), deskbot("db", "upgrade")
    assert first.code == second.code == 0
    assert first.out == second.out
    assert (desk / "data" / "deskbot.db").is_file()


@pytest.mark.parametrize("received", ["9999-12-31T20:00", "9999-12-29T10:00"])
def test_a_deadline_beyond_the_calendar_is_a_sentence(deskbot: Deskbot, received: str) -> None:
    ended = deskbot("deadline", "--received", received)
    assert (ended.code, "не вміщається в календар" in ended.err) == (1, True)


def test_deadline_says_by_which_rule_and_shows_examples_without_an_instant(deskbot: Deskbot, desk: Path) -> None:
    rule = '[[sla.policy]]\nname = "Телефоном"\nchannel = "phone"\nreaction = { target = "30m", calendar = "desk" }\n'
    (desk / "config.toml").write_text(rule, encoding="utf-8")
    by_phone = deskbot("deadline", "--received", "2026-11-27T16:30", "--channel", "phone", "--priority", "low").out
    assert "Відреагувати до пт 27.11 17:00." in by_phone
    assert "Обіцянка: за правилом «Телефоном» (канал phone)." in by_phone
    assert "Обіцянка: звичайна для критичності «низька»." in deskbot("deadline", "--received", "2026-11-27T16:30", "--priority", "low").out
    assert "«Телефоном»" in deskbot("deadline").out
    assert "Приклади: отримано" in deskbot("check").out
    unknown = deskbot("deadline", "--received", "now", "--client", "Хтось")
    assert (unknown.code, "Клієнта «Хтось» немає." in unknown.err) == (1, True)
    assert deskbot("deadline", "--channel", "fax").code == 2


def test_deadline_takes_the_plan_of_a_client_from_the_database(deskbot: Deskbot, desk: Path) -> None:
    rule = '[[sla.policy]]\nname = "Золотий"\nplan = "Золотий"\nreaction = { target = "30m", calendar = "desk" }\n'
    (desk / "config.toml").write_text(rule, encoding="utf-8")
    (desk / "clients.csv").write_text("company,plan\nКрамниця,Золотий 10h\nМлин,Базовий 2h\n", encoding="utf-8")
    assert deskbot("clients", "import", "clients.csv").code == 0
    asked = ("deadline", "--received", "2026-11-27T16:00", "--client")
    assert "за правилом «Золотий» (тариф Золотий)" in deskbot(*asked, "крамниця").out
    assert "Обіцянка: звичайна" in deskbot(*asked, "Млин").out
