"""Loading: sources and their order, every mistake at once, secrets that stay secret."""

from __future__ import annotations

import logging
import pickle
import subprocess
import sys
import traceback
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from bot.config import InvalidConfig, Secret, Settings, build_policy, load, parse_duration, warnings
from bot.config.mistakes import mistakes_of
from bot.model import Priority

MAILBOX = """
[[mail.mailboxes]]
name = "support"
address = "Support@Example.com"
[mail.mailboxes.imap]
host = "imap.example.com"
user = "support@example.com"
password = "{password}"
[mail.mailboxes.smtp]
host = "smtp.example.com"
"""
TOKEN = "123456:AAbbCCdd_ee-FF"
PASSWORD = "hunter2-dovecot"


def written(folder: Path, text: str) -> Path:
    path = folder / "config.toml"
    path.write_text(text, encoding="utf-8")
    return path


def mistakes(folder: Path, text: str, **environ: str) -> list[str]:
    with pytest.raises(InvalidConfig) as caught:
        load(written(folder, text), environ=environ)
    return [str(each) for each in caught.value.mistakes]


def only_mistake(folder: Path, text: str, **environ: str) -> str:
    found = mistakes(folder, text, **environ)
    assert len(found) == 1, found
    return found[0]


# --- where settings come from ---


def test_no_file_is_a_working_desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    settings = load(environ={})
    assert settings.site.host == "127.0.0.1"
    assert settings.site.port == 8080
    assert settings.desk.data_dir == tmp_path / "data"
    assert not settings.telegram.is_on
    assert not settings.mail.is_on


def test_config_toml_of_the_current_folder_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written(tmp_path, "[site]\nport = 9000\n")
    monkeypatch.chdir(tmp_path)
    assert load(environ={}).site.port == 9000


def test_the_environment_names_another_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "elsewhere").mkdir()
    other = written(tmp_path / "elsewhere", "[site]\nport = 9001\n")
    monkeypatch.chdir(tmp_path)
    assert load(environ={"DESKBOT_CONFIG": str(other)}).site.port == 9001


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    file = written(tmp_path, "[site]\nport = 9000\nenabled = true\n")
    environ = {"DESKBOT_SITE__PORT": "9002", "DESKBOT_SITE__ENABLED": "false", "DESKBOT_DESK__PHONES": '["+380 44 000 00 00"]'}
    settings = load(file, environ=environ)
    assert settings.site.port == 9002
    assert settings.site.enabled is False
    assert settings.desk.phones == ("+380 44 000 00 00",)


def test_a_password_of_a_mailbox_comes_from_the_environment(tmp_path: Path) -> None:
    file = written(tmp_path, MAILBOX.format(password=""))
    settings = load(file, environ={"DESKBOT_MAIL__MAILBOXES__0__IMAP__PASSWORD": PASSWORD})
    assert settings.mail.mailboxes[0].imap.password.reveal() == PASSWORD
    assert settings.mail.mailboxes[0].address == "support@example.com"


def test_a_secret_comes_from_its_file(tmp_path: Path) -> None:
    (tmp_path / "token").write_text(f"{TOKEN}\n")
    settings = load(written(tmp_path, '[telegram]\ntoken_file = "token"\n'), environ={})
    assert settings.telegram.token.reveal() == TOKEN
    assert settings.telegram.is_on


def test_the_key_wins_over_its_file(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("1:old")
    file = written(tmp_path, '[telegram]\ntoken_file = "token"\n')
    assert load(file, environ={"DESKBOT_TELEGRAM__TOKEN": TOKEN}).telegram.token.reveal() == TOKEN


def test_relative_paths_are_meant_from_the_folder_of_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = written(tmp_path, '[desk]\ndata_dir = "state"\n')
    (tmp_path / "below").mkdir()
    monkeypatch.chdir(tmp_path / "below")
    settings = load(file, environ={})
    assert settings.desk.data_dir == tmp_path / "state"
    assert settings.database_url.reveal() == f"sqlite:///{tmp_path}/state/deskbot.db"


def test_so_are_relative_paths_of_sqlite(tmp_path: Path) -> None:
    file = written(tmp_path, '[storage]\nurl = "sqlite:///desk.db"\n')
    assert load(file, environ={}).database_url.reveal() == f"sqlite:///{tmp_path}/desk.db"


def test_a_byte_order_mark_does_no_harm(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_bytes(b"\xef\xbb\xbf[site]\r\nport = 9000\r\n")
    assert load(file, environ={}).site.port == 9000


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("", "http://127.0.0.1:8080"),
        ("port = 9000", "http://127.0.0.1:9000"),
        ('host = "0.0.0.0"', "http://127.0.0.1:8080"),
        ('host = "::1"', "http://[::1]:8080"),
        ('host = "0.0.0.0"\nbase_url = "https://desk.example.com/"', "https://desk.example.com"),
    ],
)
def test_the_site_is_reached_where_it_listens_unless_said(tmp_path: Path, text: str, url: str) -> None:
    assert load(written(tmp_path, f"[site]\n{text}\n"), environ={}).site.base_url == url


