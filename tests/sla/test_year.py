"""Two weeks of a desk, minute by minute, nights and weekends included; the whole year in `make soak`. Every nudge against the oracle.

And the checker itself: a nudge at 12:45, one that is missing and one said twice must each be seen.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
import structlog

from tests.sla.calendars import kyiv
from tests.sla.life import Plan, Seen, lived

HOUR = timedelta(hours=1)
# The clocks go back on Sunday 25 October.
TWO_WEEKS = Plan(
    since=kyiv("2026-10-19 00:00"),
    until=kyiv("2026-11-02 00:00"),
    tickets=260,
    short_days=(date(2026, 10, 23),),
    holidays=(date(2026, 10, 28),),
    saturdays=(date(2026, 10, 31),),
    closings=((kyiv("2026-10-21 10:20"), 3 * HOUR, False), (kyiv("2026-10-29 14:05"), 2 * HOUR, True)),
)
# Both changes of the clocks; a quarter of it holds the one in autumn.
YEAR = Plan(
    since=kyiv("2026-09-01 00:00"),
    until=kyiv("2027-09-01 00:00"),
    tickets=50_000,
    seed=7,
    holidays=(date(2026, 10, 14), date(2026, 12, 25), date(2027, 1, 1), date(2027, 3, 8), date(2027, 8, 24)),
    short_days=(date(2026, 11, 20), date(2026, 12, 31)),
    saturdays=(date(2026, 10, 17), date(2027, 1, 9)),
    closings=(
        (kyiv("2026-09-15 09:40"), 2 * HOUR, False),
        (kyiv("2026-10-13 11:55"), 4 * HOUR, True),
        (kyiv("2026-11-24 15:30"), 20 * HOUR, False),
        (kyiv("2027-01-19 08:20"), 6 * HOUR, False),
        (kyiv("2027-03-29 10:00"), 1 * HOUR, True),
        (kyiv("2027-05-11 16:10"), 3 * HOUR, False),
    ),
)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Path]:
    """A folder in memory where there is one: the figures are of the program, not of the disk."""
    if not Path("/dev/shm").is_dir():
        yield tmp_path
        return
    folder = Path(tempfile.mkdtemp(dir="/dev/shm"))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    yield
    structlog.reset_defaults()


@pytest.mark.timeout(600)
async def test_two_weeks_minute_by_minute(place: Path) -> None:
    seen = await lived(TWO_WEEKS, place / "desk.db")
    print("\n" + seen.summary())
    assert seen.problems == []
    assert (seen.tickets, seen.ticks) == (260, 14 * 24 * 60 + 60), "a week with the clocks put back has an hour more"
    assert set(seen.rungs) == {"before", "due", "after", "claimed", "snoozed"}
    assert sum(seen.rungs.values()) > 300
    assert seen.deeds["shut"] == 2


@pytest.mark.soak
@pytest.mark.timeout(7200)
async def test_a_year_minute_by_minute(place: Path) -> None:
    """`DESKBOT_YEAR_PART=4` lives a quarter of it."""
    part = int(os.environ.get("DESKBOT_YEAR_PART", "1"))
    until = YEAR.since + (YEAR.until - YEAR.since) // part
    closings = tuple(each for each in YEAR.closings if each[0] < until)
    plan = replace(YEAR, until=until, tickets=YEAR.tickets // part, closings=closings)
    began = time.process_time()
    seen = await lived(plan, place / "desk.db", told=lambda text: print(text, flush=True))
    print("\n" + seen.summary() + f"\n{(time.process_time() - began) / 60:.1f} minutes of processor time")
    assert seen.problems == []
    assert seen.tickets == YEAR.tickets // part


# --- the checker itself -----------------------------------------------------------------------------------------------------------

DAY = Plan(since=kyiv("2026-11-24 00:00"), until=kyiv("2026-11-25 00:00"), tickets=60, seed=3)


def meddler(file: Path, at: datetime, *statements: str) -> Callable[[datetime], None]:
    """Changes the rows just before the tick of that minute."""

    def meddle(now: datetime) -> None:
        if now == at:
            with closing(sqlite3.connect(file)) as database, database:
                for each in statements:
                    assert database.execute(each).rowcount == 1, each

    return meddle


async def spoilt(place: Path, at: str, *statements: str, monkeypatch: pytest.MonkeyPatch | None = None) -> Seen:
    file = place / "desk.db"
    return await lived(DAY, file, meddle=meddler(file, kyiv(at), *statements))


async def test_an_ordinary_day_has_no_problem(place: Path) -> None:
    seen = await lived(DAY, place / "desk.db")
    assert seen.problems == []
    assert sum(seen.rungs.values()) > 20


ONE = "(SELECT min(c.id) FROM ticket_clocks c JOIN tickets t ON t.id = c.ticket_id WHERE c.state = 'running' AND t.closed_at IS NULL{more})"


async def test_a_nudge_at_lunch_is_seen(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lunch = kyiv("2026-11-24 12:45")
    from bot.sla.hours import Calendar

    is_open = Calendar.is_open
    monkeypatch.setattr(Calendar, "is_open", lambda self, at: at == lunch or is_open(self, at))
    due = "strftime('%Y-%m-%d %H:%M:%f', '2026-11-24 10:45:00') || '000'"
    seen = await spoilt(place, "2026-11-24 12:45", f"UPDATE ticket_clocks SET next_nudge_at = {due} WHERE id = {ONE.format(more='')}")
    assert any("10:45Z" in each and "while the desk is closed" in each for each in seen.problems)
    assert any("10:45Z" in each and "unasked" in each for each in seen.problems)


async def test_a_missing_nudge_is_seen(place: Path) -> None:
    later = ONE.format(more=" AND c.next_nudge_at > '2026-11-24 12:00'")
    seen = await spoilt(
        place, "2026-11-24 13:59", f"UPDATE ticket_clocks SET next_nudge_at = '2026-11-30 08:00:00.000000' WHERE id = {later}"
    )
    assert any("missing" in each for each in seen.problems)


async def test_a_nudge_said_twice_is_seen(place: Path) -> None:
    again = "(SELECT max(json_extract(data, '$.clock_id')) FROM events WHERE kind = 'nudged')"
    seen = await spoilt(
        place,
        "2026-11-24 14:31",
        f"UPDATE ticket_clocks SET state = 'running', next_nudge_at = '2026-11-24 12:31:00.000000' WHERE id = {again}",
    )
    assert any("12:31Z" in each and ("unasked" in each or "double" in each) for each in seen.problems)


async def test_a_message_said_twice_is_seen(place: Path) -> None:
    file = place / "desk.db"
    copied = (
        "INSERT INTO outbox"
        " (key, channel, recipient, kind, body, created_at, ticket_ids, urgency, is_automatic, state, attempts, was_unsure)"
        " SELECT key || ':again', channel, recipient, kind, body, created_at, ticket_ids, urgency, is_automatic, 'new', 0, 0 FROM outbox"
        " WHERE kind = 'nudge' ORDER BY id DESC LIMIT 1"
    )
    seen = await lived(DAY, file, meddle=meddler(file, kyiv("2026-11-24 11:20"), copied))
    assert any("messages" in each for each in seen.problems)
