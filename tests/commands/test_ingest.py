"""`ingest` from files: everything is accounted for, twice is the same as once, a broken line stops nothing."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest

from bot.channels.phone.channel import call_events
from bot.channels.phone.parse import read_log
from bot.commands import ingest
from bot.presence import Presence
from bot.storage import open_storage
from tests.commands.conftest import Deskbot, Ended

HEADING = "received_at,number,company,contact,agent,direction,answered,text\n"
CALLS = (
    HEADING + "2026-11-24 09:00,0440000001,Ромашка,Олена,,in,yes,Не друкує чек на касі\n"
    "2026-11-24 09:05,0440000002,Мальва,Іван,,in,no,\n"
    "2026-11-24 09:10,0440000003,,,,out,yes,Передзвонили\n"
)
SUM = re.compile(r"Прийнято (\d+) = у звернення (\d+) \+ продовжень (\d+) \+ відкладено вбік (\d+)(?: \+ чекає (\d+) \+ не вдалося (\d+))?")


def sum_of(told: Ended) -> tuple[int, ...]:
    """received, ticketed, follow-ups, set aside, waiting, quarantined."""
    found = SUM.search(told.out)
    assert found, told.out
    numbers = tuple(int(each or 0) for each in found.groups())
    assert numbers[0] == sum(numbers[1:]), "received is the sum of what became of it"
    return numbers


def test_a_call_log_is_taken_in_and_adds_up(deskbot: Deskbot, desk: Path) -> None:
    (desk / "calls.csv").write_text(CALLS, encoding="utf-8")
    told = deskbot("ingest", "phone", "calls.csv")
    assert told.code == 0
    assert "У файлах 3: нових 3, відомих раніше 0." in told.out
    assert sum_of(told) == (3, 2, 0, 1, 0, 0)
    assert "вихідний дзвінок 1" in told.out


def test_twice_is_the_same_as_once(deskbot: Deskbot, desk: Path) -> None:
    (desk / "calls.csv").write_text(CALLS, encoding="utf-8")
    deskbot("ingest", "phone", "calls.csv")
    (desk / "copy.csv").write_text(CALLS + "2026-11-24 10:00,0440000004,,,,in,yes,Нове питання про звіт\n", encoding="utf-8")
    again = deskbot("ingest", "phone", "copy.csv")
    assert "У файлах 4: нових 1, відомих раніше 3." in again.out
    assert sum_of(again) == (1, 1, 0, 0, 0, 0)


def test_a_broken_line_is_told_and_kept_and_stops_nothing(deskbot: Deskbot, desk: Path) -> None:
    (desk / "calls.csv").write_text(CALLS + "учора,0440000005,,,,in,yes,Текст\n", encoding="utf-8")
    told = deskbot("ingest", "phone", "calls.csv")
    assert told.code == 1
    assert sum_of(told) == (4, 2, 0, 1, 0, 1)
    assert "Рядок 5: час «учора» не розпізнано" in told.err
    assert "deskbot replay" in told.err
    assert "Рядок 5: час «учора»" in deskbot("replay", "--list").out
    assert deskbot("replay").out == "Повернуто в роботу: 1.\n"


@pytest.mark.parametrize(
    ("content", "sentence"),
    [(b"a,b\n1,2\n", "немає стовпців: received_at, number"), (b"", "немає стовпців"), (b"\xff\xfe\x00", "немає стовпців")],
)
def test_what_is_no_call_log_is_said(deskbot: Deskbot, desk: Path, content: bytes, sentence: str) -> None:
    (desk / "calls.csv").write_bytes(content)
    told = deskbot("ingest", "phone", "calls.csv")
    assert told.code == 1
    assert sentence in told.err
    assert "Traceback" not in told.err


def test_a_file_that_is_not_there_is_said(deskbot: Deskbot) -> None:
    told = deskbot("ingest", "phone", "nowhere.csv")
    assert (told.code, told.out) == (1, "")
    assert "nowhere.csv" in told.err


def letter(number: int, text: str) -> bytes:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = f"Олена <olena{number}@example.com>", "support@example.com", "Питання"
    mail["Message-ID"] = f"<{number}@example.com>"
    mail["Received"] = "from mx.example.com by mail.example.com; Tue, 24 Nov 2026 09:00:00 +0200"
    mail.set_content(text)
    return mail.as_bytes()


def test_a_folder_of_mails_is_taken_in_once(deskbot: Deskbot, desk: Path) -> None:
    (desk / "mails").mkdir()
    for number, text in enumerate(["Не друкує чек на касі.", "Дякую!", "Треба додати поле у звіт."]):
        (desk / "mails" / f"{number}.eml").write_bytes(letter(number, text))
    told = deskbot("ingest", "mail", "mails")
    assert told.code == 0
    assert sum_of(told) == (3, 2, 0, 1, 0, 0)
    (desk / "mails").rename(desk / "moved")
    assert "нових 0, відомих раніше 3" in deskbot("ingest", "mail", "moved").out


def test_of_an_archive_nobody_is_told_unless_wanted(deskbot: Deskbot, desk: Path) -> None:
    """The row itself is quiet, so that a service running beside the command may work on it as well."""
    for number in (1, 2):
        (desk / f"{number}.eml").write_bytes(letter(number, "Не друкує чек на касі."))

    async def waiting() -> int:
        storage = await open_storage(f"sqlite:///{desk}/data/deskbot.db")
        async with storage.read() as uow:
            count = (await uow.outbox.backlog()).get("new", 0)
        await storage.close()
        return count

    assert deskbot("ingest", "mail", "1.eml").code == 0
    assert asyncio.run(waiting()) == 0
    assert deskbot("ingest", "mail", "2.eml", "--answer").code == 0
    assert asyncio.run(waiting()) > 0


def exported(*texts: str) -> str:
    messages = [
        {
            "id": number,
            "type": "message",
            "date_unixtime": str(1_795_000_000 + 600 * number),
            "from": "Олена",
            "from_id": "user7",
            "text": text,
        }
        for number, text in enumerate(texts, 1)
    ]
    return json.dumps({"name": "Олена", "type": "personal_chat", "id": 7, "messages": messages}, ensure_ascii=False)


def test_a_chat_export_is_taken_in_once(deskbot: Deskbot, desk: Path) -> None:
    (desk / "result.json").write_text(exported("Не друкує чек на касі", "Дякую!", "Треба додати поле у звіт"), encoding="utf-8")
    told = deskbot("ingest", "chat", "result.json")
    assert told.code == 0
    assert sum_of(told)[0] == 3
    assert "нових 0, відомих раніше 3" in deskbot("ingest", "chat", "result.json").out


def test_what_is_no_export_is_said(deskbot: Deskbot, desk: Path) -> None:
    (desk / "result.json").write_text("[1, 2", encoding="utf-8")
    told = deskbot("ingest", "chat", "result.json")
    assert told.code == 1
    assert told.err
    assert "Traceback" not in told.err


@contextmanager
def another_at_work(desk: Path) -> Iterator[None]:
    """A process is at work on the same database: what is leased may be its."""
    presence = Presence(desk / "data" / "deskbot.db")
    presence.enter()
    presence.let_in()
    yield
    presence.leave()


def interrupted(desk: Path, *, lease: timedelta) -> None:
    """A run was killed in the middle: its rows are stored, and leased by a process that is no more."""
    (desk / "data").mkdir()

    async def work() -> None:
        storage, now = await open_storage(f"sqlite:///{desk}/data/deskbot.db"), datetime.now(UTC)
        async with storage.write() as uow:
            await uow.inbox.put(call_events(read_log(CALLS.encode()), source="log", now=now), now=now)
            await uow.commit()
        async with storage.write() as uow:
            assert await uow.inbox.claim(now=now, limit=50, lease=lease, channels=["phone"])
            await uow.commit()
        await storage.close()

    asyncio.run(work())


def test_what_a_killed_run_held_is_brought_to_its_end_at_once(deskbot: Deskbot, desk: Path) -> None:
    (desk / "calls.csv").write_text(CALLS, encoding="utf-8")
    interrupted(desk, lease=timedelta(minutes=2))
    told = deskbot("ingest", "phone", "calls.csv")
    assert "Ще чекають" not in told.err
    assert "Прийнято 0 + чекало раніше 3 = у звернення 2 + продовжень 0 + відкладено вбік 1\n" in told.out
    assert told.code == 0


def test_what_may_be_a_living_processs_is_waited_for(deskbot: Deskbot, desk: Path) -> None:
    (desk / "calls.csv").write_text(CALLS, encoding="utf-8")
    interrupted(desk, lease=timedelta(seconds=4))
    with another_at_work(desk):
        told = deskbot("ingest", "phone", "calls.csv")
    assert "Ще чекають: 3" in told.err
    assert "Прийнято 0 + чекало раніше 3 = у звернення 2 + продовжень 0 + відкладено вбік 1\n" in told.out
    assert told.code == 0


def test_what_stays_held_is_told_and_is_no_success(deskbot: Deskbot, desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ingest, "PATIENCE", timedelta(seconds=1))
    (desk / "calls.csv").write_text(CALLS + "2026-11-24 10:00,0440000004,,,,in,yes,Нове питання про звіт\n", encoding="utf-8")
    interrupted(desk, lease=timedelta(minutes=2))
    with another_at_work(desk):
        told = deskbot("ingest", "phone", "calls.csv")
    assert told.code == 1
    assert sum_of(told) == (1, 1, 0, 0, 0, 0)
    assert "Ще чекають: 3, їх опрацьовує інший процес. Повторіть за 2 хвилини." in told.err


def test_what_is_logged_is_no_result_and_quotes_nobody(deskbot: Deskbot, desk: Path) -> None:
    (desk / "calls.csv").write_text(CALLS + "учора,0440000005,,Олена Таємна,,in,yes,Пароль до каси 1234\n", encoding="utf-8")
    told = deskbot("ingest", "phone", "calls.csv")
    assert "inbox_refused" in told.err
    assert "inbox" not in told.out
    for word in ("Traceback", "Таємна", "Пароль", "0440000005"):
        assert word not in told.out + told.err


def test_the_files_of_an_archived_mail_are_kept(deskbot: Deskbot, desk: Path) -> None:
    """And a zip is a file like any other."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"], mail["Message-ID"] = "olena@example.com", "support@example.com", "Скан", "<scan@example.com>"
    mail.set_content("Не друкує чек на касі, скан додаю.")
    mail.add_attachment(b"PK\x03\x04 scan", maintype="application", subtype="zip", filename="../../скан.zip")
    (desk / "scan.eml").write_bytes(mail.as_bytes())
    assert deskbot("ingest", "mail", "scan.eml").code == 0
    assert [file.read_bytes() for file in (desk / "data" / "files").rglob("*") if file.is_file()] == [b"PK\x03\x04 scan"]
    told = deskbot("db", "files")
    assert (told.code, "Файлів: 1. Бракує: 0. Нічиїх: 0." in told.out) == (0, True)