# --- mistakes ---

FIVE_MISTAKES = """
[site]
prot = 8080
[telegram]
staff_chat = "agents"
[sla]
reaction = "clam"
[sla.targets.urgent]
target = "1 hour"
calendar = "deks"
[intake]
gap = "20"
"""


def test_a_section_of_a_wrong_type_does_not_hide_what_contradicts_itself_in_another(tmp_path: Path) -> None:
    found = mistakes(tmp_path, '[site]\nport = []\n[intake]\ngap = "3m"\n')
    assert [each.partition(":")[0] for each in found] == ["site.port", "intake.limit"]


def test_usual_nudges_leave_room_for_a_short_promise(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text('[sla.targets]\nurgent.target = "20m"\n', encoding="utf-8")
    urgent = build_policy(load(file, environ={}).sla, zone="Europe/Kyiv").reaction[Priority.URGENT]
    assert urgent.ladder.before == (timedelta(minutes=10),)


def test_five_mistakes_are_told_at_once(tmp_path: Path) -> None:
    assert mistakes(tmp_path, FIVE_MISTAKES) == [
        "site.prot: немає такого ключа. Можливо, ви мали на увазі «port»?",
        'telegram.staff_chat: має бути номер чату на зразок "-1001234567890".',
        "sla.reaction: можна лише claim, reply.",
        'sla.targets.urgent.target: має бути тривалість у лапках з одиницею: "20s", "30m", "1h 30m", "2d".',
        'intake.gap: має бути тривалість у лапках з одиницею: "20s", "30m", "1h 30m", "2d".',
    ]


def test_a_slip_in_the_promises_is_not_hidden_by_one_elsewhere(tmp_path: Path) -> None:
    text = """
[site]
port = 0
[sla.targets.urgent]
calendar = "deks"
[sla.calendars.desk]
mon = ["08:00-12:70", "25:00-26:00"]
[[sla.exceptions]]
date = 2026-12-31
hours = ["12:00-08:00"]
"""
    found = mistakes(tmp_path, text)
    assert "site.port: замале значення, найменше можливе 1." in found
    assert "sla.targets.urgent.calendar: немає календаря «deks»; є always, desk, weekdays." in found
    assert any(each.startswith("sla.calendars.desk: mon: «08:00-12:70»") for each in found)
    assert any(each.startswith("sla.exceptions[0]: 2026-12-31: 12:00-08:00 переходить за північ") for each in found)
    assert len([each for each in found if "2026-12-31" in each]) == 1


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[sight]\n", "sight: немає такого ключа. Можливо, ви мали на увазі «site»?"),
        ("[zzz]\n", "zzz: немає такого ключа. Приберіть його або виправте назву; тут можливі: desk, storage, site,"),
        ("[sla.targets.urgnt]\n", "sla.targets.urgnt: немає такого ключа. Можливо, ви мали на увазі «urgent»?"),
        ('[site]\nport = "http"\n', "site.port: має бути ціле число"),
        ("[site]\nport = 70000\n", "site.port: завелике значення, найбільше можливе 65535."),
        ('[site]\nbase_url = "desk.example.com"\n', "site.base_url: має бути адреса з http://"),
        ('[intake]\ngap = "1h"\n', "intake.gap: можна від 0 до 5m."),
        ('[intake]\ngap = "3m"\n', "intake.limit: має бути не менше за intake.gap."),
        ('[sla.waiting]\nclose_after = "3d"\n', "sla.waiting.close_after: перед закриттям має бути нагадування."),
        ('[sla.waiting]\nremind_after = "0"\nclose_after = "9d"\n', "sla.waiting.close_after: перед закриттям має бути нагадування."),
        ("mail = 5\n", "mail: має бути таблиця, тобто розділ [mail]"),
        ('[desk]\nzone = "Europe/Kyyv"\n', "desk.zone: такого часового поясу немає."),
        ('[telegram]\ntoken = "my-bot"\n', "telegram.token: це не схоже на токен бота."),
        ("[telegram]\ntoken = 12345\n", "telegram.token: має бути текст у лапках."),
        ('[storage]\nurl = "mysql://root@localhost/desk"\n', 'storage.url: має починатися з "sqlite:///" або "postgresql://".'),
        ('[telegram]\ntoken_file = "nowhere"\n', "telegram.token_file: не вдалося прочитати файл nowhere:"),
        ('[run]\nrole = "web"\n', "run.role: кілька процесів можливі лише з PostgreSQL."),
        ("[sla.solution.urgent]\n", "sla.solution.urgent: бракує target, calendar."),
        ('[sla.solution.urgent]\ncalendar = "desk"\n', "sla.solution.urgent: бракує target."),
        ('[sla.targets]\nlow.target = "1h"\nlow.before = ["1h"]\n', "sla.targets.low.before: нагадування мають бути коротші за сам строк."),
        ('[sla.targets.low]\nevery = "daily"\n', "sla.targets.low.every: має бути тривалість"),
        ('[[sla.exceptions]]\ndate = "31.12"\n', 'sla.exceptions[0].date: має бути дата на зразок "2026-12-31".'),
        (
            "[[sla.exceptions]]\ndate = 2026-12-31\n[[sla.exceptions]]\ndate = 2026-12-31\n",
            "sla.exceptions[1]: дата 2026-12-31 описана двічі.",
        ),
        ("[sla.calendars.desk]\nmon = []\n", "sla: у календарі служби «desk» немає робочого часу"),
        (MAILBOX.format(password=""), "mail.mailboxes[0].imap: немає пароля."),
        (MAILBOX.format(password="x") * 2, "mail.mailboxes[1].name: назва «support» уже зайнята."),
        (MAILBOX.format(password="x").replace("Support@Example.com", "support"), "mail.mailboxes[0].address: має бути адреса пошти"),
        (
            MAILBOX.format(password="x").replace('host = "imap', 'security = "plain"\nhost = "imap'),
            "mail.mailboxes[0].imap.security: plain можна лише",
        ),
        ("[site\nport = 1\n", "не читається як TOML"),
    ],
)
def test_a_mistake_is_a_sentence_that_says_what_to_do(tmp_path: Path, text: str, sentence: str) -> None:
    found = mistakes(tmp_path, text)
    assert any(sentence in each for each in found), found


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(InvalidConfig, match="Не вдалося прочитати налаштування"):
        load(tmp_path / "nowhere.toml", environ={})


