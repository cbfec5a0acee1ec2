"""`deskbot check --deep`: each thing that must never be is said with what to do; nothing is changed by looking."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.commands.conftest import Deskbot
from tests.commands.test_check import free_port
from tests.commands.test_sla import a_month

NUDGED = (
    "INSERT INTO events (ticket_id, kind, actor_kind, actor_name, at, because, data) VALUES"
    " (1, 'nudged', 'bot', 'deskbot', datetime('now') || '.000000', '', '{\"clock_id\": 1, \"generation\": %d, \"step\": %d}')"
)
OUTBOX = (
    "INSERT INTO outbox (key, channel, recipient, kind, body, created_at, ticket_ids, urgency, is_automatic, state, attempts, was_unsure,"
    " leased_until) VALUES ('k', 'telegram', '1', 'say', '{}', '2026-11-01 08:00:00.000000', '[]', 1, 0, '%s', 1, 0, %s)"
)
INBOX = (
    "INSERT INTO inbox (channel, source, external_id, conversation, raw, received_at, arrived_at, is_burst, is_quiet, state, ready_at,"
    " ticket_ids) VALUES ('mail', 's', 'e', '', x'', datetime('now') || '.000000', datetime('now') || '.000000', 0, 0, '%s', %s, '%s')"
)
LONG_AGO = "'2026-11-01 08:00:00.000000'"


@pytest.fixture
def month(desk: Path) -> Path:
    """A desk that was asked and answered, that ticked just now, and whose deliveries went out."""
    (desk / "data").mkdir()
    (desk / "config.toml").write_text(f"[site]\nport = {free_port()}\n")
    file = desk / "data" / "deskbot.db"
    asyncio.run(a_month(file))
    run(file, "UPDATE outbox SET state = 'sent'")
    return desk


def run(file: Path, *statements: str) -> None:
    with closing(sqlite3.connect(file)) as database, database:
        for each in statements:
            database.execute(each)


def test_a_sound_desk_passes_and_is_not_touched(deskbot: Deskbot, month: Path) -> None:
    file = month / "data" / "deskbot.db"
    before = file.read_bytes()
    told = deskbot("check", "--deep")
    assert told.code == 0, told.out
    assert "✓ Два підрахунки збігаються" in told.out
    assert "обіцянок пораховано двічі: 2 (зі строком, узятим як записано: 0)" in told.out
    assert file.read_bytes() == before


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        ("UPDATE ticket_clocks SET met_at = started_at, breached_at = NULL WHERE ticket_id = 1", "розходяться у зверненнях №1. Порівняйте"),
        ("UPDATE tickets SET closed_at = received_at; UPDATE ticket_clocks SET state = 'running' WHERE id = 2", "досі йдуть строки: 2"),
        ("UPDATE ticket_clocks SET state = 'running', next_nudge_at = NULL WHERE id = 1", "ніхто не нагадає: 1"),
        (f"UPDATE ticket_clocks SET state = 'claimed', next_nudge_at = {LONG_AGO} WHERE id = 1", "запізнюються понад чверть години: 1"),
        (OUTBOX % ("sending", LONG_AGO), "почалося й не скінчилося"),
        (OUTBOX % ("new", "NULL"), "Надсилання чекають"),
        (OUTBOX % ("dead", "NULL"), "Не доставлено"),
        (INBOX % ("waiting", LONG_AGO, "[]"), "Непрочитані повідомлення"),
        (INBOX % ("quarantined", "NULL", "[]"), "deskbot replay"),
        (INBOX % ("ticketed", "NULL", "[77]"), "чиїх звернень немає"),
        (INBOX % ("ticketed", "NULL", "[]"), "чиїх звернень немає"),
        (f"UPDATE ticket_clocks SET step = 3 WHERE id = 1; {NUDGED % (1, 1)}; {NUDGED % (1, 1)}", "двічі: 1"),
        (f"{NUDGED % (7, 0)}", "покоління строку розходяться): 1"),
        ("UPDATE ticket_clocks SET state = 'running' WHERE id = 1", "Строки не обходять: 1"),
    ],
)
def test_what_must_never_be_is_said(deskbot: Deskbot, month: Path, spoil: str, said: str) -> None:
    run(month / "data" / "deskbot.db", *spoil.split("; "))
    told = deskbot("check", "--deep")
    assert told.code == 1
    assert said in told.out
    assert "Traceback" not in told.err


def test_without_a_database_there_is_nothing_to_check(deskbot: Deskbot, month: Path) -> None:
    shutil.rmtree(month / "data")
    told = deskbot("check", "--deep")
    assert told.code == 0
    assert "Бази даних ще немає" in told.out
    assert not (month / "data").exists()


def test_older_tables_are_left_as_they_are(deskbot: Deskbot, month: Path) -> None:
    run(month / "data" / "deskbot.db", "UPDATE alembic_version SET version_num = '20261124_first_tables'")
    told = deskbot("check", "--deep")
    assert told.code == 1
    assert "deskbot db upgrade" in told.err


async def test_a_service_that_writes_beside_it_is_not_held_up(month: Path) -> None:
    """The write lock stays free while the check reads."""
    from datetime import UTC, datetime

    from bot.commands.deep import deep
    from bot.config import Settings

    file = month / "data" / "deskbot.db"
    settings = Settings.model_validate({"storage": {"url": f"sqlite:///{file}"}})
    written = 0

    def write(_: str) -> None:
        nonlocal written
        with closing(sqlite3.connect(file, timeout=0, isolation_level=None)) as database:
            database.execute("BEGIN IMMEDIATE")
            database.execute("UPDATE facts SET value = value")
            database.execute("COMMIT")
        written += 1

    assert await deep(settings, months=2, now=datetime(2026, 11, 25, 9, tzinfo=UTC), note=write) == []
    assert written >= 3