def test_a_file_in_another_encoding_is_said(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_bytes('[desk]\nname = "Підтримка"\n'.encode("cp1251"))
    with pytest.raises(InvalidConfig, match="кодуванні UTF-8"):
        load(file, environ={})


def test_a_misspelt_variable_is_said(tmp_path: Path) -> None:
    assert "«token»" in only_mistake(tmp_path, "", DESKBOT_TELEGRAM__TOKNE="x")
    assert "DESKBOT_MAIL__MAILBOXES__3__NAME" in only_mistake(tmp_path, MAILBOX.format(password="x"), DESKBOT_MAIL__MAILBOXES__3__NAME="x")


def test_variables_without_a_table_are_not_settings(tmp_path: Path) -> None:
    assert load(written(tmp_path, ""), environ={"DESKBOT_REQUIRE_REAL": "1", "DESKBOT_LANGUAGE": "en"}).site.port == 8080


# --- secrets ---

SECRETS = f"""
[storage]
url = "postgresql://desk:{PASSWORD}@db.example.com/desk"
[telegram]
token = "{TOKEN}"
{MAILBOX.format(password=PASSWORD)}
"""


def test_no_secret_shows_in_repr_str_or_log(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    settings = load(written(tmp_path, SECRETS), environ={})
    with caplog.at_level(logging.INFO):
        logging.getLogger("test").info("%s %r", settings, settings.telegram)
    shown = f"{settings!r}{settings}{settings.telegram.token:>40}{settings.model_dump()}{caplog.text}"
    assert TOKEN not in shown
    assert PASSWORD not in shown
    assert settings.storage.url.reveal().startswith("postgresql://desk:")


@pytest.mark.parametrize(
    "text",
    [
        f'[telegram]\ntoken = "no token {PASSWORD}"\n',
        f'[telegram]\ntokn = "{PASSWORD}"\n',
        f'[storage]\nurl = "mysql://root:{PASSWORD}@localhost/desk"\n',
        f'mail = "imap://user:{PASSWORD}@example.com"\n',
        f'[[mail.mailboxes]]\nimap = "imap://user:{PASSWORD}@example.com"\n',
        f'[site]\nport = "{PASSWORD}"\nbase_url = "http://u:{PASSWORD}@example.com"\n',
        f'[telegram]\nstaff_chat = "{PASSWORD}"\n[intake]\ngap = "{PASSWORD}"\n',
        f'[sla]\nreaction = "{PASSWORD}"\n',
        f'[telegram]\ntoken = "{PASSWORD}\n',
    ],
)
def test_no_mistake_tells_what_was_written(tmp_path: Path, text: str) -> None:
    with pytest.raises(InvalidConfig) as caught:
        load(written(tmp_path, text), environ={})
    whole_story = "".join(traceback.format_exception(caught.value))
    assert PASSWORD not in whole_story


def test_a_secret_does_not_leave_its_process() -> None:
    with pytest.raises(TypeError):
        pickle.dumps(Secret("x"))


def test_secrets_are_compared_by_what_they_hold() -> None:
    assert Secret("a") == Secret("a")
    assert Secret("a") != Secret("b")
    assert not Secret("")


# --- values ---


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("20s", 20),
        ("1h 30m", 5400),
        ("1h30m", 5400),
        ("90 min", 5400),
        ("2d", 172_800),
        ("0", 0),
        ("1.5h", 5400),
        ("30 хв", 1800),
        ("1 ГОД", 3600),
    ],
)
def test_durations_as_people_write_them(text: str, seconds: float) -> None:
    assert parse_duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", "20", "h", "1x", "-5m", "1h -5m", "1h, 2m", "soon", "1 2h"])
def test_what_is_no_duration(text: str) -> None:
    assert parse_duration(text) is None


@given(st.text(max_size=40))
def test_a_duration_is_read_or_refused(text: str) -> None:
    try:
        found = parse_duration(text)
    except OverflowError:
        return
    assert found is None or found >= timedelta(0)


@given(st.dictionaries(st.text(max_size=8), st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists, max_leaves=3)))
def test_whatever_a_tree_holds_is_told_in_sentences(tree: dict[str, object]) -> None:
    found: list[str] = []
    try:
        Settings.model_validate({"site": tree, "telegram": tree})
    except ValidationError as invalid:
        found = [str(each) for each in mistakes_of(invalid.errors(), Settings)]
    assert all(each.startswith(("site", "telegram")) and each.endswith((".", "?")) for each in found)


# --- promises ---


def test_one_line_changes_what_a_priority_counts_by(tmp_path: Path) -> None:
    settings = load(written(tmp_path, '[sla.targets]\nhigh.calendar = "always"\n'), environ={})
    policy = build_policy(settings.sla, zone=settings.desk.zone)
    high = policy.reaction[Priority.HIGH]
    assert (high.calendar, high.time) == ("always", timedelta(hours=24))


def test_weekdays_follows_the_desk_that_is_described(tmp_path: Path) -> None:
    text = '[sla.calendars.desk]\nsat = ["10:00-14:00"]\n[[sla.exceptions]]\ndate = 2026-12-26\n'
    settings = load(written(tmp_path, text), environ={})
    calendars = build_policy(settings.sla, zone=settings.desk.zone).calendars
    assert [len(day) for day in calendars["weekdays"].weekly] == [0, 0, 0, 0, 0, 1, 0]
    assert [str(day.on) for day in calendars["weekdays"].exceptions] == ["2026-12-26"]
    assert calendars["always"].exceptions == ()


# --- what is allowed but surely not meant ---


def test_warnings_name_what_is_probably_forgotten(tmp_path: Path) -> None:
    text = f'[site]\nhost = "0.0.0.0"\n[telegram]\ntoken = "{TOKEN}"\n'
    said = " ".join(str(each) for each in warnings(load(written(tmp_path, text), environ={})))
    for key in ("telegram.staff_chat", "site.base_url"):
        assert key in said


def test_the_defaults_give_no_warning() -> None:
    assert list(warnings(Settings())) == []


def test_the_configuration_is_light_to_import() -> None:
    """Every command pays for it: no library of a channel, a database or the web may come along."""
    code = "import sys, bot.config; print(*sys.modules)"
    loaded = set(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split())
    assert loaded.isdisjoint({"aiogram", "sqlalchemy", "fastapi", "aiohttp", "asyncio", "typer", "rich", "structlog", "numpy"})


def test_a_trusted_proxy_is_an_address_or_a_network(tmp_path: Path) -> None:
    file = tmp_path / "deskbot.toml"
    file.write_text('[site]\ntrusted_proxies = ["127.0.0.1", "10.0.0.0/24"]\n', encoding="utf-8")
    assert load(file, environ={}).site.trusted_proxies == ("127.0.0.1", "10.0.0.0/24")
    file.write_text('[site]\ntrusted_proxies = ["proxy.example.com"]\n', encoding="utf-8")
    with pytest.raises(InvalidConfig, match="потрібна адреса або мережа"):
        load(file, environ={})
